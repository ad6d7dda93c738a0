//! A single backup: written under a temporary name, checked, and renamed.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use super::super::in_words;
use crate::{
    config::file::{self, beside},
    store::sqlite,
};

/// Copies the database to a new file, and returns its size. `progress` gets the pages copied and
/// the total, and returns whether to continue.
pub fn write(
    database: &Path,
    file: &Path,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<u64, String> {
    refuse_existing(file)?;
    with_part(file, ".part", |part| {
        let size = write_part(database, part, progress)?;
        publish(part, file)?;
        Ok(size)
    })
}

/// Writes a file under its name plus `ending`. A failed attempt leaves nothing behind.
pub fn with_part<T, E: From<String>>(
    file: &Path,
    ending: &str,
    make: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let part = beside(file, ending);
    remove_part(&part).map_err(cannot_write(&part))?;
    make(&part).inspect_err(|_| {
        // The first error is the one that matters.
        let _ = remove_part(&part);
    })
}

/// Renames a complete file to its final name.
pub fn publish(part: &Path, file: &Path) -> Result<(), String> {
    refuse_existing(file)?;
    file::rename(part, file).map_err(cannot_write(part))
}

fn cannot_write(file: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("cannot write {}: {error}", file.display())
}

fn write_part(
    database: &Path,
    part: &Path,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<u64, String> {
    // Created here, so that only the owner can ever read it.
    file::create(part).map_err(cannot_write(part))?;
    sqlite::backup(database, part, progress).map_err(|error| {
        let (from, to) = (database.display(), part.display());
        format!("cannot copy {from} to {to}: {}", in_words(&error))
    })?;
    let findings = sqlite::check(part).map_err(|error| in_words(&error));
    let damage = findings.map_or_else(Some, |findings| findings.into_iter().next());
    if let Some(damage) = damage {
        return Err(format!(
            "the copy of {} is damaged ({damage}): see `freelanceos doctor`",
            database.display()
        ));
    }
    Ok(fs::metadata(part).map_err(cannot_write(part))?.len())
}

/// Removes the remains of a failed attempt, if any.
pub fn remove_part(part: &Path) -> io::Result<()> {
    file::remove(part)?;
    file::remove(&beside(part, "-journal"))
}

pub fn refuse_existing(file: &Path) -> Result<(), String> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_write(file)(error)),
        Ok(_) => Err(format!(
            "{} already exists and is not overwritten: choose another name, or remove it first",
            file.display()
        )),
    }
}

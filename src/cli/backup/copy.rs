//! One backup: written beside its name, checked, and only then given it.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{super::in_words, beside};
use crate::{config::secrets::sync_folder_of, store::sqlite};

/// Copies the database to a new file and answers its size; `progress` is told pages copied and
/// pages in all, and answers whether to go on. What is left of a failed attempt is removed.
pub fn write(
    database: &Path,
    file: &Path,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<u64, String> {
    refuse_existing(file)?;
    let part = beside(file, ".part");
    write_part(database, &part, file, progress).inspect_err(|_| {
        // That it failed is what matters.
        let _ = remove_part(&part);
    })
}

fn write_part(
    database: &Path,
    part: &Path,
    file: &Path,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<u64, String> {
    let cannot = |error: io::Error| format!("cannot write {}: {error}", part.display());
    remove_part(part).map_err(cannot)?;
    // Made here, so that nobody else can read it from the first byte on.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).map_err(cannot)?;
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
    let size = fs::metadata(part).map_err(cannot)?.len();
    refuse_existing(file)?;
    fs::rename(part, file).map_err(cannot)?;
    sync_folder_of(file).map_err(cannot)?;
    Ok(size)
}

/// Removes what is left of an attempt, where something is.
pub fn remove_part(part: &Path) -> io::Result<()> {
    for file in [part, &beside(part, "-journal")] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

pub fn refuse_existing(file: &Path) -> Result<(), String> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("cannot write {}: {error}", file.display())),
        Ok(_) => Err(format!(
            "{} exists already and is not overwritten: choose another name, or remove it first",
            file.display()
        )),
    }
}

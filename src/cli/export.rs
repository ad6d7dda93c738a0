//! `freelanceos admin export`.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::{Failure, Outcome, admin::named, terminal, with_app};
use crate::{
    config::Location,
    domain::{error::Error, export::ExportList},
};

/// Prints everything of an account as one JSON document.
pub fn document(location: &Location, email: &str) -> Outcome {
    with_app(location, async |app| {
        let failed = |error| named(email, error);
        let mut export = app.export_of(email.to_owned(), None).await.map_err(failed)?;
        while let Some(piece) = export.next(app).await? {
            terminal::print(&String::from_utf8(piece).map_err(Error::internal)?)?;
        }
        Ok(())
    })
}

/// Writes each list of an account into a file of its own, none of which may be there yet.
pub fn tables(location: &Location, email: &str, folder: &Path) -> Outcome {
    with_app(location, async |app| {
        let failed = |error| named(email, error);
        // Who is not there gets no folder.
        app.account_by_email(email.to_owned()).await.map_err(failed)?;
        let shown = |path: &Path, error| {
            Failure::Failed(format!("cannot write {}: {error}", path.display()))
        };
        let make = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        make.map_err(|error| shown(folder, error))?;
        for list in ExportList::WORDS.iter().filter_map(|word| ExportList::from_word(word)) {
            let path = folder.join(format!("{}.csv", list.as_str()));
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let mut file = file.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => {
                    Failure::Failed(format!("{} is there already", path.display()))
                }
                _ => shown(&path, error),
            })?;
            let mut export = app.export_of(email.to_owned(), Some(list)).await.map_err(failed)?;
            while let Some(piece) = export.next(app).await? {
                file.write_all(&piece).map_err(|error| shown(&path, error))?;
            }
            terminal::print(&format!("{}\n", path.display()))?;
        }
        Ok(())
    })
}

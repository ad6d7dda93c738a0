//! `freelanceos admin export`.

use std::{
    io::{ErrorKind, Write},
    path::Path,
};

use super::{Outcome, admin::named, terminal, with_app};
use crate::{
    config::{Location, file},
    domain::{error::Error, export::ExportList},
};

/// Prints all data of an account as one JSON document.
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

/// Writes each list of an account to its own file; none of the files may exist yet.
pub fn tables(location: &Location, email: &str, folder: &Path) -> Outcome {
    with_app(location, async |app| {
        let failed = |error| named(email, error);
        // Create no folder if there is no account.
        app.account_by_email(email.to_owned()).await.map_err(failed)?;
        let shown = |path: &Path, error| format!("cannot write {}: {error}", path.display());
        file::make_folder(folder).map_err(|error| shown(folder, error))?;
        for list in ExportList::WORDS.iter().filter_map(|word| ExportList::from_word(word)) {
            let path = folder.join(format!("{}.csv", list.as_str()));
            let mut file = file::create(&path).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => format!("{} already exists", path.display()),
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

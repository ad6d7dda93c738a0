//! File helpers: files are readable only by their owner, and either complete or absent.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Creates a folder and its missing parents.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Creates a file that must not exist.
pub fn create(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

/// Removes a file if it exists.
pub fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Renames a file durably: the new name survives a power failure.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Makes sure that creating, renaming or removing a file survives a power failure.
pub fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Writes a secret. It is written to a temporary file and renamed, so it is never incomplete.
pub fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let draft = beside(file, ".new");
    write_draft(&draft, text)?;
    rename(&draft, file)
}

/// Writes a text to a new file, replacing an older draft.
pub(super) fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    remove(draft)?;
    let mut handle = create(draft)?;
    handle.write_all(text.as_bytes())?;
    handle.sync_all()
}

/// Returns the path of a file next to this one: its name plus an ending.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the permissions of a file, as in `chmod`.
pub fn mode(file: &Path) -> io::Result<u32> {
    Ok(fs::metadata(file)?.permissions().mode() & 0o777)
}

//! Files as this program makes them: readable by their owner alone, and whole or not there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Makes a folder, and those above it, where they are missing.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a file, which must not exist.
pub fn create(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

/// Removes a file, if it exists.
pub fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Renames a file, and makes sure that it stays so after a power cut.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Makes sure that a file that was just made, renamed or removed stays so after a power cut.
pub fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Writes a secret. It is written beside and renamed, so that a power cut leaves no half of it.
pub fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let draft = beside(file, ".new");
    write_draft(&draft, text)?;
    rename(&draft, file)
}

/// Writes a text into a new file in place of an older draft.
pub(super) fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    remove(draft)?;
    let mut handle = create(draft)?;
    handle.write_all(text.as_bytes())?;
    handle.sync_all()
}

/// Another file beside this one: its name with something behind it.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Who may do what with a file, as `chmod` takes it.
pub fn mode(file: &Path) -> io::Result<u32> {
    Ok(fs::metadata(file)?.permissions().mode() & 0o777)
}

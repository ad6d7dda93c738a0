//! Database files that nobody but their owner may read.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// What others may do with a file.
const OTHERS: u32 = 0o077;

/// Makes the file where it is missing, for its owner alone. SQLite gives the files that it makes
/// beside a database the database's own mode.
pub fn make(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the file, and what SQLite has beside it, away from others: it may have been copied here,
/// or made by a version that was less careful.
pub fn close(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut file = OsString::from(path);
        file.push(ending);
        close_one(Path::new(&file));
    }
}

/// Takes one file away from others. Where that fails it is another user's, or on a disk without
/// permissions, and the server can do its work all the same.
pub fn close_one(file: &Path) {
    let Ok(facts) = fs::metadata(file) else { return };
    let mode = facts.permissions().mode();
    if facts.is_file() && mode & OTHERS != 0 {
        let _ = fs::set_permissions(file, Permissions::from_mode(mode & !OTHERS));
    }
}

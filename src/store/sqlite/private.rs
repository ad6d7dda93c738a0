//! Makes database files readable by their owner only.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// The permissions of others.
const OTHERS: u32 = 0o077;

/// Creates the file if missing, for its owner only. SQLite gives the files beside a database the
/// same mode.
pub fn make(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Removes others' permissions on the file and those beside it: it may have been copied here, or
/// made by an older version.
pub fn close(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut file = OsString::from(path);
        file.push(ending);
        close_one(Path::new(&file));
    }
}

/// Removes others' permissions on one file. This may fail on another user's file or a disk without
/// permissions.
pub fn close_one(file: &Path) {
    let Ok(facts) = fs::metadata(file) else { return };
    let mode = facts.permissions().mode();
    if facts.is_file() && mode & OTHERS != 0 {
        let _ = fs::set_permissions(file, Permissions::from_mode(mode & !OTHERS));
    }
}

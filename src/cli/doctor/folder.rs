//! Checks the data folder: existence, owner, and free space.

use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::{
    fs::{Access, access, statvfs},
    io::Errno,
};

use super::Report;
use crate::{cli::terminal, config::file::beside};

/// Free space below which the disk may fill up soon.
const SPACE_LOW: u64 = 1 << 30;
/// Free space below which writes are about to fail.
const SPACE_OUT: u64 = 64 << 20;
/// Free inodes below which the disk may soon hold no more files.
const FILES_LOW: u64 = 1000;
/// Advice if the wrong user runs the command.
const AS_SERVER: &str = "run this as the server's user: `sudo freelanceos-run doctor` if it is \
     installed as a service";

/// Returns whether the folder exists and can be read.
pub fn examine(folder: &Path, database: Option<&Path>, report: &mut Report) -> bool {
    let shown = folder.display();
    let facts = match fs::metadata(folder) {
        Ok(facts) if facts.is_dir() => facts,
        Ok(_) => {
            report.fail(
                "data folder",
                format!("{shown} is not a folder"),
                "set DATA_DIR to a folder",
            );
            return false;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            report.fail(
                "data folder",
                format!("{shown} does not exist"),
                "start `freelanceos serve` to create it, set DATA_DIR, or, if it is installed as \
                 a service, run `sudo freelanceos-run doctor`",
            );
            return false;
        }
        Err(error) => {
            report.fail("data folder", format!("{shown} cannot be accessed: {error}"), AS_SERVER);
            return false;
        }
    };
    if let Err(error) = access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let text = format!("{shown} is not readable and writable: {error}");
        let advice = if error == Errno::ROFS {
            "mount its disk read-write; the system mounts a disk with errors read-only"
        } else {
            AS_SERVER
        };
        report.fail("data folder", text, advice);
        return false;
    }
    if facts.mode() & 0o077 != 0 {
        let text =
            format!("{shown} is accessible to other users (mode {:o})", facts.mode() & 0o777);
        report.warn("data folder", text, format!("chmod 700 {shown}"));
    } else {
        report.ok("data folder", shown.to_string());
    }
    examine_owners(folder, &facts, database, report);
    examine_space(folder, report);
    true
}

/// A command run as root leaves files that the server cannot write.
fn examine_owners(folder: &Path, facts: &Metadata, database: Option<&Path>, report: &mut Report) {
    let files = ["secret.key", "jwt.secret", "mail", "backups"].map(|name| folder.join(name));
    let of_database = database.into_iter().flat_map(|file| {
        let ends = ["", "-wal", "-shm"].map(|end| beside(file, end));
        ends.into_iter().chain([file.with_extension("lock")])
    });
    for file in files.into_iter().chain(of_database) {
        let Ok(of_file) = fs::metadata(&file) else { continue };
        if of_file.uid() != facts.uid() {
            let (file, folder) = (file.display(), folder.display());
            report.fail(
                "owner",
                format!("{file} and {folder} have different owners"),
                format!("chown -R --reference={folder} {file}"),
            );
        } else if let Err(error) = access(&file, Access::READ_OK | Access::WRITE_OK) {
            let text = format!("{} is not readable and writable: {error}", file.display());
            report.fail("owner", text, AS_SERVER);
        }
    }
}

fn examine_space(folder: &Path, report: &mut Report) {
    let space = match statvfs(folder) {
        Ok(space) => space,
        Err(error) => return report.warn("disk", error.to_string(), "check the data folder"),
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let text = format!("{} free", terminal::size(free));
    if free < SPACE_OUT {
        report.fail("disk", text, "free up space now: writes are about to fail");
    } else if free < SPACE_LOW {
        report.warn("disk", text, "free up space soon");
    // Some file systems report no inode counts.
    } else if space.f_files > 0 && space.f_favail < FILES_LOW {
        let text = format!("{text}, but only for {} files", space.f_favail);
        report.warn("disk", text, "remove files that are no longer needed");
    } else {
        report.ok("disk", text);
    }
}

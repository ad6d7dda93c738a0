//! The load of the program, for monitoring.

use std::{fs, path::Path};

use jiff::SignedDuration;

use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        mail::MailHealth,
    },
    store,
};

/// Minutes after which waiting mail is late.
pub const MAIL_LATE: i64 = 5;
/// Hours for which failed mail is reported: a week.
pub const MAIL_TOLD: i64 = 7 * 24;

/// The work waiting now, and the size of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub reads: usize,
    pub writes: usize,
    pub hashing: usize,
    pub waiting_to_hash: usize,
    /// The size in bytes of the database file and its -wal file, if the database is a file.
    pub file_bytes: Option<(u64, u64)>,
}

impl App {
    /// Returns the current load. Does not use a database thread.
    pub fn load(&self) -> Load {
        let (reads, writes) = self.store.queued();
        let (hashing, waiting_to_hash) = self.passwords.load();
        let file_bytes = self.store.file().map(|database| {
            let mut wal = database.as_os_str().to_owned();
            wal.push("-wal");
            let size = |file: &Path| fs::metadata(file).map_or(0, |facts| facts.len());
            (size(database), size(Path::new(&wal)))
        });
        Load { reads, writes, hashing, waiting_to_hash, file_bytes }
    }

    /// Returns the state of mail: what waits, what is late, what failed recently.
    pub async fn mail_health(&self) -> Result<MailHealth> {
        let now = self.now();
        let before = |age| now.checked_sub(age).map_err(Error::internal);
        let late = before(SignedDuration::from_mins(MAIL_LATE))?;
        let lately = before(SignedDuration::from_hours(MAIL_TOLD))?;
        self.store.read(move |tx| store::outbox::health(tx, late, lately)).await
    }
}

//! The only SQL of the program. `Store::read` and `Store::write` run a closure in a transaction;
//! the functions of the neighbouring files take that transaction.

mod billing;
mod database;
pub mod engine;
mod identity;
mod job;
mod lister;
pub mod migrate;
mod platform;
pub mod postgres;
pub mod profile;
mod queue;
mod row;
mod search;
pub mod sqlite;
pub mod transfer;
mod work;

pub use self::billing::{
    client, exchange_rate, invoice, invoice_defaults, invoice_file, invoice_link, invoice_series,
    payment,
};
pub use self::identity::{account, code, passkey, session, two_factor};
use self::platform::timeline;
pub use self::platform::{
    activity, dashboard, doctor, export, image, jobs, list_total, outbox, program_state, quota,
    rate_window, removal, request_answer,
};
pub use self::profile::{message, portfolio};
pub use self::work::{milestone, project, proposal};

use std::{error::Error as StdError, future::Future, path::Path};

use tokio::task::spawn_blocking;

pub use self::database::Database;
use self::{
    engine::Tx,
    job::{Effect, submit},
    queue::Sender,
};
use crate::domain::{
    error::{Error, Result},
    id::AccountId,
};

/// A database, served by its own threads.
pub struct Store {
    reads: Sender,
    writes: Sender,
    engine: Engine,
}

enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

/// Whose rows a write changes, and whether it may be done again where nobody knows whether it
/// was done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Write {
    /// Who waits for it. Jobs of one account wait for each other, and not others for them.
    pub account: Option<AccountId>,
    /// Whether it finds out by itself that it was done already.
    pub can_repeat: bool,
}

tokio::task_local! {
    static WITHOUT_WRITES: ();
}

/// Runs `work`; whatever it wants to write fails as unsaved. Tasks that it spawns are not covered.
pub async fn without_writes<T>(work: impl Future<Output = T>) -> T {
    WITHOUT_WRITES.scope((), work).await
}

impl Store {
    /// Opens a migrated database.
    pub fn open(database: &Database) -> Result<Self> {
        let checkpoints =
            database.file().map_or(sqlite::Checkpoints::Ours, sqlite::Checkpoints::of);
        Self::open_with(database, checkpoints)
    }

    /// Opens a migrated database; if it is a file, its -wal file is looked after by ourselves or
    /// not.
    pub fn open_with(database: &Database, checkpoints: sqlite::Checkpoints) -> Result<Self> {
        let (engine, reads, writes) = match database {
            Database::Sqlite(path) => {
                let (engine, reads, writes) = sqlite::Engine::start(path, checkpoints)?;
                (Engine::Sqlite(engine), reads, writes)
            }
            Database::Postgres(server) => {
                let (engine, reads, writes) = postgres::Engine::start(server)?;
                (Engine::Postgres(engine), reads, writes)
            }
        };
        Ok(Self { reads, writes, engine })
    }

    /// Runs `work` on a snapshot of the database. It cannot change anything, and may run more
    /// than once.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        submit(&self.reads, Effect::Reads, Write::default(), work).await
    }

    /// Like [`Store::read`], for an account that waits behind nobody but itself.
    pub async fn read_for<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reader = Write { account: Some(account), can_repeat: true };
        submit(&self.reads, Effect::Reads, reader, work).await
    }

    /// Runs `work` in a transaction and answers when it is on the disk. An error undoes what
    /// `work` did. It may run more than once, so its only effects are those on the transaction.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_as(Write::default(), work).await
    }

    /// Like [`Store::write`], where more is known of the work.
    pub async fn write_as<T: Send + 'static>(
        &self,
        write: Write,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if WITHOUT_WRITES.try_with(|()| ()).is_ok() {
            return Err(Error::unsaved());
        }
        submit(&self.writes, Effect::Changes, write, work).await
    }

    /// Answers once the database does. A file is there, and is not asked.
    pub async fn reach(&self) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(_) => {
                self.read(|tx| tx.one("SELECT CAST(1 AS BIGINT)", &[], |_| Ok(()))).await
            }
        }
    }

    /// Finishes what is queued and ends the threads.
    pub fn close(self) {
        drop((self.reads, self.writes));
        match self.engine {
            Engine::Sqlite(engine) => engine.join(),
            Engine::Postgres(engine) => engine.join(),
        }
    }

    /// Erases what deleted rows have left beside the database; answers whether that was possible
    /// now. A server's files are the server's: its VACUUM does it.
    pub async fn erase_deleted(&self) -> Result<bool> {
        let Engine::Sqlite(engine) = &self.engine else { return Ok(true) };
        let (path, checkpoints) = (engine.path().to_owned(), engine.checkpoints());
        spawn_blocking(move || sqlite::erase_deleted(&path, checkpoints))
            .await
            .map_err(Error::internal)?
    }

    /// Removes copies that were made of the database file before a migration, once they are 30
    /// days old.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or a copy cannot be removed.
    pub async fn remove_old_copies(&self, now: jiff::Timestamp) -> Result<()> {
        let Some(path) = self.file().map(Path::to_owned) else { return Ok(()) };
        spawn_blocking(move || migrate::remove_old_copies(&path, now))
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)
    }

    /// How many reads and writes wait for a thread.
    pub fn queued(&self) -> (usize, usize) {
        (self.reads.len(), self.writes.len())
    }

    /// The database file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(engine) => Some(engine.path()),
            Engine::Postgres(_) => None,
        }
    }
}

/// The domain's word for a broken constraint of `schema.sql`.
fn violated(constraint: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    match constraint {
        "accounts_email_key" => {
            Error::conflict("An account with this email already exists").caused_by(source)
        }
        "accounts_owner" => Error::conflict("This server has an owner already").caused_by(source),
        "accounts_username_key" => {
            Error::conflict("An account with this username already exists").caused_by(source)
        }
        "passkeys_credential_id" => {
            Error::conflict("This passkey is registered already").caused_by(source)
        }
        _ => Error::internal(source),
    }
}

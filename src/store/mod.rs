//! All SQL of the program. `Store::read` and `Store::write` run a closure in a transaction; the
//! functions of the neighbouring files take that transaction.

mod billing;
mod column;
mod database;
pub mod engine;
mod identity;
mod lister;
pub mod migrate;
mod platform;
pub mod postgres;
pub mod profile;
mod queue;
mod row;
mod search;
pub mod sqlite;
mod task;
pub mod transfer;
mod work;

pub use self::billing::{
    checkout, client, credit_note, deposit, exchange_rate, invoice, invoice_defaults, invoice_file,
    invoice_link, number_series, payment, provider, reminder, statement, tax,
};
pub use self::identity::{account, code, passkey, session, two_factor};
use self::platform::timeline;
pub use self::platform::{
    activity, dashboard, doctor, export, image, jobs, links, list_total, mail_settings, outbox,
    program_state, quota, rate_window, removal, request_answer,
};
pub use self::profile::{message, portfolio};
pub use self::work::{milestone, project, proposal};

use std::{
    error::Error as StdError,
    future::Future,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use tokio::task::spawn_blocking;

pub use self::database::Database;
use self::{
    engine::Tx,
    queue::Sender,
    sqlite::Checkpoints,
    task::{busy, submit, unknown},
};
use crate::domain::{
    error::{Error, Result},
    id::AccountId,
};

/// A database, served by its own threads.
pub struct Store {
    engine: Engine,
    /// The database file, if it is one, and what checkpoints its -wal file.
    file: Option<(PathBuf, Checkpoints)>,
}

/// The queues of a database, and the threads that serve them until the queues close.
struct Engine {
    reads: Sender,
    writes: Sender,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts a thread.
    fn spawn(&mut self, name: String, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = thread::Builder::new().name(name).spawn(work);
        self.threads.push(thread.map_err(Error::internal)?);
        Ok(())
    }
}

/// Properties of a write for the queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct Write {
    /// The account whose rows it changes. Tasks of one account wait for each other and delay no
    /// others.
    pub account: Option<AccountId>,
    /// Whether it can run again if it may already have been committed.
    pub can_repeat: bool,
}

tokio::task_local! {
    static WITHOUT_WRITES: ();
}

/// Runs `work`; its writes fail as unsaved. Tasks that it spawns are not covered.
pub async fn without_writes<T>(work: impl Future<Output = T>) -> T {
    WITHOUT_WRITES.scope((), work).await
}

impl Store {
    /// Opens a migrated database.
    pub fn open(database: &Database) -> Result<Self> {
        let checkpoints = database.file().map_or(Checkpoints::Ours, Checkpoints::of);
        Self::open_with(database, checkpoints)
    }

    /// Like [`Store::open`], with given checkpoints if the database is a file.
    pub fn open_with(database: &Database, checkpoints: Checkpoints) -> Result<Self> {
        let (engine, file) = match database {
            Database::Sqlite(path) => {
                (sqlite::start(path, checkpoints)?, Some((path.clone(), checkpoints)))
            }
            Database::Postgres(server) => (postgres::start(server)?, None),
        };
        Ok(Self { engine, file })
    }

    /// Runs `work` on a read-only snapshot. It may run more than once.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        submit(&self.engine.reads, Write::default(), || busy(1), work).await
    }

    /// Like [`Store::read`], in the queue of an account.
    pub async fn read_for<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reader = Write { account: Some(account), can_repeat: true };
        submit(&self.engine.reads, reader, || busy(1), work).await
    }

    /// Runs `work` in a transaction and returns when it is on disk; an error rolls it back. It may
    /// run more than once, so it must have no other effects.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_as(Write::default(), work).await
    }

    /// Like [`Store::write`], in the queue of an account.
    pub async fn write_as<T: Send + 'static>(
        &self,
        write: Write,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if WITHOUT_WRITES.try_with(|()| ()).is_ok() {
            return Err(Error::unsaved());
        }
        submit(&self.engine.writes, write, unknown, work).await
    }

    /// Waits until the database responds. A file always does.
    pub async fn reach(&self) -> Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        self.read(|tx| tx.one("SELECT CAST(1 AS BIGINT)", &[], |_| Ok(()))).await
    }

    /// Finishes queued work and ends the threads.
    pub fn close(self) {
        let Engine { reads, writes, threads } = self.engine;
        drop((reads, writes));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
        if let Some((path, checkpoints)) = self.file {
            sqlite::settle_after_readers(&path, checkpoints);
        }
    }

    /// Erases deleted rows from the -wal file; returns whether that was possible. On a server,
    /// VACUUM does it.
    pub async fn erase_deleted(&self) -> Result<bool> {
        let Some((path, checkpoints)) = self.file.clone() else { return Ok(true) };
        spawn_blocking(move || sqlite::erase_deleted(&path, checkpoints))
            .await
            .map_err(Error::internal)?
    }

    /// Removes copies made before migrations more than 30 days ago.
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

    /// Returns how many reads and writes wait for a thread.
    pub fn queued(&self) -> (usize, usize) {
        (self.engine.reads.len(), self.engine.writes.len())
    }

    /// Returns the database file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| &**path)
    }
}

/// Returns the error for a violated constraint of `schema.sql`.
fn violated(constraint: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let key = match constraint {
        "accounts_email_key" => "error-account-exists",
        "accounts_owner" => "error-owner-exists",
        "accounts_username_key" => "error-username-exists",
        "passkeys_credential_id" => "error-passkey-registered",
        "payments_reverses" => "error-payment-reversed",
        _ => return Error::internal(source),
    };
    Error::conflict(key).caused_by(source)
}

/// Returns the error for a rollup that does not fit its column.
fn sum_too_large() -> Error {
    Error::conflict("error-total-too-large")
}

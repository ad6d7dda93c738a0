//! The only SQL of the program. `Store::read` and `Store::write` run a closure in a transaction;
//! the functions of the neighbouring files take that transaction.

pub mod account;
pub mod activity;
pub mod client;
pub mod code;
pub mod dashboard;
mod database;
pub mod doctor;
pub mod engine;
pub mod exchange_rate;
pub mod export;
pub mod image;
pub mod invoice;
pub mod invoice_defaults;
pub mod invoice_file;
pub mod invoice_link;
pub mod invoice_list;
mod invoice_search;
pub mod invoice_series;
pub mod list_total;
pub mod message;
pub mod migrate;
pub mod milestone;
pub mod outbox;
pub mod passkey;
pub mod payment;
pub mod portfolio;
pub mod postgres;
pub mod profile;
pub mod program_state;
pub mod project;
pub mod proposal;
pub mod rate_window;
pub mod removal;
pub mod request_answer;
mod search;
pub mod session;
pub mod sqlite;
mod tens;
mod timeline;
pub mod transfer;
pub mod two_factor;

use std::{error::Error as StdError, path::Path, time::Instant};

use async_channel::Sender;
use tokio::sync::oneshot;

pub use self::database::Database;
use self::engine::{Connection, Tx};
use crate::domain::{
    error::{Error, Result},
    id::AccountId,
};

/// Requests that may wait for a database thread before new ones wait to be queued.
const QUEUE: usize = 1024;

/// A database, served by its own threads.
pub struct Store {
    reads: Sender<Job>,
    writes: Sender<Job>,
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
    /// Writes of one account wait for each other rather than being refused and repeated.
    pub account: Option<AccountId>,
    /// Whether it finds out by itself that it was done already.
    pub can_repeat: bool,
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
        let (reads, read_jobs) = async_channel::bounded(QUEUE);
        let (writes, write_jobs) = async_channel::bounded(QUEUE);
        let engine = match database {
            Database::Sqlite(path) => {
                Engine::Sqlite(sqlite::Engine::start(path, checkpoints, read_jobs, write_jobs)?)
            }
            Database::Postgres(server) => {
                Engine::Postgres(postgres::Engine::start(server, &read_jobs, &write_jobs)?)
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
        submit(&self.reads, Write::default(), work).await
    }

    /// Runs `work` in a transaction and answers when it is on the disk. An error undoes what
    /// `work` did. It may run more than once, so its only effects are those on the transaction.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        submit(&self.writes, Write::default(), work).await
    }

    /// Like [`Store::write`], where more is known of the work.
    pub async fn write_as<T: Send + 'static>(
        &self,
        write: Write,
        work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        submit(&self.writes, write, work).await
    }

    /// A number that differs after each commit, by this process or another, and costs a few
    /// microseconds: what was read after asking for it still holds while it stays. None where it
    /// cannot be told.
    pub fn version(&self) -> Option<u64> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.version(),
            // Only the server knows, and asking it costs as much as reading.
            Engine::Postgres(_) => None,
        }
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

    /// How many reads and writes wait for a thread.
    pub fn queued(&self) -> (usize, usize) {
        let waiting = match &self.engine {
            Engine::Sqlite(_) => 0,
            Engine::Postgres(engine) => engine.waiting(),
        };
        (self.reads.len(), self.writes.len() + waiting)
    }

    /// The database file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(engine) => Some(engine.path()),
            Engine::Postgres(_) => None,
        }
    }
}

async fn submit<T: Send + 'static>(
    jobs: &Sender<Job>,
    write: Write,
    work: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (reply, answer) = oneshot::channel();
    let work = Box::new(Pending { work, result: None, reply });
    let Write { account, can_repeat } = write;
    let job = Job { work, since: Instant::now(), account, can_repeat };
    jobs.send(job).await.map_err(|_| Error::internal("the database threads have ended"))?;
    answer.await.map_err(|_| Error::internal("the database threads have ended"))?
}

/// A closure on its way to a database thread and back.
pub struct Job {
    work: Box<dyn Work>,
    /// Since when it waits.
    since: Instant,
    account: Option<AccountId>,
    can_repeat: bool,
}

impl Job {
    /// Runs it; whether its changes are to be kept.
    fn run(&mut self, connection: &mut dyn Connection) -> bool {
        self.work.run(&mut Tx::new(connection))
    }

    /// Replaces what it would answer.
    fn fail(&mut self, error: Error) {
        self.work.fail(error);
    }

    /// What it failed with, if it did.
    fn error(&self) -> Option<&Error> {
        self.work.error()
    }

    /// Answers the caller: what the job found, or why its transaction did not stand.
    fn answer(self, transaction: Result<()>) {
        self.work.answer(transaction);
    }
}

trait Work: Send {
    fn run(&mut self, tx: &mut Tx) -> bool;
    fn fail(&mut self, error: Error);
    fn error(&self) -> Option<&Error>;
    fn answer(self: Box<Self>, transaction: Result<()>);
}

struct Pending<T, F> {
    work: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&mut Tx) -> Result<T> + Send> Work for Pending<T, F> {
    fn run(&mut self, tx: &mut Tx) -> bool {
        self.result.insert((self.work)(tx)).is_ok()
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn error(&self) -> Option<&Error> {
        self.result.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, transaction: Result<()>) {
        let result = match (self.result, transaction) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::internal("a job was answered before it ran")),
        };
        // Whoever asked may have gone away meanwhile; the change stands all the same.
        let _ = self.reply.send(result);
    }
}

/// The domain's word for a broken constraint of `schema.sql`.
fn violated(constraint: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    match constraint {
        "accounts_email_key" => {
            Error::conflict("An account with this email already exists").caused_by(source)
        }
        "accounts_username_key" => {
            Error::conflict("An account with this username already exists").caused_by(source)
        }
        "passkeys_credential_id" => {
            Error::conflict("This passkey is registered already").caused_by(source)
        }
        _ => Error::internal(source),
    }
}

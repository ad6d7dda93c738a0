//! PostgreSQL: each connection has its own thread.
//!
//! Changes are serializable transactions. One that conflicts with another is retried, and so is one
//! whose connection was lost before its `COMMIT` was sent. If the answer to a `COMMIT` is lost, a
//! repeatable task is retried; any other fails, since it is unknown whether it was saved.

mod connection;
mod facts;
mod failure;
mod server;
mod tls;
mod value;
mod worker;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use self::{
    connection::Link,
    worker::{ANSWER, Health, Worker},
};
pub use self::{
    connection::dialect,
    facts::{Facts, facts},
    server::{CONNECTIONS, Server},
};
use super::{
    Engine,
    engine::{Connection, Tx, Value},
    queue::queue,
};
use crate::domain::error::{Error, Result};

/// Begins a transaction that reads from one snapshot.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// The names of connections that serve requests, and of others, as `pg_stat_activity` shows them.
const SERVING: &str = "freelanceos serve";
const ASIDE: &str = "freelanceos";
/// How often to check for connected programs, and the pause in between: connections of a program
/// that has just ended stay visible for a moment.
const LOOKS: usize = 4;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Connects and starts the threads: half of the connections read, half of them write.
pub(super) fn start(server: &Server) -> Result<Engine> {
    let link = Arc::new(Mutex::new(Some(apart(|| open(server))?)));
    let health = Arc::new(Health::default());
    let readers = server.connections() / 2;
    let writers = server.connections() - readers;
    let (reads, read_tasks) = queue(readers, (readers / 2).max(1), |metrics| &metrics.read_wait);
    // Concurrent changes of one account would conflict if they changed the same totals.
    let (writes, write_tasks) = queue(writers, 1, |metrics| &metrics.write_wait);
    let threads = Vec::with_capacity(server.connections());
    let mut engine = Engine { reads, writes, threads };
    for number in 0..server.connections() {
        let link = Arc::clone(&link);
        let mut worker = Worker::new(server.clone(), Arc::clone(&health), number);
        let is_reader = number < readers;
        let (kind, tasks) =
            if is_reader { ("reader", &read_tasks) } else { ("writer", &write_tasks) };
        let tasks = tasks.clone();
        engine.spawn(format!("{kind}-{number}"), move || {
            // One connection already exists, from checking the server.
            worker.link = link.lock().unwrap_or_else(PoisonError::into_inner).take();
            if is_reader { worker.read_tasks(&tasks) } else { worker.write_tasks(&tasks) }
        })?;
    }
    Ok(engine)
}

fn open(server: &Server) -> Result<Link> {
    Link::open_to_serve(server, ANSWER).map_err(|unconnected| unconnected.error)
}

/// Runs `work` in a read-only transaction on a new connection.
pub fn peek<T: Send>(
    server: &Server,
    work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
) -> Result<T> {
    aside(server, READ, work)
}

/// Runs `work` in a transaction on a new connection, and commits it.
pub fn change<T: Send>(
    server: &Server,
    work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
) -> Result<T> {
    // After waiting for a lock, each statement must see what others committed meanwhile.
    aside(server, "BEGIN ISOLATION LEVEL READ COMMITTED", work)
}

/// Whether programs that serve requests are connected.
pub fn is_served(server: &Server) -> Result<bool> {
    for _ in 0..LOOKS {
        if !is_seen(server)? {
            return Ok(false);
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(true)
}

fn is_seen(server: &Server) -> Result<bool> {
    let sql = "SELECT 1 FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = ?1";
    let serving = [Value::Text(SERVING)];
    peek(server, |connection| Ok(Tx::new(connection).find(sql, &serving, |_| Ok(()))?.is_some()))
}

fn aside<T: Send>(
    server: &Server,
    begin: &'static str,
    work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
) -> Result<T> {
    apart(|| {
        let link = Link::open(server, ASIDE, Duration::MAX);
        let mut link = link.map_err(|unconnected| unconnected.error)?;
        let mut transaction = link.begin(begin, None);
        let done = work(&mut transaction).and_then(|value| {
            transaction.commit()?;
            Ok(value)
        });
        transaction.end();
        done
    })
}

/// Runs `work` on a new thread, since it blocks and runtime threads must not block.
fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(Error::internal("a database thread panicked")))
}

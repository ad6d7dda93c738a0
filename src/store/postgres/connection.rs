//! One connection to PostgreSQL.
//!
//! A statement that only changes rows is sent together with the next query, so that a task needs
//! one round trip per query.

use std::{
    collections::HashMap,
    future::Future,
    task::Poll,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use tokio::{
    runtime::{self, Runtime},
    time::{timeout, timeout_at},
};
use tokio_postgres::{Client, Error as PgError, Statement, error::SqlState, types::ToSql};

use super::{
    SERVING, Server,
    failure::{Trouble, Unconnected, failure, silent},
    tls,
    value::ServerRow,
};
use crate::{
    domain::error::{Error, Result},
    store::engine::{Connection, Row, Tx, Value},
};

/// The maximum number of changes sent together.
const TOGETHER: usize = 24;
/// How long the server may run one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(25);
/// How long the server waits for this program within a transaction, which may block others.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The advisory lock on this program's tables: its name in ASCII.
const TABLES: i64 = i64::from_be_bytes(*b"freelanc");

/// A connection and its prepared statements. It belongs to one thread outside of any runtime.
pub struct Link {
    runtime: Runtime,
    client: Client,
    statements: HashMap<(&'static str, Locks), Statement>,
    /// The deadline for answers.
    until: Option<Instant>,
    /// Whether an error has shown that the connection is broken.
    is_spent: bool,
}

/// What a statement locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Locks {
    Nothing,
    /// The found rows; those locked by others are skipped.
    Rows,
}

impl Link {
    /// Connects with an application name for the server's administrator. Gives up after `within`,
    /// or after the server's connection timeout if that is sooner.
    pub fn open(server: &Server, name: &str, within: Duration) -> Result<Self, Unconnected> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Unconnected::by(Error::internal(error)))?;
        let tls = tls::connector(&server.trust).map_err(Unconnected::by)?;
        let config = server.config(name);
        // A server that accepts the connection may still never respond.
        let opening = in_time(server.patience().min(within), async {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(async move {
                // The code that waits for an answer gets the error too.
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a database connection closed");
                }
            });
            Ok::<_, PgError>(client)
        });
        match runtime.block_on(opening) {
            Ok(client) => {
                let statements = HashMap::new();
                Ok(Self { runtime, client, statements, until: None, is_spent: false })
            }
            Err(unconnected) => {
                // Do not wait for a running DNS lookup.
                runtime.shutdown_background();
                Err(unconnected)
            }
        }
    }

    /// Like [`Link::open`], with the time limits of requests.
    pub fn open_to_serve(server: &Server, within: Duration) -> Result<Self, Unconnected> {
        let begun = Instant::now();
        let link = Self::open(server, SERVING, within)?;
        let left = within.saturating_sub(begun.elapsed()).min(server.patience());
        // Statements are sent together with BEGIN. If BEGIN ever fails, they run outside a
        // transaction and must change nothing.
        let settings = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}",
            STATEMENT_TIMEOUT.as_millis(),
            IDLE_TIMEOUT.as_millis()
        );
        link.wait(in_time(left, link.client.batch_execute(&settings)))?;
        Ok(link)
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.is_spent || self.client.is_closed()
    }

    /// Waits for a future. Meanwhile it reads server messages, such as that the connection is
    /// closing.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Begins a transaction, together with its first query. All answers are due by `until`.
    pub fn begin(&mut self, begin: &'static str, until: Option<Instant>) -> Transaction<'_> {
        self.until = until;
        Transaction {
            link: self,
            unsent: vec![Unsent::Control(begin)],
            is_begun: false,
            only_reads: begin.ends_with("READ ONLY"),
            trouble: None,
            was_refused_before: false,
            is_in_doubt: false,
        }
    }

    /// Waits for an answer; `None` if it does not come in time.
    fn answered<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        self.wait(async {
            match self.until {
                Some(until) => timeout_at(until.into(), answer).await.ok(),
                None => Some(answer.await),
            }
        })
    }
}

/// Waits for a step of connecting.
async fn in_time<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, PgError>>,
) -> Result<T, Unconnected> {
    match timeout(limit, step).await {
        Ok(done) => done.map_err(Unconnected::new),
        Err(_) => Err(Unconnected::silent()),
    }
}

/// A statement to send with the next query.
enum Unsent {
    Control(&'static str),
    Change(Statement, Vec<Value<'static>>),
}

/// A transaction on a connection, from `BEGIN` to its end.
pub struct Transaction<'l> {
    link: &'l mut Link,
    unsent: Vec<Unsent>,
    /// Whether `BEGIN` was sent.
    is_begun: bool,
    only_reads: bool,
    /// The first failure.
    pub trouble: Option<Trouble>,
    /// Whether the server refused an earlier statement than the last one.
    was_refused_before: bool,
    /// Whether the answer to `COMMIT` was lost, so that the outcome is unknown.
    pub is_in_doubt: bool,
}

/// Translates a statement into PostgreSQL's dialect. PostgreSQL chooses indexes without help.
pub fn dialect(sql: &str) -> String {
    sql.replace("IN rarray(", "= ANY(").replace("WHERE +", "WHERE ").replace('?', "$")
}

impl Unsent {
    async fn send(&self, client: &Client) -> Result<(), PgError> {
        match self {
            Self::Control(sql) => client.batch_execute(sql).await,
            Self::Change(statement, values) => {
                client.execute_raw(statement, values).await.map(drop)
            }
        }
    }
}

impl Transaction<'_> {
    fn failed(&mut self, error: PgError) -> Error {
        // A write in a read-only task is a bug in the task, not in the server.
        let is_own_fault =
            self.only_reads && error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION);
        let (failure, trouble) = match failure(error) {
            (failure, Trouble::Lost) if is_own_fault => (failure, Trouble::Refused),
            told => told,
        };
        self.note(trouble);
        failure
    }

    /// Records that the server has not answered in time.
    fn unanswered(&mut self) -> Error {
        self.note(Trouble::Lost);
        silent()
    }

    fn note(&mut self, trouble: Trouble) {
        self.link.is_spent |= trouble == Trouble::Lost;
        // Statements after a refused one are refused too.
        self.trouble.get_or_insert(trouble);
    }

    /// Sends unsent statements together with this one, and waits for all answers.
    fn exchange<T>(&mut self, ask: impl AsyncFnOnce(&Client) -> Result<T, PgError>) -> Result<T> {
        let unsent = std::mem::take(&mut self.unsent);
        self.is_begun = true;
        let client = &self.link.client;
        // Each is written when first polled, in this order.
        let answers = async {
            let before = join_all(unsent.iter().map(|unsent| unsent.send(client)));
            join(before, ask(client)).await
        };
        let Some((before, answer)) = self.link.answered(answers) else {
            return Err(self.unanswered());
        };
        if let Some(error) = before.into_iter().find_map(Result::err) {
            self.was_refused_before = error.as_db_error().is_some();
            return Err(self.failed(error));
        }
        answer.map_err(|error| self.failed(error))
    }

    fn prepared(&mut self, sql: &'static str, locks: Locks) -> Result<Statement> {
        if let Some(statement) = self.link.statements.get(&(sql, locks)) {
            return Ok(statement.clone());
        }
        let mut text = dialect(sql);
        if locks == Locks::Rows {
            text.push_str(" FOR UPDATE SKIP LOCKED");
        }
        match self.link.answered(self.link.client.prepare(&text)) {
            Some(Ok(statement)) => {
                self.link.statements.insert((sql, locks), statement.clone());
                Ok(statement)
            }
            Some(Err(error)) => Err(self.failed(error)),
            None => Err(self.unanswered()),
        }
    }

    fn ask(
        &mut self,
        statement: &Statement,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.exchange(async |client| client.query(statement, &values).await)?;
        rows.iter().try_for_each(|row| each(&ServerRow(row)))
    }

    /// Sends unsent statements.
    fn flush(&mut self) -> Result<()> {
        self.exchange(async |_| Ok(()))
    }

    /// Commits the transaction.
    pub fn commit(&mut self) -> Result<()> {
        if !self.is_begun && self.unsent.len() <= 1 {
            // Nothing was sent, not even `BEGIN`.
            self.unsent.clear();
            return Ok(());
        }
        let committed = self.exchange(async |client| client.batch_execute("COMMIT").await);
        self.is_begun = false;
        self.is_in_doubt =
            committed.is_err() && self.trouble == Some(Trouble::Lost) && !self.was_refused_before;
        committed
    }

    /// Rolls back the transaction, if one is open, without waiting for it.
    pub fn end(&mut self) {
        self.unsent.clear();
        if !std::mem::take(&mut self.is_begun) {
            return;
        }
        let mut ending = Box::pin(self.link.client.batch_execute("ROLLBACK"));
        self.link.wait(std::future::poll_fn(|context| {
            // This writes at once; the next wait reads the answer.
            let _ = ending.as_mut().poll(context);
            Poll::Ready(())
        }));
    }
}

impl Connection for Transaction<'_> {
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let statement = self.prepared(sql, Locks::Nothing)?;
        self.ask(&statement, values, each)
    }

    fn claim(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let statement = self.prepared(sql, Locks::Rows)?;
        self.ask(&statement, values, each)
    }

    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql, Locks::Nothing)?;
        self.exchange(async |client| client.execute_raw(&statement, values).await)
    }

    fn change(&mut self, sql: &'static str, values: &[Value]) -> Result<()> {
        let statement = self.prepared(sql, Locks::Nothing)?;
        let values = values.iter().map(Value::to_static).collect();
        self.unsent.push(Unsent::Change(statement, values));
        if self.unsent.len() < TOGETHER { Ok(()) } else { self.flush() }
    }

    fn define(&mut self, statement: &str) -> Result<()> {
        self.exchange(async |client| client.batch_execute(statement).await)
    }

    fn lock_tables(&mut self) -> Result<()> {
        self.query("SELECT pg_advisory_xact_lock(?1)", &[Value::Int(TABLES)], &mut |_| Ok(()))
    }

    fn has_table(&mut self, name: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM information_schema.tables \
                   WHERE table_schema = current_schema() AND table_name = ?1";
        Ok(Tx::new(self).find(sql, &[Value::Text(name)], |_| Ok(()))?.is_some())
    }
}

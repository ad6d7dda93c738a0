//! One connection: how it is opened, and what the engine's border asks of it.
//!
//! A statement that only changes rows is not waited for: it goes out with the next one that is,
//! so that a task costs as many journeys to the server as it has questions.

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
    Server,
    failure::{Trouble, Unconnected, failure, silent},
    tls,
    value::ServerRow,
};
use crate::{
    domain::error::{Error, Result},
    store::engine::{Connection, Row, Tx, Value},
};

/// Changes that go out together; a server that waits for its turn to answer keeps as many.
const TOGETHER: usize = 24;
/// How long the server works on one statement of a request before it gives up.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(25);
/// How long the server waits for this program within a transaction: whoever stands still must
/// not stand in the way of others.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The server's advisory lock on this program's tables: its name in ASCII.
const TABLES: i64 = i64::from_be_bytes(*b"freelanc");

/// A connection and its prepared statements. It belongs to one thread outside of any runtime.
pub struct Link {
    runtime: Runtime,
    client: Client,
    statements: HashMap<(&'static str, Locks), Statement>,
    /// How long answers are waited for.
    until: Option<Instant>,
    /// Whether something has shown that it is of no use any more.
    is_spent: bool,
}

/// What a statement does beside what its text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Locks {
    Nothing,
    /// The rows it finds; those that others have locked are passed over.
    Rows,
}

impl Link {
    /// Connects, under a name that the server's administrator sees; gives up after `within`, if
    /// that is sooner than the server may take anyway.
    pub fn open(server: &Server, name: &str, within: Duration) -> Result<Self, Unconnected> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Unconnected::by(Error::internal(error)))?;
        let tls = tls::connector(&server.trust).map_err(Unconnected::by)?;
        let config = server.config(name);
        // What connects stands still as well where the server takes connections and no more.
        let within = server.patience().min(within);
        let opening = async {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(async move {
                // Whoever waits for an answer is told; nobody else needs to know.
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection to the database ended");
                }
            });
            Ok::<_, PgError>(client)
        };
        let opened = runtime.block_on(async { timeout(within, opening).await });
        let client = match opened {
            Ok(Ok(client)) => client,
            failed => {
                // A name that is still being looked up is not waited for.
                runtime.shutdown_background();
                let told = |failed: Result<_, PgError>| failed.err().map(Unconnected::new);
                return Err(failed.ok().and_then(told).unwrap_or_else(Unconnected::silent));
            }
        };
        let statements = HashMap::new();
        Ok(Self { runtime, client, statements, until: None, is_spent: false })
    }

    /// Like [`Link::open`], to serve requests: nothing takes longer on it than they may.
    pub fn open_to_serve(
        server: &Server,
        name: &str,
        within: Duration,
    ) -> Result<Self, Unconnected> {
        let begun = Instant::now();
        let link = Self::open(server, name, within)?;
        let left = within.saturating_sub(begun.elapsed()).min(server.patience());
        // Statements travel together with the BEGIN before them: should that one ever fail, they
        // stand in no transaction, and must change nothing.
        let settings = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}",
            STATEMENT_TIMEOUT.as_millis(),
            IDLE_TIMEOUT.as_millis()
        );
        match link.wait(async { timeout(left, link.client.batch_execute(&settings)).await }) {
            Ok(Ok(())) => Ok(link),
            Ok(Err(error)) => Err(Unconnected::new(error)),
            Err(_) => Err(Unconnected::silent()),
        }
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.is_spent || self.client.is_closed()
    }

    /// Waits for something, and meanwhile hears what the server has to say: that it closes the
    /// connection, for example.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Begins a transaction, with the first statement that is waited for. A server that has not
    /// answered it all by then is given up.
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

    /// Waits for an answer; none came where there is none.
    fn answered<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        self.wait(async {
            match self.until {
                Some(until) => timeout_at(until.into(), answer).await.ok(),
                None => Some(answer.await),
            }
        })
    }
}

/// A statement that waits for the next one that is asked for an answer.
enum Unsent {
    Control(&'static str),
    Change(Statement, Vec<Value<'static>>),
}

/// A transaction on a connection, from `BEGIN` to its end.
pub struct Transaction<'l> {
    link: &'l mut Link,
    unsent: Vec<Unsent>,
    /// Whether the server knows of it.
    is_begun: bool,
    only_reads: bool,
    /// What went wrong in it first, if anything did.
    pub trouble: Option<Trouble>,
    /// Whether the server told of that before it came to what was sent last.
    was_refused_before: bool,
    /// Whether it may be kept or not, because nobody heard the answer to its `COMMIT`.
    pub is_in_doubt: bool,
}

/// A statement in PostgreSQL's words.
pub fn dialect(sql: &str) -> String {
    sql.replace("IN rarray(", "= ANY(").replace('?', "$")
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
        // A task that may only read has itself to blame, and not the server.
        let is_own_fault =
            self.only_reads && error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION);
        let (failure, trouble) = match failure(error) {
            (failure, Trouble::Lost) if is_own_fault => (failure, Trouble::Refused),
            told => told,
        };
        self.note(trouble);
        failure
    }

    /// The server has not answered in time, and perhaps never will.
    fn unanswered(&mut self) -> Error {
        self.note(Trouble::Lost);
        silent()
    }

    fn note(&mut self, trouble: Trouble) {
        self.link.is_spent |= trouble == Trouble::Lost;
        // What follows a refusal is refused because of it.
        self.trouble.get_or_insert(trouble);
    }

    /// Sends what waits and then this, all at once, and waits for every answer.
    fn exchange<T>(&mut self, ask: impl AsyncFnOnce(&Client) -> Result<T, PgError>) -> Result<T> {
        let unsent = std::mem::take(&mut self.unsent);
        self.is_begun = true;
        let client = &self.link.client;
        // Each is written when it is polled first, which happens in this order.
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

    /// Sends what waits.
    fn flush(&mut self) -> Result<()> {
        self.exchange(async |_| Ok(()))
    }

    /// Keeps what was changed.
    pub fn commit(&mut self) -> Result<()> {
        if !self.is_begun && self.unsent.len() <= 1 {
            // Nothing was asked of the server, not even to begin.
            self.unsent.clear();
            return Ok(());
        }
        let committed = self.exchange(async |client| client.batch_execute("COMMIT").await);
        self.is_begun = false;
        self.is_in_doubt =
            committed.is_err() && self.trouble == Some(Trouble::Lost) && !self.was_refused_before;
        committed
    }

    /// Ends the transaction, if one is open, without keeping anything. Nobody waits for it.
    pub fn end(&mut self) {
        self.unsent.clear();
        if !std::mem::take(&mut self.is_begun) {
            return;
        }
        let mut ending = Box::pin(self.link.client.batch_execute("ROLLBACK"));
        self.link.wait(std::future::poll_fn(|context| {
            // Written at once, read by whoever waits next.
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

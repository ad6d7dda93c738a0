//! A thread with a connection. It runs tasks, and repeats them if that may help.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    READ, Server,
    connection::Link,
    failure::{Trouble, Unconnected, unreachable},
};
use crate::{
    domain::error::{Error, Result},
    store::{
        queue::Receiver,
        task::{Task, busy, count_commit},
    },
};

/// Begins a transaction that may change rows.
const WRITE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE";
/// How long a task may wait for a connection, or repeat after conflicts.
const PATIENCE: Duration = Duration::from_secs(12);
/// The latest time to answer a task, even if the server hangs.
pub const ANSWER: Duration = Duration::from_secs(27);
/// The first pause before a task runs again, and the longest.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// How long a server that did not respond counts as down.
const MISSED: Duration = Duration::from_secs(1);
/// The most tasks of one account in one commit.
const BATCH_TASKS: usize = 64;

/// Whether the server is reachable. Each change is logged once.
#[derive(Default)]
pub struct Health {
    is_unreachable: AtomicBool,
}

impl Health {
    fn lost(&self, error: &Error) {
        if !self.is_unreachable.swap(true, Ordering::Relaxed) {
            tracing::error!(cause = error.cause(), "cannot reach the database");
        }
    }

    fn reached(&self) {
        if self.is_unreachable.swap(false, Ordering::Relaxed) {
            tracing::info!("reconnected to the database");
        }
    }
}

/// A thread's connection, reopened when lost.
pub struct Worker {
    server: Server,
    pub link: Option<Link>,
    health: Arc<Health>,
    /// Different for each thread, so that conflicting tasks do not retry in lockstep.
    number: u32,
    /// When the server last failed to answer.
    missed: Option<Instant>,
}

/// The outcome of a transaction.
enum Outcome {
    /// It is committed, or had no changes to commit.
    Done,
    /// It failed, and its tasks may run again.
    Again(Error),
    /// It is unknown whether it was committed.
    Unknown,
    /// It failed, and would fail again.
    Failed(Error),
}

impl Worker {
    pub fn new(server: Server, health: Arc<Health>, number: usize) -> Self {
        let number = u32::try_from(number).unwrap_or(0);
        Self { server, link: None, health, number, missed: None }
    }

    /// Returns the next task. While waiting, reads messages on the connection.
    fn next(&self, tasks: &Receiver) -> Option<Task> {
        match &self.link {
            Some(link) if !link.is_closed() => link.wait(tasks.recv()),
            _ => tasks.recv_blocking(),
        }
    }

    /// Runs read-only tasks until the queue ends.
    pub(super) fn read_tasks(&mut self, tasks: &Receiver) {
        while let Some(mut task) = self.next(tasks) {
            if task.is_left() {
                continue;
            }
            let outcome = self.repeat(task.since, |link, until| {
                if !task.start() {
                    return Outcome::Done;
                }
                let mut transaction = link.begin(READ, Some(until));
                task.run(&mut transaction);
                let trouble = transaction.trouble;
                transaction.end();
                match trouble {
                    Some(Trouble::Lost | Trouble::Conflict) => Outcome::Again(unreachable()),
                    Some(Trouble::Refused) | None => Outcome::Done,
                }
            });
            task.answer(outcome);
        }
    }

    /// Runs tasks that may change rows until the queue ends.
    pub(super) fn write_tasks(&mut self, tasks: &Receiver) {
        while let Some(task) = self.next(tasks) {
            let more =
                task.write.account.map(|id| tasks.more_of(id, BATCH_TASKS - 1)).unwrap_or_default();
            let mut batch = vec![task];
            batch.extend(more);
            batch.retain(|task| !task.is_left());
            self.write(batch);
        }
    }

    /// Commits tasks together if possible, else each alone.
    fn write(&mut self, mut tasks: Vec<Task>) {
        if tasks.len() > 1 && self.write_together(&mut tasks) {
            tasks.into_iter().for_each(|task| task.answer(Ok(())));
            return;
        }
        for mut task in tasks {
            let can_repeat = task.write.can_repeat;
            let outcome = self.repeat(task.since, |link, until| {
                if !task.start() {
                    return Outcome::Done;
                }
                match transact(link, std::slice::from_mut(&mut task), until) {
                    Outcome::Unknown if can_repeat => Outcome::Again(unreachable()),
                    outcome => outcome,
                }
            });
            task.answer(outcome);
        }
    }

    /// Commits all of the tasks; returns false if none was committed. If that is unknown, tasks
    /// that cannot repeat are answered and removed.
    fn write_together(&mut self, tasks: &mut Vec<Task>) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| !link.is_closed()) else { return false };
        let Some(oldest) = tasks.iter().map(|task| task.since).min() else { return true };
        if oldest.elapsed() >= ANSWER {
            return false;
        }
        tasks.retain(Task::start);
        let outcome = transact(link, tasks, oldest + ANSWER);
        self.let_go();
        match outcome {
            Outcome::Done => tasks.iter().all(|task| task.error().is_none()),
            Outcome::Unknown => {
                for lost in tasks.extract_if(.., |task| !task.write.can_repeat) {
                    lost.answer(Err(unknown()));
                }
                false
            }
            Outcome::Again(_) | Outcome::Failed(_) => false,
        }
    }

    /// Runs `work` on a connection, and again while that may help and time is left since `since`.
    /// Its second argument is its deadline.
    fn repeat(
        &mut self,
        since: Instant,
        mut work: impl FnMut(&mut Link, Instant) -> Outcome,
    ) -> Result<()> {
        let (until, end) = (since + PATIENCE, since + ANSWER);
        let mut pause = PAUSE;
        loop {
            let outcome = work(self.connected(until, end)?, end);
            self.let_go();
            let error = match outcome {
                Outcome::Done => return Ok(()),
                Outcome::Failed(error) => return Err(error),
                Outcome::Unknown => return Err(unknown()),
                Outcome::Again(error) => error,
            };
            if Instant::now() >= until {
                return Err(error);
            }
            thread::sleep(pause + PAUSE * (self.number % 8));
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Closes a broken connection, which the server may still hold open.
    fn let_go(&mut self) {
        if self.link.as_ref().is_some_and(Link::is_closed) {
            self.link = None;
            self.missed = Some(Instant::now());
        }
    }

    /// Returns the connection, reopened if lost. For tasks that have waited too long, a server that
    /// just failed to answer is not tried again.
    fn connected(&mut self, until: Instant, end: Instant) -> Result<&mut Link> {
        self.let_go();
        let mut pause = PAUSE_MAX / 4;
        loop {
            let now = Instant::now();
            if now >= end {
                return Err(if self.link.is_some() { busy(5) } else { unreachable() });
            }
            if self.link.is_some() {
                break;
            }
            if now >= until && self.missed.is_some_and(|missed| missed.elapsed() < MISSED) {
                return Err(unreachable());
            }
            match Link::open_to_serve(&self.server, end - now) {
                Ok(link) => {
                    self.health.reached();
                    self.missed = None;
                    self.link = Some(link);
                }
                Err(Unconnected { error, may_pass }) => {
                    self.health.lost(&error);
                    self.missed = Some(Instant::now());
                    if !may_pass || Instant::now() >= until {
                        // The caller need not know what is wrong with the database.
                        return Err(unreachable().caused_by(error.cause()));
                    }
                    thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX * 2);
                }
            }
        }
        self.link.as_mut().ok_or_else(unreachable)
    }
}

/// Runs tasks in one transaction and commits it if all of them succeed.
fn transact(link: &mut Link, tasks: &mut [Task], until: Instant) -> Outcome {
    let mut transaction = link.begin(WRITE, Some(until));
    let kept = tasks.iter_mut().all(|task| task.run(&mut transaction));
    let mut committed = Ok(());
    if kept && transaction.trouble.is_none() {
        committed = count_commit(tasks.len(), || transaction.commit());
        if transaction.is_in_doubt {
            return Outcome::Unknown;
        }
    }
    let trouble = transaction.trouble;
    transaction.end();
    match (trouble, committed) {
        (Some(Trouble::Lost), _) => Outcome::Again(unreachable()),
        (Some(Trouble::Conflict), _) => Outcome::Again(busy(1)),
        (_, Err(error)) => Outcome::Failed(error),
        // The server commits nothing after refusing a statement.
        (Some(Trouble::Refused), Ok(())) if kept => {
            Outcome::Failed(Error::internal("a refused statement was passed over"))
        }
        _ => Outcome::Done,
    }
}

fn unknown() -> Error {
    Error::unavailable(5, "error-database-lost")
}

//! A closure sent to a database thread and back, and the decision whether it runs.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::timeout};

use super::{
    Write,
    engine::{Connection, Tx},
    queue::{Sender, Turn},
};
use crate::{
    domain::error::{Error, Result},
    metrics,
};

/// How long a task may wait before it starts: less than a request may take.
const START_WITHIN: Duration = Duration::from_secs(25);
/// How much longer to wait for a task that has started.
const FINISH_WITHIN: Duration = Duration::from_secs(4);

/// Decides whether a task runs: the thread that starts it and the caller who stops waiting both
/// write here, and the first wins.
#[derive(Default)]
pub(super) struct Claim(AtomicU8);

impl Claim {
    const STARTED: u8 = 1;
    const LEFT: u8 = 2;

    /// Starts the task, unless its caller has left. A task may start several times.
    fn start(&self) -> bool {
        self.0.fetch_or(Self::STARTED, Ordering::AcqRel) & Self::LEFT == 0
    }

    /// Cancels a task that has not started; returns false if it has.
    fn give_up(&self) -> bool {
        self.0.compare_exchange(0, Self::LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether the caller has left.
    pub(super) fn is_left(&self) -> bool {
        self.0.load(Ordering::Acquire) & Self::LEFT != 0
    }
}

/// The caller of a task, who leaves when this is dropped.
struct Caller(Arc<Claim>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.0.fetch_or(Claim::LEFT, Ordering::AcqRel);
    }
}

/// Queues `work` and waits for its result. [`busy`] means that nothing was or will be changed;
/// `late` is the error if started work does not finish in time.
pub(super) async fn submit<T: Send + 'static>(
    tasks: &Sender,
    write: Write,
    late: fn() -> Error,
    mut work: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let keep = move |value| *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    send(tasks, write, late, Box::new(move |tx| work(tx).map(&keep))).await?;
    let value = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.ok_or_else(|| Error::internal("a job was answered before it ran"))
}

/// The part of [`submit`] that is the same for all results.
async fn send(tasks: &Sender, write: Write, late: fn() -> Error, work: Work) -> Result<()> {
    let (reply, mut answer) = oneshot::channel();
    let claim = Arc::new(Claim::default());
    let caller = Caller(Arc::clone(&claim));
    tasks.send(Task {
        work,
        result: Ok(()),
        reply,
        since: Instant::now(),
        claim,
        turn: None,
        write,
    })?;
    let answered = match timeout(START_WITHIN, &mut answer).await {
        Ok(answered) => answered,
        Err(_) if caller.0.give_up() => return Err(busy(1)),
        Err(_) => timeout(FINISH_WITHIN, answer).await.map_err(|_| late())?,
    };
    answered.map_err(|_| Error::internal("the database threads have ended"))?
}

/// Runs `work`; a panic fails it.
fn guarded(work: impl FnOnce() -> Result<()>) -> Result<()> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::internal("a database job panicked")))
}

/// The database is too busy, or others block it.
pub(super) fn busy(retry_after: u64) -> Error {
    Error::unavailable(retry_after, "error-busy-database")
}

/// A change has started, and it is unknown whether it will be saved.
pub(super) fn unknown() -> Error {
    Error::unavailable(5, "error-unknown-if-saved")
}

/// What a task runs; it puts its value in a place of its own.
type Work = Box<dyn FnMut(&mut Tx) -> Result<()> + Send>;

/// A closure sent to a database thread and back.
pub struct Task {
    work: Work,
    /// How its last run ended.
    result: Result<()>,
    reply: oneshot::Sender<Result<()>>,
    /// When it began to wait.
    pub(super) since: Instant,
    pub(super) claim: Arc<Claim>,
    /// Its slot among the running tasks of its account, once it has left the queue.
    #[allow(dead_code, reason = "the place is given back with the task")]
    pub(super) turn: Option<Turn>,
    pub(super) write: Write,
}

impl Task {
    /// Starts it; returns false if its caller has left, and it must not run.
    pub(super) fn start(&self) -> bool {
        self.claim.start()
    }

    /// Whether its caller has left.
    pub(super) fn is_left(&self) -> bool {
        self.claim.is_left()
    }

    /// Runs it; returns whether to commit its changes.
    pub(super) fn run(&mut self, connection: &mut dyn Connection) -> bool {
        self.result = guarded(|| (self.work)(&mut Tx::new(connection)));
        self.result.is_ok() && !self.is_left()
    }

    /// Returns its error, if it failed.
    pub(super) fn error(&self) -> Option<&Error> {
        self.result.as_ref().err()
    }

    /// Tells the caller how it ended, or why its transaction failed.
    pub(super) fn answer(self, transaction: Result<()>) {
        // The caller may have left since the commit.
        let _ = self.reply.send(self.result.and(transaction));
    }
}

/// Commits `tasks` tasks, and counts them.
pub(super) fn count_commit(tasks: usize, commit: impl FnOnce() -> Result<()>) -> Result<()> {
    let begun = Instant::now();
    let committed = commit();
    if let Some(metrics) = metrics::on() {
        metrics.commit.observe(begun.elapsed().as_secs_f64());
        metrics.batch.observe(tasks as f64);
    }
    committed
}

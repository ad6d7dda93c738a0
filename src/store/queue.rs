//! Tasks that wait for a database thread. Accounts take turns, and only a limited number of tasks
//! per account run at once, so an account with many tasks delays only itself.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_channel::{Receiver as Bell, Sender as Ringer};
use prometheus_client::metrics::histogram::Histogram;

use super::task::Task;
use crate::{
    domain::{
        error::{Error, Result},
        id::AccountId,
    },
    metrics::{self, Metrics},
};

/// The maximum number of waiting tasks of an account.
const OF_ACCOUNT: usize = 256;
/// The maximum number of waiting tasks without an account: those of visitors and of the program
/// itself.
const OF_OTHERS: usize = 1024;

/// The histogram of wait times.
type Wait = fn(&Metrics) -> &Histogram;

/// Creates a queue for `threads` threads, of which one account may occupy `most_of_account`.
pub(super) fn queue(threads: usize, most_of_account: usize, wait: Wait) -> (Sender, Receiver) {
    let shared = Arc::new(Shared { most_of_account, wait, waiting: Mutex::default() });
    // One notification per thread wakes them all.
    let (ringer, bell) = async_channel::bounded(threads.max(1));
    (Sender { shared: Arc::clone(&shared), ringer }, Receiver { shared, bell })
}

/// The sending half. When it is dropped, the threads finish waiting tasks and end.
pub(super) struct Sender {
    shared: Arc<Shared>,
    ringer: Ringer<()>,
}

/// The receiving half, for threads.
#[derive(Clone)]
pub(super) struct Receiver {
    shared: Arc<Shared>,
    bell: Bell<()>,
}

struct Shared {
    most_of_account: usize,
    wait: Wait,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    lines: HashMap<Option<AccountId>, Line>,
    /// Accounts with waiting tasks, in the order of their turns.
    turns: VecDeque<Option<AccountId>>,
}

#[derive(Default)]
struct Line {
    tasks: VecDeque<Task>,
    running: usize,
}

/// A running task's slot among those of its account, released on drop.
pub(super) struct Turn {
    shared: Arc<Shared>,
    account: Option<AccountId>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        if let Some(line) = waiting.lines.get_mut(&self.account) {
            line.running -= 1;
            if line.running == 0 && line.tasks.is_empty() {
                waiting.lines.remove(&self.account);
            }
        }
    }
}

impl Sender {
    /// Queues a task.
    ///
    /// # Errors
    ///
    /// Unavailable if too many tasks of its account already wait.
    pub fn send(&self, task: Task) -> Result<()> {
        let account = task.write.account;
        {
            let mut waiting = self.shared.lock();
            let Waiting { lines, turns } = &mut *waiting;
            let line = lines.entry(account).or_default();
            let room = if account.is_some() { OF_ACCOUNT } else { OF_OTHERS };
            if line.tasks.len() >= room {
                return Err(Error::unavailable(2, "error-busy-requests"));
            }
            if line.tasks.is_empty() {
                turns.push_back(account);
            }
            line.tasks.push_back(task);
        }
        // A full channel means that every thread has been notified.
        let _ = self.ringer.try_send(());
        Ok(())
    }

    /// Returns the number of waiting tasks.
    pub fn len(&self) -> usize {
        self.shared.lock().lines.values().map(|line| line.tasks.len()).sum()
    }
}

impl Receiver {
    /// Waits for the next task; `None` if the queue has ended.
    pub async fn recv(&self) -> Option<Task> {
        loop {
            // Check before waiting: the task that just ended may have held back another of its
            // account, for which no notification comes.
            if let Some(task) = self.try_recv() {
                return Some(task);
            }
            if self.bell.recv().await.is_err() {
                return self.try_recv();
            }
        }
    }

    /// Like [`Receiver::recv`], outside a runtime.
    pub fn recv_blocking(&self) -> Option<Task> {
        loop {
            if let Some(task) = self.try_recv() {
                return Some(task);
            }
            if self.bell.recv_blocking().is_err() {
                return self.try_recv();
            }
        }
    }

    /// Returns the next task, if one may run now.
    pub fn try_recv(&self) -> Option<Task> {
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        for _ in 0..turns.len() {
            let account = turns.pop_front()?;
            let Some(line) = lines.get_mut(&account) else { continue };
            let may_run = account.is_none() || line.running < self.shared.most_of_account;
            let task = if may_run { line.tasks.pop_front() } else { None };
            if !line.tasks.is_empty() {
                turns.push_back(account);
            }
            if let Some(task) = task {
                line.running += 1;
                return Some(self.in_turn(task));
            }
        }
        None
    }

    /// Returns more tasks of an account with a running one, to run together with it.
    pub fn more_of(&self, account: AccountId, most: usize) -> Vec<Task> {
        let account = Some(account);
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        let Some(line) = lines.get_mut(&account) else { return Vec::new() };
        let more: Vec<Task> = line.tasks.drain(..most.min(line.tasks.len())).collect();
        line.running += more.len();
        if line.tasks.is_empty() {
            turns.retain(|turn| *turn != account);
        }
        more.into_iter().map(|task| self.in_turn(task)).collect()
    }

    /// Removes every task that has waited this long.
    pub fn overdue(&self, than: Duration) -> Vec<Task> {
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        let mut overdue = Vec::new();
        for line in lines.values_mut() {
            // The oldest are first.
            while let Some(task) = line.tasks.pop_front_if(|task| task.since.elapsed() >= than) {
                overdue.push(task);
            }
        }
        lines.retain(|_, line| line.running > 0 || !line.tasks.is_empty());
        turns.retain(|turn| lines.get(turn).is_some_and(|line| !line.tasks.is_empty()));
        overdue
    }

    fn in_turn(&self, mut task: Task) -> Task {
        if let Some(metrics) = metrics::on() {
            (self.shared.wait)(metrics).observe(task.since.elapsed().as_secs_f64());
        }
        task.turn = Some(Turn { shared: Arc::clone(&self.shared), account: task.write.account });
        task
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

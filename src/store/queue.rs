//! Jobs that wait for a database thread. Accounts take turns, and only so many jobs of one
//! account run at once: an account with much to ask for waits behind itself.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_channel::{Receiver as Bell, Sender as Ringer};

use super::job::Job;
use crate::domain::{
    error::{Error, Result},
    id::AccountId,
};

/// Jobs of one account that may wait.
const OF_ACCOUNT: usize = 256;
/// Jobs that may wait of whoever has no account: visitors and the program itself.
const OF_OTHERS: usize = 1024;

/// Makes a queue for so many threads, of which one account may occupy `most_of_account`.
pub(super) fn queue(threads: usize, most_of_account: usize) -> (Sender, Receiver) {
    let shared = Arc::new(Shared { most_of_account, waiting: Mutex::default() });
    // As many rings as there are threads wake all of them; more would be of no use.
    let (ringer, bell) = async_channel::bounded(threads.max(1));
    (Sender { shared: Arc::clone(&shared), ringer }, Receiver { shared, bell })
}

/// Where jobs are handed in. When it is dropped, the threads finish what waits, and end.
pub(super) struct Sender {
    shared: Arc<Shared>,
    ringer: Ringer<()>,
}

/// Where threads take jobs out.
#[derive(Clone)]
pub(super) struct Receiver {
    shared: Arc<Shared>,
    bell: Bell<()>,
}

struct Shared {
    most_of_account: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    lines: HashMap<Option<AccountId>, Line>,
    /// Whose line has somebody waiting, in the order of their turns.
    turns: VecDeque<Option<AccountId>>,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    running: usize,
}

/// A running job's place among those of its account, given back when it is dropped.
pub(super) struct Turn {
    shared: Arc<Shared>,
    account: Option<AccountId>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        if let Some(line) = waiting.lines.get_mut(&self.account) {
            line.running -= 1;
            if line.running == 0 && line.jobs.is_empty() {
                waiting.lines.remove(&self.account);
            }
        }
    }
}

impl Sender {
    /// Queues a job.
    ///
    /// # Errors
    ///
    /// Unavailable where too many of its account wait already.
    pub fn send(&self, job: Job) -> Result<()> {
        let account = job.account;
        {
            let mut waiting = self.shared.lock();
            let Waiting { lines, turns } = &mut *waiting;
            let line = lines.entry(account).or_default();
            let room = if account.is_some() { OF_ACCOUNT } else { OF_OTHERS };
            if line.jobs.len() >= room {
                return Err(Error::unavailable(
                    2,
                    "Too many requests are waiting for an answer, please try again",
                ));
            }
            if line.jobs.is_empty() {
                turns.push_back(account);
            }
            line.jobs.push_back(job);
        }
        // Where every thread is called already, it needs no further call.
        let _ = self.ringer.try_send(());
        Ok(())
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.shared.lock().lines.values().map(|line| line.jobs.len()).sum()
    }
}

impl Receiver {
    /// The next job, waited for; none when the queue has ended.
    pub async fn recv(&self) -> Option<Job> {
        loop {
            // A thread looks before it waits: the job it has just ended may have kept back
            // another of its account, for which nobody would be called.
            if let Some(job) = self.try_recv() {
                return Some(job);
            }
            if self.bell.recv().await.is_err() {
                return self.try_recv();
            }
        }
    }

    /// Like [`Receiver::recv`], outside of a runtime.
    pub fn recv_blocking(&self) -> Option<Job> {
        loop {
            if let Some(job) = self.try_recv() {
                return Some(job);
            }
            if self.bell.recv_blocking().is_err() {
                return self.try_recv();
            }
        }
    }

    /// The next job, if one may run now.
    pub fn try_recv(&self) -> Option<Job> {
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        for _ in 0..turns.len() {
            let account = turns.pop_front()?;
            let Some(line) = lines.get_mut(&account) else { continue };
            let may_run = account.is_none() || line.running < self.shared.most_of_account;
            let job = if may_run { line.jobs.pop_front() } else { None };
            if !line.jobs.is_empty() {
                turns.push_back(account);
            }
            if let Some(job) = job {
                line.running += 1;
                return Some(self.in_turn(job));
            }
        }
        None
    }

    /// More jobs of an account that has one running, to be done together with it.
    pub fn more_of(&self, account: AccountId, most: usize) -> Vec<Job> {
        let account = Some(account);
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        let Some(line) = lines.get_mut(&account) else { return Vec::new() };
        let more: Vec<Job> = line.jobs.drain(..most.min(line.jobs.len())).collect();
        line.running += more.len();
        if line.jobs.is_empty() {
            turns.retain(|turn| *turn != account);
        }
        more.into_iter().map(|job| self.in_turn(job)).collect()
    }

    /// Takes out every job that has waited for so long.
    pub fn overdue(&self, than: Duration) -> Vec<Job> {
        let mut waiting = self.shared.lock();
        let Waiting { lines, turns } = &mut *waiting;
        let mut overdue = Vec::new();
        for line in lines.values_mut() {
            // The oldest stand first.
            while let Some(job) = line.jobs.pop_front_if(|job| job.since.elapsed() >= than) {
                overdue.push(job);
            }
        }
        lines.retain(|_, line| line.running > 0 || !line.jobs.is_empty());
        turns.retain(|turn| lines.get(turn).is_some_and(|line| !line.jobs.is_empty()));
        overdue
    }

    fn in_turn(&self, mut job: Job) -> Job {
        job.turn = Some(Turn { shared: Arc::clone(&self.shared), account: job.account });
        job
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

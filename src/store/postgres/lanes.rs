//! Jobs of one account run one after another, those of different accounts side by side: the
//! server would refuse all but one of those that change the same totals at the same time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{domain::id::AccountId, store::Job};

/// Which accounts are being worked for, and what waits for them.
#[derive(Default)]
pub struct Lanes {
    busy: Mutex<HashMap<AccountId, VecDeque<Job>>>,
}

impl Lanes {
    /// Hands the job back where it may run now; else it waits for the one that runs.
    pub fn enter(&self, job: Job) -> Option<Job> {
        let Some(account) = job.account else { return Some(job) };
        let mut busy = self.lock();
        match busy.get_mut(&account) {
            Some(waiting) => {
                waiting.push_back(job);
                None
            }
            None => {
                busy.insert(account, VecDeque::new());
                Some(job)
            }
        }
    }

    /// What has waited for an account meanwhile, `most` at a time; none frees its lane.
    pub fn leave(&self, account: AccountId, most: usize) -> Vec<Job> {
        let mut busy = self.lock();
        let Some(waiting) = busy.get_mut(&account) else { return Vec::new() };
        let next: Vec<Job> = waiting.drain(..most.min(waiting.len())).collect();
        if next.is_empty() {
            busy.remove(&account);
        }
        next
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.lock().values().map(VecDeque::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, VecDeque<Job>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

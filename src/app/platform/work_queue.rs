//! CPU-bound work: never on the threads that handle requests, limited in parallel, and shared
//! fairly among callers.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    app::{
        App,
        asker::Asker,
        share::{Owner, Shares},
    },
    domain::error::{Error, Result},
};

/// Seconds after which to retry a full queue.
const RETRY_AFTER: u64 = 2;

/// Runs work on the blocking threads. Each owner has one task waiting for a turn; the others wait
/// behind it, so that turns rotate among the owners.
pub struct WorkQueue {
    /// The key of the message when the queue is full.
    busy: &'static str,
    turn_count: usize,
    turns: Arc<Semaphore>,
    place_count: usize,
    places: Arc<Semaphore>,
    lines: Shares<Line>,
}

/// The queue of one owner.
struct Line {
    places: Arc<Semaphore>,
    first: Arc<Semaphore>,
}

/// The maximum number of waiting tasks per owner.
const LINE: usize = 32;

impl WorkQueue {
    /// Runs `turns` tasks at once, and refuses more than `places` running or waiting ones.
    pub fn new(turns: usize, places: usize, busy: &'static str) -> Self {
        Self {
            busy,
            turn_count: turns,
            turns: Arc::new(Semaphore::new(turns)),
            place_count: places,
            places: Arc::new(Semaphore::new(places)),
            lines: Shares::new(|| Line {
                places: Arc::new(Semaphore::new(LINE)),
                first: Arc::new(Semaphore::new(1)),
            }),
        }
    }

    /// Runs work that takes one turn.
    pub async fn run<T: Send + 'static>(
        &self,
        owner: Option<Owner>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.run_large(owner, 1, work).await
    }

    /// Runs work that takes several turns at once, or all there are.
    ///
    /// # Errors
    ///
    /// Unavailable if the queue, or the owner's line in it, is full.
    pub async fn run_large<T: Send + 'static>(
        &self,
        owner: Option<Owner>,
        turns: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let busy = |_| Error::unavailable(RETRY_AFTER, self.busy);
        let line = owner.map(|owner| self.lines.of(owner));
        let mut held = Vec::with_capacity(4);
        if let Some(line) = &line {
            held.push(Arc::clone(&line.places).try_acquire_owned().map_err(busy)?);
        }
        held.push(Arc::clone(&self.places).try_acquire_owned().map_err(busy)?);
        if let Some(line) = &line {
            held.push(Arc::clone(&line.first).acquire_owned().await.map_err(Error::internal)?);
        }
        let turns = u32::try_from(turns.min(self.turn_count)).map_err(Error::internal)?;
        let turns = Arc::clone(&self.turns).acquire_many_owned(turns);
        held.push(turns.await.map_err(Error::internal)?);
        spawn_blocking(move || {
            // Hold these to the end even if the request is dropped.
            let _held = (held, line);
            work()
        })
        .await
        .map_err(Error::internal)
    }

    /// Returns how many turns are in use, and how many tasks wait for one.
    pub fn load(&self) -> (usize, usize) {
        let running = self.turn_count.saturating_sub(self.turns.available_permits());
        let taken = self.place_count.saturating_sub(self.places.available_permits());
        (running, taken.saturating_sub(running))
    }
}

impl App {
    /// Returns API input if its password is acceptable. The documents allow no stricter rule, so
    /// common passwords are refused only if the setting says so.
    pub async fn guard<T: Send + 'static>(
        &self,
        input: T,
        guarded: impl FnOnce(T) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if self.settings.refuse_common_passwords {
            self.guard_always(input, guarded).await
        } else {
            Ok(input)
        }
    }

    /// Returns form input if its password is not easy to guess. That check takes time, so cheaper
    /// checks come first.
    pub async fn guard_always<T: Send + 'static>(
        &self,
        input: T,
        guarded: impl FnOnce(T) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.offload(move || guarded(input)).await?
    }

    /// Runs CPU-bound work without blocking other requests.
    ///
    /// # Errors
    ///
    /// Unavailable if too much work is waiting.
    pub async fn offload<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.work.run(self.stranger(), work).await
    }

    /// Returns the queue for work without an account: behind earlier requests from the same
    /// address. None if limits are off, since all requests may then share one address.
    pub(in crate::app) fn stranger(&self) -> Option<Owner> {
        if self.limits.are_on() { Asker::owner() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::IpAddr,
        sync::{Mutex, mpsc},
    };

    use futures_util::{FutureExt, future::join_all};

    use super::*;

    fn owner(number: u32) -> Option<Owner> {
        Some(Owner::of_address(IpAddr::V4(number.into())))
    }

    #[tokio::test]
    async fn an_owner_with_one_task_is_served_before_one_with_ten() {
        let queue = WorkQueue::new(1, 64, "error-busy-work");
        let order = Arc::new(Mutex::new(Vec::new()));
        let (go, gate) = mpsc::channel();
        let note = |name: &'static str| {
            let order = Arc::clone(&order);
            move || order.lock().unwrap().push(name)
        };
        let first = queue.run(owner(1), move || gate.recv().unwrap());
        let mut all = vec![first.map(drop).boxed_local()];
        all.extend((0..10).map(|_| queue.run(owner(1), note("many")).map(drop).boxed_local()));
        all.push(queue.run(owner(2), note("one")).map(drop).boxed_local());
        // All are queued before the first one finishes.
        let mut all = join_all(all);
        assert!((&mut all).now_or_never().is_none());
        go.send(()).unwrap();
        all.await;
        let order = order.lock().unwrap();
        let place = order.iter().position(|name| *name == "one").unwrap();
        assert!(order.len() == 11 && place <= 1, "{order:?}");
    }

    #[tokio::test]
    async fn a_full_queue_refuses_only_its_owner() {
        let queue = WorkQueue::new(1, 1000, "error-busy-work");
        let (go, gate) = mpsc::channel();
        let mut all = vec![queue.run(owner(1), move || gate.recv().unwrap()).boxed_local()];
        all.extend((1..LINE).map(|_| queue.run(owner(1), || ()).boxed_local()));
        let mut all = join_all(all);
        assert!((&mut all).now_or_never().is_none());
        let busy = queue.run(owner(1), || ()).await.unwrap_err();
        assert_eq!(busy.to_string(), "The server is busy, please try again");
        let mut other = Box::pin(queue.run(owner(2), || ()));
        assert!((&mut other).now_or_never().is_none());
        go.send(()).unwrap();
        other.await.unwrap();
        assert!(all.await.iter().all(Result::is_ok));
    }
}

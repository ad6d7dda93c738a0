//! Work that keeps a core busy: never on the threads that answer requests, only so much at once,
//! and nobody's work before everybody else's.

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

/// Seconds after which a full queue is worth another try.
const RETRY_AFTER: u64 = 2;

/// Runs work on the blocking threads. Each owner has one piece of work among those that wait for
/// a turn; the rest waits behind it, so that turns go round among the owners.
pub struct WorkQueue {
    /// Told where the queue is full.
    busy: &'static str,
    turn_count: usize,
    turns: Arc<Semaphore>,
    place_count: usize,
    places: Arc<Semaphore>,
    lines: Shares<Line>,
}

/// The work of one owner.
struct Line {
    places: Arc<Semaphore>,
    first: Arc<Semaphore>,
}

/// Pieces of work that one owner may have waiting.
const LINE: usize = 32;

impl WorkQueue {
    /// `turns` pieces of work at once; beyond `places` that run or wait, others are turned away.
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

    /// Does work that takes one turn.
    pub async fn run<T: Send + 'static>(
        &self,
        owner: Option<Owner>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.run_large(owner, 1, work).await
    }

    /// Does work that takes several turns at once, or all there are.
    ///
    /// # Errors
    ///
    /// Unavailable where the queue, or the owner's line in it, is full.
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
            // Held to the end even where the request has gone away meanwhile.
            let _held = (held, line);
            work()
        })
        .await
        .map_err(Error::internal)
    }

    /// How many turns are taken, and how many pieces of work wait for one.
    pub fn load(&self) -> (usize, usize) {
        let running = self.turn_count.saturating_sub(self.turns.available_permits());
        let taken = self.place_count.saturating_sub(self.places.available_permits());
        (running, taken.saturating_sub(running))
    }
}

impl App {
    /// Hands on what an API was sent, if its password may be used: the documents ask for no more
    /// than they say, so it is held against what is tried first only where the setting says so.
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

    /// Hands on what was typed into a page, if its password would not be guessed. Guessing takes
    /// time, so whatever is cheaper to check comes first.
    pub async fn guard_always<T: Send + 'static>(
        &self,
        input: T,
        guarded: impl FnOnce(T) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.offload(move || guarded(input)).await?
    }

    /// Does what keeps a core busy for a while, without holding up other requests.
    ///
    /// # Errors
    ///
    /// Unavailable where too much of it waits already.
    pub async fn offload<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.work.run(self.stranger(), work).await
    }

    /// In whose line work waits that no account answers for: behind what the same address asked
    /// for before. Where limits are off, all may come from one address.
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
    async fn who_asks_once_is_served_before_who_asked_ten_times() {
        let queue = WorkQueue::new(1, 64, "busy");
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
        // All have asked before the first is done.
        let mut all = join_all(all);
        assert!((&mut all).now_or_never().is_none());
        go.send(()).unwrap();
        all.await;
        let order = order.lock().unwrap();
        let place = order.iter().position(|name| *name == "one").unwrap();
        assert!(order.len() == 11 && place <= 1, "{order:?}");
    }

    #[tokio::test]
    async fn a_full_line_turns_away_its_owner_alone() {
        let queue = WorkQueue::new(1, 1000, "busy");
        let (go, gate) = mpsc::channel();
        let mut all = vec![queue.run(owner(1), move || gate.recv().unwrap()).boxed_local()];
        all.extend((1..LINE).map(|_| queue.run(owner(1), || ()).boxed_local()));
        let mut all = join_all(all);
        assert!((&mut all).now_or_never().is_none());
        assert_eq!(queue.run(owner(1), || ()).await.unwrap_err().message(), "busy");
        let mut other = Box::pin(queue.run(owner(2), || ()));
        assert!((&mut other).now_or_never().is_none());
        go.send(()).unwrap();
        other.await.unwrap();
        assert!(all.await.iter().all(Result::is_ok));
    }
}

//! Background work is a job: a row written with the change that causes it. Each server looks for
//! due jobs, and exactly one server runs each.

use std::{
    future::ready,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    pin, select,
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use crate::{
    app::{App, share::Owner},
    domain::{
        error::{Error, Kind, Result},
        id::Id,
        job::{Job, JobKind},
    },
    mail::courier::DELIVERY_TIMEOUT,
    store::{self, Write, engine::Tx},
};

/// The maximum number of jobs of a kind per round.
const ROUND: i64 = 20;
/// How often to look for jobs when none is known to be due, since commands in other processes
/// create jobs too.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often to remove expired rows.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Longer than any delay between two attempts.
const FARTHEST: SignedDuration = SignedDuration::from_hours(2);
/// Longer than from a time of day to the next, in any timezone and on any day.
const FARTHEST_DAY: SignedDuration = SignedDuration::from_hours(28);
/// How far the clock may run ahead of elapsed time.
const JUMP: SignedDuration = SignedDuration::from_mins(10);
/// How long nothing expires after the clock has jumped, so that a clock that is wrong for less than
/// this expires nothing early.
const UNSURE: Duration = Duration::from_secs(3600);
/// The same for scheduled jobs.
const UNSURE_OF_DAY: Duration = Duration::from_secs(600);

/// Records the result of an attempt. Doing so twice is harmless.
pub(in crate::app) const NOTED: Write = Write { account: None, can_repeat: true };

/// State shared by the worker and the code that creates jobs.
#[derive(Default)]
pub(in crate::app) struct Jobs {
    news: [Notify; JobKind::WORDS.len()],
    is_closing: AtomicBool,
}

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// The number of jobs that were due.
    pub due: usize,
    /// When the next one is due.
    pub next: Option<Timestamp>,
}

impl JobKind {
    /// Returns how many of them one server runs at once.
    fn at_once(self) -> usize {
        match self {
            Self::Mail | Self::Checkout => 4,
            Self::PrintInvoice | Self::PrintCreditNote | Self::Remind | Self::Sweep => 1,
        }
    }

    /// Returns how long a started job is reserved: longer than it takes.
    fn lease(self) -> SignedDuration {
        match self {
            Self::Mail => SignedDuration::from_secs(DELIVERY_TIMEOUT.as_secs() as i64 + 10),
            // A long run renews its lease.
            Self::PrintInvoice | Self::PrintCreditNote | Self::Checkout | Self::Remind => {
                SignedDuration::from_mins(1)
            }
            Self::Sweep => SWEEP_EVERY,
        }
    }

    /// Returns how long running jobs may take when the program is asked to stop.
    fn time_to_stop(self) -> Duration {
        match self {
            Self::Mail | Self::PrintInvoice | Self::PrintCreditNote | Self::Checkout => {
                Duration::from_secs(5)
            }
            // They resume later.
            Self::Remind | Self::Sweep => Duration::ZERO,
        }
    }

    /// Returns how far ahead a job of this kind is due at most, if there is a limit.
    fn farthest(self) -> Option<SignedDuration> {
        Some(if self.is_scheduled() { FARTHEST_DAY } else { FARTHEST })
    }

    /// Returns how long jobs of this kind wait after the clock has jumped.
    fn unsure(self) -> Option<Duration> {
        match self {
            Self::Sweep => Some(UNSURE),
            kind => kind.is_scheduled().then_some(UNSURE_OF_DAY),
        }
    }
}

impl App {
    /// Tells the worker that a job of this kind is waiting.
    pub(in crate::app) fn wake(&self, kind: JobKind) {
        self.jobs.news[kind as usize].notify_one();
    }

    /// Runs due jobs until `stop` changes, then finishes those in progress. Kinds do not wait for
    /// each other.
    pub async fn run_jobs(&self, stop: watch::Receiver<bool>) {
        let kinds = [
            JobKind::Mail,
            JobKind::PrintInvoice,
            JobKind::PrintCreditNote,
            JobKind::Checkout,
            JobKind::Remind,
            JobKind::Sweep,
        ];
        join_all(kinds.map(|kind| self.run_kind(kind, stop.clone()))).await;
    }

    async fn run_kind(&self, kind: JobKind, mut stop: watch::Receiver<bool>) {
        let mut clock = ClockWatch::default();
        loop {
            let is_held = match kind.unsure() {
                Some(unsure) => clock.jumped_lately(Instant::now(), self.now(), unsure),
                None => false,
            };
            let round = async {
                if is_held { Ok(Round { due: 0, next: None }) } else { self.run_due(kind).await }
            };
            pin!(round);
            let round = select! {
                round = &mut round => round,
                _ = stop.changed() => {
                    self.jobs.is_closing.store(true, Ordering::Relaxed);
                    let is_urgent = kind.time_to_stop() > Duration::ZERO;
                    if timeout(kind.time_to_stop(), round).await.is_err() && is_urgent {
                        let kind = kind.as_str();
                        tracing::warn!(kind, "a job ran too long and was stopped");
                    }
                    return;
                }
            };
            let pause = match round {
                Ok(Round { next: Some(next), .. }) => {
                    let until_due = next.duration_since(self.now());
                    Duration::try_from(until_due).unwrap_or_default().min(LOOK_EVERY)
                }
                Ok(Round { next: None, .. }) => LOOK_EVERY,
                // Already reported; the jobs wait.
                Err(error) if *error.kind() == Kind::Unwritable => LOOK_EVERY,
                Err(error) => {
                    let kind = kind.as_str();
                    tracing::error!(cause = error.cause(), kind, "could not read jobs");
                    LOOK_EVERY
                }
            };
            select! {
                () = sleep(pause) => {}
                () = self.jobs.news[kind as usize].notified() => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Runs the due jobs of a kind, up to a limit.
    pub async fn run_due(&self, kind: JobKind) -> Result<Round> {
        // Without a courier this process writes no mail, but others may have.
        if kind == JobKind::Mail && self.settings.courier.is_none() {
            return Ok(Round { due: 0, next: None });
        }
        let now = self.now();
        let due = self.store.read(move |tx| store::jobs::count_due(tx, kind, now, ROUND)).await?;
        let outcomes: Vec<Result<()>> = stream::iter(0..due)
            .take_while(|_| ready(!self.jobs.is_closing.load(Ordering::Relaxed)))
            .map(|_| self.run_next(kind))
            .buffer_unordered(kind.at_once())
            .collect()
            .await;
        outcomes.into_iter().collect::<Result<()>>()?;
        let ends = move |tx: &mut Tx| {
            Ok((store::jobs::next_due(tx, kind)?, store::jobs::last_due(tx, kind)?))
        };
        let (next, last) = self.store.read(ends).await?;
        let now = self.now();
        let latest = kind.farthest().map_or(Timestamp::MAX, |farthest| now + farthest);
        match next {
            // No delay is that long: the clock was ahead when the time was written.
            Some(_) if last.is_some_and(|last| last > latest) => {
                let recall = move |tx: &mut Tx| store::jobs::recall(tx, kind, latest, now);
                self.store.write(recall).await?;
                Ok(Round { due, next: Some(now) })
            }
            // There must always be one.
            None if kind == JobKind::Sweep => {
                let begin =
                    move |tx: &mut Tx| store::jobs::create(tx, kind, Id::<()>::NIL, None, now, now);
                self.store.write(begin).await?;
                Ok(Round { due, next: Some(now) })
            }
            next => Ok(Round { due, next }),
        }
    }

    /// Runs the next job. Another server may have been faster.
    async fn run_next(&self, kind: JobKind) -> Result<()> {
        let now = self.now();
        let until = now.checked_add(kind.lease()).map_err(Error::internal)?;
        // Commit the claim before the work: if nothing can be written, the work must not repeat
        // forever.
        let claim = move |tx: &mut Tx| store::jobs::claim_next(tx, kind, now, until);
        let Some(job) = self.store.write(claim).await? else { return Ok(()) };
        match kind {
            JobKind::Mail => self.deliver(job).await,
            JobKind::PrintInvoice | JobKind::PrintCreditNote => self.print_later(job).await,
            JobKind::Checkout => self.ask_later(job).await,
            JobKind::Remind => self.remind_later(job).await,
            JobKind::Sweep => self.sweep_all(job).await,
        }
    }

    /// Renders a sent invoice or a credit note, unless a request has already done so.
    async fn print_later(&self, job: Job) -> Result<()> {
        let printed = match job.account.map(|account| (account, Some(Owner::Account(account)))) {
            Some((account, owner)) if job.kind == JobKind::PrintCreditNote => {
                self.credit_note_file(owner, account, job.subject()).await
            }
            Some((account, owner)) => self.invoice_file(owner, account, job.subject()).await,
            None => Err(Error::internal("a document of nobody")),
        };
        let Err(error) = printed else { return self.forget_job(job).await };
        let (id, kind) = (job.subject::<()>().uuid(), job.kind.as_str());
        let (now, reason) = (self.now(), error.cause());
        match job.next_try(now) {
            Some(next) => {
                tracing::warn!(kind, %id, reason, next = %next, "could not create a PDF yet");
                self.postpone(job, next, Some(reason)).await
            }
            // The next request for it reports the reason.
            None => {
                tracing::error!(kind, %id, reason, "could not create a PDF");
                self.forget_job(job).await
            }
        }
    }

    /// Removes all expired data, and schedules itself again in an hour.
    async fn sweep_all(&self, job: Job) -> Result<()> {
        let reason = loop {
            match self.sweep().await {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => {
                    let cause = error.cause();
                    tracing::warn!(cause, "could not remove expired rows");
                    break Some(cause);
                }
            }
        };
        let next = self.now().checked_add(SWEEP_EVERY).map_err(Error::internal)?;
        self.postpone(job, next, reason).await
    }

    pub(in crate::app) async fn forget_job(&self, job: Job) -> Result<()> {
        let forget = move |tx: &mut Tx| store::jobs::delete(tx, job.kind, job.subject::<()>());
        self.store.write_as(NOTED, forget).await
    }

    pub(in crate::app) async fn postpone(
        &self,
        job: Job,
        next: Timestamp,
        reason: Option<String>,
    ) -> Result<()> {
        let note = move |tx: &mut Tx| store::jobs::postpone(tx, &job, next, reason.as_deref());
        self.store.write_as(NOTED, note).await
    }
}

/// Detects a clock that runs ahead of elapsed time: it was set, or the machine slept.
#[derive(Default)]
struct ClockWatch {
    before: Option<(Instant, Timestamp)>,
    unsure_until: Option<Instant>,
}

impl ClockWatch {
    fn jumped_lately(&mut self, instant: Instant, time: Timestamp, unsure: Duration) -> bool {
        if let Some((since, then)) = self.before.replace((instant, time))
            && jumped(instant - since, then, time)
        {
            let minutes = unsure.as_secs() / 60;
            tracing::info!(minutes, "the clock jumped ahead, so what depends on the day waits");
            self.unsure_until = instant.checked_add(unsure);
        }
        self.unsure_until.is_some_and(|until| instant < until)
    }
}

fn jumped(passed: Duration, then: Timestamp, now: Timestamp) -> bool {
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    now.duration_since(then).saturating_sub(passed) > JUMP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_advances_faster_than_elapsed_time_has_jumped() {
        let then: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let hour = Duration::from_secs(3600);
        for (minutes, expected) in
            [(60, false), (69, false), (71, true), (3 * 24 * 60, true), (-600, false), (0, false)]
        {
            let now = then + SignedDuration::from_mins(minutes);
            assert_eq!(jumped(hour, then, now), expected, "{minutes} minutes");
        }
    }
}

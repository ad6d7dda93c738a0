//! Expired rows are removed by the hour, and unused memory goes back more often.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use super::memory;
use crate::app::App;

/// How often expired rows are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// How often memory is given back that sign-ins used.
const REST_EVERY: Duration = Duration::from_secs(30);
/// How far the clock may go ahead of the time that has passed.
const JUMP: SignedDuration = SignedDuration::from_mins(10);

/// Runs until it is dropped.
pub async fn run(app: Arc<App>) {
    let mut before: Option<(Instant, Timestamp)> = None;
    loop {
        let (instant, time) = (Instant::now(), app.now());
        let jumped = before.is_some_and(|(since, then)| jumped(instant - since, then, time));
        before = Some((instant, time));
        if jumped {
            tracing::info!("the clock has jumped ahead, so nothing expires for an hour");
        } else {
            sweep(&app).await;
        }
        for _ in 0..SWEEP_EVERY.as_secs() / REST_EVERY.as_secs() {
            tokio::time::sleep(REST_EVERY).await;
            app.rest();
            // It locks the heap in parts, which must not hold up requests.
            let _ = tokio::task::spawn_blocking(memory::give_back).await;
        }
    }
}

async fn sweep(app: &App) {
    loop {
        match app.sweep().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(cause = error.cause(), "expired rows could not be removed");
                return;
            }
        }
    }
}

/// Whether the clock went ahead of the time that has passed: it was set, or the machine slept. A
/// clock that is wrong for less than an hour then lets nothing expire too early.
fn jumped(passed: Duration, then: Timestamp, now: Timestamp) -> bool {
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    now.duration_since(then).saturating_sub(passed) > JUMP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_ahead_of_the_time_that_has_passed_has_jumped() {
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

//! What use cases need from outside: time, randomness, keys, settings.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Settings, limit::Limits, secret::Keys};
use crate::domain::{
    date,
    error::{Error, Result},
    id::{Id, IdSequence},
};

/// What use cases need besides their transaction, on any thread.
pub struct Environment {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) ids: IdSequence,
    pub(super) keys: Option<Keys>,
    pub(super) limits: Limits,
}

impl Environment {
    /// Returns the current time in whole seconds, so that stored values equal those returned.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// Returns today's date in UTC.
    pub fn today(&self) -> Date {
        date::day_in(self.now(), &TimeZone::UTC)
    }

    /// The public address of the program, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// Returns the keys that seal and hash.
    pub(super) fn keys(&self) -> Result<&Keys> {
        self.keys.as_ref().ok_or_else(|| Error::internal("this command was given no SECRET_KEY"))
    }

    /// Returns a new id. It contains the time to the millisecond, so that ids created by a command
    /// and a server in the same second are in order too.
    pub(super) fn new_id<K>(&self) -> Id<K> {
        self.ids.next(self.clock.now(), self.random_bytes())
    }

    /// Returns unpredictable bytes.
    pub(super) fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Generates unpredictable bytes.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    ///
    /// Panics if the operating system provides no randomness, since no secret can then be created.
    #[allow(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}

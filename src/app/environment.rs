//! What the use cases take from outside: the time, randomness, keys, settings.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Settings, limit::Limits, secret::Keys};
use crate::domain::{
    date,
    error::{Error, Result},
    id::{Id, IdSequence},
};

/// What use cases need beside their transaction, on whatever thread they run.
pub struct Environment {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) ids: IdSequence,
    pub(super) keys: Option<Keys>,
    pub(super) limits: Limits,
}

impl Environment {
    /// Now, in whole seconds: what is answered today is what is read back tomorrow.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// The day it is in UTC.
    pub fn today(&self) -> Date {
        date::day_in(self.now(), &TimeZone::UTC)
    }

    /// How people reach the program, without a slash at its end.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// The keys that seal and hash.
    pub(super) fn keys(&self) -> Result<&Keys> {
        self.keys.as_ref().ok_or_else(|| Error::internal("this command was given no SECRET_KEY"))
    }

    /// A new id. It carries the time to the millisecond, so that what a command and a server
    /// make in the same second is in order too.
    pub(super) fn new_id<K>(&self) -> Id<K> {
        self.ids.next(self.clock.now(), self.random_bytes())
    }

    /// Bytes that nobody can guess.
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

/// Makes bytes nobody can guess.
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
    /// Where the operating system has no randomness to give: nothing secret can be made then.
    #[allow(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}

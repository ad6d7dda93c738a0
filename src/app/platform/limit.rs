//! Rate limits: fixed windows that begin with the first request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{App, environment::Environment, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        limit::{LimitState, Refusal},
        text,
    },
    store::{self, engine::Tx, rate_window::RateWindow},
};

/// The maximum number of windows per limit. Under a flood of addresses, those that end first are
/// dropped.
const WINDOWS_MAX: usize = 100_000;
/// A number of requests in a number of seconds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Its name in the database.
    pub(in crate::app) name: &'static str,
    requests: u32,
    seconds: i64,
    counted: Counted,
}

/// Where requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// In this process only, since the database would cost as much as the limited work.
    Here,
    /// In the database: across all servers and restarts.
    Everywhere,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident $name:literal $requests:literal in $seconds:expr, $counted:ident;)*) => {
        /// What is limited. FreelanceOS and FreelanceHub Auth are under `/api/v1` and count
        /// together; FreelanceHub counts separately.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Limit { $($(#[$doc])* $limit,)* }

        const RATES: &[Rate] =
            &[$(Rate {
                name: $name,
                requests: $requests,
                seconds: $seconds,
                counted: Counted::$counted,
            },)*];
    };
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

limits! {
    /// Everything under `/api/v1`, by address.
    Api "api" 100 in 15 * MINUTE, Here;
    /// Registration under `/api/v1`, by address.
    Register "register" 3 in HOUR, Everywhere;
    /// Login under `/api/v1`, by address.
    Login "login" 5 in 15 * MINUTE, Everywhere;
    /// Registration under `/v1`, by address.
    HubRegister "hub-register" 5 in HOUR, Everywhere;
    /// Username checks under `/v1`, by address.
    HubUsername "hub-username" 5 in HOUR, Everywhere;
    /// Login under `/v1`, with a password or a passkey, by address.
    HubLogin "hub-login" 10 in 15 * MINUTE, Everywhere;
    /// Passkey challenges, by address: each login takes one, and some are abandoned.
    PasskeyChallenge "passkey-challenge" 30 in 15 * MINUTE, Everywhere;
    /// One-time passwords requested, by email.
    EmailOtp "email-otp" 3 in 5 * MINUTE, Everywhere;
    /// Password resets requested, by email.
    PasswordReset "password-reset" 3 in HOUR, Everywhere;
    /// Wrong passwords over all APIs, by email and network, or by known browser.
    WrongPassword "wrong-password" 20 in HOUR, Everywhere;
    /// The same by email, from all networks together.
    WrongPasswords "wrong-passwords" 1000 in HOUR, Everywhere;
    /// Wrong second factors, by email: the caller knows the password.
    WrongFactor "wrong-factor" 20 in HOUR, Everywhere;
    /// Emails about wrong second factors, by email.
    FactorNotice "factor-notice" 1 in HOUR, Everywhere;
    /// Codes requested or tried under `/v1`, by address.
    Codes "codes" 100 in 15 * MINUTE, Everywhere;
    /// Wrong one-time passwords, by email and network, or by known browser: a new code allows new
    /// attempts, but not forever.
    WrongCode "wrong-code" 20 in HOUR, Everywhere;
    /// The same by email, from all networks together.
    WrongCodes "wrong-codes" 1000 in HOUR, Everywhere;
    /// Forms on public pages, by address, in addition to any other limit.
    OpenForm "open-form" 200 in 15 * MINUTE, Here;
    /// Views of public profiles and proposals, by address.
    PublicView "public-view" 120 in MINUTE, Here;
    /// Checkouts opened, by address: each asks a payment provider.
    Checkout "checkout" 20 in 15 * MINUTE, Here;
    /// Webhooks of payment providers, by address: each provider sends from few addresses, for all
    /// accounts.
    Webhook "webhook" 6000 in MINUTE, Here;
    /// Messages to freelancers, by address.
    Message "message" 5 in HOUR, Everywhere;
    /// Messages to one freelancer from everywhere, by email.
    MessagesTo "messages-to" 100 in 24 * HOUR, Everywhere;
    /// Emails to an account with an unverified address about others' actions, by account.
    UnprovenNews "unproven-news" 20 in 24 * HOUR, Everywhere;
    /// Answers to proposals, by address.
    ProposalAnswer "proposal-answer" 20 in HOUR, Everywhere;
    /// Emailed invoices, reminders and copies of proposals, by account, to prevent mass mail.
    InvoiceMail "invoice-mail" 50 in 24 * HOUR, Everywhere;
    /// Automatic reminders and receipts mailed, by account: the rest waits for the next day.
    ReminderMail "reminder-mail" 1000 in 23 * HOUR, Everywhere;
}

impl Rate {
    /// Returns the end of a window that begins now.
    pub(in crate::app) fn end(self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MAX)
    }

    /// Returns the state of a caller whose request was the last one of that window.
    pub(in crate::app) fn standing(self, window: RateWindow, now: Timestamp) -> LimitState {
        let used = u32::try_from(window.used).unwrap_or(u32::MAX);
        let reset = window.resets_at.as_second();
        LimitState {
            limit: self.requests,
            remaining: self.requests.saturating_sub(used),
            reset,
            refused: (used > self.requests)
                .then(|| (reset - now.as_second()).max(1).unsigned_abs()),
        }
    }
}

impl Limit {
    pub(in crate::app) fn rate(self) -> Rate {
        RATES[self as usize]
    }
}

/// The counted subject: an address, or the keyed hash of an address or an email.
pub type Subject = [u8; 16];

/// Counts limited requests.
pub struct Limits {
    is_on: bool,
    limiters: Vec<Limiter>,
}

impl Limits {
    /// If limits are off, nothing is counted.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, limiters: RATES.iter().map(|rate| Limiter::new(*rate)).collect() }
    }

    pub(in crate::app) fn are_on(&self) -> bool {
        self.is_on
    }

    fn of(&self, limit: Limit) -> Option<&Limiter> {
        self.limiters.get(limit as usize).filter(|_| self.is_on)
    }
}

impl App {
    /// Counts a request by address; an IPv6 address counts by its /64. None if limits are off.
    pub async fn count_address(&self, limit: Limit, address: IpAddr) -> Result<Option<LimitState>> {
        let Some(limiter) = self.limits.of(limit) else { return Ok(None) };
        let (subject, now) = (of_address(address), self.now());
        if limiter.rate.counted == Counted::Here {
            return Ok(Some(limiter.count(subject, now)));
        }
        // Repeated requests after a refusal are refused without asking the database.
        if let Some(refused) = limiter.refused(subject, now) {
            return Ok(Some(refused));
        }
        let window = self.count(limiter, self.hidden(limit, &subject)?).await?;
        let standing = limiter.rate.standing(window, now);
        if standing.refused.is_some() {
            limiter.remember(subject, window, now);
        }
        Ok(Some(standing))
    }

    /// Counts a request about an email, known or not, and refuses it if it exceeds the limit. A
    /// browser that its owner has signed in with counts separately.
    pub async fn count_email(&self, limit: Limit, email: &str) -> Result<()> {
        let Some(limiter) = self.limits.of(limit) else { return Ok(()) };
        let browser = self.known_browser(email).await?;
        let subject = self.subject(limit, email, browser.as_deref().unwrap_or_default())?;
        let window = self.count(limiter, subject).await?;
        let refusal = limiter.rate.standing(window, self.now()).refusal();
        refusal.map_or(Ok(()), |refusal| Err(Error::too_many(refusal)))
    }

    /// Counts an event for an email, whether limits are on or off; returns whether it is the first
    /// in its window.
    pub(in crate::app) async fn is_first(&self, limit: Limit, email: &str) -> Result<bool> {
        let Some(limiter) = self.limits.limiters.get(limit as usize) else { return Ok(false) };
        let window = self.count(limiter, self.subject(limit, email, &[])?).await?;
        Ok(window.used == 1)
    }

    /// Counts in the database.
    async fn count(&self, limiter: &Limiter, subject: Subject) -> Result<RateWindow> {
        let (now, name) = (self.now(), limiter.rate.name);
        let end = limiter.rate.end(now);
        let count = move |tx: &mut Tx| store::rate_window::count(tx, name, &subject, now, end);
        self.store.write(count).await
    }
}

impl Environment {
    /// Returns the subject of an email, or of one browser or network that sends requests for it.
    pub(in crate::app) fn subject(
        &self,
        limit: Limit,
        email: &str,
        part: &[u8],
    ) -> Result<Subject> {
        let mut subject = text::email_key(email).into_bytes();
        if !part.is_empty() {
            // No email contains a NUL.
            subject.push(0);
            subject.extend_from_slice(part);
        }
        self.hidden(limit, &subject)
    }

    /// Returns the stored form of a subject, which does not reveal it.
    fn hidden(&self, limit: Limit, subject: &[u8]) -> Result<Subject> {
        let hash = self.keys()?.hash("rate limit", &[limit.rate().name.as_bytes(), subject]);
        let mut short = Subject::default();
        short.copy_from_slice(&hash[..16]);
        Ok(short)
    }
}

impl Work<'_, '_> {
    /// Counts an action of the account; returns the refusal if it exceeds the limit.
    pub(in crate::app) fn count(&mut self, limit: Limit) -> Result<Option<Refusal>> {
        let Some(limiter) = self.env.limits.of(limit) else { return Ok(None) };
        let (rate, now) = (limiter.rate, self.now);
        let subject = self.env.hidden(limit, self.account.as_bytes())?;
        let window = store::rate_window::count(self.tx, rate.name, &subject, now, rate.end(now))?;
        Ok(rate.standing(window, now).refusal())
    }
}

/// Counts requests by subject, or caches refusals if the database counts them.
#[derive(Debug)]
struct Limiter {
    rate: Rate,
    windows: Mutex<HashMap<Subject, RateWindow>>,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self { rate, windows: Mutex::new(HashMap::new()) }
    }

    fn count(&self, subject: Subject, now: Timestamp) -> LimitState {
        let mut windows = self.lock();
        if windows.len() >= WINDOWS_MAX && !windows.contains_key(&subject) {
            make_room(&mut windows, now);
        }
        let fresh = RateWindow { resets_at: self.rate.end(now), used: 0 };
        let window = windows.entry(subject).or_insert(fresh);
        // A clock that was set back must not block an address for longer than a window.
        if window.resets_at <= now || window.resets_at > fresh.resets_at {
            *window = fresh;
        }
        window.used = window.used.saturating_add(1);
        self.rate.standing(*window, now)
    }

    /// Returns the refusal of a subject in a window that has not ended.
    fn refused(&self, subject: Subject, now: Timestamp) -> Option<LimitState> {
        let window = self.lock().get(&subject).copied()?;
        let goes_on = window.resets_at > now && window.resets_at <= self.rate.end(now);
        goes_on.then(|| self.rate.standing(window, now))
    }

    /// Caches a refusal.
    fn remember(&self, subject: Subject, window: RateWindow, now: Timestamp) {
        let mut windows = self.lock();
        if windows.len() >= WINDOWS_MAX {
            make_room(&mut windows, now);
        }
        windows.insert(subject, window);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, RateWindow>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the bytes by which an address is counted: for IPv6 only the /64.
pub(in crate::app) fn of_address(address: IpAddr) -> Subject {
    prefix(address, 16, 8)
}

/// Returns the prefix of an address: `ipv4` bytes of an IPv4 address, mapped to IPv6, or `ipv6`
/// bytes of an IPv6 address.
pub(in crate::app) fn prefix(address: IpAddr, ipv4: usize, ipv6: usize) -> Subject {
    let (mut bytes, kept) = match address.to_canonical() {
        IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), ipv4),
        IpAddr::V6(address) => (address.octets(), ipv6),
    };
    bytes[kept..].fill(0);
    bytes
}

/// Removes windows that have ended; if none has, the half that ends first.
fn make_room(windows: &mut HashMap<Subject, RateWindow>, now: Timestamp) {
    windows.retain(|_, window| window.resets_at > now);
    if windows.len() < WINDOWS_MAX {
        return;
    }
    let mut resets: Vec<Timestamp> = windows.values().map(|window| window.resets_at).collect();
    let middle = resets.len() / 2;
    let (_, median, _) = resets.select_nth_unstable(middle);
    let median = *median;
    windows.retain(|_, window| window.resets_at > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn limiter() -> Limiter {
        Limiter::new(Rate { name: "test", requests: 2, seconds: 900, counted: Counted::Here })
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_ends_on_time() {
        let (limiter, address) = (limiter(), of_address("203.0.113.7".parse().unwrap()));
        let first = limiter.count(address, at(1000));
        assert_eq!((first.remaining, first.reset, first.refused), (1, 1900, None));
        assert_eq!(limiter.count(address, at(1800)).remaining, 0);
        assert_eq!(limiter.count(address, at(1899)).refused, Some(1));
        assert_eq!(limiter.count(address, at(1900)).reset, 2800);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_mapped_address_as_ipv4() {
        let limiter = limiter();
        for (address, remaining) in [
            ("2001:db8::1", 1),
            ("2001:db8::ffff", 0),
            ("2001:db8:0:1::1", 1),
            ("203.0.113.7", 1),
            ("::ffff:203.0.113.7", 0),
        ] {
            let counted = limiter.count(of_address(address.parse().unwrap()), at(0));
            assert_eq!(counted.remaining, remaining, "{address}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_blocks_nobody() {
        let (limiter, address) = (limiter(), of_address("203.0.113.7".parse().unwrap()));
        for _ in 0..3 {
            limiter.count(address, at(100_000));
        }
        assert_eq!(limiter.count(address, at(1_000)).refused, None);
    }

    #[test]
    fn a_flood_of_addresses_stays_within_bounds() {
        let limiter = limiter();
        for n in 0..250_000_u32 {
            limiter.count(of_address(IpAddr::V4(n.into())), at(i64::from(n) / 1000));
        }
        assert!(limiter.windows.lock().unwrap().len() <= WINDOWS_MAX);
    }
}

//! How often something may be asked for: fixed windows that begin with the first request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        error::{Error, Result},
        id::AccountId,
        limit::{Refusal, Standing},
        text,
    },
    store::{self, rate_window::RateWindow},
};

/// Windows kept of each limit at most; under a flood of addresses those that end first are
/// forgotten first.
const WINDOWS_MAX: usize = 100_000;
/// Limits whose window is as long are kept across a restart.
const KEPT_FROM: i64 = 3600;

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Its name in the database.
    name: &'static str,
    requests: u32,
    seconds: i64,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident $name:literal $requests:literal in $seconds:expr;)*) => {
        /// What is limited. FreelanceOS and FreelanceHub Auth stand under `/api/v1` and count
        /// together, FreelanceHub counts apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Limit { $($(#[$doc])* $limit,)* }

        const RATES: &[Rate] =
            &[$(Rate { name: $name, requests: $requests, seconds: $seconds },)*];
    };
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

limits! {
    /// Everything under `/api/v1`, by address.
    Api "api" 100 in 15 * MINUTE;
    /// Registration under `/api/v1`, by address.
    Register "register" 3 in HOUR;
    /// Login under `/api/v1`, by address.
    Login "login" 5 in 15 * MINUTE;
    /// Registration under `/v1`, by address.
    HubRegister "hub-register" 5 in HOUR;
    /// Login under `/v1`, with a password or a passkey, by address.
    HubLogin "hub-login" 10 in 15 * MINUTE;
    /// Challenges for a passkey, by address: each login takes one, and some are given up.
    PasskeyChallenge "passkey-challenge" 30 in 15 * MINUTE;
    /// One-time passwords asked for, by e-mail.
    EmailOtp "email-otp" 3 in 5 * MINUTE;
    /// Password resets asked for, by e-mail.
    PasswordReset "password-reset" 3 in HOUR;
    /// Wrong passwords and second factors over all APIs, by e-mail.
    WrongPassword "wrong-password" 100 in HOUR;
    /// Codes asked for or tried under `/v1`, by address.
    Codes "codes" 100 in 15 * MINUTE;
    /// Wrong one-time passwords, by e-mail: a new code brings new tries, but not without end.
    WrongCode "wrong-code" 20 in HOUR;
    /// Looks at public profiles and proposals, by address.
    PublicView "public-view" 120 in MINUTE;
    /// Messages to freelancers, by address.
    Message "message" 5 in HOUR;
    /// Messages to one freelancer from everywhere, by e-mail.
    MessagesTo "messages-to" 100 in 24 * HOUR;
    /// Answers to proposals, by address.
    ProposalAnswer "proposal-answer" 20 in HOUR;
    /// Invoices and reminders mailed, by account: a stranger must not mail the world through it.
    InvoiceMail "invoice-mail" 50 in 24 * HOUR;
}

impl Limit {
    fn rate(self) -> Rate {
        RATES[self as usize]
    }
}

/// Who is counted: an address, or the keyed hash of one or of an e-mail.
pub type Subject = [u8; 16];

/// Counts what is limited.
pub struct Limits {
    is_on: bool,
    limiters: Vec<Limiter>,
}

impl Limits {
    /// Where limits are off, nothing is counted.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, limiters: RATES.iter().map(|rate| Limiter::new(*rate)).collect() }
    }

    fn of(&self, limit: Limit) -> Option<&Limiter> {
        self.limiters.get(limit as usize).filter(|_| self.is_on)
    }

    fn restore(&self, window: &RateWindow) {
        let limiter = self.limiters.iter().find(|limiter| limiter.rate.name == window.name);
        if let (Some(limiter), Ok(subject)) = (limiter, Subject::try_from(&*window.subject)) {
            let used = u32::try_from(window.used).unwrap_or(u32::MAX);
            limiter.lock().insert(subject, Window { reset: window.resets_at.as_second(), used });
        }
    }
}

impl App {
    /// Counts a request of an address, an IPv6 one with its whole /64. Nothing where limits are
    /// off.
    pub async fn count_address(&self, limit: Limit, address: IpAddr) -> Result<Option<Standing>> {
        let subject = of_address(address);
        if limit.rate().seconds < KEPT_FROM {
            return Ok(self.count(limit, subject));
        }
        let subject = self.hidden(limit, &subject)?;
        self.count_and_keep(limit, subject).await
    }

    /// Counts a request about an e-mail, known or not, and refuses it if it is one too many.
    pub async fn count_email(&self, limit: Limit, email: &str) -> Result<()> {
        let subject = self.email_subject(limit, email)?;
        let standing = self.count_and_keep(limit, subject).await?;
        standing.and_then(Standing::refusal).map_or(Ok(()), |refusal| Err(Error::too_many(refusal)))
    }

    /// Counts something that an account does; answers the refusal where it is one too many.
    pub(super) async fn count_account(
        &self,
        limit: Limit,
        account: AccountId,
    ) -> Result<Option<Refusal>> {
        let subject = self.hidden(limit, account.as_bytes())?;
        let standing = self.count_and_keep(limit, subject).await?;
        Ok(standing.and_then(Standing::refusal))
    }

    /// Does `work`, which tries a password or code of an e-mail and answers whether it was wrong.
    /// Only wrong tries count, and stay counted after a restart; too many are refused before.
    pub(super) async fn try_secret<T>(
        &self,
        limit: Limit,
        email: &str,
        work: impl Future<Output = Result<T>>,
        was_wrong: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let subject = self.email_subject(limit, email)?;
        // Counted at first, so that of many at once none is too many.
        if let Some(refusal) = self.count(limit, subject).and_then(Standing::refusal) {
            return Err(Error::too_many(refusal));
        }
        let outcome = work.await;
        if let Some(limiter) = self.limits.of(limit) {
            if outcome.as_ref().is_ok_and(was_wrong) {
                self.keep(limiter, subject).await?;
            } else {
                limiter.give_back(subject);
            }
        }
        outcome
    }

    /// Forgets the wrong tries of an e-mail, whose owner has been proven.
    pub(super) async fn forgive(&self, email: &str) -> Result<()> {
        for limit in [Limit::WrongPassword, Limit::WrongCode] {
            let subject = self.email_subject(limit, email)?;
            let Some(limiter) = self.limits.of(limit) else { continue };
            if limiter.forget(subject) {
                let name = limiter.rate.name;
                let forget = move |tx: &mut store::engine::Tx| {
                    store::rate_window::delete(tx, name, &subject)
                };
                self.store.write(forget).await?;
            }
        }
        Ok(())
    }

    /// Takes up the windows that were open when the program ended.
    pub async fn restore_limits(&self) -> Result<()> {
        let now = self.now();
        let most = i64::try_from(WINDOWS_MAX).unwrap_or(i64::MAX);
        let windows = self.store.read(move |tx| store::rate_window::list(tx, now, most)).await?;
        windows.iter().for_each(|window| self.limits.restore(window));
        Ok(())
    }

    fn count(&self, limit: Limit, subject: Subject) -> Option<Standing> {
        self.limits.of(limit).map(|limiter| limiter.count(subject, self.now()))
    }

    async fn count_and_keep(&self, limit: Limit, subject: Subject) -> Result<Option<Standing>> {
        let standing = self.count(limit, subject);
        // What is refused changes nothing that a restart would have to know.
        if let (Some(Standing { refused: None, .. }), Some(limiter)) =
            (standing, self.limits.of(limit))
            && limiter.rate.seconds >= KEPT_FROM
        {
            self.keep(limiter, subject).await?;
        }
        Ok(standing)
    }

    async fn keep(&self, limiter: &Limiter, subject: Subject) -> Result<()> {
        let Some(window) = limiter.lock().get(&subject).copied() else { return Ok(()) };
        let resets_at = Timestamp::from_second(window.reset).map_err(Error::internal)?;
        let name = limiter.rate.name;
        let write = move |tx: &mut store::engine::Tx| {
            store::rate_window::set(tx, name, &subject, resets_at, window.used.into())
        };
        self.store.write(write).await
    }

    fn email_subject(&self, limit: Limit, email: &str) -> Result<Subject> {
        self.hidden(limit, text::fold(email.trim()).as_bytes())
    }

    /// What is kept of a subject tells nobody who it was.
    fn hidden(&self, limit: Limit, subject: &[u8]) -> Result<Subject> {
        let hash = self.keys()?.hash("rate limit", &[limit.rate().name.as_bytes(), subject]);
        let mut short = Subject::default();
        short.copy_from_slice(&hash[..16]);
        Ok(short)
    }
}

/// Counts requests by subject.
#[derive(Debug)]
struct Limiter {
    rate: Rate,
    windows: Mutex<HashMap<Subject, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    /// Epoch second at which the window ends.
    reset: i64,
    used: u32,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self { rate, windows: Mutex::new(HashMap::new()) }
    }

    fn count(&self, subject: Subject, now: Timestamp) -> Standing {
        let now = now.as_second();
        let mut windows = self.lock();
        if windows.len() >= WINDOWS_MAX && !windows.contains_key(&subject) {
            make_room(&mut windows, now);
        }
        let fresh = Window { reset: now + self.rate.seconds, used: 0 };
        let window = windows.entry(subject).or_insert(fresh);
        // A clock that was set back must not keep an address out for longer than a window.
        if window.reset <= now || window.reset > fresh.reset {
            *window = fresh;
        }
        let refused = window.used >= self.rate.requests;
        window.used = window.used.saturating_add(1);
        Standing {
            limit: self.rate.requests,
            remaining: self.rate.requests.saturating_sub(window.used),
            reset: window.reset,
            refused: refused.then(|| (window.reset - now).max(1).unsigned_abs()),
        }
    }

    fn give_back(&self, subject: Subject) {
        let mut windows = self.lock();
        if let Some(window) = windows.get_mut(&subject) {
            window.used = window.used.saturating_sub(1);
            if window.used == 0 {
                windows.remove(&subject);
            }
        }
    }

    /// Forgets a window; answers whether there was one.
    fn forget(&self, subject: Subject) -> bool {
        self.lock().remove(&subject).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes by which an address is counted.
pub(super) fn of_address(address: IpAddr) -> Subject {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => {
            let mut network = address.octets();
            network[8..].fill(0);
            network
        }
    }
}

/// Forgets windows that have ended; where none has, the half that ends first.
fn make_room(windows: &mut HashMap<Subject, Window>, now: i64) {
    windows.retain(|_, window| window.reset > now);
    if windows.len() < WINDOWS_MAX {
        return;
    }
    let mut resets: Vec<i64> = windows.values().map(|window| window.reset).collect();
    let middle = resets.len() / 2;
    let (_, median, _) = resets.select_nth_unstable(middle);
    let median = *median;
    windows.retain(|_, window| window.reset > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn limiter() -> Limiter {
        Limiter::new(Rate { name: "test", requests: 2, seconds: 900 })
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_ends_after_its_time() {
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
        limiter.count(of_address("2001:db8::1".parse().unwrap()), at(0));
        assert_eq!(
            limiter.count(of_address("2001:db8::ffff".parse().unwrap()), at(0)).remaining,
            0
        );
        assert_eq!(
            limiter.count(of_address("2001:db8:0:1::1".parse().unwrap()), at(0)).remaining,
            1
        );
        limiter.count(of_address("203.0.113.7".parse().unwrap()), at(0));
        assert_eq!(
            limiter.count(of_address("::ffff:203.0.113.7".parse().unwrap()), at(0)).remaining,
            0
        );
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out() {
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

//! Attempts at passwords and codes: limited, but never so that strangers lock an owner out.

use crate::{
    app::{
        App,
        asker::Asker,
        limit::{Limit, Rate, Subject, prefix},
        password::Match,
        unit_of_work::Work,
    },
    domain::{
        account::{Account, Password, SignInChange},
        error::{Error, Result},
        rule::Rule,
        session::Claims,
    },
    store::{self, engine::Tx},
};

/// Why an action that needs a password and possibly a second factor was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Refused {
    Password,
    /// The account requires a second factor, and none was given.
    NoCode,
    WrongCode,
    /// A code for another time: a clock is ahead or behind by this many minutes.
    OtherTime(i64),
}

impl Refused {
    /// Returns what is wrong with the second factor, if one was given.
    pub fn broken_rule(self) -> Option<Rule> {
        match self {
            Self::Password | Self::NoCode => None,
            Self::WrongCode => Some(Rule::WrongCode),
            Self::OtherTime(minutes) => Some(Rule::OtherTime { minutes }),
        }
    }
}

/// The result of an action, if password and code were right.
pub(in crate::app) type Tried<T> = std::result::Result<T, Refused>;

impl App {
    /// Performs an action of the caller that needs the password, and a second factor if `has_code`.
    /// `act` receives the account and checks the code.
    pub(in crate::app) async fn confirm<T: Send + 'static>(
        &self,
        claims: Claims,
        password: Password,
        has_code: bool,
        act: impl Fn(&mut Work, &Account) -> Result<Tried<T>> + Send + 'static,
    ) -> Result<Tried<T>> {
        let (account, hash) = self
            .query(claims, |work| store::account::find_with_hash(work.tx, work.account))
            .await?;
        let confirm = async {
            let given = self.passwords.check(self.stranger(), password, Some(hash.clone()));
            if given.await? == Match::No {
                return Ok(Err(Refused::Password));
            }
            let act = self.run_always(claims, move |work| {
                let (account, current_hash) =
                    store::account::find_with_hash(work.tx, work.account)?;
                // Another request may have been faster.
                if current_hash == hash { act(work, &account) } else { Ok(Err(Refused::Password)) }
            });
            self.try_factor(&account, has_code, act).await
        };
        let was_wrong = |tried: &_| matches!(tried, Err(Refused::Password));
        self.try_secret(Limit::WrongPassword, &account.email, confirm, was_wrong).await
    }

    /// Runs `work`, which checks the second factor of an account after its password, if `has_code`.
    /// If it was wrong, the owner is notified by mail, at a limited rate: someone else may know the
    /// password.
    pub(in crate::app) async fn try_factor<T>(
        &self,
        account: &Account,
        has_code: bool,
        work: impl Future<Output = Result<Tried<T>>>,
    ) -> Result<Tried<T>> {
        if !has_code {
            return work.await;
        }
        let was_wrong =
            |tried: &Tried<T>| tried.as_ref().is_err_and(|refused| refused.broken_rule().is_some());
        let email = &account.email;
        let tried = self.try_secret(Limit::WrongFactor, email, work, was_wrong).await?;
        if was_wrong(&tried) && self.is_first(Limit::FactorNotice, email).await? {
            let queued = self.security_notice(account, SignInChange::WrongFactor)?;
            self.store
                .write(move |tx| {
                    queued.iter().try_for_each(|queued| store::outbox::create(tx, queued))
                })
                .await?;
            self.wake_mail();
        }
        Ok(tried)
    }

    /// Runs `work`, which checks a password or code for an email and returns whether it was wrong.
    /// Only wrong attempts stay counted; too many are refused in advance.
    pub(in crate::app) async fn try_secret<T>(
        &self,
        limit: Limit,
        email: &str,
        work: impl Future<Output = Result<T>>,
        was_wrong: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let subjects = self.tries(limit, email).await?;
        if subjects.is_empty() {
            return work.await;
        }
        // Count first, so that concurrent attempts cannot exceed the limit.
        let now = self.now();
        let counting = subjects.clone();
        let windows = self
            .store
            .write(move |tx| {
                let count = |(rate, subject): &(Rate, Subject)| {
                    store::rate_window::count(tx, rate.name, subject, now, rate.end(now))
                };
                counting.iter().map(count).collect::<Result<Vec<_>>>()
            })
            .await?;
        let tries: Vec<_> = subjects.into_iter().zip(windows).collect();
        let refusal = |((rate, _), window): &((Rate, _), _)| rate.standing(*window, now).refusal();
        let refused = tries.iter().find_map(refusal);
        let outcome = match refused {
            Some(refusal) => Err(Error::too_many(refusal)),
            None => work.await,
        };
        // A refused attempt does not count.
        if !outcome.as_ref().is_ok_and(was_wrong) {
            let give_back = move |tx: &mut Tx| {
                tries.iter().try_for_each(|((rate, subject), window)| {
                    store::rate_window::give_back(tx, rate.name, subject, *window)
                })
            };
            self.store.write(give_back).await?;
        }
        outcome
    }

    /// Clears the wrong attempts for an email whose owner has been verified.
    pub(in crate::app) async fn forgive(&self, email: &str) -> Result<()> {
        let mut subjects = Vec::new();
        for limit in [Limit::WrongPassword, Limit::WrongCode, Limit::WrongFactor] {
            subjects.extend(self.tries(limit, email).await?);
        }
        let forget = move |tx: &mut Tx| {
            subjects
                .iter()
                .try_for_each(|(rate, subject)| store::rate_window::delete(tx, rate.name, subject))
        };
        self.store.write(forget).await
    }

    /// Returns where a wrong attempt of the caller counts; empty if limits are off. A browser that
    /// has signed in to the account before counts separately, so that strangers cannot lock its
    /// owner out; others count by network, and all of them together.
    async fn tries(&self, limit: Limit, email: &str) -> Result<Vec<(Rate, Subject)>> {
        if !self.limits.are_on() {
            return Ok(Vec::new());
        }
        let of = |limit: Limit, part: &[u8]| Ok((limit.rate(), self.subject(limit, email, part)?));
        if let Some(browser) = self.known_browser(email).await? {
            return Ok(vec![of(limit, &browser)?]);
        }
        let everywhere = match limit {
            Limit::WrongPassword => Limit::WrongPasswords,
            Limit::WrongCode => Limit::WrongCodes,
            _ => return Ok(vec![of(limit, &[])?]),
        };
        // An IPv4 /24, an IPv6 /48.
        let network = Asker::current().address.map(|address| prefix(address, 15, 6));
        let network = network.map(|network| of(limit, &network)).transpose()?;
        Ok(network.into_iter().chain([of(everywhere, &[])?]).collect())
    }
}

//! The context of a use case: one transaction, for one account, at one instant.

use std::{rc::Rc, sync::Arc};

use jiff::{Timestamp, civil::Date};

use super::{App, environment::Environment, quota, secret::Keys};
use crate::{
    domain::{
        date,
        error::{Error, Kind, Result},
        exchange_rate::Rates,
        id::{AccountId, Id},
        idempotency::{Once, Outcome},
        mail::QueuedMail,
        money::Currency,
        session::{Actor, Claims},
    },
    store::{self, Write, engine::Tx, exchange_rate::LatestRates},
};

/// The sealing context of stored answers.
const ANSWER: &str = "answer to a request";

/// The account or session that a use case runs for.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    /// A signed-in caller; the session must be active.
    Session(Claims),
    /// A usable account, on behalf of the program itself: for a schedule, an import or a visitor.
    System(AccountId),
}

impl Who {
    fn account(self) -> AccountId {
        match self {
            Self::Session(claims) => claims.account,
            Self::System(account) => account,
        }
    }

    fn actor(self, tx: &mut Tx, now: Timestamp) -> Result<Actor> {
        match self {
            Self::Session(claims) => store::session::actor(tx, claims, now),
            Self::System(account) => {
                let account = store::account::find(tx, account)?;
                if account.is_active() {
                    Ok(Actor::of(&account))
                } else {
                    Err(Error::forbidden("error-account-unusable"))
                }
            }
        }
    }
}

impl From<Claims> for Who {
    fn from(claims: Claims) -> Self {
        Self::Session(claims)
    }
}

/// Whether the quota of an account with an unverified address applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quota {
    Counts,
    Ignored,
}

/// A running use case. It may run more than once before it is committed, and has no effect outside
/// `tx`.
pub struct Work<'a, 'c> {
    pub(super) tx: &'a mut Tx<'c>,
    /// The account whose rows it uses.
    pub(super) account: AccountId,
    pub(super) actor: Actor,
    /// The time of the request, in whole seconds.
    pub(super) now: Timestamp,
    pub(super) env: &'a Environment,
    pub(super) latest_rates: LatestRates,
    /// Whether an email became due.
    pub(super) has_mail: bool,
}

impl<'a, 'c> Work<'a, 'c> {
    fn new(env: &'a Environment, tx: &'a mut Tx<'c>, who: Who, now: Timestamp) -> Result<Self> {
        let actor = who.actor(tx, now)?;
        let account = actor.account;
        let latest_rates = LatestRates::new(account, actor.currency);
        Ok(Self { tx, account, actor, now, env, latest_rates, has_mail: false })
    }

    /// Returns the account's currency.
    pub fn currency(&self) -> Currency {
        self.actor.currency
    }

    /// Returns today's date in the account's timezone.
    pub(super) fn today(&self) -> Result<Date> {
        Ok(date::day_in(self.now, &self.actor.time_zone()?))
    }

    /// Returns the exchange rates into the account's currency.
    pub(super) fn rates(&mut self) -> Result<Rc<Rates>> {
        self.latest_rates.get(self.tx)
    }

    pub(super) fn new_id<K>(&self) -> Id<K> {
        self.env.new_id()
    }

    /// Returns the keys that seal and hash.
    pub(super) fn keys(&self) -> Result<&'a Keys> {
        self.env.keys()
    }

    /// Puts an email, if any, into the outbox.
    pub(super) fn post(&mut self, queued: Option<&QueuedMail>) -> Result<()> {
        let Some(queued) = queued else { return Ok(()) };
        self.has_mail = true;
        store::outbox::create(self.tx, queued)
    }
}

impl App {
    /// Runs a use case that only reads.
    pub async fn query<T: Send + 'static>(
        &self,
        who: impl Into<Who>,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (who, env, now) = (who.into(), Arc::clone(&self.environment), self.now());
        self.store
            .read_for(who.account(), move |tx| use_case(&mut Work::new(&env, tx, who, now)?))
            .await
    }

    /// Runs a use case that writes; its result is durable. The quota applies to an account with an
    /// unverified address.
    pub async fn run<T: Send + 'static>(
        &self,
        who: impl Into<Who>,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run_as(who.into(), Quota::Counts, false, use_case).await
    }

    /// Like [`App::run`], without the quota: for signing out, changing sign-in methods, and
    /// deleting the account.
    pub(super) async fn run_always<T: Send + 'static>(
        &self,
        who: impl Into<Who>,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run_as(who.into(), Quota::Ignored, false, use_case).await
    }

    /// Like [`App::run`], for requests that may be repeated but count once: a known key gets the
    /// same response again.
    pub async fn run_once<T: Send + 'static>(
        &self,
        who: impl Into<Who>,
        once: Once<T>,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<Outcome<T>> {
        let Once { key, render } = once;
        let Some(key) = key else { return self.run(who, use_case).await.map(Outcome::Done) };
        // A second run finds the answer stored by the first.
        self.run_as(who.into(), Quota::Counts, true, move |work| {
            let keys = work.keys()?;
            if let Some(kept) = store::request_answer::find(work.tx, work.account, &key, work.now)?
            {
                // Version 1 stored answers in plain text.
                let is_plain = kept.starts_with(b"{\"success\":");
                let answer = if is_plain { kept } else { keys.open(ANSWER, &kept)? };
                return Ok(Outcome::Replayed(answer));
            }
            let value = use_case(work)?;
            // A response may contain a link that is stored sealed elsewhere.
            let sealed = keys.seal(ANSWER, work.env.random_bytes(), &render(&value))?;
            store::request_answer::create(work.tx, work.account, &key, &sealed, work.now)?;
            Ok(Outcome::Done(value))
        })
        .await
    }

    async fn run_as<T: Send + 'static>(
        &self,
        who: Who,
        quota: Quota,
        can_repeat: bool,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (env, now) = (Arc::clone(&self.environment), self.now());
        let write = Write { account: Some(who.account()), can_repeat };
        let done = self
            .store
            .write_as(write, move |tx| {
                let mut work = Work::new(&env, tx, who, now)?;
                let is_unproven = !work.actor.is_proven && env.limits.are_on();
                let answer = if is_unproven && quota == Quota::Counts {
                    quota::within(&mut work, &use_case)?
                } else {
                    use_case(&mut work)?
                };
                Ok((answer, work.has_mail))
            })
            .await;
        let has_mail = match &done {
            Ok((_, has_mail)) => *has_mail,
            // The write may have succeeded.
            Err(error) => matches!(error.kind(), Kind::Unavailable { .. }),
        };
        if has_mail {
            self.wake_mail();
        }
        done.map(|(answer, _)| answer)
    }

    /// Returns `input`. If it is invalid, first checks that the caller is signed in, since others
    /// must learn nothing else.
    pub async fn admit<T>(&self, claims: Claims, input: Result<T>) -> Result<T> {
        if input.is_err() {
            self.query(claims, |_| Ok(())).await?;
        }
        input
    }

    /// Like [`App::admit`], for actions reserved to freelancers.
    pub async fn admit_freelancer<T>(&self, claims: Claims, input: Result<T>) -> Result<T> {
        if input.is_err() {
            self.query(claims, |work| work.actor.must_be_freelancer()).await?;
        }
        input
    }
}

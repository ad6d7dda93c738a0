//! The second factor: codes of an authenticator app, and backup codes.

use jiff::Timestamp;

use crate::{
    app::{App, event::Event, limit::Limit, secret::Keys, security_log::note, unit_of_work::Work},
    domain::{
        account::{Account, SignInChange},
        code::SecondCode,
        error::{Error, Result},
        id::AccountId,
        rule::Rule,
        session::Claims,
        two_factor::{
            BACKUP_CODE_LENGTH, BACKUP_CODES, BackupCode, Disabling, Seed, Setup, SetupProof,
            Status,
        },
    },
    store::{self, engine::Tx, two_factor::KeptSeed},
};

/// What came of asking for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Proof {
    /// A good code came, or the account asks for none.
    Right,
    /// The account asks for a code and none came.
    Missing,
    Wrong,
    /// A code for another time: a clock is so many minutes ahead, or behind.
    OtherTime(i64),
}

impl Proof {
    /// What is wrong with the code that came.
    pub fn broken_rule(self) -> Option<Rule> {
        match self {
            Proof::Right | Proof::Missing => None,
            Proof::Wrong => Some(Rule::WrongCode),
            Proof::OtherTime(minutes) => Some(Rule::OtherTime { minutes }),
        }
    }
}

/// Checks the second factor of an account, and uses the code up. Belongs into a write.
pub(in crate::app) fn prove(
    tx: &mut Tx,
    keys: &Keys,
    account: AccountId,
    code: Option<&SecondCode>,
    now: Timestamp,
) -> Result<Proof> {
    let Some(kept) = store::two_factor::find(tx, account)?.filter(|kept| kept.is_on) else {
        return Ok(Proof::Right);
    };
    let Some(code) = code else { return Ok(Proof::Missing) };
    let is_right = if code.as_str().len() == BACKUP_CODE_LENGTH {
        let hash = backup_hash(keys, account, code.as_str());
        store::two_factor::use_backup_code(tx, account, &hash, now)?
    } else {
        let seed = open(keys, account, &kept)?;
        match seed.step_of(code, now) {
            Some(step) => store::two_factor::use_step(tx, account, step)?,
            None => match seed.minutes_ahead(code, now) {
                Some(minutes) => return Ok(Proof::OtherTime(minutes)),
                None => false,
            },
        }
    };
    Ok(if is_right { Proof::Right } else { Proof::Wrong })
}

impl App {
    /// Makes a seed and backup codes for the caller, in place of ones that were never proven. No
    /// code is asked for before [`App::verify_two_factor_setup`].
    pub async fn enable_two_factor(&self, claims: Claims) -> Result<Setup> {
        let backup_codes = self.new_backup_codes();
        let seed = self.random_bytes();
        let codes = backup_codes.clone();
        let email = self
            .run(claims, move |work| {
                let (keys, account) = (work.keys()?, work.account);
                let context = seed_context(account);
                let sealed = keys.seal(&context, work.env.random_bytes(), &seed)?;
                let hashes: Vec<_> =
                    codes.iter().map(|code| backup_hash(keys, account, code.as_str())).collect();
                if !store::two_factor::replace(work.tx, account, &sealed, &hashes)? {
                    return Err(is_on_already());
                }
                Ok(store::account::find(work.tx, account)?.email)
            })
            .await?;
        Ok(Setup { seed: Seed::new(seed), email, backup_codes })
    }

    /// Turns the caller's second factor on, by a code that shows that the app was set up; answers
    /// what is wrong with it, where it is.
    pub async fn verify_two_factor_setup(
        &self,
        claims: Claims,
        proof: SetupProof,
    ) -> Result<Option<Rule>> {
        let account = self.account(claims).await?;
        let check = self.run_always(claims, move |work| enable_two_factor(work, &proof.code));
        let wrong = |proof: &_| *proof != Proof::Right;
        let proof = self.try_secret(Limit::WrongFactor, &account.email, check, wrong).await?;
        let is_right = proof == Proof::Right;
        note(if is_right { "second factor on" } else { "wrong second factor" }, account.id);
        Ok(proof.broken_rule())
    }

    /// Turns the caller's second factor off and forgets seed and backup codes.
    pub async fn disable_two_factor(&self, claims: Claims, given: Disabling) -> Result<()> {
        let (account, hash) = self
            .query(claims, |work| match store::two_factor::status(work.tx, work.account)?.is_on {
                true => store::account::find_with_hash(work.tx, work.account),
                false => Err(is_off()),
            })
            .await?;
        let check = self.check_and_disable(claims, given, &account, hash);
        let was_wrong = |proof: &Option<_>| proof.is_none();
        let proof = self.try_secret(Limit::WrongPassword, &account.email, check, was_wrong).await?;
        let is_right = proof == Some(Proof::Right);
        note(
            if is_right { "second factor off" } else { "second factor stays: refused" },
            account.id,
        );
        if is_right { Ok(()) } else { Err(Error::unauthenticated(WRONG_DISABLING)) }
    }

    /// Answers what came of the code; nothing where the password was wrong.
    async fn check_and_disable(
        &self,
        claims: Claims,
        given: Disabling,
        account: &Account,
        hash: String,
    ) -> Result<Option<Proof>> {
        let Disabling { password, code } = given;
        if !self.passwords.verify(self.stranger(), password, Some(hash.clone())).await? {
            return Ok(None);
        }
        let disable = self.run_always(claims, move |work| disable_two_factor(work, &code, &hash));
        let was_wrong = |proof: &Option<Proof>| proof.is_some_and(|proof| proof != Proof::Right);
        self.try_factor(account, disable, was_wrong).await
    }

    fn new_backup_codes(&self) -> Vec<BackupCode> {
        let mut codes = Vec::with_capacity(BACKUP_CODES);
        while codes.len() < BACKUP_CODES {
            let code = BackupCode::from_random(self.random_bytes());
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
    }
}

fn enable_two_factor(work: &mut Work, code: &SecondCode) -> Result<Proof> {
    let Some(kept) = store::two_factor::find(work.tx, work.account)? else {
        return Err(Error::conflict(
            "Two-factor authentication is not set up yet: ask for a QR code first",
        ));
    };
    if kept.is_on {
        return Err(is_on_already());
    }
    let seed = open(work.keys()?, work.account, &kept)?;
    let Some(step) = seed.step_of(code, work.now) else {
        let ahead = seed.minutes_ahead(code, work.now);
        return Ok(ahead.map_or(Proof::Wrong, Proof::OtherTime));
    };
    if !store::two_factor::enable(work.tx, work.account, step, work.now)? {
        return Err(is_on_already());
    }
    let account = store::account::find(work.tx, work.account)?;
    work.emit(Event::SignInChanged(&account, SignInChange::TwoFactorOn))?;
    Ok(Proof::Right)
}

/// Nothing where the password has changed since its `hash` was read.
fn disable_two_factor(work: &mut Work, code: &SecondCode, hash: &str) -> Result<Option<Proof>> {
    let (account, current_hash) = store::account::find_with_hash(work.tx, work.account)?;
    if current_hash != hash {
        return Ok(None);
    }
    let proof = prove(work.tx, work.keys()?, work.account, Some(code), work.now)?;
    if proof != Proof::Right {
        return Ok(Some(proof));
    }
    // Another request may have been faster.
    if !store::two_factor::delete(work.tx, work.account)? {
        return Err(is_off());
    }
    work.emit(Event::SignInChanged(&account, SignInChange::TwoFactorOff))?;
    Ok(Some(Proof::Right))
}

const WRONG_DISABLING: &str = "Invalid password or two-factor code";

fn is_on_already() -> Error {
    Error::conflict("Two-factor authentication is on already: disable it first")
}

pub(in crate::app) fn is_off() -> Error {
    Error::conflict("Two-factor authentication is not on")
}

fn open(keys: &Keys, account: AccountId, kept: &KeptSeed) -> Result<Seed> {
    let bytes = keys.open(&seed_context(account), &kept.sealed)?;
    Seed::from_slice(&bytes).ok_or_else(|| Error::internal("a kept seed has another length"))
}

/// A seed opens for its own account alone.
fn seed_context(account: AccountId) -> String {
    format!("two-factor seed of {account}")
}

fn backup_hash(keys: &Keys, account: AccountId, code: &str) -> [u8; 32] {
    keys.hash("backup code", &[account.as_bytes(), code.as_bytes()])
}

/// Whether the caller asks for a second factor, and what is left of the backup codes.
pub fn two_factor_status(work: &mut Work) -> Result<Status> {
    store::two_factor::status(work.tx, work.account)
}

//! Two-factor sign-in: codes of an authenticator app, and backup codes.

use jiff::Timestamp;

use crate::{
    app::{
        App,
        account::find_account,
        event::Event,
        limit::Limit,
        secret::Keys,
        secret_try::{Refused, Tried},
        security_log::note,
        unit_of_work::Work,
    },
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

/// Checks the second factor of an account and uses the code up. Must run in a write.
pub(in crate::app) fn prove(
    tx: &mut Tx,
    keys: &Keys,
    account: AccountId,
    code: Option<&SecondCode>,
    now: Timestamp,
) -> Result<Tried<()>> {
    let Some(kept) = store::two_factor::find(tx, account)?.filter(|kept| kept.is_on) else {
        return Ok(Ok(()));
    };
    let Some(code) = code else { return Ok(Err(Refused::NoCode)) };
    let is_right = if code.as_str().len() == BACKUP_CODE_LENGTH {
        let hash = backup_hash(keys, account, code.as_str());
        store::two_factor::use_backup_code(tx, account, &hash, now)?
    } else {
        match step_of(&open(keys, account, &kept)?, code, now) {
            Ok(step) => store::two_factor::use_step(tx, account, step)?,
            Err(refused) => return Ok(Err(refused)),
        }
    };
    Ok(if is_right { Ok(()) } else { Err(Refused::WrongCode) })
}

/// Returns the time step of a code, or why the code is refused.
fn step_of(seed: &Seed, code: &SecondCode, now: Timestamp) -> Tried<i64> {
    let ahead = || seed.minutes_ahead(code, now).map_or(Refused::WrongCode, Refused::OtherTime);
    seed.step_of(code, now).ok_or_else(ahead)
}

impl App {
    /// Creates a seed and backup codes for the caller, replacing unconfirmed ones. No code is
    /// required before [`App::verify_two_factor_setup`].
    ///
    /// # Errors
    ///
    /// A conflict if two-factor sign-in is already on.
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

    /// Turns on two-factor sign-in for the caller, with a code that proves that the app was set up.
    /// Returns what is wrong with the code, if anything.
    ///
    /// # Errors
    ///
    /// A conflict if no setup was begun or two-factor sign-in is already on.
    pub async fn verify_two_factor_setup(
        &self,
        claims: Claims,
        proof: SetupProof,
    ) -> Result<Option<Rule>> {
        let account = self.query(claims, find_account).await?;
        let check = self.run_always(claims, move |work| enable_two_factor(work, &proof.code));
        let tried =
            self.try_secret(Limit::WrongFactor, &account.email, check, Tried::is_err).await?;
        note(
            if tried.is_ok() { "second factor turned on" } else { "wrong second factor" },
            account.id,
        );
        Ok(tried.err().and_then(Refused::broken_rule))
    }

    /// Turns off two-factor sign-in for the caller and deletes the seed and the backup codes.
    ///
    /// # Errors
    ///
    /// A conflict if two-factor sign-in is off; unauthenticated if the password or code is wrong.
    pub async fn disable_two_factor(&self, claims: Claims, given: Disabling) -> Result<()> {
        if !self.query(claims, two_factor_status).await?.is_on {
            return Err(is_off());
        }
        let Disabling { password, code } = given;
        let disable =
            move |work: &mut Work, account: &Account| disable_two_factor(work, account, &code);
        let disabled = self.confirm(claims, password, true, disable).await?;
        let noted = if disabled.is_ok() {
            "second factor turned off"
        } else {
            "wrong password or second factor"
        };
        note(noted, claims.account);
        disabled.map_err(|_| Error::unauthenticated("error-wrong-password-or-code"))
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

fn enable_two_factor(work: &mut Work, code: &SecondCode) -> Result<Tried<()>> {
    let Some(kept) = store::two_factor::find(work.tx, work.account)? else {
        return Err(Error::conflict("error-two-factor-unprepared"));
    };
    if kept.is_on {
        return Err(is_on_already());
    }
    let step = match step_of(&open(work.keys()?, work.account, &kept)?, code, work.now) {
        Ok(step) => step,
        Err(refused) => return Ok(Err(refused)),
    };
    if !store::two_factor::enable(work.tx, work.account, step, work.now)? {
        return Err(is_on_already());
    }
    let account = find_account(work)?;
    work.emit(Event::SignInChanged(&account, SignInChange::TwoFactorOn))?;
    Ok(Ok(()))
}

fn disable_two_factor(work: &mut Work, account: &Account, code: &SecondCode) -> Result<Tried<()>> {
    let proven = prove(work.tx, work.keys()?, work.account, Some(code), work.now)?;
    if proven.is_ok() {
        // Another request may have been faster.
        if !store::two_factor::delete(work.tx, work.account)? {
            return Err(is_off());
        }
        work.emit(Event::SignInChanged(account, SignInChange::TwoFactorOff))?;
    }
    Ok(proven)
}

fn is_on_already() -> Error {
    Error::conflict("error-two-factor-on")
}

pub(in crate::app) fn is_off() -> Error {
    Error::conflict("error-two-factor-off")
}

fn open(keys: &Keys, account: AccountId, kept: &KeptSeed) -> Result<Seed> {
    let bytes = keys.open(&seed_context(account), &kept.sealed)?;
    Seed::from_slice(&bytes).ok_or_else(|| Error::internal("a kept seed has another length"))
}

/// A seed can only be opened for its own account.
fn seed_context(account: AccountId) -> String {
    format!("two-factor seed of {account}")
}

fn backup_hash(keys: &Keys, account: AccountId, code: &str) -> [u8; 32] {
    keys.hash("backup code", &[account.as_bytes(), code.as_bytes()])
}

/// Returns whether the caller has two-factor sign-in, and how many backup codes are left.
pub fn two_factor_status(work: &mut Work) -> Result<Status> {
    store::two_factor::status(work.tx, work.account)
}

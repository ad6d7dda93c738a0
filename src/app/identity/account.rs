//! Signing in, and the caller's own account.

use crate::{
    app::{
        App,
        event::Event,
        limit::Limit,
        password::Match,
        reminder::reschedule,
        secret_try::{Refused, Tried},
        security_log::note,
        session::SignIn,
        two_factor,
        unit_of_work::Work,
    },
    domain::{
        account::{Account, AccountChange, Credentials, Password, SignInChange},
        error::{Error, Result},
        expected::{self, Expected},
        password::{PasswordChange, check_rule},
        rule::Rule,
        session::{Claims, Device},
    },
    store,
};

impl App {
    /// Signs in. Every refusal looks the same and takes the same time, except that the second
    /// factor is requested once the password is right.
    ///
    /// # Errors
    ///
    /// Unauthenticated if the email or password is wrong or the account is not active;
    /// `SecondFactor` if a code is missing or wrong; too many requests after too many wrong
    /// attempts.
    pub async fn login(&self, credentials: Credentials, device: Device) -> Result<SignIn> {
        let email = credentials.email.clone();
        let check = self.check_credentials(credentials, device);
        let was_wrong = |checked: &_| matches!(checked, Err(Refused::Password));
        let checked = self.try_secret(Limit::WrongPassword, &email, check, was_wrong).await?;
        checked.map_err(|refused| match refused {
            Refused::Password => Error::unauthenticated("error-wrong-password"),
            factor => Error::second_factor(factor.broken_rule(), "error-wrong-password"),
        })
    }

    async fn check_credentials(
        &self,
        credentials: Credentials,
        device: Device,
    ) -> Result<Tried<SignIn>> {
        let Credentials { email, password, totp_code } = credentials;
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        let (account, hash) = found.unzip();
        let matches = self.passwords.check(self.stranger(), password.clone(), hash.clone()).await?;
        let known = account.as_ref().map(|account| account.id);
        let (Some(account), Some(hash), true) = (account, hash, matches != Match::No) else {
            note("sign-in rejected: wrong email or password", known);
            return Ok(Err(Refused::Password));
        };
        let renewed = match matches {
            Match::AsTyped => {
                Some(self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?)
            }
            Match::Yes | Match::No => None,
        };
        let opening = self.open_session(account.id, device)?;
        let (session, keys, id, now) =
            (opening.clone(), self.keys()?.clone(), account.id, self.now());
        let has_code = totp_code.is_some();
        let check = self.store.write(move |tx| {
            // The account may have been locked, or its password changed, during the check.
            let (current, current_hash) = store::account::find_with_hash(tx, id)?;
            if !current.is_active() || current_hash != hash {
                return Ok(Err(Refused::Password));
            }
            if let Err(refused) = two_factor::prove(tx, &keys, id, totp_code.as_ref(), now)? {
                return Ok(Err(refused));
            }
            if let Some(hash) = &renewed {
                store::account::renew_hash(tx, id, hash)?;
            }
            session.write(tx)?;
            store::account::touch_login(tx, id, now)?;
            Ok(Ok(()))
        });
        let checked = self.try_factor(&account, has_code, check).await?;
        let said = match checked {
            Ok(()) => "signed in with a password",
            Err(Refused::Password) => "sign-in rejected: the account is not active",
            Err(Refused::NoCode) => "sign-in needs the second factor",
            Err(_) => "sign-in rejected: wrong second factor",
        };
        note(said, id);
        let account = Account { last_login_at: Some(now), ..account };
        Ok(checked.map(|()| opening.signed_in(account)))
    }

    /// Changes the caller's password, given the current one, and ends every other session.
    ///
    /// # Errors
    ///
    /// An invalid field if the current password is wrong; too many requests after too many wrong
    /// attempts.
    pub async fn change_password(
        &self,
        claims: Claims,
        current: Password,
        new: Password,
    ) -> Result<()> {
        let (account, hash) = self
            .query(claims, |work| store::account::find_with_hash(work.tx, work.account))
            .await?;
        let change = async {
            let given = self.passwords.check(self.stranger(), current, Some(hash.clone()));
            if given.await? == Match::No {
                return Ok(false);
            }
            let new_hash = self.passwords.hash(self.stranger(), new, self.random.as_ref()).await?;
            self.run_always(claims, move |work| {
                let (account, current_hash) =
                    store::account::find_with_hash(work.tx, work.account)?;
                // Another request may have been faster.
                if current_hash != hash {
                    return Ok(false);
                }
                store::account::set_password(work.tx, work.account, &new_hash, work.now)?;
                store::session::revoke_others(work.tx, work.account, claims.session, work.now)?;
                work.emit(Event::SignInChanged(&account, SignInChange::Password))?;
                Ok(true)
            })
            .await
        };
        let is_right = self
            .try_secret(Limit::WrongPassword, &account.email, change, |is_right| !is_right)
            .await?;
        let noted =
            if is_right { "password changed" } else { "password change rejected: wrong password" };
        note(noted, account.id);
        if is_right { Ok(()) } else { Err(Error::field("currentPassword", Rule::WrongPassword)) }
    }

    /// Like [`App::change_password`], but the password follows the rule under which the account was
    /// created and, if the setting says so, must not be easy to guess.
    pub async fn change_password_by_rule(
        &self,
        claims: Claims,
        change: PasswordChange,
    ) -> Result<()> {
        let change = self.guard(change, PasswordChange::guarded).await?;
        check_rule(&self.query(claims, find_account).await?, &change.new)?;
        self.change_password(claims, change.current, change.new).await
    }
}

/// Returns the caller's account.
pub fn find_account(work: &mut Work) -> Result<Account> {
    store::account::find(work.tx, work.account)
}

/// Changes the caller's account.
///
/// # Errors
///
/// Stale if the account is no longer the expected one.
pub fn update_account(
    work: &mut Work,
    change: &AccountChange,
    expected: Option<&Expected<Account>>,
) -> Result<Account> {
    let mut account = find_account(work)?;
    expected::check(expected, &account)?;
    let zone = account.zone.clone();
    change.clone().apply(&mut account);
    account.updated_at = work.now;
    store::account::update(work.tx, &account)?;
    if account.zone != zone {
        reschedule(work, &account.zone)?;
    }
    Ok(account)
}

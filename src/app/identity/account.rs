//! Login, and one's own account.

use crate::{
    app::{
        App,
        event::Event,
        limit::Limit,
        password::Match,
        security_log::note,
        session::SignIn,
        two_factor::{self, Proof},
        unit_of_work::{Who, Work},
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
    /// Signs in. Every reason to refuse looks alike and takes the same time, but for the second
    /// factor, which is asked for once the password is right.
    pub async fn login(&self, credentials: Credentials, device: Device) -> Result<SignIn> {
        let email = credentials.email.clone();
        let check = self.check_credentials(credentials, device);
        let was_wrong = |checked: &_| matches!(checked, Err(Refused::Password));
        let checked = self.try_secret(Limit::WrongPassword, &email, check, was_wrong).await?;
        checked.map_err(|refused| match refused {
            Refused::Password => Error::unauthenticated(WRONG),
            Refused::NoCode => Error::second_factor(None, WRONG),
            Refused::Code(proof) => Error::second_factor(proof.broken_rule(), WRONG),
        })
    }

    async fn check_credentials(
        &self,
        credentials: Credentials,
        device: Device,
    ) -> Result<Result<SignIn, Refused>> {
        let Credentials { email, password, totp_code } = credentials;
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        let (account, hash) = found.unzip();
        let matches = self.passwords.check(self.stranger(), password.clone(), hash.clone()).await?;
        let known = account.as_ref().map(|account| account.id);
        let (Some(account), Some(hash), true) = (account, hash, matches != Match::No) else {
            note("sign-in refused: wrong e-mail or password", known);
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
            // It may have been locked, or its password changed, while this one was checked.
            let (current, current_hash) = store::account::find_with_hash(tx, id)?;
            if !current.is_active() || current_hash != hash {
                return Ok(Err(Refused::Password));
            }
            match two_factor::prove(tx, &keys, id, totp_code.as_ref(), now)? {
                Proof::Missing => return Ok(Err(Refused::NoCode)),
                proof @ (Proof::Wrong | Proof::OtherTime(_)) => {
                    return Ok(Err(Refused::Code(proof)));
                }
                Proof::Right => {}
            }
            if let Some(hash) = &renewed {
                store::account::renew_hash(tx, id, hash)?;
            }
            session.write(tx)?;
            store::account::touch_login(tx, id, now)?;
            Ok(Ok(()))
        });
        let checked = if has_code {
            self.try_factor(&account, check, |checked| matches!(checked, Err(Refused::Code(_))))
                .await?
        } else {
            check.await?
        };
        let said = match checked {
            Ok(()) => "signed in with a password",
            Err(Refused::Password) => "sign-in refused: the account is not active",
            Err(Refused::NoCode) => "sign-in asked for its second factor",
            Err(Refused::Code(_)) => "sign-in refused: wrong second factor",
        };
        note(said, id);
        let account = Account { last_login_at: Some(now), ..account };
        Ok(checked.map(|()| opening.signed_in(account)))
    }

    /// Does `work`, which tries the second factor of an account whose password came with it.
    /// Where it was wrong, the owner is told by mail, once in a while: somebody else may know the
    /// password.
    pub(in crate::app) async fn try_factor<T>(
        &self,
        account: &Account,
        work: impl Future<Output = Result<T>>,
        was_wrong: impl Fn(&T) -> bool,
    ) -> Result<T> {
        let email = &account.email;
        let tried = self.try_secret(Limit::WrongFactor, email, work, &was_wrong).await?;
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

    /// The caller's account.
    pub async fn account(&self, claims: Claims) -> Result<Account> {
        self.query(claims, |work| store::account::find(work.tx, work.account)).await
    }

    /// Changes the caller's account.
    ///
    /// # Errors
    ///
    /// Stale, if the account is not the expected one any more.
    pub async fn update_account(
        &self,
        who: impl Into<Who>,
        change: AccountChange,
        expected: Option<Expected<Account>>,
    ) -> Result<Account> {
        self.run(who, move |work| update_account(work, &change, expected.as_ref())).await
    }

    /// Sets another password of the caller, who knows the current one, and ends every session
    /// but the caller's.
    pub async fn change_password(
        &self,
        claims: Claims,
        current: Password,
        new: Password,
    ) -> Result<()> {
        let (account, hash) = self
            .query(claims, |work| store::account::find_with_hash(work.tx, work.account))
            .await?;
        let change = self.check_and_set_password(claims, (current, new), hash);
        let is_right = self
            .try_secret(Limit::WrongPassword, &account.email, change, |is_right| !is_right)
            .await?;
        note(if is_right { PASSWORD_SET } else { "password not changed: wrong one" }, account.id);
        if is_right { Ok(()) } else { Err(Error::field("currentPassword", Rule::WrongPassword)) }
    }

    /// Like [`App::change_password`], to a password by the rule by which the account was made.
    pub async fn change_password_by_rule(
        &self,
        claims: Claims,
        change: PasswordChange,
    ) -> Result<()> {
        check_rule(&self.account(claims).await?, &change.new)?;
        self.change_password(claims, change.current, change.new).await
    }

    /// Answers whether the current password was right.
    async fn check_and_set_password(
        &self,
        claims: Claims,
        (current, new): (Password, Password),
        hash: String,
    ) -> Result<bool> {
        if !self.passwords.verify(self.stranger(), current, Some(hash.clone())).await? {
            return Ok(false);
        }
        let new_hash = self.passwords.hash(self.stranger(), new, self.random.as_ref()).await?;
        self.run_always(claims, move |work| {
            let (account, current_hash) = store::account::find_with_hash(work.tx, work.account)?;
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
    }
}

fn update_account(
    work: &mut Work,
    change: &AccountChange,
    expected: Option<&Expected<Account>>,
) -> Result<Account> {
    let mut account = store::account::find(work.tx, work.account)?;
    expected::check(expected, &account)?;
    change.clone().apply(&mut account);
    account.updated_at = work.now;
    store::account::update(work.tx, &account)?;
    Ok(account)
}

/// What the log says of another password.
const PASSWORD_SET: &str = "password changed";

/// What a refused login is told, whatever the reason; FreelanceHub says it in its own words.
const WRONG: &str = "Invalid email or password";

/// Why a login is refused.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Password,
    /// The account asks for a second factor, and none came.
    NoCode,
    Code(Proof),
}

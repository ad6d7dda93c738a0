//! One-time passwords and links sent by email, and resetting a password with them.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{
        App, limit::Limit, proof::prove_address, secret::Keys, security_log::note, token::TokenType,
    },
    domain::{
        account::{Account, Password, SignInChange},
        code::{Otp, OtpRequest, OtpType, PasswordReset, Purpose},
        error::{Error, Result},
        id::{AccountId, Id},
        mail::QueuedMail,
        password::check_rule,
        registration::Registration,
        session::Claims,
    },
    mail::compose::{self, LINK_LIFE, Verification},
    store::{self, engine::Tx},
};

/// How long FreelanceHub's one-time passwords are valid.
pub const HUB_OTP_LIFE: SignedDuration = SignedDuration::from_secs(300);

/// The verification email; each document specifies its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMail {
    /// FreelanceHub Auth: a code valid for `OTP_EXPIRY`.
    Configured,
    /// FreelanceHub, on request: a code valid for 5 minutes.
    FiveMinutes,
    /// FreelanceHub, on registration: the same and a link.
    WithLink,
}

/// Whether a new password that is easy to guess is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guessing {
    /// In pages.
    Refused,
    /// In the APIs: if the setting says so.
    AsSet,
}

/// Codes and their mail, not written yet.
pub(in crate::app) struct Mailing {
    account: AccountId,
    codes: Vec<(Purpose, [u8; 32], Timestamp)>,
    queued: Option<QueuedMail>,
}

impl Mailing {
    pub fn write(&self, tx: &mut Tx) -> Result<()> {
        for (purpose, hash, expires_at) in &self.codes {
            store::code::replace(tx, self.account, *purpose, hash, *expires_at)?;
        }
        self.queued.iter().try_for_each(|queued| store::outbox::create(tx, queued))
    }
}

impl App {
    /// Creates codes that verify the email of an account.
    pub(in crate::app) fn new_code(&self, account: &Account, mail: CodeMail) -> Result<Mailing> {
        let life = match mail {
            CodeMail::Configured => self.settings.otp_life,
            CodeMail::FiveMinutes | CodeMail::WithLink => HUB_OTP_LIFE,
        };
        let (now, keys, otp) = (self.now(), self.keys()?, self.new_otp());
        let hash = code_hash(keys, account.id, Purpose::Verification, otp.as_str());
        let mut codes = vec![(Purpose::Verification, hash, now + life)];
        let mut link_for = |purpose, page| -> Result<String> {
            let claims = Claims { account: account.id, session: Id::NIL };
            let token = self.sign(TokenType::EmailLink, claims, LINK_LIFE)?;
            codes.push((purpose, code_hash(keys, account.id, purpose, &token), now + LINK_LIFE));
            Ok(self.mailed_link(page, &token, &account.email))
        };
        let link = match mail {
            CodeMail::WithLink => Some(link_for(Purpose::VerificationLink, "verify-email")?),
            CodeMail::Configured | CodeMail::FiveMinutes => None,
        };
        let removal_link = match account.activated_at {
            None => Some(link_for(Purpose::Removal, "not-me")?),
            Some(_) => None,
        };
        let mail = compose::verification(&Verification {
            to: &account.email,
            first_name: &account.first_name,
            name: &account.name(),
            server: &self.settings.public_url,
            code: otp.as_str(),
            code_life: life,
            link: link.as_deref(),
            removal_link: removal_link.as_deref(),
        })?;
        Ok(Mailing { account: account.id, codes, queued: self.queued(Some(account.id), &mail)? })
    }

    /// Emails a code if an account can use it. The caller cannot tell, not even by timing.
    pub async fn send_otp(&self, request: OtpRequest, mail: CodeMail) -> Result<()> {
        let OtpRequest { email, otp_type } = request;
        self.count_email(Limit::EmailOtp, &email).await?;
        if otp_type == OtpType::PasswordReset {
            return self.send_password_reset(email).await;
        }
        let account = self.account_or_nobody(email).await?;
        let waits = account.disabled_at.is_none() && account.email_verified_at.is_none();
        self.mail(self.new_code(&account, mail)?, waits).await
    }

    /// Emails a code that resets the password, if there is an account. The caller cannot tell, not
    /// even by timing.
    pub async fn send_password_reset(&self, email: String) -> Result<()> {
        self.count_email(Limit::PasswordReset, &email).await?;
        let account = self.account_or_nobody(email).await?;
        let otp = self.new_otp();
        let hash = code_hash(self.keys()?, account.id, Purpose::PasswordReset, otp.as_str());
        let (to, first_name) = (&account.email, &account.first_name);
        let mail = compose::password_reset(to, first_name, otp.as_str(), HUB_OTP_LIFE)?;
        let mailing = Mailing {
            account: account.id,
            codes: vec![(Purpose::PasswordReset, hash, self.now() + HUB_OTP_LIFE)],
            queued: self.queued(Some(account.id), &mail)?,
        };
        self.mail(mailing, account.disabled_at.is_none()).await
    }

    /// Sets a new password with the emailed code, which also verifies the email, and ends every
    /// session. `by` is the caller's session, if any.
    pub async fn reset_password(
        &self,
        reset: PasswordReset,
        guessing: Guessing,
        by: Option<Claims>,
    ) -> Result<()> {
        let (email, otp) = (reset.email.clone(), reset.otp.clone());
        // Report a wrong code before hashing a password.
        let (keys, now, of, first) = (self.keys()?.clone(), self.now(), email.clone(), otp.clone());
        let purpose = Purpose::PasswordReset;
        let check_first = self.store.write(move |tx| check(tx, &keys, &of, purpose, &first, now));
        let was_out = |(_, was_out): &(_, bool)| *was_out;
        let (found, _) = self.try_secret(Limit::WrongCode, &email, check_first, was_out).await?;
        let account =
            found.ok_or_else(|| wrong_code("password reset rejected: wrong or expired code"))?;
        let guarded = PasswordReset::guarded;
        let PasswordReset { password, .. } = match guessing {
            Guessing::Refused => self.guard_always(reset, guarded).await?,
            Guessing::AsSet => {
                check_rule(&account, &reset.password)?;
                self.guard(reset, guarded).await?
            }
        };
        // Anyone who has the code has read mail sent to that address.
        let proven = Account { email_verified_at: Some(self.now()), ..account };
        let queued = self.security_notice(&proven, SignInChange::Password)?;
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        let (keys, now, of) = (self.keys()?.clone(), self.now(), email.clone());
        let is_set = self
            .store
            .write(move |tx| {
                // The code may have been used, or the account locked, during hashing.
                let (found, _) = check(tx, &keys, &of, Purpose::PasswordReset, &otp, now)?;
                let Some(mut account) = found else { return Ok(false) };
                prove_address(tx, &mut account, by, now)?;
                store::account::set_password(tx, account.id, &hash, now)?;
                store::session::revoke_all(tx, account.id, now)?;
                queued.iter().try_for_each(|queued| store::outbox::create(tx, queued))?;
                Ok(true)
            })
            .await?;
        if !is_set {
            return Err(Error::malformed("error-wrong-otp"));
        }
        note("password reset", proven.id);
        self.wake_mail();
        self.forgive(&email).await
    }

    pub(in crate::app) async fn find_account(&self, email: String) -> Result<Option<Account>> {
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        Ok(found.map(|(account, _)| account))
    }

    /// Writes codes and their mail. If no account needs them, the same rows are written and rolled
    /// back, so that timing does not reveal who has an account.
    async fn mail(&self, mailing: Mailing, is_wanted: bool) -> Result<()> {
        if !is_wanted {
            let queued = mailing.queued.map(|queued| QueuedMail { account: None, ..queued });
            return self
                .store
                .write(move |tx| {
                    if let Some(queued) = &queued {
                        store::outbox::create(tx, queued)?;
                        store::outbox::delete(tx, queued.id)?;
                    }
                    pretend(tx)
                })
                .await;
        }
        self.store.write(move |tx| mailing.write(tx)).await?;
        self.wake_mail();
        Ok(())
    }

    /// Returns the account with this email, or a placeholder. The placeholder is locked, so nothing
    /// is emailed to it.
    async fn account_or_nobody(&self, email: String) -> Result<Account> {
        let found = self.find_account(email.clone()).await?;
        Ok(found.unwrap_or_else(|| {
            let (name, password) = ("Nobody".to_owned(), Password::new(String::new()));
            let nobody = Registration::new(email, password, name.clone(), name);
            Account { disabled_at: Some(self.now()), ..self.blank_account(nobody) }
        }))
    }

    fn new_otp(&self) -> Otp {
        // The modulo bias of 2^64 values is about one in 10^13.
        Otp::from_number((u64::from_be_bytes(self.random_bytes()) % 1_000_000) as u32)
    }

    fn mailed_link(&self, page: &str, token: &str, email: &str) -> String {
        let email =
            percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/{page}?token={token}&email={email}", self.settings.public_url)
    }
}

pub(in crate::app) fn wrong_code(logged: &'static str) -> Error {
    note(logged, None);
    Error::malformed("error-wrong-otp")
}

/// The context of code hashes.
const MAILED: &str = "mailed code";

/// Returns the account with this email if it is usable, or would be once verified.
pub(in crate::app) fn enabled(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    let found = store::account::find_by_email(tx, email)?;
    Ok(found.map(|(account, _)| account).filter(|account| account.disabled_at.is_none()))
}

/// Returns the account with this email if the code is the newest of its purpose and still valid;
/// and whether a wrong code was tried while one is valid, which is counted. Every failure writes a
/// row, so that timing does not reveal the reason.
pub(in crate::app) fn check(
    tx: &mut Tx,
    keys: &Keys,
    email: &str,
    purpose: Purpose,
    otp: &Otp,
    now: Timestamp,
) -> Result<(Option<Account>, bool)> {
    let out = match enabled(tx, email)? {
        Some(account) => {
            store::code::find(tx, account.id, purpose, now)?.map(|hash| (account, hash))
        }
        None => None,
    };
    let Some((account, hash)) = out else {
        pretend(tx)?;
        return Ok((None, false));
    };
    if is_mailed(keys, account.id, purpose, otp.as_str(), &hash) {
        return Ok((Some(account), false));
    }
    store::code::count_wrong(tx, account.id, purpose)?;
    Ok((None, true))
}

/// Writes a row that nobody reads.
fn pretend(tx: &mut Tx) -> Result<()> {
    store::program_state::set(tx, "decoy", "")
}

/// Returns whether a code matches the stored hash.
pub(in crate::app) fn is_mailed(
    keys: &Keys,
    account: AccountId,
    purpose: Purpose,
    code: &str,
    hash: &[u8],
) -> bool {
    keys.matches(MAILED, &parts(&account, purpose, code), hash)
}

fn code_hash(keys: &Keys, account: AccountId, purpose: Purpose, code: &str) -> [u8; 32] {
    keys.hash(MAILED, &parts(&account, purpose, code))
}

fn parts<'a, K>(account: &'a Id<K>, purpose: Purpose, code: &'a str) -> [&'a [u8]; 3] {
    [account.as_bytes(), purpose.as_str().as_bytes(), code.as_bytes()]
}

//! One-time passwords and links by mail, and another password by them.

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

/// How long FreelanceHub's one-time passwords are good.
pub const HUB_OTP_LIFE: SignedDuration = SignedDuration::from_secs(300);

/// What is mailed to prove an e-mail address; each document says another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMail {
    /// FreelanceHub Auth: a code that lives `OTP_EXPIRY`.
    Configured,
    /// FreelanceHub, when asked for: a code that lives 5 minutes.
    FiveMinutes,
    /// FreelanceHub, on registration: the same and a link.
    WithLink,
}

/// Whether a new password is refused that would be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guessing {
    /// In pages.
    Refused,
    /// In the APIs: where the setting says so.
    AsSet,
}

/// Codes and the mail that carries them, about to be written.
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
    /// Codes that prove the e-mail of an account.
    pub(in crate::app) fn new_code(&self, account: &Account, mail: CodeMail) -> Result<Mailing> {
        let life = match mail {
            CodeMail::Configured => self.otp_life,
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
            server: &self.public_url,
            code: otp.as_str(),
            code_life: life,
            link: link.as_deref(),
            removal_link: removal_link.as_deref(),
        })?;
        Ok(Mailing { account: account.id, codes, queued: self.queued(Some(account.id), &mail)? })
    }

    /// Mails a code, where there is an account that can use it. Who asks cannot tell, nor by the
    /// time it takes.
    pub async fn send_otp(&self, request: OtpRequest, mail: CodeMail) -> Result<()> {
        let OtpRequest { email, otp_type } = request;
        self.count_email(Limit::EmailOtp, &email).await?;
        if otp_type == OtpType::PasswordReset {
            return self.send_password_reset(email).await;
        }
        let found = self.find_account(email.clone()).await?;
        let waits = |account: &Account| {
            account.disabled_at.is_none() && account.email_verified_at.is_none()
        };
        let account = found.unwrap_or_else(|| self.nobody(email));
        self.mail(self.new_code(&account, mail)?, waits(&account)).await
    }

    /// Mails a code that sets another password, where there is an account. Who asks cannot tell,
    /// nor by the time it takes.
    pub async fn send_password_reset(&self, email: String) -> Result<()> {
        self.count_email(Limit::PasswordReset, &email).await?;
        let found = self.find_account(email.clone()).await?;
        let may = found.as_ref().is_some_and(|account| account.disabled_at.is_none());
        let account = found.unwrap_or_else(|| self.nobody(email));
        let otp = self.new_otp();
        let hash = code_hash(self.keys()?, account.id, Purpose::PasswordReset, otp.as_str());
        let mail = compose::password_reset(
            &account.email,
            &account.first_name,
            otp.as_str(),
            HUB_OTP_LIFE,
        )?;
        let mailing = Mailing {
            account: account.id,
            codes: vec![(Purpose::PasswordReset, hash, self.now() + HUB_OTP_LIFE)],
            queued: self.queued(Some(account.id), &mail)?,
        };
        self.mail(mailing, may).await
    }

    /// Sets another password by the code that was mailed, proves the e-mail with it, and ends
    /// every session. `by` is the session of whoever asks, if there is one.
    pub async fn reset_password(
        &self,
        reset: PasswordReset,
        guessing: Guessing,
        by: Option<Claims>,
    ) -> Result<()> {
        let (email, otp) = (reset.email.clone(), reset.otp.clone());
        // A wrong code is told before a password is hashed for it.
        let (keys, now, of, first) = (self.keys()?.clone(), self.now(), email.clone(), otp.clone());
        let purpose = Purpose::PasswordReset;
        let check_first = self.store.write(move |tx| check(tx, &keys, &of, purpose, &first, now));
        let wrong = Checked::is_wrong;
        let checked = self.try_secret(Limit::WrongCode, &email, check_first, wrong).await?;
        let account =
            checked.account().ok_or_else(|| wrong_code("reset refused: wrong or old code"))?;
        let guarded = PasswordReset::guarded;
        let PasswordReset { password, .. } = match guessing {
            Guessing::Refused => self.guard_always(reset, guarded).await?,
            Guessing::AsSet => {
                check_rule(&account, &reset.password)?;
                self.guard(reset, guarded).await?
            }
        };
        // Who has the code has read mail to that address.
        let proven = Account { email_verified_at: Some(self.now()), ..account };
        let queued = self.security_notice(&proven, SignInChange::Password)?;
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        let (keys, now, of) = (self.keys()?.clone(), self.now(), email.clone());
        let is_set = self
            .store
            .write(move |tx| {
                // It may have been used, or the account locked, while the password was hashed.
                let checked = check(tx, &keys, &of, Purpose::PasswordReset, &otp, now)?;
                let Some(mut account) = checked.account() else { return Ok(false) };
                prove_address(tx, &mut account, by, now)?;
                store::account::set_password(tx, account.id, &hash, now)?;
                store::session::revoke_all(tx, account.id, now)?;
                queued.iter().try_for_each(|queued| store::outbox::create(tx, queued))?;
                Ok(true)
            })
            .await?;
        if !is_set {
            return Err(Error::malformed(WRONG_OTP));
        }
        note("password reset by a mailed code", proven.id);
        self.wake_mail();
        self.forgive(&email).await
    }

    pub(in crate::app) async fn find_account(&self, email: String) -> Result<Option<Account>> {
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        Ok(found.map(|(account, _)| account))
    }

    /// Writes codes and their mail. Where they are for nobody the same rows are written, and
    /// taken back: time does not tell who has an account.
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

    /// Stands in for an account that is not there.
    fn nobody(&self, email: String) -> Account {
        let now = self.now();
        Account {
            // As if it were proven: nothing is mailed to it.
            email_verified_at: Some(now),
            ..self.blank_account(Registration::new(
                email,
                Password::new(String::new()),
                "Nobody".to_owned(),
                "Nobody".to_owned(),
            ))
        }
    }

    fn new_otp(&self) -> Otp {
        // Of 2^64 numbers the first few remainders come up more often by one in 10^13.
        Otp::from_number((u64::from_be_bytes(self.random_bytes()) % 1_000_000) as u32)
    }

    fn mailed_link(&self, page: &str, token: &str, email: &str) -> String {
        let email =
            percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/{page}?token={token}&email={email}", self.public_url)
    }
}

pub(in crate::app) fn wrong_code(logged: &'static str) -> Error {
    note(logged, None);
    Error::malformed(WRONG_OTP)
}

/// What a wrong, old or used code is told.
pub(in crate::app) const WRONG_OTP: &str = "Invalid or expired OTP";
/// What hashes of codes are hashes of.
const MAILED: &str = "mailed code";

/// What came of a mailed code.
pub(in crate::app) enum Checked {
    Right(Box<Account>),
    Wrong,
    /// No code was out that it could be.
    NoneOut,
}

impl Checked {
    /// Whether somebody guessed at a code.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }

    pub fn account(self) -> Option<Account> {
        match self {
            Self::Right(account) => Some(*account),
            Self::Wrong | Self::NoneOut => None,
        }
    }
}

/// The account of an e-mail that may be used, or could be if it were proven.
pub(in crate::app) fn enabled(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    let found = store::account::find_by_email(tx, email)?;
    Ok(found.map(|(account, _)| account).filter(|account| account.disabled_at.is_none()))
}

/// The account of an e-mail, if the code is the newest of its purpose and may still be used. A
/// wrong one is counted where one is out; whatever is wrong, a row is written, so that time does not tell.
pub(in crate::app) fn check(
    tx: &mut Tx,
    keys: &Keys,
    email: &str,
    purpose: Purpose,
    otp: &Otp,
    now: Timestamp,
) -> Result<Checked> {
    let Some(account) = enabled(tx, email)? else {
        pretend(tx)?;
        return Ok(Checked::NoneOut);
    };
    let Some(hash) = store::code::find(tx, account.id, purpose, now)? else {
        pretend(tx)?;
        return Ok(Checked::NoneOut);
    };
    if is_mailed(keys, account.id, purpose, otp.as_str(), &hash) {
        return Ok(Checked::Right(Box::new(account)));
    }
    store::code::count_wrong(tx, account.id, purpose)?;
    Ok(Checked::Wrong)
}

/// Writes a row that nobody reads.
fn pretend(tx: &mut Tx) -> Result<()> {
    store::program_state::set(tx, "decoy", "")
}

/// Whether a code is the one whose hash is kept.
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

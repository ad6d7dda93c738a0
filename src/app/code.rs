//! One-time passwords and links by mail: proving an e-mail address, setting another password.

use jiff::{SignedDuration, Timestamp};

use super::{
    App,
    limit::Limit,
    secret::Keys,
    session::SignIn,
    token::TokenType,
    two_factor::{self, Proof},
};
use crate::{
    domain::{
        account::Account,
        code::{EmailLink, EmailOtp, Otp, OtpRequest, OtpType, PasswordReset, Purpose},
        error::{Error, Result},
        id::{AccountId, Id},
        mail::Letter,
        session::{Claims, Device},
    },
    mail::compose::{self, LINK_LIFE},
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

/// Codes and the mail that carries them, about to be written.
pub(super) struct Mailing {
    account: AccountId,
    codes: Vec<(Purpose, [u8; 32], Timestamp)>,
    letter: Option<Letter>,
}

impl Mailing {
    pub fn write(&self, tx: &mut Tx) -> Result<()> {
        for (purpose, hash, expires_at) in &self.codes {
            store::code::replace(tx, self.account, *purpose, hash, *expires_at)?;
        }
        self.letter.iter().try_for_each(|letter| store::outbox::create(tx, letter))
    }
}

impl App {
    /// Codes that prove the e-mail of an account.
    pub(super) fn new_code(&self, account: &Account, mail: CodeMail) -> Result<Mailing> {
        let life = match mail {
            CodeMail::Configured => self.otp_life,
            CodeMail::FiveMinutes | CodeMail::WithLink => HUB_OTP_LIFE,
        };
        let (now, keys, otp) = (self.now(), self.keys()?, self.new_otp());
        let hash = code_hash(keys, account.id, Purpose::Verification, otp.as_str());
        let mut codes = vec![(Purpose::Verification, hash, now + life)];
        let mut link = None;
        if mail == CodeMail::WithLink {
            let claims = Claims { account: account.id, session: self.new_id() };
            let token = self.tokens.sign(TokenType::EmailLink, claims, now, LINK_LIFE)?;
            let hash = code_hash(keys, account.id, Purpose::VerificationLink, &token);
            codes.push((Purpose::VerificationLink, hash, now + LINK_LIFE));
            link = Some(self.verification_link(&token, &account.email));
        }
        let mail = compose::verification(
            &account.email,
            &account.first_name,
            otp.as_str(),
            life,
            link.as_deref(),
        )?;
        Ok(Mailing { account: account.id, codes, letter: self.letter(Some(account.id), &mail)? })
    }

    /// Mails a code, where there is an account that can use it. Who asks cannot tell.
    pub async fn send_otp(&self, request: OtpRequest, mail: CodeMail) -> Result<()> {
        let OtpRequest { email, otp_type } = request;
        self.count_email(Limit::EmailOtp, &email).await?;
        if otp_type == OtpType::PasswordReset {
            return self.send_password_reset(email).await;
        }
        let account = self.find_enabled(email).await?;
        let Some(account) = account.filter(|account| account.email_verified_at.is_none()) else {
            return self.mail_nobody().await;
        };
        let mailing = self.new_code(&account, mail)?;
        self.mail(mailing).await
    }

    /// Mails a code that sets another password, where there is an account. Who asks cannot tell.
    pub async fn send_password_reset(&self, email: String) -> Result<()> {
        self.count_email(Limit::PasswordReset, &email).await?;
        let Some(account) = self.find_enabled(email).await? else {
            return self.mail_nobody().await;
        };
        let otp = self.new_otp();
        let hash = code_hash(self.keys()?, account.id, Purpose::PasswordReset, otp.as_str());
        let mail = compose::password_reset(
            &account.email,
            &account.first_name,
            otp.as_str(),
            HUB_OTP_LIFE,
        )?;
        self.mail(Mailing {
            account: account.id,
            codes: vec![(Purpose::PasswordReset, hash, self.now() + HUB_OTP_LIFE)],
            letter: self.letter(Some(account.id), &mail)?,
        })
        .await
    }

    /// Proves an e-mail address by its code.
    pub async fn verify_email(&self, given: EmailOtp) -> Result<()> {
        let EmailOtp { email, otp, .. } = given;
        self.prove_email(email, Purpose::Verification, otp.as_str().to_owned(), WRONG_OTP).await
    }

    /// Proves an e-mail address by its link.
    pub async fn verify_email_link(&self, link: EmailLink) -> Result<()> {
        let EmailLink { token, email } = link;
        let refused = || Error::malformed(WRONG_LINK);
        self.tokens
            .verify(TokenType::EmailLink, &token, self.now())
            .map_err(|error| refused().caused_by(error))?;
        self.prove_email(email, Purpose::VerificationLink, token, WRONG_LINK).await
    }

    /// Proves an e-mail address by its code and signs in, with a second factor where the account
    /// asks for one.
    pub async fn verify_email_and_login(&self, given: EmailOtp, device: Device) -> Result<SignIn> {
        let EmailOtp { email, otp, totp_code } = given;
        let Some(account) = self.find_enabled(email).await? else {
            return Err(Error::malformed(WRONG_OTP));
        };
        let tried = self.begin_try(&account.email)?;
        let opening = self.open_session(account.id, device)?;
        let (session, keys, id, now) =
            (opening.clone(), self.keys()?.clone(), account.id, self.now());
        let checked = self
            .store
            .write(move |tx| {
                if !check(tx, &keys, id, Purpose::Verification, otp.as_str(), now)? {
                    return Ok(None);
                }
                let proof = two_factor::prove(tx, &keys, id, totp_code.as_ref(), now)?;
                if proof != Proof::Right {
                    return Ok(Some((proof, None)));
                }
                let mut account = store::account::find(tx, id)?;
                mark_verified(tx, &mut account, now)?;
                session.write(tx)?;
                store::account::touch_login(tx, id, now)?;
                Ok(Some((proof, Some(account))))
            })
            .await?;
        let was_wrong = matches!(checked, Some((Proof::Wrong, _)));
        self.end_try(tried, !was_wrong).await?;
        match checked {
            None => Err(Error::malformed(WRONG_OTP)),
            Some((_, Some(account))) => {
                Ok(opening.signed_in(Account { last_login_at: Some(now), ..account }))
            }
            Some((_, None)) => Err(Error::second_factor("A two-factor code is required")),
        }
    }

    /// Sets another password by the code that was mailed, proves the e-mail with it, and ends
    /// every session.
    pub async fn reset_password(&self, reset: PasswordReset) -> Result<()> {
        let PasswordReset { email, otp, password } = reset;
        let refused = || Error::malformed(WRONG_OTP);
        let Some(account) = self.find_enabled(email).await? else { return Err(refused()) };
        let (keys, id, now) = (self.keys()?.clone(), account.id, self.now());
        // A wrong code is told before a password is hashed for it.
        let (first_keys, first_otp) = (keys.clone(), otp.clone());
        let is_right = self
            .store
            .write(move |tx| {
                check(tx, &first_keys, id, Purpose::PasswordReset, first_otp.as_str(), now)
            })
            .await?;
        if !is_right {
            return Err(refused());
        }
        let hash = self.passwords.hash(password, self.random.as_ref()).await?;
        let is_set = self
            .store
            .write(move |tx| {
                if !check(tx, &keys, id, Purpose::PasswordReset, otp.as_str(), now)? {
                    return Ok(false);
                }
                store::code::delete(tx, id, Purpose::PasswordReset)?;
                let mut account = store::account::find(tx, id)?;
                mark_verified(tx, &mut account, now)?;
                store::account::set_password(tx, id, &hash, now)?;
                store::session::revoke_all(tx, id, now)?;
                Ok(true)
            })
            .await?;
        if is_set { Ok(()) } else { Err(refused()) }
    }

    async fn prove_email(
        &self,
        email: String,
        purpose: Purpose,
        code: String,
        refusal: &'static str,
    ) -> Result<()> {
        let refused = || Error::malformed(refusal);
        let Some(account) = self.find_enabled(email).await? else { return Err(refused()) };
        let (keys, now) = (self.keys()?.clone(), self.now());
        let is_right = self
            .store
            .write(move |tx| {
                let is_right = check(tx, &keys, account.id, purpose, &code, now)?;
                if is_right {
                    let mut account = store::account::find(tx, account.id)?;
                    mark_verified(tx, &mut account, now)?;
                }
                Ok(is_right)
            })
            .await?;
        if is_right { Ok(()) } else { Err(refused()) }
    }

    async fn find_enabled(&self, email: String) -> Result<Option<Account>> {
        let found = self.store.read(move |tx| store::account::find_by_email(tx, &email)).await?;
        Ok(found.map(|(account, _)| account).filter(|account| account.disabled_at.is_none()))
    }

    async fn mail(&self, mailing: Mailing) -> Result<()> {
        self.store.write(move |tx| mailing.write(tx)).await?;
        self.wake_mail();
        Ok(())
    }

    /// Takes as long as mailing somebody: time does not tell who has an account.
    async fn mail_nobody(&self) -> Result<()> {
        let now = self.now().to_string();
        self.store.write(move |tx| store::program_state::set(tx, "unknown_email_at", &now)).await
    }

    fn new_otp(&self) -> Otp {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        // Of 2^64 numbers the first few remainders come up more often by one in 10^13.
        Otp::from_number((u64::from_be_bytes(bytes) % 1_000_000) as u32)
    }

    fn verification_link(&self, token: &str, email: &str) -> String {
        let email =
            percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/verify-email?token={token}&email={email}", self.public_url)
    }
}

/// What a wrong, old or used code is told.
const WRONG_OTP: &str = "Invalid or expired OTP";
const WRONG_LINK: &str = "Invalid or expired verification token";

/// Whether a code is the newest of its purpose and may still be used; a wrong one is counted.
fn check(
    tx: &mut Tx,
    keys: &Keys,
    account: AccountId,
    purpose: Purpose,
    code: &str,
    now: Timestamp,
) -> Result<bool> {
    let Some(hash) = store::code::find(tx, account, purpose, now)? else { return Ok(false) };
    let parts = parts(&account, purpose, code);
    let is_right = keys.matches("mailed code", &parts, &hash);
    if !is_right {
        store::code::count_wrong(tx, account, purpose)?;
    }
    Ok(is_right)
}

fn code_hash(keys: &Keys, account: AccountId, purpose: Purpose, code: &str) -> [u8; 32] {
    keys.hash("mailed code", &parts(&account, purpose, code))
}

fn parts<'a, K>(account: &'a Id<K>, purpose: Purpose, code: &'a str) -> [&'a [u8]; 3] {
    [account.as_bytes(), purpose.as_str().as_bytes(), code.as_bytes()]
}

/// The e-mail is proven: the account can be used, and what else could prove it is void.
pub(super) fn mark_verified(tx: &mut Tx, account: &mut Account, now: Timestamp) -> Result<()> {
    account.activated_at.get_or_insert(now);
    account.email_verified_at.get_or_insert(now);
    account.updated_at = now;
    store::account::update(tx, account)?;
    store::code::delete(tx, account.id, Purpose::Verification)?;
    store::code::delete(tx, account.id, Purpose::VerificationLink)
}

//! Verifies an email address by an emailed code or link.

use crate::{
    app::{
        App,
        code::{check, enabled, is_mailed, wrong_code},
        limit::Limit,
        proof::{AddressProof, proof_by, prove_address},
        secret_try::Refused,
        security_log::note,
        session::SignIn,
        token::TokenType,
        two_factor,
    },
    domain::{
        account::Account,
        code::{EmailLink, EmailOtp, OtpSignIn, Purpose},
        error::{Error, Result},
        session::{Claims, Device},
    },
    store::{self, engine::Tx},
};

/// Why a code did not sign in.
enum Unproven {
    /// The code was wrong, or none was valid.
    Otp { was_out: bool },
    /// The code was right, but the second factor is missing or wrong.
    Factor(Refused),
}

impl App {
    /// Verifies an email address by its code. `by` is the caller's session, if any.
    pub async fn verify_email(&self, given: EmailOtp, by: Option<Claims>) -> Result<AddressProof> {
        let EmailOtp { email, otp } = given;
        let (keys, now, of) = (self.keys()?.clone(), self.now(), email.clone());
        let check = self.store.write(move |tx| {
            let (found, was_out) = check(tx, &keys, &of, Purpose::Verification, &otp, now)?;
            let proof = found.map(|mut account| prove_address(tx, &mut account, by, now));
            Ok((proof.transpose()?, was_out))
        });
        let is_wrong = |(_, was_out): &(_, bool)| *was_out;
        let (proof, _) = self.try_secret(Limit::WrongCode, &email, check, is_wrong).await?;
        proof.ok_or_else(|| Error::malformed("error-wrong-otp"))
    }

    /// Verifies an email address by its link. `by` is the caller's session, if any.
    pub async fn verify_email_link(
        &self,
        link: EmailLink,
        by: Option<Claims>,
    ) -> Result<AddressProof> {
        let now = self.now();
        let linked = self.linked(link, Purpose::VerificationLink)?;
        let proof = self.store.write(move |tx| {
            linked(tx)?.map(|mut account| prove_address(tx, &mut account, by, now)).transpose()
        });
        proof.await?.ok_or_else(wrong_link)
    }

    /// Returns the effect a verification link would have on its account, if it is valid.
    pub async fn preview_email_link(
        &self,
        link: EmailLink,
        by: Option<Claims>,
    ) -> Result<AddressProof> {
        let now = self.now();
        let linked = self.linked(link, Purpose::VerificationLink)?;
        let proof = self
            .store
            .read(move |tx| linked(tx)?.map(|account| proof_by(tx, &account, by, now)).transpose());
        proof.await?.ok_or_else(wrong_link)
    }

    /// Removes an account that nobody could use yet, by the link in its email: the recipient says
    /// that someone else created it.
    pub async fn remove_pending_account(&self, link: EmailLink) -> Result<()> {
        let linked = self.linked(link, Purpose::Removal)?;
        let removed = self.store.write(move |tx| {
            let pending = linked(tx)?.filter(|account| account.activated_at.is_none());
            pending.map(|account| store::account::delete(tx, account.id)).transpose()
        });
        removed.await?.ok_or_else(wrong_link)
    }

    /// Returns the account of an emailed link in a transaction, if the link is the newest of its
    /// purpose and still valid.
    fn linked(
        &self,
        link: EmailLink,
        purpose: Purpose,
    ) -> Result<impl Fn(&mut Tx) -> Result<Option<Account>> + Send + use<>> {
        let EmailLink { token, email } = link;
        let (keys, now) = (self.keys()?.clone(), self.now());
        let claims = self
            .tokens
            .verify(TokenType::EmailLink, &token, now)
            .map_err(|error| wrong_link().caused_by(error))?;
        Ok(move |tx: &mut Tx| {
            let found = enabled(tx, &email)?.filter(|account| account.id == claims.account);
            let Some(account) = found else { return Ok(None) };
            // A signed token cannot be guessed, so wrong ones are not counted.
            let kept = store::code::find(tx, account.id, purpose, now)?;
            let is_right =
                kept.is_some_and(|hash| is_mailed(&keys, account.id, purpose, &token, &hash));
            Ok(is_right.then_some(account))
        })
    }

    /// Verifies an email address by its code and signs in, with a second factor if the caller is
    /// signed in to an account that requires one. `by` is the caller's session.
    pub async fn verify_email_and_login(
        &self,
        given: OtpSignIn,
        by: Option<Claims>,
        device: Device,
    ) -> Result<(SignIn, AddressProof)> {
        let email = given.email.clone();
        let has_code = given.totp_code.is_some();
        let prove = self.prove_email(given, by, device);
        let wrong_otp = |proven: &_| matches!(proven, Err(Unproven::Otp { was_out: true }));
        let prove = self.try_secret(Limit::WrongCode, &email, prove, wrong_otp);
        let proven = if has_code {
            let wrong_factor = |proven: &_| matches!(proven, Err(Unproven::Factor(refused)) if refused.broken_rule().is_some());
            self.try_secret(Limit::WrongFactor, &email, prove, wrong_factor).await?
        } else {
            prove.await?
        };
        proven
            .inspect(|(sign_in, _)| {
                note("email address verified and signed in", sign_in.claims.account);
            })
            .map_err(|unproven| match unproven {
                Unproven::Otp { .. } => wrong_code("sign-in rejected: wrong or expired code"),
                Unproven::Factor(Refused::NoCode) => {
                    Error::second_factor(None, "error-two-factor-required")
                }
                Unproven::Factor(refused) => {
                    Error::second_factor(refused.broken_rule(), "error-wrong-code")
                }
            })
    }

    async fn prove_email(
        &self,
        given: OtpSignIn,
        by: Option<Claims>,
        device: Device,
    ) -> Result<std::result::Result<(SignIn, AddressProof), Unproven>> {
        let OtpSignIn { email, otp, totp_code } = given;
        let found = self.find_account(email.clone()).await?;
        // Create a session even without an account, since that takes time.
        let id = found.map_or_else(|| self.new_id(), |account| account.id);
        let opening = self.open_session(id, device)?;
        let (session, keys, now) = (opening.clone(), self.keys()?.clone(), self.now());
        let proven = self
            .store
            .write(move |tx| {
                let (found, was_out) = check(tx, &keys, &email, Purpose::Verification, &otp, now)?;
                let found = found.filter(|account| account.id == id);
                let Some(mut account) = found else { return Ok(Err(Unproven::Otp { was_out })) };
                // A takeover of the account also removes its second factor.
                if proof_by(tx, &account, by, now)? == AddressProof::Kept
                    && let Err(refused) = two_factor::prove(tx, &keys, id, totp_code.as_ref(), now)?
                {
                    return Ok(Err(Unproven::Factor(refused)));
                }
                let proof = prove_address(tx, &mut account, by, now)?;
                session.write(tx)?;
                store::account::touch_login(tx, id, now)?;
                Ok(Ok((Account { last_login_at: Some(now), ..account }, proof)))
            })
            .await?;
        Ok(proven.map(|(account, proof)| (opening.signed_in(account), proof)))
    }
}

fn wrong_link() -> Error {
    Error::malformed("error-wrong-email-link")
}

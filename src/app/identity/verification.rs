//! Proof of an e-mail address by a code or a link that was mailed to it.

use crate::{
    app::{
        App,
        code::{WRONG_OTP, check, enabled, is_mailed, wrong_code},
        limit::Limit,
        proof::{AddressProof, proof_by, prove_address},
        security_log::note,
        session::SignIn,
        token::TokenType,
        two_factor::{self, Proof},
    },
    domain::{
        account::Account,
        code::{EmailLink, EmailOtp, OtpSignIn, Purpose},
        error::{Error, Result},
        session::{Claims, Device},
    },
    store::{self, engine::Tx},
};

const WRONG_LINK: &str = "Invalid or expired verification token";

/// What came of a code that signs in.
enum Proven {
    Fully(Box<SignIn>, AddressProof),
    /// The code was right, but the second factor is still to come, or was wrong.
    Half(Proof),
    /// The code was wrong, or none was out.
    Not {
        was_out: bool,
    },
}

impl App {
    /// Proves an e-mail address by its code. `by` is the session of whoever asks, if there is one.
    pub async fn verify_email(&self, given: EmailOtp, by: Option<Claims>) -> Result<AddressProof> {
        let EmailOtp { email, otp } = given;
        let (keys, now, of) = (self.keys()?.clone(), self.now(), email.clone());
        let check = self.store.write(move |tx| {
            let checked = check(tx, &keys, &of, Purpose::Verification, &otp, now)?;
            let was_out = checked.is_wrong();
            let proof =
                checked.account().map(|mut account| prove_address(tx, &mut account, by, now));
            Ok((proof.transpose()?, was_out))
        });
        let is_wrong = |(_, was_out): &(_, bool)| *was_out;
        let (proof, _) = self.try_secret(Limit::WrongCode, &email, check, is_wrong).await?;
        proof.ok_or_else(|| Error::malformed(WRONG_OTP))
    }

    /// Proves an e-mail address by its link. `by` is the session of whoever asks, if there is one.
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

    /// What a verification link would do to its account, if it is good.
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

    /// Removes an account that nobody could use yet, by the link in its mail: whoever reads the
    /// mail says that somebody else made it.
    pub async fn remove_pending_account(&self, link: EmailLink) -> Result<()> {
        let linked = self.linked(link, Purpose::Removal)?;
        let removed = self.store.write(move |tx| {
            let pending = linked(tx)?.filter(|account| account.activated_at.is_none());
            pending.map(|account| store::account::delete(tx, account.id)).transpose()
        });
        removed.await?.ok_or_else(wrong_link)
    }

    /// Finds the account of a mailed link in a transaction, if the link is the newest of its
    /// purpose and is still good.
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
            // Nobody can guess a signed token, so wrong ones need no counting.
            let kept = store::code::find(tx, account.id, purpose, now)?;
            let is_right =
                kept.is_some_and(|hash| is_mailed(&keys, account.id, purpose, &token, &hash));
            Ok(is_right.then_some(account))
        })
    }

    /// Proves an e-mail address by its code and signs in, with a second factor where whoever asks
    /// is signed in to an account that asks for one. `by` is their session.
    pub async fn verify_email_and_login(
        &self,
        given: OtpSignIn,
        by: Option<Claims>,
        device: Device,
    ) -> Result<(SignIn, AddressProof)> {
        let email = given.email.clone();
        let has_code = given.totp_code.is_some();
        let prove = self.prove_email(given, by, device);
        let wrong_otp = |proven: &_| matches!(proven, Proven::Not { was_out: true });
        let prove = self.try_secret(Limit::WrongCode, &email, prove, wrong_otp);
        let proven = if has_code {
            let wrong_code =
                |proven: &_| matches!(proven, Proven::Half(Proof::Wrong | Proof::OtherTime(_)));
            self.try_secret(Limit::WrongFactor, &email, prove, wrong_code).await?
        } else {
            prove.await?
        };
        match proven {
            Proven::Fully(sign_in, proof) => {
                note("e-mail proven by its code, and signed in", sign_in.claims.account);
                Ok((*sign_in, proof))
            }
            Proven::Half(Proof::Missing) => {
                Err(Error::second_factor(None, "A two-factor code is required"))
            }
            Proven::Half(proof) => {
                Err(Error::second_factor(proof.broken_rule(), "Invalid two-factor code"))
            }
            Proven::Not { .. } => Err(wrong_code("sign-in refused: wrong or old code")),
        }
    }

    async fn prove_email(
        &self,
        given: OtpSignIn,
        by: Option<Claims>,
        device: Device,
    ) -> Result<Proven> {
        let OtpSignIn { email, otp, totp_code } = given;
        let found = self.find_account(email.clone()).await?;
        // Made for nobody too: a session takes some time to make.
        let id = found.map_or_else(|| self.new_id(), |account| account.id);
        let opening = self.open_session(id, device)?;
        let (session, keys, now) = (opening.clone(), self.keys()?.clone(), self.now());
        let proven = self
            .store
            .write(move |tx| {
                let checked = check(tx, &keys, &email, Purpose::Verification, &otp, now)?;
                let was_out = checked.is_wrong();
                let found = checked.account().filter(|account| account.id == id);
                let Some(mut account) = found else { return Ok(Err(was_out)) };
                // The second factor of an account that is taken over goes with the rest.
                if proof_by(tx, &account, by, now)? == AddressProof::Kept {
                    let second = two_factor::prove(tx, &keys, id, totp_code.as_ref(), now)?;
                    if second != Proof::Right {
                        return Ok(Ok(Err(second)));
                    }
                }
                let proof = prove_address(tx, &mut account, by, now)?;
                session.write(tx)?;
                store::account::touch_login(tx, id, now)?;
                Ok(Ok(Ok((account, proof))))
            })
            .await?;
        Ok(match proven {
            Ok(Ok((account, proof))) => {
                let account = Account { last_login_at: Some(now), ..account };
                Proven::Fully(Box::new(opening.signed_in(account)), proof)
            }
            Ok(Err(second)) => Proven::Half(second),
            Err(was_out) => Proven::Not { was_out },
        })
    }
}

fn wrong_link() -> Error {
    Error::malformed(WRONG_LINK)
}

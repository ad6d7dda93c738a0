//! Sessions: creating, refreshing and ending them, and the tokens that name them.

use std::cmp::max;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;

use crate::{
    app::{App, secret::Keys, security_log::note, token::TokenType, unit_of_work::Work},
    domain::{
        account::Account,
        error::{Error, Result},
        id::{AccountId, SessionId},
        rule::Rule,
        session::{Claims, Device, Refresh, Session},
    },
    store::{self, engine::Tx},
};

/// How long FreelanceOS's tokens are valid.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long FreelanceHub's access tokens are valid.
pub const HUB_ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How long an access token is valid: each document specifies its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLife {
    /// FreelanceOS: 7 days.
    Week,
    /// FreelanceHub: 1 hour.
    Hour,
    /// FreelanceHub Auth: `JWT_EXPIRES_IN`.
    Configured,
}

/// A signed-in account.
#[derive(Clone)]
pub struct SignIn {
    pub account: Account,
    pub claims: Claims,
    pub refresh_token: String,
}

/// A session that is not written yet.
#[derive(Clone)]
pub(in crate::app) struct Opening {
    session: Session,
    refresh_token: String,
    refresh_hash: [u8; 32],
}

impl Opening {
    pub fn write(&self, tx: &mut Tx) -> Result<()> {
        store::session::create(tx, &self.session, &self.refresh_hash)
    }

    pub fn signed_in(self, account: Account) -> SignIn {
        let claims = Claims { account: self.session.account, session: self.session.id };
        SignIn { account, claims, refresh_token: self.refresh_token }
    }
}

impl App {
    /// Creates a session without storing it.
    pub(in crate::app) fn open_session(
        &self,
        account: AccountId,
        device: Device,
    ) -> Result<Opening> {
        let now = self.now();
        let id = self.new_id();
        let claims = Claims { account, session: id };
        let refresh_token = self.sign(TokenType::Refresh, claims, self.settings.refresh_life)?;
        let refresh_hash = refresh_hash(self.keys()?, &refresh_token);
        // An access token issued just before the refresh token expires outlives it.
        let longest_access = max(HUB_ACCESS_LIFE, self.settings.access_life);
        let expires_at = now + max(WEEK, self.settings.refresh_life + longest_access);
        let session =
            Session { id, account, device, created_at: now, last_used_at: now, expires_at };
        Ok(Opening { session, refresh_token, refresh_hash })
    }

    /// Returns an access token of a session, to be sent as `Authorization: Bearer …`.
    pub fn access_token(&self, claims: Claims, life: AccessLife) -> Result<String> {
        let life = match life {
            AccessLife::Week => WEEK,
            AccessLife::Hour => HUB_ACCESS_LIFE,
            AccessLife::Configured => self.settings.access_life,
        };
        self.sign(TokenType::Access, claims, life)
    }

    /// Returns a token that proves that a form was created for this session, and identifies its
    /// account after the session has ended. It is masked differently each time: pages are
    /// compressed, and their length must not help to guess it.
    pub fn form_token(&self, claims: Claims) -> Result<String> {
        let Claims { account, session } = claims;
        let hash = self.keys()?.hash(FORM_TOKEN, &[session.as_bytes(), account.as_bytes()]);
        let mask = self.random_bytes();
        let parts = [&mask[..], &masked(hash, mask), session.as_bytes(), account.as_bytes()];
        Ok(URL_SAFE_NO_PAD.encode(parts.concat()))
    }

    /// Returns the session that a form was created for, which may have ended; None if the token is
    /// not ours.
    pub fn form_session(&self, token: &str) -> Result<Option<Claims>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        let Some((mask, rest)) = bytes.split_first_chunk::<32>() else { return Ok(None) };
        let Some((hidden, rest)) = rest.split_first_chunk::<32>() else { return Ok(None) };
        let Some((session, account)) = rest.split_at_checked(16) else { return Ok(None) };
        let hash = masked(*hidden, *mask);
        if !self.keys()?.matches(FORM_TOKEN, &[session, account], &hash) {
            return Ok(None);
        }
        let ids = SessionId::from_slice(session).zip(AccountId::from_slice(account));
        Ok(ids.map(|(session, account)| Claims { account, session }))
    }

    /// Returns a key that identifies one submission of a form.
    pub fn form_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random_bytes::<16>())
    }

    /// Signs a token that is valid from now on.
    pub(in crate::app) fn sign(
        &self,
        typ: TokenType,
        claims: Claims,
        life: SignedDuration,
    ) -> Result<String> {
        self.tokens.sign(typ, claims, self.random_bytes(), self.now(), life)
    }

    /// Returns the claims of a bearer token if it is ours and has not expired. Whether its session
    /// is active is checked when the requested data is read.
    pub fn verify_token(&self, token: &str) -> Result<Claims> {
        self.tokens.verify(TokenType::Access, token, self.now())
    }

    /// Returns the claims of a bearer token, even if expired: enough to sign out.
    pub fn verify_old_token(&self, token: &str) -> Result<Claims> {
        self.tokens.verify_of_any_age(TokenType::Access, token)
    }

    /// Returns the session of a refresh token, if both are valid.
    ///
    /// # Errors
    ///
    /// Unauthenticated if the refresh token or its session is no longer valid.
    pub async fn refresh(&self, refresh: Refresh) -> Result<Claims> {
        let now = self.now();
        let refused = || Error::unauthenticated("error-wrong-refresh-token");
        let token = refresh.refresh_token;
        let claims = self
            .tokens
            .verify(TokenType::Refresh, &token, now)
            .map_err(|error| refused().caused_by(error))?;
        let hash = refresh_hash(self.keys()?, &token);
        let stands =
            self.store.write(move |tx| store::session::refresh(tx, claims, &hash, now)).await?;
        if stands { Ok(claims) } else { Err(refused()) }
    }

    /// Ends a session and all its tokens. Ending it again has no effect.
    pub async fn logout(&self, claims: Claims) -> Result<()> {
        let now = self.now();
        self.store
            .write(move |tx| store::session::revoke(tx, claims.account, claims.session, now))
            .await?;
        note("signed out", claims.account);
        Ok(())
    }

    /// Ends the caller's session, which must be active. A refresh token, if given, must belong to
    /// the same session.
    pub async fn logout_with(&self, claims: Claims, refresh_token: Option<String>) -> Result<()> {
        let own = refresh_token.is_none_or(|token| {
            self.tokens.verify_of_any_age(TokenType::Refresh, &token).is_ok_and(|own| own == claims)
        });
        self.run_always(claims, move |work| {
            if !own {
                return Err(Error::field("refreshToken", Rule::Unknown));
            }
            store::session::revoke(work.tx, work.account, claims.session, work.now).map(drop)
        })
        .await
        .inspect(|()| note("signed out", claims.account))
    }

    /// Ends every session of the caller and returns how many were active.
    pub async fn logout_all(&self, claims: Claims) -> Result<u64> {
        self.run_always(claims, |work| store::session::revoke_all(work.tx, work.account, work.now))
            .await
            .inspect(|_| note("signed out everywhere", claims.account))
    }

    /// Ends every other session of the caller.
    pub async fn logout_others(&self, claims: Claims) -> Result<()> {
        self.run_always(claims, move |work| {
            store::session::revoke_others(work.tx, work.account, claims.session, work.now)
        })
        .await
        .inspect(|()| note("all other devices signed out", claims.account))
    }

    /// Ends one session of the caller.
    ///
    /// # Errors
    ///
    /// Not found if the caller has no such session.
    pub async fn revoke_session(&self, claims: Claims, id: SessionId) -> Result<()> {
        self.run_always(claims, move |work| {
            match store::session::revoke(work.tx, work.account, id, work.now)? {
                true => Ok(()),
                false => Err(Error::not_found("error-session-not-found")),
            }
        })
        .await
        .inspect(|()| note("device signed out", claims.account))
    }
}

/// The context of form token hashes.
const FORM_TOKEN: &str = "form token";

/// Masks or unmasks bytes.
fn masked(mut bytes: [u8; 32], mask: [u8; 32]) -> [u8; 32] {
    bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    bytes
}

fn refresh_hash(keys: &Keys, token: &str) -> [u8; 32] {
    keys.hash("refresh token", &[token.as_bytes()])
}

/// Returns the caller's active sessions, newest first.
pub fn list_sessions(work: &mut Work) -> Result<Vec<Session>> {
    store::session::list(work.tx, work.account, work.now)
}

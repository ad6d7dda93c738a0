//! Registers, lists and deletes passkeys, and signs in with them.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    app::{
        App,
        event::Event,
        relying_party::{self, Attested, RelyingParty, login_refused},
        secret::Keys,
        security_log::note,
        session::SignIn,
        share::Owner,
        unit_of_work::Work,
    },
    domain::{
        account::{Account, SignInChange},
        error::{Error, Kind, Result},
        id::PasskeyId,
        passkey::{
            CHALLENGE_LIFE, Ceremony, Identifier, NewPasskey, Passkey, PasskeyLogin,
            REGISTRATIONS_MAX, must_have_room,
        },
        session::{Claims, Device},
    },
    store,
};

/// What a browser needs to create a passkey.
pub struct CreationOptions {
    pub challenge: Vec<u8>,
    pub relying_party: Arc<RelyingParty>,
    pub account: Account,
    /// The credential ids that the account's authenticators already have.
    pub registered: Vec<Vec<u8>>,
}

/// What a browser needs to sign in with a passkey.
pub struct RequestOptions {
    pub challenge: Vec<u8>,
    pub relying_party: Arc<RelyingParty>,
    /// The credential ids of which one must sign.
    pub allowed: Vec<Vec<u8>>,
}

impl App {
    /// Begins the registration of a passkey.
    pub async fn start_passkey(&self, claims: Claims) -> Result<CreationOptions> {
        let party = self.admit(claims, self.relying_party()).await?;
        let (account, passkeys) = self
            .query(claims, |work| {
                let account = store::account::find(work.tx, work.account)?;
                Ok((account, store::passkey::list(work.tx, work.account)?))
            })
            .await?;
        must_have_room(passkeys.len())?;
        let asked = party.ask_attestation(&account)?;
        let hash = challenge_hash(self.keys()?, Ceremony::Registration, &asked.challenge);
        let (state, expires_at) = (asked.state, self.now() + CHALLENGE_LIFE);
        self.run(claims, move |work| {
            let (ceremony, id, tx) = (Ceremony::Registration, work.account, &mut *work.tx);
            store::passkey::keep_newest_challenges(tx, ceremony, id, REGISTRATIONS_MAX - 1)?;
            store::passkey::create_challenge(tx, &hash, ceremony, Some(id), &state, expires_at)
        })
        .await?;
        Ok(CreationOptions {
            challenge: asked.challenge,
            relying_party: party,
            account,
            registered: passkeys.into_iter().map(|passkey| passkey.credential_id).collect(),
        })
    }

    /// Registers a passkey with an authenticator's answer. The challenge is used up even on
    /// failure.
    pub async fn create_passkey(&self, claims: Claims, new: NewPasskey) -> Result<Passkey> {
        let party = self.admit(claims, self.relying_party()).await?;
        let NewPasskey { name, challenge, attestation } = new;
        let refused = || Error::malformed("error-passkey-registration");
        // A value that is not base64 is invalid, and a signed-in caller may know that.
        let challenge = BASE64_URL_SAFE_NO_PAD.decode(challenge).unwrap_or_default();
        let hash = challenge_hash(self.keys()?, Ceremony::Registration, &challenge);
        let take = move |work: &mut Work| {
            let (ceremony, id) = (Ceremony::Registration, work.account);
            store::passkey::take_own_challenge(work.tx, &hash, ceremony, id, work.now)
        };
        let state = self.run(claims, take).await?.ok_or_else(refused)?;
        let owner = Some(Owner::Account(claims.account));
        let check = move || party.check_attestation(&state, &attestation);
        let attested = self.work.run(owner, check).await??;
        self.run(claims, move |work| create_passkey(work, &name, &attested))
            .await
            .inspect(|_| note("passkey added", claims.account))
    }

    /// Deletes one of the caller's passkeys: it no longer signs in.
    pub async fn delete_passkey(&self, claims: Claims, id: PasskeyId) -> Result<()> {
        self.run_always(claims, move |work| delete_passkey(work, id))
            .await
            .inspect(|()| note("passkey removed", claims.account))
    }

    /// Begins a sign-in by passkey. Without a passkey or an account, the response requests a
    /// signature by a key that nobody holds, so that neither response nor timing reveals this.
    pub async fn start_passkey_login(&self, identifier: Identifier) -> Result<RequestOptions> {
        let party = self.relying_party()?;
        let name = identifier.folded();
        let (account, passkeys) =
            self.store.read(move |tx| store::passkey::find_for_login(tx, &identifier)).await?;
        // An account gets the same response by email and by username, just as with passkeys.
        let subject = account.as_ref().map_or(name.as_bytes(), |account| account.id.as_bytes());
        let decoy = decoy_id(self.keys()?, subject);
        let account = account.map(|account| account.id).filter(|_| !passkeys.is_empty());
        let decoy_key = relying_party::decoy(&decoy);
        let (allowed, asked) = if account.is_some() {
            let keys: Vec<_> = passkeys.iter().map(|passkey| &*passkey.credential).collect();
            let asked = party.ask_assertion(&keys)?;
            (passkeys.into_iter().map(|passkey| passkey.credential_id).collect(), asked)
        } else {
            (vec![decoy], party.ask_assertion(&[&decoy_key])?)
        };
        let hash = challenge_hash(self.keys()?, Ceremony::Login, &asked.challenge);
        let (state, expires_at) = (asked.state, self.now() + CHALLENGE_LIFE);
        self.store
            .write(move |tx| {
                let ceremony = Ceremony::Login;
                store::passkey::create_challenge(tx, &hash, ceremony, account, &state, expires_at)
            })
            .await?;
        Ok(RequestOptions { challenge: asked.challenge, relying_party: party, allowed })
    }

    /// Signs in with a passkey, which counts as two factors by itself. Every refusal looks the
    /// same. The challenge is used up even on failure.
    pub async fn login_with_passkey(&self, login: PasskeyLogin, device: Device) -> Result<SignIn> {
        let checked = self.check_passkey(login, device).await;
        match &checked {
            Ok(sign_in) => note("signed in with a passkey", sign_in.claims.account),
            Err(error) if *error.kind() == Kind::Unauthenticated => {
                note("sign-in rejected: wrong passkey", None);
            }
            Err(_) => {}
        }
        checked
    }

    async fn check_passkey(&self, login: PasskeyLogin, device: Device) -> Result<SignIn> {
        let party = self.relying_party()?;
        let PasskeyLogin { identifier, challenge, assertion } = login;
        // A value that is not base64 is not ours.
        let challenge = BASE64_URL_SAFE_NO_PAD.decode(challenge).unwrap_or_default();
        let hash = challenge_hash(self.keys()?, Ceremony::Login, &challenge);
        let now = self.now();
        let (taken, named) = self
            .store
            .write(move |tx| {
                let taken = store::passkey::take_challenge(tx, &hash, Ceremony::Login, now)?;
                Ok((taken, store::passkey::find_for_login(tx, &identifier)?.0))
            })
            .await?;
        let (asked, state) = taken.ok_or_else(login_refused)?;
        // Check it for any account first, before revealing whose it is.
        let check = move || party.check_assertion(&state, &assertion);
        let verified = self.work.run(self.stranger(), check).await??;
        let account = named.filter(|named| asked == Some(named.id)).ok_or_else(login_refused)?;
        if !verified.is_of(&account) {
            return Err(login_refused());
        }
        let opening = self.open_session(account.id, device)?;
        let (session, id) = (opening.clone(), account.id);
        let current = self
            .store
            .write(move |tx| {
                // The account may have been locked, or the passkey used or deleted, during the
                // check.
                let account = store::account::find(tx, id)?;
                let key = verified.credential_id();
                let found = store::passkey::find_by_credential(tx, id, key)?;
                let Some(passkey) = found.filter(|_| account.is_active()) else { return Ok(None) };
                let Some(renewed) = verified.renew(&passkey.credential)? else { return Ok(None) };
                store::passkey::touch(tx, passkey.id, &renewed, now)?;
                session.write(tx)?;
                store::account::touch_login(tx, id, now)?;
                Ok(Some(account))
            })
            .await?
            .ok_or_else(login_refused)?;
        Ok(opening.signed_in(Account { last_login_at: Some(now), ..current }))
    }

    fn relying_party(&self) -> Result<Arc<RelyingParty>> {
        self.relying_party.clone().ok_or_else(|| Error::conflict("error-passkeys-need-host"))
    }
}

fn create_passkey(work: &mut Work, name: &str, attested: &Attested) -> Result<Passkey> {
    must_have_room(store::passkey::list(work.tx, work.account)?.len())?;
    let passkey = Passkey {
        id: work.new_id(),
        account: work.account,
        name: name.to_owned(),
        credential_id: attested.credential_id.clone(),
        credential: attested.credential.clone(),
        created_at: work.now,
        last_used_at: None,
    };
    store::passkey::create(work.tx, &passkey)?;
    let account = store::account::find(work.tx, work.account)?;
    work.emit(Event::SignInChanged(&account, SignInChange::PasskeyAdded))?;
    Ok(passkey)
}

fn delete_passkey(work: &mut Work, id: PasskeyId) -> Result<()> {
    if !store::passkey::delete(work.tx, work.account, id)? {
        return Err(Error::not_found("error-passkey-not-found"));
    }
    let account = store::account::find(work.tx, work.account)?;
    work.emit(Event::SignInChanged(&account, SignInChange::PasskeyRemoved))
}

fn challenge_hash(keys: &Keys, ceremony: Ceremony, challenge: &[u8]) -> [u8; 32] {
    keys.hash("passkey challenge", &[ceremony.as_str().as_bytes(), challenge])
}

/// Returns the id of a key that nobody holds: stable for a subject, and as long as real ids.
fn decoy_id(keys: &Keys, subject: &[u8]) -> Vec<u8> {
    let block = |number: u8| keys.hash("decoy passkey", &[subject, &[number]]);
    // Ids of iCloud and Google have 16, 20 or 32 bytes, those of security keys 48 or 64.
    let length = [16, 20, 20, 32, 32, 32, 32, 64][usize::from(block(0)[0] % 8)];
    let mut id = [block(1), block(2)].concat();
    id.truncate(length);
    id
}

/// Returns the caller's passkeys.
pub fn list_passkeys(work: &mut Work) -> Result<Vec<Passkey>> {
    store::passkey::list(work.tx, work.account)
}

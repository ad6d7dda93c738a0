//! The WebAuthn side of passkeys: requests to authenticators, and checks of their answers.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, Passkey as Key, PasskeyAuthentication, PasskeyRegistration,
    Url, Webauthn, WebauthnBuilder,
};

use crate::domain::{
    account::Account,
    error::{Error, Result},
    passkey::{Assertion, Attestation},
};

/// The name that authenticators show for this program.
pub const NAME: &str = "FreelanceHub";
/// How long an authenticator may take.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// The accepted signature algorithms, as COSE numbers: ES256 and RS256.
pub const ALGORITHMS: [i64; 2] = [-7, -257];
/// The maximum length of a credential id in the standard, in bytes.
const CREDENTIAL_ID_MAX: usize = 1023;

/// The relying party that passkeys are created for.
pub struct RelyingParty {
    webauthn: Webauthn,
    id: String,
}

/// The challenge for an authenticator, and the state to keep until it responds.
pub struct Asked {
    pub challenge: Vec<u8>,
    pub state: String,
}

/// A new key whose possession an authenticator has proven.
pub struct Attested {
    pub credential_id: Vec<u8>,
    /// The public key and the signature counter, as JSON.
    pub credential: String,
}

/// A verified signature.
pub struct Verified {
    result: AuthenticationResult,
    user_handle: Option<Vec<u8>>,
}

impl RelyingParty {
    /// Returns the relying party of a public address. None if its host is not a name, which
    /// passkeys need. Only origins with that host or a subdomain count.
    pub fn new(public_url: &str, origins: &[String]) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let id = url.domain()?.to_owned();
        let below = format!(".{id}");
        let is_ours =
            |origin: &Url| origin.domain().is_some_and(|host| host == id || host.ends_with(&below));
        let webauthn = origins
            .iter()
            .filter_map(|origin| Url::parse(origin).ok())
            .filter(is_ours)
            .fold(WebauthnBuilder::new(&id, &url).ok()?, |builder, origin| {
                builder.append_allowed_origin(&origin)
            })
            .rp_name(NAME)
            .timeout(TIMEOUT)
            .build()
            .ok()?;
        Some(Self { webauthn, id })
    }

    /// Returns the host name that passkeys are bound to.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Requests a new key.
    pub fn ask_attestation(&self, account: &Account) -> Result<Asked> {
        // A credential that is already registered is detected when it is stored.
        let (options, state) = self
            .webauthn
            .start_passkey_registration(account.id.uuid(), &account.email, &account.name(), None)
            .map_err(Error::internal)?;
        Ok(Asked { challenge: options.public_key.challenge, state: write(&state)? })
    }

    /// Returns the new key if everything about it is right: challenge, origin, relying party,
    /// presence and verification of the user, algorithm, signature.
    pub fn check_attestation(&self, state: &str, answer: &Attestation) -> Result<Attested> {
        let refused = || Error::malformed("error-passkey-registration");
        let state: PasskeyRegistration = read(state)?;
        if !is_public_key(&answer.kind, &answer.id, &answer.raw_id) {
            return Err(refused());
        }
        // Extensions and transports are dropped: nothing uses them.
        let response = serde_json::from_value(json!({
            "id": answer.id,
            "rawId": answer.raw_id,
            "response": {
                "clientDataJSON": answer.response.client_data,
                "attestationObject": answer.response.attestation_object,
            },
            "type": answer.kind,
        }))
        .map_err(|error| refused().caused_by(error))?;
        let key = self
            .webauthn
            .finish_passkey_registration(&response, &state)
            .map_err(|error| refused().caused_by(error))?;
        // The library would also accept ES384, other ids, and ids of any length.
        let is_asked_for = ALGORITHMS.contains(&(*key.cred_algorithm() as i64))
            && *key.cred_id() == response.raw_id
            && (1..=CREDENTIAL_ID_MAX).contains(&key.cred_id().len());
        if !is_asked_for {
            return Err(refused());
        }
        // It was not requested, and may be as large as the body allows.
        let credential = Credential {
            attestation: Default::default(),
            transports: None,
            ..Credential::from(key)
        };
        Ok(Attested {
            credential_id: credential.cred_id.clone(),
            credential: write(&Key::from(credential))?,
        })
    }

    /// Requests a signature by one of these keys.
    pub fn ask_assertion(&self, credentials: &[&str]) -> Result<Asked> {
        let keys = credentials.iter().map(|json| read(json)).collect::<Result<Vec<Key>>>()?;
        let (options, state) =
            self.webauthn.start_passkey_authentication(&keys).map_err(Error::internal)?;
        Ok(Asked { challenge: options.public_key.challenge, state: write(&state)? })
    }

    /// Checks everything about a signature: challenge, origin, relying party, presence and
    /// verification of the user, counter, the signature itself.
    pub fn check_assertion(&self, state: &str, answer: &Assertion) -> Result<Verified> {
        let state: PasskeyAuthentication = read(state)?;
        let is_sound = is_public_key(&answer.kind, &answer.id, &answer.raw_id);
        if !is_sound || is_embedded(&answer.response.client_data) {
            return Err(login_refused());
        }
        let response = serde_json::from_value(json!({
            "id": answer.id,
            "rawId": answer.raw_id,
            "response": {
                "clientDataJSON": answer.response.client_data,
                "authenticatorData": answer.response.authenticator_data,
                "signature": answer.response.signature,
                "userHandle": answer.response.user_handle,
            },
            "type": answer.kind,
        }))
        .map_err(|error| login_refused().caused_by(error))?;
        let result = self
            .webauthn
            .finish_passkey_authentication(&response, &state)
            .map_err(|error| login_refused().caused_by(error))?;
        if !result.user_verified() {
            return Err(login_refused());
        }
        Ok(Verified { result, user_handle: response.response.user_handle })
    }
}

impl Verified {
    /// Returns the credential id of the key.
    pub fn credential_id(&self) -> &[u8] {
        self.result.cred_id()
    }

    /// Returns whether the authenticator links the key to this account, or names none.
    pub fn is_of(&self, account: &Account) -> bool {
        self.user_handle.as_deref().is_none_or(|handle| handle == account.id.as_bytes())
    }

    /// Returns the updated stored key; None if its counter has not advanced, which means that there
    /// are two copies.
    pub fn renew(&self, credential: &str) -> Result<Option<String>> {
        let mut key: Key = read(credential)?;
        let (last, now) = (Credential::from(key.clone()).counter, self.result.counter());
        if (last, now) != (0, 0) && now <= last {
            return Ok(None);
        }
        key.update_credential(&self.result);
        write(&key).map(Some)
    }
}

/// Returns the error of every refused sign-in, whatever the reason.
pub fn login_refused() -> Error {
    Error::unauthenticated("error-passkey-sign-in")
}

/// Returns a key that nobody holds, under this id. An unknown user is asked for a signature by it,
/// and the response is checked like any other.
pub fn decoy(credential_id: &[u8]) -> String {
    json!({"cred": {
        "cred_id": BASE64_URL_SAFE_NO_PAD.encode(credential_id),
        // The first point at or after the SHA-256 of "nobody holds this key".
        "cred": {"type_": "ES256", "key": {"EC_EC2": {
            "curve": "SECP256R1",
            "x": "M-PNOvoXtoLqt6CQeHvChBte8VtKmbQMHUsoUJQdGko",
            "y": "MYHvdgmyXM8o53P7RB28sth6lIOLyfA_93AtHUN9zY8",
        }}},
        "counter": 0,
        "transports": null,
        "user_verified": true,
        "backup_eligible": false,
        "backup_state": false,
        "registration_policy": "required",
        "extensions": {},
        "attestation": {"data": "None", "metadata": "None"},
        "attestation_format": "none",
    }})
    .to_string()
}

/// Returns whether an answer names one public key.
fn is_public_key(kind: &str, id: &str, raw_id: &str) -> bool {
    kind == "public-key" && id == raw_id
}

/// Returns whether the calling page was in another page's frame; the library checks this only at
/// registration.
fn is_embedded(client_data: &str) -> bool {
    #[derive(Deserialize)]
    struct ClientData {
        #[serde(rename = "crossOrigin", default)]
        cross_origin: bool,
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(client_data).unwrap_or_default();
    serde_json::from_slice::<ClientData>(&json).is_ok_and(|data| data.cross_origin)
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(Error::internal)
}

fn write(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(public_url: &str, origins: &[&str]) -> Option<RelyingParty> {
        let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        RelyingParty::new(public_url, &origins)
    }

    #[test]
    fn only_origins_of_the_public_host_and_its_subdomains_count() {
        let party = party(
            "https://hub.example.com/app",
            &[
                "https://hub.example.com:8443",
                "https://app.hub.example.com",
                "https://example.com",
                "https://evilhub.example.com",
                "https://hub.example.com.evil.org",
                "http://192.0.2.7",
            ],
        )
        .unwrap();
        assert_eq!(party.id(), "hub.example.com");
        let origins = party.webauthn.get_allowed_origins();
        let origins: Vec<_> =
            origins.iter().map(|url| url.origin().ascii_serialization()).collect();
        assert_eq!(
            origins,
            [
                "https://hub.example.com",
                "https://hub.example.com:8443",
                "https://app.hub.example.com",
            ]
        );
    }

    #[test]
    fn an_address_without_a_host_name_is_no_relying_party() {
        for url in ["http://127.0.0.1:5000", "https://[::1]", "http://192.0.2.7", ""] {
            assert!(party(url, &[]).is_none(), "{url}");
        }
        assert_eq!(party("http://localhost:5000", &[]).unwrap().id(), "localhost");
    }

    #[test]
    fn a_decoy_key_is_requested_like_any_other() {
        let party = party("http://localhost:5000", &[]).unwrap();
        let decoy = decoy(&[7; 32]);
        let asked = party.ask_assertion(&[&decoy]).unwrap();
        assert_eq!(asked.challenge.len(), 32);
        assert!(asked.state.contains("M-PNOvoXtoLqt6CQeHvChBte8VtKmbQMHUsoUJQdGko"));
    }
}

//! Passkeys: keys that a device keeps, and uses once its owner has proven to be there.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    error::{Error, Result},
    form::{Form, Object, Read},
    id::{AccountId, PasskeyId},
    rule::Rule,
    text,
    word::words,
};

/// How many passkeys an account may have.
pub const PASSKEYS_MAX: usize = 20;
/// How long a challenge may be answered.
pub const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How many registrations of one account may be under way; older ones are given up.
pub const REGISTRATIONS_MAX: i64 = 5;
/// Longest e-mail address or username.
const IDENTIFIER_MAX: usize = 254;

words! {
    /// What a challenge is for. None is good for the other.
    Ceremony {
        Registration "registration",
        Login "login",
    }
}

/// A passkey of an account.
#[derive(Debug, Clone)]
pub struct Passkey {
    pub id: PasskeyId,
    pub account: AccountId,
    pub name: String,
    /// What the authenticator calls it.
    pub credential_id: Vec<u8>,
    /// The public key and the signature counter, as JSON.
    pub credential: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// Refuses one passkey more than an account may have.
pub fn must_have_room(passkeys: usize) -> Result<()> {
    if passkeys < PASSKEYS_MAX {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "This account has {PASSKEYS_MAX} passkeys, the most there may be; delete one first"
    )))
}

/// A new passkey: its name, the challenge that was given out, and the authenticator's answer.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    pub name: String,
    pub challenge: String,
    pub attestation: Attestation,
}

/// What an authenticator says of a new key. Binary fields are base64url, not yet understood.
#[derive(Debug, Clone)]
pub struct Attestation {
    pub credential: CredentialName,
    pub client_data: String,
    pub attestation_object: String,
}

/// How an answer names its key, which it does twice.
#[derive(Debug, Clone)]
pub struct CredentialName {
    pub id: String,
    pub raw_id: String,
    pub kind: String,
}

impl CredentialName {
    /// Whether it names one public key.
    pub fn is_sound(&self) -> bool {
        self.kind == "public-key" && self.id == self.raw_id
    }
}

impl NewPasskey {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let name = form.required("name", text::line(text::NAME_MAX));
            let attestation = required_object(form, "registrationResponse", |form| {
                let id = form.required("id", encoded);
                let raw_id = form.required("rawId", encoded);
                let response = required_object(form, "response", |form| {
                    let client_data = form.required("clientDataJSON", encoded);
                    let attestation_object = form.required("attestationObject", encoded);
                    Ok((client_data?, attestation_object?))
                });
                let kind = form.required("type", text::any);
                let credential = CredentialName { id: id?, raw_id: raw_id?, kind: kind? };
                let (client_data, attestation_object) = response?;
                Ok(Attestation { credential, client_data, attestation_object })
            });
            let challenge = form.required("challenge", encoded);
            Ok(Self { name: name?, challenge: challenge?, attestation: attestation? })
        })
    }
}

/// Whom somebody says to be: an e-mail address or a username.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    Email(String),
    Username(String),
}

impl Identifier {
    /// Reads the body that asks for a challenge.
    pub fn read_body(object: &Object) -> Result<Self> {
        Form::read(object, |form| form.required("identifier", Self::read))
    }

    fn read(value: &Value) -> Result<Self, Rule> {
        let text = text::line(IDENTIFIER_MAX)(value)?;
        // No username has one, and every address does.
        Ok(if text.contains('@') { Self::Email(text) } else { Self::Username(text) })
    }

    /// The same for every way to write it.
    pub fn folded(&self) -> String {
        let (Self::Email(text) | Self::Username(text)) = self;
        text::fold(text)
    }
}

/// A sign-in by passkey: who, the challenge that was given out, and the authenticator's answer.
#[derive(Debug, Clone)]
pub struct PasskeyLogin {
    pub identifier: Identifier,
    pub challenge: String,
    pub assertion: Assertion,
}

/// What an authenticator signs. Binary fields are base64url, not yet understood.
#[derive(Debug, Clone)]
pub struct Assertion {
    pub credential: CredentialName,
    pub client_data: String,
    pub authenticator_data: String,
    pub signature: String,
    pub user_handle: Option<String>,
}

impl PasskeyLogin {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let identifier = form.required("identifier", Identifier::read);
            let assertion = required_object(form, "authenticationResponse", |form| {
                let id = form.required("id", encoded);
                let raw_id = form.required("rawId", encoded);
                let response = required_object(form, "response", |form| {
                    let client_data = form.required("clientDataJSON", encoded);
                    let authenticator_data = form.required("authenticatorData", encoded);
                    let signature = form.required("signature", encoded);
                    let user_handle = form.optional("userHandle", encoded);
                    Ok((client_data?, authenticator_data?, signature?, user_handle?))
                });
                let kind = form.required("type", text::any);
                let credential = CredentialName { id: id?, raw_id: raw_id?, kind: kind? };
                let (client_data, authenticator_data, signature, user_handle) = response?;
                Ok(Assertion {
                    credential,
                    client_data,
                    authenticator_data,
                    signature,
                    user_handle,
                })
            });
            let challenge = form.required("challenge", encoded);
            Ok(Self { identifier: identifier?, challenge: challenge?, assertion: assertion? })
        })
    }
}

/// An object that must be there.
fn required_object<'a, T>(
    form: &mut Form<'a>,
    name: &'static str,
    parse: impl FnOnce(&mut Form<'a>) -> Read<T>,
) -> Read<T> {
    form.object(name, parse)?.ok_or_else(|| form.fail(name, Rule::Required))
}

/// Text in base64url; some programs pad it, which says nothing.
fn encoded(value: &Value) -> Result<String, Rule> {
    text::raw(value).map(|text| text.trim_end_matches('=').to_owned())
}

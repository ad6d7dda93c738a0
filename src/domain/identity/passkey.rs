//! Passkeys: keys that a device keeps, and uses once its owner has proven to be there.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::{
    error::{Error, Result},
    id::{AccountId, PasskeyId},
    input::{One, Optional, Required, Scalar, Shape, input, kinds},
    rule::Rule,
    text::{self, AnyText, Line, Name},
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

input! {
    /// A new passkey: its name, the challenge that was given out, and the authenticator's answer.
    #[derive(Debug, Clone)]
    pub new NewPasskey;

    name "name": Required<Name> = "What the user calls it.",
    attestation "registrationResponse": Required<One<Attestation>>,
    challenge "challenge": Required<Encoded> = "The one of the options.",
}

input! {
    /// What an authenticator says of a new key. Binary fields are base64url, not yet understood.
    #[derive(Debug, Clone)]
    pub part Attestation as "PasskeyAttestation", "What `toJSON()` of the `PublicKeyCredential` \
        gives that `navigator.credentials.create()` made. Further fields are ignored.";

    id "id": Required<Encoded> = "In base64url.",
    raw_id "rawId": Required<Encoded> = "The same as `id`.",
    response "response": Required<One<AttestationResponse>>,
    kind "type": Required<AnyText> = "Always `public-key`.",
}

input! {
    /// What it says of the key itself.
    #[derive(Debug, Clone)]
    pub part AttestationResponse as "PasskeyAttestationResponse",
        "What the authenticator says of a new key, in base64url.";

    client_data "clientDataJSON": Required<Encoded>,
    attestation_object "attestationObject": Required<Encoded>,
}

/// Whom somebody says to be: an e-mail address or a username.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    Email(String),
    Username(String),
}

impl Identifier {
    /// The same for every way to write it.
    pub fn folded(&self) -> String {
        let (Self::Email(text) | Self::Username(text)) = self;
        text::fold(text)
    }
}

/// Where it is written, it may be either.
impl Scalar for Identifier {
    type Value = Self;
    const SHAPE: Shape = Line::<IDENTIFIER_MAX>::SHAPE;

    fn parse(value: &Value) -> Result<Self, Rule> {
        let text = Line::<IDENTIFIER_MAX>::parse(value)?;
        // No username has an @, and every address does.
        Ok(if text.contains('@') { Self::Email(text) } else { Self::Username(text) })
    }
}

input! {
    /// Who wants to sign in.
    #[derive(Debug, Clone)]
    pub new LoginStart;

    identifier "identifier": Required<Identifier> = "The e-mail address or the username.",
}

input! {
    /// A sign-in by passkey: who, the challenge that was given out, and the authenticator's answer.
    #[derive(Debug, Clone)]
    pub new PasskeyLogin;

    identifier "identifier": Required<Identifier> = "The one that the challenge was asked for.",
    assertion "authenticationResponse": Required<One<Assertion>>,
    challenge "challenge": Required<Encoded> = "The one of the options.",
}

input! {
    /// What an authenticator signs. Binary fields are base64url, not yet understood.
    #[derive(Debug, Clone)]
    pub part Assertion as "PasskeyAssertion", "What `toJSON()` of the `PublicKeyCredential` gives \
        that `navigator.credentials.get()` found. Further fields are ignored.";

    id "id": Required<Encoded> = "In base64url.",
    raw_id "rawId": Required<Encoded> = "The same as `id`.",
    response "response": Required<One<AssertionResponse>>,
    kind "type": Required<AnyText> = "Always `public-key`.",
}

input! {
    /// The signature and what was signed.
    #[derive(Debug, Clone)]
    pub part AssertionResponse as "PasskeyAssertionResponse",
        "What the authenticator signed, in base64url.";

    client_data "clientDataJSON": Required<Encoded>,
    authenticator_data "authenticatorData": Required<Encoded>,
    signature "signature": Required<Encoded>,
    user_handle "userHandle": Optional<Encoded>,
}

kinds! {
    /// Text in base64url; some programs pad it, which says nothing.
    Encoded = String, Shape::Any,
        |value| text::raw(value).map(|text| text.trim_end_matches('=').to_owned());
}

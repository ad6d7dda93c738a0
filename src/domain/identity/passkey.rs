//! Passkeys: keys stored on a device that verifies its user before using them.

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

/// The maximum number of passkeys of an account.
pub const PASSKEYS_MAX: usize = 20;
/// How long a challenge is valid.
pub const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// The maximum number of pending registrations of an account; older ones are dropped.
pub const REGISTRATIONS_MAX: i64 = 5;
/// The maximum length of an email address or username.
const IDENTIFIER_MAX: usize = 254;

words! {
    /// The purpose of a challenge. A challenge is only valid for its purpose.
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
    /// The authenticator's id for it.
    pub credential_id: Vec<u8>,
    /// The public key and the signature counter, as JSON.
    pub credential: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// Refuses a passkey beyond the maximum.
pub fn must_have_room(passkeys: usize) -> Result<()> {
    if passkeys < PASSKEYS_MAX {
        return Ok(());
    }
    Err(Error::conflict("error-passkeys-max").with("max", PASSKEYS_MAX))
}

input! {
    /// A new passkey: its name, the issued challenge, and the authenticator's answer.
    #[derive(Debug, Clone)]
    pub new NewPasskey;

    name "name": Required<Name> = "A name for the passkey.",
    attestation "registrationResponse": Required<One<Attestation>>,
    challenge "challenge": Required<Encoded> = "The challenge from the options.",
}

input! {
    /// An authenticator's data about a new key. Binary fields are base64url, not decoded yet.
    #[derive(Debug, Clone)]
    pub part Attestation as "PasskeyAttestation", "What `toJSON()` of the `PublicKeyCredential` \
        gives that `navigator.credentials.create()` made. Further fields are ignored.";

    id "id": Required<Encoded> = "In base64url.",
    raw_id "rawId": Required<Encoded> = "The same as `id`.",
    response "response": Required<One<AttestationResponse>>,
    kind "type": Required<AnyText> = "Always `public-key`.",
}

input! {
    /// Its data about the key itself.
    #[derive(Debug, Clone)]
    pub part AttestationResponse as "PasskeyAttestationResponse",
        "The authenticator's response for a new key, in base64url.";

    client_data "clientDataJSON": Required<Encoded>,
    attestation_object "attestationObject": Required<Encoded>,
}

/// An email address or a username, as claimed by a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    Email(String),
    Username(String),
}

impl Identifier {
    /// Returns the same text for every spelling.
    pub fn folded(&self) -> String {
        let (Self::Email(text) | Self::Username(text)) = self;
        text::fold(text)
    }
}

/// Accepts either in the same field.
impl Scalar for Identifier {
    type Value = Self;
    const SHAPE: Shape = Line::<IDENTIFIER_MAX>::SHAPE;

    fn parse(value: &Value) -> Result<Self, Rule> {
        let text = Line::<IDENTIFIER_MAX>::parse(value)?;
        // Every address has an @, and no username does.
        Ok(if text.contains('@') { Self::Email(text) } else { Self::Username(text) })
    }
}

input! {
    /// The user who wants to sign in.
    #[derive(Debug, Clone)]
    pub new LoginStart;

    identifier "identifier": Required<Identifier> = "Email address or username.",
}

input! {
    /// A sign-in by passkey: who, the issued challenge, and the authenticator's answer.
    #[derive(Debug, Clone)]
    pub new PasskeyLogin;

    identifier "identifier": Required<Identifier> = "The identifier that the challenge was requested for.",
    assertion "authenticationResponse": Required<One<Assertion>>,
    challenge "challenge": Required<Encoded> = "The challenge from the options.",
}

input! {
    /// An authenticator's signed answer. Binary fields are base64url, not decoded yet.
    #[derive(Debug, Clone)]
    pub part Assertion as "PasskeyAssertion", "What `toJSON()` of the `PublicKeyCredential` gives \
        that `navigator.credentials.get()` found. Further fields are ignored.";

    id "id": Required<Encoded> = "In base64url.",
    raw_id "rawId": Required<Encoded> = "The same as `id`.",
    response "response": Required<One<AssertionResponse>>,
    kind "type": Required<AnyText> = "Always `public-key`.",
}

input! {
    /// The signature and the signed data.
    #[derive(Debug, Clone)]
    pub part AssertionResponse as "PasskeyAssertionResponse",
        "The authenticator's signed response, in base64url.";

    client_data "clientDataJSON": Required<Encoded>,
    authenticator_data "authenticatorData": Required<Encoded>,
    signature "signature": Required<Encoded>,
    user_handle "userHandle": Optional<Encoded>,
}

kinds! {
    /// Base64url text; padding, which some programs add, is ignored.
    Encoded = String, Shape::Any,
        |value| text::raw(value).map(|text| text.trim_end_matches('=').to_owned());
}

//! Passkeys: WebAuthn as browsers speak it, options and answers as JSON with base64url text.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::{DoneBody, TokensBody},
    error::{Asking, Beginning, Ending, Enrolling, Failed, Reading, Verifying},
};
use crate::{
    app::{
        App,
        passkey::{CreationOptions, RequestOptions, list_passkeys},
        relying_party::{ALGORITHMS, NAME, TIMEOUT},
    },
    domain::{
        account::{Account, Role},
        id::{AccountId, PasskeyId},
        input::Input,
        passkey::{LoginStart, NewPasskey, Passkey, PasskeyLogin},
    },
    http::{
        answer::Bare,
        bearer::Bearer,
        body::Body,
        schema::{Instant, Nullable, OneOf, Text, bodies, schema},
        visitor::Visitor,
    },
};

/// The one type of credential there is.
const PUBLIC_KEY: &str = "public-key";
/// The user must be verified, by fingerprint, face or PIN; possession alone is not enough.
const REQUIRED: &str = "required";

schema! {
    /// Who the passkey is for.
    struct PartyBody "RelyingParty" {
        name "name": String,
        /// The host name that the passkey is bound to.
        id "id": String,
    }
}

schema! {
    /// Whose passkey it will be.
    struct HolderBody "PasskeyUser" {
        /// In base64url.
        id "id": String,
        name "name": String,
        display_name "displayName": String,
    }
}

schema! {
    /// A kind of key that is taken.
    struct AlgorithmBody "PasskeyAlgorithm" {
        kind "type": String,
        /// Its COSE number.
        alg "alg": i64,
    }
}

schema! {
    /// A key by its id.
    struct CredentialBody "PasskeyCredential" {
        kind "type": String,
        /// In base64url.
        id "id": String,
    }
}

impl CredentialBody {
    fn all(ids: Vec<Vec<u8>>) -> Vec<Self> {
        let body = |id: Vec<u8>| Self { kind: PUBLIC_KEY.to_owned(), id: encode(&id) };
        ids.into_iter().map(body).collect()
    }
}

schema! {
    /// What the authenticator must be and do.
    struct SelectionBody "AuthenticatorSelection" {
        attachment "authenticatorAttachment": String,
        user_verification "userVerification": String,
    }
}

schema! {
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON()` takes.
    struct CreationBody "PasskeyCreationOptions" {
        /// In base64url; good for one registration within 5 minutes.
        challenge "challenge": String,
        rp "rp": PartyBody,
        user "user": HolderBody,
        algorithms "pubKeyCredParams": Vec<AlgorithmBody>,
        /// In milliseconds.
        timeout "timeout": i64,
        attestation "attestation": String,
        selection "authenticatorSelection": SelectionBody,
        /// The passkeys that the user has already.
        exclude "excludeCredentials": Option<Vec<CredentialBody>>,
    }
}

impl From<CreationOptions> for CreationBody {
    fn from(options: CreationOptions) -> Self {
        let CreationOptions { challenge, relying_party, account, registered } = options;
        let algorithm = |alg| AlgorithmBody { kind: PUBLIC_KEY.to_owned(), alg };
        Self {
            challenge: encode(&challenge),
            rp: PartyBody { name: NAME.to_owned(), id: relying_party.id().to_owned() },
            user: HolderBody {
                id: encode(account.id.as_bytes()),
                display_name: account.name(),
                name: account.email,
            },
            algorithms: ALGORITHMS.into_iter().map(algorithm).collect(),
            timeout: timeout(),
            attestation: "none".to_owned(),
            selection: SelectionBody {
                attachment: "platform".to_owned(),
                user_verification: REQUIRED.to_owned(),
            },
            exclude: Some(CredentialBody::all(registered)).filter(|list| !list.is_empty()),
        }
    }
}

schema! {
    /// What `PublicKeyCredential.parseRequestOptionsFromJSON()` takes.
    struct RequestBody "PasskeyRequestOptions" {
        /// In base64url; good for one sign-in within 5 minutes.
        challenge "challenge": String,
        /// In milliseconds.
        timeout "timeout": i64,
        rp_id "rpId": String,
        allow "allowCredentials": Vec<CredentialBody>,
        user_verification "userVerification": String,
    }
}

impl From<RequestOptions> for RequestBody {
    fn from(options: RequestOptions) -> Self {
        Self {
            challenge: encode(&options.challenge),
            timeout: timeout(),
            rp_id: options.relying_party.id().to_owned(),
            allow: CredentialBody::all(options.allowed),
            user_verification: REQUIRED.to_owned(),
        }
    }
}

schema! {
    /// A passkey of the signed-in user.
    struct PasskeyBody "Passkey" {
        id "id": Text<PasskeyId>,
        name "name": String,
        created_at "createdAt": Instant,
        last_used_at "lastUsedAt": Nullable<Instant>,
    }
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: Text(passkey.id),
            name: passkey.name,
            created_at: Instant(passkey.created_at),
            last_used_at: Nullable(passkey.last_used_at.map(Instant)),
        }
    }
}

schema! {
    /// Who signed in with a passkey.
    struct SignedInBody "PasskeyLoginUser" {
        id "id": Text<AccountId>,
        email "email": String,
        /// None until one is set.
        username "username": Nullable<String>,
        roles "roles": Vec<OneOf<Role>>,
    }
}

impl From<Account> for SignedInBody {
    fn from(account: Account) -> Self {
        Self {
            id: Text(account.id),
            email: account.email,
            username: Nullable(account.username),
            roles: vec![OneOf(account.role)],
        }
    }
}

schema! {
    /// A user signed in with a passkey.
    struct VerifiedBody "PasskeyLogin" {
        /// Always true.
        success "success": bool,
        message "message": String,
        user "user": SignedInBody,
        tokens "tokens": TokensBody,
    }
}

bodies! {
    /// A new passkey.
    NewPasskeyInput "NewPasskey" = NewPasskey, example r#"{
        "name": "iPhone TouchID",
        "registrationResponse": {
            "id": "credential_id_base64",
            "rawId": "credential_raw_id_buffer",
            "response": {
                "clientDataJSON": "client_data_json_base64",
                "attestationObject": "attestation_object_base64"
            },
            "type": "public-key"
        },
        "challenge": "Y2hhbGxlbmdlX2V4YW1wbGU"
    }"#;

    /// Who wants to sign in.
    IdentifierInput "Identifier" = LoginStart, example r#"{"identifier": "john.doe@example.com"}"#;

    /// A sign-in by passkey.
    PasskeyLoginInput "PasskeyCredentials" = PasskeyLogin, example r#"{
        "identifier": "john.doe@example.com",
        "authenticationResponse": {
            "id": "credential_id_base64",
            "rawId": "credential_raw_id_buffer",
            "response": {
                "clientDataJSON": "client_data_json_base64",
                "authenticatorData": "authenticator_data_base64",
                "signature": "signature_base64"
            },
            "type": "public-key"
        },
        "challenge": "YXV0aF9jaGFsbGVuZ2VfZXhhbXBsZQ"
    }"#;
}

/// The routes of passkeys.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Passkeys")]
impl Routes {
    /// Get what the browser needs to make a passkey
    ///
    /// Hand the answer to `navigator.credentials.create`. The challenge is good once, for 5
    /// minutes.
    #[oai(path = "/passkey/registration-challenge", method = "post", operation_id = "startPasskey")]
    async fn start(&self, bearer: Bearer) -> Result<Bare<CreationBody>, Failed<Beginning>> {
        Ok(Bare::new(self.0.start_passkey(bearer.0).await?))
    }

    /// Register the passkey that the browser has made
    ///
    /// Send what `PublicKeyCredential.toJSON()` gives, and the challenge it was made for.
    #[oai(path = "/passkey/register", method = "post", operation_id = "createPasskey")]
    async fn create(
        &self,
        body: Body<NewPasskeyInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Enrolling>> {
        let new = self.0.admit(bearer.0, body.read(NewPasskey::read)).await?;
        self.0.create_passkey(bearer.0, new).await?;
        Ok(Bare::new("Passkey registered successfully"))
    }

    /// List one's passkeys, newest first
    ///
    /// By the names that were given to them.
    #[oai(path = "/passkeys", method = "get", operation_id = "listPasskeys")]
    async fn list(&self, bearer: Bearer) -> Result<Bare<Vec<PasskeyBody>>, Failed<Reading>> {
        let passkeys = self.0.query(bearer.0, list_passkeys).await?;
        Ok(Bare::new(passkeys.into_iter().map(Into::into).collect::<Vec<_>>()))
    }

    /// Delete a passkey: nobody signs in with it any more
    ///
    /// Other ways to sign in stay as they are.
    #[oai(path = "/passkeys/:id", method = "delete", operation_id = "deletePasskey")]
    async fn delete(
        &self,
        bearer: Bearer,
        id: Path<String>,
    ) -> Result<Bare<DoneBody>, Failed<Ending>> {
        self.0.delete_passkey(bearer.0, PasskeyId::parse(&id)).await?;
        Ok(Bare::new("Passkey deleted successfully"))
    }

    /// Get what the browser needs to sign in with a passkey; the answer is alike whoever it is
    ///
    /// Hand the answer to `navigator.credentials.get`. The challenge is good once, for 5 minutes.
    #[oai(path = "/login/challenge", method = "post", operation_id = "startPasskeyLogin")]
    async fn start_login(
        &self,
        body: Body<IdentifierInput>,
    ) -> Result<Bare<RequestBody>, Failed<Asking>> {
        Ok(Bare::new(self.0.start_passkey_login(body.read(LoginStart::read)?.identifier).await?))
    }

    /// Sign in with a passkey
    ///
    /// Send what `PublicKeyCredential.toJSON()` gives. No `totpCode` is asked for. The access token
    /// is good for an hour, the refresh token for 7 days.
    #[oai(path = "/login/verify", method = "post", operation_id = "loginWithPasskey")]
    async fn login(
        &self,
        body: Body<PasskeyLoginInput>,
        visitor: Visitor,
    ) -> Result<Bare<VerifiedBody>, Failed<Verifying>> {
        let login = body.read(PasskeyLogin::read)?;
        let sign_in = self.0.login_with_passkey(login, visitor.device).await?;
        let tokens = TokensBody::new(&self.0, &sign_in)?;
        let (user, message) = (sign_in.account.into(), "Authentication successful".to_owned());
        Ok(Bare::new(VerifiedBody { success: true, message, user, tokens }))
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn timeout() -> i64 {
    i64::try_from(TIMEOUT.as_millis()).unwrap_or(i64::MAX)
}

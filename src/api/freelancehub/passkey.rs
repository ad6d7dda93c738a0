//! Passkeys: WebAuthn options and responses as JSON with base64url, as browsers use it.

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

/// The only credential type.
const PUBLIC_KEY: &str = "public-key";
/// The user must be verified by fingerprint, face or PIN; presence alone is not enough.
const REQUIRED: &str = "required";

schema! {
    /// The relying party.
    struct PartyBody "RelyingParty" {
        name "name": String,
        /// The host name that the passkey is bound to.
        id "id": String,
    }
}

schema! {
    /// The user of the new passkey.
    struct HolderBody "PasskeyUser" of account: Account {
        /// In base64url.
        id "id": String = encode(account.id.as_bytes()),
        name "name": String = account.email.clone(),
        display_name "displayName": String = account.name(),
    }
}

schema! {
    /// An accepted key type.
    struct AlgorithmBody "PasskeyAlgorithm" of number: i64 {
        kind "type": String = PUBLIC_KEY.to_owned(),
        /// Its COSE algorithm number.
        alg "alg": i64 = number,
    }
}

schema! {
    /// A key, named by its id.
    struct CredentialBody "PasskeyCredential" of id: Vec<u8> {
        kind "type": String = PUBLIC_KEY.to_owned(),
        /// In base64url.
        id "id": String = encode(&id),
    }
}

schema! {
    /// Requirements for the authenticator.
    struct SelectionBody "AuthenticatorSelection" {
        attachment "authenticatorAttachment": String,
        user_verification "userVerification": String,
    }
}

schema! {
    /// The input of `PublicKeyCredential.parseCreationOptionsFromJSON()`.
    struct CreationBody "PasskeyCreationOptions" of options: CreationOptions {
        /// In base64url; valid for one registration within 5 minutes.
        challenge "challenge": String = encode(&options.challenge),
        rp "rp": PartyBody = PartyBody {
            name: NAME.to_owned(),
            id: options.relying_party.id().to_owned(),
        },
        user "user": HolderBody = options.account.into(),
        algorithms "pubKeyCredParams": Vec<AlgorithmBody> =
            ALGORITHMS.into_iter().map(Into::into).collect(),
        /// In milliseconds.
        timeout "timeout": i64 = timeout(),
        attestation "attestation": String = "none".to_owned(),
        selection "authenticatorSelection": SelectionBody = SelectionBody {
            attachment: "platform".to_owned(),
            user_verification: REQUIRED.to_owned(),
        },
        /// The user's existing passkeys.
        exclude "excludeCredentials": Option<Vec<CredentialBody>> =
            (!options.registered.is_empty()).then(|| credentials(options.registered)),
    }
}

schema! {
    /// The input of `PublicKeyCredential.parseRequestOptionsFromJSON()`.
    struct RequestBody "PasskeyRequestOptions" of options: RequestOptions {
        /// In base64url; valid for one sign-in within 5 minutes.
        challenge "challenge": String = encode(&options.challenge),
        /// In milliseconds.
        timeout "timeout": i64 = timeout(),
        rp_id "rpId": String = options.relying_party.id().to_owned(),
        allow "allowCredentials": Vec<CredentialBody> = credentials(options.allowed),
        user_verification "userVerification": String = REQUIRED.to_owned(),
    }
}

schema! {
    /// A passkey of the signed-in user.
    struct PasskeyBody "Passkey" of passkey: Passkey {
        id "id": Text<PasskeyId> = Text(passkey.id),
        name "name": String = passkey.name,
        created_at "createdAt": Instant = Instant(passkey.created_at),
        last_used_at "lastUsedAt": Nullable<Instant> = Nullable(passkey.last_used_at.map(Instant)),
    }
}

schema! {
    /// The user who signed in with a passkey.
    struct SignedInBody "PasskeyLoginUser" of account: Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email,
        /// None until one is set.
        username "username": Nullable<String> = Nullable(account.username),
        roles "roles": Vec<OneOf<Role>> = vec![OneOf(account.role)],
    }
}

schema! {
    /// A user signed in with a passkey.
    struct VerifiedBody "PasskeyLogin" of (account, tokens): (Account, TokensBody) {
        /// Always true.
        success "success": bool = true,
        message "message": String = "Authentication successful".to_owned(),
        user "user": SignedInBody = account.into(),
        tokens "tokens": TokensBody = tokens,
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

    /// The user who wants to sign in.
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
    /// Get the options for creating a passkey
    ///
    /// Pass the response to `navigator.credentials.create`. The challenge works once, within 5
    /// minutes.
    #[oai(path = "/passkey/registration-challenge", method = "post", operation_id = "startPasskey")]
    async fn start(&self, bearer: Bearer) -> Result<Bare<CreationBody>, Failed<Beginning>> {
        Ok(Bare::new(self.0.start_passkey(bearer.0).await?))
    }

    /// Register a passkey created by the browser
    ///
    /// Send the result of `PublicKeyCredential.toJSON()` and the challenge it was created with.
    #[oai(path = "/passkey/register", method = "post", operation_id = "createPasskey")]
    async fn create(
        &self,
        body: Body<NewPasskeyInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Enrolling>> {
        let new = self.0.admit(bearer.0, body.read()).await?;
        self.0.create_passkey(bearer.0, new).await?;
        Ok(Bare::new("Passkey registered successfully"))
    }

    /// List your passkeys, newest first
    ///
    /// With the names they were given.
    #[oai(path = "/passkeys", method = "get", operation_id = "listPasskeys")]
    async fn list(&self, bearer: Bearer) -> Result<Bare<Vec<PasskeyBody>>, Failed<Reading>> {
        let passkeys = self.0.query(bearer.0, list_passkeys).await?;
        Ok(Bare::new(passkeys.into_iter().map(Into::into).collect::<Vec<_>>()))
    }

    /// Delete a passkey: it can no longer sign in
    ///
    /// Other ways to sign in are not affected.
    #[oai(path = "/passkeys/:id", method = "delete", operation_id = "deletePasskey")]
    async fn delete(
        &self,
        bearer: Bearer,
        id: Path<String>,
    ) -> Result<Bare<DoneBody>, Failed<Ending>> {
        self.0.delete_passkey(bearer.0, PasskeyId::parse(&id)).await?;
        Ok(Bare::new("Passkey deleted successfully"))
    }

    /// Get the options for signing in with a passkey; the response does not reveal the account
    ///
    /// Pass the response to `navigator.credentials.get`. The challenge works once, within 5
    /// minutes.
    #[oai(path = "/login/challenge", method = "post", operation_id = "startPasskeyLogin")]
    async fn start_login(
        &self,
        body: Body<IdentifierInput>,
    ) -> Result<Bare<RequestBody>, Failed<Asking>> {
        Ok(Bare::new(self.0.start_passkey_login(body.read()?.identifier).await?))
    }

    /// Sign in with a passkey
    ///
    /// Send the result of `PublicKeyCredential.toJSON()`. No `totpCode` is required. The access
    /// token is valid for an hour, the refresh token for 7 days.
    #[oai(path = "/login/verify", method = "post", operation_id = "loginWithPasskey")]
    async fn login(
        &self,
        body: Body<PasskeyLoginInput>,
        visitor: Visitor,
    ) -> Result<Bare<VerifiedBody>, Failed<Verifying>> {
        let login = body.read()?;
        let sign_in = self.0.login_with_passkey(login, visitor.device).await?;
        let tokens = TokensBody::new(&self.0, &sign_in)?;
        Ok(Bare::new((sign_in.account, tokens)))
    }
}

fn credentials(ids: Vec<Vec<u8>>) -> Vec<CredentialBody> {
    ids.into_iter().map(Into::into).collect()
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn timeout() -> i64 {
    i64::try_from(TIMEOUT.as_millis()).unwrap_or(i64::MAX)
}

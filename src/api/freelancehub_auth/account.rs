//! `verify-otp`, `resend-otp` and `profile`.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    error::{Asking, Failed, Reading, Verifying},
};
use crate::{
    app::{
        App,
        account::find_account,
        code::CodeMail,
        proof::AddressProof,
        session::{AccessLife, SignIn},
    },
    domain::{
        account::{Account, Role},
        code::{CodeRequest, OtpRequest, OtpSignIn, OtpType},
        error::Result,
        id::AccountId,
    },
    http::{
        answer::Bare,
        bearer::{Bearer, OptionalBearer},
        body::Body,
        schema::{Instant, Nullable, OneOf, Text, bodies, schema},
        visitor::Visitor,
    },
};

schema! {
    /// The signed-in user.
    struct UserBody "AuthUser" of account: &Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email.clone(),
        /// First and last name.
        name "name": String = account.name(),
        role "role": OneOf<Role> = OneOf(account.role),
    }
}

schema! {
    /// The response to a completed action.
    struct MessageBody "AuthMessage" of message: &str {
        message "message": String = message.to_owned(),
    }
}

schema! {
    /// A verified email address, and the tokens of the new session.
    struct VerifiedBody "AuthVerified" {
        message "message": String,
        access_token "access_token": String,
        refresh_token "refresh_token": String,
        user "user": UserBody,
    }
}

impl VerifiedBody {
    fn new(app: &App, (sign_in, proof): (SignIn, AddressProof)) -> Result<Self> {
        Ok(Self {
            message: proof.told("Email verified successfully"),
            access_token: app.access_token(sign_in.claims, AccessLife::Configured)?,
            user: (&sign_in.account).into(),
            refresh_token: sign_in.refresh_token,
        })
    }
}

schema! {
    /// The caller's account.
    struct ProfileBody "AuthProfile" of account: Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email.clone(),
        name "name": String = account.name(),
        profile_picture "profilePicture": Option<String> = account.avatar.clone(),
        role "role": OneOf<Role> = OneOf(account.role),
        email_verified "emailVerified": bool = account.email_verified_at.is_some(),
        last_login_at "lastLoginAt": Nullable<Instant> = Nullable(account.last_login_at.map(Instant)),
        is_active "isActive": bool = account.is_active(),
        created_at "createdAt": Instant = Instant(account.created_at),
        updated_at "updatedAt": Instant = Instant(account.updated_at),
    }
}

bodies! {
    /// A code from an email.
    OtpBodyInput "AuthOtp" = OtpSignIn, example r#"{"email": "john@example.com", "otp": "123456"}"#;

    /// The recipient of a new code.
    ResendInput "AuthResend" = CodeRequest, example r#"{"email": "john@example.com"}"#;
}

/// The routes of the caller's account.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Verify the email address with the code from the email, and sign in
    ///
    /// The account can be used from then on, and the response contains its tokens. After 5 wrong
    /// codes a new one must be requested.
    #[oai(path = "/verify-otp", method = "post", operation_id = "verifyOtp")]
    async fn verify_otp(
        &self,
        body: Body<OtpBodyInput>,
        bearer: OptionalBearer,
        visitor: Visitor,
    ) -> Result<Bare<VerifiedBody>, Failed<Verifying>> {
        let given = body.read()?;
        let proven = self.0.verify_email_and_login(given, bearer.0, visitor.device).await?;
        Ok(Bare::new(VerifiedBody::new(&self.0, proven)?))
    }

    /// Send a new code by email; the response is the same whether or not there is such an account
    ///
    /// Only accounts with an unverified address get one. At most 3 in 5 minutes for one address.
    #[oai(path = "/resend-otp", method = "post", operation_id = "resendOtp")]
    async fn resend_otp(
        &self,
        body: Body<ResendInput>,
    ) -> Result<Bare<MessageBody>, Failed<Asking>> {
        let CodeRequest { email } = body.read()?;
        let request = OtpRequest { email, otp_type: OtpType::Verification };
        self.0.send_otp(request, CodeMail::Configured).await?;
        Ok(Bare::new("If the e-mail is waiting to be verified, a new OTP has been sent."))
    }

    /// Get the signed-in user
    ///
    /// The account that the bearer token belongs to.
    #[oai(path = "/profile", method = "get", operation_id = "getAuthProfile")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<ProfileBody>, Failed<Reading>> {
        Ok(Bare::new(self.0.query(bearer.0, find_account).await?))
    }
}

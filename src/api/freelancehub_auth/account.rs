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
        input::Input,
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
    /// Who is signed in.
    struct UserBody "AuthUser" of account: &Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email.clone(),
        /// First and last name.
        name "name": String = account.name(),
        role "role": OneOf<Role> = OneOf(account.role),
    }
}

schema! {
    /// Said when something was done.
    struct MessageBody "AuthMessage" of message: &str {
        message "message": String = message.to_owned(),
    }
}

schema! {
    /// A proven e-mail address, and the tokens of the session that it began.
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
    /// A code that was mailed.
    OtpBodyInput "AuthOtp" = OtpSignIn, example r#"{"email": "john@example.com", "otp": "123456"}"#;

    /// Whom to mail a new code to.
    ResendInput "AuthResend" = CodeRequest, example r#"{"email": "john@example.com"}"#;
}

/// The routes of one's own account.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Prove the e-mail address by the code that was mailed, and sign in
    ///
    /// The account can be used from then on, and the answer brings its tokens. After 5 wrong codes
    /// a new one must be asked for.
    #[oai(path = "/verify-otp", method = "post", operation_id = "verifyOtp")]
    async fn verify_otp(
        &self,
        body: Body<OtpBodyInput>,
        bearer: OptionalBearer,
        visitor: Visitor,
    ) -> Result<Bare<VerifiedBody>, Failed<Verifying>> {
        let given = body.read(OtpSignIn::read)?;
        let proven = self.0.verify_email_and_login(given, bearer.0, visitor.device).await?;
        Ok(Bare::new(VerifiedBody::new(&self.0, proven)?))
    }

    /// Mail a new code; the answer is the same whether or not there is such an account
    ///
    /// Only accounts that wait for their address to be proven are mailed. At most 3 in 5 minutes
    /// for one address.
    #[oai(path = "/resend-otp", method = "post", operation_id = "resendOtp")]
    async fn resend_otp(
        &self,
        body: Body<ResendInput>,
    ) -> Result<Bare<MessageBody>, Failed<Asking>> {
        let CodeRequest { email } = body.read(CodeRequest::read)?;
        let request = OtpRequest { email, otp_type: OtpType::Verification };
        self.0.send_otp(request, CodeMail::Configured).await?;
        Ok(Bare::new("If the e-mail is waiting to be verified, a new OTP has been sent."))
    }

    /// Get the signed-in user
    ///
    /// The account of the bearer token.
    #[oai(path = "/profile", method = "get", operation_id = "getAuthProfile")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<ProfileBody>, Failed<Reading>> {
        Ok(Bare::new(self.0.query(bearer.0, find_account).await?))
    }
}

//! Registration, email verification, login and password reset.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    error::{Checking, Failed, Proving, Reading, Registering, SigningIn},
};
use crate::{
    app::{
        App,
        account::find_account,
        code::{CodeMail, Guessing, HUB_OTP_LIFE},
        session::{AccessLife, HUB_ACCESS_LIFE, SignIn},
    },
    domain::{
        account::{Account, Credentials, Location, Role},
        code::{CodeRequest, EmailLink, EmailOtp, OtpRequest, PasswordReset},
        error::{Error, Kind, Result},
        id::AccountId,
        password::PasswordChange,
        registration::{NewMember, UsernameQuestion},
    },
    http::{
        answer::Bare,
        bearer::{Bearer, OptionalBearer},
        body::Body,
        query::Query,
        schema::{Nullable, OneOf, Text, bodies, schema},
        visitor::Visitor,
    },
};

schema! {
    /// A user's location.
    struct LocationBody "Location" of location: Location {
        country "country": String = location.country,
        city "city": Nullable<String> = Nullable(location.city),
    }
}

schema! {
    /// The public details of a user.
    struct UserProfileBody "UserProfile" {
        avatar "avatar": Nullable<String>,
        location "location": Nullable<LocationBody>,
    }
}

schema! {
    /// A user.
    struct UserBody "User" of account: Account {
        id "id": Text<AccountId> = Text(account.id),
        email "email": String = account.email,
        /// None until one is set.
        username "username": Nullable<String> = Nullable(account.username),
        first_name "firstName": String = account.first_name,
        last_name "lastName": String = account.last_name,
        roles "roles": Vec<OneOf<Role>> = vec![OneOf(account.role)],
        is_email_verified "isEmailVerified": bool = account.email_verified_at.is_some(),
        profile "profile": UserProfileBody = UserProfileBody {
            avatar: Nullable(account.avatar),
            location: Nullable(account.location.map(Into::into)),
        },
    }
}

schema! {
    /// The tokens of a session.
    struct TokensBody "Tokens" {
        access_token "accessToken": String,
        refresh_token "refreshToken": String,
        /// Lifetime of the access token in seconds.
        expires_in "expiresIn": i64,
    }
}

impl TokensBody {
    /// The tokens of a new session.
    pub fn new(app: &App, sign_in: &SignIn) -> Result<Self> {
        Ok(Self {
            access_token: app.access_token(sign_in.claims, AccessLife::Hour)?,
            refresh_token: sign_in.refresh_token.clone(),
            expires_in: HUB_ACCESS_LIFE.as_secs(),
        })
    }
}

schema! {
    /// A signed-in user.
    struct LoginBody "Login" of (account, tokens): (Account, TokensBody) {
        /// Always true.
        success "success": bool = true,
        message "message": String = "Login successful".to_owned(),
        user "user": UserBody = account.into(),
        tokens "tokens": TokensBody = tokens.clone(),
        /// The same as in `tokens`, like the two below.
        access_token "accessToken": String = tokens.access_token,
        refresh_token "refreshToken": String = tokens.refresh_token,
        expires_in "expiresIn": i64 = tokens.expires_in,
    }
}

schema! {
    /// The response to a registration.
    struct RegisteredBody "Registered" {
        message "message": String,
        verification_required "verificationRequired": bool,
    }
}

schema! {
    /// The response to a completed action.
    struct DoneBody "Done" of message: &str {
        /// Always true.
        success "success": bool = true,
        message "message": String = message.to_owned(),
    }
}

schema! {
    /// The response to a request for a code; the same if there is no such account.
    struct OtpSentBody "OtpSent" {
        message "message": String,
        /// Lifetime of the code in seconds.
        expires_in "expiresIn": i64,
    }
}

impl OtpSentBody {
    fn new() -> Self {
        Self {
            message: "OTP sent successfully to your email".to_owned(),
            expires_in: HUB_OTP_LIFE.as_secs(),
        }
    }
}

bodies! {
    /// A new user.
    RegistrationInput "Registration" = NewMember, example r#"{
        "email": "john.doe@example.com",
        "username": "johndoe123",
        "firstName": "John",
        "lastName": "Doe",
        "primaryRole": "freelancer",
        "phone": "+94701234567",
        "location": {
            "country": "Sri Lanka",
            "city": "Colombo",
            "coordinates": [79.8612, 6.9271]
        },
        "dateOfBirth": "1990-01-15",
        "password": "StrongPassword123!"
    }"#;

    /// The token from an emailed link.
    EmailLinkInput "EmailLink" = EmailLink, example r#"{
        "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
        "email": "john.doe@example.com"
    }"#;

    /// The purpose of a requested code.
    OtpRequestInput "OtpRequest" = OtpRequest, example r#"{
        "email": "john.doe@example.com",
        "type": "verification"
    }"#;

    /// A code from an email.
    EmailOtpInput "EmailOtp" = EmailOtp, example r#"{
        "email": "john.doe@example.com",
        "otp": "123456"
    }"#;

    /// Credentials for signing in.
    CredentialsInput "Credentials" = Credentials, example r#"{
        "email": "john.doe@example.com",
        "password": "StrongPassword123!"
    }"#;

    /// A request for a password reset code.
    ForgotPasswordInput "ForgotPassword" = CodeRequest, example r#"{"email": "john.doe@example.com"}"#;

    /// A new password and the code from the email.
    PasswordResetInput "PasswordReset" = PasswordReset, example r#"{
        "email": "john.doe@example.com",
        "otp": "123456",
        "newPassword": "StrongerPassword123!"
    }"#;

    /// A new password and the current one.
    PasswordChangeInput "PasswordChange" = PasswordChange, example r#"{
        "currentPassword": "StrongPassword123!",
        "newPassword": "StrongerPassword123!"
    }"#;
}

schema! {
    /// Whether a username is available.
    struct AvailableBody "UsernameAvailability" {
        available "available": bool,
    }
}

/// The routes of an account.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Register; an email contains a link and a code, either of which verifies the address
    ///
    /// The account can be used once its address is verified. At most 5 an hour from one address.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        body: Body<RegistrationInput>,
    ) -> Result<Bare<RegisteredBody, 201>, Failed<Registering>> {
        let today = self.0.today();
        let input = body.read_with(|fields| NewMember::read_on(fields, today));
        let registration = self.0.admit_registrant(input).await?;
        let said = |error: Error| {
            error.reworded(|kind| *kind == Kind::Conflict, "error-email-or-username-exists")
        };
        self.0.register_pending(registration.into(), CodeMail::WithLink).await.map_err(said)?;
        Ok(Bare::new(RegisteredBody {
            message: "User registered successfully. Please check your email for verification."
                .to_owned(),
            verification_required: true,
        }))
    }

    /// Verify the email address with the token from the link
    ///
    /// The token is valid for 24 hours and works once.
    #[oai(path = "/verify-email", method = "post", operation_id = "verifyEmail")]
    async fn verify_email(
        &self,
        body: Body<EmailLinkInput>,
        bearer: OptionalBearer,
    ) -> Result<Bare<DoneBody>, Failed<Proving>> {
        let proof = self.0.verify_email_link(body.read()?, bearer.0).await?;
        Ok(Bare::new(&*proof.told("Email verified successfully")))
    }

    /// Send a code by email; the response is the same whether or not there is such an account
    ///
    /// The code is valid for 5 minutes. At most 3 in 5 minutes for one address, and 3 password
    /// resets an hour.
    #[oai(path = "/send-email-otp", method = "post", operation_id = "sendEmailOtp")]
    async fn send_email_otp(
        &self,
        body: Body<OtpRequestInput>,
    ) -> Result<Bare<OtpSentBody>, Failed<Proving>> {
        self.0.send_otp(body.read()?, CodeMail::FiveMinutes).await?;
        Ok(Bare::new(OtpSentBody::new()))
    }

    /// Verify the email address with the code from the email
    ///
    /// After 5 wrong codes a new one must be requested.
    #[oai(path = "/verify-email-otp", method = "post", operation_id = "verifyEmailOtp")]
    async fn verify_email_otp(
        &self,
        body: Body<EmailOtpInput>,
        bearer: OptionalBearer,
    ) -> Result<Bare<DoneBody>, Failed<Proving>> {
        let proof = self.0.verify_email(body.read()?, bearer.0).await?;
        Ok(Bare::new(&*proof.told("Email verified successfully")))
    }

    /// Sign in with a password
    ///
    /// The access token is valid for an hour, the refresh token for 7 days. An account with
    /// two-factor sign-in gets 401 until `totpCode` is sent with the password. At most 10 in 15
    /// minutes from one address.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        body: Body<CredentialsInput>,
        visitor: Visitor,
    ) -> Result<Bare<LoginBody>, Failed<SigningIn>> {
        let credentials = body.read()?;
        let is_refusal =
            |kind: &Kind| matches!(kind, Kind::Unauthenticated | Kind::SecondFactor(_));
        let said = |error: Error| error.reworded(is_refusal, "error-wrong-login");
        let sign_in = self.0.login(credentials, visitor.device).await.map_err(said)?;
        let tokens = TokensBody::new(&self.0, &sign_in)?;
        Ok(Bare::new((sign_in.account, tokens)))
    }

    /// Send a password reset code by email; the response is the same for unknown addresses
    ///
    /// The code is valid for 5 minutes. At most 3 an hour for one address.
    #[oai(path = "/forgot-password", method = "post", operation_id = "forgotPassword")]
    async fn forgot_password(
        &self,
        body: Body<ForgotPasswordInput>,
    ) -> Result<Bare<OtpSentBody>, Failed<Proving>> {
        let request = body.read()?;
        self.0.send_password_reset(request.email).await?;
        Ok(Bare::new(OtpSentBody::new()))
    }

    /// Set a new password with the code from the email; every session ends
    ///
    /// This also verifies the email address. After 5 wrong codes a new one must be requested.
    #[oai(path = "/reset-password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        body: Body<PasswordResetInput>,
        bearer: OptionalBearer,
    ) -> Result<Bare<DoneBody>, Failed<Proving>> {
        let reset = body.read()?;
        self.0.reset_password(reset, Guessing::AsSet, bearer.0).await?;
        Ok(Bare::new("Password reset successfully. Please log in again."))
    }

    /// Set a new password; every other session ends
    ///
    /// A wrong current password is 400. The new password must follow the rule of the API that
    /// created the account.
    #[oai(path = "/change-password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        body: Body<PasswordChangeInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<SigningIn>> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        self.0.change_password_by_rule(bearer.0, change).await?;
        Ok(Bare::new("Password changed successfully"))
    }

    /// Check whether a username is available
    ///
    /// Usernames are case-insensitive.
    #[oai(path = "/check-username", method = "get", operation_id = "checkUsername")]
    async fn check_username(
        &self,
        asked: Query<UsernameQuestion>,
    ) -> Result<Bare<AvailableBody>, Failed<Checking>> {
        let UsernameQuestion { username } = asked.read()?;
        let available = self.0.is_username_free(username).await?;
        Ok(Bare::new(AvailableBody { available }))
    }

    /// Get the signed-in user
    ///
    /// The account that the bearer token belongs to.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn find(&self, bearer: Bearer) -> Result<Bare<UserBody>, Failed<Reading>> {
        Ok(Bare::new(self.0.query(bearer.0, find_account).await?))
    }
}

//! `/api/v1/auth/register` and `/api/v1/auth/login`, which both FreelanceOS and FreelanceHub Auth
//! document. A `role` in the registration body tells them apart; a login gets one response body
//! that satisfies both.

use std::sync::Arc;

use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::{
    freelancehub_auth::{self, account as auth_account},
    freelanceos::{self, account as os_account, envelope::Created},
    nest::asks_second_factor,
};
use crate::{
    app::{
        App,
        code::CodeMail,
        session::{AccessLife, SignIn},
    },
    domain::{
        account::Credentials,
        error::{Error, Kind, Result},
        input::{Input, Shape},
        registration::{NewFreelancer, NewUser, Registration},
    },
    http::{
        answer::{Bare, bytes, json},
        body::Body,
        failed::{Failed, statuses},
        problem::Problem,
        schema::{Either, bodies, schema},
        visitor::Visitor,
    },
};

bodies! {
    /// A new user of FreelanceOS, signed in at once.
    OsRegistrationInput "Registration" = NewFreelancer, example r#"{
        "email": "user@example.com",
        "password": "SecurePass123",
        "firstName": "John",
        "lastName": "Doe"
    }"#;

    /// A new user of FreelanceHub Auth, who verifies the email address with the emailed code.
    AuthRegistrationInput "AuthRegistration" = NewUser, example r#"{
        "firstName": "John",
        "lastName": "Doe",
        "email": "john@example.com",
        "password": "SecurePass123!",
        "role": "freelancer"
    }"#;

    /// Credentials for signing in.
    CredentialsInput "Credentials" = Credentials, example r#"{
        "email": "user@example.com",
        "password": "SecurePass123"
    }"#;
}

schema! {
    /// A signed-in user and the token to send as `Authorization: Bearer …`, valid for 7 days.
    struct SignInBody "SignIn" {
        token "token": String,
        user "user": os_account::UserBody,
    }
}

impl SignInBody {
    fn new(app: &App, sign_in: &SignIn) -> Result<Self> {
        Ok(Self {
            token: app.access_token(sign_in.claims, AccessLife::Week)?,
            user: sign_in.account.clone().into(),
        })
    }
}

schema! {
    /// A signed-in user, in the bodies of both documents.
    struct LoginBody "Login" {
        /// Always true.
        success "success": bool,
        data "data": SignInBody,
        /// Valid for as long as `JWT_EXPIRES_IN` says.
        access_token "access_token": String,
        refresh_token "refresh_token": String,
        user "user": auth_account::UserBody,
    }
}

impl LoginBody {
    fn new(app: &App, sign_in: SignIn) -> Result<Self> {
        Ok(Self {
            success: true,
            data: SignInBody::new(app, &sign_in)?,
            access_token: app.access_token(sign_in.claims, AccessLife::Configured)?,
            user: (&sign_in.account).into(),
            refresh_token: sign_in.refresh_token,
        })
    }
}

schema! {
    /// What went wrong, in the bodies of both documents.
    struct SharedErrorBody "SharedError" {
        /// Always false.
        success "success": bool,
        error "error": String,
        status_code "statusCode": u16,
        message "message": String,
        /// True if the request must also have a `totpCode`.
        two_factor_required "twoFactorRequired": Option<bool>,
    }
}

/// Whether a path belongs to both documents.
pub fn owns(path: &str) -> bool {
    matches!(path, "/api/v1/auth/register" | "/api/v1/auth/login")
}

/// Writes a problem in a format of both documents: of a login, or of a registration whose body has
/// not yet shown which document it follows.
pub fn shape(_path: &str, problem: &Problem) -> Response {
    let message = freelanceos::error::message(problem);
    let body = SharedErrorBody {
        success: false,
        error: message.clone(),
        status_code: problem.status.as_u16(),
        message,
        two_factor_required: asks_second_factor(problem),
    };
    json(problem.status, bytes(&body))
}

statuses! {
    /// Registration.
    Registering: 400 403 409 413 415 429 500 503;
    /// Login.
    LoggingIn: 400 401 413 415 429 500 503;
}

/// In the format of the document that the body follows, or of both if unknown.
type RegisterError = Either<
    freelanceos::error::ErrorBody,
    Either<freelancehub_auth::error::ErrorBody, SharedErrorBody>,
>;

/// A successful registration.
enum Registered {
    Os(Created<SignInBody>),
    Auth(Bare<auth_account::MessageBody, 201>),
}

impl IntoResponse for Registered {
    fn into_response(self) -> Response {
        match self {
            Self::Os(created) => created.into_response(),
            Self::Auth(message) => message.into_response(),
        }
    }
}

impl ApiResponse for Registered {
    fn meta() -> MetaResponses {
        let mut meta = Created::<SignInBody>::meta();
        let other = Bare::<auth_account::MessageBody, 201>::meta();
        for (response, other) in meta.responses.iter_mut().zip(other.responses) {
            for (content, other) in response.content.iter_mut().zip(other.content) {
                content.schema = one_of(content.schema.clone(), other.schema);
            }
        }
        meta
    }

    fn register(registry: &mut Registry) {
        Created::<SignInBody>::register(registry);
        Bare::<auth_account::MessageBody, 201>::register(registry);
    }
}

fn one_of(a: MetaSchemaRef, b: MetaSchemaRef) -> MetaSchemaRef {
    let schema = MetaSchema { one_of: vec![a, b], ..MetaSchema::ANY };
    MetaSchemaRef::Inline(Box::new(schema))
}

/// The routes that both documents have.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "freelanceos::Tag::Auth")]
impl Routes {
    /// Create a new user account: with a `role` in FreelanceHub Auth, else in FreelanceOS
    ///
    /// Without a `role` the account can be used at once, and the response contains its token. With
    /// one, a code is sent by email, and the account waits until `/auth/verify-otp` verifies the
    /// address. At most 3 an hour from one address.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        body: Body<Either<OsRegistrationInput, AuthRegistrationInput>>,
        visitor: Visitor,
    ) -> Result<Registered, Failed<Registering, RegisterError>> {
        if body.read_with(|fields| Ok(fields.field("role", &Shape::Any).is_some()))? {
            let registered = self.register_with_role(body.read_with(NewUser::read)).await;
            let shaped = |error| Failed::shaped(error, freelancehub_auth::error::shape);
            return registered.map(Registered::Auth).map_err(shaped);
        }
        let registered =
            self.register_without_role(body.read_with(NewFreelancer::read), visitor).await;
        let shaped = |error| Failed::shaped(error, freelanceos::error::shape);
        registered.map(Registered::Os).map_err(shaped)
    }

    /// Authenticate and receive the tokens of both documents
    ///
    /// `data.token` is valid for 7 days, `access_token` for as long as `JWT_EXPIRES_IN` says; each
    /// works on every API. An account with two-factor sign-in gets 401 until `totpCode` is sent
    /// with the password. At most 5 in 15 minutes from one address.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        body: Body<CredentialsInput>,
        visitor: Visitor,
    ) -> Result<Bare<LoginBody>, Failed<LoggingIn, SharedErrorBody>> {
        let credentials = body.read()?;
        let sign_in = self.0.login(credentials, visitor.device).await?;
        Ok(Bare::new(LoginBody::new(&self.0, sign_in)?))
    }
}

impl Routes {
    async fn register_without_role(
        &self,
        input: Result<NewFreelancer>,
        visitor: Visitor,
    ) -> Result<Created<SignInBody>> {
        let registration = self.0.admit_registrant(input).await?;
        let registration = self.0.guard(registration.into(), Registration::guarded).await?;
        let sign_in = self.0.register(registration, visitor.device).await?;
        Ok(Created::new(SignInBody::new(&self.0, &sign_in)?))
    }

    async fn register_with_role(
        &self,
        input: Result<NewUser>,
    ) -> Result<Bare<auth_account::MessageBody, 201>> {
        let registration = self.0.admit_registrant(input).await?;
        let said =
            |error: Error| error.reworded(|kind| *kind == Kind::Conflict, "error-user-exists");
        self.0.register_pending(registration.into(), CodeMail::Configured).await.map_err(said)?;
        Ok(Bare::new("Registration successful. Please verify your email with the OTP sent."))
    }
}

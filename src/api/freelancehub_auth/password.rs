//! `forgot-password`, `reset-password` and `change-password`.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    error::{Asking, Changing, Failed},
};
use crate::{
    app::{
        App,
        code::{Guessing, HUB_OTP_LIFE},
    },
    domain::{
        code::{CodeRequest, PasswordReset},
        error::Result,
        password::PasswordChange,
    },
    http::{
        answer::Bare,
        bearer::{Bearer, OptionalBearer},
        body::Body,
        schema::{bodies, schema},
    },
};

schema! {
    /// The response to a request for a code; the same if there is no such account.
    struct OtpSentBody "AuthOtpSent" {
        message "message": String,
        /// Lifetime of the code in seconds.
        expires_in "expiresIn": i64,
    }
}

schema! {
    /// The response to a completed action.
    struct DoneBody "AuthDone" of message: &str {
        /// Always true.
        success "success": bool = true,
        message "message": String = message.to_owned(),
    }
}

bodies! {
    /// A request for a password reset code.
    ForgotPasswordInput "AuthForgotPassword" = CodeRequest, example r#"{"email": "john@example.com"}"#;

    /// A new password and the code from the email.
    PasswordResetInput "AuthPasswordReset" = PasswordReset, example r#"{
        "email": "john@example.com",
        "otp": "123456",
        "newPassword": "SecurerPass123!"
    }"#;

    /// A new password and the current one.
    PasswordChangeInput "AuthPasswordChange" = PasswordChange, example r#"{
        "currentPassword": "SecurePass123!",
        "newPassword": "SecurerPass123!"
    }"#;
}

/// The routes of passwords.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl Routes {
    /// Send a password reset code by email; the response is the same for unknown addresses
    ///
    /// The code is valid for 5 minutes. At most 3 an hour for one address.
    #[oai(path = "/forgot-password", method = "post", operation_id = "forgotAuthPassword")]
    async fn forgot(
        &self,
        body: Body<ForgotPasswordInput>,
    ) -> Result<Bare<OtpSentBody>, Failed<Asking>> {
        let request = body.read()?;
        self.0.send_password_reset(request.email).await?;
        Ok(Bare::new(OtpSentBody {
            message: "OTP sent successfully to your email".to_owned(),
            expires_in: HUB_OTP_LIFE.as_secs(),
        }))
    }

    /// Set a new password with the code from the email; every session ends
    ///
    /// This also verifies the email address. The new password must follow the rule of the API that
    /// created the account.
    #[oai(path = "/reset-password", method = "post", operation_id = "resetAuthPassword")]
    async fn reset(
        &self,
        body: Body<PasswordResetInput>,
        bearer: OptionalBearer,
    ) -> Result<Bare<DoneBody>, Failed<Asking>> {
        let reset = body.read()?;
        self.0.reset_password(reset, Guessing::AsSet, bearer.0).await?;
        Ok(Bare::new("Password reset successfully. Please log in again."))
    }

    /// Set a new password; every other session ends
    ///
    /// A wrong current password is 400. The new password must follow the rule of the API that
    /// created the account.
    #[oai(path = "/change-password", method = "post", operation_id = "changeAuthPassword")]
    async fn change(
        &self,
        body: Body<PasswordChangeInput>,
        bearer: Bearer,
    ) -> Result<Bare<DoneBody>, Failed<Changing>> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        self.0.change_password_by_rule(bearer.0, change).await?;
        Ok(Bare::new("Password changed successfully"))
    }
}

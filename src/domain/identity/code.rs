//! One-time passwords and link tokens that verify an email address.

use serde_json::Value;

use crate::domain::{
    error::Result,
    input::{OrDefault, Required, Scalar, Shape, input, kinds},
    password::must_not_be_guessed,
    redacted,
    rule::Rule,
    text::{self, AnyText, KnownEmail, NewPassword},
    word::words,
};

/// Digits of a one-time password.
pub const OTP_DIGITS: usize = 6;
/// After this many wrong tries, even the right code is refused.
pub const WRONG_TRIES_MAX: i64 = 5;

words! {
    /// The purpose of a code. A code is only valid for its purpose.
    Purpose {
        Verification "verification",
        /// The token of the link in the email, for the same purpose.
        VerificationLink "verification_link",
        /// The link with which the owner of the address deletes a pending account that someone else
        /// created.
        Removal "removal_link",
        PasswordReset "password_reset",
    }
}

words! {
    /// The purposes for which an OTP can be requested.
    OtpType {
        Verification "verification",
        PasswordReset "password_reset",
    }
}

/// A one-time password of six digits. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Otp(String);

impl Otp {
    /// Returns the code for a number below a million.
    pub fn from_number(number: u32) -> Self {
        Self(format!("{number:0width$}", width = OTP_DIGITS))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scalar for Otp {
    type Value = Self;
    const SHAPE: Shape = Shape::Otp;

    fn parse(value: &Value) -> Result<Self, Rule> {
        let text = text::raw(value)?;
        let fits = text.len() == OTP_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(Rule::Otp) }
    }
}

input! {
    /// Requests a code by mail.
    #[derive(Debug, Clone)]
    pub new OtpRequest;

    email "email": Required<KnownEmail>,
    otp_type "type": Required<OtpType>,
}

input! {
    /// Requests a code of the kind that the route implies.
    #[derive(Debug, Clone)]
    pub new CodeRequest;

    email "email": Required<KnownEmail>,
}

input! {
    /// Verifies an email address with the code emailed to it.
    #[derive(Debug, Clone)]
    pub new EmailOtp;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
}

input! {
    /// The same, but also signs in.
    #[derive(Debug, Clone)]
    pub new OtpSignIn;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
    totp_code "totpCode": OrDefault<GivenCode> = "Required if the account uses two-factor sign-in.",
}

input! {
    /// Verifies an email address with the link emailed to it.
    #[derive(Clone)]
    pub new EmailLink;

    token "token": Required<AnyText>,
    email "email": Required<KnownEmail>,
}

input! {
    /// Sets a new password with the emailed code. The password has 8 to 128 characters. The API
    /// that created the account may have more rules, which are checked once the account is known.
    #[derive(Debug, Clone)]
    pub new PasswordReset;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
    password "newPassword": Required<NewPassword>
        = "The rules are those of the API that created the account.",
}

impl PasswordReset {
    /// Refuses an easily guessed password. No API document requires this.
    pub fn guarded(self) -> Result<Self> {
        must_not_be_guessed("newPassword", &self.password, &self.email, &[])?;
        Ok(self)
    }
}

/// A code from an authenticator app, or a backup code, as typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondCode(String);

impl SecondCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ignores spaces and, in backup codes, case.
impl Scalar for SecondCode {
    type Value = Self;
    const SHAPE: Shape = Shape::Any;

    fn parse(value: &Value) -> Result<Self, Rule> {
        let text: String = text::raw(value)?
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_lowercase)
            .collect();
        match text.len() {
            0 => Err(Rule::Empty),
            1..=64 => Ok(Self(text)),
            _ => Err(Rule::TooLong { max: 64 }),
        }
    }
}

kinds! {
    /// A second code that may be empty in a form.
    GivenCode = Option<SecondCode>, Shape::Any, |value| match text::raw(value)?.trim() {
        "" => Ok(None),
        _ => SecondCode::parse(value).map(Some),
    };
}

redacted!(Otp, SecondCode);

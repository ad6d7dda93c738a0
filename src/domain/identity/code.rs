//! One-time passwords and link tokens that prove an e-mail address.

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
/// After so many wrong ones the right one is refused too.
pub const WRONG_TRIES_MAX: i64 = 5;

words! {
    /// What a code was mailed for. A code for one purpose is never good for another.
    Purpose {
        Verification "verification",
        /// The token of the link in the mail, for the same purpose.
        VerificationLink "verification_link",
        /// The link by which somebody else than its maker removes an account that waits.
        Removal "removal_link",
        PasswordReset "password_reset",
    }
}

words! {
    /// What an OTP may be asked for.
    OtpType {
        Verification "verification",
        PasswordReset "password_reset",
    }
}

/// A one-time password of six digits. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Otp(String);

impl Otp {
    /// The code of a number below a million.
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
    /// Asks for a code to be mailed.
    #[derive(Debug, Clone)]
    pub new OtpRequest;

    email "email": Required<KnownEmail>,
    otp_type "type": Required<OtpType>,
}

input! {
    /// Asks for a code of the kind that the route says.
    #[derive(Debug, Clone)]
    pub new CodeRequest;

    email "email": Required<KnownEmail>,
}

input! {
    /// Proves an e-mail address by the code that was mailed to it.
    #[derive(Debug, Clone)]
    pub new EmailOtp;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
}

input! {
    /// The same where it signs in.
    #[derive(Debug, Clone)]
    pub new OtpSignIn;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
    totp_code "totpCode": OrDefault<GivenCode> = "Where the account asks for a second factor.",
}

input! {
    /// Proves an e-mail address by the link that was mailed to it.
    #[derive(Clone)]
    pub new EmailLink;

    token "token": Required<AnyText>,
    email "email": Required<KnownEmail>,
}

input! {
    /// Sets another password, by the code that was mailed. The password is 8 to 128 characters; the
    /// API that made the account may ask for more, which is known once the account is.
    #[derive(Debug, Clone)]
    pub new PasswordReset;

    email "email": Required<KnownEmail>,
    otp "otp": Required<Otp>,
    password "newPassword": Required<NewPassword>
        = "By the rule of the document that the account was made by.",
}

impl PasswordReset {
    /// Refuses a password that would be guessed, which no document asks for.
    pub fn guarded(self) -> Result<Self> {
        must_not_be_guessed("newPassword", &self.password, &self.email, &[])?;
        Ok(self)
    }
}

/// A code of an authenticator app, or a backup code, as typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondCode(String);

impl SecondCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// People type spaces into codes, and backup codes in upper case.
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
    /// A second code that a form may send empty.
    GivenCode = Option<SecondCode>, Shape::Any, |value| match text::raw(value)?.trim() {
        "" => Ok(None),
        _ => SecondCode::parse(value).map(Some),
    };
}

redacted!(Otp, SecondCode);

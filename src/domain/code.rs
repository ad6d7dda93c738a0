//! One-time passwords and link tokens that prove an e-mail address.

use std::fmt;

use serde_json::Value;

use super::{
    account::{Account, Password},
    error::Result,
    form::{Form, Object, Read},
    password::{check_rule, must_not_be_guessed},
    rule::Rule,
    text,
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

    pub fn read(value: &Value) -> Result<Self, Rule> {
        let text = text::raw(value)?;
        let fits = text.len() == OTP_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(Rule::Otp) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Otp(…)")
    }
}

/// Asks for a code to be mailed.
#[derive(Debug, Clone)]
pub struct OtpRequest {
    pub email: String,
    pub otp_type: OtpType,
}

impl OtpRequest {
    /// Reads `email` and `type`.
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::known_email);
            let otp_type = form.required("type", OtpType::read);
            Ok(Self { email: email?, otp_type: otp_type? })
        })
    }

    /// Reads `email`, for a type that the route says.
    pub fn of_type(otp_type: OtpType) -> impl Fn(&Object) -> Result<Self> {
        move |object| {
            Form::read(object, |form| {
                let email = form.required("email", text::known_email);
                Ok(Self { email: email?, otp_type })
            })
        }
    }
}

/// Proves an e-mail address by the code that was mailed to it.
#[derive(Debug, Clone)]
pub struct EmailOtp {
    pub email: String,
    pub otp: Otp,
    /// Where it signs in, and the account asks for a second factor.
    pub totp_code: Option<SecondCode>,
}

impl EmailOtp {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::known_email);
            let otp = form.required("otp", Otp::read);
            let totp_code = SecondCode::read_optional(form);
            Ok(Self { email: email?, otp: otp?, totp_code: totp_code? })
        })
    }
}

/// Proves an e-mail address by the link that was mailed to it.
#[derive(Clone)]
pub struct EmailLink {
    pub token: String,
    pub email: String,
}

impl EmailLink {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let token = form.required("token", text::any);
            let email = form.required("email", text::known_email);
            Ok(Self { token: token?, email: email? })
        })
    }
}

/// Sets another password, by the code that was mailed. The password is 8 to 128 characters; the
/// API that made the account may ask for more, which is known once the account is.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    pub email: String,
    pub otp: Otp,
    pub password: Password,
    /// What is asked of the password once the code has told whose it is.
    pub rule: fn(&Account, &Password) -> Result<()>,
}

impl PasswordReset {
    /// Reads a reset whose password is to follow the rule of the API that made the account.
    pub fn read(object: &Object) -> Result<Self> {
        Self::read_fields(object, check_rule)
    }

    /// Reads a reset by the rule of the pages, which is the same for every account.
    pub fn read_web(object: &Object) -> Result<Self> {
        Self::read_fields(object, |_, _| Ok(()))
    }

    fn read_fields(object: &Object, rule: fn(&Account, &Password) -> Result<()>) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::known_email);
            let otp = form.required("otp", Otp::read);
            let password = form.required("newPassword", text::new_password).map(Password::new);
            Ok(Self { email: email?, otp: otp?, password: password?, rule })
        })
    }

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
    /// Reads one; people type spaces into codes, and backup codes in upper case.
    pub fn read(value: &Value) -> Result<Self, Rule> {
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

    /// Reads a field that may be left out, or left empty by a form that always sends it.
    pub fn read_optional(form: &mut Form) -> Read<Option<Self>> {
        let code = form.optional("totpCode", |value| match text::raw(value)?.trim() {
            "" => Ok(None),
            _ => Self::read(value).map(Some),
        });
        code.map(Option::flatten)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecondCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecondCode(…)")
    }
}

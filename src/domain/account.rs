//! Accounts: who uses the program, and how money and days are shown to them.

use std::{borrow::Cow, fmt};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    code::SecondCode,
    date::{DateFormat, Zone},
    error::Result,
    form::{Form, Object, Read},
    id::AccountId,
    money::Currency,
    rule::Rule,
    text,
    word::words,
};

words! {
    /// What an account is for.
    Role {
        Freelancer "freelancer",
        Client "client",
    }
}

words! {
    /// Whether an account can be used.
    AccountState {
        Active "active",
        /// Waits for its e-mail to be proven.
        Pending "pending",
        /// An admin has locked it.
        Locked "locked",
    }
}

words! {
    /// Which API made an account.
    Origin {
        FreelanceOs "freelanceos",
        FreelanceHub "freelancehub",
        FreelanceHubAuth "freelancehub_auth",
    }
}

impl Origin {
    /// Holds a new password against the rule of the API that made the account.
    ///
    /// # Errors
    ///
    /// The rule that the password breaks.
    pub fn check_password(self, password: &Password) -> Result<(), Rule> {
        match self {
            Self::FreelanceOs => text::check_password(&password.0),
            Self::FreelanceHub => text::check_varied_password(&password.0),
            Self::FreelanceHubAuth => text::check_patterned_password(&password.0),
        }
    }
}

/// What changed of how an account is signed in to; its owner is told by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInChange {
    Password,
    TwoFactorOn,
    TwoFactorOff,
    PasskeyAdded,
    PasskeyRemoved,
    /// Nothing changed, but somebody with the password tried a wrong second factor.
    WrongFactor,
}

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub country: String,
    pub city: Option<String>,
    pub coordinates: Option<Coordinates>,
}

/// Decimals kept of a degree: a tenth of a millimetre.
const DEGREE_DECIMALS: u32 = 9;

/// A point on earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coordinates {
    /// East is positive.
    pub longitude: Decimal,
    /// North is positive.
    pub latitude: Decimal,
}

impl Location {
    /// Reads the fields of a location; the country must be there.
    pub fn read(form: &mut Form) -> Read<Self> {
        let country = form.required("country", text::line(text::NAME_MAX));
        let city = form.optional("city", text::line(text::NAME_MAX));
        let coordinates = form.optional("coordinates", Coordinates::read);
        Ok(Self { country: country?, city: city?, coordinates: coordinates? })
    }
}

impl Coordinates {
    /// Reads `[longitude, latitude]`.
    fn read(value: &Value) -> Result<Self, Rule> {
        let Some([longitude, latitude]) = value.as_array().map(Vec::as_slice) else {
            return Err(Rule::Coordinates);
        };
        let within = |value: &Value, most: i64| {
            let degrees = value.as_f64().and_then(|degrees| Decimal::try_from(degrees).ok());
            let degrees = degrees.map(|degrees| degrees.round_dp(DEGREE_DECIMALS).normalize());
            degrees.filter(|degrees| degrees.abs() <= most.into()).ok_or(Rule::Coordinates)
        };
        Ok(Self { longitude: within(longitude, 180)?, latitude: within(latitude, 90)? })
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// As typed; compared without regard to case.
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// The base currency: totals are shown in it.
    pub currency: Currency,
    /// Days, months and "overdue" are counted in it.
    pub zone: Zone,
    /// How days are written for it.
    pub date_format: DateFormat,
    pub avatar: Option<String>,
    pub role: Role,
    /// Unique without regard to case; none until one is set.
    pub username: Option<String>,
    pub phone: Option<String>,
    pub location: Option<Location>,
    pub date_of_birth: Option<Date>,
    /// Empty while the account waits for its e-mail to be proven.
    pub activated_at: Option<Timestamp>,
    pub email_verified_at: Option<Timestamp>,
    /// Set while an admin has locked the account.
    pub disabled_at: Option<Timestamp>,
    /// Whether its user runs this server; at most one account's does.
    pub is_owner: bool,
    pub made_by: Origin,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Account {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Whether its owner may sign in, or why not.
    pub fn state(&self) -> AccountState {
        match (self.disabled_at, self.activated_at) {
            (Some(_), _) => AccountState::Locked,
            (None, None) => AccountState::Pending,
            (None, Some(_)) => AccountState::Active,
        }
    }

    /// Whether it has the rights of an account whose address is proven. Whoever set the server up
    /// has them without proof.
    pub fn is_proven(&self) -> bool {
        self.email_verified_at.is_some() || self.is_owner
    }

    /// Whether its owner may sign in.
    pub fn is_active(&self) -> bool {
        self.state() == AccountState::Active
    }
}

/// A password. Never printed.
///
/// Keyboards and systems write the same letters in several ways: `ä` as one character or as two.
/// Passwords are therefore hashed and checked in Unicode's normal form NFKC.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password as it was typed.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The normal form, which is hashed.
    pub fn normal(&self) -> Cow<'_, str> {
        text::normal_password(&self.0)
    }

    /// What was typed, to be read again as it was.
    pub fn as_typed(&self) -> &str {
        &self.0
    }

    /// What was typed, where that is not the normal form. Versions before 4 of the database
    /// hashed it.
    pub fn typed(&self) -> Option<&str> {
        (self.normal() != self.0).then_some(&self.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What signs a user in.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub email: String,
    pub password: Password,
    /// Where the account asks for a second factor.
    pub totp_code: Option<SecondCode>,
}

impl Credentials {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::known_email);
            let password = form.required("password", text::any);
            let totp_code = SecondCode::read_optional(form);
            Ok(Self { email: email?, password: Password(password?), totp_code: totp_code? })
        })
    }
}

/// A change of one's own account.
#[derive(Debug, Clone)]
pub struct AccountChange {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub currency: Option<Currency>,
    pub zone: Option<Zone>,
    /// Only pages change it: no API has the field.
    pub date_format: Option<DateFormat>,
}

impl AccountChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, Ok(None)))
    }

    /// What a page sends: `dateFormat` too.
    pub fn read_web(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let date_format = form.change("dateFormat", DateFormat::read);
            Self::read_fields(form, date_format)
        })
    }

    fn read_fields(form: &mut Form, date_format: Read<Option<DateFormat>>) -> Read<Self> {
        let first_name = form.change("firstName", text::line(text::PERSON_NAME_MAX));
        let last_name = form.change("lastName", text::line(text::PERSON_NAME_MAX));
        let currency = form.change_or("currency", None, Currency::read);
        let zone = form.change_or("timezone", None, Zone::read);
        Ok(Self {
            first_name: first_name?,
            last_name: last_name?,
            currency: currency?,
            zone: zone?,
            date_format: date_format?,
        })
    }

    /// Makes the change.
    pub fn apply(self, account: &mut Account) {
        account.first_name = self.first_name.unwrap_or_else(|| account.first_name.clone());
        account.last_name = self.last_name.unwrap_or_else(|| account.last_name.clone());
        account.currency = self.currency.unwrap_or(account.currency);
        account.zone = self.zone.unwrap_or_else(|| account.zone.clone());
        account.date_format = self.date_format.unwrap_or(account.date_format);
    }
}

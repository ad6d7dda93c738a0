//! Accounts: the users of the program, and how they see money and dates.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::domain::{
    code::GivenCode,
    date::{DateFormat, Zone},
    id::AccountId,
    input::{Inherited, OfPages, Optional, OrDefault, Required, Scalar, Shape, input},
    money::Currency,
    redacted,
    rule::Rule,
    text::{self, AnyText, KnownEmail, Name, PersonName},
    word::words,
};

words! {
    /// The purpose of an account.
    Role {
        Freelancer "freelancer",
        Client "client",
    }
}

words! {
    /// Whether an account can be used.
    AccountState {
        Active "active",
        /// Waits for its email to be verified.
        Pending "pending",
        /// An admin has locked it.
        Locked "locked",
    }
}

words! {
    /// The API that created an account.
    Origin {
        FreelanceOs "freelanceos",
        FreelanceHub "freelancehub",
        FreelanceHubAuth "freelancehub_auth",
    }
}

impl Origin {
    /// Checks a new password against the rule of the API that created the account.
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

/// A change to how an account signs in. Its owner is notified by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInChange {
    Password,
    TwoFactorOn,
    TwoFactorOff,
    PasskeyAdded,
    PasskeyRemoved,
    /// Nothing changed, but someone with the password tried a wrong second factor.
    WrongFactor,
}

input! {
    /// A location.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Location as "LocationInput", "The user's location.";

    country "country": Required<Name>,
    city "city": Optional<Name>,
    coordinates "coordinates": Optional<Coordinates> = "Longitude and latitude in degrees.",
}

/// The number of decimals stored of a degree: a tenth of a millimetre.
const DEGREE_DECIMALS: u32 = 9;

/// A point on earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coordinates {
    /// East is positive.
    pub longitude: Decimal,
    /// North is positive.
    pub latitude: Decimal,
}

/// Written `[longitude, latitude]`.
impl Scalar for Coordinates {
    type Value = Self;
    const SHAPE: Shape = Shape::Coordinates;

    fn parse(value: &Value) -> Result<Self, Rule> {
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
    /// As typed; compared case-insensitively.
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// The base currency, in which totals are shown.
    pub currency: Currency,
    /// The timezone for days, months and "overdue".
    pub zone: Zone,
    /// Its date format.
    pub date_format: DateFormat,
    pub avatar: Option<String>,
    pub role: Role,
    /// Unique, case-insensitive; none until one is set.
    pub username: Option<String>,
    pub phone: Option<String>,
    pub location: Option<Location>,
    pub date_of_birth: Option<Date>,
    /// None until its email is verified.
    pub activated_at: Option<Timestamp>,
    pub email_verified_at: Option<Timestamp>,
    /// Set while an admin locks the account.
    pub disabled_at: Option<Timestamp>,
    /// Whether its user runs this server; true for at most one account.
    pub is_owner: bool,
    pub made_by: Origin,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Account {
    /// Returns first and last name.
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

    /// Whether it has the rights of an account with a verified address. The server's owner has them
    /// without verification.
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
/// Keyboards and systems write the same letter in several ways: `ä` as one character or as two.
/// Passwords are therefore hashed and checked in Unicode's normal form NFKC.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Creates a password from typed text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the normal form, which is hashed.
    pub fn normal(&self) -> Cow<'_, str> {
        text::normal_password(&self.0)
    }

    /// Returns the typed text unchanged, to be parsed again.
    pub fn as_typed(&self) -> &str {
        &self.0
    }

    /// Returns the typed text if it differs from the normal form. Before database version 4, it was
    /// hashed instead.
    pub fn typed(&self) -> Option<&str> {
        (self.normal() != self.0).then_some(&self.0)
    }
}

redacted!(Password);

/// The password of an existing account.
impl Scalar for Password {
    type Value = Self;
    const SHAPE: Shape = Shape::Secret { min: 0, max: None };

    fn parse(value: &Value) -> Result<Self, Rule> {
        AnyText::parse(value).map(Self)
    }
}

input! {
    /// The credentials that sign a user in.
    #[derive(Debug, Clone)]
    pub new Credentials;

    email "email": Required<KnownEmail>,
    password "password": Required<Password>,
    /// Required if the account has two-factor sign-in.
    totp_code "totpCode": OrDefault<GivenCode> = "A code of the authenticator app or a backup \
        code, where the account asks for one.",
}

input! {
    /// A user's change to their own account.
    #[derive(Debug, Clone, Default)]
    pub change AccountChange;

    first_name "firstName": Required<PersonName>,
    last_name "lastName": Required<PersonName>,
    currency "currency": Inherited<Currency>,
    zone "timezone": Inherited<Zone>,
    date_format "dateFormat": OfPages<Required<DateFormat>>,
}

impl AccountChange {
    /// Applies the change.
    pub fn apply(self, account: &mut Account) {
        account.first_name = self.first_name.unwrap_or_else(|| account.first_name.clone());
        account.last_name = self.last_name.unwrap_or_else(|| account.last_name.clone());
        account.currency = self.currency.unwrap_or(account.currency);
        account.zone = self.zone.unwrap_or_else(|| account.zone.clone());
        account.date_format = self.date_format.unwrap_or(account.date_format);
    }
}

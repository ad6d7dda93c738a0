//! Accounts: who uses the program, and how money and days are shown to them.

use std::fmt;

use jiff::Timestamp;

use super::{
    date::Zone,
    error::Result,
    form::{Form, Object},
    id::AccountId,
    money::Currency,
    text,
};

/// A freelancer's account.
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
    pub avatar: Option<String>,
    /// Set while an admin has locked the account.
    pub disabled_at: Option<Timestamp>,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A password as typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What FreelanceOS asks of a new user.
#[derive(Debug, Clone)]
pub struct Registration {
    pub email: String,
    pub password: Password,
    pub first_name: String,
    pub last_name: String,
}

impl Registration {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let email = form.required("email", text::email);
        let password = form.required("password", text::new_password).map(Password);
        let first_name = form.required("firstName", text::line(text::PERSON_NAME_MAX));
        let last_name = form.required("lastName", text::line(text::PERSON_NAME_MAX));
        let (Some(email), Some(password), Some(first_name), Some(last_name)) =
            (email, password, first_name, last_name)
        else {
            return Err(form.failure());
        };
        Ok(Self { email, password, first_name, last_name })
    }
}

/// What signs a user in.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub email: String,
    pub password: Password,
}

impl Credentials {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let email = form.required("email", text::email);
        let password = form.required("password", |value| text::raw(value).map(str::to_owned));
        let (Some(email), Some(password)) = (email, password) else { return Err(form.failure()) };
        Ok(Self { email, password: Password(password) })
    }
}

/// A change of one's own account.
#[derive(Debug, Clone)]
pub struct AccountChange {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub currency: Option<Currency>,
    pub zone: Option<Zone>,
}

impl AccountChange {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let first_name = form.change("firstName", text::line(text::PERSON_NAME_MAX));
        let last_name = form.change("lastName", text::line(text::PERSON_NAME_MAX));
        let currency = form.change("currency", Currency::read);
        let zone = form.change("timezone", Zone::read);
        let (Some(first_name), Some(last_name), Some(currency), Some(zone)) =
            (first_name, last_name, currency, zone)
        else {
            return Err(form.failure());
        };
        Ok(Self { first_name, last_name, currency, zone })
    }

    /// Makes the change.
    pub fn apply(self, account: &mut Account) {
        account.first_name = self.first_name.unwrap_or_else(|| account.first_name.clone());
        account.last_name = self.last_name.unwrap_or_else(|| account.last_name.clone());
        account.currency = self.currency.unwrap_or(account.currency);
        account.zone = self.zone.unwrap_or_else(|| account.zone.clone());
    }
}

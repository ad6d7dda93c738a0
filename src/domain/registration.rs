//! What each document asks of a new user.

use jiff::civil::Date;

use super::{
    account::{Location, Origin, Password, Role},
    date,
    error::Result,
    form::{Form, Object},
    password::must_not_be_guessed,
    text,
};

/// A new user.
#[derive(Debug, Clone)]
pub struct Registration {
    pub email: String,
    pub password: Password,
    pub first_name: String,
    pub last_name: String,
    pub role: Role,
    pub username: Option<String>,
    pub phone: Option<String>,
    pub location: Option<Location>,
    pub date_of_birth: Option<Date>,
    /// The API that it came by.
    pub origin: Origin,
}

impl Registration {
    /// A freelancer of whom no more is known than a name.
    pub fn new(email: String, password: Password, first_name: String, last_name: String) -> Self {
        Self {
            email,
            password,
            first_name,
            last_name,
            role: Role::Freelancer,
            username: None,
            phone: None,
            location: None,
            date_of_birth: None,
            origin: Origin::FreelanceOs,
        }
    }

    /// FreelanceOS: a freelancer whose account can be used at once.
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::email);
            let password = form.required("password", text::new_password).map(Password::new);
            let first_name = form.required("firstName", text::line(text::PERSON_NAME_MAX));
            let last_name = form.required("lastName", text::line(text::PERSON_NAME_MAX));
            Ok(Self::new(email?, password?, first_name?, last_name?))
        })
    }

    /// Refuses a password that would be guessed, which no document asks for.
    pub fn guarded(self) -> Result<Self> {
        let name = format!("{} {}", self.first_name, self.last_name);
        let username = self.username.as_deref().unwrap_or_default();
        must_not_be_guessed("password", &self.password, &self.email, &[&name, username])?;
        Ok(self)
    }

    /// FreelanceHub Auth, section "Register User".
    pub fn read_with_role(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let first_name = form.required("firstName", text::line(text::PERSON_NAME_MAX));
            let last_name = form.required("lastName", text::line(text::PERSON_NAME_MAX));
            let email = form.required("email", text::email);
            let password = form.required("password", text::patterned_password).map(Password::new);
            let role = form.required("role", Role::read);
            let origin = Origin::FreelanceHubAuth;
            let known = Self::new(email?, password?, first_name?, last_name?);
            Ok(Self { role: role?, origin, ..known })
        })
    }

    /// FreelanceHub, section "Register New Freelancer". `today` is the day that a date of birth
    /// must lie before.
    pub fn read_with_username(object: &Object, today: Date) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.required("email", text::email);
            let username = form.required("username", text::username);
            let first_name = form.required("firstName", text::line(text::PERSON_NAME_MAX));
            let last_name = form.required("lastName", text::line(text::PERSON_NAME_MAX));
            let role = form.required("primaryRole", Role::read);
            let phone = form.optional("phone", text::phone);
            let location = form.object("location", Location::read);
            let date_of_birth = form.optional("dateOfBirth", date::past(today));
            let password = form.required("password", text::varied_password).map(Password::new);
            let known = Self::new(email?, password?, first_name?, last_name?);
            let username = Some(username?);
            let origin = Origin::FreelanceHub;
            Ok(Self {
                role: role?,
                username,
                phone: phone?,
                location: location?,
                date_of_birth: date_of_birth?,
                origin,
                ..known
            })
        })
    }
}

/// Reads a username that somebody would like to have.
pub fn read_username(object: &Object) -> Result<String> {
    Form::read(object, |form| form.required("username", text::username))
}

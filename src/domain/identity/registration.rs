//! What each API document requires of a new user.

use jiff::civil::Date;

use crate::domain::{
    account::{Location, Origin, Password, Role},
    date::PlainDay,
    error::Result,
    form::Form,
    input::{Input, One, Optional, Required, Source, input},
    password::must_not_be_guessed,
    rule::Rule,
    text::{
        Email, FullName, NewPassword, PatternedPassword, PersonName, Phone, Username,
        VariedPassword,
    },
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
    /// The API it came through.
    pub origin: Origin,
}

impl Registration {
    /// Creates a freelancer with only a name.
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

    /// Refuses an easily guessed password. No API document requires this.
    pub fn guarded(self) -> Result<Self> {
        let name = format!("{} {}", self.first_name, self.last_name);
        let username = self.username.as_deref().unwrap_or_default();
        must_not_be_guessed("password", &self.password, &self.email, &[&name, username])?;
        Ok(self)
    }
}

input! {
    /// FreelanceOS: a freelancer whose account is active at once.
    #[derive(Debug, Clone)]
    pub new NewFreelancer;

    email "email": Required<Email>,
    password "password": Required<NewPassword>,
    first_name "firstName": Required<PersonName>,
    last_name "lastName": Required<PersonName>,
}

impl From<NewFreelancer> for Registration {
    fn from(new: NewFreelancer) -> Self {
        Self::new(new.email, new.password, new.first_name, new.last_name)
    }
}

input! {
    /// The pages: the same, with the name in one field.
    #[derive(Debug, Clone)]
    pub new NewPerson;

    name "name": Required<FullName>,
    email "email": Required<Email>,
    password "password": Required<NewPassword>,
}

impl From<NewPerson> for Registration {
    fn from(new: NewPerson) -> Self {
        let (first_name, last_name) = new.name;
        Self::new(new.email, new.password, first_name, last_name)
    }
}

input! {
    /// FreelanceHub Auth, section "Register User".
    #[derive(Debug, Clone)]
    pub new NewUser;

    first_name "firstName": Required<PersonName>,
    last_name "lastName": Required<PersonName>,
    email "email": Required<Email>,
    password "password": Required<PatternedPassword> = "With a lowercase letter, a number and one \
        of `@$!%*?&`.",
    role "role": Required<Role>,
}

impl From<NewUser> for Registration {
    fn from(new: NewUser) -> Self {
        let origin = Origin::FreelanceHubAuth;
        let known = Self::new(new.email, new.password, new.first_name, new.last_name);
        Self { role: new.role, origin, ..known }
    }
}

input! {
    /// FreelanceHub, section "Register New Freelancer".
    #[derive(Debug, Clone)]
    pub new NewMember;

    email "email": Required<Email>,
    username "username": Required<Username>,
    first_name "firstName": Required<PersonName>,
    last_name "lastName": Required<PersonName>,
    role "primaryRole": Required<Role>,
    phone "phone": Optional<Phone>,
    location "location": Optional<One<Location>>,
    date_of_birth "dateOfBirth": Optional<PlainDay>,
    password "password": Required<VariedPassword> = "With an uppercase letter, a lowercase letter, \
        a number and a special character.",
}

impl NewMember {
    /// Reads a user who was born before `today`.
    pub fn read_on(source: &dyn Source, today: Date) -> Result<Self> {
        Form::read(source, |form| {
            let read = Self::read_fields(form);
            if form.peek::<PlainDay>("dateOfBirth").is_some_and(|day| day >= today) {
                form.fail("dateOfBirth", Rule::PastDate);
                form.sort(Self::FIELDS);
            }
            read
        })
    }
}

impl From<NewMember> for Registration {
    fn from(new: NewMember) -> Self {
        Self {
            role: new.role,
            username: Some(new.username),
            phone: new.phone,
            location: new.location,
            date_of_birth: new.date_of_birth,
            origin: Origin::FreelanceHub,
            ..Self::new(new.email, new.password, new.first_name, new.last_name)
        }
    }
}

input! {
    /// The name that somebody would like to have.
    #[derive(Debug, Clone)]
    pub new UsernameQuestion;

    username "username": Required<Username>,
}

//! Clients: whom the freelancer works for.

use jiff::Timestamp;

use super::{
    error::Result,
    form::{Form, Object},
    id::{AccountId, ClientId},
    money::Money,
    page::Page,
    patch::Patch,
    text,
};

/// A client of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub account: AccountId,
    pub details: ClientDetails,
    pub avatar: Option<String>,
    /// Everything paid so far, in the account's currency.
    pub total_billed: Money,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the freelancer writes about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetails {
    pub name: String,
    pub email: String,
    pub company: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
}

impl ClientDetails {
    /// Reads a new client: `name` and `email` at least.
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let name = form.required("name", text::line(text::NAME_MAX));
            let email = form.required("email", text::email);
            let company = form.optional("company", text::line(text::NAME_MAX));
            let phone = form.optional("phone", text::line(text::NAME_MAX));
            let country = form.optional("country", text::line(text::NAME_MAX));
            Ok(Self {
                name: name?,
                email: email?,
                company: company?,
                phone: phone?,
                country: country?,
            })
        })
    }

    /// The text that a search looks in.
    pub fn search_key(&self) -> String {
        let company = self.company.as_deref().unwrap_or_default();
        text::search_key(&[&self.name, &self.email, company].join("\n"))
    }
}

/// A client by name, as one is chosen from a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName {
    pub id: ClientId,
    pub name: String,
    pub company: Option<String>,
}

/// A change of a client.
#[derive(Debug, Clone)]
pub struct ClientChange {
    name: Option<String>,
    email: Option<String>,
    company: Patch<String>,
    phone: Patch<String>,
    country: Patch<String>,
}

impl ClientChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let name = form.change("name", text::line(text::NAME_MAX));
            let email = form.change("email", text::email);
            let company = form.patch("company", text::line(text::NAME_MAX));
            let phone = form.patch("phone", text::line(text::NAME_MAX));
            let country = form.patch("country", text::line(text::NAME_MAX));
            Ok(Self {
                name: name?,
                email: email?,
                company: company?,
                phone: phone?,
                country: country?,
            })
        })
    }

    /// The details after the change.
    pub fn apply(self, current: ClientDetails) -> ClientDetails {
        ClientDetails {
            name: self.name.unwrap_or(current.name),
            email: self.email.unwrap_or(current.email),
            company: self.company.apply(current.company),
            phone: self.phone.apply(current.phone),
            country: self.country.apply(current.country),
        }
    }
}

/// Which clients a list shows.
#[derive(Debug, Clone)]
pub struct ClientFilter {
    /// Looked for in name, e-mail and company, without regard to case.
    pub search: Option<String>,
    pub page: Page,
}

impl ClientFilter {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let search = text::search(form);
            let page = Page::read(form);
            Ok(Self { search: search?, page: page? })
        })
    }
}

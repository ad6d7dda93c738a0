//! Clients: the freelancer's customers.

use jiff::Timestamp;

use crate::domain::{
    id::{AccountId, ClientId},
    input::{Optional, OrDefault, Required, input},
    money::Money,
    page::Page,
    text::{self, Email, Name, Search},
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

input! {
    /// The details of a client.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub new ClientDetails;

    /// A change of a client.
    #[derive(Debug, Clone)]
    pub change ClientChange;

    name "name": Required<Name>,
    email "email": Required<Email>,
    company "company": Optional<Name>,
    phone "phone": Optional<Name>,
    country "country": Optional<Name>,
}

impl ClientDetails {
    /// The text that a search matches against.
    pub fn search_key(&self) -> String {
        let company = self.company.as_deref().unwrap_or_default();
        text::search_key(&[&self.name, &self.email, company].join("\n"))
    }

    /// Returns the name of the company, or of the person if there is none.
    pub fn heading(&self) -> &str {
        self.company_name().unwrap_or(&self.name)
    }

    /// Returns the name of the person if the heading is that of a company.
    pub fn contact(&self) -> Option<&str> {
        self.company_name().map(|_| &*self.name).filter(|name| *name != self.heading())
    }

    fn company_name(&self) -> Option<&str> {
        self.company.as_deref().map(str::trim).filter(|company| !company.is_empty())
    }
}

impl ClientChange {
    /// Returns the details after the change.
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

/// A client's name, for a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName {
    pub id: ClientId,
    pub name: String,
    pub company: Option<String>,
}

input! {
    /// The filter of a list of clients.
    #[derive(Debug, Clone)]
    pub new ClientFilter;

    search "search": OrDefault<Search> =
        "Text to find in name, email and company, case-insensitive.",
    page "page": Page = "Clients per page; 10 by default.",
}

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

/// What role addresses begin with: they say nothing about a name.
const ROLES: &str = "accounting accounts admin billing contact finance hello hi info invoices mail \
     office sales support team";

/// Returns the name and the email address in a text such as `Ama Owusu <ama@example.com>`, each
/// empty if it has none. An address alone suggests a name.
pub fn address_of(text: &str) -> (String, String) {
    let mark = |c: char| c.is_whitespace() || "<>()[]\"',;".contains(c);
    let (addresses, words): (Vec<&str>, Vec<&str>) =
        text.split(mark).filter(|word| !word.is_empty()).partition(|word| word.contains('@'));
    let email = addresses.first().copied().unwrap_or_default();
    let name = if words.is_empty() { name_in(email) } else { words.join(" ") };
    (name, email.to_owned())
}

/// Returns the name that an address suggests: that of its domain if many people read it.
fn name_in(email: &str) -> String {
    let Some((local, domain)) = email.split_once('@') else { return String::new() };
    let is_role = ROLES.split_whitespace().any(|role| role == local.to_lowercase());
    let source = if is_role { domain.split('.').next() } else { local.split('+').next() };
    let words = source.unwrap_or_default().split(['.', '_', '-']);
    let words = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let words = words.filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
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

/// What is made for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientWork {
    Project,
    Proposal,
    Invoice,
}

/// The newest of what was made for a client, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Latest {
    pub at: Timestamp,
    pub kind: ClientWork,
}

input! {
    /// The filter of a list of clients.
    #[derive(Debug, Clone)]
    pub new ClientFilter;

    search "search": OrDefault<Search> =
        "Text to find in name, email and company, case-insensitive.",
    page "page": Page = "Clients per page; 10 by default.",
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn a_name_and_an_address_are_told_apart_and_an_address_suggests_a_name() {
        for (text, name, email) in [
            ("", "", ""),
            ("Kamala Perera", "Kamala Perera", ""),
            ("Kamala Perera <kamala@example.com>", "Kamala Perera", "kamala@example.com"),
            ("\"Perera, Kamala\" kamala@example.com", "Perera Kamala", "kamala@example.com"),
            ("kamala@example.com", "Kamala", "kamala@example.com"),
            ("kamala.de_silva-2@example.com", "Kamala De Silva", "kamala.de_silva-2@example.com"),
            ("ada+bills@example.com", "Ada", "ada+bills@example.com"),
            ("Hello@techstart.ng", "Techstart", "Hello@techstart.ng"),
            ("@", "", "@"),
        ] {
            assert_eq!(address_of(text), (name.to_owned(), email.to_owned()), "{text}");
        }
    }
}

//! Clients: the freelancer's customers.

use jiff::Timestamp;

use crate::domain::{
    address::Address,
    country::Country,
    id::{AccountId, ClientId},
    input::{
        Flag, Inherited, List, One, Optional, OrDefault, OrEmpty, Required, Shape, input, kinds,
    },
    invoice_defaults::Whole,
    language::Language,
    money::{Currency, Money},
    page::Page,
    patch::Patch,
    rule::Rule,
    text::{self, Email, FreeText, Name, Search},
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
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub new ClientDetails;

    /// A change of a client.
    #[derive(Debug, Clone)]
    pub change ClientChange;

    name "name": Required<Name>,
    email "email": Required<Email>,
    company "company": Optional<Name>,
    phone "phone": Optional<Name>,
    country "country": Optional<Name> = "Free text; a code or an English name sets `countryCode`.",
    address "address": Optional<One<Address>>,
    country_code "countryCode": Optional<Country> =
        "ISO 3166-1 alpha-2; derived from `country` unless given.",
    /// As printed: `VAT DE123456789`.
    tax_id "taxId": Optional<Name> = "Printed as given.",
    registration_number "registrationNumber": Optional<Name> = "Printed as given.",
    /// The currency of new documents for this client.
    currency "currency": Optional<Currency> =
        "The currency of new projects, proposals and invoices for this client.",
    payment_terms_days "paymentTermsDays": Optional<Whole<0, 365>> =
        "Days from issue date to due date of a new invoice.",
    /// Who gets a copy of emails to the client.
    cc_emails "ccEmails": OrEmpty<List<Email, CC_MAX>> =
        "At most 10 addresses that get invoices, reminders and proposals too.",
    /// The client's reference, printed on its invoices.
    buyer_reference "buyerReference": Optional<Name> = "Printed on invoices.",
    /// Private notes; never printed.
    notes "notes": Optional<FreeText> = "Private: never printed or emailed.",
    language "language": Optional<Language>,
    peppol_id "peppolId": Optional<PeppolId> = "The electronic address in the Peppol network.",
    /// None as true.
    reminders "reminders": Inherited<Flag> = "Whether the client gets automatic reminders." =>
        " True by default.",
}

/// The maximum number of addresses that get a copy.
const CC_MAX: usize = 10;

kinds! {
    /// A participant of the Peppol network: a scheme of four digits, a colon and an identifier.
    PeppolId = String, Shape::Any, |value| {
        let text = text::raw(value)?.trim();
        let (scheme, id) = text.split_once(':').ok_or(Rule::PeppolId)?;
        let is_scheme = scheme.len() == 4 && scheme.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (1..=50).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~".contains(&byte));
        if is_scheme && fits { Ok(text.to_owned()) } else { Err(Rule::PeppolId) }
    };
}

impl ClientDetails {
    /// Returns the details without an empty address, and with the country's code if none was given.
    #[must_use]
    pub fn completed(self) -> Self {
        let country_code = self.country_code.or_else(|| Country::named(self.country.as_deref()?));
        let address = self.address.and_then(Address::unless_empty);
        Self { country_code, address, ..self }
    }

    /// Returns the addresses that get a copy of an email to this one, each once.
    pub fn copies(&self, to: &str) -> Vec<String> {
        let mut known = vec![text::email_key(to)];
        let mut copies = self.cc_emails.clone();
        copies.retain(|email| {
            let key = text::email_key(email);
            let is_new = !known.contains(&key);
            known.push(key);
            is_new
        });
        copies
    }

    /// Whether the client gets automatic reminders.
    pub fn gets_reminders(&self) -> bool {
        self.reminders.unwrap_or(true)
    }

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
        let country = self.country.apply(current.country.clone());
        // Another country has another code.
        let known = current.country_code.filter(|_| country == current.country);
        let details = ClientDetails {
            name: self.name.unwrap_or(current.name),
            email: self.email.unwrap_or(current.email),
            company: self.company.apply(current.company),
            phone: self.phone.apply(current.phone),
            country,
            address: self.address.apply(current.address),
            country_code: self.country_code.apply(known),
            tax_id: self.tax_id.apply(current.tax_id),
            registration_number: self.registration_number.apply(current.registration_number),
            currency: self.currency.apply(current.currency),
            payment_terms_days: self.payment_terms_days.apply(current.payment_terms_days),
            cc_emails: match self.cc_emails {
                Patch::Keep => current.cc_emails,
                Patch::Clear => Vec::new(),
                Patch::Set(emails) => emails,
            },
            buyer_reference: self.buyer_reference.apply(current.buyer_reference),
            notes: self.notes.apply(current.notes),
            language: self.language.apply(current.language),
            peppol_id: self.peppol_id.apply(current.peppol_id),
            reminders: self.reminders.or(current.reminders),
        };
        details.completed()
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

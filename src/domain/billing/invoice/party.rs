//! The sender and the recipient of a document, and their layout.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        account::Account, address::Address, client::Client, country::Country,
        invoice_defaults::InvoiceDefaults,
    },
    locale::t,
};

/// One side of a document. On an issued invoice, as it was when the invoice was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The person.
    pub name: String,
    pub email: String,
    /// The business that the person works for or trades as, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The country as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<Country>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<PartyAddress>,
    /// As printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    /// The company registration number, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<String>,
    /// The recipient's own reference, such as an order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// The postal address of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PartyAddress {
    /// As typed, on invoices sent by older versions.
    Lines(String),
    Parts(Address),
}

impl Party {
    /// The client, as the recipient of a bill.
    pub fn of_client(client: &Client) -> Self {
        let details = client.details.clone();
        Self {
            name: details.name,
            email: details.email,
            company: details.company,
            phone: details.phone,
            country: details.country,
            country_code: details.country_code,
            address: details.address.map(PartyAddress::Parts),
            tax_id: details.tax_id,
            registration_number: details.registration_number,
            reference: details.buyer_reference,
            website: None,
        }
    }

    /// The freelancer, with the details of the business; missing ones are taken from the account.
    pub fn of_freelancer(account: &Account, defaults: &InvoiceDefaults) -> Self {
        let business = defaults.business.clone();
        let location = account.location.as_ref().map(|place| place.country.clone());
        let is_elsewhere = business.country_code.is_some();
        let country = location.filter(|_| !is_elsewhere);
        Self {
            name: account.name(),
            email: business.email.unwrap_or_else(|| account.email.clone()),
            company: business.name,
            phone: business.phone.or_else(|| account.phone.clone()),
            country_code: business.country_code.or_else(|| Country::named(country.as_deref()?)),
            country,
            address: business.address.map(PartyAddress::Parts),
            tax_id: business.tax_id,
            registration_number: business.registration_number,
            reference: None,
            website: business.website,
        }
    }

    /// Returns the name of the business, or of the person if there is none.
    pub fn heading(&self) -> &str {
        let company = self.company.as_deref().map(str::trim);
        company.filter(|company| !company.is_empty()).unwrap_or(&self.name)
    }

    /// Returns the person if the heading is a business.
    pub fn person(&self) -> Option<String> {
        filled(&self.name).filter(|name| name != self.heading().trim())
    }

    /// Returns the lines of the postal address, without the country.
    pub fn address_lines(&self) -> Vec<String> {
        let lines = match &self.address {
            None => Vec::new(),
            Some(PartyAddress::Lines(text)) => text.lines().map(str::to_owned).collect(),
            Some(PartyAddress::Parts(address)) => address.lines(self.country_of()),
        };
        lines.iter().filter_map(|line| filled(line)).collect()
    }

    /// Returns the lines of the postal address and the country.
    pub fn place(&self) -> Vec<String> {
        let mut place = self.address_lines();
        let typed = self.country.as_deref().and_then(filled);
        // An address ends with the country's name. Without an address, the country is shown as
        // typed.
        let is_code = |typed: &String| typed.len() <= 3 && Country::named(typed).is_some();
        let typed = typed.filter(|typed| place.is_empty() || !is_code(typed));
        let name = self.country_of().map(|country| country.name().to_owned());
        place.extend(typed.or(name));
        place
    }

    /// Returns the tax ID and the registration number.
    pub fn numbers(&self) -> Vec<String> {
        let numbers = [&self.tax_id, &self.registration_number];
        numbers.into_iter().flatten().filter_map(|number| filled(number)).collect()
    }

    /// Returns the party's contact details and reference.
    pub fn contact(&self) -> Vec<String> {
        let reference = self.reference.as_deref().and_then(filled);
        let reference = reference.map(|text| t("party-reference").with("reference", text).into());
        let site = self
            .website
            .as_deref()
            .map(|address| address.trim_start_matches("https://").trim_end_matches('/').to_owned());
        let contact = [Some(self.email.clone()), self.phone.clone(), site, reference];
        contact.into_iter().flatten().filter_map(|line| filled(&line)).collect()
    }

    /// Returns the lines below the heading: the person, the postal address, the numbers and the
    /// contact details. Every page, document and email prints these.
    pub fn details(&self) -> Vec<String> {
        let parts = [self.place(), self.numbers(), self.contact()];
        self.person().into_iter().chain(parts.into_iter().flatten()).collect()
    }

    /// Returns the country, if its name or code is known.
    pub fn country_of(&self) -> Option<Country> {
        self.country_code.or_else(|| Country::named(self.country.as_deref()?))
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str, company: Option<&str>) -> Party {
        Party {
            name: name.to_owned(),
            email: "ngozi@example.com".to_owned(),
            company: company.map(str::to_owned),
            phone: Some("+234 1".to_owned()),
            country: Some(" ".to_owned()),
            address: Some(PartyAddress::Lines("1 Broad Street\nLagos\n".to_owned())),
            tax_id: Some("TIN 7".to_owned()),
            ..Party::default()
        }
    }

    #[test]
    fn the_business_comes_first_and_the_person_below_it() {
        let business = party("Ngozi Eze", Some("Eze & Daughters"));
        assert_eq!(business.heading(), "Eze & Daughters");
        let reached = ["1 Broad Street", "Lagos", "TIN 7", "ngozi@example.com", "+234 1"];
        assert_eq!(business.details(), [&["Ngozi Eze"][..], &reached].concat());
        for alone in [party("Ngozi Eze", None), party("Ngozi Eze", Some("Ngozi Eze "))] {
            assert_eq!(alone.heading(), "Ngozi Eze");
            assert_eq!(alone.details(), reached);
        }
        assert_eq!(party("Ngozi Eze", Some(" ")).heading(), "Ngozi Eze");
    }

    #[test]
    fn an_address_ends_with_the_countrys_name_and_a_lone_country_stays_as_typed() {
        let address = Address {
            street: Some("Hauptstraße 7".to_owned()),
            city: Some("Berlin".to_owned()),
            postal_code: Some("10115".to_owned()),
            ..Address::default()
        };
        let place = |country: Option<&str>, code: Option<&str>, has_address: bool| {
            let address = has_address.then(|| PartyAddress::Parts(address.clone()));
            Party {
                country: country.map(str::to_owned),
                country_code: code.and_then(Country::from_code),
                address,
                ..Party::default()
            }
            .place()
        };
        let lines = ["Hauptstraße 7", "10115 Berlin"];
        for (country, code, name) in [
            (Some("DE"), None, "Germany"),
            (Some("deutschland"), Some("DE"), "deutschland"),
            (None, Some("DE"), "Germany"),
        ] {
            assert_eq!(place(country, code, true), [&lines[..], &[name]].concat());
        }
        assert_eq!(place(Some("DE"), Some("DE"), false), ["DE"]);
        assert_eq!(place(None, None, true), ["Hauptstraße 7", "Berlin 10115"]);
        assert_eq!(place(None, None, false), Vec::<String>::new());
    }

    #[test]
    fn a_party_frozen_by_an_older_version_prints_its_lines() {
        let text = r#"{"name":"Ada","email":"a@example.com","address":"1 Broad Street\nLagos"}"#;
        let party: Party = serde_json::from_str(text).unwrap();
        assert_eq!(party.address_lines(), ["1 Broad Street", "Lagos"]);
        let text = r#"{"name":"Ada","email":"","address":{"city":"Lagos"}}"#;
        let party: Party = serde_json::from_str(text).unwrap();
        assert_eq!(party.address_lines(), ["Lagos"]);
        let again = serde_json::to_string(&party).unwrap();
        assert_eq!(serde_json::from_str::<Party>(&again).unwrap(), party);
    }
}

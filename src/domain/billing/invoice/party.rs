//! The sender and the recipient of a document, and their layout.

use serde::{Deserialize, Serialize};

use crate::domain::{account::Account, client::Client, invoice_defaults::InvoiceDefaults};

/// One side of a document. On an issued invoice, as it was when the invoice was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The person.
    pub name: String,
    pub email: String,
    /// The business that the person works for or trades as, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The lines of a postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A tax or registration number, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
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
            address: None,
            tax_id: None,
        }
    }

    /// The freelancer, with the name of the business if any.
    pub fn of_freelancer(account: &Account, defaults: &InvoiceDefaults) -> Self {
        Self {
            name: account.name(),
            email: account.email.clone(),
            company: defaults.business_name.clone(),
            phone: account.phone.clone(),
            country: account.location.as_ref().map(|place| place.country.clone()),
            address: defaults.address.clone(),
            tax_id: defaults.tax_id.clone(),
        }
    }

    /// Returns the name of the business, or of the person if there is none.
    pub fn heading(&self) -> &str {
        let company = self.company.as_deref().map(str::trim);
        company.filter(|company| !company.is_empty()).unwrap_or(&self.name)
    }

    /// Returns the lines below the heading, in order: the person if the heading is a business, then
    /// address and contact details. An address has several lines.
    pub fn details(&self) -> Vec<&str> {
        let person = (self.name.trim() != self.heading().trim()).then_some(self.name.as_str());
        let rest = [
            person,
            self.address.as_deref(),
            self.country.as_deref(),
            self.tax_id.as_deref(),
            Some(self.email.as_str()),
            self.phone.as_deref(),
        ];
        rest.into_iter().flatten().map(str::trim).filter(|text| !text.is_empty()).collect()
    }
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
            address: Some("1 Broad Street\nLagos\n".to_owned()),
            tax_id: Some("TIN 7".to_owned()),
        }
    }

    #[test]
    fn the_business_comes_first_and_the_person_below_it() {
        let business = party("Ngozi Eze", Some("Eze & Daughters"));
        assert_eq!(business.heading(), "Eze & Daughters");
        let reached = ["1 Broad Street\nLagos", "TIN 7", "ngozi@example.com", "+234 1"];
        assert_eq!(business.details(), [&["Ngozi Eze"][..], &reached].concat());
        for alone in [party("Ngozi Eze", None), party("Ngozi Eze", Some("Ngozi Eze "))] {
            assert_eq!(alone.heading(), "Ngozi Eze");
            assert_eq!(alone.details(), reached);
        }
        assert_eq!(party("Ngozi Eze", Some(" ")).heading(), "Ngozi Eze");
    }
}

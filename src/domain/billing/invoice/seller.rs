//! The seller, as stored with an invoice.

use serde::{Deserialize, Serialize};

use super::Party;
use crate::domain::{
    accent::Accent,
    account::Account,
    date::DateFormat,
    id::ImageId,
    invoice_defaults::InvoiceDefaults,
    paper::{Paper, Template},
    payment_method::PaymentMethod,
};

/// The seller, and the other details that an invoice shows. Frozen when the invoice is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Seller {
    pub party: Party,
    pub payment_instructions: Option<String>,
    /// Once sent, those that support the currency of the invoice.
    pub payment_methods: Vec<PaymentMethod>,
    pub logo: Option<ImageId>,
    pub date_format: DateFormat,
    pub accent: Accent,
    pub template: Template,
    pub paper: Paper,
    /// The invoice's notes when it was sent, empty if it had none. Older versions did not store
    /// them.
    pub notes: Option<String>,
}

impl Seller {
    /// Returns the freelancer's current details.
    pub fn new(account: &Account, defaults: &InvoiceDefaults) -> Self {
        Self {
            party: Party::of_freelancer(account, defaults),
            payment_instructions: defaults.payment_instructions.clone(),
            payment_methods: defaults.payment_methods.clone(),
            logo: defaults.logo,
            date_format: account.date_format,
            accent: defaults.accent,
            template: defaults.template,
            paper: defaults.paper,
            notes: None,
        }
    }
}

/// The stored form of a [`Seller`]: a party with additional fields. If there is a business, `name`
/// is its name and `company` is the person's, as in the first versions.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    party: Party,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_instructions: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    payment_methods: Vec<PaymentMethod>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    #[serde(default)]
    date_format: String,
    #[serde(default)]
    accent: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    paper: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

impl From<Written> for Seller {
    fn from(written: Written) -> Self {
        Self {
            party: turned(written.party),
            payment_instructions: written.payment_instructions,
            payment_methods: written.payment_methods,
            logo: written.logo.as_deref().map(ImageId::parse),
            date_format: DateFormat::from_word(&written.date_format).unwrap_or_default(),
            accent: Accent::parse(&written.accent).unwrap_or_default(),
            template: Template::from_word(&written.template).unwrap_or_default(),
            paper: Paper::from_word(&written.paper).unwrap_or_default(),
            notes: written.notes,
        }
    }
}

impl From<Seller> for Written {
    fn from(seller: Seller) -> Self {
        Self {
            party: turned(seller.party),
            payment_instructions: seller.payment_instructions,
            payment_methods: seller.payment_methods,
            logo: seller.logo.map(|id| id.to_string()),
            date_format: seller.date_format.as_str().to_owned(),
            accent: seller.accent.to_string(),
            template: seller.template.as_str().to_owned(),
            paper: seller.paper.as_str().to_owned(),
            notes: seller.notes,
        }
    }
}

fn turned(mut party: Party) -> Party {
    if let Some(company) = &mut party.company {
        std::mem::swap(company, &mut party.name);
    }
    party
}

#[cfg(test)]
mod tests {
    use super::{super::PartyAddress, *};
    use crate::domain::id::Id;

    #[test]
    fn a_stored_seller_reads_back() {
        let party = Party {
            name: "Ada Obi".to_owned(),
            email: "ada@example.com".to_owned(),
            company: Some("Obi Studio".to_owned()),
            country: Some("Nigeria".to_owned()),
            address: Some(PartyAddress::Lines("1 Broad Street\nLagos".to_owned())),
            tax_id: Some("12345".to_owned()),
            ..Party::default()
        };
        let seller = Seller {
            party,
            payment_instructions: Some("IBAN NG00 0000".to_owned()),
            payment_methods: vec![],
            logo: Some(Id::from_slice(&[7; 16]).unwrap()),
            date_format: DateFormat::Iso,
            accent: Accent::parse("#b5411c").unwrap(),
            template: Template::Modern,
            paper: Paper::Letter,
            notes: Some(String::new()),
        };
        let text = serde_json::to_string(&seller).unwrap();
        assert_eq!(serde_json::from_str::<Seller>(&text).unwrap(), seller);
        assert!(text.contains(r#""name":"Obi Studio""#), "{text}");
    }

    #[test]
    fn a_seller_stored_by_an_older_version_is_parsed() {
        let text = r#"{"name":"John Doe","email":"a@example.com"}"#;
        let seller: Seller = serde_json::from_str(text).unwrap();
        assert_eq!((seller.party.name.as_str(), seller.notes), ("John Doe", None));
        assert_eq!((seller.logo, seller.date_format), (None, DateFormat::DayMonthYear));
        let text = r#"{"name":"Obi Studio","company":"Ada Obi","email":"a@example.com"}"#;
        let seller: Seller = serde_json::from_str(text).unwrap();
        assert_eq!((seller.party.name.as_str(), seller.party.heading()), ("Ada Obi", "Obi Studio"));
    }
}

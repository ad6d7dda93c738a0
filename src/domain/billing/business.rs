//! The business of a freelancer: the seller on documents.

use super::{address::Address, country::Country};

/// The details of a business. Missing details are taken from the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Business {
    pub name: Option<String>,
    pub address: Option<Address>,
    pub country_code: Option<Country>,
    /// As printed: `VAT DE123456789`.
    pub tax_id: Option<String>,
    /// The company registration number, as printed.
    pub registration_number: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub website: Option<String>,
}

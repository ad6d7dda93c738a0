//! Defaults for new invoices, and the freelancer's details on them.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::domain::{
    accent::Accent,
    id::ImageId,
    input::{Optional, Required, Scalar, Shape, input, kinds},
    invoice_series::{DEFAULT_PREFIX, InvoiceSeries, Prefix},
    money::TaxRate,
    number_format::NumberFormat,
    paper::{Paper, Template},
    patch::Patch,
    rule::Rule,
    text::{Free, FreeText, Name},
};

/// A postal address or payment instructions.
pub type Lines = Free<1000>;

/// Defaults for new invoices, and the freelancer's details on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceDefaults {
    pub business_name: Option<String>,
    /// The lines of a postal address.
    pub address: Option<String>,
    pub tax_id: Option<String>,
    /// The prefix of the invoice numbers of a new year.
    pub prefix: String,
    /// Days from issue date to due date.
    pub due_days: u32,
    /// In percent.
    pub tax_rate: Decimal,
    pub notes: Option<String>,
    /// How a client pays without a payment link, for example by bank transfer.
    pub payment_instructions: Option<String>,
    pub logo: Option<ImageId>,
    /// The number format of the account.
    pub number_format: NumberFormat,
    /// The colour of documents and client pages.
    pub accent: Accent,
    /// The layout of invoices as PDF.
    pub template: Template,
    pub paper: Paper,
}

impl Default for InvoiceDefaults {
    fn default() -> Self {
        Self {
            business_name: None,
            address: None,
            tax_id: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            due_days: 30,
            tax_rate: Decimal::ZERO,
            notes: None,
            payment_instructions: None,
            logo: None,
            number_format: NumberFormat::default(),
            accent: Accent::PINE,
            template: Template::default(),
            paper: Paper::default(),
        }
    }
}

/// The defaults, and this year's invoice numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceSettings {
    pub defaults: InvoiceDefaults,
    pub series: InvoiceSeries,
}

input! {
    /// A change of the defaults.
    #[derive(Debug, Clone)]
    pub change InvoiceDefaultsChange;

    business_name "businessName": Optional<Name>,
    address "address": Optional<Lines>,
    tax_id "taxId": Optional<Name>,
    prefix "prefix": Required<Prefix>,
    /// The first number of this year.
    next_number "nextNumber": Required<Whole<1, 999_999_999>>,
    due_days "dueDays": Required<Whole<0, 365>>,
    tax_rate "taxRate": Required<Percent>,
    notes "notes": Optional<FreeText>,
    payment_instructions "paymentInstructions": Optional<Lines>,
    number_format "numberFormat": Required<NumberFormat>,
    accent "accent": Required<Accent>,
    template "template": Required<Template>,
    paper "paper": Required<Paper>,
}

impl InvoiceDefaultsChange {
    /// Applies the change.
    pub fn apply(self, defaults: &mut InvoiceDefaults) {
        let current = defaults.clone();
        *defaults = InvoiceDefaults {
            business_name: self.business_name.apply(current.business_name),
            address: unless_blank(self.address).apply(current.address),
            tax_id: self.tax_id.apply(current.tax_id),
            prefix: self.prefix.unwrap_or(current.prefix),
            due_days: self.due_days.unwrap_or(current.due_days),
            tax_rate: self.tax_rate.unwrap_or(current.tax_rate),
            notes: unless_blank(self.notes).apply(current.notes),
            payment_instructions: unless_blank(self.payment_instructions)
                .apply(current.payment_instructions),
            logo: current.logo,
            number_format: self.number_format.unwrap_or(current.number_format),
            accent: self.accent.unwrap_or(current.accent),
            template: self.template.unwrap_or(current.template),
            paper: self.paper.unwrap_or(current.paper),
        };
    }
}

/// Converts blank text to none.
fn unless_blank(patch: Patch<String>) -> Patch<String> {
    match patch {
        Patch::Set(text) if text.trim().is_empty() => Patch::Clear,
        patch => patch,
    }
}

/// A whole number in JSON or in a form field.
#[derive(Debug, Clone, Copy)]
pub struct Whole<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Scalar for Whole<MIN, MAX> {
    type Value = u32;
    const SHAPE: Shape = Shape::Whole { min: MIN, max: MAX };

    fn parse(value: &Value) -> Result<u32, Rule> {
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => return Err(Rule::NotNumber),
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (MIN..=MAX).contains(number));
        number.ok_or(Rule::Integer { min: MIN.into(), max: MAX.into() })
    }
}

kinds! {
    /// A tax rate in JSON or in a form field.
    Percent = Decimal, Shape::Percent, |value| {
        match value.as_str().map(|text| serde_json::from_str(text.trim())) {
            Some(Ok(number @ Value::Number(_))) => TaxRate::parse(&number),
            Some(_) => Err(Rule::NotNumber),
            None => TaxRate::parse(value),
        }
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{error::Error, input::Input};

    fn read(value: Value) -> Result<InvoiceDefaultsChange, Error> {
        InvoiceDefaultsChange::read(value.as_object().unwrap())
    }

    #[test]
    fn numbers_are_accepted_from_json_and_from_forms() {
        for value in [
            json!({"dueDays": 14, "taxRate": 7.5, "nextNumber": 12}),
            json!({"dueDays": "14", "taxRate": " 7.50", "nextNumber": "012"}),
        ] {
            let change = read(value).unwrap();
            assert_eq!(change.next_number, Some(12));
            let mut defaults = InvoiceDefaults::default();
            change.apply(&mut defaults);
            assert_eq!((defaults.due_days, defaults.tax_rate.to_string()), (14, "7.5".to_owned()));
        }
    }

    #[test]
    fn every_invalid_field_is_named() {
        let error = read(json!({
            "businessName": " ", "address": "x".repeat(1001), "prefix": "A/B", "nextNumber": 0,
            "dueDays": 366, "taxRate": "much", "paymentInstructions": 7,
        }));
        assert_eq!(
            error.unwrap_err().to_string(),
            "Validation failed: businessName must not be empty; \
             address must be at most 1000 characters long; \
             prefix must be 1 to 12 letters, digits and hyphens, with no hyphen at its ends; \
             nextNumber must be a whole number from 1 to 999999999; \
             dueDays must be a whole number from 0 to 365; taxRate must be a number; \
             paymentInstructions must be a string"
        );
    }

    #[test]
    fn null_and_blank_text_clear_optional_fields() {
        let mut defaults = InvoiceDefaults {
            address: Some("1 Broad Street\nLagos".to_owned()),
            notes: Some("Thank you".to_owned()),
            tax_id: Some("123".to_owned()),
            ..InvoiceDefaults::default()
        };
        read(json!({"address": " \n", "notes": null})).unwrap().apply(&mut defaults);
        assert_eq!((&defaults.address, &defaults.notes), (&None, &None));
        assert_eq!(defaults.tax_id.as_deref(), Some("123"));
        read(json!({"prefix": null})).unwrap_err();
    }
}

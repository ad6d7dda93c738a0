//! Defaults for new invoices, and the freelancer's details on them.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::domain::{
    accent::Accent,
    address::Address,
    business::Business,
    country::Country,
    id::{ImageId, TaxId},
    input::{Inherited, List, One, Optional, Required, Scalar, Shape, input, kinds},
    mail_settings::MailSettings,
    money::TaxRate,
    number_format::NumberFormat,
    number_series::{NumberPattern, NumberSeries, SeriesKind},
    paper::{Paper, Template},
    patch::Patch,
    payment_method::{PAYMENT_METHODS_MAX, PaymentMethod},
    provider::ConnectedProvider,
    reminder::ReminderSettings,
    rule::Rule,
    tax::TAXES_MAX,
    text::{Email, Free, FreeText, Name, Url},
};

/// Payment instructions.
pub type Lines = Free<1000>;

/// Defaults for new invoices, and the freelancer's details on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceDefaults {
    pub business: Business,
    pub number_pattern: NumberPattern,
    pub credit_note_pattern: NumberPattern,
    /// Days from issue date to due date, if payment terms are set.
    pub payment_terms_days: Option<u32>,
    /// In percent.
    pub tax_rate: Decimal,
    pub notes: Option<String>,
    /// How a client pays without a payment link, for example by bank transfer.
    pub payment_instructions: Option<String>,
    pub payment_methods: Vec<PaymentMethod>,
    pub logo: Option<ImageId>,
    /// The number format of the account.
    pub number_format: NumberFormat,
    /// The colour of documents and client pages.
    pub accent: Accent,
    /// The layout of invoice PDFs.
    pub template: Template,
    pub paper: Paper,
}

impl Default for InvoiceDefaults {
    fn default() -> Self {
        Self {
            business: Business::default(),
            number_pattern: SeriesKind::Invoice.default_pattern(),
            credit_note_pattern: SeriesKind::CreditNote.default_pattern(),
            payment_terms_days: None,
            tax_rate: Decimal::ZERO,
            notes: None,
            payment_instructions: None,
            payment_methods: Vec::new(),
            logo: None,
            number_format: NumberFormat::default(),
            accent: Accent::PINE,
            template: Template::default(),
            paper: Paper::default(),
        }
    }
}

impl InvoiceDefaults {
    /// Returns the pattern of the numbers of these documents.
    pub fn pattern(&self, kind: SeriesKind) -> &NumberPattern {
        match kind {
            SeriesKind::Invoice => &self.number_pattern,
            SeriesKind::CreditNote => &self.credit_note_pattern,
        }
    }

    /// Whether invoices say how to pay.
    pub fn says_how_to_pay(&self) -> bool {
        self.payment_instructions.is_some() || !self.payment_methods.is_empty()
    }

    /// Returns the term to offer for a new invoice, in days.
    pub fn offered_terms(&self) -> u32 {
        self.payment_terms_days.unwrap_or(30)
    }
}

/// The defaults, and the numbers of today's period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceSettings {
    pub defaults: InvoiceDefaults,
    pub invoices: NumberSeries,
    pub credit_notes: NumberSeries,
    /// The taxes of new invoices, oldest first.
    pub tax_ids: Vec<TaxId>,
    /// The payment providers.
    pub providers: Vec<ConnectedProvider>,
    pub mail: MailSettings,
    pub reminders: ReminderSettings,
}

input! {
    /// A change of the defaults.
    #[derive(Debug, Clone, Default)]
    pub change InvoiceDefaultsChange;

    business_name "businessName": Optional<Name>,
    address "address": Optional<One<Address>>,
    country_code "countryCode": Optional<Country>,
    tax_id "taxId": Optional<Name>,
    registration_number "registrationNumber": Optional<Name>,
    business_email "businessEmail": Optional<Email>,
    business_phone "businessPhone": Optional<Name>,
    website "website": Optional<Url>,
    number_pattern "numberPattern": Required<NumberPattern>,
    /// The next number of today's period.
    next_number "nextNumber": Required<Whole<1, 999_999_999>>,
    credit_note_pattern "creditNotePattern": Required<NumberPattern>,
    next_credit_note_number "nextCreditNoteNumber": Required<Whole<1, 999_999_999>>,
    payment_terms_days "paymentTermsDays": Optional<Whole<0, 365>>,
    /// The taxes of new invoices.
    tax_ids "taxIds": Inherited<List<TaxId, TAXES_MAX>>,
    tax_rate "taxRate": Required<Percent>,
    notes "notes": Optional<FreeText>,
    payment_instructions "paymentInstructions": Optional<Lines>,
    payment_methods "paymentMethods": Inherited<List<One<PaymentMethod>, PAYMENT_METHODS_MAX>>,
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
            business: Business {
                name: self.business_name.apply(current.business.name),
                address: (self.address.apply(current.business.address))
                    .and_then(Address::unless_empty),
                country_code: self.country_code.apply(current.business.country_code),
                tax_id: self.tax_id.apply(current.business.tax_id),
                registration_number: (self.registration_number)
                    .apply(current.business.registration_number),
                email: self.business_email.apply(current.business.email),
                phone: self.business_phone.apply(current.business.phone),
                website: self.website.apply(current.business.website),
            },
            number_pattern: self.number_pattern.unwrap_or(current.number_pattern),
            credit_note_pattern: self.credit_note_pattern.unwrap_or(current.credit_note_pattern),
            payment_terms_days: self.payment_terms_days.apply(current.payment_terms_days),
            tax_rate: self.tax_rate.unwrap_or(current.tax_rate),
            notes: unless_blank(self.notes).apply(current.notes),
            payment_instructions: unless_blank(self.payment_instructions)
                .apply(current.payment_instructions),
            payment_methods: self.payment_methods.unwrap_or(current.payment_methods),
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
            json!({"paymentTermsDays": 14, "taxRate": 7.5, "nextNumber": 12}),
            json!({"paymentTermsDays": "14", "taxRate": " 7.50", "nextNumber": "012"}),
        ] {
            let change = read(value).unwrap();
            assert_eq!(change.next_number, Some(12));
            let mut defaults = InvoiceDefaults::default();
            change.apply(&mut defaults);
            assert_eq!(defaults.payment_terms_days, Some(14));
            assert_eq!(defaults.tax_rate.to_string(), "7.5");
        }
    }

    #[test]
    fn every_invalid_field_is_named() {
        let error = read(json!({
            "businessName": " ", "address": {"city": "x".repeat(101)}, "countryCode": "XX",
            "numberPattern": "A", "nextNumber": 0, "creditNotePattern": "{MM}{N}",
            "paymentTermsDays": 366, "taxRate": "much", "paymentInstructions": 7,
        }));
        assert_eq!(
            error.unwrap_err().to_string(),
            "Validation failed: businessName must not be empty; \
             address.city must be at most 100 characters long; \
             countryCode must be an ISO 3166-1 country code such as NG; \
             numberPattern must have one run of N such as {NNN}, and beside it only {YYYY}, {YY}, \
             {MM}, {MMM}, {Q}, letters, digits, spaces and - / . _ #; \
             nextNumber must be a whole number from 1 to 999999999; \
             creditNotePattern must name the year, {YYYY} or {YY}, or the same numbers would come \
             again; paymentTermsDays must be a whole number from 0 to 365; taxRate must be a number; \
             paymentInstructions must be a string"
        );
    }

    #[test]
    fn null_and_blank_text_clear_optional_fields() {
        let mut defaults = InvoiceDefaults {
            notes: Some("Thank you".to_owned()),
            payment_instructions: Some("IBAN".to_owned()),
            ..InvoiceDefaults::default()
        };
        let set = json!({"address": {"street": "1 Broad Street", "city": "Lagos"}, "taxId": "123"});
        read(set).unwrap().apply(&mut defaults);
        // An address is replaced as a whole.
        read(json!({"address": {"city": "Abuja"}})).unwrap().apply(&mut defaults);
        let address = defaults.business.address.clone().unwrap();
        assert_eq!((address.street, address.city.as_deref()), (None, Some("Abuja")));
        for empty in [json!({}), json!(null), json!({"city": ""})] {
            let mut defaults = defaults.clone();
            read(json!({"address": empty})).unwrap().apply(&mut defaults);
            assert_eq!(defaults.business.address, None, "{empty}");
        }
        let emptied = json!({"paymentInstructions": " \n", "notes": null});
        read(emptied).unwrap().apply(&mut defaults);
        assert_eq!((&defaults.payment_instructions, &defaults.notes), (&None, &None));
        assert_eq!(defaults.business.tax_id.as_deref(), Some("123"));
        read(json!({"numberPattern": null})).unwrap_err();
    }
}

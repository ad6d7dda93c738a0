//! The settings of an account as the API changes them, section by section.

use super::{
    address::Address,
    country::Country,
    invoice_defaults::{InvoiceDefaultsChange, Whole},
    number_series::NumberPattern,
    paper::{Paper, Template},
    payment_method::{PAYMENT_METHODS_MAX, PaymentMethod},
    provider::ProvidersChange,
    reminder::{ProposalReminderChange, ReminderSettingsChange, RemindersChange},
    tax::TAXES_MAX,
};
use crate::domain::{
    id::TaxId,
    input::{Inherited, List, One, Optional, input},
    mail_settings::MailChange,
    notice::NotificationsChange,
    number_format::NumberFormat,
    text::{Email, FreeText, Name, Url},
};

input! {
    /// A change of the business.
    #[derive(Debug, Clone)]
    pub change part BusinessChange as "BusinessChange",
        "The seller on documents. Any of the fields; null clears one.";

    name "name": Optional<Name>,
    address "address": Optional<One<Address>> = "Replaced as a whole.",
    country_code "countryCode": Optional<Country> = "ISO 3166-1 alpha-2.",
    tax_id "taxId": Optional<Name> = "Printed as given, such as `VAT DE123456789`.",
    registration_number "registrationNumber": Optional<Name> = "Printed as given.",
    email "email": Optional<Email> = "The account's email address if none is given.",
    phone "phone": Optional<Name> = "The account's phone number if none is given.",
    website "website": Optional<Url>,
}

input! {
    /// A change of the invoice defaults.
    #[derive(Debug, Clone)]
    pub change part InvoicingChange as "InvoicingChange",
        "How new invoices are made. Any of the fields; null clears an optional one.";

    number_pattern "numberPattern": Inherited<NumberPattern> = "Text with `{YYYY}` or `{YY}`, \
        `{MM}` or `{MMM}`, `{Q}`, and one run of N such as `{NNN}`. Numbers begin again with the \
        shortest period that is named.",
    next_number "nextNumber": Inherited<Whole<1, 999_999_999>> = "In the current period.",
    credit_note_pattern "creditNotePattern": Inherited<NumberPattern>,
    next_credit_note_number "nextCreditNoteNumber": Inherited<Whole<1, 999_999_999>>,
    payment_terms_days "paymentTermsDays": Optional<Whole<0, 365>> =
        "Days from issue date to due date, where neither request nor client says.",
    tax_ids "taxIds": Inherited<List<TaxId, TAXES_MAX>> = "The taxes on lines of new \
        invoices that say nothing else. Replaced as a whole.",
    notes "notes": Optional<FreeText>,
    template "template": Inherited<Template>,
    paper "paper": Inherited<Paper>,
    number_format "numberFormat": Inherited<NumberFormat>,
}

input! {
    /// A change of the settings.
    #[derive(Debug, Clone)]
    pub change SettingsChange;

    business "business": Inherited<One<BusinessChange>>,
    invoicing "invoicing": Inherited<One<InvoicingChange>>,
    payment_methods "paymentMethods": Inherited<List<One<PaymentMethod>, PAYMENT_METHODS_MAX>> =
        "The payment methods, in the order clients see them. The list is replaced as a whole.",
    providers "providers": Inherited<One<ProvidersChange>>,
    notifications "notifications": Inherited<One<NotificationsChange>>,
    reminders "reminders": Inherited<One<RemindersChange>>,
    proposal_reminder "proposalReminder": Inherited<One<ProposalReminderChange>>,
    mail "mail": Inherited<One<MailChange>>,
}

impl SettingsChange {
    /// Takes what it says of reminders, if anything.
    pub fn take_reminders(&mut self) -> Option<ReminderSettingsChange> {
        let (reminders, proposals) = (self.reminders.take(), self.proposal_reminder.take());
        let thank_you = self.mail.as_ref().and_then(|mail| mail.thank_you);
        let says = reminders.is_some() || proposals.is_some() || thank_you.is_some();
        says.then(|| ReminderSettingsChange {
            reminders: reminders.unwrap_or_default(),
            proposals: proposals.unwrap_or_default(),
            thank_you,
        })
    }
}

impl From<SettingsChange> for InvoiceDefaultsChange {
    fn from(change: SettingsChange) -> Self {
        let mut settings = Self::default();
        if let Some(business) = change.business {
            settings = Self {
                business_name: business.name,
                address: business.address,
                country_code: business.country_code,
                tax_id: business.tax_id,
                registration_number: business.registration_number,
                business_email: business.email,
                business_phone: business.phone,
                website: business.website,
                ..settings
            };
        }
        if let Some(invoicing) = change.invoicing {
            settings = Self {
                number_pattern: invoicing.number_pattern,
                next_number: invoicing.next_number,
                credit_note_pattern: invoicing.credit_note_pattern,
                next_credit_note_number: invoicing.next_credit_note_number,
                payment_terms_days: invoicing.payment_terms_days,
                tax_ids: invoicing.tax_ids,
                notes: invoicing.notes,
                template: invoicing.template,
                paper: invoicing.paper,
                number_format: invoicing.number_format,
                ..settings
            };
        }
        Self { payment_methods: change.payment_methods, ..settings }
    }
}

//! Reads and changes the defaults of new invoices.

use crate::{
    app::{
        provider::list_providers, reminder::find_reminder_settings, tax::set_default_taxes,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::ImageId,
        image::ImagePurpose,
        invoice_defaults::{InvoiceDefaults, InvoiceDefaultsChange, InvoiceSettings},
        number_series::SeriesKind,
    },
    store,
};

/// Returns the caller's invoice defaults, even if none have been set yet.
pub fn find_invoice_defaults(work: &mut Work) -> Result<InvoiceDefaults> {
    store::invoice_defaults::find(work.tx, work.account)
}

/// Returns the caller's invoice defaults and next numbers, even if none have been set or used yet.
pub fn find_invoice_settings(work: &mut Work) -> Result<InvoiceSettings> {
    let defaults = find_invoice_defaults(work)?;
    let mut series = |kind| {
        let (pattern, day) = (defaults.pattern(kind), work.today()?);
        store::number_series::find(work.tx, work.account, kind, pattern, day)
    };
    let (invoices, credit_notes) = (series(SeriesKind::Invoice)?, series(SeriesKind::CreditNote)?);
    let taxes = store::tax::list_all(work.tx, work.account, true)?;
    let tax_ids = taxes.into_iter().map(|saved| saved.id).collect();
    let providers = list_providers(work)?;
    let mail = store::mail_settings::find(work.tx, work.account)?;
    let reminders = find_reminder_settings(work)?;
    Ok(InvoiceSettings { defaults, invoices, credit_notes, tax_ids, providers, mail, reminders })
}

/// Changes the invoice defaults. If a new pattern has the same period, numbers continue.
///
/// # Errors
///
/// Stale if the settings are no longer the expected ones; a conflict if the next number is already
/// used.
pub fn update_invoice_defaults(
    work: &mut Work,
    change: &InvoiceDefaultsChange,
    expected: Option<&Expected<InvoiceSettings>>,
) -> Result<InvoiceSettings> {
    let before = find_invoice_settings(work)?;
    expected::check(expected, &before)?;
    let mut defaults = before.defaults.clone();
    change.clone().apply(&mut defaults);
    store::invoice_defaults::set(work.tx, work.account, &defaults, work.now)?;
    for (kind, next, series) in [
        (SeriesKind::Invoice, change.next_number, &before.invoices),
        (SeriesKind::CreditNote, change.next_credit_note_number, &before.credit_notes),
    ] {
        let pattern = defaults.pattern(kind);
        let next = next.map(i64::from).filter(|next| {
            // A form always includes the current number.
            *pattern != series.pattern || *next != series.next
        });
        let Some(next) = next else { continue };
        let (number, period) = (pattern.write(series.day, next), pattern.period(series.day));
        if store::number_series::is_used(work.tx, work.account, kind, &number)? {
            return Err(Error::conflict("error-number-used").with("number", number));
        }
        store::number_series::set(work.tx, work.account, kind, &period, next)?;
    }
    if let Some(ids) = &change.tax_ids {
        set_default_taxes(work, ids, "invoicing.taxIds")?;
    }
    find_invoice_settings(work)
}

/// Sets an uploaded picture as the logo on invoices, or removes it. Sent invoices keep theirs.
///
/// # Errors
///
/// Not found if the caller has not uploaded such a logo.
pub fn set_logo(work: &mut Work, logo: Option<ImageId>) -> Result<()> {
    if let Some(id) = logo {
        let purpose = store::image::find_purpose(work.tx, work.account, id)?;
        if purpose != Some(ImagePurpose::Logo) {
            return Err(Error::not_found("error-image-not-found"));
        }
    }
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    let defaults = InvoiceDefaults { logo, ..defaults };
    store::invoice_defaults::set(work.tx, work.account, &defaults, work.now)
}

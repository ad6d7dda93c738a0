//! Reads and changes the defaults of new invoices.

use crate::{
    app::unit_of_work::Work,
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::ImageId,
        image::ImagePurpose,
        invoice_defaults::{InvoiceDefaults, InvoiceDefaultsChange, InvoiceSettings},
        invoice_series::InvoiceSeries,
    },
    store,
};

/// Returns the caller's invoice defaults and this year's number series, even if no number has been
/// used or chosen yet.
pub fn find_invoice_settings(work: &mut Work) -> Result<InvoiceSettings> {
    let year = work.today()?.year();
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    let found = store::invoice_series::find(work.tx, work.account, year)?;
    let series = found.unwrap_or_else(|| InvoiceSeries::new(year, defaults.prefix.clone()));
    Ok(InvoiceSettings { defaults, series })
}

/// Changes the invoice defaults. Prefix and start are fixed once this year has an invoice.
///
/// # Errors
///
/// Stale if the settings are no longer the expected ones.
pub fn update_invoice_defaults(
    work: &mut Work,
    change: &InvoiceDefaultsChange,
    expected: Option<&Expected<InvoiceSettings>>,
) -> Result<InvoiceSettings> {
    let before = find_invoice_settings(work)?;
    expected::check(expected, &before)?;
    let mut settings = before.clone();
    settings.series.choose(change.prefix.as_deref(), change.next_number.map(i64::from))?;
    if settings.series != before.series {
        store::invoice_series::set(work.tx, work.account, &settings.series)?;
    }
    change.clone().apply(&mut settings.defaults);
    store::invoice_defaults::set(work.tx, work.account, &settings.defaults, work.now)?;
    Ok(settings)
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

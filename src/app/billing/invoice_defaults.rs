//! What new invoices begin with: read and changed.

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

/// What the caller's invoices begin with, and this year's numbers, be it that none was drawn or
/// chosen yet.
pub fn find_invoice_settings(work: &mut Work) -> Result<InvoiceSettings> {
    let year = work.today()?.year();
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    let found = store::invoice_series::find(work.tx, work.account, year)?;
    let series = found.unwrap_or_else(|| InvoiceSeries::new(year, defaults.prefix.clone()));
    Ok(InvoiceSettings { defaults, series })
}

/// Changes what invoices begin with. Prefix and start stay once this year has an invoice.
///
/// # Errors
///
/// Stale, if the settings are not the expected ones any more.
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

/// Puts a picture that the caller has uploaded on invoices, or none. Sent ones keep theirs.
pub fn set_logo(work: &mut Work, logo: Option<ImageId>) -> Result<()> {
    if let Some(id) = logo {
        let purpose = store::image::find_purpose(work.tx, work.account, id)?;
        if purpose != Some(ImagePurpose::Logo) {
            return Err(Error::not_found("Image"));
        }
    }
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    let defaults = InvoiceDefaults { logo, ..defaults };
    store::invoice_defaults::set(work.tx, work.account, &defaults, work.now)
}

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

/// What the caller's invoices begin with, and how this year's are numbered.
pub fn find_invoice_settings(work: &mut Work) -> Result<InvoiceSettings> {
    let (defaults, series) = find_invoice_defaults(work)?;
    Ok(settings(defaults, &series))
}

/// What invoices begin with, and this year's numbers, be it that none was drawn or chosen yet.
pub fn find_invoice_defaults(work: &mut Work) -> Result<(InvoiceDefaults, InvoiceSeries)> {
    let year = work.today()?.year();
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    let found = store::invoice_series::find(work.tx, work.account, year)?;
    let series = found.unwrap_or_else(|| InvoiceSeries::new(year, defaults.prefix.clone()));
    Ok((defaults, series))
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
    let (mut defaults, before) = find_invoice_defaults(work)?;
    expected::check(expected, &settings(defaults.clone(), &before))?;
    let mut series = before.clone();
    series.choose(change.prefix.as_deref(), change.next_number.map(i64::from))?;
    if series != before {
        store::invoice_series::set(work.tx, work.account, &series)?;
    }
    change.clone().apply(&mut defaults);
    store::invoice_defaults::set(work.tx, work.account, &defaults, work.now)?;
    Ok(settings(defaults, &series))
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

fn settings(defaults: InvoiceDefaults, series: &InvoiceSeries) -> InvoiceSettings {
    InvoiceSettings {
        defaults,
        year: series.year,
        next_number: series.next_number(),
        is_begun: series.is_begun(),
    }
}

//! What new invoices begin with: read and changed.

use super::{App, invoice::today};
use crate::{
    domain::{
        error::{Error, Result},
        expected::Expected,
        id::{AccountId, ImageId},
        image::ImagePurpose,
        invoice_defaults::{InvoiceDefaults, InvoiceDefaultsChange, InvoiceSettings},
        invoice_series::InvoiceSeries,
        session::Claims,
    },
    store::{self, engine::Tx},
};

impl App {
    /// What the caller's invoices begin with, and how this year's are numbered.
    pub async fn invoice_defaults(&self, claims: Claims) -> Result<InvoiceSettings> {
        let now = self.now();
        self.read(claims, move |tx, actor| {
            let defaults = store::invoice_defaults::find(tx, actor.account)?;
            let series = series(tx, actor.account, today(&actor, now)?.year(), &defaults)?;
            Ok(settings(defaults, &series))
        })
        .await
    }

    /// Changes what invoices begin with. Prefix and start stay once this year has an invoice.
    ///
    /// # Errors
    ///
    /// Stale, if the settings are not the expected ones any more.
    pub async fn update_invoice_defaults(
        &self,
        claims: Claims,
        change: InvoiceDefaultsChange,
        expected: Option<Expected<InvoiceSettings>>,
    ) -> Result<InvoiceSettings> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let account = actor.account;
            let mut defaults = store::invoice_defaults::find(tx, account)?;
            let before = series(tx, account, today(&actor, now)?.year(), &defaults)?;
            if let Some(expected) = &expected {
                expected.check(&settings(defaults.clone(), &before))?;
            }
            let mut series = before.clone();
            series.choose(change.prefix.as_deref(), change.next_number.map(i64::from))?;
            if series != before {
                store::invoice_series::set(tx, account, &series)?;
            }
            change.clone().apply(&mut defaults);
            store::invoice_defaults::set(tx, account, &defaults, now)?;
            Ok(settings(defaults, &series))
        })
        .await
    }

    /// Puts a picture that the caller has uploaded on invoices, or none. Sent ones keep theirs.
    pub async fn set_logo(&self, claims: Claims, logo: Option<ImageId>) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            if let Some(id) = logo {
                let purpose = store::image::find_purpose(tx, actor.account, id)?;
                if purpose != Some(ImagePurpose::Logo) {
                    return Err(Error::not_found("Image"));
                }
            }
            let defaults = store::invoice_defaults::find(tx, actor.account)?;
            let defaults = InvoiceDefaults { logo, ..defaults };
            store::invoice_defaults::set(tx, actor.account, &defaults, now)
        })
        .await
    }
}

/// The numbers of a year, be it that none was drawn or chosen yet.
fn series(
    tx: &mut Tx,
    account: AccountId,
    year: i16,
    defaults: &InvoiceDefaults,
) -> Result<InvoiceSeries> {
    let found = store::invoice_series::find(tx, account, year)?;
    Ok(found.unwrap_or_else(|| InvoiceSeries::new(year, defaults.prefix.clone())))
}

fn settings(defaults: InvoiceDefaults, series: &InvoiceSeries) -> InvoiceSettings {
    InvoiceSettings {
        defaults,
        year: series.year,
        next_number: series.next_number(),
        is_begun: series.is_begun(),
    }
}

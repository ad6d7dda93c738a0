//! Taxes that an account uses on its invoices.

use crate::{
    app::unit_of_work::Work,
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::TaxId,
        invoice::Line,
        page::Listing,
        rule::Rule,
        tax::{SavedTax, TAXES_MAX, Tax, TaxChange, TaxFilter},
    },
    store,
};

/// Adds a tax.
///
/// # Errors
///
/// A conflict if the account has the maximum number of taxes.
pub fn create_tax(work: &mut Work, tax: &Tax) -> Result<SavedTax> {
    if store::tax::count(work.tx, work.account)? >= TAXES_MAX as u64 {
        return Err(Error::conflict("error-taxes-max").with("max", TAXES_MAX));
    }
    let saved = SavedTax {
        id: work.new_id(),
        account: work.account,
        tax: tax.clone(),
        is_default: false,
        created_at: work.now,
        updated_at: work.now,
    };
    store::tax::create(work.tx, &saved)?;
    Ok(saved)
}

/// Returns a page of taxes, newest first.
pub fn list_taxes(work: &mut Work, filter: &TaxFilter) -> Result<Listing<SavedTax>> {
    store::tax::list(work.tx, work.account, filter.page)
}

/// Returns all taxes of the caller, oldest first.
pub fn all_taxes(work: &mut Work) -> Result<Vec<SavedTax>> {
    store::tax::list_all(work.tx, work.account, false)
}

/// Returns one of the caller's taxes.
///
/// # Errors
///
/// Not found if the caller has no such tax.
pub fn find_tax(work: &mut Work, id: TaxId) -> Result<SavedTax> {
    store::tax::find(work.tx, work.account, id)
}

/// Changes a tax. Invoices that already have it do not change.
///
/// # Errors
///
/// Not found if the caller has no such tax; invalid if its category needs the rate 0; stale if it is
/// no longer the expected one.
pub fn update_tax(
    work: &mut Work,
    id: TaxId,
    change: &TaxChange,
    expected: Option<&Expected<SavedTax>>,
) -> Result<SavedTax> {
    let before = find_tax(work, id)?;
    expected::check(expected, &before)?;
    let tax = change.clone().apply(&before.tax)?;
    let saved = SavedTax { tax, updated_at: work.now, ..before };
    store::tax::update(work.tx, &saved)?;
    Ok(saved)
}

/// Deletes a tax. Invoices keep it.
///
/// # Errors
///
/// Not found if the caller has no such tax.
pub fn delete_tax(work: &mut Work, id: TaxId) -> Result<()> {
    let tax = find_tax(work, id)?;
    store::tax::delete(work.tx, &tax)
}

/// Returns the default taxes of lines.
pub fn default_taxes(work: &mut Work) -> Result<Vec<Tax>> {
    let taxes = store::tax::list_all(work.tx, work.account, true)?;
    Ok(taxes.into_iter().map(|saved| saved.tax).collect())
}

/// Sets whether new invoices have a tax by default.
///
/// # Errors
///
/// Not found if the caller has no such tax.
pub fn mark_default(work: &mut Work, id: TaxId, is_default: bool) -> Result<SavedTax> {
    let before = find_tax(work, id)?;
    let saved = SavedTax { is_default, updated_at: work.now, ..before };
    store::tax::update(work.tx, &saved)?;
    Ok(saved)
}

/// Makes exactly these taxes the defaults of new invoices.
///
/// # Errors
///
/// Invalid, named by `field`, if the caller has no such tax.
pub fn set_default_taxes(work: &mut Work, ids: &[TaxId], field: &'static str) -> Result<()> {
    let taxes = all_taxes(work)?;
    if let Some(at) = ids.iter().position(|id| taxes.iter().all(|tax| tax.id != *id)) {
        return Err(Error::field(format!("{field}[{at}]"), Rule::Unknown));
    }
    for tax in taxes {
        let is_default = ids.contains(&tax.id);
        if is_default != tax.is_default {
            let saved = SavedTax { is_default, updated_at: work.now, ..tax };
            store::tax::update(work.tx, &saved)?;
        }
    }
    Ok(())
}

/// Copies the taxes that lines refer to into the lines.
///
/// # Errors
///
/// Invalid if the caller has no such tax.
pub(in crate::app) fn resolve_taxes(work: &mut Work, lines: &mut [Line]) -> Result<()> {
    let ids: Vec<TaxId> = lines.iter().flat_map(|line| line.tax_ids.iter().copied()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let known = store::tax::find_all(work.tx, work.account, &ids)?;
    for (index, line) in lines.iter_mut().enumerate().filter(|(_, line)| !line.tax_ids.is_empty()) {
        let ids = std::mem::take(&mut line.tax_ids);
        let tax = |(at, id): (usize, &TaxId)| {
            let found = known.iter().find(|saved| saved.id == *id);
            let unknown = || Error::field(format!("items[{index}].taxIds[{at}]"), Rule::Unknown);
            found.map(|saved| saved.tax.clone()).ok_or_else(unknown)
        };
        line.taxes = Some(ids.iter().enumerate().map(tax).collect::<Result<_>>()?);
    }
    Ok(())
}

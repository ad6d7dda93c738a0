//! Taxes that an account uses.

use crate::{
    domain::{
        error::Result,
        id::{AccountId, TaxId},
        page::{Listing, Page},
        tax::{SavedTax, Tax},
    },
    store::{
        engine::{Tx, values},
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("taxes", COLUMNS);

record! {
    taxes, saved: &SavedTax {
        id = &saved.id,
        name = &saved.tax.name,
        rate = saved.tax.rate,
        category = saved.tax.category.as_str(),
        note = saved.tax.note.as_ref(),
        is_default = saved.is_default,
        updated_at = saved.updated_at,
        @once { account_id = &saved.account, created_at = saved.created_at, }
    } => SavedTax {
        account: account_id,
        tax: Tax { name, rate, category, note },
        id, is_default, created_at, updated_at,
    }
}

/// Adds a tax.
pub fn create(tx: &mut Tx, tax: &SavedTax) -> Result<()> {
    tx.insert(row(tax))?;
    LIST.tally(tx, tax.account, &[], 1)
}

/// Finds a tax.
pub fn find(tx: &mut Tx, account: AccountId, id: TaxId) -> Result<SavedTax> {
    LIST.of(&account).find(tx, "error-tax-not-found", &id, read)
}

/// Finds the taxes with these ids.
pub fn find_all(tx: &mut Tx, account: AccountId, ids: &[TaxId]) -> Result<Vec<SavedTax>> {
    LIST.of(&account).among(ids).all(tx, read)
}

/// Counts the taxes of an account.
pub fn count(tx: &mut Tx, account: AccountId) -> Result<u64> {
    LIST.of(&account).count(tx)
}

/// Lists a page of taxes, newest first.
pub fn list(tx: &mut Tx, account: AccountId, page: Page) -> Result<Listing<SavedTax>> {
    LIST.of(&account).page(tx, page, read)
}

/// Lists all taxes of an account, or only the default ones, oldest first.
pub fn list_all(tx: &mut Tx, account: AccountId, are_default: bool) -> Result<Vec<SavedTax>> {
    let all = LIST.of(&account);
    let these = if are_default { all.only("is_default = 1") } else { all };
    let mut taxes = these.all(tx, read)?;
    taxes.sort_unstable_by_key(|tax| tax.id);
    Ok(taxes)
}

/// Saves a change.
pub fn update(tx: &mut Tx, tax: &SavedTax) -> Result<()> {
    tx.update(row(tax))
}

/// Removes a tax. Invoices keep their copies.
pub fn delete(tx: &mut Tx, tax: &SavedTax) -> Result<()> {
    tx.change("DELETE FROM taxes WHERE id = ?1", values![&tax.id])?;
    LIST.tally(tx, tax.account, &[], -1)
}

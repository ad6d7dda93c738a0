//! Defaults for new invoices.

use jiff::Timestamp;

use crate::{
    domain::{error::Result, id::AccountId, invoice_defaults::InvoiceDefaults},
    store::{
        engine::{Tx, values},
        row::row,
    },
};

/// Returns the defaults of an account, even if never changed.
pub fn find(tx: &mut Tx, account: AccountId) -> Result<InvoiceDefaults> {
    let found = tx.find(
        "SELECT business_name, address, tax_id, prefix, due_days, tax_rate, notes, \
         payment_instructions, logo, number_format, accent, template, paper FROM invoice_defaults WHERE account_id = ?1",
        values![&account],
        |row| {
            Ok(InvoiceDefaults {
                business_name: row.get(0)?,
                address: row.get(1)?,
                tax_id: row.get(2)?,
                prefix: row.get(3)?,
                due_days: row.get(4)?,
                tax_rate: row.get(5)?,
                notes: row.get(6)?,
                payment_instructions: row.get(7)?,
                logo: row.get(8)?,
                number_format: row.get(9)?,
                accent: row.get(10)?,
                template: row.get(11)?,
                paper: row.get(12)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Saves the defaults of an account.
pub fn set(
    tx: &mut Tx,
    account: AccountId,
    defaults: &InvoiceDefaults,
    now: Timestamp,
) -> Result<()> {
    tx.upsert(row!(invoice_defaults {
        account_id: &account,
        business_name: defaults.business_name.as_ref(),
        address: defaults.address.as_ref(),
        tax_id: defaults.tax_id.as_ref(),
        prefix: &defaults.prefix,
        due_days: defaults.due_days,
        tax_rate: defaults.tax_rate,
        notes: defaults.notes.as_ref(),
        payment_instructions: defaults.payment_instructions.as_ref(),
        logo: defaults.logo.as_ref(),
        number_format: defaults.number_format.as_str(),
        accent: defaults.accent,
        template: defaults.template.as_str(),
        paper: defaults.paper.as_str(),
        updated_at: now
    }))
}

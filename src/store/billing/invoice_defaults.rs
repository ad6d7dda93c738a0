//! Defaults for new invoices.

use jiff::Timestamp;

use crate::{
    domain::{
        address::Address,
        business::Business,
        country::Country,
        error::Result,
        id::AccountId,
        invoice_defaults::InvoiceDefaults,
        number_series::{NumberPattern, SeriesKind},
    },
    store::{
        engine::{Tx, Value, json, values},
        row::record,
    },
};

record! {
    invoice_defaults, known: &(AccountId, InvoiceDefaults, Timestamp) {
        account_id = &known.0,
        business_name = known.1.business.name.as_ref(),
        address = known.1.business.address.as_ref(),
        country_code = known.1.business.country_code,
        tax_id = known.1.business.tax_id.as_ref(),
        registration_number = known.1.business.registration_number.as_ref(),
        email = known.1.business.email.as_ref(),
        phone = known.1.business.phone.as_ref(),
        website = known.1.business.website.as_ref(),
        number_pattern = known.1.number_pattern.as_str(),
        credit_note_pattern = known.1.credit_note_pattern.as_str(),
        payment_terms_days = known.1.payment_terms_days,
        tax_rate = known.1.tax_rate,
        notes = known.1.notes.as_ref(),
        payment_instructions = known.1.payment_instructions.as_ref(),
        payment_methods = json(&known.1.payment_methods),
        logo = known.1.logo.as_ref(),
        number_format = known.1.number_format.as_str(),
        accent = known.1.accent,
        template = known.1.template.as_str(),
        paper = known.1.paper.as_str(),
        updated_at = known.2,
    } => (
        account_id,
        InvoiceDefaults {
            business: Business {
                name: business_name,
                address, country_code, tax_id, registration_number, email, phone, website,
            },
            number_pattern, credit_note_pattern, payment_terms_days, tax_rate, notes,
            payment_instructions, payment_methods, logo, number_format, accent, template, paper,
        },
        updated_at,
    )
}

/// Returns the defaults of an account, even if never changed.
pub fn find(tx: &mut Tx, account: AccountId) -> Result<InvoiceDefaults> {
    let found = tx.find(select("WHERE account_id = ?1"), values![&account], read)?;
    Ok(found.map(|(_, defaults, _)| defaults).unwrap_or_default())
}

/// Returns the pattern of the numbers of these documents.
pub fn find_pattern(tx: &mut Tx, account: AccountId, kind: SeriesKind) -> Result<NumberPattern> {
    let sql = match kind {
        SeriesKind::Invoice => "SELECT number_pattern FROM invoice_defaults WHERE account_id = ?1",
        SeriesKind::CreditNote => {
            "SELECT credit_note_pattern FROM invoice_defaults WHERE account_id = ?1"
        }
    };
    let found = tx.find(sql, values![&account], |row| row.get(0))?;
    Ok(found.unwrap_or_else(|| kind.default_pattern()))
}

/// Saves the defaults of an account.
pub fn set(
    tx: &mut Tx,
    account: AccountId,
    defaults: &InvoiceDefaults,
    now: Timestamp,
) -> Result<()> {
    tx.upsert(row(&(account, defaults.clone(), now)))
}

/// Splits every address that was typed as lines into its parts. If an address ends with a country,
/// sets the country.
pub(in crate::store) fn restructure(tx: &mut Tx) -> Result<()> {
    let typed: Vec<(AccountId, String, Option<String>)> = tx.list(
        "SELECT account_id, address, accounts.country FROM invoice_defaults \
         JOIN accounts ON accounts.id = account_id WHERE address IS NOT NULL",
        values![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    for (account, text, country) in typed {
        let (text, named) = without_country(&text);
        let country = named.or_else(|| Country::named(country.as_deref()?));
        let address = Address::of_lines(&text, country);
        tx.change(
            "UPDATE invoice_defaults SET address = ?2, country_code = ?3 WHERE account_id = ?1",
            values![&account, address.as_ref().map_or(Value::Null, Value::from), named],
        )?;
    }
    Ok(())
}

/// Splits the country off an address whose last line names it.
fn without_country(text: &str) -> (String, Option<Country>) {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.split_last() {
        Some((last, rest)) if last.len() > 3 && !rest.is_empty() => match Country::named(last) {
            // A name that would be printed differently stays as typed.
            Some(country) if country.name() == *last => (rest.join("\n"), Some(country)),
            _ => (lines.join("\n"), None),
        },
        _ => (lines.join("\n"), None),
    }
}

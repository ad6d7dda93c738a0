//! Clients.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};

use crate::{
    domain::{
        client::{Client, ClientDetails, ClientFilter, ClientName, ClientWork, Latest},
        country::Country,
        error::{Error, Result},
        exchange_rate::Total,
        id::{AccountId, ClientId},
        language::Language,
        money::{Currency, Money},
        page::Listing,
        payment::PaymentSum,
    },
    store::{
        billing::{
            exchange_rate::LatestRates,
            invoice::{amount_due, is_open},
        },
        engine::{Row, Tx, any_of, json, values},
        lister::Lister,
        row::{NewRow, row},
        search::like_pattern,
    },
};

/// Clients, with one row per sum paid.
const LIST: Lister = Lister {
    name: "clients",
    table: "clients",
    columns: "found.id, found.account_id, name, email, company, phone, country, avatar, \
              created_at, updated_at, address, country_code, tax_id, registration_number, \
              billing_currency, payment_terms_days, cc_emails, buyer_reference, notes, language, \
              peppol_id, reminders_off, currency, amount, base_currency, base_amount",
    join: "LEFT JOIN client_totals ON client_totals.client_id = found.id",
};

/// The condition for clients in the lists.
const LISTED: &str = "deleted_at IS NULL";

/// Merges the rows of [`LIST`] into clients, newest first. Payments in a currency without a known
/// rate do not count towards `total_billed`.
fn gather(
    tx: &mut Tx,
    rows: Vec<(Client, Option<PaymentSum>)>,
    rates: &LatestRates,
) -> Result<Vec<Client>> {
    let base = rates.base();
    let mut clients: Vec<(Client, Total)> = Vec::with_capacity(rows.len());
    for (client, sum) in rows {
        // Rows of one client are usually adjacent, but a join guarantees no order.
        let known = clients.iter().rposition(|(known, _)| known.id == client.id);
        let place = known.unwrap_or_else(|| {
            clients.push((client, Total::default()));
            clients.len() - 1
        });
        if let (Some((_, total)), Some(sum)) = (clients.get_mut(place), sum) {
            total.add_payments(&sum, base);
        }
    }
    clients.sort_by_key(|(client, _)| std::cmp::Reverse(client.id));
    clients
        .into_iter()
        .map(|(client, total)| {
            let minor = match total.only(base) {
                Some(minor) => minor,
                None => total.convert(&*rates.get(tx)?).minor,
            };
            let minor = i64::try_from(minor).unwrap_or(i64::MAX);
            Ok(Client { total_billed: Money::new(minor, base), ..client })
        })
        .collect()
}

fn read(row: &dyn Row, base: Currency) -> Result<(Client, Option<PaymentSum>)> {
    let client = Client {
        id: row.get(0)?,
        account: row.get(1)?,
        details: ClientDetails {
            name: row.get(2)?,
            email: row.get(3)?,
            company: row.get(4)?,
            phone: row.get(5)?,
            country: row.get(6)?,
            address: row.get(10)?,
            country_code: row.get(11)?,
            tax_id: row.get(12)?,
            registration_number: row.get(13)?,
            currency: row.get(14)?,
            payment_terms_days: row.get(15)?,
            cc_emails: row.get(16)?,
            buyer_reference: row.get(17)?,
            notes: row.get(18)?,
            language: row.get(19)?,
            peppol_id: row.get(20)?,
            reminders: Some(!row.get::<bool>(21)?),
        },
        avatar: row.get(7)?,
        total_billed: Money::zero(base),
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    };
    let currency: Option<Currency> = row.get(22)?;
    let sum = currency.map(|currency| read_sum(row, currency, 23)).transpose()?;
    Ok((client, sum))
}

/// Reads `amount, base_currency, base_amount`, starting at the given column.
pub(in crate::store) fn read_sum(
    row: &dyn Row,
    currency: Currency,
    column: usize,
) -> Result<PaymentSum> {
    let base: String = row.get(column + 1)?;
    let base_minor: i64 = row.get(column + 2)?;
    Ok(PaymentSum {
        currency,
        minor: row.get(column)?,
        base: Currency::from_code(&base).map(|base| Money::new(base_minor, base)),
    })
}

fn row(client: &Client) -> NewRow<'_> {
    row!(clients {
        id: &client.id,
        name: &client.details.name,
        email: &client.details.email,
        company: client.details.company.as_ref(),
        phone: client.details.phone.as_ref(),
        country: client.details.country.as_ref(),
        address: client.details.address.as_ref(),
        country_code: client.details.country_code,
        tax_id: client.details.tax_id.as_ref(),
        registration_number: client.details.registration_number.as_ref(),
        billing_currency: client.details.currency,
        payment_terms_days: client.details.payment_terms_days,
        cc_emails: json(&client.details.cc_emails),
        buyer_reference: client.details.buyer_reference.as_ref(),
        notes: client.details.notes.as_ref(),
        language: client.details.language.map(Language::as_str),
        peppol_id: client.details.peppol_id.as_ref(),
        reminders_off: !client.details.gets_reminders(),
        search_key: client.details.search_key(),
        updated_at: client.updated_at;
        once
        account_id: &client.account,
        avatar: client.avatar.as_ref(),
        created_at: client.created_at
    })
}

/// Adds a client.
pub fn create(tx: &mut Tx, client: &Client) -> Result<()> {
    tx.insert(row(client))?;
    LIST.tally(tx, client.account, &[], 1)
}

/// Finds a client in the lists.
pub fn find(tx: &mut Tx, account: AccountId, id: ClientId, rates: &LatestRates) -> Result<Client> {
    let this = LIST.of(&account).only(LISTED).which("id = ?", Some(&id));
    let rows = this.all(tx, |row| read(row, rates.base()))?;
    gather(tx, rows, rates)?.pop().ok_or_else(|| Error::not_found("error-client-not-found"))
}

/// Finds a client, deleted or not, for invoices and proposals that refer to it.
pub fn find_any(
    tx: &mut Tx,
    account: AccountId,
    id: ClientId,
    rates: &LatestRates,
) -> Result<Client> {
    let this = LIST.of(&account).which("id = ?", Some(&id));
    let rows = this.all(tx, |row| read(row, rates.base()))?;
    gather(tx, rows, rates)?.pop().ok_or_else(|| Error::not_found("error-client-not-found"))
}

/// Finds the clients with these ids, deleted or not, each once.
pub fn find_all<'i>(
    tx: &mut Tx,
    account: AccountId,
    ids: impl Iterator<Item = &'i ClientId>,
    rates: &LatestRates,
) -> Result<HashMap<ClientId, Client>> {
    let those = LIST.of(&account).among(ids);
    let rows = those.all(tx, |row| read(row, rates.base()))?;
    Ok(gather(tx, rows, rates)?.into_iter().map(|client| (client.id, client)).collect())
}

/// Whether the account has this client in its lists.
pub fn exists(tx: &mut Tx, account: AccountId, id: ClientId) -> Result<bool> {
    let found = tx.find(
        "SELECT 1 FROM clients WHERE id = ?1 AND account_id = ?2 AND deleted_at IS NULL",
        values![&id, &account],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Lists the names of the newest clients, at most `most`.
pub fn list_names(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<ClientName>> {
    tx.list(
        "SELECT id, name, company FROM clients WHERE account_id = ?1 AND deleted_at IS NULL \
         ORDER BY id DESC LIMIT ?2",
        values![&account, most],
        |row| Ok(ClientName { id: row.get(0)?, name: row.get(1)?, company: row.get(2)? }),
    )
}

/// Returns when the newest invoice, proposal and project of each of these clients was created.
pub fn list_latest(
    tx: &mut Tx,
    account: AccountId,
    ids: &[ClientId],
) -> Result<HashMap<ClientId, Latest>> {
    let latest = tx.list(
        "SELECT id, (SELECT i.created_at FROM invoices i WHERE i.account_id = ?1 \
         AND i.client_id = clients.id AND i.status <> 'cancelled' ORDER BY i.id DESC LIMIT 1), \
         (SELECT p.created_at FROM proposals p WHERE p.account_id = ?1 \
         AND p.client_id = clients.id ORDER BY p.id DESC LIMIT 1), \
         (SELECT p.created_at FROM projects p WHERE p.account_id = ?1 \
         AND p.client_id = clients.id AND p.deleted_at IS NULL ORDER BY p.id DESC LIMIT 1) \
         FROM clients WHERE +account_id = ?1 AND id IN rarray(?2)",
        values![&account, any_of(ids)],
        |row| {
            let kinds = [ClientWork::Invoice, ClientWork::Proposal, ClientWork::Project];
            let mut latest = None;
            for (column, kind) in (1..).zip(kinds) {
                let at: Option<Timestamp> = row.get(column)?;
                latest = latest.max(at.map(|at| Latest { at, kind }));
            }
            Ok((row.get(0)?, latest))
        },
    )?;
    Ok(latest.into_iter().filter_map(|(id, latest)| Some((id, latest?))).collect())
}

/// Lists a page of clients, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &ClientFilter,
    rates: &LatestRates,
) -> Result<Listing<Client>> {
    let pattern = filter.search.as_deref().map(like_pattern);
    let query = LIST.of(&account).only(LISTED).which("search_key LIKE ? ESCAPE '\\'", pattern);
    let Listing { entries, total, page } =
        query.page(tx, filter.page, |row| read(row, rates.base()))?;
    Ok(Listing { entries: gather(tx, entries, rates)?, total, page })
}

/// Lists the amounts due on a client's open invoices with their due dates, earliest first, at most
/// `most`.
pub fn list_open(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    most: i64,
) -> Result<Vec<(Date, Money)>> {
    tx.list(
        concat!(
            "SELECT due_date, ",
            amount_due!(),
            ", currency FROM invoices WHERE account_id = ?1 AND client_id = ?2 AND ",
            is_open!(),
            " ORDER BY due_date, id LIMIT ?3"
        ),
        values![&account, &client, most],
        |row| Ok((row.get(0)?, Money::new(row.get(1)?, row.get(2)?))),
    )
}

/// Saves the details.
pub fn update(tx: &mut Tx, client: &Client) -> Result<()> {
    tx.update(row(client))
}

/// Rewrites the search keys of all clients with this program's folding.
pub(in crate::store) fn refold(tx: &mut Tx) -> Result<()> {
    const AT_ONCE: i64 = 1000;
    let mut last = ClientId::NIL;
    loop {
        let clients: Vec<(ClientId, ClientDetails, String)> = tx.list(
            "SELECT id, name, email, company, search_key FROM clients \
             WHERE id > ?1 ORDER BY id LIMIT ?2",
            values![&last, AT_ONCE],
            |row| {
                let (name, email, company) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let details = ClientDetails { name, email, company, ..ClientDetails::default() };
                Ok((row.get(0)?, details, row.get(4)?))
            },
        )?;
        let Some((newest, ..)) = clients.last() else { return Ok(()) };
        last = *newest;
        for (id, details, key) in &clients {
            let folded = details.search_key();
            if folded != *key {
                let values = values![id, folded];
                tx.change("UPDATE clients SET search_key = ?2 WHERE id = ?1", values)?;
            }
        }
    }
}

/// Sets the country code of every client whose country text names a country.
pub(in crate::store) fn name_countries(tx: &mut Tx) -> Result<()> {
    let sql = "SELECT DISTINCT country FROM clients WHERE country IS NOT NULL";
    let typed: Vec<String> = tx.list(sql, values![], |row| row.get(0))?;
    for text in typed {
        let Some(country) = Country::named(&text) else { continue };
        let sql = "UPDATE clients SET country_code = ?2 WHERE country = ?1";
        tx.change(sql, values![&text, country])?;
    }
    Ok(())
}

/// Removes a client from all lists.
pub fn delete(tx: &mut Tx, account: AccountId, id: ClientId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE clients SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1",
        values![&id, now],
    )?;
    LIST.tally(tx, account, &[], -1)
}

/// Adds a payment to the client's total.
pub fn add_payment(tx: &mut Tx, id: ClientId, sum: &PaymentSum) -> Result<()> {
    tx.change(
        "INSERT INTO client_totals (client_id, currency, base_currency, amount, base_amount) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (client_id, currency, base_currency) DO UPDATE SET \
         amount = client_totals.amount + excluded.amount, \
         base_amount = client_totals.base_amount + excluded.base_amount",
        values![
            &id,
            sum.currency,
            sum.base.map_or("", |base| base.currency.code()),
            sum.minor,
            sum.base.map_or(0, |base| base.minor),
        ],
    )
}

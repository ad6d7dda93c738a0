//! Invoices and their lines.

use std::collections::HashMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    domain::{
        balance::Booked,
        client::Client,
        discount::Discount,
        error::{Error, Result},
        id::{AccountId, InvoiceId, ProjectId, ProposalId},
        invoice::{
            Invoice, InvoiceStatus, Item, Line, Party, PartyAddress, Seller, Terms, Totals, Unit,
        },
        money::Money,
        payment::PaidAt,
        tax::{Tax, TaxSum, Withholding},
        text,
    },
    store::{
        client, dashboard, deposit,
        engine::{Row, Tx, any_of, json, values},
        exchange_rate::LatestRates,
        list_total,
        lister::Lister,
        milestone,
        row::{record, row},
    },
};

pub use super::invoice_list::{list, list_ids, search};

/// Whether an invoice is open: the client has received it and has to pay it. The argument names the
/// table, if needed: `i.`.
macro_rules! is_open {
    ($($table:literal)?) => { concat!($($table,)? "status = 'sent'") };
}

/// The amount due on an open invoice.
macro_rules! amount_due {
    ($($t:literal)?) => {
        concat!($($t,)? "amount - ", $($t,)? "amount_paid - ", $($t,)? "amount_credited")
    };
}

pub(in crate::store) use {amount_due, is_open};

pub(super) const LIST: Lister = Lister::new("invoices", COLUMNS);

record! {
    invoices, invoice: &Invoice {
        id = &invoice.id,
        client_id = &invoice.client_id,
        project_id = invoice.project_id.as_ref(),
        proposal_id = invoice.proposal_id.as_ref(),
        kind = invoice.kind.as_str(),
        deduct_deposits = invoice.deduct_deposits,
        currency = invoice.currency,
        amount = invoice.totals.amount,
        subtotal = invoice.totals.subtotal,
        tax_rate = invoice.terms.tax_rate,
        tax_amount = invoice.totals.tax,
        taxes = own_taxes(invoice).map(json),
        discount = invoice.totals.discount,
        discount_percent = invoice.terms.discount.as_ref().and_then(|discount| discount.percent),
        discount_amount = invoice.terms.discount.as_ref().and_then(|discount| discount.amount),
        prices_include_tax = invoice.terms.prices_include_tax,
        withholding = withholding_name(invoice),
        withholding_rate = invoice.terms.withholding.as_ref().map(|withholding| withholding.rate),
        withheld_amount = invoice.totals.withheld,
        service_from = invoice.service.0,
        service_to = invoice.service.1,
        reference = invoice.reference.as_ref(),
        status = invoice.status.as_str(),
        issue_date = invoice.issue_date,
        due_date = invoice.due_date,
        paid_at = invoice.paid_at.map(|paid| paid.at),
        paid_on = invoice.paid_at.and_then(|paid| paid.on),
        amount_paid = invoice.booked.paid,
        amount_withheld = invoice.booked.withheld,
        amount_credited = invoice.booked.credited,
        payment_link = invoice.payment_link.as_ref(),
        notes = invoice.notes.as_ref(),
        reminders_off = invoice.reminders_off,
        updated_at = invoice.updated_at,
        @once {
            account_id = &invoice.account,
            number = &invoice.number,
            number_period = invoice.number_period.as_str(),
            created_at = invoice.created_at,
        }
        @write once { number_key = text::search_key(&invoice.number), }
        @read {
            buyer = "buyer",
            milestone_id = "(SELECT m.id FROM milestones m WHERE m.invoice_id = invoices.id) \
                           AS milestone_id",
            deducted_in = "deducted_in",
            deducted_number = "(SELECT f.number FROM invoices f WHERE f.id = invoices.deducted_in) \
                              AS deducted_number",
        }
    } => Invoice {
        account: account_id,
        client: None,
        taxes: Option::unwrap_or_else(taxes, || plain_tax(tax_rate, (amount, tax_amount))),
        terms: Terms {
            discount: discount_of(discount_percent, discount_amount),
            prices_include_tax,
            withholding: Option::zip(withholding, withholding_rate)
                .map(|(name, rate)| Withholding { name, rate }),
            tax_rate,
        },
        totals: Totals {
            amount, subtotal, discount, tax: tax_amount, withheld: withheld_amount,
        },
        service: (service_from, service_to),
        items: Vec::new(),
        deducted_in: Option::zip(deducted_in, deducted_number),
        paid_at: Option::<Timestamp>::map(paid_at, |at| PaidAt { at, on: paid_on }),
        booked: Booked { paid: amount_paid, withheld: amount_withheld, credited: amount_credited },
        id, client_id, project_id, proposal_id, milestone_id, kind, deduct_deposits, number, number_period, currency, status, issue_date, due_date,
        reference, payment_link, notes, reminders_off, buyer, created_at, updated_at,
    }
}

/// Returns the taxes to store: none if no line has taxes of its own, since the rate is then enough.
fn own_taxes(invoice: &Invoice) -> Option<&[TaxSum]> {
    let has_own = invoice.items.iter().any(|item| item.line.taxes.is_some());
    has_own.then_some(&invoice.taxes)
}

/// Returns the tax that a rate stands for, with the tax of an amount.
fn plain_tax(rate: Decimal, (amount, of_it): (i64, i64)) -> Vec<TaxSum> {
    let sum = |tax| TaxSum { tax, base: amount - of_it, amount: of_it };
    Tax::plain(rate).into_iter().map(sum).collect()
}

fn withholding_name(invoice: &Invoice) -> Option<&String> {
    invoice.terms.withholding.as_ref().map(|withholding| &withholding.name)
}

pub(in crate::store) fn discount_of(
    percent: Option<Decimal>,
    amount: Option<Decimal>,
) -> Option<Discount> {
    (percent.is_some() || amount.is_some()).then_some(Discount { percent, amount })
}

/// Adds an invoice with its lines.
pub fn create(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    tx.insert(row(invoice))?;
    create_items(tx, invoice)?;
    tally(tx, invoice, 1)
}

fn create_items(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    for (position, item) in (0_i64..).zip(&invoice.items) {
        tx.insert(row!(invoice_items {
            invoice_id: &invoice.id,
            position: position,
            id: &item.id,
            description: &item.line.description,
            quantity: item.line.quantity,
            unit: item.line.unit.map(Unit::as_str),
            rate: item.line.rate,
            discount_percent: item.line.discount.as_ref().and_then(|discount| discount.percent),
            discount_amount: item.line.discount.as_ref().and_then(|discount| discount.amount),
            taxes: item.line.taxes.as_deref().map(json),
            deposit_id: item.line.deposit.as_ref(),
            amount: item.amount
        }))?;
    }
    Ok(())
}

/// Finds an invoice with its client and lines.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    id: InvoiceId,
    rates: &LatestRates,
) -> Result<Invoice> {
    let mut invoice = LIST.of(&account).find(tx, "error-invoice-not-found", &id, read)?;
    invoice.items = items_of(tx, &[id])?.remove(&id).unwrap_or_default();
    let client = client::find_any(tx, account, invoice.client_id, rates)?;
    invoice.client = Some(as_billed(client, invoice.buyer.as_ref()));
    Ok(invoice)
}

/// Adds the clients and the lines of invoices.
pub(super) fn fill(
    tx: &mut Tx,
    account: AccountId,
    invoices: &mut [Invoice],
    rates: &LatestRates,
) -> Result<()> {
    let clients = client::find_all(tx, account, invoices.iter().map(|of| &of.client_id), rates)?;
    let ids: Vec<_> = invoices.iter().map(|invoice| invoice.id).collect();
    let mut items = items_of(tx, &ids)?;
    for invoice in invoices {
        invoice.items = items.remove(&invoice.id).unwrap_or_default();
        let client = clients.get(&invoice.client_id).cloned();
        invoice.client = client.map(|client| as_billed(client, invoice.buyer.as_ref()));
    }
    Ok(())
}

/// Returns the newest open invoice, if any.
pub fn find_newest_open(
    tx: &mut Tx,
    account: AccountId,
    rates: &LatestRates,
) -> Result<Option<Invoice>> {
    let mut found = LIST.of(&account).only(is_open!()).first(tx, 1, read)?;
    fill(tx, account, &mut found, rates)?;
    Ok(found.pop())
}

/// Returns the newest invoices created from a proposal, at most `most`.
pub fn list_of_proposal(
    tx: &mut Tx,
    account: AccountId,
    proposal: ProposalId,
    most: i64,
    rates: &LatestRates,
) -> Result<Vec<Invoice>> {
    let made = LIST.of(&account).only("status <> 'cancelled'");
    let mut found = made.which("proposal_id = ?", Some(&proposal)).first(tx, most, read)?;
    fill(tx, account, &mut found, rates)?;
    Ok(found)
}

/// Moves the invoices of an accepted proposal into its project, unless they have another.
pub(in crate::store) fn join_project(
    tx: &mut Tx,
    account: AccountId,
    proposal: ProposalId,
    project: ProjectId,
) -> Result<()> {
    tx.change(
        "UPDATE invoices SET project_id = ?3 WHERE account_id = ?1 AND proposal_id = ?2 \
         AND client_id = (SELECT p.client_id FROM projects p WHERE p.id = ?3) \
         AND (project_id IS NULL OR EXISTS (SELECT 1 FROM projects p \
         WHERE p.id = invoices.project_id AND p.deleted_at IS NOT NULL))",
        values![&account, &proposal, &project],
    )
}

/// Unlinks invoices from a proposal that is being deleted.
pub(in crate::store) fn release(
    tx: &mut Tx,
    account: AccountId,
    proposal: ProposalId,
) -> Result<()> {
    tx.change(
        "UPDATE invoices SET proposal_id = NULL WHERE account_id = ?1 AND proposal_id = ?2",
        values![&account, &proposal],
    )
}

/// Returns the amounts of drafts, at most `most`.
pub fn draft_amounts(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<Money>> {
    tx.list(
        "SELECT amount, currency FROM invoices WHERE account_id = ?1 AND status = 'draft' LIMIT ?2",
        values![&account, most],
        |row| Ok(Money::new(row.get(0)?, row.get(1)?)),
    )
}

/// Returns the number of invoices with this stored status or, without one, of the default list.
pub fn count(tx: &mut Tx, account: AccountId, status: Option<InvoiceStatus>) -> Result<u64> {
    let all = LIST.of(&account);
    all.equal("status", status.map(InvoiceStatus::as_str)).count(tx)
}

/// Returns the lines of several invoices, in order.
fn items_of(tx: &mut Tx, invoices: &[InvoiceId]) -> Result<HashMap<InvoiceId, Vec<Item>>> {
    let mut rows: Vec<(InvoiceId, i64, Item)> = tx.list(
        "SELECT invoice_id, position, id, description, quantity, unit, rate, discount_percent, \
         discount_amount, taxes, amount, deposit_id FROM invoice_items WHERE invoice_id IN rarray(?1)",
        values![any_of(invoices)],
        |row| Ok((row.get(0)?, row.get(1)?, read_item(row, 2)?)),
    )?;
    rows.sort_by_key(|(_, position, _)| *position);
    let mut found: HashMap<_, Vec<Item>> = HashMap::with_capacity(invoices.len());
    for (invoice, _, item) in rows {
        found.entry(invoice).or_default().push(item);
    }
    Ok(found)
}

/// Reads a line, starting at the given column.
fn read_item(row: &dyn Row, column: usize) -> Result<Item> {
    let line = Line {
        description: row.get(column + 1)?,
        quantity: row.get(column + 2)?,
        unit: row.get(column + 3)?,
        rate: row.get(column + 4)?,
        discount: discount_of(row.get(column + 5)?, row.get(column + 6)?),
        taxes: row.get(column + 7)?,
        tax_ids: Vec::new(),
        deposit: row.get(column + 9)?,
    };
    Ok(Item { id: row.get(column)?, line, amount: row.get(column + 8)? })
}

/// Returns the client with the bill-to details from when the invoice was sent.
fn as_billed(mut client: Client, buyer: Option<&Party>) -> Client {
    if let Some(buyer) = buyer.cloned() {
        client.details.country_code = buyer.country_of();
        client.details.name = buyer.name;
        client.details.email = buyer.email;
        client.details.company = buyer.company;
        client.details.phone = buyer.phone;
        client.details.country = buyer.country;
        client.details.tax_id = buyer.tax_id;
        client.details.registration_number = buyer.registration_number;
        client.details.buyer_reference = buyer.reference;
        client.details.address = match buyer.address {
            Some(PartyAddress::Parts(address)) => Some(address),
            Some(PartyAddress::Lines(_)) | None => None,
        };
    }
    client
}

/// Saves a change; `before` is the invoice before it. Lines are rewritten if they differ.
pub fn update(tx: &mut Tx, before: &Invoice, invoice: &Invoice) -> Result<()> {
    tally(tx, before, -1)?;
    tx.update(row(invoice))?;
    if before.items != invoice.items {
        tx.change("DELETE FROM invoice_items WHERE invoice_id = ?1", values![&invoice.id])?;
        create_items(tx, invoice)?;
    }
    if invoice.status == InvoiceStatus::Cancelled {
        milestone::release(tx, invoice.id)?;
        deposit::release(tx, invoice.id)?;
    }
    tally(tx, invoice, 1)
}

/// Freezes the current details of both parties.
pub fn freeze_parties(
    tx: &mut Tx,
    id: InvoiceId,
    seller: &Seller,
    buyer: &Party,
    now: Timestamp,
) -> Result<()> {
    let seller = serde_json::to_string(seller).map_err(Error::internal)?;
    let buyer = serde_json::to_string(buyer).map_err(Error::internal)?;
    tx.update(row!(invoices { id: &id, sent_at: now, seller: seller, buyer: buyer }))
}

/// Returns the seller as frozen when the invoice was sent; `None` for a draft.
pub fn find_seller(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<Option<Seller>> {
    tx.one(
        "SELECT seller FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| row.get(0),
    )
}

/// Updates the totals of the lists and of open invoices.
fn tally(tx: &mut Tx, invoice: &Invoice, by: i64) -> Result<()> {
    let (account, client, status) = (invoice.account, invoice.client_id, invoice.status);
    let mut lists = Vec::with_capacity(3);
    if status != InvoiceStatus::Cancelled {
        lists.extend([LIST.name.to_owned(), LIST.total_of("client", client)]);
    }
    if status.is_open() {
        dashboard::bump_open(tx, account, invoice.due_date, invoice.amount_due(), by)?;
    } else {
        lists.push(LIST.total_of("status", status.as_str()));
    }
    list_total::bump(tx, account, &lists, by)
}

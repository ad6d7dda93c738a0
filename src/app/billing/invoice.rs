//! Creates, lists and changes invoices.

use std::collections::HashMap;

use jiff::{ToSpan, civil::Date};

use crate::{
    app::{
        client::{find_client, require_client},
        event::Event,
        invoice_send::freeze,
        payment::pay_rest,
        project::require_project,
        proposal::{find_proposal, require_proposal},
        tax::{default_taxes, resolve_taxes},
        unit_of_work::Work,
    },
    domain::{
        balance::Booked,
        client::Client,
        date,
        error::{Error, Result},
        expected::{self, Expected},
        id::{ClientId, InvoiceId, ProposalId},
        invoice::{
            Invoice, InvoiceChange, InvoiceFilter, InvoiceStatus, InvoiceTimes, Item, Line,
            NewInvoice, Priced, ShownInvoice, Step, Terms, price, price_amount,
        },
        money::Currency,
        number_series::{DrawnNumber, SeriesKind},
        page::Listing,
        payment::Settlement,
        proposal::Proposal,
        rule::Rule,
    },
    store,
};

/// The latest date allowed on an invoice.
const LAST_DAY: Date = Date::constant(2100, 12, 31);

/// Creates a draft with the next number of its year.
pub fn create_invoice(work: &mut Work, new: &NewInvoice) -> Result<ShownInvoice> {
    let today = work.today()?;
    let client = require_client(work, new.client_id);
    let proposal = new.proposal_id.map(|id| require_proposal(work, id)).transpose();
    let of_proposal = proposal.as_ref().ok().and_then(Option::as_ref);
    let its_project = of_proposal.and_then(|proposal| proposal.project.as_ref());
    let project_id = new.project_id.or(its_project.map(|(id, _)| *id));
    let project = project_id.map(|id| require_project(work, id)).transpose();
    // An invoice for a proposal or a project uses its currency.
    let of_project = project.as_ref().ok().and_then(Option::as_ref);
    let currency = (new.currency)
        .or(of_proposal.map(|proposal| proposal.amount.currency))
        .or(of_project.map(|project| project.budget.currency))
        .or(client.as_ref().ok().and_then(|client| client.details.currency))
        .unwrap_or(work.actor.currency);
    let issue_date = new.issue_date.unwrap_or(today);
    let due_date = match new.due_date {
        None => terms(work, client.as_ref().ok())?.map(|days| later(issue_date, days.into())),
        due_date => due_date,
    };
    let priced = price_new(work, new, of_proposal, currency);
    let ((client, (project, proposal)), (priced, due_date)) = Error::both(
        Error::both(client, Error::both(project, proposal)),
        Error::both(priced, due_date.ok_or_else(|| Error::field("dueDate", Rule::Required))),
    )?;
    if project.is_some_and(|project| project.client_id != client.id) {
        return Err(Error::field("projectId", Rule::OtherClient));
    }
    if proposal.is_some_and(|proposal| proposal.client_id != client.id) {
        return Err(Error::field("proposalId", Rule::OtherClient));
    }
    let DrawnNumber { text: number, period: number_period } =
        store::number_series::draw(work.tx, work.account, SeriesKind::Invoice, issue_date)?;
    let invoice = Invoice {
        id: work.new_id(),
        account: work.account,
        client_id: client.id,
        client: Some(client),
        project_id,
        proposal_id: new.proposal_id,
        milestone_id: None,
        number,
        number_period,
        currency,
        terms: priced.terms,
        totals: priced.totals,
        taxes: priced.taxes,
        status: InvoiceStatus::Draft,
        issue_date,
        due_date,
        service: (new.service_from, new.service_to),
        reference: new.reference.clone(),
        paid_at: None,
        booked: Booked::default(),
        payment_link: None,
        items: new_items(work, priced.lines),
        notes: new.notes.clone(),
        buyer: None,
        created_at: work.now,
        updated_at: work.now,
    };
    store::invoice::create(work.tx, &invoice)?;
    work.emit(Event::InvoiceCreated(&invoice))?;
    Ok(ShownInvoice::on(today, invoice))
}

/// Returns the payment terms of the client or, if there are none, of the settings.
fn terms(work: &mut Work, client: Option<&Client>) -> Result<Option<u32>> {
    Ok(match client.and_then(|client| client.details.payment_terms_days) {
        None => store::invoice_defaults::find(work.tx, work.account)?.payment_terms_days,
        terms => terms,
    })
}

/// Returns the due date of an invoice that the program makes today: as asked, by the terms of the
/// client or the settings, or as new invoices are offered.
pub(in crate::app) fn due_date(
    work: &mut Work,
    client: ClientId,
    asked: Option<Date>,
) -> Result<Date> {
    if let Some(day) = asked {
        return Ok(day);
    }
    let client = store::client::find_any(work.tx, work.account, client, &work.latest_rates)?;
    let days = match terms(work, Some(&client))? {
        None => store::invoice_defaults::find(work.tx, work.account)?.offered_terms(),
        Some(days) => days,
    };
    Ok(later(work.today()?, days.into()))
}

/// Returns the day this many days later, if that is still allowed.
fn later(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(LAST_DAY).min(LAST_DAY)
}

/// Returns an invoice of the caller.
pub fn find_invoice(work: &mut Work, id: InvoiceId) -> Result<Invoice> {
    store::invoice::find(work.tx, work.account, id, &work.latest_rates)
}

/// Returns an invoice of the caller with its client, its lines and the status it shows today.
pub fn find_shown_invoice(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let invoice = find_invoice(work, id)?;
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Returns a page of invoices.
pub fn list_invoices(work: &mut Work, filter: &InvoiceFilter) -> Result<Listing<ShownInvoice>> {
    let today = work.today()?;
    let found = store::invoice::list(work.tx, work.account, filter, today, &work.latest_rates)?;
    Ok(found.map(|invoice| ShownInvoice::on(today, invoice)))
}

/// Returns when these invoices were sent, first seen, and last followed by a reminder.
pub fn times_of_invoices(
    work: &mut Work,
    ids: &[InvoiceId],
) -> Result<HashMap<InvoiceId, InvoiceTimes>> {
    store::invoice_link::list_times(work.tx, work.account, ids)
}

/// Returns the ids of all invoices that a filter finds, in the order of their list.
pub fn list_invoice_ids(work: &mut Work, filter: &InvoiceFilter) -> Result<Vec<InvoiceId>> {
    let today = work.today()?;
    store::invoice::list_ids(work.tx, work.account, filter, today, &work.latest_rates)
}

/// Changes a draft, or the fields of a sent invoice that are not frozen. A new status also triggers
/// its action, such as sending: either everything succeeds or nothing changes.
///
/// # Errors
///
/// Stale if the invoice is no longer the expected one.
pub fn update_invoice(
    work: &mut Work,
    id: InvoiceId,
    change: &InvoiceChange,
    expected: Option<&Expected<Invoice>>,
) -> Result<ShownInvoice> {
    let before = find_invoice(work, id)?;
    expected::check(expected, &before)?;
    let (mut invoice, step) = apply_change(work, &before, change)?;
    if step == Step::Send {
        let invoice = freeze(work, &before, invoice)?;
        return Ok(ShownInvoice::on(work.today()?, invoice));
    }
    if step == Step::Cancel {
        invoice.status = InvoiceStatus::Cancelled;
        invoice.milestone_id = None;
    }
    store::invoice::update(work.tx, &before, &invoice)?;
    if step == Step::Pay {
        invoice = pay_rest(work, &invoice, &Settlement::default())?;
    }
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Returns the invoice with its fields changed; writes nothing.
fn apply_change(
    work: &mut Work,
    before: &Invoice,
    change: &InvoiceChange,
) -> Result<(Invoice, Step)> {
    let today = work.today()?;
    let client = change
        .client_id
        .filter(|id| *id != before.client_id)
        .map(|id| require_client(work, id))
        .transpose();
    let project_id = change.project_id.clone().apply(before.project_id);
    let is_moved = project_id != before.project_id || !matches!(client, Ok(None));
    let project = project_id.filter(|_| is_moved).map(|id| require_project(work, id)).transpose();
    let mut change = change.clone();
    let has_lines = change.lines.is_some();
    let resolved = change.lines.as_mut().map_or(Ok(()), |lines| resolve_taxes(work, lines));
    let applied = resolved.and_then(|()| change.apply(before, today));
    let ((client, project), (mut invoice, priced, step)) =
        Error::both(Error::both(client, project), applied)?;
    if project.is_some_and(|project| project.client_id != invoice.client_id) {
        return Err(Error::field("projectId", Rule::OtherClient));
    }
    invoice.client = client.or(invoice.client);
    if let Some(priced) = priced {
        invoice.items = new_items(work, priced.lines);
        if !has_lines {
            // Unchanged lines keep their ids in another currency or at another tax rate.
            let kept = invoice.items.iter_mut().zip(&before.items);
            kept.for_each(|(item, before)| item.id = before.id);
        }
    }
    invoice.updated_at = work.now;
    Ok((invoice, step))
}

/// Cancels a draft; its number stays taken.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it was sent.
pub fn delete_invoice(work: &mut Work, id: InvoiceId) -> Result<()> {
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Cancelled => Ok(()),
        InvoiceStatus::Draft => {
            let status = InvoiceStatus::Cancelled;
            let invoice = Invoice { status, updated_at: work.now, ..before.clone() };
            store::invoice::update(work.tx, &before, &invoice)
        }
        _ => Err(Error::conflict("error-invoice-sent-delete")),
    }
}

/// Creates a draft from an invoice in any state: dated today, due after the same number of days.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if its client was deleted.
pub fn duplicate_invoice(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let (account, today) = (work.account, work.today()?);
    let before = find_invoice(work, id)?;
    if !store::client::exists(work.tx, account, before.client_id)? {
        return Err(Error::conflict("error-invoice-client-deleted"));
    }
    let project = match before.project_id {
        Some(id) => Error::optional(store::project::find_bare(work.tx, account, id))?,
        None => None,
    };
    let days = date::days_until(before.issue_date, before.due_date).max(0);
    let due_date = later(today, days);
    // Keep the sums: an amount entered without lines may differ from the total of its one line.
    let items = before.items.iter().map(|item| Item { id: work.new_id(), ..item.clone() });
    let items = items.collect();
    let DrawnNumber { text: number, period: number_period } =
        store::number_series::draw(work.tx, account, SeriesKind::Invoice, today)?;
    let invoice = Invoice {
        id: work.new_id(),
        items,
        client: Some(find_client(work, before.client_id)?),
        project_id: project
            .filter(|project| project.client_id == before.client_id)
            .map(|project| project.id),
        proposal_id: None,
        milestone_id: None,
        number,
        number_period,
        status: InvoiceStatus::Draft,
        issue_date: today,
        due_date,
        paid_at: None,
        booked: Booked::default(),
        payment_link: None,
        buyer: None,
        created_at: work.now,
        updated_at: work.now,
        ..before
    };
    store::invoice::create(work.tx, &invoice)?;
    work.emit(Event::InvoiceCreated(&invoice))?;
    Ok(ShownInvoice::on(today, invoice))
}

/// Prices a new invoice with the account's taxes; without lines and amount, as its proposal says.
pub(in crate::app) fn price_new(
    work: &mut Work,
    new: &NewInvoice,
    proposal: Option<&Proposal>,
    currency: Currency,
) -> Result<Priced> {
    if let Some(proposal) = proposal.filter(|_| new.lines.is_empty() && new.amount.is_none()) {
        if currency != proposal.amount.currency {
            let rule = Rule::ProposalCurrency(proposal.amount.currency.code());
            return Err(Error::field("currency", rule));
        }
        return price_offer(work, proposal);
    }
    let mut new = new.clone();
    resolve_taxes(work, &mut new.lines)?;
    let is_silent = new.tax_rate.is_none()
        && (new.lines.is_empty() || new.lines.iter().any(|line| line.taxes.is_none()));
    let default = if is_silent { default_taxes(work)? } else { Vec::new() };
    new.price(&default, currency)
}

/// Returns the invoice of a proposal as its form begins. Stores nothing.
///
/// # Errors
///
/// Not found if the caller has no such proposal.
pub fn offered_invoice(work: &mut Work, id: ProposalId) -> Result<Invoice> {
    let proposal = find_proposal(work, id)?;
    let days = (work.today()?, due_date(work, proposal.client_id, None)?);
    let priced = (price_offer(work, &proposal)?, proposal.amount.currency);
    Ok(Invoice {
        client_id: proposal.client_id,
        project_id: proposal.project.map(|(id, _)| id),
        notes: store::invoice_defaults::find(work.tx, work.account)?.notes,
        ..Invoice::for_show(String::new(), days, priced, work.now)
    })
}

/// Prices what a proposal offers: its items, or its amount with the default taxes in it.
fn price_offer(work: &mut Work, proposal: &Proposal) -> Result<Priced> {
    if !proposal.items.is_empty() {
        return price(proposal.lines(), &proposal.terms, proposal.amount.currency);
    }
    let taxes = Some(default_taxes(work)?).filter(|taxes| !taxes.is_empty());
    let (amount, currency) = (proposal.amount.decimal(), proposal.amount.currency);
    let mut priced = price_amount(amount, taxes, &Terms::default(), currency)?;
    for (line, _) in &mut priced.lines {
        line.description.clone_from(&proposal.title);
    }
    Ok(priced)
}

/// Returns lines with their amounts, under new ids.
pub(in crate::app) fn new_items(work: &Work, lines: Vec<(Line, i64)>) -> Vec<Item> {
    let item = |(line, amount)| Item { id: work.new_id(), line, amount };
    lines.into_iter().map(item).collect()
}

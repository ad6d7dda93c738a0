//! Creates, lists and changes invoices.

use std::collections::HashMap;

use crate::{
    app::{
        client::{find_client, require_client},
        deposit::{Scope, deduct_deposits, keep_deducted},
        event::Event,
        invoice_price::{deducted, later, new_items, price_new, terms},
        invoice_send::freeze,
        payment::pay_rest,
        project::require_project,
        proposal::require_proposal,
        tax::resolve_taxes,
        unit_of_work::Work,
    },
    domain::{
        balance::Booked,
        date,
        deposit::Purpose,
        error::{Error, Result},
        expected::{self, Expected},
        id::InvoiceId,
        invoice::{
            Invoice, InvoiceChange, InvoiceFilter, InvoiceStatus, InvoiceTimes, Item, NewInvoice,
            Priced, ShownInvoice, Step, price,
        },
        number_series::{DrawnNumber, SeriesKind},
        page::Listing,
        payment::Settlement,
        rule::Rule,
    },
    store,
};

/// Creates a draft with the next number of its year.
pub fn create_invoice(work: &mut Work, new: &NewInvoice) -> Result<ShownInvoice> {
    create_invoice_as(work, new, None)
}

/// Like [`create_invoice`], with lines that are already priced.
pub(in crate::app) fn create_invoice_as(
    work: &mut Work,
    new: &NewInvoice,
    priced: Option<Priced>,
) -> Result<ShownInvoice> {
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
    let priced = match priced {
        Some(priced) => Ok(priced),
        None => price_new(work, new, of_proposal, currency),
    };
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
    let priced = if new.deduct_deposits {
        if new.kind == Purpose::Deposit {
            return Err(Error::field("deductDeposits", Rule::Beside("kind")));
        }
        let (client, proposal) = (client.id, new.proposal_id);
        let scope = Scope { invoice: None, client, project: project_id, proposal, currency };
        deduct_deposits(work, priced, &scope)?
    } else {
        priced
    };
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
        kind: new.kind,
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
        deduct_deposits: new.deduct_deposits,
        deducted_in: None,
        payment_link: None,
        items: new_items(work, priced.lines),
        notes: new.notes.clone(),
        reminders_off: new.reminders == Some(false),
        buyer: None,
        created_at: work.now,
        updated_at: work.now,
    };
    store::invoice::create(work.tx, &invoice)?;
    if invoice.items.iter().any(|item| item.line.deposit.is_some()) {
        keep_deducted(work, &invoice)?;
    }
    work.emit(Event::InvoiceCreated(&invoice))?;
    Ok(ShownInvoice::on(today, invoice))
}

/// Returns one of the caller's invoices.
pub fn find_invoice(work: &mut Work, id: InvoiceId) -> Result<Invoice> {
    store::invoice::find(work.tx, work.account, id, &work.latest_rates)
}

/// Returns one of the caller's invoices with its client, its lines and the status it shows today.
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
    if invoice.items != before.items {
        keep_deducted(work, &invoice)?;
    }
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
        (invoice, _) = pay_rest(work, &invoice, &Settlement::default())?;
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
    let (has_lines, is_set) = (change.lines.is_some(), change.deduct_deposits.is_some());
    let resolved = change.lines.as_mut().map_or(Ok(()), |lines| resolve_taxes(work, lines));
    let applied = resolved.and_then(|()| change.apply(before, today));
    let ((client, project), (mut invoice, priced, step)) =
        Error::both(Error::both(client, project), applied)?;
    if project.is_some_and(|project| project.client_id != invoice.client_id) {
        return Err(Error::field("projectId", Rule::OtherClient));
    }
    if client.is_some() {
        // The proposal belongs to the previous client.
        invoice.proposal_id = None;
    }
    let has_moved = (invoice.client_id, invoice.project_id, invoice.proposal_id)
        != (before.client_id, before.project_id, before.proposal_id);
    invoice.client = client.or(invoice.client);
    let is_asked = is_set || has_moved;
    let priced = match invoice.status {
        InvoiceStatus::Draft => deducted(work, before, &mut invoice, priced, is_asked)?,
        _ => priced,
    };
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
    let (items, terms, totals, taxes) = if before.deduct_deposits {
        // A deposit is deducted only once.
        let own = before.own_lines().cloned().collect();
        let priced = price(own, &before.terms, before.currency)?;
        (new_items(work, priced.lines), priced.terms, priced.totals, priced.taxes)
    } else {
        // Keep the sums: an amount entered without lines may differ from the total of its one line.
        let items = before.items.iter().map(|item| Item { id: work.new_id(), ..item.clone() });
        (items.collect(), before.terms.clone(), before.totals, before.taxes.clone())
    };
    let DrawnNumber { text: number, period: number_period } =
        store::number_series::draw(work.tx, account, SeriesKind::Invoice, today)?;
    let invoice = Invoice {
        id: work.new_id(),
        items,
        terms,
        totals,
        taxes,
        kind: Purpose::Invoice,
        deduct_deposits: false,
        deducted_in: None,
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

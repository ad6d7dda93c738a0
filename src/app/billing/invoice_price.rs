//! What an invoice adds up to, and when it is due.

use jiff::{ToSpan, civil::Date};

use crate::{
    app::{
        deposit::{Scope, deduct_deposits},
        proposal::find_proposal,
        tax::{default_taxes, resolve_taxes},
        unit_of_work::Work,
    },
    domain::{
        client::Client,
        deposit::Purpose,
        error::{Error, Result},
        id::{ClientId, ProposalId},
        invoice::{Invoice, Item, Line, NewInvoice, Priced, Terms, price, price_amount},
        money::Currency,
        proposal::Proposal,
        rule::Rule,
    },
    store,
};

/// The latest date allowed on an invoice.
const LAST_DAY: Date = Date::constant(2100, 12, 31);

/// Returns the payment terms of the client or, if there are none, of the settings.
pub(super) fn terms(work: &mut Work, client: Option<&Client>) -> Result<Option<u32>> {
    Ok(match client.and_then(|client| client.details.payment_terms_days) {
        None => store::invoice_defaults::find(work.tx, work.account)?.payment_terms_days,
        terms => terms,
    })
}

/// Returns the due date of an invoice that the program creates today: the requested date, or one
/// that follows from the terms of the client, the settings or the default for new invoices.
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

/// Returns the day this many days later, if it is in the allowed range.
pub(super) fn later(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(LAST_DAY).min(LAST_DAY)
}

/// Prices a new invoice with the account's taxes. Without lines and amount, it takes those of its
/// proposal.
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
    new.lines.retain(|line| line.deposit.is_none());
    if new.lines.is_empty() && new.amount.is_none() {
        return Err(Error::field("items", Rule::Required));
    }
    resolve_taxes(work, &mut new.lines)?;
    let is_silent = new.tax_rate.is_none()
        && (new.lines.is_empty() || new.lines.iter().any(|line| line.taxes.is_none()));
    let default = if is_silent { default_taxes(work)? } else { Vec::new() };
    new.price(&default, currency)
}

/// Returns the invoice with which the form for a proposal starts. Stores nothing.
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

/// Prices what a proposal offers: its items, or its amount including the default taxes.
pub(in crate::app) fn price_offer(work: &mut Work, proposal: &Proposal) -> Result<Priced> {
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

/// Deducts deposits from the changed lines of a draft, or from the same lines if requested.
pub(super) fn deducted(
    work: &mut Work,
    before: &Invoice,
    invoice: &mut Invoice,
    priced: Option<Priced>,
    is_asked: bool,
) -> Result<Option<Priced>> {
    if !invoice.deduct_deposits && !before.deduct_deposits || !is_asked && priced.is_none() {
        return Ok(priced);
    }
    let own = match priced {
        Some(own) => own,
        None => price(invoice.own_lines().cloned().collect(), &invoice.terms, invoice.currency)?,
    };
    let priced = match invoice.deduct_deposits {
        true if invoice.kind == Purpose::Deposit => {
            return Err(Error::field("deductDeposits", Rule::Beside("kind")));
        }
        true => deduct_deposits(work, own, &Scope::of(invoice))?,
        false => own,
    };
    invoice.terms = priced.terms.clone();
    invoice.totals = priced.totals;
    invoice.taxes.clone_from(&priced.taxes);
    Ok(Some(priced))
}

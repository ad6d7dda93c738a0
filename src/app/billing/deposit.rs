//! Deposits: asking for them, and deducting them from later invoices.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    app::{
        invoice::create_invoice_as,
        invoice_link::parties,
        invoice_price::{due_date, price_offer},
        invoice_send::freeze,
        proposal::{find_proposal, must_be_begun},
        unit_of_work::Work,
    },
    domain::{
        deposit::{NewDeposit, Purpose, deduct, price_deposit},
        error::{Error, Result},
        id::{ClientId, InvoiceId, ProjectId, ProposalId},
        invoice::{Invoice, NewInvoice, Priced, ShownInvoice},
        money::{Currency, Money},
        proposal::Proposal,
        rule::Rule,
    },
    locale::t,
    pdf, store,
};

/// Creates a draft that asks for a part of an accepted proposal.
///
/// # Errors
///
/// Not found if the caller has no such proposal; a conflict if it is not accepted or its client was
/// deleted; invalid if all its deposits together would exceed its amount.
pub fn create_deposit(work: &mut Work, id: ProposalId, new: &NewDeposit) -> Result<ShownInvoice> {
    let proposal = find_proposal(work, id)?;
    must_be_begun(work, &proposal)?;
    let asked = store::deposit::list_of_proposal(work.tx, work.account, id)?;
    let asked: i64 = asked.iter().map(|deposit| deposit.balance().owed()).sum();
    let left = Money::new(proposal.amount.minor - asked, proposal.amount.currency);
    let sum = new.size().of(proposal.amount, left, "")?;
    let due_date = due_date(work, proposal.client_id, new.due_date)?;
    draft(work, &proposal, (sum, new.percent), due_date)
}

/// Creates and sends the deposit invoice of an accepted proposal, if it asks for one. An invoice
/// that cannot be printed stays a draft, so that the client's answer is still accepted.
pub(in crate::app) fn ask_deposit(work: &mut Work, proposal: &Proposal) -> Result<Option<Invoice>> {
    let has_client = store::client::exists(work.tx, work.account, proposal.client_id)?;
    // The deposit was valid when entered, but the amount may have changed since.
    let Some(sum) = proposal.deposit_amount().ok().flatten().filter(|_| has_client) else {
        return Ok(None);
    };
    let percent = proposal.deposit.as_ref().and_then(|deposit| deposit.percent);
    let due_date = due_date(work, proposal.client_id, None)?;
    let draft = draft(work, proposal, (sum, percent), due_date)?.invoice;
    let account = store::account::find(work.tx, work.account)?;
    let (seller, buyer) = parties(work.tx, &account, &draft)?;
    let fonts = &work.env.settings.fonts;
    if pdf::missing_of_invoice(fonts, &draft, &seller, &buyer).is_empty() {
        return freeze(work, &draft, draft.clone()).map(Some);
    }
    Ok(Some(draft))
}

fn draft(
    work: &mut Work,
    proposal: &Proposal,
    (sum, percent): (Money, Option<Decimal>),
    due_date: Date,
) -> Result<ShownInvoice> {
    let (title, percent) = (&proposal.title, percent.map(|percent| percent.normalize()));
    let text = match percent {
        Some(percent) => t("deposit-line-percent").with("percent", percent).with("title", title),
        None => t("deposit-line").with("title", title),
    };
    let priced = price_deposit(&price_offer(work, proposal)?, sum, &text.to_string())?;
    let new = NewInvoice {
        project_id: proposal.project.as_ref().map(|(id, _)| *id),
        proposal_id: Some(proposal.id),
        kind: Purpose::Deposit,
        currency: Some(sum.currency),
        ..NewInvoice::new(proposal.client_id, due_date, Vec::new())
    };
    create_invoice_as(work, &new, Some(priced))
}

/// What an invoice is for, which determines the deposits that it can deduct.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// None for an invoice that is not stored yet.
    pub invoice: Option<InvoiceId>,
    pub client: ClientId,
    pub project: Option<ProjectId>,
    pub proposal: Option<ProposalId>,
    pub currency: Currency,
}

impl Scope {
    pub(in crate::app) fn of(invoice: &Invoice) -> Self {
        Self {
            invoice: Some(invoice.id),
            client: invoice.client_id,
            project: invoice.project_id,
            proposal: invoice.proposal_id,
            currency: invoice.currency,
        }
    }
}

/// Returns the deposits that an invoice can deduct, oldest first: those of its project, of its
/// proposal, or of the project's proposal.
pub fn open_deposits(work: &mut Work, scope: &Scope) -> Result<Vec<Invoice>> {
    let (account, rates) = (work.account, &work.latest_rates);
    if scope.project.is_none() && scope.proposal.is_none() {
        return Ok(Vec::new());
    }
    let (mut projects, mut proposals) = (vec![scope.project], vec![scope.proposal]);
    if let Some(id) = scope.project {
        let project = Error::optional(store::project::find_bare(work.tx, account, id))?;
        proposals.push(project.and_then(|project| project.proposal).map(|(id, _)| id));
    }
    if let Some(id) = scope.proposal {
        let proposal = Error::optional(store::proposal::find(work.tx, account, id, rates))?;
        projects.push(proposal.and_then(|proposal| proposal.project).map(|(id, _)| id));
    }
    let mut found =
        store::deposit::list_open(work.tx, account, scope.client, scope.invoice, rates)?;
    found.retain(|deposit| {
        let is_of_project = deposit.project_id.is_some() && projects.contains(&deposit.project_id);
        let is_of_proposal =
            deposit.proposal_id.is_some() && proposals.contains(&deposit.proposal_id);
        deposit.currency == scope.currency && (is_of_project || is_of_proposal)
    });
    Ok(found)
}

/// Deducts the open deposits from an invoice.
///
/// # Errors
///
/// Invalid if it is for neither a project nor a proposal.
pub(in crate::app) fn deduct_deposits(
    work: &mut Work,
    own: Priced,
    scope: &Scope,
) -> Result<Priced> {
    if scope.project.is_none() && scope.proposal.is_none() {
        return Err(Error::field("proposalId", Rule::Required));
    }
    let deposits = open_deposits(work, scope)?;
    deduct(own, &deposits, scope.currency)
}

/// Records which deposits the lines of an invoice deduct.
pub(in crate::app) fn keep_deducted(work: &mut Work, invoice: &Invoice) -> Result<()> {
    let ids = invoice.items.iter().filter_map(|item| item.line.deposit);
    let ids: Vec<InvoiceId> = ids.collect();
    store::deposit::set_deducted(work.tx, work.account, invoice.id, &ids)
}

//! One piece of work from its proposal to the invoice that deducts its deposit.

use jiff::ToSpan;
use rust_decimal::Decimal;

use super::history::History;
use crate::{
    app::{
        App,
        invoice::create_invoice,
        milestone::{create_milestone, invoice_milestone},
        payment::mark_invoice_paid,
        project::begin_project,
        proposal::{create_proposal, update_proposal},
        unit_of_work::{Who, Work},
    },
    domain::{
        date,
        deposit::Deposit,
        error::{Error, Result},
        idempotency::Once,
        invoice::{Line, NewInvoice, Unit},
        milestone::{MilestoneStatus, NewMilestone, NewMilestoneInvoice},
        payment::Settlement,
        proposal::{NewProposal, ProposalChange, ProposalDelivery, ProposalStatus},
    },
};

/// Creates a proposal with items and a deposit, accepts it, pays the deposit, and invoices the
/// rest.
pub async fn tell(app: &App, who: Who, history: &History<'_>) -> Result<()> {
    let clients = history.clients();
    let Some((client, currency)) = clients.first().copied() else { return Ok(()) };
    let line = |text: &str, quantity: i64, rate: i64| Line {
        unit: Some(Unit::Day),
        taxes: Some(Vec::new()),
        ..Line::new(text, quantity.into(), rate.into())
    };
    let lines = vec![
        line("Research and concept", 3, 480),
        line("Design of the pages", 6, 480),
        line("Handover to the developers", 1, 480),
    ];
    let new = NewProposal {
        content: "# What you get\n\n- A concept within a week\n- All pages as designs\n\n\
                  # Terms\n\nA part is due when you accept."
            .to_owned(),
        currency: Some(currency),
        lines,
        deposit: Some(Deposit { percent: Some(30.into()), amount: None }),
        ..NewProposal::new(client, "Redesign of the booking pages".to_owned())
    };
    let proposal = app.run(who, move |work| create_proposal(work, &new)).await?.id;
    let once = Once { key: None, render: |_| Vec::new() };
    app.send_proposal(who, once, proposal, ProposalDelivery::default()).await?;
    let work = move |work: &mut Work| {
        let status = Some(ProposalStatus::Accepted);
        let change = ProposalChange { status, ..ProposalChange::default() };
        let proposal = update_proposal(work, proposal, &change, None)?;
        if let Some(deposit) = proposal.deposit_invoice {
            mark_invoice_paid(work, deposit, &Settlement::default())?;
        }
        let project = begin_project(work, proposal.id)?;
        let milestone = NewMilestone {
            project_id: project.id,
            name: "Concept".to_owned(),
            description: None,
            amount: Decimal::from(1440),
            status: MilestoneStatus::Completed,
            due_date: None,
        };
        let milestone = create_milestone(work, &milestone)?;
        invoice_milestone(work, milestone.id, &NewMilestoneInvoice::default())
    };
    app.run(who, work).await?;
    let due = date::day_in(app.now(), &jiff::tz::TimeZone::UTC).checked_add(30.days());
    let rest = NewInvoice {
        proposal_id: Some(proposal),
        deduct_deposits: true,
        ..NewInvoice::new(client, due.map_err(Error::internal)?, Vec::new())
    };
    app.run(who, move |work| create_invoice(work, &rest)).await.map(drop)
}

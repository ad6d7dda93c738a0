//! `/invoices/new`: the initial values of the form for a new invoice.

use jiff::ToSpan;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::find_client, invoice_defaults::find_invoice_defaults,
        invoice_price::offered_invoice, project::find_project, unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        id::{ClientId, ProjectId, ProposalId},
        money::Currency,
    },
    web::{
        fields::Fields,
        invoice_editor::edit_page,
        invoice_lines::{padded, with_default_taxes},
        invoice_offer::Offered,
        invoice_preset,
        invoice_preview::NEW_CLIENT,
        invoice_values::drafted,
        visit::Visit,
    },
};

/// Shows the form for a new invoice; the query can preset its client and source.
pub async fn new(visit: Visit) -> Result<Response> {
    let (query, today) = (visit.query(), visit.today()?);
    if query.has("proposalId") {
        return new_of_proposal(visit, &query).await;
    }
    let given = Currency::from_code(query.get("currency"));
    let is_of_project = given.is_none() && query.has("projectId");
    let project = is_of_project.then(|| ProjectId::parse(query.get("projectId")));
    let asked = query.clone();
    let client = query.has("clientId").then(|| ClientId::parse(query.get("clientId")));
    let (defaults, project, client, offered) = visit
        .read(move |work| {
            // A client that does not exist is reported when the form is submitted.
            let client = client.map(|id| Error::optional(find_client(work, id))).transpose()?;
            let project = project.map(|id| find_project(work, id)).transpose()?;
            let defaults = find_invoice_defaults(work)?;
            Ok((defaults, project, client.flatten(), Offered::read(work, &asked)?))
        })
        .await?;
    let project_currency = project.map(|project| project.budget.currency);
    let (terms, of_client) =
        client.map(|client| (client.details.payment_terms_days, client.details.currency)).unzip();
    let given = given.or(project_currency);
    let usual = of_client.flatten().unwrap_or(visit.frame.account.currency);
    let days = terms.flatten().unwrap_or_else(|| defaults.offered_terms());
    let due = today.checked_add(i64::from(days).days()).map_err(Error::internal)?;
    // If there are no clients yet, the first one is added here.
    let client = if offered.has_clients { query.get("clientId") } else { NEW_CLIENT };
    let fields = Fields::default()
        .with("clientId", client)
        .with("projectId", query.get("projectId"))
        .with("issueDate", today)
        .with("dueDate", due)
        .with("currency", given.unwrap_or(usual))
        .with(invoice_preset::CLIENT, client)
        .with_some(invoice_preset::CURRENCY, given.is_none().then_some(usual))
        .with(invoice_preset::DUE, due)
        .with("taxRate", defaults.tax_rate)
        .with_some("notes", defaults.notes)
        .with("items.0.description", query.get("description"))
        .with("items.0.quantity", "")
        .with("items.0.rate", query.get("amount"));
    let fields = with_default_taxes(fields, &offered.taxes);
    edit_page(&visit, StatusCode::OK, visit.form(padded(fields)), None, offered)
}

/// Shows the form for a new invoice, filled in from a proposal.
async fn new_of_proposal(visit: Visit, query: &Fields) -> Result<Response> {
    let id = ProposalId::parse(query.get("proposalId"));
    let read = move |work: &mut Work| {
        let fields = drafted(&offered_invoice(work, id)?).with("proposalId", id);
        let offered = Offered::read(work, &fields)?;
        let has_deposits = !offered.deposits.is_empty();
        let fields = fields.with_some("deductDeposits", has_deposits.then_some("on"));
        Ok((fields, offered))
    };
    let (fields, offered) = visit.read(read).await?;
    edit_page(&visit, StatusCode::OK, visit.form(padded(fields)), None, offered)
}

//! `/proposals/new` and `/proposals/:id/edit`: the form for a proposal, with lines as on invoices.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        invoice_defaults::find_invoice_defaults,
        proposal::{create_proposal, find_proposal, update_proposal},
        tax::all_taxes,
        unit_of_work::Work,
    },
    domain::{
        client::ClientName,
        error::Result,
        input::Input,
        proposal::{NewProposal, Proposal, ProposalChange},
        tax::{SavedTax, Tax},
    },
    locale::t,
    web::{
        choice::{self, Choices},
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        invoice_lines::{self, Lines, complete, padded, rearranged, with_default_taxes},
        invoice_offer::taxes_beside,
        invoice_totals::Totals,
        invoice_values::with_lines,
        page::answer as page,
        proposal::place,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/proposal/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    clients: Choices,
    currencies: Choices,
    /// None for a new one.
    proposal: Option<Proposal>,
    totals: Totals,
    /// The taxes that lines can have; none if there is one rate for all.
    taxes: Vec<Tax>,
}

impl Edit {
    fn has_no_client(&self) -> bool {
        self.clients.is_empty() && self.proposal.is_none()
    }

    fn client(&self) -> Control {
        let chosen = self.proposal.as_ref().and_then(|proposal| proposal.client.as_ref());
        choice::client(&self.form, &self.clients, chosen)
    }

    fn lines(&self) -> Lines<'_> {
        Lines { form: &self.form, totals: &self.totals, taxes: &self.taxes }
    }
}

/// The options of the form.
#[derive(Clone)]
struct Offered {
    clients: Vec<ClientName>,
    taxes: Vec<SavedTax>,
}

impl Offered {
    fn read(work: &mut Work) -> Result<Self> {
        Ok(Self { clients: list_client_names(work)?, taxes: all_taxes(work)? })
    }
}

/// Shows the form for a new proposal.
pub async fn new(visit: Visit) -> Result<Response> {
    let read = |work: &mut Work| Ok((Offered::read(work)?, find_invoice_defaults(work)?.tax_rate));
    let (offered, rate) = visit.read(read).await?;
    let fields = visit.query().with("taxRate", rate);
    let fields = fields.with_rows("items", &[invoice_lines::empty_line()]);
    let fields = with_default_taxes(fields, &offered.taxes);
    Ok(edit_page(&visit, StatusCode::OK, visit.form(fields), None, offered))
}

/// Creates a draft, or shows the form with its lines rearranged.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    if let Some(fields) = rearranged(&fields) {
        let offered = visit.read(Offered::read).await?;
        return Ok(edit_page(&visit, StatusCode::OK, visit.form(fields), None, offered));
    }
    match visit.run_once(&fields, NewProposal::read(&whole(&fields)), place, create_proposal).await
    {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("draft-saved"))),
        Err(error) => {
            let (status, form) = visit.refused(padded(invoice_lines::filled(fields)), error)?;
            let offered = visit.read(Offered::read).await?;
            Ok(edit_page(&visit, status, form, None, offered))
        }
    }
}

/// Shows the edit form of a proposal.
pub async fn edit(visit: Visit) -> Result<Response> {
    let (proposal, offered) = read_form(&visit).await?;
    let form = visit.form(padded(filled(&proposal).versioned()));
    Ok(edit_page(&visit, StatusCode::OK, form, Some(proposal), offered))
}

/// Changes a proposal, or shows the form with its lines rearranged.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    if let Some(fields) = rearranged(&fields) {
        let (proposal, offered) = read_form(&visit).await?;
        let form = visit.form(fields);
        return Ok(edit_page(&visit, StatusCode::OK, form, Some(proposal), offered));
    }
    let change = ProposalChange::read(&whole(&fields));
    match visit.update(change, fields.expected(filled), update_proposal).await {
        Ok(proposal) => Ok(visit.done(&format!("/proposals/{}", proposal.id), t("proposal-saved"))),
        Err(error) => {
            let (proposal, offered) = read_form(&visit).await?;
            let typed = padded(invoice_lines::filled(fields));
            let (status, form) = visit.refused_change(typed, error, filled(&proposal))?;
            Ok(edit_page(&visit, status, form, Some(proposal), offered))
        }
    }
}

/// Returns the form of a proposal with its current values.
fn filled(proposal: &Proposal) -> Fields {
    let offer = proposal.offer();
    // The lines make up the amount.
    let amount = offer.is_none().then(|| proposal.amount.decimal());
    let fields = Fields::default()
        .with("clientId", proposal.client_id)
        .with("title", &proposal.title)
        .with("content", &proposal.content)
        .with_some("amount", amount)
        .with("currency", proposal.amount.currency)
        .with_some("validUntil", proposal.valid_until);
    let deposit = proposal.deposit.as_ref();
    let percent = deposit.and_then(|deposit| deposit.percent).map(|of| of.normalize());
    let amount = deposit.and_then(|deposit| deposit.amount).map(|of| of.normalize());
    let fields = fields.with_some("deposit.percent", percent).with_some("deposit.amount", amount);
    match offer {
        Some(offer) => with_lines(fields, &offer),
        None => fields,
    }
}

/// Returns the submitted fields with their defaults. With lines, any amount is ignored.
fn whole(fields: &Fields) -> Fields {
    let has_lines = !invoice_lines::filled(fields.clone()).all_rows("items").is_empty();
    let fields = complete(fields);
    if has_lines { fields.replaced("amount", "") } else { fields }
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    proposal: Option<Proposal>,
    offered: Offered,
) -> Response {
    let clients = choice::clients(offered.clients);
    let currency = visit.frame.account.currency;
    let editing = match &proposal {
        Some(proposal) => {
            Editing::of(t("proposal-edit"), &format!("/proposals/{}", proposal.id), &proposal.title)
        }
        None => Editing::new("/proposals", t("proposals"), t("new-proposal"), t("save-draft")),
    };
    let offer = proposal.as_ref().and_then(Proposal::offer);
    let edit = Edit {
        shell: visit.shell(Section::Proposals),
        totals: Totals::of(&form.fields, currency, visit.frame.defaults.number_format, &[]),
        form: form.of::<NewProposal>(),
        editing,
        clients,
        currencies: choice::currencies(currency),
        taxes: taxes_beside(&offered.taxes, offer.as_ref()),
        proposal,
    };
    page(status, &edit)
}

/// Returns the proposal in the path, and the options of its form.
async fn read_form(visit: &Visit) -> Result<(Proposal, Offered)> {
    visit.find(|work, id| Ok((find_proposal(work, id)?, Offered::read(work)?))).await
}

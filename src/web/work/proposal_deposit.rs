//! `/proposals/:id/deposit`: asks for a deposit on an accepted proposal.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{deposit::create_deposit, proposal::find_proposal, unit_of_work::Work},
    domain::{
        deposit::NewDeposit, error::Result, input::Input, invoice::ShownInvoice, proposal::Proposal,
    },
    locale::t,
    web::{
        editing::Editing,
        fields::Fields,
        form::Form,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The initial percentage of the form.
const USUAL: u8 = 30;

#[derive(Template)]
#[template(path = "pages/proposal/deposit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    proposal: Proposal,
}

/// Shows the form for a deposit.
pub async fn new(visit: Visit) -> Result<Response> {
    let proposal = visit.find(find_proposal).await?;
    let form = visit.form(Fields::default().with("percent", USUAL));
    Ok(edit_page(&visit, StatusCode::OK, form, proposal))
}

/// Creates the draft of a deposit invoice.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let place = |made: &ShownInvoice| format!("/invoices/{}", made.invoice.id).into_bytes();
    let create = move |work: &mut Work, new: &NewDeposit| create_deposit(work, id, new);
    match visit.run_once(&fields, NewDeposit::read(&fields), place, create).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("draft-saved"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            let proposal = visit.find(find_proposal).await?;
            Ok(edit_page(&visit, status, form, proposal))
        }
    }
}

fn edit_page(visit: &Visit, status: StatusCode, form: Form, proposal: Proposal) -> Response {
    let place = format!("/proposals/{}", proposal.id);
    let editing = Editing {
        save: t("deposit-create").into(),
        action: format!("{place}/deposit"),
        ..Editing::of(t("deposit-invoice"), &place, &proposal.title)
    };
    let shell = visit.shell(Section::Proposals);
    answer(status, &Edit { shell, form: form.of::<NewDeposit>(), editing, proposal })
}

//! `/p/<token>`: the client's view of a proposal, and the answer.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        error::{Kind, Result},
        input::Input,
        proposal::{Answer, ProposalStatus, PublicProposal, Signature},
    },
    locale::{Text, t},
    web::{
        days::Days,
        fields::Fields,
        form::Form,
        page::{answer, pdf, redirect},
        visit::Guest,
    },
};

#[derive(Template)]
#[template(path = "pages/proposal/public.html")]
struct Page<'a> {
    public: &'a PublicProposal,
    days: Days,
    is_open: bool,
    token: &'a str,
    form: Form,
}

impl Page<'_> {
    fn is_accepted(&self) -> bool {
        self.public.proposal.status == ProposalStatus::Accepted
    }

    /// Returns the answer, if any.
    fn answered(&self) -> Option<Text> {
        let at = self.public.answered_at.map(|at| self.days.on(&at));
        Some(match (self.public.proposal.status, at) {
            (ProposalStatus::Accepted, Some(at)) => {
                t("proposal-public-accepted-on").with("date", at)
            }
            (ProposalStatus::Accepted, None) => t("proposal-public-accepted"),
            (ProposalStatus::Rejected, Some(at)) => {
                t("proposal-public-declined-on").with("date", at)
            }
            (ProposalStatus::Rejected, None) => t("proposal-public-declined"),
            (ProposalStatus::Draft | ProposalStatus::Sent, _) => return None,
        })
    }
}

/// Shows a proposal.
pub async fn show(guest: Guest) -> Result<Response> {
    let public = guest.app.public_proposal(guest.param("token")).await?;
    page(&guest, StatusCode::OK, &public, Form::default())
}

/// Shows the proposal as PDF.
pub async fn print(guest: Guest) -> Result<Response> {
    let file = guest.app.public_proposal_pdf(guest.param("token")).await?;
    Ok(pdf(&file.name, file.bytes))
}

/// Records the client's answer, and shows the proposal with it.
pub async fn reply(guest: Guest, given: Fields) -> Result<Response> {
    let (app, token) = (&guest.app, guest.param("token"));
    let public = app.public_proposal(token).await?;
    let answer_given = match given.get("answer") {
        "accept" => Answer::Accept,
        "decline" => Answer::Decline,
        _ => {
            let form = Form::new(given).alerted(t("proposal-public-choose"));
            return page(&guest, StatusCode::BAD_REQUEST, &public, form);
        }
    };
    let signature = match Signature::read(&given) {
        Ok(signature) => signature,
        Err(error) => {
            let form = Form::refused(given, error)?;
            return page(&guest, StatusCode::BAD_REQUEST, &public, form);
        }
    };
    match app.answer_proposal(token, answer_given, signature, guest.address()).await {
        // Reloading the next page sends nothing again.
        Ok(()) => Ok(redirect(&format!("/p/{token}"))),
        Err(error) if *error.kind() == Kind::Conflict => {
            let public = app.public_proposal(token).await?;
            page(&guest, StatusCode::CONFLICT, &public, Form::refused(given, error)?)
        }
        Err(error) => Err(error),
    }
}

fn page(
    guest: &Guest,
    status: StatusCode,
    public: &PublicProposal,
    form: Form,
) -> Result<Response> {
    let days = Days::of_account(&guest.app, &public.freelancer)?;
    let token = guest.param("token");
    let is_open = public.check_open(days.today()).is_ok();
    Ok(answer(status, &Page { public, days, is_open, token, form: form.of::<Signature>() }))
}

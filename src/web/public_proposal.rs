//! `/p/<token>`: a proposal as its client reads and answers it.

use askama::Template;
use poem::{Response, http::StatusCode};

use super::{
    days::Days,
    fields::Fields,
    page::{answer, pdf, redirect},
    visit::Guest,
};
use crate::domain::{
    error::{Kind, Result},
    form::Object,
    proposal::{Answer, ProposalStatus, PublicProposal, Signature},
};

#[derive(Template)]
#[template(path = "pages/proposal/public.html")]
struct Page<'a> {
    public: &'a PublicProposal,
    days: Days,
    is_open: bool,
    token: &'a str,
    /// What was typed before.
    name: &'a str,
    /// What is wrong about it.
    error: Option<&'a str>,
}

impl Page<'_> {
    fn is_accepted(&self) -> bool {
        self.public.proposal.status == ProposalStatus::Accepted
    }

    /// What was answered, once it was.
    fn answered(&self) -> Option<String> {
        let verb = match self.public.proposal.status {
            ProposalStatus::Accepted => "accepted",
            ProposalStatus::Rejected => "declined",
            ProposalStatus::Draft | ProposalStatus::Sent => return None,
        };
        let on = self.public.answered_at.map(|at| format!(" on {}", self.days.on(&at)));
        Some(format!("This was {verb}{}.", on.unwrap_or_default()))
    }
}

/// Shows a proposal.
pub async fn show(guest: Guest) -> Result<Response> {
    let public = guest.app.public_proposal(guest.param("token")).await?;
    page(&guest, StatusCode::OK, &public, "", None)
}

/// The same as PDF.
pub async fn print(guest: Guest) -> Result<Response> {
    let file = guest.app.public_proposal_pdf(guest.param("token")).await?;
    Ok(pdf(&file.name, file.bytes))
}

/// Takes the client's answer, and shows the proposal with it.
pub async fn reply(guest: Guest, given: Fields) -> Result<Response> {
    let (app, token) = (&guest.app, guest.param("token"));
    let public = app.public_proposal(token).await?;
    let name = given.get("name");
    let answer_given = match given.get("answer") {
        "accept" => Answer::Accept,
        "decline" => Answer::Decline,
        _ => {
            let error = Some("Please choose to accept or to decline.");
            return page(&guest, StatusCode::BAD_REQUEST, &public, name, error);
        }
    };
    let mut object = Object::new();
    object.insert("name".to_owned(), name.into());
    if given.has("version") {
        object.insert("version".to_owned(), given.get("version").into());
    }
    let Ok(signature) = Signature::read(&object) else {
        let error = Some("Please type your name, on one line of at most 100 letters.");
        return page(&guest, StatusCode::BAD_REQUEST, &public, name, error);
    };
    match app.answer_proposal(token, answer_given, signature, guest.address()).await {
        // Reloading the page that follows sends nothing again.
        Ok(()) => Ok(redirect(&format!("/p/{token}"))),
        Err(error) if *error.kind() == Kind::Conflict => {
            let public = app.public_proposal(token).await?;
            page(&guest, StatusCode::CONFLICT, &public, name, Some(error.message()))
        }
        Err(error) => Err(error),
    }
}

fn page(
    guest: &Guest,
    status: StatusCode,
    public: &PublicProposal,
    name: &str,
    error: Option<&str>,
) -> Result<Response> {
    let days = Days::of_account(&guest.app, &public.freelancer)?;
    let token = guest.param("token");
    let is_open = public.check_open(days.today()).is_ok();
    Ok(answer(status, &Page { public, days, is_open, token, name, error }))
}

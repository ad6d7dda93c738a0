//! `/p/<token>`: a proposal as its client reads and answers it.

use askama::Template;
use jiff::civil::Date;
use poem::{Response, http::StatusCode};

use super::{
    fields::Fields,
    page::{answer, redirect},
    visit::Guest,
};
use crate::{
    app::App,
    domain::{
        account::Account,
        date,
        error::{Kind, Result},
        form::Object,
        proposal::{Answer, Proposal, ProposalStatus, PublicProposal, Signature},
    },
};

#[derive(Template)]
#[template(path = "pages/proposal.html")]
struct Page<'a> {
    proposal: &'a Proposal,
    freelancer: &'a Account,
    version: &'a str,
    valid_until: Option<String>,
    /// What was answered, once it was.
    answered: Option<String>,
    is_open: bool,
    /// What was typed before.
    name: &'a str,
    /// What is wrong about it.
    error: Option<&'a str>,
}

/// Shows a proposal.
pub async fn show(guest: Guest) -> Result<Response> {
    let public = guest.app.public_proposal(guest.param("token")).await?;
    page(&guest.app, StatusCode::OK, &public, "", None)
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
            return page(app, StatusCode::BAD_REQUEST, &public, name, error);
        }
    };
    let mut object = Object::new();
    object.insert("name".to_owned(), name.into());
    if given.has("version") {
        object.insert("version".to_owned(), given.get("version").into());
    }
    let Ok(signature) = Signature::read(&object) else {
        let error = Some("Please type your name, on one line of at most 100 letters.");
        return page(app, StatusCode::BAD_REQUEST, &public, name, error);
    };
    match app.answer_proposal(token, answer_given, signature, guest.address()).await {
        // Reloading the page that follows sends nothing again.
        Ok(()) => Ok(redirect(&format!("/p/{token}"))),
        Err(error) if *error.kind() == Kind::Conflict => {
            let public = app.public_proposal(token).await?;
            page(app, StatusCode::CONFLICT, &public, name, Some(error.message()))
        }
        Err(error) => Err(error),
    }
}

fn page(
    app: &App,
    status: StatusCode,
    public: &PublicProposal,
    name: &str,
    error: Option<&str>,
) -> Result<Response> {
    let PublicProposal { proposal, freelancer, answered_at, version, .. } = public;
    let zone = freelancer.zone.rules()?;
    let answered_on = answered_at.map(|at| shown(date::day_in(at, &zone)));
    let answered = match (proposal.status, answered_on) {
        (ProposalStatus::Accepted, Some(day)) => Some(format!("This was accepted on {day}.")),
        (ProposalStatus::Rejected, Some(day)) => Some(format!("This was declined on {day}.")),
        (status, None) if status.is_answered() => Some("This has been answered.".to_owned()),
        _ => None,
    };
    let page = Page {
        proposal,
        freelancer,
        version,
        valid_until: proposal.valid_until.map(shown),
        answered,
        is_open: public.check_open(date::day_in(app.now(), &zone)).is_ok(),
        name,
        error,
    };
    Ok(answer(status, &page))
}

/// A day as people write it: 31 May 2026.
fn shown(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

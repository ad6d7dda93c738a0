//! `/p/<token>`: a proposal as its client reads and answers it.

use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;
use poem::{
    Endpoint, Request, Response,
    endpoint::make,
    http::{StatusCode, header},
};
use serde::Deserialize;

use super::page::{Notice, answer, form, with_header};
use crate::{
    app::App,
    domain::{
        account::Account,
        date,
        error::{Kind, Result},
        form::Object,
        proposal::{Answer, Proposal, ProposalStatus, PublicProposal, Signature},
    },
    http::{problem::into_poem, visitor::Address},
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    name: String,
    answer: String,
    version: String,
}

/// Shows a proposal.
pub fn show(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let app = Arc::clone(app);
    make(move |request: Request| {
        let app = Arc::clone(&app);
        async move {
            let public = app.public_proposal(&token(&request)).await.map_err(into_poem)?;
            page(&app, StatusCode::OK, &public, "", None).map_err(into_poem)
        }
    })
}

/// Takes the client's answer, and shows the proposal with it.
pub fn reply(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let app = Arc::clone(app);
    make(move |mut request: Request| {
        let app = Arc::clone(&app);
        async move {
            let given: Form = form(&mut request).await?.unwrap_or_default();
            write_down(&app, &request, given).await.map_err(into_poem)
        }
    })
}

async fn write_down(app: &App, request: &Request, given: Form) -> Result<Response> {
    let token = token(request);
    let public = app.public_proposal(&token).await?;
    let answer_given = match given.answer.as_str() {
        "accept" => Answer::Accept,
        "decline" => Answer::Decline,
        _ => {
            let error = Some("Please choose to accept or to decline.");
            return page(app, StatusCode::BAD_REQUEST, &public, &given.name, error);
        }
    };
    let mut object = Object::new();
    object.insert("name".to_owned(), given.name.clone().into());
    if !given.version.is_empty() {
        object.insert("version".to_owned(), given.version.into());
    }
    let Ok(signature) = Signature::read(&object) else {
        let error = Some("Please type your name, on one line of at most 100 letters.");
        return page(app, StatusCode::BAD_REQUEST, &public, &given.name, error);
    };
    let address = request.data::<Address>().map(|address| address.0);
    match app.answer_proposal(&token, answer_given, signature, address).await {
        // Reloading the page that follows sends nothing again.
        Ok(()) => {
            let seen = Notice { title: "Thank you", text: "Your answer was written down." };
            let location = format!("/p/{token}");
            Ok(with_header(answer(StatusCode::SEE_OTHER, &seen), header::LOCATION, &location))
        }
        Err(error) if *error.kind() == Kind::Conflict => {
            let public = app.public_proposal(&token).await?;
            page(app, StatusCode::CONFLICT, &public, &given.name, Some(error.message()))
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

fn token(request: &Request) -> String {
    request.raw_path_param("token").unwrap_or_default().to_owned()
}

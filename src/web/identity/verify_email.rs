//! Where the links of a verification mail lead. Opening one changes nothing, since mail programs
//! open links by themselves; the button does.

use askama::Template;
use poem::{Response, http::StatusCode};
use serde::Deserialize;

use crate::{
    app::proof::AddressProof,
    domain::{
        code::EmailLink,
        error::{Kind, Result},
        input::Scalar,
        text::KnownEmail,
    },
    locale::t,
    web::{
        fields::Fields,
        page::{Notice, answer},
        visit::Guest,
    },
};

/// What a link carries.
#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
    #[serde(default)]
    email: String,
}

#[derive(Template)]
#[template(path = "pages/verify_email.html")]
struct Question<'a> {
    email: &'a str,
    token: &'a str,
    /// Whether the account is in use and the reader not signed in to it.
    takes_over: bool,
}

#[derive(Template)]
#[template(path = "pages/not_me.html")]
struct Removal<'a> {
    email: &'a str,
    token: &'a str,
}

/// Asks whether the address is the reader's.
pub async fn ask(guest: Guest) -> Result<Response> {
    let Some(Link { token, email }) = link(&guest) else { return Ok(refused()) };
    let link = EmailLink { token: token.clone(), email: email.clone() };
    match guest.app.preview_email_link(link, guest.claims).await {
        Ok(proof) => {
            let takes_over = proof == AddressProof::TakenOver;
            let page = Question { email: &email, token: &token, takes_over };
            Ok(answer(StatusCode::OK, &page))
        }
        Err(error) if *error.kind() == Kind::Malformed => Ok(refused()),
        Err(error) => Err(error),
    }
}

/// Proves the address.
pub async fn verify(guest: Guest, fields: Fields) -> Result<Response> {
    match guest.app.verify_email_link(given(&fields), guest.claims).await {
        Ok(AddressProof::Kept) => Ok(answer(StatusCode::OK, &verified())),
        Ok(AddressProof::TakenOver) => Ok(answer(StatusCode::OK, &taken_over())),
        Err(error) if *error.kind() == Kind::Malformed => Ok(refused()),
        Err(error) => Err(error),
    }
}

/// Asks whether an account is to be removed that somebody else has registered.
pub async fn ask_removal(guest: Guest) -> Result<Response> {
    Ok(match link(&guest) {
        Some(Link { token, email }) => {
            answer(StatusCode::OK, &Removal { email: &email, token: &token })
        }
        None => refused(),
    })
}

/// Removes the account.
pub async fn remove(guest: Guest, fields: Fields) -> Result<Response> {
    match guest.app.remove_pending_account(given(&fields)).await {
        Ok(()) => Ok(answer(StatusCode::OK, &removed())),
        Err(error) if *error.kind() == Kind::Malformed => Ok(refused()),
        Err(error) => Err(error),
    }
}

/// The link that was opened, if it looks like one.
fn link(guest: &Guest) -> Option<Link> {
    let link = guest.request.params::<Link>().ok()?;
    (!link.token.is_empty() && KnownEmail::parse(&link.email.as_str().into()).is_ok())
        .then_some(link)
}

fn given(fields: &Fields) -> EmailLink {
    EmailLink { token: fields.get("token").to_owned(), email: fields.get("email").to_owned() }
}

fn verified() -> Notice {
    Notice::new(t("verify-email-done"), t("verify-email-done-text"))
}

fn taken_over() -> Notice {
    Notice::new(t("verify-email-done"), t("verify-email-taken-over"))
}

fn removed() -> Notice {
    Notice::new(t("not-me-done"), t("not-me-done-text"))
}

fn refused() -> Response {
    let notice = Notice::new(t("link-expired"), t("link-expired-text"));
    answer(StatusCode::BAD_REQUEST, &notice)
}

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
        Ok(AddressProof::Kept) => Ok(answer(StatusCode::OK, &VERIFIED)),
        Ok(AddressProof::TakenOver) => Ok(answer(StatusCode::OK, &TAKEN_OVER)),
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
        Ok(()) => Ok(answer(StatusCode::OK, &REMOVED)),
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

const VERIFIED: Notice = Notice {
    title: "Your e-mail address is verified",
    text: "You can log in now, and close this page.",
};

const TAKEN_OVER: Notice = Notice {
    title: "Your e-mail address is verified",
    text: "You were not signed in to this account, so every device was signed out and the old \
           password no longer works. To set a new one, choose “Forgotten your password?” where \
           you sign in.",
};

const REMOVED: Notice = Notice {
    title: "The account was removed",
    text: "Nobody can use it. You can close this page.",
};

fn refused() -> Response {
    let notice = Notice {
        title: "This link is not good any more",
        text: "It may have been used already, or be older than a day. Log in if you have verified \
               your address before; otherwise ask for a new code where you registered.",
    };
    answer(StatusCode::BAD_REQUEST, &notice)
}

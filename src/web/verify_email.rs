//! Where the link of a verification mail leads. Opening it changes nothing, since mail programs
//! open links by themselves; the button does.

use askama::Template;
use poem::{Response, http::StatusCode};
use serde::Deserialize;

use super::{
    fields::Fields,
    page::{Notice, answer},
    visit::Guest,
};
use crate::domain::{
    code::EmailLink,
    error::{Kind, Result},
    text,
};

/// What the link carries.
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
}

/// Asks whether the address is the reader's.
pub async fn ask(guest: Guest) -> Result<Response> {
    Ok(match guest.request.params::<Link>() {
        Ok(Link { token, email }) if !token.is_empty() && text::parse_email(&email).is_ok() => {
            answer(StatusCode::OK, &Question { email: &email, token: &token })
        }
        _ => refused(),
    })
}

/// Proves the address.
pub async fn verify(guest: Guest, fields: Fields) -> Result<Response> {
    let (token, email) = (fields.get("token").to_owned(), fields.get("email").to_owned());
    match guest.app.verify_email_link(EmailLink { token, email }).await {
        Ok(()) => Ok(answer(StatusCode::OK, &VERIFIED)),
        Err(error) if *error.kind() == Kind::Malformed => Ok(refused()),
        Err(error) => Err(error),
    }
}

const VERIFIED: Notice = Notice {
    title: "Your e-mail address is verified",
    text: "You can log in now, and close this page.",
};

fn refused() -> Response {
    let notice = Notice {
        title: "This link is not good any more",
        text: "It may have been used already, or be older than a day. Log in if you have verified \
               your address before; otherwise ask for a new code where you registered.",
    };
    answer(StatusCode::BAD_REQUEST, &notice)
}

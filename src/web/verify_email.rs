//! Where the link of a verification mail leads. Opening it changes nothing, since mail programs
//! open links by themselves; the button does.

use std::sync::Arc;

use askama::Template;
use poem::{Endpoint, Request, Response, endpoint::make, http::StatusCode};
use serde::Deserialize;

use super::page::{Notice, answer, form};
use crate::{
    app::App,
    domain::{code::EmailLink, error::Kind, text},
    http::problem::into_poem,
};

/// What the link carries, and the form that it opens.
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
pub fn ask(request: Request) -> Response {
    match request.params::<Link>() {
        Ok(Link { token, email }) if !token.is_empty() && text::parse_email(&email).is_ok() => {
            answer(StatusCode::OK, &Question { email: &email, token: &token })
        }
        _ => refused(),
    }
}

/// Proves the address.
pub fn verify(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let app = Arc::clone(app);
    make(move |mut request: Request| {
        let app = Arc::clone(&app);
        async move {
            let Some(link) = form::<Link>(&mut request).await? else { return Ok(refused()) };
            let link = EmailLink { token: link.token, email: link.email };
            match app.verify_email_link(link).await {
                Ok(()) => Ok(answer(StatusCode::OK, &VERIFIED)),
                Err(error) if *error.kind() == Kind::Malformed => Ok(refused()),
                Err(error) => Err(into_poem(error)),
            }
        }
    })
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

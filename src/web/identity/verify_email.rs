//! The pages behind the links of a verification email. Opening one changes nothing, since email
//! programs open links by themselves; the button does.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::proof::AddressProof,
    domain::{
        code::EmailLink,
        error::{Kind, Result},
        input::Input,
    },
    locale::{Text, t},
    web::{
        fields::Fields,
        page::{Notice, SIGN_IN, answer},
        visit::Guest,
    },
};

#[derive(Template)]
#[template(path = "pages/verify_email.html")]
struct Question<'a> {
    email: &'a str,
    token: &'a str,
    /// Whether the account is in use and the reader is not signed in to it.
    takes_over: bool,
}

#[derive(Template)]
#[template(path = "pages/not_me.html")]
struct Removal<'a> {
    email: &'a str,
    token: &'a str,
}

/// Asks the reader to confirm the address.
pub async fn ask(guest: Guest) -> Result<Response> {
    let asked = async {
        let link = EmailLink::read(&guest.query())?;
        let proof = guest.app.preview_email_link(link.clone(), guest.claims).await?;
        let takes_over = proof == AddressProof::TakenOver;
        let page = Question { email: &link.email, token: &link.token, takes_over };
        Ok(answer(StatusCode::OK, &page))
    };
    or_refused(asked.await)
}

/// Verifies the address.
pub async fn verify(guest: Guest, fields: Fields) -> Result<Response> {
    let verified = async {
        let link = EmailLink::read(&fields)?;
        Ok(match guest.app.verify_email_link(link, guest.claims).await? {
            AddressProof::Kept => answer(StatusCode::OK, &VERIFIED),
            AddressProof::TakenOver => answer(StatusCode::OK, &TAKEN_OVER),
        })
    };
    or_refused(verified.await)
}

/// Asks whether to delete an account that someone else has registered.
pub async fn ask_removal(guest: Guest) -> Result<Response> {
    let asked = EmailLink::read(&guest.query());
    or_refused(asked.map(|EmailLink { token, email }| {
        answer(StatusCode::OK, &Removal { email: &email, token: &token })
    }))
}

/// Deletes the account.
pub async fn remove(guest: Guest, fields: Fields) -> Result<Response> {
    let removed = async {
        guest.app.remove_pending_account(EmailLink::read(&fields)?).await?;
        Ok(answer(StatusCode::OK, &REMOVED))
    };
    or_refused(removed.await)
}

/// The path of the page for a new password.
const FORGOT: Option<(&str, Text)> = Some(("/forgot", t("code-reset-set-new-password")));

const VERIFIED: Notice =
    Notice { title: t("verify-email-done"), text: t("verify-email-done-text"), onward: SIGN_IN };

const TAKEN_OVER: Notice =
    Notice { title: t("verify-email-done"), text: t("verify-email-taken-over"), onward: FORGOT };

const REMOVED: Notice =
    Notice { title: t("not-me-done"), text: t("not-me-done-text"), onward: None };

const REFUSED: Notice =
    Notice { title: t("link-expired"), text: t("link-expired-text"), onward: SIGN_IN };

/// Returns the response to a link, or a page that says that it is invalid.
fn or_refused(answered: Result<Response>) -> Result<Response> {
    match answered {
        Err(error) if matches!(error.kind(), Kind::Malformed | Kind::Invalid(_)) => {
            Ok(answer(StatusCode::BAD_REQUEST, &REFUSED))
        }
        answered => answered,
    }
}

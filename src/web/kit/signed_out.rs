//! A form sent after its session has ended. The reader signs in, sees the filled-in form again, and
//! saves it. The form is never submitted without the reader, and nobody else sees it.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::{
    app::{App, held::HeldForm, session::SignIn},
    domain::{
        error::{Error, Kind, Result},
        id::AccountId,
    },
    http::problem::{Problem, into_poem},
    locale::t,
    web::{
        cookie::{self, Notice},
        fields::Fields,
        form::Form,
        form_body::Pictures,
        guest::Guest,
        page::{redirect, shape},
        pages::Act,
        session::{self, Onward, local},
        visit::Visit,
    },
};

/// Returns a form as it was sent.
pub fn sent(request: &Request, fields: &Fields) -> HeldForm {
    HeldForm {
        action: request.original_uri().path().to_owned(),
        page: page_of(request),
        fields: fields.held(),
        had_file: fields.had_file,
    }
}

/// Returns the page that a form was sent from.
fn page_of(request: &Request) -> String {
    let referer = request.header(header::REFERER).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    local(path.unwrap_or_default()).to_owned()
}

/// Returns whether the reader signs out, for which any session will do.
pub fn is_logout(request: &Request) -> bool {
    request.original_uri().path() == "/logout"
}

/// Reads a form without a session, and holds it if it is one of our forms for an account.
pub async fn hold_unread(
    app: Arc<App>,
    mut request: Request,
    elsewhere: Response,
) -> poem::Result<Response> {
    if is_logout(&request) {
        return Ok(elsewhere);
    }
    let fields = Fields::read(&mut request, Pictures::Dropped).await?;
    let Some(owner) = app.form_session(fields.get("_token")).map_err(into_poem)? else {
        return Ok(elsewhere);
    };
    let sent = sent(&request, &fields);
    hold(Guest::new(app, request), owner.account, sent).await
}

/// Returns the sign-in page, which holds the sent form.
pub async fn hold(guest: Guest, owner: AccountId, sent: HeldForm) -> poem::Result<Response> {
    let page = async || {
        let held = guest.app.hold_form(owner, &sent)?;
        let said = match held {
            Some(_) => t("session-form-kept"),
            None => t("session-form-too-long"),
        };
        let onward = Onward { next: sent.page.clone(), kept: held.unwrap_or_default() };
        let form = Form::default().alerted(said);
        session::page(&guest, StatusCode::UNAUTHORIZED, form, &onward, None).await
    };
    let mut response = page().await.map_err(into_poem)?;
    cookie::clear_session(&guest.app, &mut response);
    Ok(response)
}

/// A held form for a reader who has just signed in.
#[derive(Clone)]
struct Returning {
    form: HeldForm,
    /// The browser's headers, with the cookie of the new session.
    headers: HeaderMap,
}

/// Attaches a held form to the response of a sign-in, if it belongs to the same account.
pub fn come_back(
    guest: &Guest,
    response: &mut Response,
    sign_in: &SignIn,
    token: &str,
    kept: &str,
) -> Result<()> {
    match guest.app.held_form(kept)? {
        Some((owner, form)) if owner == sign_in.account.id => {
            let mut headers = guest.request.headers().clone();
            let cookie = HeaderValue::try_from(cookie::of_session(&guest.app, token));
            headers.insert(header::COOKIE, cookie.map_err(Error::internal)?);
            response.extensions_mut().insert(Returning { form, headers });
        }
        Some(_) => guest.tell(response, t("session-form-other-account")),
        None => guest.tell(response, t("session-form-too-old")),
    }
    Ok(())
}

/// Returns the held form attached to a response, in place of the next page.
pub async fn returned(
    pages: &impl Endpoint<Output = Response>,
    mut response: Response,
) -> Response {
    let Some(Returning { form, headers }) = response.extensions_mut().remove() else {
        return response;
    };
    let action = form.action.clone();
    let mut request = Request::builder().method(Method::POST).uri_str(&action).finish();
    *request.headers_mut() = headers;
    request.extensions_mut().insert(form);
    let mut shown = match pages.call(request).await {
        Ok(shown) => shown,
        Err(error) => shape(&action, &Problem::from(error)),
    };
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        shown.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    shown
}

/// Shows a filled-in form again on its page. Nothing is saved: the writes of `act` fail, which
/// leads to the form like any other error.
pub async fn show_again(visit: Visit, held: HeldForm, act: &Act<Visit>) -> poem::Result<Response> {
    let alert = match held.had_file {
        true => t("session-form-restored-file"),
        false => t("session-form-restored"),
    };
    let alert = alert.to_string();
    let app = Arc::clone(&visit.app);
    let fields = Fields {
        pairs: held.fields,
        had_file: held.had_file,
        format: Some(visit.frame.defaults.number_format),
        upload: None,
    };
    let shown = app.without_saving(act(visit.restored(alert.clone()), fields)).await;
    match shown {
        Ok(mut response) => {
            let kind = response.content_type().unwrap_or_default();
            // A script does not request a page, and gets an error.
            if response.status().is_client_error() && kind.starts_with("text/html") {
                response.set_status(StatusCode::OK);
            }
            Ok(response)
        }
        // A button without a form of its own.
        Err(error) if *error.kind() == Kind::Unsaved => {
            let mut response = redirect(&held.page);
            cookie::set_notice(
                &app,
                &mut response,
                &Notice { text: alert, is_error: true, undo: None },
            );
            Ok(response)
        }
        Err(error) => Err(into_poem(error)),
    }
}

//! What all pages share: headers, notices, and error pages.

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD as STANDARD};
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};

use crate::{
    domain::{
        error::{Error, Result},
        mail::{LOGO, Mail},
    },
    http::problem::Problem,
    locale::{Text, t},
};

/// What a page may load, and where its forms may go: nothing external.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; frame-src 'self'; object-src 'none'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Returns a page as a response. Its address may contain a secret, so no other site learns it.
pub fn answer(status: StatusCode, page: &impl Template) -> Response {
    // The summary of a refused form names fields that come after it: the first rendering finds
    // their labels.
    let rendered = match status.is_client_error() {
        true => page.render().and_then(|_| page.render()),
        false => page.render(),
    };
    match rendered {
        Ok(html) => Response::builder()
            .status(status)
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::REFERRER_POLICY, "same-origin")
            .body(html),
        Err(error) => {
            tracing::error!(%error, "could not render a page");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

/// What the browser's PDF viewer may load.
const PDF_POLICY: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Returns a PDF to display in the browser. Its name is plain ASCII without quotes.
pub fn pdf(name: &str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .content_type("application/pdf")
        .header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\""))
        .header(header::CONTENT_SECURITY_POLICY, PDF_POLICY)
        .header(header::REFERRER_POLICY, "same-origin")
        .body(bytes)
}

/// What an email may load in a frame of our pages.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'";

/// Returns an email to show in a frame, without scripts and with its logo.
pub fn mail(mail: &Mail) -> Response {
    let logo = mail.logo.as_ref().map_or_else(String::new, |logo| {
        format!("data:{};base64,{}", logo.content_type, STANDARD.encode(&logo.bytes))
    });
    framed(mail.html.replace(&format!("cid:{LOGO}"), &logo))
}

/// Like [`mail`], below its subject.
pub fn mail_with_subject(mail: &Mail) -> Result<Response> {
    let line = SubjectLine { subject: &mail.subject }.render().map_err(Error::internal)?;
    let body = mail.html.find("<body").and_then(|at| Some(at + mail.html[at..].find('>')? + 1));
    let (head, body) = mail.html.split_at(body.unwrap_or_default());
    Ok(self::mail(&Mail { html: format!("{head}{line}{body}"), ..mail.clone() }))
}

#[derive(Template)]
#[template(path = "pages/parts/subject.html")]
struct SubjectLine<'a> {
    subject: &'a str,
}

/// Returns a document to show in a frame, without scripts.
pub fn framed(html: String) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(html)
}

/// Names what a browser forgets: its copies of pages, or those it has fetched ahead.
pub const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Adds a header, whose value is plain text, to a response.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A page with one message.
#[derive(Template)]
#[template(path = "pages/notice.html")]
pub struct Notice {
    pub title: Text,
    pub text: Text,
    /// The next page, and the text of its link.
    pub onward: Option<(&'static str, Text)>,
}

/// A problem shown to a client or visitor, who knows the freelancer and not this program.
#[derive(Template)]
#[template(path = "pages/dead_end.html")]
struct DeadEnd {
    title: Text,
    text: Text,
}

/// The next step after a page about an account.
pub const SIGN_IN: Option<(&str, Text)> = Some(("/login", t("sign-in")));

/// Shows a problem as a page.
pub fn shape(path: &str, problem: &Problem) -> Response {
    let starts = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    let is_of_client = starts(&["/i/", "/p/"]);
    let (title, text) = match problem.status {
        StatusCode::NOT_FOUND if is_of_client => (t("error-dead-link"), t("error-dead-link-text")),
        StatusCode::NOT_FOUND => (t("error-page-not-found"), t("error-not-found-text")),
        StatusCode::METHOD_NOT_ALLOWED => (t("error-method"), t("error-method-text")),
        StatusCode::PAYLOAD_TOO_LARGE => (t("error-too-large"), t("error-too-large-text")),
        StatusCode::TOO_MANY_REQUESTS => (t("error-too-many"), t("error-too-many-text")),
        status if status.is_server_error() => (t("error-server"), t("error-server-text")),
        _ => (t("error-other"), t("error-message").with("message", &problem.message)),
    };
    if is_of_client || starts(&["/u/"]) {
        return answer(problem.status, &DeadEnd { title, text });
    }
    let onward = Some(("/", t("error-go-home")));
    answer(problem.status, &Notice { title, text, onward })
}

/// Redirects to another page, with a new request.
pub fn redirect(location: &str) -> Response {
    with_header(StatusCode::SEE_OTHER.into_response(), header::LOCATION, location)
}

//! The cookies of the pages: the session, and the notice for the next page.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, header},
};

use crate::{
    app::{App, known_browser::KNOWN_FOR},
    domain::id::{AccountId, PaymentId},
    web::theme::Theme,
};

/// How long a session cookie is valid, in seconds: as long as its token.
const SESSION_LIFE: u32 = 7 * 24 * 60 * 60;
/// How long a browser is known, in seconds.
const KNOWN_LIFE: u32 = KNOWN_FOR.as_secs() as u32;
/// How long a notice waits for the next page, in seconds.
const NOTICE_LIFE: u32 = 60;
/// The maximum size of a notice in bytes; more would not fit into a cookie.
const NOTICE_MAX: usize = 600;

/// A result message for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub is_error: bool,
    /// The payment that a button next to the text undoes. The cookie cannot name any other action,
    /// since others may be able to set cookies.
    pub undo: Option<PaymentId>,
}

/// A cookie's names over HTTP and HTTPS; over HTTPS, a prefix keeps neighbouring hosts from setting
/// it.
type Names = [&'static str; 2];

const SESSION: Names = ["fos_session", "__Host-fos_session"];
const NOTICE: Names = ["fos_notice", "__Host-fos_notice"];
/// Marks of the accounts that the browser has signed in to.
const KNOWN: Names = ["fos_known", "__Host-fos_known"];
/// The theme that the reader has chosen.
const THEME: Names = ["fos_theme", "__Host-fos_theme"];
/// The account whose set-up steps the reader has hidden.
const SETUP: Names = ["fos_setup", "__Host-fos_setup"];
/// Returned by a browser that keeps our cookies.
const KEPT: Names = ["fos_kept", "__Host-fos_kept"];

/// The maximum number of accounts that a browser is known for; the oldest is dropped first.
const KNOWN_MAX: usize = 4;

fn is_secure(app: &App) -> bool {
    app.public_url().starts_with("https://")
}

/// Returns the token of the signed-in reader.
pub fn session<'a>(app: &App, request: &'a Request) -> Option<&'a str> {
    find(app, request, SESSION)
}

/// Returns the cookie that names this session.
pub fn of_session(app: &App, token: &str) -> String {
    format!("{}={token}", SESSION[usize::from(is_secure(app))])
}

/// Signs the browser in.
pub fn set_session(app: &App, response: &mut Response, token: &str) {
    set(app, response, SESSION, token, SESSION_LIFE);
}

/// Signs the browser out.
pub fn clear_session(app: &App, response: &mut Response) {
    set(app, response, SESSION, "", 0);
}

/// Returns the marks of earlier sign-ins, newest first.
pub fn marks(app: &App, request: &Request) -> Vec<String> {
    let marks = find(app, request, KNOWN).unwrap_or_default().split('.');
    marks.filter(|mark| !mark.is_empty()).take(KNOWN_MAX).map(str::to_owned).collect()
}

/// Makes the browser known by these marks.
pub fn set_marks(app: &App, response: &mut Response, marks: &[String]) {
    let value = marks.get(..KNOWN_MAX).unwrap_or(marks).join(".");
    set(app, response, KNOWN, &value, KNOWN_LIFE);
}

/// Returns whether the browser keeps the cookies that sign-in needs.
pub fn are_kept(app: &App, request: &Request) -> bool {
    find(app, request, KEPT).is_some()
}

/// Tests with the next request whether the browser keeps our cookies.
pub fn probe(app: &App, response: &mut Response) {
    set(app, response, KEPT, "1", SESSION_LIFE);
}

/// Returns the theme that the reader has chosen.
pub fn theme(app: &App, request: &Request) -> Theme {
    Theme::of(find(app, request, THEME).unwrap_or_default())
}

/// Chooses the theme with this name.
pub fn set_theme(app: &App, response: &mut Response, name: &str) {
    set(app, response, THEME, Theme::of(name).as_str(), KNOWN_LIFE);
}

/// Returns whether the reader has hidden the set-up steps of an account.
pub fn is_setup_hidden(app: &App, request: &Request, account: AccountId) -> bool {
    find(app, request, SETUP).is_some_and(|hidden| hidden == account.to_string())
}

/// Hides the set-up steps of an account.
pub fn hide_setup(app: &App, response: &mut Response, account: AccountId) {
    set(app, response, SETUP, &account.to_string(), KNOWN_LIFE);
}

/// Returns the notice left by the previous page.
pub fn notice(app: &App, request: &Request) -> Option<Notice> {
    let value = find(app, request, NOTICE)?;
    let text = percent_decode_str(value).decode_utf8().ok()?;
    let is_error = text.starts_with('!');
    let rest = text.get(1..).filter(|text| !text.is_empty())?;
    let (undo, text) = match text.starts_with('-') {
        true => rest.split_once(' ').map(|(id, text)| (Some(PaymentId::parse(id)), text))?,
        false => (None, rest),
    };
    Some(Notice { text: text.to_owned(), is_error, undo })
}

/// Leaves a notice for the next page.
pub fn set_notice(app: &App, response: &mut Response, notice: &Notice) {
    let mark = match &notice.undo {
        Some(payment) => format!("-{payment} "),
        None if notice.is_error => "!".to_owned(),
        None => "+".to_owned(),
    };
    let end = notice.text.floor_char_boundary(NOTICE_MAX);
    let text = format!("{mark}{}", &notice.text[..end]);
    let value = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    set(app, response, NOTICE, &value, NOTICE_LIFE);
}

/// Clears a notice that was shown.
pub fn clear_notice(app: &App, response: &mut Response) {
    set(app, response, NOTICE, "", 0);
}

fn find<'a>(app: &App, request: &'a Request, names: Names) -> Option<&'a str> {
    let name = names[usize::from(is_secure(app))];
    let headers: &HeaderMap = request.headers();
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, value)| *known == name && !value.is_empty())
        .map(|(_, value)| value)
}

fn set(app: &App, response: &mut Response, names: Names, value: &str, seconds: u32) {
    let name = names[usize::from(is_secure(app))];
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

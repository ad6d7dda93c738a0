//! `/login` and `/logout`: the start and end of a browser's session.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::session::{AccessLife, SignIn},
    domain::{
        account::Credentials,
        code::SecondCode,
        error::{Error, Kind, Result},
        input::{Input, Scalar},
        invoice_defaults::InvoiceDefaults,
        rule::Rule,
    },
    http::problem,
    locale::t,
    web::{
        brand::Brand,
        cookie::{self, Notice},
        fields::Fields,
        form::Form,
        guest::LostCookies,
        page::{CLEAR_SITE_DATA, redirect, with_header},
        registration, signed_out,
        visit::{Guest, Visit},
    },
};

/// What to do after a sign-in.
#[derive(Debug, Clone, Default)]
pub struct Onward {
    /// The requested page.
    pub next: String,
    /// A form that was sent without a session, sealed; empty if none.
    pub kept: String,
}

impl Onward {
    /// Reads it from the forms of the sign-in page.
    pub fn of(fields: &Fields) -> Self {
        Self { next: local(fields.get("next")).to_owned(), kept: fields.get("kept").to_owned() }
    }
}

#[derive(Template)]
#[template(path = "pages/session/login.html")]
struct Login<'a> {
    form: Form,
    notice: Option<Notice>,
    onward: &'a Onward,
    /// The typed values, sealed, if only the second factor is missing.
    held: Option<String>,
    may_register: bool,
    /// Whether this server still has no owner.
    may_set_up: bool,
    /// Whose server this is, if it is one business's alone.
    office: Option<InvoiceDefaults>,
}

impl Login<'_> {
    fn office_name(&self) -> &str {
        let office = self.office.as_ref().and_then(|office| office.business.name.as_deref());
        office.unwrap_or_default()
    }

    fn brand(&self) -> Option<Brand<'_>> {
        let InvoiceDefaults { logo, accent, .. } = self.office.as_ref()?;
        Some(Brand { name: self.office_name(), picture: *logo, accent: *accent })
    }
}

/// Shown instead of a sign-in that would not work.
#[derive(Template)]
#[template(path = "pages/session/lost.html")]
struct Lost<'a> {
    lost: LostCookies,
    address: &'a str,
}

/// Shows the sign-in page; a signed-in reader is redirected.
pub async fn login(guest: Guest) -> Result<Response> {
    let query = guest.query();
    let onward = Onward { next: local(query.get("next")).to_owned(), ..Onward::default() };
    if guest.is_signed_in().await? {
        return Ok(redirect(&onward.next));
    }
    if registration::is_new(&guest).await? {
        return Ok(redirect("/welcome"));
    }
    page(&guest, StatusCode::OK, Form::default(), &onward, None).await
}

/// Signs in: by password, and by a code if the account requires one.
pub async fn sign_in(guest: Guest, fields: Fields) -> Result<Response> {
    let onward = Onward::of(&fields);
    if let Some(told) = lost(&guest) {
        return Ok(told);
    }
    if fields.has("held") {
        return prove(guest, fields, &onward).await;
    }
    let credentials = match Credentials::read(&fields) {
        Ok(credentials) => credentials,
        Err(error) => return refused(&guest, fields, error, &onward, None).await,
    };
    let held = guest.app.hold_login(&credentials.email, &credentials.password)?;
    match guest.app.login(credentials, guest.device()).await {
        Ok(sign_in) => enter(&guest, &sign_in, &onward).await,
        Err(error) if matches!(error.kind(), Kind::SecondFactor(_)) => {
            page(&guest, StatusCode::OK, Form::default(), &onward, Some(held)).await
        }
        Err(error) => refused(&guest, fields, error, &onward, None).await,
    }
}

/// Returns the page shown if a sign-in could not last, because its cookie would not come back.
pub fn lost(guest: &Guest) -> Option<Response> {
    let page = Lost { lost: guest.lost_cookies()?, address: guest.app.public_url() };
    Some(guest.told(StatusCode::CONFLICT, &page))
}

/// The second step: the code of the authenticator app, or a backup code.
async fn prove(guest: Guest, fields: Fields, onward: &Onward) -> Result<Response> {
    let held = fields.get("held").to_owned();
    let Some(credentials) = guest.app.held_login(&held)? else {
        let form = Form::default().alerted(t("session-login-too-late"));
        return page(&guest, StatusCode::UNAUTHORIZED, form, onward, None).await;
    };
    let code = match SecondCode::parse(&fields.get("totpCode").into()) {
        Ok(code) => code,
        Err(rule) => {
            let error = Error::field("totpCode", rule);
            return refused(&guest, Fields::default(), error, onward, Some(held)).await;
        }
    };
    let credentials = Credentials { totp_code: Some(code), ..credentials };
    match guest.app.login(credentials, guest.device()).await {
        Ok(sign_in) => enter(&guest, &sign_in, onward).await,
        Err(error) => match error.kind() {
            Kind::SecondFactor(rule) => {
                let rule = rule.clone().unwrap_or(Rule::WrongCode);
                let form = Form::refused(Fields::default(), Error::field("totpCode", rule))?;
                page(&guest, StatusCode::UNAUTHORIZED, form, onward, Some(held)).await
            }
            _ => refused(&guest, Fields::default(), error, onward, None).await,
        },
    }
}

/// Returns the sign-in page with the reason of a refusal.
pub async fn refused(
    guest: &Guest,
    fields: Fields,
    error: Error,
    onward: &Onward,
    held: Option<String>,
) -> Result<Response> {
    let status = problem::status(error.kind());
    let form = match error.kind() {
        // The message is the same for every reason.
        Kind::Unauthenticated => Form::new(fields).alerted(t("session-login-wrong")),
        _ => Form::refused(fields, error)?,
    };
    page(guest, status, form, onward, held).await
}

/// Returns the sign-in page with a form that was already sent.
pub async fn page(
    guest: &Guest,
    status: StatusCode,
    form: Form,
    onward: &Onward,
    held: Option<String>,
) -> Result<Response> {
    let may_register = guest.app.registration_is_open().await?;
    let may_set_up = !guest.app.is_set_up().await?;
    let notice = guest.notice();
    let form = form.of::<Credentials>();
    let office = guest.app.office().await?;
    let page = Login { form, notice, onward, held, may_register, may_set_up, office };
    let mut response = guest.told(status, &page);
    cookie::probe(&guest.app, &mut response);
    Ok(response)
}

/// Redirects after a sign-in. A previous session of the browser ends, so that nobody continues
/// someone else's work.
pub async fn enter(guest: &Guest, sign_in: &SignIn, onward: &Onward) -> Result<Response> {
    let token = guest.app.access_token(sign_in.claims, AccessLife::Week)?;
    if let Some(former) = guest.claims {
        guest.app.logout(former).await?;
    }
    let mut response = redirect(&onward.next);
    cookie::set_session(&guest.app, &mut response, &token);
    if !onward.kept.is_empty() {
        signed_out::come_back(guest, &mut response, sign_in, &token, &onward.kept)?;
    }
    let mut marks = cookie::marks(&guest.app, &guest.request);
    if !guest.app.is_known_by(&marks, &sign_in.account.email)? {
        marks.insert(0, guest.app.browser_mark(&sign_in.account.email)?);
    }
    cookie::set_marks(&guest.app, &mut response, &marks);
    Ok(response)
}

/// Signs out: ends the session, and clears its cookie and cached pages in the browser.
pub async fn logout(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.logout(visit.claims).await?;
    let mut response = visit.done("/login", t("session-signed-out"));
    cookie::clear_session(&visit.app, &mut response);
    Ok(with_header(response, CLEAR_SITE_DATA, "\"cache\", \"prefetchCache\""))
}

/// Returns the requested page if it is one of ours, else the first page.
pub fn local(wanted: &str) -> &str {
    let is_path = wanted.starts_with('/') && !wanted.starts_with("//");
    // Browsers treat a backslash as a slash, and drop tabs and line breaks.
    let is_plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain && !wanted.starts_with("/login") { wanted } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_our_own_pages_are_redirected_to_after_a_sign_in() {
        for wanted in ["/", "/clients", "/clients?search=a%26b&page=2", "/%2F/x"] {
            assert_eq!(local(wanted), wanted);
        }
        for wanted in [
            "",
            "clients",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: b",
            "https://evil.example",
            "javascript:alert(1)",
            "/login?next=/login",
            "/ප්‍රකාශ",
        ] {
            assert_eq!(local(wanted), "/", "{wanted:?}");
        }
    }
}

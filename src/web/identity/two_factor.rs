//! `/settings/security/two-factor`: sets up authenticator codes and turns them off.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        error::{Error, Kind, Result},
        input::Input,
        two_factor::{Disabling, SetupProof},
    },
    http::qr,
    locale::t,
    web::{
        fields::Fields,
        form::Form,
        page::{answer, redirect},
        security::{self, Forms, PLACE},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The maximum length of a setup address in bytes, so that its QR code stays easy to scan.
const URI_MAX: usize = 600;

#[derive(Template)]
#[template(path = "pages/settings/two_factor.html")]
struct Setup {
    shell: Shell,
    form: Form,
    /// The address that the app reads; the form sends it back.
    uri: String,
    qr: String,
    /// The key for typing by hand, in groups.
    key: String,
    codes: Vec<String>,
    /// The codes as a downloadable file.
    file: String,
}

/// A setup is shown only once; the next one starts over.
pub async fn show(_: Visit) -> Result<Response> {
    Ok(redirect(PLACE))
}

/// Begins a setup: shows the QR code and backup codes.
pub async fn begin(visit: Visit, _: Fields) -> Result<Response> {
    let setup = match visit.app.enable_two_factor(visit.claims).await {
        Ok(setup) => setup,
        Err(error) => return visit.redirect_with_error(PLACE, error),
    };
    let codes = setup.backup_codes.iter().map(|code| code.as_str().to_owned()).collect();
    let form = visit.form(Fields::default());
    page(&visit, StatusCode::OK, setup.seed.uri(&setup.email), codes, form).await
}

/// Turns it on, with a code that proves that the app was set up. A stored seed cannot be read
/// again, so the form sends the shown values back.
pub async fn confirm(visit: Visit, fields: Fields) -> Result<Response> {
    let proven =
        async { visit.app.verify_two_factor_setup(visit.claims, SetupProof::read(&fields)?).await };
    let error = match proven.await {
        Ok(None) => {
            let text = t("settings-two-factor-on");
            return Ok(visit.done(PLACE, text));
        }
        Err(error) if *error.kind() == Kind::Conflict => {
            return visit.redirect_with_error(PLACE, error);
        }
        Ok(Some(rule)) => Error::field("totpCode", rule),
        Err(error) => error,
    };
    let (uri, codes) = (fields.get("uri").to_owned(), fields.get("codes"));
    let codes = codes.split_whitespace().map(str::to_owned).collect();
    if !uri.starts_with("otpauth://totp/") || uri.len() > URI_MAX {
        return Ok(redirect(PLACE));
    }
    let (status, form) = visit.refused(Fields::default(), error)?;
    page(&visit, status, uri, codes, form).await
}

/// Turns it off, with the password and a code.
pub async fn disable(visit: Visit, fields: Fields) -> Result<Response> {
    let disabled =
        async { visit.app.disable_two_factor(visit.claims, Disabling::read(&fields)?).await };
    let error = match disabled.await {
        Ok(()) => return Ok(visit.done(PLACE, t("settings-two-factor-off"))),
        Err(error) => error,
    };
    let (status, form) = match error.kind() {
        Kind::Unauthenticated => {
            let form = visit.form(Fields::default()).alerted(t("settings-two-factor-wrong"));
            (StatusCode::UNAUTHORIZED, form)
        }
        Kind::Conflict => return visit.redirect_with_error(PLACE, error),
        _ => visit.refused(Fields::default(), error)?,
    };
    let forms = Forms { two_factor: Some(form), ..Forms::default() };
    security::page(&visit, status, forms).await
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    uri: String,
    codes: Vec<String>,
    form: Form,
) -> Result<Response> {
    let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret="));
    let letters: Vec<char> = secret.unwrap_or_default().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(String::from_iter).collect();
    let text = format!("{}\n\n{}\n", t("settings-two-factor-file"), codes.join("\n"));
    let file = utf8_percent_encode(&text, NON_ALPHANUMERIC);
    let drawn = uri.clone();
    let page = Setup {
        shell: visit.shell(Section::Settings),
        form: form.of::<SetupProof>(),
        qr: visit.app.offload(move || qr::data_url(&drawn)).await??,
        key: groups.join(" "),
        file: format!("data:text/plain;charset=utf-8,{file}"),
        uri,
        codes,
    };
    Ok(answer(status, &page))
}

//! `/forgot` and `/reset`: resetting the password with an emailed code.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::code::Guessing,
    domain::{
        code::{CodeRequest, PasswordReset},
        error::{Kind, Result},
        input::Input,
    },
    http::problem,
    locale::t,
    web::{fields::Fields, form::Form, visit::Guest},
};

#[derive(Template)]
#[template(path = "pages/code/forgot.html")]
struct Forgot {
    form: Form,
}

#[derive(Template)]
#[template(path = "pages/code/reset.html")]
struct Reset {
    form: Form,
    /// Whether the email was just requested.
    is_sent: bool,
    has_mail_server: bool,
}

/// Asks for the email of the account.
pub async fn forgot(guest: Guest) -> Result<Response> {
    Ok(forgot_page(&guest, StatusCode::OK, Form::new(guest.query())))
}

/// Emails a code if there is such an account; the page is the same if there is none.
pub async fn send(guest: Guest, fields: Fields) -> Result<Response> {
    let sent = async { guest.app.send_password_reset(CodeRequest::read(&fields)?.email).await };
    match sent.await {
        Ok(()) => {
            let form = Form::new(Fields::default().with("email", fields.get("email").trim()));
            Ok(reset_page(&guest, StatusCode::OK, form, true))
        }
        Err(error) => {
            let status = problem::status(error.kind());
            Ok(forgot_page(&guest, status, Form::refused(fields, error)?))
        }
    }
}

/// Shows the form for a code that was already sent.
pub async fn reset(guest: Guest) -> Result<Response> {
    Ok(reset_page(&guest, StatusCode::OK, Form::new(guest.query()), false))
}

/// Sets the password.
pub async fn set(guest: Guest, fields: Fields) -> Result<Response> {
    // Mail programs copy codes with spaces.
    let code: String = fields.get("otp").chars().filter(|c| !c.is_whitespace()).collect();
    let set = async {
        let reset = PasswordReset::read(&fields.clone().replaced("otp", &code))?;
        guest.app.reset_password(reset, Guessing::Refused, guest.claims).await
    };
    let Err(error) = set.await else {
        let text = t("code-reset-done");
        return Ok(guest.done("/login", text));
    };
    let status = problem::status(error.kind());
    let form = match error.kind() {
        Kind::Malformed => Form::new(fields).alerted(t("code-wrong")),
        _ => Form::refused(fields, error)?,
    };
    Ok(reset_page(&guest, status, form, false))
}

fn forgot_page(guest: &Guest, status: StatusCode, form: Form) -> Response {
    guest.told(status, &Forgot { form: form.of::<CodeRequest>() })
}

fn reset_page(guest: &Guest, status: StatusCode, form: Form, is_sent: bool) -> Response {
    let (form, has_mail_server) = (form.of::<PasswordReset>(), guest.app.has_mail_server());
    guest.told(status, &Reset { form, is_sent, has_mail_server })
}

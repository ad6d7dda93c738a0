//! `/forgot` and `/reset`: another password, by a code that is mailed.

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
    /// Whether the mail was asked for just now.
    is_sent: bool,
    has_mail_server: bool,
}

/// Asks whose password it is.
pub async fn forgot(guest: Guest) -> Result<Response> {
    let form = Form::new(guest.query());
    Ok(guest.told(StatusCode::OK, &Forgot { form: form.of::<CodeRequest>() }))
}

/// Mails a code, where there is such an account; the page is the same where there is none.
pub async fn send(guest: Guest, fields: Fields) -> Result<Response> {
    let sent = match CodeRequest::read(&fields) {
        Ok(request) => guest.app.send_password_reset(request.email).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(()) => {
            let form = Form::new(Fields::default().with("email", fields.get("email").trim()));
            Ok(guest.told(
                StatusCode::OK,
                &Reset {
                    form: form.of::<PasswordReset>(),
                    is_sent: true,
                    has_mail_server: guest.app.has_mail_server(),
                },
            ))
        }
        Err(error) => {
            let status = problem::status(error.kind());
            Ok(guest
                .told(status, &Forgot { form: Form::refused(fields, error)?.of::<CodeRequest>() }))
        }
    }
}

/// The form for who has a code already.
pub async fn reset(guest: Guest) -> Result<Response> {
    let form = Form::new(guest.query());
    Ok(guest.told(
        StatusCode::OK,
        &Reset {
            form: form.of::<PasswordReset>(),
            is_sent: false,
            has_mail_server: guest.app.has_mail_server(),
        },
    ))
}

/// Sets the password.
pub async fn set(guest: Guest, fields: Fields) -> Result<Response> {
    // Mail programs copy codes with spaces.
    let code: String = fields.get("otp").chars().filter(|c| !c.is_whitespace()).collect();
    let set = match PasswordReset::read(&fields.clone().replaced("otp", &code)) {
        Ok(reset) => guest.app.reset_password(reset, Guessing::Refused, guest.claims).await,
        Err(error) => Err(error),
    };
    let error = match set {
        Ok(()) => {
            let text = t("code-reset-done");
            return Ok(guest.done("/login", text));
        }
        Err(error) => error,
    };
    let status = problem::status(error.kind());
    let form = match error.kind() {
        Kind::Malformed => Form::new(fields).alerted(t("code-wrong")),
        _ => Form::refused(fields, error)?,
    };
    Ok(guest.told(
        status,
        &Reset {
            form: form.of::<PasswordReset>(),
            is_sent: false,
            has_mail_server: guest.app.has_mail_server(),
        },
    ))
}

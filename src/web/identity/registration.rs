//! `/welcome` and `/register`: creating accounts.

use askama::Template;
use jiff::civil::Date;
use poem::{Response, http::StatusCode};

use crate::{
    app::{account::update_account, session::SignIn},
    domain::{
        accent::Accent,
        account::AccountChange,
        date::{DEFAULT_TIMEZONE, DateFormat},
        error::{Error, Result},
        input::Input,
        invoice_defaults::InvoiceDefaultsChange,
        money::Currency,
        registration::{NewPerson, Registration},
    },
    http::problem,
    locale::t,
    web::{
        cookie,
        fields::Fields,
        form::Form,
        page::{Notice, SIGN_IN, answer, redirect},
        session::{self, Onward},
        swatches,
        visit::Guest,
    },
};

#[derive(Template)]
#[template(path = "pages/registration/welcome.html")]
struct Welcome {
    form: Form,
    today: Date,
    /// Whether this page sets who else may register.
    decides: bool,
}

#[derive(Template)]
#[template(path = "pages/registration/register.html")]
struct Register {
    form: Form,
}

/// Shows the first-visit page, which creates the owner.
pub async fn welcome(guest: Guest) -> Result<Response> {
    if guest.app.is_set_up().await? {
        return Ok(redirect("/login"));
    }
    Ok(welcome_page(
        &guest,
        StatusCode::OK,
        Form::new(begin().with("closed", "on").with("swatch", Accent::PINE)),
    ))
}

/// Creates the owner's account.
pub async fn found(guest: Guest, fields: Fields) -> Result<Response> {
    let fields = swatches::chosen(fields, Accent::PINE);
    if guest.app.is_set_up().await? {
        return Ok(guest.done("/login", t("registration-welcome-has-owner")));
    }
    if let Some(told) = session::lost(&guest) {
        return Ok(told);
    }
    let is_closed = guest.app.registration_setting().is_none() && fields.get("closed") == "on";
    let made = async {
        let (registration, choice, business) = read_owner(&fields)?;
        let (app, device) = (&guest.app, guest.device());
        let new = app.guard_always(registration, Registration::guarded).await?;
        app.register_owner(new, choice, business, is_closed, device).await
    };
    match made.await {
        Ok(sign_in) => begun(&guest, &sign_in).await,
        Err(error) => {
            let status = problem::status(error.kind());
            Ok(welcome_page(&guest, status, Form::refused(fields, error)?))
        }
    }
}

/// Shows the form of a new account, if anyone but the owner may create one.
pub async fn new(guest: Guest) -> Result<Response> {
    if guest.is_signed_in().await? {
        return Ok(redirect("/"));
    }
    if is_new(&guest).await? {
        return Ok(redirect("/welcome"));
    }
    if !guest.app.registration_is_open().await? {
        return Ok(answer(StatusCode::FORBIDDEN, &CLOSED));
    }
    Ok(register_page(&guest, StatusCode::OK, Form::new(begin())))
}

/// Creates an account and signs it in.
pub async fn register(guest: Guest, fields: Fields) -> Result<Response> {
    if !guest.app.registration_is_open().await? {
        return Ok(answer(StatusCode::FORBIDDEN, &CLOSED));
    }
    if let Some(told) = session::lost(&guest) {
        return Ok(told);
    }
    let made = async {
        let (new, choice) = Error::both(NewPerson::read(&fields), AccountChange::read(&fields))?;
        let new = guest.app.guard_always(new.into(), Registration::guarded).await?;
        guest.app.register(new, guest.device()).await.map(|sign_in| (sign_in, choice))
    };
    match made.await {
        Ok((sign_in, choice)) => {
            let app = &guest.app;
            app.run(sign_in.claims, move |work| update_account(work, &choice, None)).await?;
            begun(&guest, &sign_in).await
        }
        Err(error) => {
            let status = problem::status(error.kind());
            Ok(register_page(&guest, status, Form::refused(fields, error)?))
        }
    }
}

/// Returns whether there is no account yet.
pub async fn is_new(guest: &Guest) -> Result<bool> {
    Ok(!guest.app.has_accounts().await? && !guest.app.is_set_up().await?)
}

/// Redirects to the first page of a new account.
async fn begun(guest: &Guest, sign_in: &SignIn) -> Result<Response> {
    let onward = Onward { next: "/".to_owned(), ..Onward::default() };
    let mut response = session::enter(guest, sign_in, &onward).await?;
    let name = &sign_in.account.first_name;
    guest.tell(&mut response, t("registration-welcome-done").with("name", name));
    Ok(response)
}

fn read_owner(fields: &Fields) -> Result<(Registration, AccountChange, InvoiceDefaultsChange)> {
    let read = Error::both(NewPerson::read(fields), AccountChange::read(fields));
    let ((registration, choice), business) =
        Error::both(read, InvoiceDefaultsChange::read(fields))?;
    Ok((registration.into(), choice, business))
}

/// Returns the default fields of a new account.
fn begin() -> Fields {
    Fields::default()
        .with("currency", Currency::USD)
        .with("timezone", DEFAULT_TIMEZONE)
        .with("dateFormat", DateFormat::default().as_str())
}

fn welcome_page(guest: &Guest, status: StatusCode, form: Form) -> Response {
    let page = Welcome {
        today: guest.app.today(),
        decides: guest.app.registration_setting().is_none(),
        form: form.of::<NewPerson>().of::<AccountChange>().of::<InvoiceDefaultsChange>(),
    };
    let mut response = answer(status, &page);
    cookie::probe(&guest.app, &mut response);
    response
}

fn register_page(guest: &Guest, status: StatusCode, form: Form) -> Response {
    let form = form.of::<NewPerson>().of::<AccountChange>();
    let mut response = answer(status, &Register { form });
    cookie::probe(&guest.app, &mut response);
    response
}

const CLOSED: Notice = Notice {
    title: t("error-registration-closed"),
    text: t("registration-closed-text"),
    onward: SIGN_IN,
};

//! `/settings/security`: what keeps others out of the account.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{passkey::list_passkeys, session::list_sessions, two_factor::two_factor_status},
    domain::{
        error::Result,
        input::Input,
        passkey::{NewPasskey, PASSKEYS_MAX, Passkey},
        password::{PasswordChange, must_not_be_guessed},
        session::Session,
        two_factor::{Disabling, Status},
    },
    locale::t,
    web::{
        days::Days,
        fields::Fields,
        form::Form,
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// Where it is.
pub const PLACE: &str = "/settings/security";

/// The forms of the page, where one comes back with what was wrong.
#[derive(Default)]
pub struct Forms {
    pub password: Option<Form>,
    pub passkey: Option<Form>,
    pub two_factor: Option<Form>,
}

impl Forms {
    /// With the form of a new passkey.
    pub fn passkey(form: Form) -> Self {
        Self { passkey: Some(form), ..Self::default() }
    }

    /// With the form that turns the second factor off.
    pub fn two_factor(form: Form) -> Self {
        Self { two_factor: Some(form), ..Self::default() }
    }
}

#[derive(Template)]
#[template(path = "pages/settings/security.html")]
struct Security {
    shell: Shell,
    tab: Tab,
    email: String,
    password: Form,
    passkey: Form,
    passkeys: Vec<PasskeyRow>,
    may_add_passkey: bool,
    two_factor: Form,
    status: Status,
    sessions: Vec<SessionRow>,
}

struct PasskeyRow {
    passkey: Passkey,
    created: String,
    last_used: Option<String>,
}

struct SessionRow {
    session: Session,
    device: String,
    created: String,
    last_used: String,
    is_current: bool,
}

/// Shows all of it.
pub async fn show(visit: Visit) -> Result<Response> {
    page(&visit, StatusCode::OK, Forms::default()).await
}

/// Sets another password.
pub async fn set_password(visit: Visit, fields: Fields) -> Result<Response> {
    let set = match PasswordChange::read(&fields) {
        Ok(PasswordChange { current, new }) => {
            let account = &visit.frame.account;
            let (name, email) = (account.name(), account.email.clone());
            let guarded =
                move |new| must_not_be_guessed("newPassword", &new, &email, &[&name]).map(|()| new);
            match visit.app.guard_always(new, guarded).await {
                Ok(new) => visit.app.change_password(visit.claims, current, new).await,
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    match set {
        Ok(()) => {
            let text = t("settings-security-password-changed");
            Ok(visit.done(PLACE, text))
        }
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            page(&visit, status, Forms { password: Some(form), ..Forms::default() }).await
        }
    }
}

/// Signs out of one device.
pub async fn end_session(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.revoke_session(visit.claims, visit.id()).await?;
    Ok(visit.done(PLACE, t("settings-security-device-signed-out")))
}

/// Signs out of every device but this one.
pub async fn end_others(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.logout_others(visit.claims).await?;
    Ok(visit.done(PLACE, t("settings-security-others-signed-out")))
}

/// The page, with forms that were sent already.
pub async fn page(visit: &Visit, status: StatusCode, forms: Forms) -> Result<Response> {
    let (two_factor, passkeys, sessions) = visit
        .read(|work| Ok((two_factor_status(work)?, list_passkeys(work)?, list_sessions(work)?)))
        .await?;
    let days = Days::of(visit)?;
    let fresh = |form: Option<Form>| form.unwrap_or_else(|| visit.form(Fields::default()));
    let page = Security {
        shell: visit.shell(Section::Settings),
        tab: Tab::Security,
        email: visit.frame.account.email.clone(),
        password: fresh(forms.password).of::<PasswordChange>(),
        passkey: fresh(forms.passkey).of::<NewPasskey>(),
        may_add_passkey: passkeys.len() < PASSKEYS_MAX,
        passkeys: passkeys
            .into_iter()
            .map(|passkey| PasskeyRow {
                created: days.on(&passkey.created_at),
                last_used: passkey.last_used_at.map(|at| days.on(&at)),
                passkey,
            })
            .collect(),
        two_factor: fresh(forms.two_factor).of::<Disabling>(),
        status: two_factor,
        sessions: sessions
            .into_iter()
            .map(|session| SessionRow {
                device: session.device.words(),
                created: days.on(&session.created_at),
                last_used: days.on(&session.last_used_at),
                is_current: session.id == visit.claims.session,
                session,
            })
            .collect(),
    };
    Ok(answer(status, &page))
}

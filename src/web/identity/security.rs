//! `/settings/security`: the protection of the account.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{passkey::list_passkeys, session::list_sessions, two_factor::two_factor_status},
    domain::{
        error::Result,
        id::SessionId,
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

/// The path of the page.
pub const PLACE: &str = "/settings/security";

/// The forms of the page, if one is shown again with errors.
#[derive(Default)]
pub struct Forms {
    pub password: Option<Form>,
    /// The form of a new passkey.
    pub passkey: Option<Form>,
    /// The form that turns off two-factor sign-in.
    pub two_factor: Option<Form>,
}

#[derive(Template)]
#[template(path = "pages/settings/security.html")]
struct Security {
    shell: Shell,
    tab: Tab,
    days: Days,
    email: String,
    password: Form,
    passkey: Form,
    passkeys: Vec<Passkey>,
    two_factor: Form,
    status: Status,
    sessions: Vec<Session>,
    current: SessionId,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Result<Response> {
    page(&visit, StatusCode::OK, Forms::default()).await
}

/// Changes the password.
pub async fn set_password(visit: Visit, fields: Fields) -> Result<Response> {
    let set = async {
        let PasswordChange { current, new } = PasswordChange::read(&fields)?;
        let account = &visit.frame.account;
        let (name, email) = (account.name(), account.email.clone());
        let guarded =
            move |new| must_not_be_guessed("newPassword", &new, &email, &[&name]).map(|()| new);
        let new = visit.app.guard_always(new, guarded).await?;
        visit.app.change_password(visit.claims, current, new).await
    };
    match set.await {
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

/// Returns the page with forms that were already sent.
pub async fn page(visit: &Visit, status: StatusCode, forms: Forms) -> Result<Response> {
    let (status_of_factor, passkeys, sessions) = visit
        .read(|work| Ok((two_factor_status(work)?, list_passkeys(work)?, list_sessions(work)?)))
        .await?;
    let fresh = |form: Option<Form>| form.unwrap_or_else(|| visit.form(Fields::default()));
    let page = Security {
        shell: visit.shell(Section::Settings),
        tab: Tab::Security,
        days: Days::of(visit)?,
        email: visit.frame.account.email.clone(),
        password: fresh(forms.password).of::<PasswordChange>(),
        passkey: fresh(forms.passkey).of::<NewPasskey>(),
        passkeys,
        two_factor: fresh(forms.two_factor).of::<Disabling>(),
        status: status_of_factor,
        sessions,
        current: visit.claims.session,
    };
    Ok(answer(status, &page))
}

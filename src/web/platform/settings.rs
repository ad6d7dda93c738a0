//! `/settings`: the account itself, and the ways to everything else that is set once.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::code::CodeMail,
    domain::{
        account::{Account, AccountChange},
        code::{EmailOtp, Otp, OtpRequest, OtpType},
        error::{Error, Kind, Result},
        input::{Input, Scalar},
    },
    locale::{Text, t},
    web::{
        choice::Choices,
        fields::Fields,
        form::Form,
        locale,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The parts of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Profile,
    Money,
    Invoices,
    Security,
    Data,
}

/// A way to a part of the settings.
pub struct TabLink {
    pub href: &'static str,
    pub label: Text,
    pub is_current: bool,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Profile, Self::Money, Self::Invoices, Self::Security, Self::Data];

    fn place(self) -> (&'static str, Text) {
        match self {
            Self::Profile => ("/settings", t("profile")),
            Self::Money => ("/settings/money", t("settings-money")),
            Self::Invoices => ("/settings/invoices", t("invoices")),
            Self::Security => ("/settings/security", t("security")),
            Self::Data => ("/settings/data", t("settings-data-data")),
        }
    }

    /// Every part, of which this one is shown.
    pub fn links(self) -> impl Iterator<Item = TabLink> {
        Self::ALL.into_iter().map(move |tab| {
            let (href, label) = tab.place();
            TabLink { href, label, is_current: tab == self }
        })
    }
}

#[derive(Template)]
#[template(path = "pages/settings/profile.html")]
struct Profile {
    shell: Shell,
    tab: Tab,
    form: Form,
    /// Proves the address.
    code: Form,
    account: Account,
    zones: Choices,
    date_formats: Choices,
}

/// Who the account is for, and how it has days written.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(filled(&visit.frame.account).versioned());
    page(&visit, StatusCode::OK, form)
}

/// The form of an account as it is.
fn filled(account: &Account) -> Fields {
    Fields::default()
        .with("firstName", &account.first_name)
        .with("lastName", &account.last_name)
        .with("timezone", account.zone.name())
        .with("dateFormat", account.date_format.as_str())
}

/// Changes the account.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let changed = match AccountChange::read(&fields) {
        Ok(change) => visit.app.update_account(visit.claims, change, fields.expected(filled)).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(visit.done("/settings", t("settings-saved"))),
        Err(error) => {
            let stored = filled(&visit.app.account(visit.claims).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, form)
        }
    }
}

/// Mails what proves the e-mail address of the account.
pub async fn verify_email(visit: Visit, _: Fields) -> Result<Response> {
    let email = visit.frame.account.email.clone();
    let request = OtpRequest { email, otp_type: OtpType::Verification };
    match visit.app.send_otp(request, CodeMail::WithLink).await {
        Ok(()) if !visit.app.has_mail_server() => {
            Ok(visit.done("/settings", t("settings-profile-code-saved")))
        }
        Ok(()) => Ok(visit.done("/settings", t("settings-profile-code-sent"))),
        Err(error) => visit.redirect_with_error("/settings", error),
    }
}

/// Proves the e-mail address of the account by a code.
pub async fn verify_code(visit: Visit, fields: Fields) -> Result<Response> {
    let typed: String = fields.get("otp").chars().filter(|c| !c.is_whitespace()).collect();
    let email = visit.frame.account.email.clone();
    let proven = match Otp::parse(&typed.into()) {
        Ok(otp) => {
            let given = EmailOtp { email, otp };
            visit.app.verify_email(given, Some(visit.claims)).await
        }
        Err(rule) => Err(Error::field("otp", rule)),
    };
    let error = match proven {
        Ok(_) => return Ok(visit.done("/settings", t("settings-profile-verified"))),
        Err(error) => error,
    };
    let (status, code) = match error.kind() {
        Kind::Malformed => {
            let text = t("code-wrong");
            (StatusCode::BAD_REQUEST, visit.form(fields).alerted(text))
        }
        _ => visit.refused(fields, error)?,
    };
    let form = visit.form(filled(&visit.frame.account).versioned());
    page_with(&visit, status, form, code)
}

fn page(visit: &Visit, status: StatusCode, form: Form) -> Result<Response> {
    page_with(visit, status, form, visit.form(Fields::default()))
}

fn page_with(visit: &Visit, status: StatusCode, form: Form, code: Form) -> Result<Response> {
    let page = Profile {
        shell: visit.shell(Section::Settings),
        tab: Tab::Profile,
        account: visit.frame.account.clone(),
        zones: locale::zones(form.value("timezone")),
        date_formats: locale::date_formats(visit.today()?),
        form: form.of::<AccountChange>(),
        code: code.of::<EmailOtp>(),
    };
    Ok(answer(status, &page))
}

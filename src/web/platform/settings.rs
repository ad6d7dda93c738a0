//! `/settings`: the account, and links to all other settings.

use askama::Template;
use jiff::civil::Date;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        account::{find_account, update_account},
        code::CodeMail,
        unit_of_work::Work,
    },
    domain::{
        account::{Account, AccountChange},
        code::{EmailOtp, Otp, OtpRequest, OtpType},
        error::{Error, Kind, Result},
        input::{Input, Scalar},
    },
    locale::{Text, t},
    web::{
        cookie,
        fields::Fields,
        form::Form,
        page::{answer, redirect},
        session::local,
        shell::{Link, Section, Shell},
        visit::Visit,
    },
};

/// The parts of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Profile,
    Money,
    Invoices,
    GettingPaid,
    Reminders,
    Taxes,
    Providers,
    Notifications,
    Email,
    Security,
    Data,
}

/// Each part with its address and name.
const TABS: [(Tab, &str, Text); 11] = [
    (Tab::Profile, "/settings", t("settings-profile-you")),
    (Tab::Money, "/settings/money", t("settings-money")),
    (Tab::Invoices, "/settings/invoices", t("invoices")),
    (Tab::GettingPaid, "/settings/getting-paid", t("settings-getting-paid")),
    (Tab::Reminders, "/settings/reminders", t("reminders")),
    (Tab::Taxes, "/settings/taxes", t("taxes")),
    (Tab::Providers, "/settings/providers", t("settings-providers")),
    (Tab::Notifications, "/settings/notifications", t("notifications")),
    (Tab::Email, "/settings/email", t("email")),
    (Tab::Security, "/settings/security", t("security")),
    (Tab::Data, "/settings/data", t("settings-data-data")),
];

impl Tab {
    /// Returns the address and the label of each page of the settings.
    pub fn all() -> impl Iterator<Item = (&'static str, Text)> {
        TABS.into_iter().map(|(_, href, label)| (href, label))
    }

    /// Returns a link to every part; this one is current.
    pub fn links(self) -> impl Iterator<Item = Link> {
        TABS.into_iter().map(move |(tab, href, label)| Link {
            href,
            label,
            icon: "settings",
            is_current: tab == self,
            waits: None,
        })
    }
}

#[derive(Template)]
#[template(path = "pages/settings/profile.html")]
struct Profile {
    shell: Shell,
    tab: Tab,
    form: Form,
    /// The form of the code that verifies the address.
    code: Form,
    account: Account,
    today: Date,
}

/// Shows the account's details and its date format.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(filled(&visit.frame.account).versioned());
    page(&visit, StatusCode::OK, form, visit.form(Fields::default()))
}

/// Returns the form of an account with its current values.
fn filled(account: &Account) -> Fields {
    Fields::default()
        .with("firstName", &account.first_name)
        .with("lastName", &account.last_name)
        .with("timezone", account.zone.name())
        .with("dateFormat", account.date_format.as_str())
}

/// Changes the account.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let changed = async {
        let (change, expected) = (AccountChange::read(&fields)?, fields.expected(filled));
        let update = move |work: &mut Work| update_account(work, &change, expected.as_ref());
        visit.app.run(visit.claims, update).await
    };
    match changed.await {
        Ok(_) => Ok(visit.done("/settings", t("settings-saved"))),
        Err(error) => {
            let stored = filled(&visit.read(find_account).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, form, visit.form(Fields::default()))
        }
    }
}

/// Sends an email to verify the account's email address.
pub async fn verify_email(visit: Visit, _: Fields) -> Result<Response> {
    let email = visit.frame.account.email.clone();
    let request = OtpRequest { email, otp_type: OtpType::Verification };
    match visit.app.send_otp(request, CodeMail::WithLink).await {
        Ok(()) => {
            let text = match visit.app.has_mail_server() {
                true => t("settings-profile-code-sent"),
                false => t("settings-profile-code-saved"),
            };
            Ok(visit.done("/settings", text))
        }
        Err(error) => visit.redirect_with_error("/settings", error),
    }
}

/// Verifies the account's email address with a code.
pub async fn verify_code(visit: Visit, fields: Fields) -> Result<Response> {
    let typed: String = fields.get("otp").chars().filter(|c| !c.is_whitespace()).collect();
    let email = visit.frame.account.email.clone();
    let proven = async {
        let otp = Otp::parse(&typed.into()).map_err(|rule| Error::field("otp", rule))?;
        visit.app.verify_email(EmailOtp { email, otp }, Some(visit.claims)).await
    };
    let Err(error) = proven.await else {
        return Ok(visit.done("/settings", t("settings-profile-verified")));
    };
    let (status, code) = match error.kind() {
        Kind::Malformed => {
            let text = t("code-wrong");
            (StatusCode::BAD_REQUEST, visit.form(fields).alerted(text))
        }
        _ => visit.refused(fields, error)?,
    };
    let form = visit.form(filled(&visit.frame.account).versioned());
    page(&visit, status, form, code)
}

fn page(visit: &Visit, status: StatusCode, form: Form, code: Form) -> Result<Response> {
    let page = Profile {
        shell: visit.shell(Section::Settings),
        tab: Tab::Profile,
        account: visit.frame.account.clone(),
        today: visit.today()?,
        form: form.of::<AccountChange>(),
        code: code.of::<EmailOtp>(),
    };
    Ok(answer(status, &page))
}

/// Chooses the theme of this browser.
pub async fn set_theme(visit: Visit, fields: Fields) -> Result<Response> {
    let mut response = redirect(local(fields.get("back")));
    cookie::set_theme(&visit.app, &mut response, fields.get("theme"));
    Ok(response)
}

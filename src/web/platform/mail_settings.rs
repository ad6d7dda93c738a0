//! `/settings/email`: how emails are sent, a test of it, and what became of the account's emails.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        mail_settings::{MailSetup, find_mail_settings, send_test_mail, update_mail_settings},
        resend::list_mails,
        unit_of_work::Work,
    },
    domain::{
        error::Result,
        input::Input,
        mail_settings::{MailChange, MailSettings},
        outbox::{MailFilter, MailStatus, OutboxMail},
        page::Listing,
    },
    locale::{Text, t},
    web::{
        days::Days,
        fields::Fields,
        form::Form,
        page::answer,
        pager::{self, Pager},
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/email";

#[derive(Template)]
#[template(path = "pages/settings/email.html")]
struct Page {
    shell: Shell,
    tab: Tab,
    days: Days,
    /// None if this process sends no emails.
    setup: Option<MailSetup>,
    own_email: String,
    form: Form,
    tabs: Vec<StatusTab>,
    mails: Listing<OutboxMail>,
    /// Where the forms of an email lead back to.
    mail_back: String,
    pager: Pager,
}

/// A link to the emails of one status, or of all.
struct StatusTab {
    href: String,
    label: Text,
    is_current: bool,
}

/// Shows how emails are sent, and the emails of the account, newest first.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(filled(&visit.read(find_mail_settings).await?));
    page(&visit, StatusCode::OK, form).await
}

/// Changes how the account writes to clients.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let changed = async {
        let change = MailChange::read(&fields)?;
        let update = move |work: &mut Work| update_mail_settings(work, &change);
        visit.app.run(visit.claims, update).await
    };
    match changed.await {
        Ok(_) => Ok(visit.done(PLACE, t("settings-saved"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            page(&visit, status, form).await
        }
    }
}

/// Returns the form of how the account writes to clients.
fn filled(settings: &MailSettings) -> Fields {
    Fields::default()
        .with("senderName", settings.sender_name.as_deref().unwrap_or_default())
        .with("signature", settings.signature.as_deref().unwrap_or_default())
}

async fn page(visit: &Visit, status_code: StatusCode, form: Form) -> Result<Response> {
    let filter = MailFilter::read(&pager::sized(&visit.query()))?;
    let status = filter.status;
    let mails = visit.read(move |work| list_mails(work, &filter)).await?;
    let tabs = [
        (None, t("all")),
        (Some(MailStatus::Waiting), t("settings-email-waiting")),
        (Some(MailStatus::Failed), t("settings-email-failed")),
        (Some(MailStatus::Delivered), t("settings-email-delivered")),
    ];
    let page = Page {
        shell: visit.shell(Section::Settings),
        tab: Tab::Email,
        days: Days::of(visit)?,
        setup: visit.app.mail_setup(),
        own_email: visit.frame.account.email.clone(),
        form: form.of::<MailChange>(),
        tabs: tabs.map(|(of, label)| StatusTab::new(of, label, status)).into(),
        mail_back: place(status),
        pager: Pager::new(&visit.request, &mails),
        mails,
    };
    Ok(answer(status_code, &page))
}

/// Mails the reader a test.
pub async fn test(visit: Visit, _: Fields) -> Result<Response> {
    match visit.app.run(visit.claims, send_test_mail).await {
        Ok(()) if !visit.app.has_mail_server() => {
            Ok(visit.done(PLACE, t("settings-email-test-saved")))
        }
        Ok(()) => {
            let email = &visit.frame.account.email;
            Ok(visit.done(PLACE, t("settings-email-test-sent").with("email", email)))
        }
        Err(error) => visit.redirect_with_error(PLACE, error),
    }
}

impl StatusTab {
    fn new(of: Option<MailStatus>, label: Text, shown: Option<MailStatus>) -> Self {
        Self { href: place(of), label, is_current: of == shown }
    }
}

fn place(status: Option<MailStatus>) -> String {
    match status {
        Some(status) => format!("{PLACE}?status={}#mails", status.as_str()),
        None => format!("{PLACE}#mails"),
    }
}

/// Returns how far an email has come.
fn state(mail: &OutboxMail, days: &Days) -> Text {
    match (mail.status(), mail.due_at) {
        (MailStatus::Delivered, _) => t("settings-email-delivered"),
        (MailStatus::Failed, _) => t("settings-email-failed"),
        (MailStatus::Waiting, Some(next)) => {
            t("settings-email-waiting-until").with("time", days.at(&next))
        }
        (MailStatus::Waiting, None) => t("settings-email-waiting"),
    }
}

/// Returns the icon of an email's state.
fn icon(mail: &OutboxMail) -> &'static str {
    match mail.status() {
        MailStatus::Delivered => "check",
        MailStatus::Failed => "alert",
        MailStatus::Waiting => "clock",
    }
}

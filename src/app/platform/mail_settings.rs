//! How emails are sent, and a test of it.

use crate::{
    app::{App, limit::Limit, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        mail::MailKind,
        mail_settings::{MailChange, MailSettings},
    },
    locale::t,
    mail::compose::{self, OwnerNews},
    store,
};

/// How emails are sent, without secrets.
#[derive(Debug, Clone)]
pub struct MailSetup {
    /// Host and port; without one, emails are saved as files.
    pub server: Option<String>,
    /// The address that emails come from.
    pub sender: String,
}

impl App {
    /// Returns how emails are sent; None if this process sends none.
    pub fn mail_setup(&self) -> Option<MailSetup> {
        let courier = self.settings.courier.as_ref()?;
        let server = courier.server().map(|(host, port)| format!("{host}:{port}"));
        Some(MailSetup { server, sender: courier.sender().to_owned() })
    }
}

/// Returns how the caller writes to clients.
pub fn find_mail_settings(work: &mut Work) -> Result<MailSettings> {
    store::mail_settings::find(work.tx, work.account)
}

/// Changes how the caller writes to clients.
pub fn update_mail_settings(work: &mut Work, change: &MailChange) -> Result<MailSettings> {
    let mut settings = find_mail_settings(work)?;
    change.clone().apply(&mut settings);
    store::mail_settings::set(work.tx, work.account, &settings, work.now)?;
    Ok(settings)
}

/// Mails the caller a test.
///
/// # Errors
///
/// Too many requests beyond the mail limit.
pub fn send_test_mail(work: &mut Work) -> Result<()> {
    if let Some(refusal) = work.count(Limit::InvoiceMail)? {
        return Err(Error::too_many(refusal));
    }
    let owner = store::account::find(work.tx, work.account)?;
    let mail = compose::owner_news(&OwnerNews {
        kind: MailKind::Test,
        to: &owner.email,
        first_name: &owner.first_name,
        subject: &t("mail-subject-test").to_string(),
        text: &t("mail-test").to_string(),
        detail: "",
        link: &format!("{}/settings/email", work.env.settings.public_url),
        button: &t("mail-test-button").to_string(),
    })?;
    let queued = work.env.queued(Some(owner.id), &mail)?;
    work.post(queued.as_ref())
}

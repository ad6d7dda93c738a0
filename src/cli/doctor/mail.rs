//! Checks whether the mail server accepts mail, and what is queued.

use std::time::Duration;

use tokio::{runtime, time::timeout};

use super::Report;
use crate::{
    app::load::MAIL_LATE,
    config::{
        Config, Settings,
        mail::{MailConfig, unreachable_links},
    },
    domain::mail::{MailHealth, Trouble},
};

/// How long the mail server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the mail server whether it would accept mail, without sending any.
pub fn examine(settings: &Settings, config: &Config, report: &mut Report) {
    let mail = &config.mail;
    let MailConfig { server, sender, .. } = mail;
    let Some(server) = server else {
        let folder = settings.location.mail_folder();
        let text = format!("is saved to {}", folder.display());
        return report.ok("mail", format!("{text}; nobody receives it until SMTP_URL is set"));
    };
    // A server on this machine may only capture mail for inspection.
    if !server.is_loopback()
        && let Some(warning) = unreachable_links(&config.app.public_url)
    {
        report.warn("links", warning, "set PUBLIC_URL to an address that clients can open");
    }
    let courier = mail.clone().courier(settings.location.mail_folder());
    let asked = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(async { timeout(PATIENCE, courier.check()).await }));
    let trouble = match asked {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(reason))) => Some(reason),
        Ok(Err(_)) => {
            Some(format!("{server} did not respond within {} seconds", PATIENCE.as_secs()))
        }
        Err(error) => Some(error.to_string()),
    };
    if let Some(reason) = trouble {
        report.fail(
            "mail",
            reason,
            "check SMTP_URL, and whether this machine can reach that server; emails wait for 24 \
             hours",
        );
    } else if sender.is_local() && !server.is_loopback() {
        report.warn(
            "mail",
            format!("goes to {server}, sent from {}", sender.email()),
            "set MAIL_FROM to your own address",
        );
    } else {
        report.ok("mail", format!("goes to {server}, sent from {}", sender.email()));
    }
}

pub fn examine_outbox(mail: &MailHealth, report: &mut Report) {
    let said = |trouble: &Trouble| {
        let why = trouble.reason.iter().map(|reason| format!(", last error: {reason}"));
        let list = trouble.shown.iter().map(|line| format!("; {line}"));
        why.chain(list).collect::<String>()
    };
    let Trouble { count, .. } = mail.late;
    if count > 0 {
        report.warn(
            "mail",
            format!("{count} waiting for more than {MAIL_LATE} minutes{}", said(&mail.late)),
            "see `freelanceos admin list-mail`; with `serve` running and the right SMTP_URL, it \
             is sent automatically",
        );
    } else {
        report.ok("outbox", format!("{} waiting", mail.waiting));
    }
    let Trouble { count, .. } = mail.failed;
    if count > 0 {
        report.warn(
            "mail",
            format!("{count} failed in the last 7 days{}", said(&mail.failed)),
            "see `freelanceos admin list-mail`; their texts were erased, so recipients must \
             request new ones",
        );
    }
}

//! The settings of mail: its server and sender.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;
use lettre::transport::smtp::extension::ClientId;

use super::{WrongSetting, value::host_of};
use crate::{
    domain::reach::Reach,
    mail::{courier::Courier, message::Sender, smtp_url::SmtpUrl},
};

/// The raw settings of mail.
#[derive(Clone, Args)]
pub struct MailSettings {
    /// Mail server: smtp://USER:PASSWORD@HOST:587 or smtps://… [default: save each email to
    /// $DATA_DIR/mail]
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_name = "URL")]
    smtp_url: Option<String>,

    /// Sender of emails, as an address or as a name and an address in angle brackets [default:
    /// FreelanceOS with the user of SMTP_URL if that is an email address, else with no-reply at
    /// the host of PUBLIC_URL]
    #[arg(long, env = "MAIL_FROM", value_name = "MAILBOX")]
    mail_from: Option<String>,
}

impl MailSettings {
    /// Validates the settings. `public_url` has already been validated.
    pub(super) fn check(&self, public_url: &str) -> Result<MailConfig, WrongSetting> {
        let expected = "smtp://USER:PASSWORD@HOST:PORT or smtps://…, with % in user or password \
                        written %25; smtp:// may end in ?tls=required, opportunistic or none";
        let wrong_url = || WrongSetting::unsaid("SMTP_URL", expected);
        let expected = "a mailbox such as FreelanceOS <no-reply@example.com>, with only ASCII \
                        characters before the @";
        let server = self.smtp_url.as_deref().map(|url| SmtpUrl::parse(url).ok_or_else(wrong_url));
        let server = server.transpose()?;
        let host = host_of(public_url);
        let sender = match &self.mail_from {
            Some(text) => {
                Sender::parse(text).ok_or_else(|| WrongSetting::new("MAIL_FROM", text, expected))?
            }
            None => {
                let user = server.as_ref().and_then(|server| server.credentials.as_ref());
                let of_host = || Sender::of_host(host.as_deref()?);
                user.and_then(|(user, _)| Sender::of_user(user))
                    .or_else(of_host)
                    .ok_or_else(|| WrongSetting::unsaid("MAIL_FROM", expected))?
            }
        };
        Ok(MailConfig { server, sender, host })
    }
}

/// The email settings, validated.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// If `None`, mail is written to a folder.
    pub server: Option<SmtpUrl>,
    pub sender: Sender,
    /// The host of `PUBLIC_URL`.
    host: Option<String>,
}

impl MailConfig {
    /// Returns the courier for these settings. Without a server, it writes emails to `folder`.
    pub fn courier(self, folder: PathBuf) -> Courier {
        match self.server {
            Some(server) => Courier::smtp(server, self.sender, full_name(self.host)),
            None => Courier::folder(folder, self.sender),
        }
    }
}

/// Returns why recipients cannot open links in mail, as far as the URL shows.
pub fn unreachable_links(public_url: &str) -> Option<String> {
    let who = match Reach::of_url(public_url) {
        Reach::Everybody => return None,
        Reach::Network => "only devices on its own network can open",
        Reach::Machine => "only this machine can open",
    };
    Some(format!("links in emails go to {public_url}, which {who}"))
}

/// Returns the full host name of this machine: from `PUBLIC_URL`, or the system's own.
fn full_name(public_host: Option<String>) -> Option<String> {
    let is_full = |name: &String| {
        name.parse::<IpAddr>().is_err()
            && Reach::of_host(name) == Reach::Everybody
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    let own = || match ClientId::default() {
        ClientId::Domain(name) => Some(name).filter(is_full),
        _ => None,
    };
    public_host.map(|name| name.trim_end_matches('.').to_owned()).filter(is_full).or_else(own)
}

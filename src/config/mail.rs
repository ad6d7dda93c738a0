//! Where mail goes and whom it comes from.

use std::path::PathBuf;

use clap::Args;

use super::WrongSetting;
use crate::mail::{courier::Courier, message::Sender, smtp_url::SmtpUrl};

/// The settings of mail, as they were given.
#[derive(Clone, Args)]
pub struct MailSettings {
    /// Server that takes mail: smtp://USER:PASSWORD@HOST:587 or smtps://… [default: each mail
    /// becomes a file in $DATA_DIR/mail]
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_name = "URL")]
    smtp_url: Option<String>,

    /// Whom mail comes from, as an address or as a name and the address in angle brackets
    /// [default: FreelanceOS, no-reply at the host of PUBLIC_URL]
    #[arg(long, env = "MAIL_FROM", value_name = "MAILBOX")]
    mail_from: Option<String>,
}

impl MailSettings {
    /// Checks them. `public_url` has been checked.
    pub(super) fn check(&self, public_url: &str) -> Result<MailConfig, WrongSetting> {
        let wrong_url = || WrongSetting {
            name: "SMTP_URL",
            was: None,
            expected: "smtp://USER:PASSWORD@HOST:PORT or smtps://…, with % in user or password \
                       written %25; smtp:// may end in ?tls=required, opportunistic or none"
                .to_owned(),
        };
        let expected = "a mailbox such as FreelanceOS <no-reply@example.com>";
        let sender =
            match &self.mail_from {
                Some(text) => Sender::parse(text)
                    .ok_or_else(|| WrongSetting::new("MAIL_FROM", text, expected))?,
                None => host_of(public_url).and_then(|host| Sender::of_host(&host)).ok_or_else(
                    || WrongSetting { name: "MAIL_FROM", was: None, expected: expected.to_owned() },
                )?,
            };
        let server = self.smtp_url.as_deref().map(|url| SmtpUrl::parse(url).ok_or_else(wrong_url));
        Ok(MailConfig { server: server.transpose()?, sender })
    }
}

/// The settings of mail, checked.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// Without one, mail is written into a folder.
    pub server: Option<SmtpUrl>,
    pub sender: Sender,
}

impl MailConfig {
    /// Who brings the mail on its way; `folder` is where it goes without a server.
    pub fn courier(self, folder: PathBuf) -> Courier {
        match self.server {
            Some(server) => Courier::smtp(server, self.sender),
            None => Courier::folder(folder, self.sender),
        }
    }
}

pub(super) fn host_of(url: &str) -> Option<String> {
    url.parse::<poem::http::Uri>().ok()?.host().map(str::to_owned)
}

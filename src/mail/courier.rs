//! How mails get on their way: to an SMTP server, or into a folder.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use lettre::{
    Message,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use tokio::{
    sync::OnceCell,
    task::spawn_blocking,
    time::{error::Elapsed, timeout},
};

use super::{
    message::{self, Sender},
    smtp_url::{Encryption, SmtpUrl},
};
use crate::domain::{id::MailId, mail::Mail};

/// How long one delivery may take: a server that hangs holds up nobody for longer.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take to end after its mail was taken.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 300;

/// Why a mail was not delivered, in one line without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// This mail will never be taken.
    Refused(String),
    /// Nobody knows about the mail yet; try again.
    NotNow(String),
}

/// Brings mails on their way.
#[derive(Debug)]
pub struct Courier {
    sender: Sender,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Smtp(Smtp),
    Folder(PathBuf),
}

impl Courier {
    /// Delivers to an SMTP server.
    pub fn smtp(server: SmtpUrl, sender: Sender) -> Self {
        Self { sender, way: Way::Smtp(Smtp { server, tls: OnceCell::new() }) }
    }

    /// Writes each mail as a file into a folder, which is made when it is needed.
    pub fn folder(folder: PathBuf, sender: Sender) -> Self {
        Self { sender, way: Way::Folder(folder) }
    }

    /// Delivers a mail that was made at that instant.
    pub async fn deliver(
        &self,
        id: MailId,
        made_at: Timestamp,
        mail: &Mail,
    ) -> Result<(), Undelivered> {
        let message = message::write(id, made_at, &self.sender, mail)
            .map_err(|error| Undelivered::Refused(error.to_string()))?;
        match &self.way {
            Way::Smtp(smtp) => smtp.deliver(&message).await,
            Way::Folder(folder) => {
                let time = made_at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
                let file = folder.join(format!("{time}-{id}.eml"));
                let (written, bytes) = (file.clone(), message.formatted());
                spawn_blocking(move || write_file(&written, &bytes))
                    .await
                    .unwrap_or_else(|error| Err(io::Error::other(error)))
                    .map_err(|error| {
                        let file = file.display();
                        Undelivered::NotNow(format!("{file} cannot be written: {error}"))
                    })?;
                tracing::info!(subject = mail.subject, file = %file.display(), "mail written");
                Ok(())
            }
        }
    }
}

impl Courier {
    /// Whether mail would be taken: connects and signs in as a delivery does, and says good-bye.
    /// Answers why not, in one line without secrets.
    pub async fn check(&self) -> Result<(), String> {
        let Way::Smtp(smtp) = &self.way else { return Ok(()) };
        let refused = |error: String| smtp.told(&format!("{}: {error}", smtp.server));
        let mut connection = smtp.connect().await.map_err(refused)?;
        // Whether it says good-bye nicely changes nothing.
        let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
        Ok(())
    }
}

/// Writes a file that only its owner may read, beside and renamed, so that whoever looks into
/// the folder sees whole mails.
fn write_file(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let draft = file.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut handle = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    handle.write_all(bytes)?;
    handle.sync_all()?;
    fs::rename(&draft, file)?;
    File::open(folder)?.sync_all()
}

struct Smtp {
    server: SmtpUrl,
    /// Made at the first delivery, since the machine's certificates are read for it.
    tls: OnceCell<TlsParameters>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl Smtp {
    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let not_now = |reason: String| Undelivered::NotNow(self.told(&reason));
        let hangs = |_: Elapsed| {
            let seconds = DELIVERY_TIMEOUT.as_secs();
            not_now(format!("{} did not answer in {seconds} seconds", self.server))
        };
        timeout(DELIVERY_TIMEOUT, async {
            let mut connection = self
                .connect()
                .await
                .map_err(|error| not_now(format!("{}: {error}", self.server)))?;
            let taken = connection.send(message.envelope(), &message.formatted()).await;
            // Whether it says good-bye nicely changes nothing.
            let _ = timeout(QUIT_TIMEOUT, connection.abort()).await;
            taken.map_err(|error| {
                let reason = self.told(&format!("{}: {error}", self.server));
                if is_refusal(&error) {
                    Undelivered::Refused(reason)
                } else {
                    Undelivered::NotNow(reason)
                }
            })
        })
        .await
        .map_err(hangs)?
        .map(drop)
    }

    /// A connection over which mail may be sent: encrypted and signed in as the settings ask.
    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let server = &self.server;
        let name = ClientId::default();
        let implicit = match server.encryption {
            Encryption::Implicit => Some(self.tls().await?),
            _ => None,
        };
        let place = (server.host.as_str(), server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, None, &name, implicit, None)
                .await
                .map_err(said)?;
        let wants_tls = match server.encryption {
            Encryption::Required => true,
            Encryption::Opportunistic => connection.can_starttls(),
            Encryption::Implicit | Encryption::None => false,
        };
        if wants_tls {
            connection.starttls(self.tls().await?, &name).await.map_err(said)?;
        }
        if let Some((user, password)) = &server.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(said)?;
        }
        Ok(connection)
    }

    async fn tls(&self) -> Result<TlsParameters, String> {
        let make = || async {
            let host = self.server.host.clone();
            let unnamed = self.server.encryption == Encryption::Opportunistic;
            let made = spawn_blocking(move || {
                TlsParameters::builder(host)
                    .dangerous_accept_invalid_certs(unnamed)
                    .dangerous_accept_invalid_hostnames(unnamed)
                    .build()
            });
            made.await.map_err(|error| error.to_string())?.map_err(said)
        };
        self.tls.get_or_try_init(make).await.cloned()
    }

    /// What was said, in one line of bearable length, and without the password even if a server
    /// repeats it.
    fn told(&self, reason: &str) -> String {
        let mut told: String =
            reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Some((user, password)) = &self.server.credentials
            && !password.is_empty()
        {
            let encoded = STANDARD.encode(password);
            let plain = STANDARD.encode(format!("\0{user}\0{password}"));
            for secret in [&plain, &encoded, password] {
                told = told.replace(secret.as_str(), "…");
            }
        }
        told.chars().take(REASON_MAX).collect()
    }
}

fn said(error: SmtpError) -> String {
    error.to_string()
}

/// Whether a server said that it will never take this mail. Being asked to sign in is about the
/// settings, not about the mail.
fn is_refusal(error: &SmtpError) -> bool {
    let asks_to_sign_in = matches!(error.status().map(u16::from), Some(530 | 534 | 535 | 538));
    (error.is_permanent() || error.is_client()) && !asks_to_sign_in
}

//! Delivers emails to an SMTP server or into a folder.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
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
        commands::{Data, Mail as MailFrom, Rcpt},
        extension::ClientId,
    },
};
use tokio::{
    net::{UdpSocket, lookup_host},
    sync::OnceCell,
    task::spawn_blocking,
    time::timeout,
};

use super::{
    message::{self, Sender, WrongMail},
    smtp_url::{Encryption, SmtpUrl},
};
use crate::domain::{id::MailId, mail::Mail};

/// The time limit of one delivery, even if the server hangs.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// The time limit for closing a connection.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum length of a stored reason, in characters.
const REASON_MAX: usize = 300;

/// Where an email was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// The mail server accepted it.
    Accepted,
    /// It was saved as a file with this name.
    Saved(String),
}

/// Why an email was not delivered, in one line without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// This email will never be accepted.
    Refused(String),
    /// The server is busy, unreachable, or refuses the program rather than this email: try again.
    NotNow(String),
}

/// Delivers emails.
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
    /// Delivers to an SMTP server. `name` is this machine's full name, if any.
    pub fn smtp(server: SmtpUrl, sender: Sender, name: Option<String>) -> Self {
        Self { sender, way: Way::Smtp(Smtp { server, name, tls: OnceCell::new() }) }
    }

    /// Writes each email as a file into a folder, which is created if needed.
    pub fn folder(folder: PathBuf, sender: Sender) -> Self {
        Self { sender, way: Way::Folder(folder) }
    }

    /// Whether mail goes to a server.
    pub fn is_server(&self) -> bool {
        matches!(self.way, Way::Smtp(_))
    }

    /// Returns host and port of the mail server, if there is one.
    pub fn server(&self) -> Option<(&str, u16)> {
        match &self.way {
            Way::Smtp(smtp) => Some((&smtp.server.host, smtp.server.port)),
            Way::Folder(_) => None,
        }
    }

    /// Returns the address that emails come from.
    pub fn sender(&self) -> &str {
        self.sender.email()
    }

    /// Delivers an email.
    pub async fn deliver(
        &self,
        id: MailId,
        made_at: Timestamp,
        mail: &Mail,
    ) -> Result<Delivered, Undelivered> {
        let message =
            message::write(id, made_at, &self.sender, mail).map_err(|error| match error {
                WrongMail::Recipient => Undelivered::Refused(error.to_string()),
                // The program wrote the email, so this is a bug; a newer version may succeed.
                WrongMail::Unwritable(_) => Undelivered::NotNow(error.to_string()),
            })?;
        match &self.way {
            Way::Smtp(smtp) => smtp.deliver(&message).await.map(|()| Delivered::Accepted),
            Way::Folder(folder) => {
                let name = file_name(id, made_at);
                let file = folder.join(&name);
                let (written, bytes) = (file.clone(), message.formatted());
                spawn_blocking(move || write_file(&written, &bytes))
                    .await
                    .unwrap_or_else(|error| Err(io::Error::other(error)))
                    .map_err(|error| {
                        let file = file.display();
                        Undelivered::NotNow(format!("{file} cannot be written: {error}"))
                    })?;
                tracing::info!(subject = mail.subject, file = %file.display(), "email saved to file");
                Ok(Delivered::Saved(name))
            }
        }
    }

    /// Removes the file of an email, if it was saved in the folder.
    ///
    /// # Errors
    ///
    /// The file exists and cannot be removed.
    pub async fn forget(&self, id: MailId, made_at: Timestamp) -> io::Result<()> {
        let Way::Folder(folder) = &self.way else { return Ok(()) };
        let file = folder.join(file_name(id, made_at));
        let removed = spawn_blocking(move || fs::remove_file(file)).await;
        match removed.unwrap_or_else(|error| Err(io::Error::other(error))) {
            // The file or the folder may not exist.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(())
            }
            removed => removed,
        }
    }

    /// Connects and signs in as for a delivery. The error is one line without secrets.
    pub async fn check(&self) -> Result<(), String> {
        let Way::Smtp(smtp) = &self.way else { return Ok(()) };
        let mut connection = smtp.connect().await?;
        // The result of closing does not matter.
        let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
        Ok(())
    }
}

fn file_name(id: MailId, made_at: Timestamp) -> String {
    let time = made_at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    format!("{time}-{id}.eml")
}

/// Writes a file readable by its owner only. It is renamed when complete.
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
    /// This machine's full name.
    name: Option<String>,
    /// Created on the first delivery, since it reads the machine's certificates.
    tls: OnceCell<TlsParameters>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl Smtp {
    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        timeout(DELIVERY_TIMEOUT, async {
            let mut connection = self.connect().await.map_err(Undelivered::NotNow)?;
            let accepted = self.hand_over(&mut connection, message).await;
            // The result of closing does not matter.
            let _ = timeout(QUIT_TIMEOUT, connection.abort()).await;
            accepted
        })
        .await
        .unwrap_or_else(|_| {
            let seconds = DELIVERY_TIMEOUT.as_secs();
            let server = &self.server;
            Err(Undelivered::NotNow(format!("{server} did not answer in {seconds} seconds")))
        })
    }

    /// Sends a message, which is all ASCII. A server that refuses the sender refuses the settings,
    /// not the email.
    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), Undelivered> {
        let envelope = message.envelope();
        let from = MailFrom::new(envelope.from().cloned(), Vec::new());
        let not_now = |error| Undelivered::NotNow(self.reason(&error));
        connection.command(from).await.map_err(not_now)?;
        let refused = |error: SmtpError| match is_refusal(&error) {
            true => Undelivered::Refused(self.reason(&error)),
            false => not_now(error),
        };
        for (number, to) in envelope.to().iter().enumerate() {
            let accepted = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
            match accepted.map_err(refused) {
                // A bad copy address must not prevent delivery to the recipient.
                Err(Undelivered::Refused(reason)) if number > 0 => {
                    tracing::warn!(reason, "the mail server refused the recipient of a copy");
                }
                accepted => drop(accepted?),
            }
        }
        connection.command(Data).await.map_err(refused)?;
        connection.message(&message.formatted()).await.map(drop).map_err(refused)
    }

    /// Connects, with the encryption and sign-in of the settings. The error is one line without
    /// secrets.
    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let server = &self.server;
        let name = self.client_id().await;
        let implicit = match server.encryption {
            Encryption::Implicit => Some(self.tls().await?),
            _ => None,
        };
        let place = (server.host.as_str(), server.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(place, None, &name, implicit, None);
        let mut connection = connecting.await.map_err(|error| self.reason(&error))?;
        let wants_tls = match server.encryption {
            Encryption::Required => true,
            Encryption::Opportunistic => connection.can_starttls(),
            Encryption::Implicit | Encryption::None => false,
        };
        if wants_tls {
            let tls = self.tls().await?;
            connection.starttls(tls, &name).await.map_err(|error| self.reason(&error))?;
        }
        if let Some((user, password)) = &server.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            let signing_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            signing_in.await.map_err(|error| self.reason(&error))?;
        }
        Ok(connection)
    }

    /// Returns this machine's name for HELO: per RFC 5321 a full name, or else its address in
    /// brackets. Some servers require it.
    async fn client_id(&self) -> ClientId {
        if let Some(name) = &self.name {
            return ClientId::Domain(name.clone());
        }
        match self.own_address().await.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)) {
            IpAddr::V4(address) => ClientId::Ipv4(address),
            IpAddr::V6(address) => ClientId::Ipv6(address),
        }
    }

    /// Returns the address from which this machine reaches the server.
    async fn own_address(&self) -> Option<IpAddr> {
        let mut places = lookup_host((self.server.host.as_str(), self.server.port)).await.ok()?;
        let server = places.next()?;
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        // This chooses a route but sends nothing.
        let socket = UdpSocket::bind(any).await.ok()?;
        socket.connect(server).await.ok()?;
        Some(socket.local_addr().ok()?.ip().to_canonical())
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
            made.await.map_err(|error| self.reason(&error))?.map_err(|error| self.reason(&error))
        };
        self.tls.get_or_try_init(make).await.cloned()
    }

    /// Returns an error in one short line, without the password even if the server repeats it.
    fn reason(&self, error: &dyn fmt::Display) -> String {
        let reason = format!("{}: {error}", self.server);
        let mut reason: String =
            reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Some((user, password)) = &self.server.credentials
            && !password.is_empty()
        {
            let encoded = STANDARD.encode(password);
            let plain = STANDARD.encode(format!("\0{user}\0{password}"));
            for secret in [&plain, &encoded, password] {
                reason = reason.replace(secret.as_str(), "…");
            }
        }
        reason.chars().take(REASON_MAX).collect()
    }
}

/// Whether a server will never accept this email. If it refuses the name of this machine, or
/// requires a sign-in, the settings are wrong, and the email waits.
fn is_refusal(error: &SmtpError) -> bool {
    let Some(code) = error.status().map(u16::from) else { return false };
    error.is_permanent() && !is_about_us(code, &error.to_string())
}

/// Whether a refusal is about the settings rather than an email. Many servers refuse the sender or
/// the name of this machine only after the recipient.
fn is_about_us(code: u16, words: &str) -> bool {
    /// Codes of RFC 3463: bad sender, sign-in, encryption, and the sender's own domain.
    const STATUS: [&str; 14] = [
        "5.1.7", "5.1.8", "5.5.1", "5.5.2", "5.5.4", "5.7.8", "5.7.9", "5.7.11", "5.7.20",
        "5.7.21", "5.7.23", "5.7.25", "5.7.26", "5.7.27",
    ];
    const WORDS: [&str; 9] = [
        "helo",
        "ehlo",
        "sender address rejected",
        "sender rejected",
        "not owned by user",
        "relay access denied",
        "relaying denied",
        "relay not permitted",
        "authentication required",
    ];
    let words = words.to_ascii_lowercase();
    let says = |status: &&str| words.split([' ', ':', '(', ')', '-']).any(|word| word == *status);
    matches!(code, 500..=504 | 521 | 530 | 534 | 535 | 538)
        || STATUS.iter().any(says)
        || WORDS.iter().any(|known| words.contains(known))
}

#[cfg(test)]
mod tests {
    use super::is_about_us;

    #[test]
    fn a_refusal_because_of_settings_does_not_fail_an_email() {
        for (code, words) in [
            (504, "permanent error (504): 5.5.2 <laptop>: Helo command rejected: need FQDN"),
            (550, "permanent error (550): Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"),
            (553, "permanent error (553): 5.7.1 <a@b.example>: Sender address rejected: not owned"),
            (550, "permanent error (550): 5.1.8 Sender domain does not exist"),
            (550, "permanent error (550): 5.7.26 Unauthenticated email is not accepted"),
            (554, "permanent error (554): 5.7.1 <eve@example.com>: Relay access denied"),
            (530, "permanent error (530): Must issue a STARTTLS command first"),
        ] {
            assert!(is_about_us(code, words), "{words}");
        }
        for (code, words) in [
            (550, "permanent error (550): 5.1.1 nobody of that name here"),
            (552, "permanent error (552): 5.2.2 mailbox full"),
            (550, "permanent error (550): 5.7.1 message looks like spam"),
            (554, "permanent error (554): 5.7.1 [203.0.113.5.7.8] is listed"),
        ] {
            assert!(!is_about_us(code, words), "{words}");
        }
    }
}

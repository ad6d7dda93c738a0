//! All settings: names, defaults and validation.
//!
//! A setting is an environment variable and a flag; `NAME_FILE` names a file with the value.

pub mod backup;
pub mod file;
mod location;
mod logging;
pub mod mail;
mod provider;
pub mod secrets;
pub mod tls;
pub mod value;

use std::{fmt, sync::Arc};

use clap::Args;

use self::{
    backup::{BackupPlan, BackupSettings},
    mail::{MailConfig, MailSettings},
    provider::ProviderSettings,
    secrets::{Secrets, check_jwt_secret, check_secret_key},
    tls::{NetConfig, NetSettings},
    value::{duration, is_first, listen, number, origin, switch, url},
};
pub use self::{location::Location, logging::Logging};
use crate::{
    app::{self, environment::Random},
    provider::Providers,
    store::Database,
};

/// Maximum number of connections that can be set; servers usually allow fewer in total.
const CONNECTIONS_MAX: usize = 1000;

/// An invalid setting: its name, its value, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    name: &'static str,
    /// `None` for secrets.
    was: Option<String>,
    expected: String,
}

impl WrongSetting {
    fn new(name: &'static str, was: &str, expected: impl Into<String>) -> Self {
        Self { name, was: Some(was.to_owned()), expected: expected.into() }
    }

    /// A setting that is missing, or whose value must not be shown.
    fn unsaid(name: &'static str, expected: impl Into<String>) -> Self {
        Self { name, was: None, expected: expected.into() }
    }
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.was {
            Some(was) => write!(f, "{} is {was:?}; it must be {}", self.name, self.expected),
            None => write!(f, "{} must be {}", self.name, self.expected),
        }
    }
}

impl std::error::Error for WrongSetting {}

/// The raw settings of `serve`.
#[derive(Clone, Args)]
pub struct Settings {
    #[command(flatten)]
    pub location: Location,

    /// Addresses to listen on, host:port, comma-separated [default: 127.0.0.1:$PORT]
    #[arg(long, env = "LISTEN", value_name = "ADDRESSES")]
    listen: Option<String>,

    /// Port to listen on if LISTEN is not set
    #[arg(long, env = "PORT", default_value = "5000", value_name = "PORT")]
    port: String,

    /// Connections to PostgreSQL; half of them serve writes [default: 10]
    #[arg(long, env = "DATABASE_CONNECTIONS", value_name = "COUNT")]
    database_connections: Option<String>,

    #[command(flatten)]
    net: NetSettings,

    #[command(flatten)]
    pub secrets: Secrets,

    /// Lifetime of FreelanceHub Auth's access tokens
    #[arg(long, env = "JWT_EXPIRES_IN", default_value = "30m", value_name = "DURATION")]
    jwt_expires_in: String,

    /// Lifetime of refresh tokens
    #[arg(long, env = "REFRESH_TOKEN_EXPIRES_IN", default_value = "7d", value_name = "DURATION")]
    refresh_token_expires_in: String,

    /// Lifetime of FreelanceHub Auth's one-time codes
    #[arg(long, env = "OTP_EXPIRY", default_value = "600", value_name = "SECONDS")]
    otp_expiry: String,

    /// Public address of this server [default: localhost with the first port, or the first
    /// domain of ACME_DOMAIN]
    #[arg(long, env = "PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,

    /// Origins that browsers may call the APIs from, comma-separated [default:
    /// http://localhost:3000] [also FRONTEND_URL]
    #[arg(long, env = "CORS_ORIGIN", value_name = "ORIGINS")]
    cors_origin: Option<String>,

    /// More origins, under another name
    #[arg(long, env = "FRONTEND_URL", value_name = "ORIGINS", hide = true)]
    frontend_url: Option<String>,

    /// Rate limits: on, or off behind a gateway or in a load test
    #[arg(long, env = "RATE_LIMIT", default_value = "on", value_name = "on|off")]
    rate_limit: String,

    /// Whether anyone may create an account: on or off [default: what the owner chose, or on]
    #[arg(long, env = "OPEN_REGISTRATION", value_name = "on|off")]
    open_registration: Option<String>,

    /// Whether the APIs allow or refuse common passwords such as Password123. Pages and commands
    /// always refuse them
    #[arg(long, env = "COMMON_PASSWORDS", default_value = "allow", value_name = "allow|refuse")]
    common_passwords: String,

    /// Trust the rightmost address of X-Forwarded-For: on or off
    #[arg(long, env = "TRUST_PROXY", default_value = "off", value_name = "on|off")]
    trust_proxy: String,

    #[command(flatten)]
    mail: MailSettings,

    #[command(flatten)]
    backup: BackupSettings,

    #[command(flatten)]
    payment_links: PaymentLinks,

    #[command(flatten)]
    providers: ProviderSettings,

    #[command(flatten)]
    pub logging: Logging,
}

/// The raw settings of payment links.
#[derive(Debug, Clone, Args)]
pub struct PaymentLinks {
    /// Base URL of your payment service, for payment links. If unset, the API returns the
    /// documented placeholder and clients see no payment link
    #[arg(long, env = "PAYMENT_LINK_BASE", value_name = "URL")]
    payment_link_base: Option<String>,
}

impl PaymentLinks {
    /// Without a trailing slash.
    pub fn base(&self) -> Result<Option<String>, WrongSetting> {
        let base = self.payment_link_base.as_deref();
        base.map(|base| url("PAYMENT_LINK_BASE", base)).transpose()
    }
}

/// The settings of `serve`, validated.
#[derive(Clone)]
pub struct Config {
    pub location: Location,
    pub database: Database,
    /// Each is `host:port`; at least one.
    pub listen: Vec<String>,
    pub net: NetConfig,
    pub trust_proxy: bool,
    pub mail: MailConfig,
    pub backup: BackupPlan,
    /// Without the fonts and the courier, which `serve` adds.
    pub app: app::Settings,
    /// The address of the metrics listener, if any.
    pub metrics_listen: Option<String>,
}

impl Settings {
    /// Creates the data folder.
    pub fn prepare(&self) -> Result<(), WrongSetting> {
        self.location.create().map_err(|error| {
            let folder = self.location.data_dir.display().to_string();
            WrongSetting::new(
                "DATA_DIR",
                &folder,
                format!("a folder that this program can write to ({error})"),
            )
        })
    }

    /// Validates the settings, and generates secrets that are neither set nor stored.
    pub fn load(&self, random: &dyn Random) -> Result<Config, LoadError> {
        let mut config = self.checked()?;
        config.app.jwt_secret = self.secrets.make_jwt_secret(&self.location, random)?;
        config.app.secret_key = Some(self.secrets.make_secret_key(&self.location, random)?);
        Ok(config)
    }

    /// The mail server and the sender.
    pub fn mail(&self) -> Result<MailConfig, WrongSetting> {
        self.mail.check(&self.public_url()?)
    }

    /// The server's automatic backups.
    pub fn backup(&self) -> Result<BackupPlan, WrongSetting> {
        self.backup.check(&self.location)
    }

    fn public_url(&self) -> Result<String, WrongSetting> {
        if let Some(given) = &self.public_url {
            return origin("PUBLIC_URL", given);
        }
        let listen = self.listen()?;
        self.net.public_url(listen[0].rsplit(':').next().unwrap_or_default())
    }

    /// The database, and the number of connections to it.
    fn database(&self) -> Result<Database, WrongSetting> {
        let database = self.location.database()?;
        let Some(given) = &self.database_connections else { return Ok(database) };
        let count = number("DATABASE_CONNECTIONS", given, 2..=CONNECTIONS_MAX)?;
        match database {
            Database::Postgres(server) => Ok(Database::Postgres(server.with_connections(count))),
            Database::Sqlite(_) => {
                let expected = "unset unless DATABASE_URL names a PostgreSQL server";
                Err(WrongSetting::new("DATABASE_CONNECTIONS", given, expected))
            }
        }
    }

    /// The origins that browsers may call from, from both variables.
    fn cors_origins(&self) -> Result<Vec<String>, WrongSetting> {
        let given = [("CORS_ORIGIN", &self.cors_origin), ("FRONTEND_URL", &self.frontend_url)];
        let mut origins = Vec::new();
        for (name, text) in given {
            for text in text.iter().flat_map(|text| text.split(',')) {
                origins.push(origin(name, text.trim())?);
            }
        }
        if origins.is_empty() {
            origins.push("http://localhost:3000".to_owned());
        }
        Ok(origins)
    }

    fn listen(&self) -> Result<Vec<String>, WrongSetting> {
        let port = number("PORT", &self.port, 0..=65535)?;
        match &self.listen {
            Some(addresses) => listen("LISTEN", addresses),
            None => Ok(vec![format!("127.0.0.1:{port}")]),
        }
    }

    /// Validates all settings except the secrets, without touching the disk.
    pub fn checked(&self) -> Result<Config, WrongSetting> {
        if let Some(secret) = &self.secrets.jwt_secret {
            check_jwt_secret(secret.clone())?;
        }
        if let Some(key) = &self.secrets.secret_key {
            check_secret_key(key)?;
        }
        let listen = self.listen()?;
        let public_url = self.public_url()?;
        Ok(Config {
            database: self.database()?,
            listen,
            net: self.net.check(&public_url)?,
            trust_proxy: switch("TRUST_PROXY", &self.trust_proxy)?,
            mail: self.mail.check(&public_url)?,
            backup: self.backup()?,
            app: app::Settings {
                access_life: duration("JWT_EXPIRES_IN", &self.jwt_expires_in)?,
                refresh_life: duration("REFRESH_TOKEN_EXPIRES_IN", &self.refresh_token_expires_in)?,
                otp_life: duration("OTP_EXPIRY", &self.otp_expiry)?,
                public_url,
                origins: self.cors_origins()?,
                rate_limit: switch("RATE_LIMIT", &self.rate_limit)?,
                open_registration: (self.open_registration.as_deref())
                    .map(|text| switch("OPEN_REGISTRATION", text))
                    .transpose()?,
                refuse_common_passwords: !is_first(
                    "COMMON_PASSWORDS",
                    &self.common_passwords,
                    ["allow", "refuse"],
                )?,
                payment_link_base: self.payment_links.base()?,
                providers: Arc::new(Providers::new(self.providers.urls()?)),
                ..app::Settings::default()
            },
            metrics_listen: self.logging.metrics_listen()?,
            location: self.location.clone(),
        })
    }
}

/// Why the settings could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Wrong(#[from] WrongSetting),
    #[error("the secret in {file} cannot be read or written: {source}")]
    Secret { file: String, source: std::io::Error },
}

//! Sessions: the row behind each token.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::domain::{
    account::{Account, Role},
    date::Zone,
    error::{Error, Result},
    id::{AccountId, SessionId},
    input::{Optional, Required, input},
    money::Currency,
    text::AnyText,
};

/// A sign-in on one device.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub device: Device,
    pub created_at: Timestamp,
    /// When it was last refreshed, or created.
    pub last_used_at: Timestamp,
    /// When its last token expires.
    pub expires_at: Timestamp,
}

/// The device, as it describes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    pub user_agent: Option<String>,
    /// Whether it belongs to a browser, which is signed out after days without use.
    pub is_browser: bool,
}

impl Device {
    /// Keeps the printable part of a `User-Agent`.
    pub fn new(user_agent: Option<&str>) -> Self {
        let shown = |text: &str| -> String {
            text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect()
        };
        let user_agent = user_agent.map(shown).filter(|text| !text.is_empty());
        Self { user_agent, is_browser: false }
    }

    /// Creates a browser that signs in on a page.
    pub fn browser(user_agent: Option<&str>) -> Self {
        Self { is_browser: true, ..Self::new(user_agent) }
    }

    /// Returns a readable name: `Chrome on Android`.
    pub fn words(&self) -> String {
        let Some(agent) = &self.user_agent else { return "An unknown device".to_owned() };
        // Most browsers name others too, so check the more specific ones first.
        const PROGRAMS: [(&str, &str); 10] = [
            ("Edg", "Edge"),
            ("OPR/", "Opera"),
            ("OPT/", "Opera"),
            ("SamsungBrowser/", "Samsung Internet"),
            ("FxiOS/", "Firefox"),
            ("Firefox/", "Firefox"),
            ("CriOS/", "Chrome"),
            ("Chromium/", "Chromium"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ];
        const SYSTEMS: [(&str, &str); 8] = [
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("CrOS", "ChromeOS"),
            ("Windows", "Windows"),
            ("Macintosh", "Mac"),
            ("Mac OS X", "Mac"),
            ("Linux", "Linux"),
        ];
        let found = |known: &[(&str, &'static str)]| {
            known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
        };
        match (found(&PROGRAMS), found(&SYSTEMS)) {
            (Some(program), Some(system)) => format!("{program} on {system}"),
            (Some(program), None) => program.to_owned(),
            // Programs that are not browsers begin with their own name.
            (None, _) => agent.split(['/', ' ']).next().unwrap_or(agent).to_owned(),
        }
    }
}

/// The maximum length stored of a `User-Agent`.
const USER_AGENT_MAX: usize = 300;

/// How long an unused browser stays signed in.
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(4 * 24);

input! {
    /// Requests a new access token.
    #[derive(Clone)]
    pub new Refresh;

    refresh_token "refreshToken": Required<AnyText>,
}

input! {
    /// Ends a session, and the refresh token's session if given.
    #[derive(Clone)]
    pub new Logout;

    refresh_token "refreshToken": Optional<AnyText>,
}

/// The claims of a verified token. Whether its session is still valid is checked with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    pub account: AccountId,
    pub session: SessionId,
}

/// The caller, read in the same transaction as the requested data.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account: AccountId,
    /// Whether the account has the rights of one with a verified address.
    pub is_proven: bool,
    pub role: Role,
    pub currency: Currency,
    pub zone: Zone,
}

impl Actor {
    /// An account that acts on its own, without a session.
    pub fn of(account: &Account) -> Self {
        Self {
            account: account.id,
            is_proven: account.is_proven(),
            role: account.role,
            currency: account.currency,
            zone: account.zone.clone(),
        }
    }

    /// Refuses accounts of clients.
    pub fn must_be_freelancer(&self) -> Result<()> {
        match self.role {
            Role::Freelancer => Ok(()),
            Role::Client => Err(Error::forbidden("error-freelancers-only")),
        }
    }

    /// Returns the rules of the account's timezone.
    pub fn time_zone(&self) -> Result<TimeZone> {
        self.zone.rules()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_its_program_and_system() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/131.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                 Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 \
                 Firefox/132.0",
                "Firefox on Mac",
            ),
            ("curl/8.5.0", "curl"),
            ("", "An unknown device"),
        ] {
            assert_eq!(Device::new(Some(agent)).words(), words);
        }
    }
}

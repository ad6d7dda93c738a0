//! Sessions: the row behind every token.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    account::Role,
    date::Zone,
    error::{Error, Result},
    form::{Form, Object},
    id::{AccountId, SessionId},
    money::Currency,
    text,
};

/// A sign-in on one device.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub device: Device,
    pub created_at: Timestamp,
    /// When it was last refreshed, or begun.
    pub last_used_at: Timestamp,
    /// When the last of its tokens ends.
    pub expires_at: Timestamp,
}

/// What a device says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    pub user_agent: Option<String>,
}

impl Device {
    /// Keeps what can be shown of a `User-Agent`.
    pub fn new(user_agent: Option<&str>) -> Self {
        let shown = |text: &str| -> String {
            text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect()
        };
        Self { user_agent: user_agent.map(shown).filter(|text| !text.is_empty()) }
    }
}

/// Characters kept of a `User-Agent`.
const USER_AGENT_MAX: usize = 300;

/// Asks for another access token.
#[derive(Clone)]
pub struct Refresh {
    pub refresh_token: String,
}

impl Refresh {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        match form.required("refreshToken", |value| text::raw(value).map(str::to_owned)) {
            Some(refresh_token) => Ok(Self { refresh_token }),
            None => Err(form.failure()),
        }
    }

    /// Reads a token that may be left out.
    pub fn read_optional(object: &Object) -> Result<Option<Self>> {
        let mut form = Form::new(object);
        match form.optional("refreshToken", |value| text::raw(value).map(str::to_owned)) {
            Some(token) => Ok(token.map(|refresh_token| Self { refresh_token })),
            None => Err(form.failure()),
        }
    }
}

/// What a verified token says. Whether its session still stands is read with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    pub account: AccountId,
    pub session: SessionId,
}

/// Who asks, read in the same transaction as what they ask for.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account: AccountId,
    pub role: Role,
    pub currency: Currency,
    pub zone: Zone,
}

impl Actor {
    /// Refuses accounts that are no freelancer's.
    pub fn must_be_freelancer(&self) -> Result<()> {
        match self.role {
            Role::Freelancer => Ok(()),
            Role::Client => Err(Error::forbidden("Only freelancers may do this")),
        }
    }

    /// The rules of the account's timezone.
    pub fn time_zone(&self) -> Result<TimeZone> {
        self.zone.rules()
    }
}

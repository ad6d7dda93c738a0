//! Sessions: the row behind every token.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    date::Zone,
    error::Result,
    id::{AccountId, SessionId},
    money::Currency,
};

/// A sign-in on one device.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
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
    pub currency: Currency,
    pub zone: Zone,
}

impl Actor {
    /// The rules of the account's timezone.
    pub fn time_zone(&self) -> Result<TimeZone> {
        self.zone.rules()
    }
}

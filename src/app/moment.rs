//! Spans of time in which everything that is read stays as it is.

use jiff::{SignedDuration, Timestamp};

use super::{App, token::TokenType};

/// In every timezone of today a day begins with one of these, counted from the epoch in UTC.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// While two of them are equal, nobody has written to the database and no day has begun: what
/// was read in the one holds in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    version: u64,
    quarter: i64,
}

impl App {
    /// The moment it is; none where that cannot be told at once.
    pub fn moment(&self) -> Option<Moment> {
        let quarter = self.clock.now().as_second().div_euclid(QUARTER.as_secs());
        self.store.version().map(|version| Moment { version, quarter })
    }

    /// Whether an access token is good now and stays so for as long as a moment can last, unless
    /// its session ends, which is a change of the database.
    pub fn is_good_throughout(&self, token: &str, moment: Moment) -> bool {
        let end = moment.quarter.saturating_add(1).saturating_mul(QUARTER.as_secs());
        let end = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
        self.tokens.verify(TokenType::Access, token, end).is_ok()
    }
}

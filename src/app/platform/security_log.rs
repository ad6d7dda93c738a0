//! What the log says of who signs in, and of what keeps others out of an account: never a secret,
//! never what was typed.

use tracing::field::display;

use crate::domain::id::AccountId;

/// Where these lines come from, for filters.
pub const SECURITY: &str = "freelanceos::security";

/// Logs what was done, or tried, with an account; with none where there is no such account.
pub(in crate::app) fn note(event: &'static str, account: impl Into<Option<AccountId>>) {
    let account = account.into().map(display);
    tracing::info!(target: SECURITY, account, "{event}");
}

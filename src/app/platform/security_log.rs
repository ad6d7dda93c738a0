//! Log lines about sign-ins and attempts on an account. They contain no secrets and no typed text.

use tracing::field::display;

use crate::domain::id::AccountId;

/// The target of these log lines, for filters.
pub const SECURITY: &str = "freelanceos::security";

/// Logs an action or attempt on an account; without an id if there is no such account.
pub(in crate::app) fn note(event: &'static str, account: impl Into<Option<AccountId>>) {
    let account = account.into().map(display);
    tracing::info!(target: SECURITY, account, "{event}");
}

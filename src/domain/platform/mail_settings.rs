//! How an account is told of what happened, and how it writes to clients.

use crate::domain::notice::Notifications;

/// How an account is told of what happened, and how it writes to clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSettings {
    pub notifications: Notifications,
}

//! Looking for a text in the names of entries and of their clients, without regard to case and
//! accents.
//!
//! Names have no folded column, so they are folded on the way: about a millisecond for a
//! thousand entries.

use std::collections::HashSet;

use super::engine::{Tx, values};
use crate::domain::{
    error::Result,
    id::{AccountId, ClientId},
    text,
};

/// What is looked for.
pub struct Search<'a> {
    /// Folded.
    text: &'a str,
    clients: HashSet<ClientId>,
}

impl<'a> Search<'a> {
    /// A folded text, and the clients, deleted or not, in whose name, e-mail or company it is.
    pub fn new(tx: &mut Tx, account: AccountId, text: &'a str) -> Result<Self> {
        let clients = tx.list(
            "SELECT id FROM clients WHERE account_id = ?1 AND deleted_at IS NULL \
             AND search_key LIKE ?2 ESCAPE '\\' \
             UNION ALL SELECT id FROM clients WHERE account_id = ?1 AND deleted_at IS NOT NULL \
             AND search_key LIKE ?2 ESCAPE '\\'",
            values![&account, like_pattern(text)],
            |row| row.get(0),
        )?;
        Ok(Self { text, clients: clients.into_iter().collect() })
    }

    /// Whether it is in a name, or in the client of what has that name.
    pub fn finds(&self, client: ClientId, name: Option<&str>) -> bool {
        self.clients.contains(&client)
            || name.is_some_and(|name| text::search_key(name).contains(self.text))
    }
}

/// A pattern that finds `text` anywhere, with its own `%` and `_` taken literally.
pub(super) fn like_pattern(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

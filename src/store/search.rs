//! Looking for a text in the names of entries and of their clients, without regard to case and
//! accents.
//!
//! Names have no folded column, so they are folded on the way: about a millisecond for a
//! thousand entries.

use std::collections::HashSet;

use super::{
    client::like_pattern,
    engine::{Tx, Value, values},
};
use crate::domain::{
    error::Result,
    id::{AccountId, ClientId, Id},
    page::Page,
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

    /// The page of what is found among the rows (`id, name, client_id`) of a statement, and how
    /// much is found in all.
    pub fn page<K>(
        &self,
        tx: &mut Tx,
        sql: &'static str,
        values: &[Value],
        page: Page,
    ) -> Result<(Vec<Id<K>>, u64)> {
        let found: Vec<Option<Id<K>>> = tx.list(sql, values, |row| {
            let client: ClientId = row.get(2)?;
            let is_found = self.clients.contains(&client)
                || row.text(1)?.is_some_and(|name| text::search_key(name).contains(self.text));
            is_found.then(|| row.get(0)).transpose()
        })?;
        let found: Vec<Id<K>> = found.into_iter().flatten().collect();
        let (skipped, most) = (page.offset().unsigned_abs() as usize, page.limit().unsigned_abs());
        let shown = found.iter().skip(skipped).take(most as usize).copied().collect();
        Ok((shown, found.len() as u64))
    }
}

//! Small facts about the program that outlive its process, by name.

use crate::{
    domain::error::Result,
    store::{
        engine::{Tx, values},
        row::row,
    },
};

/// Returns the value stored under a name.
pub fn find(tx: &mut Tx, name: &str) -> Result<Option<String>> {
    tx.find("SELECT value FROM program_state WHERE name = ?1", values![name], |row| row.get(0))
}

/// Stores a value under a name.
pub fn set(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    tx.upsert(row!(program_state { name: name, value: value }))
}

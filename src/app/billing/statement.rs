//! Statements of clients.

use crate::{
    app::{client::find_client, unit_of_work::Work},
    domain::{
        error::Result,
        id::ClientId,
        statement::{Statement, StatementFilter, balance},
    },
    store,
};

/// Returns what a client of the caller was billed and has paid, with the balance after each entry.
///
/// # Errors
///
/// Not found if the caller has no such client; invalid if the last day is before the first.
pub fn find_statement(work: &mut Work, id: ClientId, filter: StatementFilter) -> Result<Statement> {
    let client = find_client(work, id)?;
    let (from, to) = filter.days(work.today()?)?;
    let zone = work.actor.time_zone()?;
    let postings = store::statement::postings(work.tx, work.account, id, &zone)?;
    Ok(Statement { client, from, to, currencies: balance(postings, from, to) })
}

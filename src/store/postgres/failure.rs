//! What can go wrong with a server, and what that means for the transaction in which it does.

use std::{error::Error as StdError, io};

use tokio_postgres::{Error as PgError, error::SqlState};

use crate::{
    domain::error::Error,
    store::{sum_too_large, task::busy, violated},
};

/// Why there is no connection.
#[derive(Debug)]
pub struct Unconnected {
    pub error: Error,
    /// Whether trying again may help.
    pub may_pass: bool,
}

impl Unconnected {
    /// Something on our side is in the way.
    pub fn by(error: Error) -> Self {
        Self { error, may_pass: false }
    }

    pub fn new(error: PgError) -> Self {
        let may_pass = match error.code().map(SqlState::code) {
            // It is starting, stopping, has no room, or what stands before it cannot reach it.
            Some(code) => ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)),
            // Not where it answers, but has no TLS or a certificate that is not to be trusted.
            None => match error.source().and_then(<dyn StdError>::downcast_ref::<io::Error>) {
                Some(io) => io.kind() != io::ErrorKind::InvalidData,
                None => error.is_closed(),
            },
        };
        let said = said(&error);
        let error = if may_pass { unreachable().caused_by(said) } else { Error::internal(said) };
        Self { error, may_pass }
    }

    /// The server took the connection and then said nothing.
    pub fn silent() -> Self {
        Self { error: silent(), may_pass: true }
    }
}

/// Nobody answers at the other end.
pub fn unreachable() -> Error {
    Error::unavailable(5, "The database cannot be reached just now, please try again")
}

/// Somebody is there, and does not answer.
pub fn silent() -> Error {
    unreachable().caused_by("it does not answer")
}

/// What went wrong in a transaction first, beside what its task made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Another transaction was in the way: this one may well succeed the next time.
    Conflict,
    /// The connection is gone, or of no use any more.
    Lost,
    /// The server has refused a statement, and whatever follows in the transaction.
    Refused,
}

/// The server's failure as one of ours, and what it means for the transaction.
pub fn failure(error: PgError) -> (Error, Trouble) {
    let Some(refusal) = error.as_db_error() else {
        // Only what the connection itself tells has no words of the server.
        let is_ours = error.source().is_some_and(|source| !source.is::<io::Error>());
        return if is_ours && !error.is_closed() {
            (Error::internal(error), Trouble::Refused)
        } else {
            (unreachable().caused_by(said(&error)), Trouble::Lost)
        };
    };
    let code = refusal.code();
    let is = |codes: &[&SqlState]| codes.contains(&code);
    let is_of = |classes: &[&str]| classes.iter().any(|class| code.code().starts_with(class));
    let cause = said(&error);
    let (known, trouble) = if is(&[&SqlState::UNIQUE_VIOLATION]) {
        let constraint = refusal.constraint().unwrap_or_default();
        return (violated(constraint, cause), Trouble::Refused);
    } else if is(&[&SqlState::NUMERIC_VALUE_OUT_OF_RANGE]) {
        (sum_too_large(), Trouble::Refused)
    } else if is(&[&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED]) {
        (busy(1), Trouble::Conflict)
    } else if is(&[&SqlState::QUERY_CANCELED, &SqlState::LOCK_NOT_AVAILABLE]) {
        (busy(5), Trouble::Refused)
    } else if is(&[&SqlState::DISK_FULL]) {
        (Error::unwritable("The disk of the database server is full"), Trouble::Refused)
    } else if is_of(&["53"]) {
        // It has no memory or connection left for this.
        (busy(5), Trouble::Refused)
    } else if is(&[&SqlState::READ_ONLY_SQL_TRANSACTION]) {
        // After a switch to another server the old one answers, or this one follows another.
        (Error::unwritable("The database server may only be read"), Trouble::Lost)
    } else if is(&[&SqlState::FEATURE_NOT_SUPPORTED, &SqlState::INVALID_SQL_STATEMENT_NAME]) {
        // Another program has altered what was prepared, or prepared statements are not kept.
        return (Error::internal(cause), Trouble::Lost);
    } else if is_of(&["08", "57P"])
        || is(&[
            &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            &SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
        ])
    {
        // The server ends the connection (it stops, it crashed, somebody asked it to, or this
        // program stood still for too long), or does not know itself whether it has committed.
        (unreachable(), Trouble::Lost)
    } else {
        return (Error::internal(cause), Trouble::Refused);
    };
    (known.caused_by(cause), trouble)
}

/// What the server said, in one line.
fn said(error: &PgError) -> String {
    match error.as_db_error() {
        Some(refusal) => {
            // Its details may quote what people have written.
            format!("{} [{}]", refusal.message(), refusal.code().code())
        }
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

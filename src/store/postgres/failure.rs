//! What can go wrong with a server, and what that means for the transaction in which it does.

use std::{error::Error as StdError, io};

use tokio_postgres::{Error as PgError, error::SqlState};

use crate::{domain::error::Error, store::violated};

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

/// Others are in the way, or there is too much to do.
pub fn busy(retry_after: u64) -> Error {
    Error::unavailable(retry_after, "The database is busy, please try again")
}

/// What went wrong in a transaction first, beside what its job made of it.
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
    let code = refusal.code().clone();
    let cause = said(&error);
    match &code {
        code if *code == SqlState::UNIQUE_VIOLATION => {
            (violated(refusal.constraint().unwrap_or_default(), cause), Trouble::Refused)
        }
        code if *code == SqlState::NUMERIC_VALUE_OUT_OF_RANGE => {
            let told = Error::conflict("A total of this account would become too large to keep");
            (told.caused_by(cause), Trouble::Refused)
        }
        code if [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED]
            .contains(&code) =>
        {
            (busy(1).caused_by(cause), Trouble::Conflict)
        }
        code if *code == SqlState::QUERY_CANCELED || *code == SqlState::LOCK_NOT_AVAILABLE => {
            (busy(5).caused_by(cause), Trouble::Refused)
        }
        code if *code == SqlState::DISK_FULL => {
            let told = Error::unwritable("The disk of the database server is full");
            (told.caused_by(cause), Trouble::Refused)
        }
        // It has no memory or connection left for this.
        code if code.code().starts_with("53") => (busy(5).caused_by(cause), Trouble::Refused),
        // After a switch to another server the old one answers, or this one follows another.
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            let told = Error::unwritable("The database server may only be read");
            (told.caused_by(cause), Trouble::Lost)
        }
        // Another program has altered what was prepared, or prepared statements are not kept.
        code if [&SqlState::FEATURE_NOT_SUPPORTED, &SqlState::INVALID_SQL_STATEMENT_NAME]
            .contains(&code) =>
        {
            (Error::internal(cause), Trouble::Lost)
        }
        // The server ends the connection (it stops, it crashed, somebody asked it to, or this
        // program stood still for too long), or does not know itself what became of the work.
        code if code.code().starts_with("08")
            || code.code().starts_with("57P")
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            || *code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN =>
        {
            (unreachable().caused_by(cause), Trouble::Lost)
        }
        _ => (Error::internal(cause), Trouble::Refused),
    }
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

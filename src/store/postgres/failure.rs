//! Server errors, and what they mean for the transaction.

use std::{error::Error as StdError, io};

use tokio_postgres::{Error as PgError, error::SqlState};

use crate::{
    domain::error::Error,
    store::{sum_too_large, task::busy, violated},
};

/// Why connecting failed.
#[derive(Debug)]
pub struct Unconnected {
    pub error: Error,
    /// Whether a retry may help.
    pub may_pass: bool,
}

impl Unconnected {
    /// The cause is on this machine.
    pub fn by(error: Error) -> Self {
        Self { error, may_pass: false }
    }

    pub fn new(error: PgError) -> Self {
        let may_pass = match error.code().map(SqlState::code) {
            // The server is starting, stopping or full, or a proxy cannot reach it.
            Some(code) => ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)),
            // Not if it answers without TLS, or with an untrusted certificate.
            None => match error.source().and_then(<dyn StdError>::downcast_ref::<io::Error>) {
                Some(io) => io.kind() != io::ErrorKind::InvalidData,
                None => error.is_closed(),
            },
        };
        let said = said(&error);
        let error = if may_pass { unreachable().caused_by(said) } else { Error::internal(said) };
        Self { error, may_pass }
    }

    /// The server accepted the connection and does not answer.
    pub fn silent() -> Self {
        Self { error: silent(), may_pass: true }
    }
}

/// No connection to the server.
pub fn unreachable() -> Error {
    Error::unavailable(5, "error-database-unreachable")
}

/// The server does not answer.
pub fn silent() -> Error {
    unreachable().caused_by("it does not answer")
}

/// The first failure of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It conflicts with another transaction, and may succeed next time.
    Conflict,
    /// The connection is lost or unusable.
    Lost,
    /// The server refused a statement, and refuses the rest of the transaction.
    Refused,
}

/// Converts a server error, and says what it means for the transaction.
pub fn failure(error: PgError) -> (Error, Trouble) {
    let Some(refusal) = error.as_db_error() else {
        // An error of the connection itself.
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
        (Error::unwritable("error-database-server-full"), Trouble::Refused)
    } else if is_of(&["53"]) {
        // The server has no memory or connection left for this.
        (busy(5), Trouble::Refused)
    } else if is(&[&SqlState::READ_ONLY_SQL_TRANSACTION]) {
        // After a failover, the old server or a standby answers.
        (Error::unwritable("error-database-server-read-only"), Trouble::Lost)
    } else if is(&[&SqlState::FEATURE_NOT_SUPPORTED, &SqlState::INVALID_SQL_STATEMENT_NAME]) {
        // The schema changed under a prepared statement, or a proxy dropped it.
        return (Error::internal(cause), Trouble::Lost);
    } else if is_of(&["08", "57P"])
        || is(&[
            &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            &SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
        ])
    {
        // The server ends the connection (it stops, it crashed, an administrator requested it, or
        // this program was idle too long), or does not know whether it committed.
        (unreachable(), Trouble::Lost)
    } else {
        return (Error::internal(cause), Trouble::Refused);
    };
    (known.caused_by(cause), trouble)
}

/// Returns the server's message in one line.
fn said(error: &PgError) -> String {
    match error.as_db_error() {
        Some(refusal) => {
            // The details may quote personal data.
            format!("{} [{}]", refusal.message(), refusal.code().code())
        }
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

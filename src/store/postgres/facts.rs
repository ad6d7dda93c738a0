//! Facts about a server.

use jiff::Timestamp;

use super::{Server, peek};
use crate::{
    domain::error::{Error, Result},
    store::engine::Tx,
};

/// A server and one of its databases.
#[derive(Debug, Clone)]
pub struct Facts {
    /// `15.18 (Debian …)`, or another engine's name.
    pub version: String,
    /// Whether this connection is encrypted.
    pub is_encrypted: bool,
    pub database_bytes: i64,
    /// Open connections to all databases, and the maximum.
    pub connections: i64,
    pub connections_max: i64,
    /// The server's clock, in whole seconds.
    pub clock: Timestamp,
}

/// Asks a server about itself.
pub fn facts(server: &Server) -> Result<Facts> {
    peek(server, |connection| {
        let mut tx = Tx::new(connection);
        tx.one(
            "SELECT current_setting('server_version'), \
             coalesce((SELECT CASE WHEN ssl THEN 1 ELSE 0 END FROM pg_stat_ssl \
             WHERE pid = pg_backend_pid()), 0), \
             pg_database_size(current_database()), \
             (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL), \
             CAST(current_setting('max_connections') AS BIGINT), \
             CAST(floor(extract(epoch FROM now())) AS BIGINT)",
            &[],
            |row| {
                let is_encrypted: i64 = row.get(1)?;
                Ok(Facts {
                    version: row.get(0)?,
                    is_encrypted: is_encrypted == 1,
                    database_bytes: row.get(2)?,
                    connections: row.get(3)?,
                    connections_max: row.get(4)?,
                    clock: Timestamp::from_second(row.get(5)?).map_err(Error::internal)?,
                })
            },
        )
    })
}

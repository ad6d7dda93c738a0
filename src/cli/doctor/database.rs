//! Checks the database itself, in a file or on a server.

use std::{fs, path::Path};

use super::{AHEAD, RESTORE, Report, list};
use crate::{
    cli::{in_words, now, terminal},
    config::{Config, file::beside},
    store::{
        Database, migrate,
        postgres::{self, Server},
        sqlite,
    },
};

/// A -wal file this large is no longer being checkpointed.
const WAL_LARGE: u64 = 256 << 20;
/// A database this large needs attention to the space for its backups.
const DATABASE_LARGE: u64 = 10 << 30;

/// Returns whether its rows can be read.
pub fn examine(database: &Database, config: Option<&Config>, report: &mut Report) -> bool {
    let (is_there, mends) = match database {
        Database::Sqlite(file) => (examine_file(database, file, report), RESTORE),
        Database::Postgres(server) => (
            examine_server(server, config, report),
            "read the database server's log, and check its tables with pg_amcheck",
        ),
    };
    is_there && examine_schema(database, mends, report)
}

fn examine_file(database: &Database, file: &Path, report: &mut Report) -> bool {
    match migrate::version(database) {
        Ok(0) => {
            let text = format!("there is none at {database}");
            report.fail("database", text, "start `freelanceos serve`, or set DATA_DIR");
            return false;
        }
        Ok(_) => report.ok("database", database.to_string()),
        Err(error) => {
            let text = format!("{database} cannot be read: {}", in_words(&error));
            report.fail("database", text, RESTORE);
            return false;
        }
    }
    examine_size(file, report);
    match sqlite::check(file) {
        Ok(findings) if findings.is_empty() => report.ok("integrity", "no damage found"),
        Ok(findings) => list(report, "integrity", &findings, RESTORE),
        Err(error) => report.fail("integrity", in_words(&error), RESTORE),
    }
    true
}

fn examine_size(database: &Path, report: &mut Report) {
    let size = |file: &Path| fs::metadata(file).map_or(0, |facts| facts.len());
    let (main, wal) = (size(database), size(&beside(database, "-wal")));
    let text = format!("{}, and {} in -wal", terminal::size(main), terminal::size(wal));
    if wal > WAL_LARGE {
        report.warn(
            "size",
            text,
            "end any program that keeps reading the database, or restart the server",
        );
    } else if main > DATABASE_LARGE {
        report.warn("size", text, "make sure there is room for backups");
    } else {
        report.ok("size", text);
    }
}

fn examine_server(server: &Server, config: Option<&Config>, report: &mut Report) -> bool {
    let facts = match postgres::facts(server) {
        Ok(facts) => facts,
        Err(error) => {
            let text = format!("{server} cannot be reached: {}", in_words(&error));
            report.fail(
                "database",
                text,
                "check that the server is running, and check DATABASE_URL",
            );
            return false;
        }
    };
    report.ok("database", format!("{server}, PostgreSQL {}", facts.version));
    if !server.is_proven() {
        let text = if facts.is_encrypted {
            "the connection is encrypted, but another server could pretend to be this one"
        } else {
            "the connection to the database server is not encrypted"
        };
        report.warn("encryption", text, "add ?sslmode=verify-full to DATABASE_URL");
    }
    let ours = config.and_then(|config| config.database.server()).map_or(0, Server::connections);
    let text = format!(
        "{} of {} are in use; each `freelanceos serve` uses {ours}",
        facts.connections, facts.connections_max
    );
    let left = facts.connections_max.saturating_sub(facts.connections);
    if left < i64::try_from(ours).unwrap_or(i64::MAX) {
        let advice = "raise the server's max_connections, or lower DATABASE_CONNECTIONS";
        report.warn("connections", text, advice);
    } else {
        report.ok("connections", text);
    }
    let apart = (facts.clock.as_second() - now().as_second()).abs();
    if apart > AHEAD {
        let text = format!("differs from the database server's by {apart} seconds");
        report.warn("clock", text, "sync both with NTP");
    }
    report.ok("size", terminal::size(facts.database_bytes.unsigned_abs()));
    report.ok("integrity", "is PostgreSQL's job; pg_amcheck checks every page");
    true
}

fn examine_schema(database: &Database, mends: &str, report: &mut Report) -> bool {
    let (version, latest) = match migrate::version(database) {
        Ok(version) => (version, migrate::latest()),
        Err(error) => {
            report.fail("schema", in_words(&error), mends);
            return false;
        }
    };
    if version == 0 {
        let text = format!("{database} is empty");
        report.fail("schema", text, "start `freelanceos serve` to create the tables");
    } else if version > latest {
        let text = format!("version {version}, newer than the {latest} that this program supports");
        report.fail("schema", text, "use a newer freelanceos");
    } else if version < latest {
        let text = format!("version {version}, but this program needs {latest}");
        report.warn("schema", text, "run `freelanceos migrate`");
    } else {
        report.ok("schema", format!("version {version}"));
        return true;
    }
    false
}

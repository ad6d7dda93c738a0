//! `freelanceos restore`.
//!
//! At every moment the database is either the old or the new one: the copy is written and checked
//! next to it, the old one gets a second name, and one rename replaces it.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Failure, Outcome,
    backup::{Packed, with_part},
    in_words, now, terminal,
};
use crate::{
    app::secret::{FINGERPRINT, SecretKey},
    config::{
        Location,
        file::{self, beside, sync_folder_of, write_secret},
        secrets::Secrets,
    },
    domain::error::{Error, Kind},
    store::{
        Database,
        engine::Tx,
        migrate, program_state,
        sqlite::{self, ServeLock},
    },
};

#[derive(Args)]
pub struct Arguments {
    /// Backup to restore; missing secrets are read from FILE.secrets next to it, if it exists
    file: PathBuf,

    /// Replace an existing database without asking
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    location: Location,

    #[command(flatten)]
    secrets: Secrets,
}

pub fn run(arguments: Arguments) -> Outcome {
    let Arguments { file, yes, location, secrets } = arguments;
    let database = location.database()?;
    let Some(database) = database.file() else {
        return Err(Failure::Failed(format!(
            "restore {database} with PostgreSQL's own pg_restore; to copy a database file there, \
             use `freelanceos transfer --from sqlite:{} --to {database}`",
            file.display()
        )));
    };
    let version = check_version(&file)?;
    location
        .create()
        .map_err(|error| format!("cannot create {}: {error}", location.data_dir.display()))?;
    let Some(_lock) = ServeLock::take(database)? else {
        return Err(Failure::Failed(format!(
            "a server is using {}: stop it first",
            location.data_dir.display()
        )));
    };
    let replaced = with_part(database, ".restoring", |copy| {
        copy_checked(&file, copy)?;
        let packed = check_key(&file, copy, &location, &secrets)?;
        if database.exists() && !yes && !is_wanted(database, &file)? {
            return Err(Failure::Failed("nothing was changed".to_owned()));
        }
        // Write the key first: a database without its key is useless, but a key without its
        // database does no harm.
        if let Some(Packed { secret_key, jwt_secret }) = packed {
            write_secret(&location.secret_key_file(), &secret_key)?;
            if !location.jwt_secret_file().exists() {
                write_secret(&location.jwt_secret_file(), &jwt_secret)?;
            }
        }
        let replaced = keep(database)?;
        file::rename(copy, database)?;
        Ok::<_, Failure>(replaced)
    })?;
    let mut text = format!("{} is restored from {}\n", database.display(), file.display());
    if let Some(replaced) = replaced {
        text.push_str(&format!("the previous database is kept in {}\n", replaced.display()));
    }
    if version < migrate::latest() {
        text.push_str("the next `freelanceos serve` upgrades it to this version's schema\n");
    }
    terminal::print(&text)
}

/// Returns the backup's schema version, if this program can restore it.
fn check_version(file: &Path) -> Result<i64, Failure> {
    let shown = file.display();
    if !file.is_file() {
        return Err(Failure::Failed(format!("{shown} does not exist or is not a file")));
    }
    let database = Database::Sqlite(file.to_owned());
    let foreign = format!("{shown} is not a freelanceos database");
    let version =
        migrate::version(&database).map_err(|error| format!("{foreign}: {}", in_words(&error)))?;
    if version == 0 {
        return Err(foreign.into());
    }
    if version > migrate::latest() {
        return Err(Failure::Failed(format!(
            "{shown} has schema version {version}, newer than the {} that this program supports: \
             use a newer freelanceos",
            migrate::latest()
        )));
    }
    Ok(version)
}

/// Copies the backup and verifies that the copy is not damaged.
fn copy_checked(file: &Path, copy: &Path) -> Outcome {
    let damaged =
        |error: Error| format!("{} cannot be restored: {}", file.display(), in_words(&error));
    let bar = terminal::progress("Copying");
    let copied = sqlite::backup(file, copy, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        true
    });
    bar.finish_and_clear();
    copied.map_err(damaged)?;
    let findings = sqlite::check(copy).map_err(damaged)?;
    match findings.first() {
        None => Ok(()),
        Some(first) => Err(Failure::Failed(format!(
            "{} is damaged ({first}): use another backup",
            file.display()
        ))),
    }
}

/// Verifies that the backup's secret key is present or comes with the backup.
fn check_key(
    file: &Path,
    copy: &Path,
    location: &Location,
    secrets: &Secrets,
) -> Result<Option<Packed>, Failure> {
    let known = sqlite::peek(copy, |connection| {
        program_state::find(&mut Tx::new(connection), FINGERPRINT)
    })?;
    let Some(known) = known else { return Ok(None) };
    let fits = |key: &str| match SecretKey::from_hex(key) {
        Some(key) => Ok(key.fingerprint()? == known),
        None => Ok::<_, Error>(false),
    };
    let kept = location.secret_key_file();
    if let Some(key) = secrets.secret_key(location)? {
        return if fits(&key)? {
            Ok(None)
        } else {
            Err(Failure::Failed(format!(
                "{} was created with a different secret key than the one that is set or stored in \
                 {}: set SECRET_KEY to the backup's key, or put its secret.key there",
                file.display(),
                kept.display()
            )))
        };
    }
    let secrets_file = beside(file, ".secrets");
    let text = match fs::read_to_string(&secrets_file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::Failed(format!(
                "the secret key of {} is missing: put its secret.key into {}, or its secrets file \
                 at {}",
                file.display(),
                location.data_dir.display(),
                secrets_file.display()
            )));
        }
        Err(error) => {
            return Err(format!("cannot read {}: {error}", secrets_file.display()).into());
        }
    };
    match Packed::parse(&text) {
        Some(packed) if fits(&packed.secret_key)? => Ok(Some(packed)),
        _ => Err(Failure::Failed(format!(
            "{} does not contain the secret key of {}",
            secrets_file.display(),
            file.display()
        ))),
    }
}

fn is_wanted(database: &Path, file: &Path) -> Result<bool, Failure> {
    if !terminal::is_interactive() {
        return Err(Failure::Failed(format!(
            "{} already exists: use --yes to replace it (it is kept under another name)",
            database.display()
        )));
    }
    terminal::confirm(&format!("Replace {} with {}?", database.display(), file.display()))
}

/// Gives the database a second name, and removes SQLite's files next to it.
fn keep(database: &Path) -> Result<Option<PathBuf>, Failure> {
    if !database.exists() {
        // A stale -wal file would be taken for the new database's.
        for ending in ["-wal", "-shm", "-journal"] {
            file::remove(&beside(database, ending))?;
        }
        return Ok(None);
    }
    let replaced = beside(database, &format!(".replaced-{}", now().strftime("%Y%m%dT%H%M%SZ")));
    match sqlite::settle(database) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), Kind::Unavailable { .. }) => {
            return Err(Failure::Failed(format!(
                "another program has {} open: close it first",
                database.display()
            )));
        }
        // It may be damaged, which is a reason to restore, so keep it unchanged.
        Err(_) => {}
    }
    if replaced.exists() {
        return Err(Failure::Failed(format!("{} already exists", replaced.display())));
    }
    if fs::hard_link(database, &replaced).is_err() {
        // Not every file system supports hard links.
        fs::copy(database, &replaced)?;
        File::open(&replaced)?.sync_all()?;
    }
    for ending in ["-wal", "-shm", "-journal"] {
        match fs::rename(beside(database, ending), beside(&replaced, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    sync_folder_of(database)?;
    Ok(Some(replaced))
}

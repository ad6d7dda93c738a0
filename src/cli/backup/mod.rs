//! `freelanceos backup`, and the automatic backups of the running server.

mod copy;
mod kept;
pub mod schedule;

use std::path::{Path, PathBuf};

use clap::Args;

pub use self::{
    copy::{publish, refuse_existing, remove_part, with_part},
    kept::look,
};
use super::{Failure, Outcome, cannot_open, terminal};
use crate::{
    config::{
        Location,
        file::{beside, write_secret},
        secrets::Secrets,
    },
    store::{Database, migrate},
};

#[derive(Args)]
pub struct Arguments {
    /// File to write; an existing file is never overwritten
    file: PathBuf,

    /// Also write JWT_SECRET and SECRET_KEY to FILE.secrets
    #[arg(long)]
    with_secrets: bool,

    #[command(flatten)]
    location: Location,

    #[command(flatten)]
    secrets: Secrets,
}

pub fn run(arguments: Arguments) -> Outcome {
    let Arguments { file, with_secrets, location, secrets } = arguments;
    let database = location.database()?;
    let Some(source) = database.file() else {
        return Err(Failure::Failed(of_a_server(&database, &file)));
    };
    if migrate::version(&database).map_err(cannot_open(&database))? == 0 {
        return Err(Failure::Failed(format!("there is no database at {database} to copy")));
    }
    let secrets_file = beside(&file, ".secrets");
    copy::refuse_existing(&file)?;
    let packed = if with_secrets {
        copy::refuse_existing(&secrets_file)?;
        Some(Packed::of(&location, &secrets)?)
    } else {
        None
    };
    let bar = terminal::progress("Copying");
    let copied = copy::write(source, &file, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        true
    });
    bar.finish_and_clear();
    terminal::print(&format!("{} ({})\n", file.display(), terminal::size(copied?)))?;
    if let Some(packed) = packed {
        write_secret(&secrets_file, &packed.text())?;
        return terminal::print(&format!(
            "{} contains the secrets of this backup: anyone with both files can read everything\n",
            secrets_file.display()
        ));
    }
    let kept: Vec<String> = [location.secret_key_file(), location.jwt_secret_file()]
        .iter()
        .filter(|file| file.exists())
        .map(|file| file.display().to_string())
        .collect();
    if kept.is_empty() {
        return terminal::print("Keep SECRET_KEY and JWT_SECRET with it\n");
    }
    terminal::print(&format!("Keep with it, or use --with-secrets: {}\n", kept.join(", ")))
}

/// How to back up a database on a database server.
fn of_a_server(database: &Database, file: &Path) -> String {
    format!(
        "Back up {database} with PostgreSQL's own tools, even while servers are running:\n  \
         pg_dump --format=custom --file={} '{database}'\n\
         Restore it into an empty database:\n  \
         pg_restore --no-owner --exit-on-error --single-transaction --dbname='{database}' {}\n\
         Keep SECRET_KEY and JWT_SECRET with it",
        quoted(file),
        quoted(file)
    )
}

/// Quotes a path for the shell.
pub fn quoted(file: &Path) -> String {
    format!("'{}'", file.display().to_string().replace('\'', r"'\''"))
}

/// The secrets stored with a backup, as lines of an environment file.
pub struct Packed {
    pub secret_key: String,
    pub jwt_secret: String,
}

impl Packed {
    /// Returns the secrets in use.
    fn of(location: &Location, secrets: &Secrets) -> Result<Self, Failure> {
        let missing = |name: &str| {
            let folder = location.data_dir.display();
            format!("there is no {name} to include: it is neither set nor stored in {folder}")
        };
        let secret_key = secrets.secret_key(location)?.ok_or_else(|| missing("SECRET_KEY"))?;
        let jwt_secret = secrets.jwt_secret(location)?.ok_or_else(|| missing("JWT_SECRET"))?;
        Ok(Self { secret_key, jwt_secret })
    }

    pub fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
            value.map(str::to_owned)
        };
        Some(Self { secret_key: value("SECRET_KEY")?, jwt_secret: value("JWT_SECRET")? })
    }

    fn text(&self) -> String {
        format!("SECRET_KEY={}\nJWT_SECRET={}\n", self.secret_key, self.jwt_secret)
    }
}

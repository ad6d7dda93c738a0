//! `freelanceos backup`.

use std::{
    fs::{self, OpenOptions},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, Outcome, in_words, terminal};
use crate::{
    config::{
        Location,
        secrets::{Secrets, sync_folder_of, write_secret},
    },
    store::{migrate, sqlite},
};

#[derive(Args)]
pub struct Arguments {
    /// Where to write the copy; an existing file is never overwritten
    file: PathBuf,

    /// Write JWT_SECRET and SECRET_KEY beside it, into FILE.secrets
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
    if migrate::version(&database)? == 0 {
        let shown = database.display();
        return Err(Failure::Failed(format!("there is no database at {shown} to copy")));
    }
    let secrets_file = beside(&file, ".secrets");
    refuse_existing(&file)?;
    let packed = if with_secrets {
        refuse_existing(&secrets_file)?;
        Some(pack(&location, &secrets)?)
    } else {
        None
    };
    let part = beside(&file, ".part");
    let size = copy(&database, &part, &file).inspect_err(|_| {
        // What is left of the attempt is of no use; that it failed is what matters.
        let _ = fs::remove_file(&part);
        let _ = fs::remove_file(beside(&part, "-journal"));
    })?;
    terminal::print(&format!("{} ({})\n", file.display(), terminal::size(size)))?;
    if let Some(packed) = packed {
        write_secret(&secrets_file, &packed)?;
        return terminal::print(&format!(
            "{} holds the secrets of this backup: whoever has both can read everything\n",
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

/// Another file beside this one: its name with something behind it.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn refuse_existing(file: &Path) -> Outcome {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::Failed(format!("cannot write {}: {error}", file.display()))),
        Ok(_) => Err(Failure::Failed(format!(
            "{} exists already and is not overwritten: choose another name, or remove it first",
            file.display()
        ))),
    }
}

/// Copies into `part`, renames it to `file`, and answers its size.
fn copy(database: &Path, part: &Path, file: &Path) -> Result<u64, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::Failed(format!("cannot write {}: {error}", part.display()))
    };
    match fs::remove_file(part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    // Made here, so that nobody else can read it from the first byte on.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).map_err(cannot)?;
    let bar = terminal::progress("Copying");
    let copied = sqlite::backup(database, part, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    copied.map_err(|error| {
        let (from, to) = (database.display(), part.display());
        Failure::Failed(format!("cannot copy {from} to {to}: {}", in_words(&error)))
    })?;
    let size = fs::metadata(part).map_err(cannot)?.len();
    refuse_existing(file)?;
    fs::rename(part, file).map_err(cannot)?;
    sync_folder_of(file).map_err(cannot)?;
    Ok(size)
}

/// The secrets in use, as lines of an environment file.
fn pack(location: &Location, secrets: &Secrets) -> Result<String, Failure> {
    let missing = |name: &str| {
        Failure::Failed(format!(
            "there is no {name} to pack: it is neither set nor kept in {}",
            location.data_dir.display()
        ))
    };
    let key = secrets.secret_key(location)?.ok_or_else(|| missing("SECRET_KEY"))?;
    let jwt = secrets.jwt_secret(location)?.ok_or_else(|| missing("JWT_SECRET"))?;
    Ok(format!("SECRET_KEY={key}\nJWT_SECRET={jwt}\n"))
}

/// The secrets packed beside a backup: `SECRET_KEY` and `JWT_SECRET`.
pub fn unpack(text: &str) -> Option<(&str, &str)> {
    let value = |name: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
    };
    Some((value("SECRET_KEY")?, value("JWT_SECRET")?))
}

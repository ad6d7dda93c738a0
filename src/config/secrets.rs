//! The secrets: where they come from, and how they are kept.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{LoadError, Location, WrongSetting};
use crate::{
    app::{environment::Random, secret::SecretKey},
    store::Database,
};

/// Shortest `JWT_SECRET`, in characters.
const JWT_SECRET_MIN: usize = 32;

/// The secrets as they were given; what is missing is kept in the data folder.
#[derive(Clone, Args)]
pub struct Secrets {
    /// Secret for signing tokens, 32 characters or more [default: made on first start,
    /// but for PostgreSQL]
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub(super) jwt_secret: Option<String>,

    /// Root of sealing and hashing keys, 64 hexadecimal digits [default: made on first
    /// start, but for PostgreSQL]
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, value_name = "KEY")]
    pub(super) secret_key: Option<String>,
}

impl Secrets {
    /// The `JWT_SECRET` in use, given or kept in the data folder, if there is one.
    pub fn jwt_secret(&self, location: &Location) -> Result<Option<String>, LoadError> {
        let kept = match &self.jwt_secret {
            Some(given) => Some(given.clone()),
            None => kept(&location.jwt_secret_file())?,
        };
        Ok(kept.map(check_jwt_secret).transpose()?)
    }

    /// The `SECRET_KEY` in use as 64 digits, given or kept in the data folder, if there is one.
    pub fn secret_key(&self, location: &Location) -> Result<Option<String>, LoadError> {
        let kept = match &self.secret_key {
            Some(given) => Some(given.trim().to_owned()),
            None => kept(&location.secret_key_file())?,
        };
        if let Some(key) = &kept {
            check_secret_key(key)?;
        }
        Ok(kept)
    }

    /// The `SECRET_KEY` in use, given or kept in the data folder, or made there.
    pub fn make_secret_key(
        &self,
        location: &Location,
        random: &dyn Random,
    ) -> Result<SecretKey, LoadError> {
        let key = match self.secret_key(location)? {
            Some(key) => key,
            None => {
                may_be_made(location, "SECRET_KEY", "openssl rand -hex 32")?;
                secret_file(&location.secret_key_file(), 32, random)?
            }
        };
        Ok(check_secret_key(&key)?)
    }

    /// The `JWT_SECRET` in use, given or kept in the data folder, or made there.
    pub fn make_jwt_secret(
        &self,
        location: &Location,
        random: &dyn Random,
    ) -> Result<String, LoadError> {
        let secret = match self.jwt_secret(location)? {
            Some(secret) => secret,
            None => {
                may_be_made(location, "JWT_SECRET", "openssl rand -hex 48")?;
                secret_file(&location.jwt_secret_file(), 48, random)?
            }
        };
        Ok(check_jwt_secret(secret)?)
    }
}

/// A database on a server may have several programs before it, and each would make its own.
fn may_be_made(location: &Location, name: &'static str, how: &str) -> Result<(), WrongSetting> {
    match location.database()? {
        Database::Sqlite(_) => Ok(()),
        Database::Postgres(_) => {
            let expected = format!(
                "set where DATABASE_URL names a PostgreSQL server, the same for every freelanceos \
                 that uses it (try: {how})"
            );
            Err(WrongSetting::unsaid(name, expected))
        }
    }
}

fn kept(file: &Path) -> Result<Option<String>, LoadError> {
    match fs::read_to_string(file) {
        Ok(secret) => Ok(Some(secret.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LoadError::Secret { file: file.display().to_string(), source }),
    }
}

pub(super) fn check_jwt_secret(secret: String) -> Result<String, WrongSetting> {
    if secret.chars().count() >= JWT_SECRET_MIN {
        return Ok(secret);
    }
    let expected = format!("{JWT_SECRET_MIN} characters or longer (try: openssl rand -hex 48)");
    Err(WrongSetting::unsaid("JWT_SECRET", expected))
}

pub(super) fn check_secret_key(key: &str) -> Result<SecretKey, WrongSetting> {
    let expected = "64 hexadecimal digits (try: openssl rand -hex 32)";
    SecretKey::from_hex(key).ok_or_else(|| WrongSetting::unsaid("SECRET_KEY", expected))
}

/// The secret kept in a file; made of `bytes` random bytes where there is no such file.
pub(super) fn secret_file(
    file: &Path,
    bytes: usize,
    random: &dyn Random,
) -> Result<String, LoadError> {
    let failed = |source| LoadError::Secret { file: file.display().to_string(), source };
    if let Some(secret) = kept(file)? {
        return Ok(secret);
    }
    let mut secret = vec![0; bytes];
    random.fill(&mut secret);
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    // Of two programs that make one at once, the second must take the first's: what the first
    // seals meanwhile could be opened by nobody else.
    let draft = draft_of(file, &format!(".{}.new", std::process::id()));
    let linked = write_draft(&draft, &secret).and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // Not every file system has second names.
        Err(_) if !file.exists() => fs::rename(&draft, file),
        linked => linked,
    });
    let _ = fs::remove_file(&draft);
    linked.and_then(|()| sync_folder_of(file)).map_err(failed)?;
    Ok(kept(file)?.unwrap_or(secret))
}

/// Writes a secret that only its owner may read. It is written beside and renamed, so that a
/// power cut leaves no half of it.
pub fn write_secret(file: &Path, text: &str) -> std::io::Result<()> {
    let draft = draft_of(file, ".new");
    write_draft(&draft, text)?;
    fs::rename(&draft, file)?;
    sync_folder_of(file)
}

fn draft_of(file: &Path, ending: &str) -> PathBuf {
    let mut draft = file.as_os_str().to_owned();
    draft.push(ending);
    draft.into()
}

fn write_draft(draft: &Path, text: &str) -> std::io::Result<()> {
    if let Err(error) = fs::remove_file(draft)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut handle = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    handle.write_all(text.as_bytes())?;
    handle.sync_all()
}

/// Makes sure that a file that was just made, renamed or removed stays so after a power cut.
pub fn sync_folder_of(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

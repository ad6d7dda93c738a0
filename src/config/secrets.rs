//! The secrets: their sources and their storage.

use std::{fs, io::ErrorKind, path::Path};

use clap::Args;

use super::{LoadError, Location, WrongSetting, file};
use crate::app::{environment::Random, secret::SecretKey};

/// Minimum length of `JWT_SECRET`, in characters.
const JWT_SECRET_MIN: usize = 32;

/// The raw secrets. Missing ones are stored in the data folder.
#[derive(Clone, Args)]
pub struct Secrets {
    /// Secret that signs tokens, at least 32 characters [default: generated at first start,
    /// except with PostgreSQL]
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub(super) jwt_secret: Option<String>,

    /// Root of the encryption and hashing keys, 64 hexadecimal digits [default: generated at
    /// first start, except with PostgreSQL]
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, value_name = "KEY")]
    pub(super) secret_key: Option<String>,
}

impl Secrets {
    /// Returns the `JWT_SECRET` that is set or stored in the data folder, if any.
    pub fn jwt_secret(&self, location: &Location) -> Result<Option<String>, LoadError> {
        let kept = match &self.jwt_secret {
            Some(given) => Some(given.clone()),
            None => read(&location.jwt_secret_file())?,
        };
        Ok(kept.map(check_jwt_secret).transpose()?)
    }

    /// Returns the `SECRET_KEY` that is set or stored in the data folder, as 64 digits, if any.
    pub fn secret_key(&self, location: &Location) -> Result<Option<String>, LoadError> {
        let kept = match &self.secret_key {
            Some(given) => Some(given.trim().to_owned()),
            None => read(&location.secret_key_file())?,
        };
        if let Some(key) = &kept {
            check_secret_key(key)?;
        }
        Ok(kept)
    }

    /// Returns the `SECRET_KEY` that is set or stored in the data folder, or generates one there.
    pub fn make_secret_key(
        &self,
        location: &Location,
        random: &dyn Random,
    ) -> Result<SecretKey, LoadError> {
        let key = match self.secret_key(location)? {
            Some(key) => key,
            None => make(location, "SECRET_KEY", &location.secret_key_file(), 32, random)?,
        };
        Ok(check_secret_key(&key)?)
    }

    /// Returns the `JWT_SECRET` that is set or stored in the data folder, or generates one there.
    pub fn make_jwt_secret(
        &self,
        location: &Location,
        random: &dyn Random,
    ) -> Result<String, LoadError> {
        let secret = match self.jwt_secret(location)? {
            Some(secret) => secret,
            None => make(location, "JWT_SECRET", &location.jwt_secret_file(), 48, random)?,
        };
        Ok(check_jwt_secret(secret)?)
    }
}

fn read(file: &Path) -> Result<Option<String>, LoadError> {
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
    let expected = format!("at least {JWT_SECRET_MIN} characters long (try: openssl rand -hex 48)");
    Err(WrongSetting::unsaid("JWT_SECRET", expected))
}

pub(super) fn check_secret_key(key: &str) -> Result<SecretKey, WrongSetting> {
    let expected = "64 hexadecimal digits (try: openssl rand -hex 32)";
    SecretKey::from_hex(key).ok_or_else(|| WrongSetting::unsaid("SECRET_KEY", expected))
}

/// Generates a secret of `bytes` random bytes and writes it to a file.
fn make(
    location: &Location,
    name: &'static str,
    path: &Path,
    bytes: usize,
    random: &dyn Random,
) -> Result<String, LoadError> {
    // Several programs may share a database server, and each would generate its own secret.
    if location.database()?.server().is_some() {
        let expected = format!(
            "set if DATABASE_URL names a PostgreSQL server, to the same value for every \
             freelanceos that uses it (try: openssl rand -hex {bytes})"
        );
        return Err(WrongSetting::unsaid(name, expected).into());
    }
    let mut secret = vec![0; bytes];
    random.fill(&mut secret);
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    // If two programs generate a secret at once, the second must use the first's. Otherwise it
    // could not open what the first has sealed.
    let draft = file::beside(path, &format!(".{}.new", std::process::id()));
    let linked =
        file::write_draft(&draft, &secret).and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Not every file system supports hard links.
            Err(_) if !path.exists() => fs::rename(&draft, path),
            linked => linked,
        });
    let _ = fs::remove_file(&draft);
    linked
        .and_then(|()| file::sync_folder_of(path))
        .map_err(|source| LoadError::Secret { file: path.display().to_string(), source })?;
    Ok(read(path)?.unwrap_or(secret))
}

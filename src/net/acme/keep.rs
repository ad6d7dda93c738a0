//! The files of each certificate authority, each in its own folder under `DATA_DIR/acme`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::config::file;

pub(super) const ACCOUNT: &str = "account.json";
pub(super) const CERTIFICATE: &str = "certificate.pem";
pub(super) const FAILURE: &str = "failure.txt";

/// The folder of one authority.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// In the data folder; `directory` is the URL that identifies the authority.
    pub fn of(data_dir: &Path, directory: &str) -> Self {
        let name = directory.split_once("://").map_or(directory, |(_, rest)| rest);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        // A name of only dots would point elsewhere.
        Self(data_dir.join("acme").join(format!("at-{}", name.trim_end_matches('_'))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The key and certificate.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        fs::read(self.0.join(CERTIFICATE)).ok()
    }

    /// Why the last renewal failed.
    pub fn failure(&self) -> Option<String> {
        Some(self.read(FAILURE)?.trim().to_owned())
    }

    pub(super) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<()> {
        file::make_folder(&self.0)?;
        file::write_secret(&self.0.join(name), text)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        file::remove(&self.0.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_has_its_own_folder() {
        let name = |directory| Folder::of(Path::new("data"), directory).0;
        assert_eq!(
            name("https://acme-v02.api.letsencrypt.org/directory"),
            Path::new("data/acme/at-acme-v02.api.letsencrypt.org_directory")
        );
        assert_eq!(name("https://[::1]:9/.."), Path::new("data/acme/at-___1__9_.."));
    }
}

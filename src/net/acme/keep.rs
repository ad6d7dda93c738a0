//! What is kept of an authority: `DATA_DIR/acme` and in it a folder for each, readable by their
//! owner alone.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::config::secrets::write_secret;

/// The folder of one authority.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// In the data folder; `directory` is the URL that an authority is known by.
    pub fn of(data_dir: &Path, directory: &str) -> Self {
        let name = directory.split_once("://").map_or(directory, |(_, rest)| rest);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        // A name of dots alone would lead elsewhere.
        Self(data_dir.join("acme").join(format!("at-{}", name.trim_end_matches('_'))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Key and certificate.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        fs::read(self.0.join("certificate.pem")).ok()
    }

    /// Why there is no new certificate.
    pub fn failure(&self) -> Option<String> {
        let text = fs::read_to_string(self.0.join("failure.txt")).ok()?;
        Some(text.trim().to_owned())
    }

    pub(super) fn account(&self) -> Option<String> {
        fs::read_to_string(self.0.join("account.json")).ok()
    }

    pub(super) fn keep_account(&self, json: &str) -> io::Result<()> {
        self.keep("account.json", json)
    }

    pub(super) fn keep_certificate(&self, pem: &str) -> io::Result<()> {
        self.keep("certificate.pem", pem)
    }

    pub(super) fn keep_failure(&self, why: &str) -> io::Result<()> {
        self.keep("failure.txt", why)
    }

    pub(super) fn forget_failure(&self) -> io::Result<()> {
        self.forget("failure.txt")
    }

    pub(super) fn forget_account(&self) -> io::Result<()> {
        self.forget("account.json")
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn keep(&self, name: &str, text: &str) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        write_secret(&self.0.join(name), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_has_a_folder_of_its_own() {
        let name = |directory| Folder::of(Path::new("data"), directory).0;
        assert_eq!(
            name("https://acme-v02.api.letsencrypt.org/directory"),
            Path::new("data/acme/at-acme-v02.api.letsencrypt.org_directory")
        );
        assert_eq!(name("https://[::1]:9/.."), Path::new("data/acme/at-___1__9_.."));
    }
}

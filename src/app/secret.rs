//! The root secret, from which every sealing and hashing key is derived.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::domain::error::{Error, Result};

/// 32 bytes that must be kept with the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// What the database remembers of the key, so that a wrong one is noticed.
    pub fn fingerprint(&self) -> Result<String> {
        let mut bytes = [0; 16];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(b"freelanceos key fingerprint", &mut bytes)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

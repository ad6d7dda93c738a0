//! The root secret, and the sealing and hashing keys derived from it.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        redacted,
    },
    store,
};

/// 32 bytes that must be backed up with the database.
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

    /// Returns what the database stores of the key, to detect a wrong one.
    pub fn fingerprint(&self) -> Result<String> {
        let bytes: [u8; 16] = self.derive("freelanceos key fingerprint")?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the keys derived from it.
    pub fn keys(&self) -> Result<Keys> {
        let hashing: [u8; 32] = self.derive("freelanceos hashing key")?;
        Ok(Keys {
            sealing: self.derive("freelanceos sealing key")?,
            hashing: Hmac::new_from_slice(&hashing).map_err(Error::internal)?,
        })
    }

    fn derive<const N: usize>(&self, purpose: &str) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), &mut bytes)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(bytes)
    }
}

/// A nonce: random bytes that are never reused.
pub type Nonce = [u8; NONCE];

const NONCE: usize = 24;

/// Seals secrets that must be readable again, and hashes those that must only be recognised.
#[derive(Clone)]
pub struct Keys {
    sealing: [u8; 32],
    hashing: Hmac<Sha256>,
}

impl Keys {
    /// Seals a secret. `context` says what it is and whose; it can only be opened with the same
    /// context.
    pub fn seal(&self, context: &str, nonce: Nonce, secret: &[u8]) -> Result<Vec<u8>> {
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens a sealed secret.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::internal("a sealed secret does not open: is SECRET_KEY another?");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(failed)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| failed())
    }

    /// Returns a keyed hash of `parts`, each delimited. `context` says what is hashed.
    pub fn hash(&self, context: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.over(context, parts).finalize().into_bytes().into()
    }

    /// Returns whether `hash` is the hash of these parts, in constant time.
    pub fn matches(&self, context: &str, parts: &[&[u8]], hash: &[u8]) -> bool {
        self.over(context, parts).verify_slice(hash).is_ok()
    }

    fn over(&self, context: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.hashing.clone();
        for part in [context.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.sealing.into())
    }
}

redacted!(Keys);

/// The key that stores a keyed hash of the servers' `JWT_SECRET`.
const JWT_SECRET: &str = "jwt_secret_hash";

/// The key that stores the fingerprint of the secret key.
pub const FINGERPRINT: &str = "secret_key_fingerprint";

impl App {
    /// Stores the fingerprint of the secret key, or refuses a different one.
    pub async fn check_fingerprint(&self, fingerprint: String) -> Result<()> {
        self.store
            .write(move |tx| match store::program_state::find(tx, FINGERPRINT)? {
                None => store::program_state::set(tx, FINGERPRINT, &fingerprint),
                Some(known) if known == fingerprint => Ok(()),
                Some(_) => Err(Error::conflict("error-secret-key-differs")),
            })
            .await
    }

    /// Records which `JWT_SECRET` is in use. It must match that of other running servers: otherwise
    /// a token would be valid on some of them only.
    pub async fn check_jwt_secret(&self, secret: &str, is_beside_others: bool) -> Result<()> {
        let hash = self.keys()?.hash(JWT_SECRET, &[secret.as_bytes()]);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.store
            .write(move |tx| {
                let known = store::program_state::find(tx, JWT_SECRET)?;
                if is_beside_others && known.is_some_and(|known| known != hash) {
                    return Err(Error::conflict("error-jwt-secret-differs"));
                }
                store::program_state::set(tx, JWT_SECRET, &hash)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        SecretKey::new([byte; 32]).keys().unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_only_with_the_same_key_and_context() {
        let sealed = keys(1).seal("seed of one", [7; 24], b"secret").unwrap();
        assert_eq!(keys(1).open("seed of one", &sealed).unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert!(keys(1).open("seed of another", &sealed).is_err());
        assert!(keys(2).open("seed of one", &sealed).is_err());
        assert!(keys(1).open("seed of one", &sealed[..20]).is_err());
        let mut changed = sealed;
        changed[30] ^= 1;
        assert!(keys(1).open("seed of one", &changed).is_err());
    }

    #[test]
    fn a_hash_depends_on_its_parts_and_its_context() {
        let hash = |context, parts: &[&[u8]]| keys(1).hash(context, parts);
        assert_eq!(hash("otp", &[b"a", b"b"]), hash("otp", &[b"a", b"b"]));
        assert_ne!(hash("otp", &[b"ab"]), hash("otp", &[b"a", b"b"]));
        assert_ne!(hash("otp", &[b"a"]), hash("link", &[b"a"]));
        assert_ne!(hash("otp", &[b"a"]), keys(2).hash("otp", &[b"a"]));
        assert!(keys(1).matches("otp", &[b"a"], &hash("otp", &[b"a"])));
        assert!(!keys(1).matches("otp", &[b"b"], &hash("otp", &[b"a"])));
    }
}

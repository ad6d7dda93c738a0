//! An authenticator and the browser in front of it. Tests can make it misbehave.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::{SecureRandom, SystemRandom},
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::PUBLIC_URL;

/// User presence.
pub const PRESENT: u8 = 0x01;
/// User verification: by fingerprint, face or PIN.
pub const VERIFIED: u8 = 0x04;
const KEY_INCLUDED: u8 = 0x40;

/// An authenticator with one key.
pub struct Authenticator {
    pub credential_id: Vec<u8>,
    key: Key,
    /// The counter of its next response. A correct one counts up.
    pub counter: u32,
    pub flags: u8,
    /// The origin of the requesting page.
    pub origin: String,
    /// Whether that page is in a frame of another origin.
    pub is_embedded: bool,
    /// The relying party it responds to, if not the requesting one.
    pub rp_id: Option<String>,
    pub user_handle: Option<String>,
}

enum Key {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Authenticator {
    /// With a key of the usual type, ES256.
    pub fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &SystemRandom::new());
        Self::with(Key::P256(key.unwrap()))
    }

    /// With an ES384 key, which is not supported.
    pub fn es384() -> Self {
        let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &SystemRandom::new());
        Self::with(Key::P384(key.unwrap()))
    }

    /// With an RS256 key, as from a Windows computer.
    pub fn rsa() -> Self {
        let key = RsaKeyPair::from_pkcs8(include_bytes!("webauthn-rsa.pk8"));
        Self::with(Key::Rsa(key.unwrap()))
    }

    fn with(key: Key) -> Self {
        let mut credential_id = vec![0; 32];
        SystemRandom::new().fill(&mut credential_id).unwrap();
        Self {
            credential_id,
            key,
            counter: 1,
            flags: PRESENT | VERIFIED,
            origin: PUBLIC_URL.to_owned(),
            is_embedded: false,
            rp_id: None,
            user_handle: None,
        }
    }

    /// `navigator.credentials.create()`, then `toJSON()`.
    pub fn create(&self, options: &Value) -> Value {
        let rp_id = options["rp"]["id"].as_str().unwrap();
        let mut data = self.authenticator_data(rp_id, KEY_INCLUDED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.public_key());
        let object = [
            &[0xa3][..],
            &cbor_text("fmt"),
            &cbor_text("none"),
            &cbor_text("attStmt"),
            &[0xa0],
            &cbor_text("authData"),
            &cbor_bytes(&data),
        ]
        .concat();
        let mut answer = self.answer("webauthn.create", options);
        answer["response"]["attestationObject"] = encode(&object).into();
        answer["response"]["authenticatorData"] = encode(&data).into();
        answer["response"]["transports"] = json!(["internal", "hybrid", "not-yet-invented"]);
        answer
    }

    /// `navigator.credentials.get()`, then `toJSON()`.
    pub fn get(&self, options: &Value) -> Value {
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0);
        let mut answer = self.answer("webauthn.get", options);
        let client_data = decode(answer["response"]["clientDataJSON"].as_str().unwrap());
        let signed = [&data[..], &Sha256::digest(client_data)].concat();
        answer["response"]["authenticatorData"] = encode(&data).into();
        answer["response"]["signature"] = encode(&self.sign(&signed)).into();
        if let Some(handle) = &self.user_handle {
            answer["response"]["userHandle"] = handle.as_str().into();
        }
        answer
    }

    fn answer(&self, kind: &str, options: &Value) -> Value {
        let client_data = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.is_embedded,
        });
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": { "clientDataJSON": encode(client_data.to_string().as_bytes()) },
        })
    }

    fn authenticator_data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(self.flags | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// In COSE format.
    fn public_key(&self) -> Vec<u8> {
        let curve = |key: &EcdsaKeyPair, algorithm: &[u8], curve: u8| {
            let point = key.public_key().as_ref();
            let (x, y) = point[1..].split_at(point.len() / 2);
            let start = [&[0xa5, 0x01, 0x02, 0x03][..], algorithm, &[0x20, curve, 0x21]].concat();
            [start, cbor_bytes(x), vec![0x22], cbor_bytes(y)].concat()
        };
        match &self.key {
            Key::P256(key) => curve(key, &[0x26], 1),
            Key::P384(key) => curve(key, &[0x38, 0x22], 2),
            Key::Rsa(key) => {
                let PublicKeyComponents { n, e } =
                    PublicKeyComponents::<Vec<u8>>::from(key.public());
                let start = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
                [start, cbor_bytes(&n), vec![0x21], cbor_bytes(&e)].concat()
            }
        }
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::P256(key) | Key::P384(key) => key.sign(&random, data).unwrap().as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, data, &mut signature).unwrap();
                signature
            }
        }
    }
}

fn cbor_text(text: &str) -> Vec<u8> {
    assert!(text.len() < 24);
    [&[0x60 | text.len() as u8], text.as_bytes()].concat()
}

fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    [&[0x59][..], &u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

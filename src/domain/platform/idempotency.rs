//! Requests that may be sent twice but count once.

use std::{fmt, ops::RangeInclusive};

/// The allowed length of a key in bytes.
const LENGTH: RangeInclusive<usize> = 1..=255;

/// Identifies one request of an account: its key, its route and its body.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// 1 to 255 visible ASCII characters, chosen by the caller.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// SHA-256 of the raw body.
    pub body_hash: [u8; 32],
}

impl RequestKey {
    /// Whether a key is valid.
    pub fn is_valid(key: &[u8]) -> bool {
        LENGTH.contains(&key.len()) && key.iter().all(u8::is_ascii_graphic)
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestKey").field("route", &self.route).finish_non_exhaustive()
    }
}

/// The outcome of a use case that counts once.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was done now.
    Done(T),
    /// It was done before; this is the answer from then.
    Replayed(Vec<u8>),
}

/// A request that counts once, and how its answer is encoded.
#[derive(Debug)]
pub struct Once<T> {
    pub key: Option<RequestKey>,
    pub render: fn(&T) -> Vec<u8>,
}

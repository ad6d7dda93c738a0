//! Several servers on one PostgreSQL database, and what happens to them when it fails.

mod cluster;
mod codes;
mod cut;
#[path = "../../it/support/eml.rs"]
#[allow(dead_code, reason = "others read more of a mail")]
mod eml;
mod encryption;
mod mail;
mod numbers;
mod outage;
mod proxy;
mod servers;
mod sessions;
mod start;
mod still;
#[path = "../../it/support/webauthn.rs"]
#[allow(dead_code, reason = "others need more kinds of keys, and lies")]
mod webauthn;

/// The public URL of the servers.
const PUBLIC_URL: &str = "http://localhost:5000";

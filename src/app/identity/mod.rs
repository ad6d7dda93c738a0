//! Identity: accounts, sessions, passwords, passkeys, two-factor sign-in, codes.

pub mod account;
pub mod admin;
pub mod code;
pub mod held;
pub mod known_browser;
pub mod passkey;
pub mod password;
pub mod proof;
pub mod registration;
pub mod relying_party;
pub mod removal;
pub(super) mod secret_try;
pub mod session;
pub mod token;
pub mod two_factor;
pub(super) mod verification;

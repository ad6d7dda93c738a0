//! Identity: accounts, sessions, passwords, passkeys, two-factor sign-in, codes.

pub mod account_data;
pub mod code;
pub mod passkey;
pub mod registration;
pub mod security;
pub mod session;
pub mod two_factor;
pub mod verify_email;

//! Identity: accounts, sessions, passwords, passkeys, two-factor sign-in, codes.

pub mod account;
pub mod code;
pub mod passkey;
pub mod session;
pub mod two_factor;

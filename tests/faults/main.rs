//! Nothing is ever lost: what machines do to a program, done to the real one.
//!
//! Needs no more than `cargo test --test faults`. What cannot be done on a machine (mounting a
//! small disk without the right to) is left out and says so.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod backup;
mod damage;
mod full_disk;
mod kill;
mod ledger;
mod litestream;

mod program;
mod read_only;
mod slow_mail;
mod small_disk;
mod stop;
mod two_servers;
mod upgrade;

//! Nothing is ever lost: what machines do to a program, done to the real one.
//!
//! Needs no more than `cargo test --test faults`. What cannot be done on a machine (mounting a
//! small disk without the right to) is left out and says so. With `TEST_DATABASE_URL`, what is
//! no matter of a file is done to a database of that server, and to PostgreSQL servers made for
//! the purpose.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod backup;
mod burst;
mod caller;
mod damage;
#[path = "../database.rs"]
#[allow(dead_code, reason = "other tests begin with tables")]
mod database;
mod full_disk;
mod kill;
mod ledger;
mod litestream;
mod postgres;
mod program;
mod read_only;
mod rows;
mod slow_mail;
mod small_disk;
mod stop;
mod two_servers;
mod upgrade;

//! Fault tests: the real program loses no data, whatever the machine does.
//!
//! `cargo test --test faults` needs nothing else. Tests that the machine does not allow (such as
//! mounting a small disk) are skipped with a message. With `TEST_DATABASE_URL`, tests that do not
//! depend on a file use a database of that server, and PostgreSQL servers started for the purpose.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod backup;
mod burst;
mod caller;
mod credit;
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

//! Tests with programs that cargo does not install. `tests/run` installs them and turns on the
//! feature; `cargo test` alone skips these tests.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod acme;
mod acme_look;
mod acme_server;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../it/support/authenticator.rs"]
mod authenticator;
mod browser;
mod crowd;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../database.rs"]
mod database;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../it/support/eml.rs"]
mod eml;
mod generated_client;
mod invoice_editor;
mod page;
mod passkey;
mod pdf;
mod person;
mod program;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../it/support/provider.rs"]
mod provider;
mod question;
mod smtp;
mod story;
mod style;
mod whole_way;

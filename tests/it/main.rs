//! Tests through the program's own interfaces.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod app;
mod cli;
#[path = "../database.rs"]
mod database;
mod freelancehub;
mod freelancehub_auth;
mod freelanceos;
mod mail;
mod middleware;
mod net;
mod pdf;
mod store;
mod support;
mod web;

//! FreelanceOS: the back office of a freelancer in one executable.
//!
//! Modules import only earlier ones in this order: `metrics`, `locale`, `domain`, `outbound`,
//! `store`, `mail`, `pdf` and `provider`, `app`, `http`, `api` and `web`, `config`, `net`, `server`, `cli`.

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
pub mod locale;
pub mod mail;
pub mod metrics;
pub mod net;
pub mod outbound;
pub mod pdf;
pub mod provider;
pub mod server;
pub mod store;
pub mod web;

pub use locale::{html, t};

//! The FreelanceOS API.

mod account;

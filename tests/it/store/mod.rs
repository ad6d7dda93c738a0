//! The database: what it promises to those above it.

mod durability;
mod query_plan;
pub mod rollup;
mod writer;

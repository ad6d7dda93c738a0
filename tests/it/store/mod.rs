//! The database: what it promises to those above it.

mod durability;
mod freelancer_query_plan;
mod migrate;
mod query_plan;
pub mod rollup;
mod writer;

//! The database: what it promises to those above it.

mod durability;
mod freelancer_query_plan;
mod migrate;
mod query_plan;
mod recorder;
pub mod rollup;
mod writer;

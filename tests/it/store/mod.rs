//! The database: its guarantees for the layers above.

mod freelancer_query_plan;
mod migrate;
mod page_query_plan;
mod postgres;
mod postgres_connection;
mod postgres_migrate;
pub mod postgres_plan;
mod query_plan;
pub mod recorder;
pub mod rollup;
mod turns;
mod writer;

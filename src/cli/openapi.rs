//! `freelanceos openapi`.

use clap::{Args, ValueEnum};

use super::{Outcome, terminal::print};
use crate::{
    api::{api_v1, v1},
    http::openapi::Document,
};

/// The URL of a server with default settings. The document a server itself serves has its
/// `PUBLIC_URL`.
const HOST: &str = "http://localhost:5000";

#[derive(Args)]
pub struct Arguments {
    /// API to print
    #[arg(value_enum, default_value = "freelanceos")]
    api: Api,
}

#[derive(Clone, Copy, ValueEnum)]
enum Api {
    /// FreelanceOS and FreelanceHub Auth, under /api/v1
    Freelanceos,
    /// FreelanceHub, under /v1
    Freelancehub,
}

pub fn run(arguments: Arguments) -> Outcome {
    let document = match arguments.api {
        Api::Freelanceos => Document::new::<api_v1::Routes>(&api_v1::ABOUT, HOST),
        Api::Freelancehub => Document::new::<v1::Routes>(&v1::ABOUT, HOST),
    };
    print(&format!("{}\n", document.json))
}

//! `freelanceos openapi`.

use clap::{Args, ValueEnum};

use super::{Outcome, terminal::print};
use crate::api::freelanceos::openapi::Document;

#[derive(Args)]
pub struct Arguments {
    /// Which API
    #[arg(value_enum, default_value = "freelanceos")]
    api: Api,
}

#[derive(Clone, Copy, ValueEnum)]
enum Api {
    Freelanceos,
}

pub fn run(arguments: Arguments) -> Outcome {
    let document = match arguments.api {
        Api::Freelanceos => Document::new(),
    };
    print(&format!("{}\n", document.json))
}

//! Parses the command line, runs one command, and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    freelanceos::cli::main()
}

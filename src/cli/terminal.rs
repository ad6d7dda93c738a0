//! Terminal output and prompts.

use std::{
    fmt::Write as _,
    io::{self, BufRead, ErrorKind, IsTerminal, Write},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::{Failure, Outcome};
use crate::domain::{
    account::Password, input::Scalar, password::is_common, rule::Rule, text::NewPassword,
};

/// Writes to standard output. A closed pipe, as with `head`, is not an error.
pub fn print(text: &str) -> Outcome {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints indented JSON.
pub fn print_json(value: &Value) -> Outcome {
    print(&format!("{value:#}\n"))
}

/// Prints columns with headings.
pub fn print_table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Outcome {
    let mut widths = headings.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in [headings.map(str::to_owned)].iter().chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    print(&text)
}

/// A progress bar on standard error; hidden if that is not a terminal.
pub fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} %") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

/// Asks a yes-no question; the default is no.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    eprint!("{question} [y/N] ");
    let answer = read_line()?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Reads a new password: twice on a terminal, else one line of standard input.
pub fn new_password() -> Result<Password, Failure> {
    let missing = || "no password given: pass it as one line on standard input".to_owned();
    Ok(optional_password("Password: ")?.ok_or_else(missing)?)
}

/// Like [`new_password`], but it may be empty.
pub fn optional_password(prompt: &str) -> Result<Option<Password>, Failure> {
    let typed = if is_interactive() {
        let typed = rpassword::prompt_password(prompt)?;
        if !typed.is_empty() && rpassword::prompt_password("Repeat the password: ")? != typed {
            return Err(Failure::Failed("the passwords do not match".to_owned()));
        }
        typed
    } else {
        read_line()?
    };
    if typed.is_empty() {
        return Ok(None);
    }
    match NewPassword::parse(&Value::String(typed)) {
        Ok(password) if is_common(password.as_typed()) => {
            Err(Failure::Failed(format!("the password {}", Rule::PasswordCommon)))
        }
        Ok(password) => Ok(Some(password)),
        Err(rule) => Err(Failure::Failed(format!("the password {rule}"))),
    }
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A human-readable size: `1.4 MiB`.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

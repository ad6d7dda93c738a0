//! Reads settings: an empty value counts as not set, and `NAME_FILE` names a file with the value.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::{Arg, Command};

use super::Failure;

/// Makes a command read its settings from flags, the environment and files, in this order.
pub fn with_settings(mut command: Command) -> Result<Command, Failure> {
    let settings: Vec<_> = command.get_arguments().filter_map(setting).collect();
    for (id, name) in settings {
        let is_empty = std::env::var_os(&name).is_some_and(|value| value.is_empty());
        let from_file = from_file(&name)?;
        command = command.mut_arg(id, |argument| {
            let argument = if is_empty { without_environment(argument, &name) } else { argument };
            let Some(value) = from_file else { return argument };
            // --help shows no secrets, not even those read from a file.
            let is_secret = argument.is_hide_env_values_set();
            argument.default_value(value).hide_default_value(is_secret).required(false)
        });
    }
    let subcommands: Vec<Command> = command.get_subcommands().cloned().collect();
    for subcommand in subcommands {
        let name = subcommand.get_name().to_owned();
        let subcommand = with_settings(subcommand)?;
        command = command.mut_subcommand(name, |_| subcommand);
    }
    Ok(command)
}

/// Returns the id and the environment variable of an argument that is a setting.
fn setting(argument: &Arg) -> Option<(clap::Id, String)> {
    Some((argument.get_id().clone(), argument.get_env()?.to_str()?.to_owned()))
}

/// Reads the file that `NAME_FILE` names; `None` if the variable or the file is empty.
fn from_file(name: &str) -> Result<Option<String>, Failure> {
    let name = format!("{name}_FILE");
    let Some(file) = std::env::var_os(&name).filter(|file| !file.is_empty()) else {
        return Ok(None);
    };
    let value = std::fs::read_to_string(&file).map_err(|error| {
        let file = Path::new(&file).display();
        Failure::Usage(format!("{name} is {file}, which cannot be read: {error}"))
    })?;
    let value = value.trim_end_matches(['\r', '\n']);
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Stops clap from reading the setting's variable; --help still names it.
fn without_environment(argument: Arg, name: &str) -> Arg {
    let help = argument.get_help().cloned().unwrap_or_default();
    let equals = if argument.is_hide_env_values_set() { "" } else { "=" };
    argument.env(None::<&'static str>).help(format!("{help} [env: {name}{equals}]"))
}

/// Drops flags of settings with an empty value.
pub fn without_empty(command: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let mut flags = Vec::new();
    add_flags(command, &mut flags);
    let is_setting = |argument: &OsStr| flags.iter().any(|flag| flag.as_str() == argument);
    let is_empty_setting = |argument: &OsStr| {
        let flag = argument.to_str().and_then(|argument| argument.strip_suffix('='));
        flag.is_some_and(|flag| is_setting(OsStr::new(flag)))
    };
    let mut kept = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        // No flags follow.
        if argument == "--" {
            kept.push(argument);
            break;
        }
        if is_empty_setting(&argument) {
            continue;
        }
        if is_setting(&argument) && rest.next_if(|value| value.is_empty()).is_some() {
            continue;
        }
        kept.push(argument);
    }
    kept.extend(rest);
    kept
}

fn add_flags(command: &Command, flags: &mut Vec<String>) {
    let settings = command.get_arguments().filter(|argument| setting(argument).is_some());
    flags.extend(settings.filter_map(Arg::get_long).map(|long| format!("--{long}")));
    command.get_subcommands().for_each(|subcommand| add_flags(subcommand, flags));
}

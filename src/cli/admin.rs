//! `freelanceos admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Failure, Outcome, export, mail, migrate, terminal, with_app};
use crate::{
    app::{App, admin::User, proof::AddressProof},
    config::{Location, secrets::Secrets},
    domain::{
        date::JsonTime,
        error::{Error, Kind},
        input::Scalar,
        registration::Registration,
        text::{self, PersonName},
    },
};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    location: Location,

    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create an account, and the database if it is missing; asks for the password, or reads it
    /// from standard input
    CreateUser {
        email: String,
        /// [default: taken from the email address]
        #[arg(long)]
        first_name: Option<String>,
        /// [default: taken from the email address]
        #[arg(long)]
        last_name: Option<String>,
        #[command(flatten)]
        secrets: Secrets,
    },
    /// List the accounts, oldest first
    ListUsers {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a new password and end all sessions
    SetPassword { email: String },
    /// Disable an account and end its sessions
    Disable { email: String },
    /// Enable an account again
    Enable { email: String },
    /// Mark an email address as verified. A pending account becomes active; an account in use loses
    /// its sessions, passkeys, two-factor sign-in and password
    VerifyEmail { email: String },
    /// Make an account the owner, who can open or close registration
    MakeOwner { email: String },
    /// Turn off two-factor sign-in for someone who lost their app and backup codes
    #[command(name = "reset-2fa")]
    ResetTwoFactor { email: String },
    /// End all sessions of an account
    RevokeSessions { email: String },
    /// Print all data of an account as JSON, without secrets
    Export {
        email: String,
        /// Write CSV files to this folder instead
        #[arg(long, value_name = "FOLDER")]
        csv: Option<PathBuf>,
    },
    /// List emails that are waiting or have failed
    ListMail {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Include emails delivered in the last 30 days
        #[arg(long)]
        all: bool,
    },
    /// Retry waiting emails now
    RetryMail {
        /// Id of the email, as shown by list-mail
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Retry all waiting emails
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

pub fn run(arguments: Arguments) -> Outcome {
    let location = &arguments.location;
    match arguments.action {
        Action::CreateUser { email, first_name, last_name, secrets } => {
            create(location, &secrets, email, first_name, last_name)
        }
        Action::ListUsers { json } => list(location, json),
        Action::SetPassword { email } => {
            with_app(location, async |app| {
                // Do not ask for a password if there is no account.
                app.account_by_email(email.clone()).await.map_err(|error| named(&email, error))?;
                let password = terminal::new_password()?;
                app.set_password(email.clone(), password).await.map_err(|e| named(&email, e))
            })?;
            terminal::print("the password was set, and all sessions were ended\n")
        }
        Action::Disable { email } => {
            of_account(location, &email, async |app, email| app.set_disabled(email, true).await)?;
            terminal::print(&format!("{email} was disabled, and its sessions were ended\n"))
        }
        Action::Enable { email } => {
            of_account(location, &email, async |app, email| app.set_disabled(email, false).await)?;
            terminal::print(&format!("{email} can sign in again\n"))
        }
        Action::VerifyEmail { email } => {
            let verify = async |app: &App, email| app.mark_email_verified(email).await;
            let (account, proof) = of_account(location, &email, verify)?;
            let state = account.state().as_str();
            terminal::print(&format!("{email} is verified, and the account is {state}\n"))?;
            match proof {
                AddressProof::Kept => Ok(()),
                AddressProof::TakenOver => terminal::print(
                    "it was in use before: its sessions were ended, its passkeys and two-factor \
                     sign-in were removed, and its password no longer works; set a new one with \
                     `freelanceos admin set-password` or reset it on the sign-in page\n",
                ),
            }
        }
        Action::MakeOwner { email } => {
            of_account(location, &email, async |app, email| app.make_owner(email).await)?;
            terminal::print(&format!("{email} now owns this server\n"))
        }
        Action::ResetTwoFactor { email } => {
            of_account(location, &email, async |app, email| app.reset_two_factor(email).await)?;
            terminal::print(&format!(
                "two-factor sign-in is off for {email}; its key and backup codes are deleted\n"
            ))
        }
        Action::RevokeSessions { email } => {
            let end = async |app: &App, email| app.revoke_sessions(email).await;
            let ended = of_account(location, &email, end)?;
            terminal::print(&format!("sessions ended: {ended}\n"))
        }
        Action::Export { email, csv: Some(folder) } => export::tables(location, &email, &folder),
        Action::Export { email, csv: None } => export::document(location, &email),
        Action::ListMail { json, all } => mail::list(location, json, all),
        Action::RetryMail { id, .. } => mail::retry(location, id),
    }
}

/// Runs `work` on the account with this email.
pub fn of_account<T>(
    location: &Location,
    email: &str,
    work: impl AsyncFnOnce(&App, String) -> Result<T, Error>,
) -> Result<T, Failure> {
    with_app(location, async |app| {
        work(app, email.to_owned()).await.map_err(|error| named(email, error))
    })
}

/// Names the missing or conflicting account.
pub fn named(email: &str, error: Error) -> Failure {
    match error.kind() {
        Kind::NotFound => Failure::Failed(format!(
            "no account has the email {email}; `freelanceos admin list-users` lists all accounts"
        )),
        Kind::Conflict => Failure::Failed(format!("{}: {email}", error.message())),
        _ => error.into(),
    }
}

fn create(
    location: &Location,
    secrets: &Secrets,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
) -> Outcome {
    // Report a typo before asking for a password.
    let address = text::parse_email(&email).map_err(|rule| format!("{email:?} {rule}"))?;
    let (first, last) = name_of(&email);
    let name = |field: &'static str, name: String| {
        PersonName::parse(&name.into()).map_err(|rule| Error::field(field, rule))
    };
    let first_name = name("firstName", first_name.unwrap_or(first))?;
    let last_name = name("lastName", last_name.unwrap_or(last))?;
    migrate::make(location, secrets)?;
    let account = with_app(location, async |app| {
        if app.account_by_email(email.clone()).await.is_ok() {
            let taken = Error::conflict("error-account-exists");
            return Err(named(&email, taken));
        }
        let password = terminal::new_password()?;
        let registration = Registration::new(address, password, first_name, last_name);
        app.create_user(registration).await.map_err(|error| named(&email, error))
    })?;
    terminal::print(&format!("{} {}\n", account.id, account.email))
}

/// Derives a first and a last name from an email: ada.obi@example.com is Ada Obi.
fn name_of(email: &str) -> (String, String) {
    let local = email.trim().split('@').next().unwrap_or_default();
    let mut words = local.split(['.', '_', '-', '+']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).take(text::PERSON_NAME_MAX).collect::<String>()
    });
    let first = words.next().unwrap_or_else(|| "New".to_owned());
    (first, words.next().unwrap_or_else(|| "User".to_owned()))
}

fn list(location: &Location, as_json: bool) -> Outcome {
    let users = with_app(location, async |app| Ok(app.list_users().await?))?;
    if as_json {
        return terminal::print_json(&users.iter().map(in_json).collect());
    }
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let rows: Vec<[String; 7]> = users
        .iter()
        .map(|User { account, two_factor }| {
            let day = |at: jiff::Timestamp| JsonTime::of_instant(at).as_str()[..10].to_owned();
            [
                account.email.clone(),
                shortened(account.name()),
                account.role.as_str().to_owned(),
                account.last_login_at.map_or("never".to_owned(), day),
                account.state().as_str().to_owned(),
                yes(account.email_verified_at.is_some()),
                yes(*two_factor),
            ]
        })
        .collect();
    terminal::print_table(
        ["EMAIL", "NAME", "ROLE", "LAST LOGIN", "STATE", "VERIFIED", "2FA"],
        &rows,
    )
}

/// Shortens a name to leave room for the other columns; `--json` shows it in full.
fn shortened(name: String) -> String {
    if name.chars().count() <= NAME_SHOWN {
        return name;
    }
    name.chars().take(NAME_SHOWN - 1).chain(['…']).collect()
}

const NAME_SHOWN: usize = 20;

fn in_json(User { account, two_factor }: &User) -> Value {
    json!({
        "id": account.id.to_string(),
        "email": account.email,
        "firstName": account.first_name,
        "lastName": account.last_name,
        "role": account.role.as_str(),
        "state": account.state().as_str(),
        "owner": account.is_owner,
        "emailVerified": account.email_verified_at.is_some(),
        "twoFactor": two_factor,
        "currency": account.currency.code(),
        "timezone": account.zone.name(),
        "disabledAt": account.disabled_at.map(|at| JsonTime::of_instant(at).to_string()),
        "lastLoginAt": account.last_login_at.map(|at| JsonTime::of_instant(at).to_string()),
        "createdAt": JsonTime::of_instant(account.created_at).as_str(),
    })
}

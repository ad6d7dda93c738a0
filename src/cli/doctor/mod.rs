//! `freelanceos doctor`.

mod exposure;
mod folder;
mod mail;
mod net;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use clap::Args;
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::json;

use self::exposure::Doors;
use super::{
    Failure, Outcome,
    backup::{self, beside},
    in_words, now, terminal,
};
use crate::{
    app::{
        FINGERPRINT,
        backup::BACKUP_FAILURE,
        load::{MAIL_LATE, MAIL_TOLD},
        registration,
        secret::SecretKey,
    },
    config::{Config, Settings},
    domain::{date::WireTime, error::Error},
    store::{
        account, doctor,
        engine::Tx,
        migrate, outbox, program_state,
        sqlite::{self, ServeLock},
    },
};

/// A -wal file of that size is not being brought into the database any more.
const WAL_LARGE: u64 = 256 << 20;
/// A database of that size deserves a look at where backups go.
const DATABASE_LARGE: u64 = 10 << 30;
/// Seconds by which rows may be ahead of the clock.
const AHEAD: i64 = 60;
/// What mends secrets that cannot be used.
const SECRETS: &str = "put back the file kept with the backup, readable for the user of the server";
/// What mends a damaged database.
const RESTORE: &str = "stop the server, then `freelanceos restore FILE` with the newest backup";
/// Findings of one kind that are listed.
const LISTED: usize = 5;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: Settings,

    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One line of the report.
struct Finding {
    verdict: Verdict,
    what: &'static str,
    text: String,
    /// What to do about it.
    advice: Option<String>,
}

#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn ok(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(Verdict::Ok, what, text, None);
    }

    pub(super) fn warn(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(Verdict::Warn, what, text, Some(advice.into()));
    }

    pub(super) fn fail(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(Verdict::Fail, what, text, Some(advice.into()));
    }

    fn add(
        &mut self,
        verdict: Verdict,
        what: &'static str,
        text: impl Into<String>,
        advice: Option<String>,
    ) {
        self.0.push(Finding { verdict, what, text: text.into(), advice });
    }
}

pub fn run(arguments: Arguments) -> Outcome {
    let mut report = Report::default();
    examine(&arguments.settings, &mut report);
    if arguments.json {
        let in_json = |finding: &Finding| {
            json!({
                "verdict": finding.verdict.as_str(),
                "what": finding.what,
                "text": finding.text,
                "advice": finding.advice,
            })
        };
        terminal::print_json(&report.0.iter().map(in_json).collect())?;
    } else {
        let line = |finding: &Finding| {
            let advice = finding.advice.as_ref().map_or(String::new(), |a| format!(" – {a}"));
            let (verdict, what) = (finding.verdict.as_str(), finding.what);
            format!("{verdict:<4}  {what:<11}  {}{advice}\n", finding.text)
        };
        terminal::print(&report.0.iter().map(line).collect::<String>())?;
    }
    match report.0.iter().filter(|finding| finding.verdict == Verdict::Fail).count() {
        0 => Ok(()),
        1 => Err(Failure::Failed("one check failed".to_owned())),
        failed => Err(Failure::Failed(format!("{failed} checks failed"))),
    }
}

fn examine(settings: &Settings, report: &mut Report) {
    let location = &settings.location;
    let config = settings.checked().and_then(|config| {
        settings.logging.filter()?;
        settings.logging.is_json()?;
        Ok(config)
    });
    match &config {
        Ok(config) => {
            report.ok("settings", "can be used");
            exposure::examine(config, report);
        }
        Err(error) => report.fail("settings", error.to_string(), "correct this setting first"),
    }
    examine_clock(report);
    net::examine(settings, report);
    let config = config.ok();
    if let Some(config) = &config {
        mail::examine(settings, &config.mail, report);
    }
    let Ok(database) = location.database() else { return };
    if !folder::examine(&location.data_dir, &database, report) {
        return;
    }
    examine_secrets(settings, report);
    match ServeLock::is_held(&database) {
        Ok(true) => report.ok("server", "is running"),
        Ok(false) => report.ok("server", "is not running"),
        Err(error) => report.warn("server", in_words(&error), "see who owns the data folder"),
    }
    examine_database(settings, config.as_ref(), &database, report);
}

fn examine_clock(report: &mut Report) {
    let now = now();
    let (text, year) = (WireTime::of_instant(now).to_string(), now.to_zoned(TimeZone::UTC).year());
    if (2025..2100).contains(&year) {
        report.ok("clock", text);
    } else {
        report.fail("clock", format!("it cannot be {text}"), "set the machine's clock");
    }
}

fn examine_secrets(settings: &Settings, report: &mut Report) {
    let location = &settings.location;
    let mut all_private = true;
    for file in [location.secret_key_file(), location.jwt_secret_file()] {
        let Ok(facts) = fs::metadata(&file) else { continue };
        let mode = facts.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            all_private = false;
            let text = format!("{} can be read by others (mode {mode:o})", file.display());
            report.fail("secrets", text, format!("chmod 600 {}", file.display()));
        }
    }
    let found = settings
        .secrets
        .jwt_secret(location)
        .and_then(|jwt| Ok((jwt, settings.secrets.secret_key(location)?)));
    match found {
        Err(error) => report.fail("secrets", error.to_string(), SECRETS),
        Ok((Some(_), Some(_))) if all_private => report.ok("secrets", "are there and private"),
        Ok((Some(_), Some(_))) => {}
        Ok((None, None)) => {
            report.warn("secrets", "there are none yet", "`freelanceos serve` makes them");
        }
        Ok((None, Some(_))) => report.warn(
            "secrets",
            "jwt.secret is missing",
            "`freelanceos serve` makes a new one, and everybody has to sign in again",
        ),
        // The database knows whether it belongs to one.
        Ok((Some(_), None)) => report.warn(
            "secrets",
            "secret.key is missing",
            "put back the one kept with the database; `freelanceos serve` makes one for a new one",
        ),
    }
}

fn examine_database(
    settings: &Settings,
    config: Option<&Config>,
    database: &Path,
    report: &mut Report,
) {
    let shown = database.display();
    let (version, latest) = match migrate::version(database) {
        Ok(version) => (version, migrate::latest()),
        Err(error) => {
            let text = format!("{shown} cannot be read: {}", in_words(&error));
            return report.fail("database", text, RESTORE);
        }
    };
    if version == 0 {
        let text = format!("there is none at {shown}");
        return report.fail("database", text, "start `freelanceos serve`, or set DATA_DIR");
    }
    report.ok("database", shown.to_string());
    examine_size(database, report);
    match sqlite::check(database) {
        Ok(findings) if findings.is_empty() => report.ok("integrity", "nothing is damaged"),
        Ok(findings) => list(report, "integrity", &findings, RESTORE),
        Err(error) => {
            report.fail("integrity", in_words(&error), RESTORE);
        }
    }
    if version > latest {
        let text = format!("version {version}, newer than the {latest} of this program");
        return report.fail("schema", text, "use a newer freelanceos");
    }
    if version < latest {
        let text = format!("version {version}, this program wants {latest}");
        return report.warn("schema", text, "run `freelanceos migrate`");
    }
    report.ok("schema", format!("version {version}"));
    if let Err(error) = examine_rows(settings, config, database, report) {
        report.fail("rows", in_words(&error), RESTORE);
    }
}

fn examine_size(database: &Path, report: &mut Report) {
    let size = |file: &Path| fs::metadata(file).map_or(0, |facts| facts.len());
    let (main, wal) = (size(database), size(&beside(database, "-wal")));
    let text = format!("{}, and {} in -wal", terminal::size(main), terminal::size(wal));
    if wal > WAL_LARGE {
        report.warn("size", text, "end what reads the database for long, or restart the server");
    } else if main > DATABASE_LARGE {
        report.warn("size", text, "make sure that backups have room");
    } else {
        report.ok("size", text);
    }
}

fn examine_rows(
    settings: &Settings,
    config: Option<&Config>,
    database: &Path,
    report: &mut Report,
) -> Result<(), Error> {
    let now = now();
    let before = |age: SignedDuration| now.checked_sub(age).map_err(Error::internal);
    let late = before(SignedDuration::from_mins(MAIL_LATE))?;
    let lately = before(SignedDuration::from_hours(MAIL_TOLD))?;
    let setting = config.and_then(|config| config.open_registration);
    let (fingerprint, newest, rollups, mail, doors, backup) =
        sqlite::peek(database, |connection| {
            let mut tx = Tx::new(connection);
            Ok((
                program_state::find(&mut tx, FINGERPRINT)?,
                doctor::newest(&mut tx)?,
                doctor::rollups(&mut tx)?,
                outbox::health(&mut tx, late, lately)?,
                Doors {
                    has_accounts: account::oldest(&mut tx)?.is_some(),
                    open_registration: registration::is_open(&mut tx, setting)?,
                },
                program_state::find(&mut tx, BACKUP_FAILURE)?,
            ))
        })?;
    let key = settings.secrets.secret_key(&settings.location).ok().flatten();
    let own = key.and_then(|key| SecretKey::from_hex(&key)).map(|key| key.fingerprint());
    match (fingerprint, own.transpose()?) {
        (None, _) => report.ok("secret key", "none is known to the database yet"),
        (Some(known), Some(own)) if known == own => {
            report.ok("secret key", "is the one of this database");
        }
        (Some(_), Some(_)) => report.fail(
            "secret key",
            "is not the one of this database",
            "put back the secret.key kept with it, or set SECRET_KEY",
        ),
        (Some(_), None) => report.fail(
            "secret key",
            "is missing",
            "put back the secret.key kept with the database, or set SECRET_KEY",
        ),
    }
    match newest {
        Some(newest) if newest.as_second() > now.as_second() + AHEAD => report.fail(
            "newest row",
            format!("{} lies in the future", WireTime::of_instant(newest)),
            "set the machine's clock",
        ),
        Some(newest) => report.ok("newest row", WireTime::of_instant(newest).to_string()),
        None => report.ok("newest row", "there is none yet"),
    }
    if rollups.is_empty() {
        report.ok("totals", "agree with the rows");
    } else {
        list(
            report,
            "totals",
            &rollups,
            "the program wrote wrong totals: report this, with these lines",
        );
    }
    if let Some(config) = config {
        exposure::examine_doors(config, &doors, report);
    }
    mail::examine_outbox(&mail, report);
    // Wrong settings have been told.
    if let Ok(plan) = settings.backup() {
        let failure = backup.filter(|failure| !failure.is_empty());
        let look = backup::look(&plan, failure, now);
        match look.advice {
            None => report.ok("backups", look.text),
            Some(advice) => report.warn("backups", look.text, advice),
        }
    }
    Ok(())
}

fn list(report: &mut Report, what: &'static str, findings: &[String], advice: &str) {
    for finding in findings.iter().take(LISTED) {
        report.fail(what, finding.clone(), advice);
    }
    if findings.len() > LISTED {
        report.fail(what, format!("and {} more", findings.len() - LISTED), advice);
    }
}

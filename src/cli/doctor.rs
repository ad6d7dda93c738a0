//! `freelanceos doctor`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use clap::Args;
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::json;

use super::{Failure, Outcome, backup::beside, in_words, net, now, terminal};
use crate::{
    app::{FINGERPRINT, secret::SecretKey},
    config::{Settings, mail::MailConfig},
    domain::{
        date::WireTime,
        error::Error,
        mail::{MailHealth, Trouble},
    },
    store::{
        doctor,
        engine::Tx,
        migrate, outbox, program_state,
        sqlite::{self, ServeLock},
    },
};

/// Free space below which the disk may soon be full.
const SPACE_LOW: u64 = 1 << 30;
/// Free space below which writes are about to fail.
const SPACE_OUT: u64 = 64 << 20;
/// A -wal file of that size is not being brought into the database any more.
const WAL_LARGE: u64 = 256 << 20;
/// A database of that size deserves a look at where backups go.
const DATABASE_LARGE: u64 = 10 << 30;
/// Seconds by which rows may be ahead of the clock.
const AHEAD: i64 = 60;
/// Minutes after which mail should have been delivered.
const MAIL_LATE: i64 = 5;
/// Hours for which mail that was given up is told.
const MAIL_TOLD: i64 = 7 * 24;
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
    pub(super) fn ok(&mut self, what: &'static str, text: impl Into<String>) {
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
    let checked = settings.check().and_then(|()| {
        settings.logging.filter()?;
        settings.logging.is_json().map(drop)
    });
    match checked {
        Ok(()) => report.ok("settings", "can be used"),
        Err(error) => report.fail("settings", error.to_string(), "change it"),
    }
    examine_clock(report);
    net::examine(settings, report);
    let folder = &location.data_dir;
    if !folder.is_dir() {
        let text = format!("there is no folder {}", folder.display());
        return report.fail("data folder", text, "start `freelanceos serve`, or set DATA_DIR");
    }
    match fs::metadata(folder).map(|facts| facts.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => {
            let text = format!("{} is open to others (mode {mode:o})", folder.display());
            report.warn("data folder", text, format!("chmod 700 {}", folder.display()));
        }
        _ => report.ok("data folder", folder.display().to_string()),
    }
    examine_space(folder, report);
    examine_secrets(settings, report);
    let Ok(database) = location.database() else { return };
    match ServeLock::is_held(&database) {
        Ok(true) => report.ok("server", "is running"),
        Ok(false) => report.ok("server", "is not running"),
        Err(error) => report.warn("server", in_words(&error), "check who owns the data folder"),
    }
    examine_database(settings, &database, report);
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

fn examine_space(folder: &Path, report: &mut Report) {
    let free = match rustix::fs::statvfs(folder) {
        Ok(space) => space.f_bavail.saturating_mul(space.f_frsize),
        Err(error) => return report.warn("disk", error.to_string(), "check the data folder"),
    };
    let text = format!("{} free", terminal::size(free));
    if free < SPACE_OUT {
        report.fail("disk", text, "free some space: writes are about to fail");
    } else if free < SPACE_LOW {
        report.warn("disk", text, "free some space soon");
    } else {
        report.ok("disk", text);
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
        Err(error) => report.fail("secrets", error.to_string(), "put back the right file"),
        Ok((Some(_), Some(_))) if all_private => report.ok("secrets", "are there and private"),
        Ok((Some(_), Some(_))) => {}
        Ok(_) => report.warn("secrets", "are not all there", "`freelanceos serve` makes them"),
    }
}

fn examine_database(settings: &Settings, database: &Path, report: &mut Report) {
    let shown = database.display();
    let (version, latest) = match migrate::version(database) {
        Ok(version) => (version, migrate::latest()),
        Err(error) => {
            let text = format!("{shown} cannot be read: {}", in_words(&error));
            return report.fail("database", text, "`freelanceos restore` a backup");
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
        Ok(findings) => list(report, "integrity", &findings, "`freelanceos restore` a backup"),
        Err(error) => {
            report.fail("integrity", in_words(&error), "`freelanceos restore` a backup");
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
    if let Err(error) = examine_rows(settings, database, report) {
        report.fail("rows", in_words(&error), "`freelanceos restore` a backup");
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

fn examine_rows(settings: &Settings, database: &Path, report: &mut Report) -> Result<(), Error> {
    let now = now();
    let before = |age: SignedDuration| now.checked_sub(age).map_err(Error::internal);
    let late = before(SignedDuration::from_mins(MAIL_LATE))?;
    let lately = before(SignedDuration::from_hours(MAIL_TOLD))?;
    let (fingerprint, newest, rollups, mail) = sqlite::peek(database, |connection| {
        let mut tx = Tx::new(connection);
        Ok((
            program_state::find(&mut tx, FINGERPRINT)?,
            doctor::newest(&mut tx)?,
            doctor::rollups(&mut tx)?,
            outbox::health(&mut tx, late, lately)?,
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
        list(report, "totals", &rollups, "report this, with these lines");
    }
    examine_mail(settings, &mail, report);
    Ok(())
}

fn examine_mail(settings: &Settings, mail: &MailHealth, report: &mut Report) {
    // Wrong settings have been told.
    let Ok(MailConfig { server, sender }) = settings.mail() else { return };
    match server {
        None => {
            let folder = settings.location.mail_folder();
            let text = format!("is written into {}", folder.display());
            report.ok("mail", format!("{text}; set SMTP_URL to have it sent"));
        }
        Some(server) if sender.is_local() && !server.is_loopback() => report.warn(
            "mail",
            format!("goes to {server} and comes from {}", sender.email()),
            "set MAIL_FROM to an address of yours",
        ),
        Some(server) => {
            report.ok("mail", format!("goes to {server} and comes from {}", sender.email()));
        }
    }
    let said = |trouble: &Trouble| {
        trouble
            .reason
            .as_ref()
            .map_or(String::new(), |reason| format!(", lastly because: {reason}"))
    };
    let Trouble { count, .. } = mail.late;
    if count > 0 {
        report.warn(
            "mail",
            format!("{count} waiting for more than {MAIL_LATE} minutes{}", said(&mail.late)),
            "see `freelanceos admin list-mail`; with `serve` running and SMTP_URL right it is \
             sent by itself",
        );
    } else {
        report.ok("outbox", format!("{} waiting", mail.waiting));
    }
    let Trouble { count, .. } = mail.failed;
    if count > 0 {
        report.warn(
            "mail",
            format!("{count} given up in the last 7 days{}", said(&mail.failed)),
            "see `freelanceos admin list-mail`; their texts are erased, so whoever waits for one \
             must ask for a new one",
        );
    }
}

fn list(report: &mut Report, what: &'static str, findings: &[String], advice: &str) {
    for finding in findings.iter().take(LISTED) {
        report.fail(what, finding.clone(), advice);
    }
    if findings.len() > LISTED {
        report.fail(what, format!("and {} more", findings.len() - LISTED), advice);
    }
}

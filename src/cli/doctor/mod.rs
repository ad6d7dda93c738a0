//! `freelanceos doctor`.

mod database;
mod exposure;
mod folder;
mod mail;
mod net;
mod time;

use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;

use self::exposure::Doors;
use super::{Failure, Outcome, backup, in_words, now, terminal};
use crate::{
    app::{
        backup::BACKUP_FAILURE,
        load::{MAIL_LATE, MAIL_TOLD},
        registration,
        secret::{FINGERPRINT, SecretKey},
    },
    config::{Config, Settings, file},
    domain::{date::JsonTime, error::Error},
    store::{Database, account, doctor, engine::Tx, jobs, links, outbox, program_state, reminder},
};

/// Seconds that rows may be ahead of the clock.
const AHEAD: i64 = 60;
/// Advice for unusable secrets.
const SECRETS: &str = "put back the file kept with the backup, readable by the server's user";
/// Advice for a damaged database.
const RESTORE: &str = "stop the server, then `freelanceos restore FILE` with the newest backup";
/// Maximum number of findings listed of one kind.
const LISTED: usize = 5;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: Settings,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Serialize)]
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
        self.0.push(Finding { verdict: Verdict::Ok, what, text: text.into(), advice: None });
    }

    pub(super) fn warn(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let advice = Some(advice.into());
        self.0.push(Finding { verdict: Verdict::Warn, what, text: text.into(), advice });
    }

    pub(super) fn fail(
        &mut self,
        what: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let advice = Some(advice.into());
        self.0.push(Finding { verdict: Verdict::Fail, what, text: text.into(), advice });
    }
}

pub fn run(arguments: Arguments) -> Outcome {
    let mut report = Report::default();
    examine(&arguments.settings, &mut report);
    if arguments.json {
        terminal::print_json(&json!(report.0))?;
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
            report.ok("settings", "are valid");
            exposure::examine(config, report);
        }
        Err(error) => report.fail("settings", error.to_string(), "fix this setting first"),
    }
    time::examine(report);
    net::examine(settings, report);
    let config = config.ok();
    if let Some(config) = &config {
        mail::examine(settings, config, report);
    }
    let Ok(database) = location.database() else { return };
    if !folder::examine(&location.data_dir, database.file(), report) {
        return;
    }
    examine_secrets(settings, report);
    match (database.is_served(), &database) {
        (Ok(true), _) => report.ok("server", "is running"),
        (Ok(false), _) => report.ok("server", "is not running"),
        (Err(error), Database::Sqlite(_)) => {
            report.warn("server", in_words(&error), "check who owns the data folder");
        }
        // Reported by the next check.
        (Err(_), Database::Postgres(_)) => {}
    }
    if database::examine(&database, config.as_ref(), report)
        && let Err(error) = examine_rows(settings, config.as_ref(), &database, report)
    {
        report.fail("rows", in_words(&error), RESTORE);
    }
}

fn examine_secrets(settings: &Settings, report: &mut Report) {
    let location = &settings.location;
    let mut all_private = true;
    for file in [location.secret_key_file(), location.jwt_secret_file()] {
        let Ok(mode) = file::mode(&file) else { continue };
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
        Ok((Some(_), Some(_))) if all_private => report.ok("secrets", "exist and are private"),
        Ok((Some(_), Some(_))) => {}
        Ok(_) if location.database().is_ok_and(|database| database.server().is_some()) => {
            report.fail(
                "secrets",
                "SECRET_KEY or JWT_SECRET is missing",
                "set both, to the same values for every freelanceos that uses this database",
            );
        }
        Ok((None, None)) => {
            report.warn("secrets", "there are none yet", "`freelanceos serve` generates them");
        }
        Ok((None, Some(_))) => report.warn(
            "secrets",
            "jwt.secret is missing",
            "`freelanceos serve` generates a new one, and everyone must sign in again",
        ),
        // The database knows whether it needs one.
        Ok((Some(_), None)) => report.warn(
            "secrets",
            "secret.key is missing",
            "put back the one kept with the database, unless the database is new",
        ),
    }
}

fn examine_rows(
    settings: &Settings,
    config: Option<&Config>,
    database: &Database,
    report: &mut Report,
) -> Result<(), Error> {
    let now = now();
    let before = |age: SignedDuration| now.checked_sub(age).map_err(Error::internal);
    let late = before(SignedDuration::from_mins(MAIL_LATE))?;
    let lately = before(SignedDuration::from_hours(MAIL_TOLD))?;
    let setting = config.and_then(|config| config.app.open_registration);
    let (fingerprint, newest, rollups, links, mail, (failing, unscheduled), doors, backup) =
        database.peek(|connection| {
            let mut tx = Tx::new(connection);
            Ok((
                program_state::find(&mut tx, FINGERPRINT)?,
                doctor::newest(&mut tx)?,
                doctor::rollups(&mut tx)?,
                links::wrong(&mut tx)?,
                outbox::health(&mut tx, late, lately)?,
                (jobs::list_failing(&mut tx)?, reminder::list_unscheduled(&mut tx)?),
                Doors {
                    is_set_up: registration::is_set_up(&mut tx)?,
                    has_owner: account::find_owner(&mut tx)?.is_some(),
                    open_registration: registration::is_open(&mut tx, setting)?,
                },
                program_state::find(&mut tx, BACKUP_FAILURE)?,
            ))
        })?;
    let key = settings.secrets.secret_key(&settings.location).ok().flatten();
    let own = key.and_then(|key| SecretKey::from_hex(&key)).map(|key| key.fingerprint());
    match (fingerprint, own.transpose()?) {
        (None, _) => report.ok("secret key", "the database has none yet"),
        (Some(known), Some(own)) if known == own => {
            report.ok("secret key", "matches the database");
        }
        (Some(_), Some(_)) => report.fail(
            "secret key",
            "does not match the database",
            "put back the secret.key kept with the database, or set SECRET_KEY",
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
            format!("{} is in the future", JsonTime::of_instant(newest)),
            "set the machine's clock",
        ),
        Some(newest) => report.ok("newest row", JsonTime::of_instant(newest).to_string()),
        None => report.ok("newest row", "there is none yet"),
    }
    if rollups.is_empty() {
        report.ok("totals", "match the rows");
    } else {
        list(
            report,
            "totals",
            &rollups,
            "the program stored wrong totals: report this with these lines",
        );
    }
    if links.is_empty() {
        report.ok("references", "lead to rows of the same account");
    } else {
        list(
            report,
            "references",
            &links,
            "the program stored wrong references: report this with these lines",
        );
    }
    if let Some(config) = config {
        exposure::examine_doors(config, &doors, report);
    }
    mail::examine_outbox(&mail, report);
    for (kind, reason) in failing {
        let text = format!("{} fails: {reason}", kind.replace('_', " "));
        report.warn("jobs", text, "see the server's log; the job is retried automatically");
    }
    for account in unscheduled {
        let text = format!("the daily job of the reminders of {account} is missing");
        report.fail("reminders", text, "turn them off and on under Settings, Reminders");
    }
    if let Database::Postgres(_) = database {
        let how = format!("pg_dump --format=custom --file=FILE '{database}'");
        report.ok("backups", format!("use PostgreSQL's own tools: {how}"));
        return Ok(());
    }
    // Invalid settings have been reported already.
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

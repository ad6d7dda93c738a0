//! The folder of the server's own backups.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use super::copy::remove_part;
use crate::config::backup::BackupPlan;

const PREFIX: &str = "freelanceos-";
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// How late a backup may be before `doctor` reports it, not counting its own duration.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// The name of the backup made at an instant.
pub fn name(at: Timestamp) -> String {
    format!("{PREFIX}{}.db", at.strftime(TIME))
}

/// When the backup with that name was made; `None` if the file is no backup.
fn made_at(name: &str) -> Option<Timestamp> {
    let time = name.strip_prefix(PREFIX)?.strip_suffix(".db")?;
    let time = DateTime::strptime(TIME, time).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Lists the backups, newest first, except future ones, made while the clock was wrong.
fn list(folder: &Path, now: Timestamp) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let made = entry.file_name().to_str().and_then(made_at);
        if let Some(made) = made.filter(|made| *made <= now) {
            found.push((made, entry.path()));
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

/// When the newest backup was made.
pub fn newest(folder: &Path, now: Timestamp) -> Option<Timestamp> {
    Some(list(folder, now).ok()?.first()?.0)
}

/// Removes all but the newest backups.
pub fn prune(folder: &Path, keep: usize, now: Timestamp) -> io::Result<()> {
    list(folder, now)?.iter().skip(keep).try_for_each(|(_, file)| fs::remove_file(file))
}

/// Removes partial backups that a killed server left behind.
pub fn remove_parts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let backup = name.to_str().and_then(|name| name.strip_suffix(".part"));
        if backup.and_then(made_at).is_some() {
            remove_part(&entry.path())?;
        }
    }
    Ok(())
}

/// Doctor's report on backups, and its advice.
pub struct Look {
    pub text: String,
    pub advice: Option<String>,
}

/// Checks the backups; `failure` is why the last attempt failed, if it did.
pub fn look(plan: &BackupPlan, failure: Option<String>, now: Timestamp) -> Look {
    let folder = plan.folder.display();
    let newest = newest(&plan.folder, now).map(|made| now.duration_since(made));
    let Some(every) = plan.every else {
        let set = "set BACKUP_EVERY, for example to 24h, to schedule backups";
        let text = match newest {
            Some(age) => format!("the newest in {folder} is {} old; {set}", age_text(age)),
            None => format!("none are scheduled; {set}"),
        };
        return Look { text, advice: None };
    };
    let advice = match (&failure, newest) {
        (Some(_), _) => Some(format!("fix that; the server retries automatically ({folder})")),
        (None, Some(age)) if age <= every + LATE => None,
        _ => Some("check that `freelanceos serve` runs with BACKUP_EVERY, and read its log".into()),
    };
    let mut text = match newest {
        Some(age) => format!("the newest in {folder} is {} old", age_text(age)),
        None => format!("there is none in {folder}"),
    };
    if let Some(failure) = failure {
        text.push_str(&format!("; the last attempt failed: {failure}"));
    }
    Look { text, advice }
}

/// An age in words.
fn age_text(age: SignedDuration) -> String {
    let (number, unit) = match (age.as_hours(), age.as_mins()) {
        (hours @ 48.., _) => (hours / 24, "day"),
        (hours @ 1.., _) => (hours, "hour"),
        (_, minutes) => (minutes, "minute"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_contains_the_time_of_the_backup() {
        let made = at("2026-03-18T12:00:07Z");
        assert_eq!(name(made), "freelanceos-20260318T120007Z.db");
        assert_eq!(made_at(&name(made)), Some(made));
        for other in ["freelanceos.db", "freelanceos-20260318T120007Z.db.part", "freelanceos-x.db"]
        {
            assert_eq!(made_at(other), None, "{other}");
        }
    }

    #[test]
    fn the_newest_backups_stay_and_no_other_files_are_removed() {
        let folder = tempfile::TempDir::new().unwrap();
        let names = [
            "freelanceos-20260316T120000Z.db",
            "freelanceos-20260317T120000Z.db",
            "freelanceos-20260318T120000Z.db",
            // Made while the clock was wrong: neither counted nor removed.
            "freelanceos-20300101T000000Z.db",
            "freelanceos-old.db",
            "notes.txt",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let now = at("2026-03-18T13:00:00Z");
        assert_eq!(newest(folder.path(), now), Some(at("2026-03-18T12:00:00Z")));
        prune(folder.path(), 2, now).unwrap();
        let left = |name: &&str| folder.path().join(name).exists();
        assert_eq!(names.iter().filter(|name| left(name)).count(), 5);
        assert!(!left(&names[0]));
    }

    #[test]
    fn a_late_or_failed_backup_is_reported_with_advice() {
        let folder = tempfile::TempDir::new().unwrap();
        let day = SignedDuration::from_hours(24);
        let plan = |every| BackupPlan {
            every,
            keep: 7,
            folder: folder.path().to_owned(),
            litestream: false,
        };
        let now = at("2026-03-18T12:30:00Z");
        assert!(look(&plan(None), None, now).advice.is_none());
        assert!(look(&plan(Some(day)), None, now).advice.is_some());
        fs::write(folder.path().join("freelanceos-20260317T120000Z.db"), "").unwrap();
        let well = look(&plan(Some(day)), None, now);
        assert!(well.advice.is_none() && well.text.ends_with(" is 24 hours old"), "{}", well.text);
        let late = look(&plan(Some(day)), None, now + SignedDuration::from_hours(1));
        assert!(late.advice.is_some());
        let failed = look(&plan(Some(day)), Some("no room".to_owned()), now);
        assert!(failed.advice.is_some() && failed.text.contains("no room"), "{}", failed.text);
    }
}

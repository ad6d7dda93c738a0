//! How often backups are made by the running server, and where.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::{
    Location, WrongSetting,
    value::{duration, switch},
};

/// How many copies are kept where nobody says so.
const KEPT: usize = 7;

/// The settings of backups, as they were given.
#[derive(Debug, Clone, Args)]
pub struct BackupSettings {
    /// How often the running server copies the database, such as 24h [default: never]
    #[arg(long, env = "BACKUP_EVERY", value_name = "DURATION")]
    backup_every: Option<String>,

    /// How many of those copies are kept [default: 7]
    #[arg(long, env = "BACKUP_KEEP", value_name = "COUNT")]
    backup_keep: Option<String>,

    /// Folder of those copies [default: $DATA_DIR/backups]
    #[arg(long, env = "BACKUP_DIR", value_name = "FOLDER")]
    backup_dir: Option<PathBuf>,

    /// Whether Litestream follows the database: on leaves checkpoints to it
    #[arg(long, env = "LITESTREAM", default_value = "off", value_name = "on|off")]
    litestream: String,
}

impl BackupSettings {
    pub(super) fn check(&self, location: &Location) -> Result<BackupPlan, WrongSetting> {
        let every = self.backup_every.as_deref().map(|text| duration("BACKUP_EVERY", text));
        let keep =
            match &self.backup_keep {
                None => KEPT,
                Some(given) => given.parse().ok().filter(|keep| *keep > 0).ok_or_else(|| {
                    WrongSetting::new("BACKUP_KEEP", given, "a number of 1 or more")
                })?,
            };
        let folder = self.backup_dir.clone().unwrap_or_else(|| location.data_dir.join("backups"));
        let litestream = switch("LITESTREAM", &self.litestream)?;
        if location.database()?.server().is_some() {
            let what = "left out where DATABASE_URL names a PostgreSQL server: what runs that \
                        server backs it up, with pg_dump for example";
            if let Some(every) = &self.backup_every {
                return Err(WrongSetting::new("BACKUP_EVERY", every, what));
            }
            if litestream {
                return Err(WrongSetting::new("LITESTREAM", &self.litestream, what));
            }
        }
        let folder_given = self.backup_dir.as_ref().map(|folder| folder.display().to_string());
        for (name, given) in [("BACKUP_KEEP", &self.backup_keep), ("BACKUP_DIR", &folder_given)] {
            if let (Some(given), None) = (given, &every) {
                return Err(WrongSetting::new(name, given, "left out without BACKUP_EVERY"));
            }
        }
        Ok(BackupPlan { every: every.transpose()?, keep, folder, litestream })
    }
}

/// The settings of backups, checked.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    /// None where no backups are made by themselves.
    pub every: Option<SignedDuration>,
    /// At least one.
    pub keep: usize,
    pub folder: PathBuf,
    /// Whether checkpoints are left to Litestream.
    pub litestream: bool,
}

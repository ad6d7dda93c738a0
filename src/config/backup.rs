//! How often the running server makes backups, and where.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::{
    Location, WrongSetting,
    value::{duration, left_out, switch},
};

/// The default number of backups to keep.
const KEPT: usize = 7;

/// The raw settings of backups.
#[derive(Debug, Clone, Args)]
pub struct BackupSettings {
    /// How often to back up the database, such as 24h [default: never]
    #[arg(long, env = "BACKUP_EVERY", value_name = "DURATION")]
    backup_every: Option<String>,

    /// How many scheduled backups to keep [default: 7]
    #[arg(long, env = "BACKUP_KEEP", value_name = "COUNT")]
    backup_keep: Option<String>,

    /// Folder for scheduled backups [default: $DATA_DIR/backups]
    #[arg(long, env = "BACKUP_DIR", value_name = "FOLDER")]
    backup_dir: Option<PathBuf>,

    /// Leave checkpoints to Litestream: on or off
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
            let what = "unset if DATABASE_URL names a PostgreSQL server: back that server up with \
                        its own tools, such as pg_dump";
            left_out("BACKUP_EVERY", self.backup_every.as_deref(), what)?;
            left_out("LITESTREAM", litestream.then_some(&self.litestream), what)?;
        }
        if every.is_none() {
            let expected = "unset if BACKUP_EVERY is unset";
            left_out("BACKUP_KEEP", self.backup_keep.as_deref(), expected)?;
            let folder = self.backup_dir.as_ref().map(|folder| folder.display().to_string());
            left_out("BACKUP_DIR", folder.as_deref(), expected)?;
        }
        Ok(BackupPlan { every: every.transpose()?, keep, folder, litestream })
    }
}

/// The backup settings, validated.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    /// `None` if the server makes no backups.
    pub every: Option<SignedDuration>,
    /// At least one.
    pub keep: usize,
    pub folder: PathBuf,
    /// Whether Litestream does the checkpoints.
    pub litestream: bool,
}

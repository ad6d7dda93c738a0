//! How often backups are made by the running server, and where.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::{
    Location, WrongSetting,
    value::{duration, switch},
};

/// The settings of backups, as they were given.
#[derive(Debug, Clone, Args)]
pub struct BackupSettings {
    /// How often the running server copies the database, such as 24h [default: never]
    #[arg(long, env = "BACKUP_EVERY", value_name = "DURATION")]
    backup_every: Option<String>,

    /// How many of those copies are kept
    #[arg(long, env = "BACKUP_KEEP", default_value = "7", value_name = "COUNT")]
    backup_keep: String,

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
        let keep = match self.backup_keep.parse() {
            Ok(keep) if keep > 0 => keep,
            _ => {
                let expected = "a number of 1 or more";
                return Err(WrongSetting::new("BACKUP_KEEP", &self.backup_keep, expected));
            }
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

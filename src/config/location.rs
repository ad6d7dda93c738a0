//! The location of the data.

use std::path::PathBuf;

use clap::Args;

use super::{WrongSetting, file};
use crate::store::Database;

/// Where the data is: what every command needs to know.
#[derive(Debug, Clone, Args)]
pub struct Location {
    /// Folder for the database and generated secrets
    #[arg(long, global = true, env = "DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default:
    /// sqlite:$DATA_DIR/freelanceos.db]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
}

impl Location {
    /// Returns the database.
    pub fn database(&self) -> Result<Database, WrongSetting> {
        match &self.database_url {
            None => Ok(Database::at(self.data_dir.join("freelanceos.db"))),
            // It may contain a password, so it is not repeated.
            Some(url) => Database::parse(url)
                .map_err(|expected| WrongSetting::unsaid("DATABASE_URL", expected)),
        }
    }

    /// Creates the data folder and the database's folder, accessible only to their owner.
    pub fn create(&self) -> std::io::Result<()> {
        file::make_folder(&self.data_dir)?;
        match self.database() {
            Ok(Database::Sqlite(file)) => file.parent().map_or(Ok(()), file::make_folder),
            _ => Ok(()),
        }
    }

    /// Returns the file of the generated `JWT_SECRET`.
    pub fn jwt_secret_file(&self) -> PathBuf {
        self.data_dir.join("jwt.secret")
    }

    /// Returns the file of the generated `SECRET_KEY`.
    pub fn secret_key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    /// Returns the folder that mail is written to if no mail server is set.
    pub fn mail_folder(&self) -> PathBuf {
        self.data_dir.join("mail")
    }
}

//! The data that an app works on.

use std::path::Path;

use freelanceos::store::Database;
use tempfile::TempDir;

use crate::database::TestDatabase;

/// What outlives an app: its database and its folder.
pub struct Home {
    database: TestDatabase,
    folder: TempDir,
}

impl Home {
    /// With an empty database.
    pub fn new() -> Self {
        Self::with(TestDatabase::migrated)
    }

    /// With a database without tables.
    pub fn bare() -> Self {
        Self::with(TestDatabase::empty)
    }

    fn with(make: impl FnOnce(&Path) -> TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        Self { database: make(&folder.path().join("freelanceos.db")), folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> &Database {
        self.database.database()
    }

    /// The `DATABASE_URL`, unless it is the default.
    pub fn database_url(&self) -> Option<&str> {
        self.database.url()
    }
}

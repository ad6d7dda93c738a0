//! What a program works on.

use std::path::Path;

use freelanceos::store::Database;
use tempfile::TempDir;

use crate::database::TestDatabase;

/// What outlives a program: its database, and the folder beside it.
pub struct Home {
    database: TestDatabase,
    folder: TempDir,
}

impl Home {
    /// One with an empty database.
    pub fn new() -> Self {
        Self::with(TestDatabase::migrated)
    }

    /// One with a database without tables.
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

    /// What tells the program where its database is, beside its folder.
    pub fn database_url(&self) -> Option<&str> {
        self.database.url()
    }
}

//! How the last backup went that the running server made by itself.

use crate::{app::App, domain::error::Result, store};

/// The name under which it is kept why the last backup failed; nothing where it went well.
pub const BACKUP_FAILURE: &str = "backup_failure";

impl App {
    /// Remembers why a backup failed, or that it went well.
    pub async fn note_backup(&self, failure: Option<String>) -> Result<()> {
        let text = failure.unwrap_or_default();
        self.store.write(move |tx| store::program_state::set(tx, BACKUP_FAILURE, &text)).await
    }
}

//! The result of the running server's last automatic backup.

use crate::{app::App, domain::error::Result, store};

/// The key that stores why the last backup failed; absent after a success.
pub const BACKUP_FAILURE: &str = "backup_failure";

impl App {
    /// Records why a backup failed, or that it succeeded.
    pub async fn note_backup(&self, failure: Option<String>) -> Result<()> {
        let text = failure.unwrap_or_default();
        self.store.write(move |tx| store::program_state::set(tx, BACKUP_FAILURE, &text)).await
    }
}

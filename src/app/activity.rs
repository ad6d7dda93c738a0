//! The activity log.

use super::App;
use crate::{
    domain::{activity::Activity, error::Result, session::Claims},
    store,
};

impl App {
    /// The newest entries of the log, newest first.
    pub async fn list_activity(&self, claims: Claims, limit: u32) -> Result<Vec<Activity>> {
        self.query(claims, move |work| store::activity::list(work.tx, work.account, limit)).await
    }
}

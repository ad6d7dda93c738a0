//! The activity log.

use super::{App, unit_of_work::Work};
use crate::{
    domain::{activity::Activity, error::Result, session::Claims},
    store,
};

impl App {
    /// The newest entries of the log, newest first.
    pub async fn list_activity(&self, claims: Claims, limit: u32) -> Result<Vec<Activity>> {
        self.query(claims, move |work| list_activity(work, limit)).await
    }
}

/// What the caller did last, newest first.
pub fn list_activity(work: &mut Work, limit: u32) -> Result<Vec<Activity>> {
    store::activity::list(work.tx, work.account, limit)
}

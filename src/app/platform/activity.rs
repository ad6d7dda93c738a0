//! The activity log.

use crate::{
    app::unit_of_work::Work,
    domain::{activity::Activity, error::Result},
    store,
};

/// Returns the caller's latest actions, newest first.
pub fn list_activity(work: &mut Work, limit: u32) -> Result<Vec<Activity>> {
    store::activity::list(work.tx, work.account, limit)
}

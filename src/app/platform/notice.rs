//! Notices: what others or the program did.

use crate::{
    app::unit_of_work::Work,
    domain::{
        activity::Activity,
        error::Result,
        id::ActivityId,
        mail_settings::MailSettings,
        notice::{Notice, NoticeFilter, NoticesRead, Notifications, NotificationsChange},
        page::Listing,
    },
    store,
};

/// The number of unread notices up to which pages count.
pub const COUNTED: u64 = 99;

/// Returns a page of the caller's notices, newest first.
pub fn list_notices(work: &mut Work, filter: &NoticeFilter) -> Result<Listing<Notice>> {
    let (tx, account) = (&mut *work.tx, work.account);
    let read_until = store::activity::last_read_notice(tx, account)?;
    let after = filter.unread.then_some(read_until);
    let notices = store::activity::notices(tx, account, after, filter.page)?;
    Ok(notices.map(|entry: Activity| Notice { is_unread: entry.id > read_until, entry }))
}

/// Returns the number of the caller's unread notices; one more than [`COUNTED`] stands for all
/// above.
pub fn count_unread_notices(work: &mut Work) -> Result<u64> {
    store::activity::count_unread_notices(work.tx, work.account, COUNTED as i64 + 1)
}

/// Records that the caller has read all notices, or one and all older ones; returns how many are
/// unread.
pub fn read_notices(work: &mut Work, read: &NoticesRead) -> Result<u64> {
    let newest = store::activity::newest_notice(work.tx, work.account)?;
    // A later one, made up, would hide those to come.
    if let Some(until) = newest.map(|newest| read.until.map_or(newest, |until| until.min(newest))) {
        store::activity::mark_notices_read(work.tx, work.account, until)?;
    }
    count_unread_notices(work)
}

/// Records that a page showed the caller the notices from the first to the last. Older unread ones
/// stay unread, and with them these. Returns how many are unread.
pub fn see_notices(work: &mut Work, first: ActivityId, last: ActivityId) -> Result<u64> {
    let oldest = store::activity::oldest_unread_notice(work.tx, work.account)?;
    if oldest.is_some_and(|oldest| oldest >= last) {
        store::activity::mark_notices_read(work.tx, work.account, first)?;
    }
    count_unread_notices(work)
}

/// Returns the notices that the caller gets, and where.
pub fn find_notifications(work: &mut Work) -> Result<Notifications> {
    Ok(store::mail_settings::find(work.tx, work.account)?.notifications)
}

/// Changes the notices that the caller gets.
pub fn update_notifications(
    work: &mut Work,
    change: &NotificationsChange,
) -> Result<Notifications> {
    let mut settings: MailSettings = store::mail_settings::find(work.tx, work.account)?;
    change.clone().apply(&mut settings.notifications);
    store::mail_settings::set(work.tx, work.account, &settings, work.now)?;
    Ok(settings.notifications)
}

//! The activity log.

use crate::{
    domain::{
        activity::Activity,
        error::Result,
        id::{AccountId, ActivityId, MessageId},
        money::Money,
        page::{Listing, Page},
    },
    store::{
        engine::{Tx, values},
        lister::Lister,
        row::record,
    },
};

/// The condition of an entry that FreelanceHub's feed shows ([`ActivityKind::feed`]). It must match
/// the index `activity_in_feed` literally, or the index is not used.
///
/// [`ActivityKind::feed`]: crate::domain::activity::ActivityKind::feed
macro_rules! is_in_feed {
    () => {
        "(kind = 'proposal_sent' OR kind = 'proposal_accepted' OR kind = 'proposal_rejected' \
         OR kind = 'project_created' OR kind = 'project_completed' OR kind = 'invoice_paid' \
         OR kind = 'message_received')"
    };
}

pub(in crate::store) use is_in_feed;

/// Only the feed has a total.
const LIST: Lister = Lister { name: "activity:feed", ..Lister::new("activity", COLUMNS) };

const NOTICES: Lister = Lister { name: "activity:notices", ..LIST };

record! {
    activity, activity: &Activity {
        id = &activity.id,
        account_id = &activity.account,
        kind = activity.kind.as_str(),
        subject = &activity.subject,
        amount = activity.amount.map(|amount| amount.minor),
        currency = activity.amount.map(|amount| amount.currency),
        client_name = activity.client_name.as_ref(),
        entity_id = activity.entity_id.as_ref(),
        is_notice = activity.is_notice,
        at = activity.at,
    } => Activity {
        account: account_id,
        amount: Option::zip(amount, currency).map(|(minor, currency)| Money::new(minor, currency)),
        id, kind, subject, client_name, entity_id, is_notice, at,
    }
}

/// Adds an entry.
pub fn create(tx: &mut Tx, activity: &Activity) -> Result<()> {
    tx.insert(row(activity))?;
    if activity.kind.feed().is_some() {
        LIST.tally(tx, activity.account, &[], 1)?;
    }
    if activity.is_notice {
        NOTICES.tally(tx, activity.account, &[], 1)?;
    }
    Ok(())
}

/// Removes the entry of a deleted message: strangers wrote its text.
pub fn delete_of_message(tx: &mut Tx, account: AccountId, message: MessageId) -> Result<()> {
    let removed: Vec<bool> = tx.list(
        "DELETE FROM activity \
         WHERE entity_id = ?1 AND kind = 'message_received' AND account_id = ?2 \
         RETURNING is_notice",
        values![message.to_string(), &account],
        |row| row.get(0),
    )?;
    for is_notice in removed {
        LIST.tally(tx, account, &[], -1)?;
        if is_notice {
            NOTICES.tally(tx, account, &[], -1)?;
        }
    }
    Ok(())
}

/// Lists the newest entries, newest first.
pub fn list(tx: &mut Tx, account: AccountId, limit: u32) -> Result<Vec<Activity>> {
    LIST.of(&account).first(tx, limit.into(), read)
}

/// Lists a page of the entries that FreelanceHub's feed shows, newest first.
pub fn feed(tx: &mut Tx, account: AccountId, page: Page) -> Result<Listing<Activity>> {
    LIST.of(&account).only(is_in_feed!()).page(tx, page, read)
}

/// Lists a page of the notices, newest first; with `after`, only those newer than that one.
pub fn notices(
    tx: &mut Tx,
    account: AccountId,
    after: Option<ActivityId>,
    page: Page,
) -> Result<Listing<Activity>> {
    NOTICES.of(&account).only("is_notice = 1").which("id > ?", after.as_ref()).page(tx, page, read)
}

/// Returns the newest notice that the account has read; [`Id::NIL`] if it has read none.
///
/// [`Id::NIL`]: crate::domain::id::Id::NIL
pub fn last_read_notice(tx: &mut Tx, account: AccountId) -> Result<ActivityId> {
    let sql = "SELECT notices_read FROM accounts WHERE id = ?1";
    let read: Option<ActivityId> = tx.one(sql, values![&account], |row| row.get(0))?;
    Ok(read.unwrap_or(ActivityId::NIL))
}

/// Returns the newest notice, if any.
pub fn newest_notice(tx: &mut Tx, account: AccountId) -> Result<Option<ActivityId>> {
    let newest = NOTICES.of(&account).only("is_notice = 1").first(tx, 1, read)?;
    Ok(newest.first().map(|entry| entry.id))
}

/// Returns the oldest notice that was not read, if any.
pub fn oldest_unread_notice(tx: &mut Tx, account: AccountId) -> Result<Option<ActivityId>> {
    let read_until = last_read_notice(tx, account)?;
    let query = NOTICES.of(&account).only("is_notice = 1").which("id > ?", Some(&read_until));
    let oldest = query.order("id").first(tx, 1, read)?;
    Ok(oldest.first().map(|entry| entry.id))
}

/// Counts the notices that were not read, up to `most`.
pub fn count_unread_notices(tx: &mut Tx, account: AccountId, most: i64) -> Result<u64> {
    let unread: i64 = tx.one(
        "SELECT count(*) FROM (SELECT 1 FROM activity WHERE account_id = ?1 AND is_notice = 1 \
         AND id > coalesce((SELECT notices_read FROM accounts WHERE id = ?1), ?2) LIMIT ?3) \
         AS unread",
        values![&account, &ActivityId::NIL, most],
        |row| row.get(0),
    )?;
    Ok(unread.unsigned_abs())
}

/// Records that this notice and all older ones were read, unless newer ones were.
pub fn mark_notices_read(tx: &mut Tx, account: AccountId, until: ActivityId) -> Result<()> {
    tx.change(
        "UPDATE accounts SET notices_read = ?2 \
         WHERE id = ?1 AND (notices_read IS NULL OR notices_read < ?2)",
        values![&account, &until],
    )
}

#[cfg(test)]
mod tests {
    use crate::domain::activity::ActivityKind;

    #[test]
    fn the_condition_of_the_feed_matches_the_kinds_it_shows() {
        for word in ActivityKind::WORDS {
            let is_named = is_in_feed!().contains(&format!("'{word}'"));
            let is_shown = ActivityKind::from_word(word).unwrap().feed().is_some();
            assert_eq!(is_named, is_shown, "{word}");
        }
    }
}

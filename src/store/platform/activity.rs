//! The activity log.

use crate::{
    domain::{
        activity::Activity,
        error::Result,
        id::{AccountId, MessageId},
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
        at = activity.at,
    } => Activity {
        account: account_id,
        amount: Option::zip(amount, currency).map(|(minor, currency)| Money::new(minor, currency)),
        id, kind, subject, client_name, entity_id, at,
    }
}

/// Adds an entry.
pub fn create(tx: &mut Tx, activity: &Activity) -> Result<()> {
    tx.insert(row(activity))?;
    if activity.kind.feed().is_some() {
        LIST.tally(tx, activity.account, &[], 1)?;
    }
    Ok(())
}

/// Removes the entry of a deleted message: strangers wrote its text.
pub fn delete_of_message(tx: &mut Tx, account: AccountId, message: MessageId) -> Result<()> {
    let removed = tx.execute(
        "DELETE FROM activity \
         WHERE entity_id = ?1 AND kind = 'message_received' AND account_id = ?2",
        values![message.to_string(), &account],
    )?;
    LIST.tally(tx, account, &[], -i64::try_from(removed).unwrap_or(0))
}

/// Lists the newest entries, newest first.
pub fn list(tx: &mut Tx, account: AccountId, limit: u32) -> Result<Vec<Activity>> {
    LIST.of(&account).first(tx, limit.into(), read)
}

/// Lists a page of the entries that FreelanceHub's feed shows, newest first.
pub fn feed(tx: &mut Tx, account: AccountId, page: Page) -> Result<Listing<Activity>> {
    LIST.of(&account).only(is_in_feed!()).page(tx, page, read)
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

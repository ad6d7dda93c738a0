//! The activity log.

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        activity::{Activity, ActivityKind},
        client::Client,
        error::Result,
        id::{AccountId, ActivityId},
        money::Money,
        session::Claims,
    },
    store::{self, engine::Tx},
};

/// The id and time of an entry, made before the transaction that writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub id: ActivityId,
    pub at: Timestamp,
}

/// What an entry tells.
pub(super) struct Told<'a> {
    pub kind: ActivityKind,
    pub subject: &'a str,
    pub amount: Option<Money>,
    pub client: Option<&'a Client>,
    pub entity: String,
}

impl Entry {
    /// Writes the entry in the transaction of what it tells.
    pub fn write(self, tx: &mut Tx, account: AccountId, told: Told) -> Result<()> {
        store::activity::create(
            tx,
            &Activity {
                id: self.id,
                account,
                kind: told.kind,
                subject: told.subject.to_owned(),
                amount: told.amount,
                client_name: told.client.map(|client| client.details.name.clone()),
                entity_id: Some(told.entity),
                at: self.at,
            },
        )
    }
}

impl App {
    /// The newest entries of the log, newest first.
    pub async fn list_activity(&self, claims: Claims, limit: u32) -> Result<Vec<Activity>> {
        self.read(claims, move |tx, actor| store::activity::list(tx, actor.account, limit)).await
    }

    pub(super) fn new_entry(&self, at: Timestamp) -> Entry {
        Entry { id: self.new_id(), at }
    }
}

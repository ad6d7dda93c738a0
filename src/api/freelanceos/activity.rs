//! Entries of the activity log, as `/dashboard/activity` shows them.

use crate::{
    domain::{
        activity::{Activity, ActivityKind},
        id::ActivityId,
        money::Currency,
    },
    http::{
        amount::Amount,
        schema::{Instant, OneOf, Text, schema},
    },
};

schema! {
    /// Something that happened.
    struct ActivityBody "Activity" {
        id "id": Text<ActivityId>,
        kind "type": OneOf<ActivityKind>,
        /// One sentence for people.
        message "message": String,
        timestamp "timestamp": Instant,
        amount "amount": Option<Amount>,
        currency "currency": Option<Text<Currency>>,
        client_name "clientName": Option<String>,
        /// The id of what it happened to.
        entity_id "entityId": Option<String>,
    }
}

impl From<Activity> for ActivityBody {
    fn from(activity: Activity) -> Self {
        Self {
            message: activity.message(),
            id: Text(activity.id),
            kind: OneOf(activity.kind),
            timestamp: Instant(activity.at),
            amount: activity.amount.map(Into::into),
            currency: activity.amount.map(|amount| Text(amount.currency)),
            client_name: activity.client_name,
            entity_id: activity.entity_id,
        }
    }
}

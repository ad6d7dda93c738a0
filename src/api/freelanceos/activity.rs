//! Activity log entries, as in `/dashboard/activity`.

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
    /// An activity entry.
    struct ActivityBody "Activity" of activity: Activity {
        id "id": Text<ActivityId> = Text(activity.id),
        kind "type": OneOf<ActivityKind> = OneOf(activity.kind),
        /// A readable sentence.
        message "message": String = activity.message(),
        timestamp "timestamp": Instant = Instant(activity.at),
        amount "amount": Option<Amount> = activity.amount.map(Into::into),
        currency "currency": Option<Text<Currency>> =
            activity.amount.map(|amount| Text(amount.currency)),
        client_name "clientName": Option<String> = activity.client_name,
        /// The id of the subject.
        entity_id "entityId": Option<String> = activity.entity_id,
    }
}

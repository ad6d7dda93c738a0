//! `/notices`: what others or the program did.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::{
    Tag,
    activity::ActivityBody,
    envelope::{Answer, Paged, Reply, render},
    error::{ChangingSettings, Failed, Listing},
};
use crate::{
    app::{
        App,
        notice::{list_notices, read_notices},
        unit_of_work::Work,
    },
    domain::{
        activity::ActivityKind,
        id::ActivityId,
        money::Currency,
        notice::{Notice, NoticeFilter, NoticesRead},
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A notice: an activity entry about what others or the program did.
    struct NoticeBody "Notice" of (entry, is_unread): (ActivityBody, bool) {
        id "id": Text<ActivityId> = entry.id,
        kind "type": OneOf<ActivityKind> = entry.kind,
        /// A readable sentence.
        message "message": String = entry.message,
        timestamp "timestamp": Instant = entry.timestamp,
        amount "amount": Option<Amount> = entry.amount,
        currency "currency": Option<Text<Currency>> = entry.currency,
        client_name "clientName": Option<String> = entry.client_name,
        /// The id of the subject.
        entity_id "entityId": Option<String> = entry.entity_id,
        unread "unread": bool = is_unread,
    }
}

impl From<Notice> for NoticeBody {
    fn from(notice: Notice) -> Self {
        (notice.entry.into(), notice.is_unread).into()
    }
}

schema! {
    /// How many notices are unread.
    struct UnreadBody "UnreadNotices" of unread: u64 {
        /// 100 stands for 100 or more.
        unread "unread": u64 = unread,
    }
}

bodies! {
    /// Which notices were read. The body may be empty.
    NoticesReadInput "ReadNotices" = NoticesRead;
}

/// The routes of notices.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/notices", tag = "Tag::Notices")]
impl Routes {
    /// List notices, newest first
    ///
    /// What others or the program did: clients' answers and payments, messages, emails that could
    /// not be delivered. Which ones you get is part of the settings.
    #[oai(path = "/", method = "get", operation_id = "listNotices")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<NoticeFilter>,
    ) -> Result<Paged<NoticeBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_notices(work, &filter)).await?))
    }

    /// Mark notices as read
    ///
    /// All of them or, with `until`, that one and all older ones.
    #[oai(path = "/read", method = "post", operation_id = "readNotices")]
    async fn read(
        &self,
        body: Body<NoticesReadInput>,
        bearer: Bearer,
    ) -> Answer<UnreadBody, ChangingSettings> {
        let input = body.once(render::<_, UnreadBody>);
        let (once, read) = self.0.admit(bearer.0, input).await?;
        let read = move |work: &mut Work| read_notices(work, &read);
        Ok(Reply::once(self.0.run_once(bearer.0, once, read).await?))
    }
}

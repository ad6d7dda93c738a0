//! A freelancer's dashboard, key figures and activity feed.

use std::sync::Arc;

use jiff::civil::Date;
use poem_openapi::OpenApi;

use super::{
    Tag,
    error::{Failed, Listing, Showing},
};
use crate::{
    app::{
        App,
        dashboard::{career, feed, overview},
    },
    domain::{
        activity::{FeedEntry, FeedStatus, FeedType},
        dashboard::{Career, Deadline, FeedFilter, Overview},
        date,
        id::ActivityId,
        message::Message,
        money::Currency,
    },
    http::{
        amount::Amount,
        answer::{Bare, Listed},
        bearer::Bearer,
        query::Query,
        schema::{DayEnd, Instant, OneOf, Text, schema},
    },
};

schema! {
    /// The figures of the dashboard.
    struct FiguresBody "DashboardStats" of (career, profile_completion): (Career, usize) {
        active_projects "activeProjects": u64 = career.active_projects,
        /// Sent but not answered yet.
        pending_proposals "pendingProposals": u64 = career.pending_proposals,
        /// In the user's currency, without amounts that have no known exchange rate.
        total_earnings "totalEarnings": Amount =
            Amount::from_minor(career.earnings, career.currency),
        /// The currency of the amounts here.
        currency "currency": Text<Currency> = Text(career.currency),
        /// Views of the public profile.
        profile_views "profileViews": u64 = career.profile_views,
        completed_projects "completedProjects": u64 = career.completed_projects,
        /// Completed projects among those that have ended, in whole percent.
        success_rate "successRate": u64 = career.success_rate(),
        /// How much of the profile is filled in, in whole percent.
        profile_completion "profileCompletion": usize = profile_completion,
    }
}

schema! {
    /// An activity entry.
    struct FeedEntryBody "ActivityItem" of entry: FeedEntry {
        id "id": Text<ActivityId> = Text(entry.id),
        feed_type "type": OneOf<FeedType> = OneOf(entry.feed_type),
        /// A readable sentence.
        action "action": String = entry.action,
        date "date": Instant = Instant(entry.at),
        status "status": OneOf<FeedStatus> = OneOf(entry.status),
    }
}

schema! {
    /// The deadline of a project.
    struct DeadlineBody "ProjectDeadline" of (deadline, today): (Deadline, Date) {
        project_title "projectTitle": String = deadline.title,
        deadline "deadline": DayEnd = DayEnd(deadline.day),
        /// Whole days in the user's timezone; negative once it is overdue.
        days_left "daysLeft": i64 = date::days_until(today, deadline.day),
    }
}

schema! {
    /// The beginning of a message.
    struct MessagePreviewBody "MessagePreview" of message: Message {
        from "from": String = message.name.clone(),
        preview "preview": String = message.preview(),
        timestamp "timestamp": Instant = Instant(message.created_at),
        unread "unread": bool = message.read_at.is_none(),
    }
}

schema! {
    /// The dashboard.
    struct DashboardBody "Dashboard" of overview: Overview {
        stats "stats": FiguresBody = (overview.career, overview.profile_completion).into(),
        /// Newest first.
        recent_activity "recentActivity": Vec<FeedEntryBody> =
            overview.activity.into_iter().map(Into::into).collect(),
        /// Of unfinished projects, earliest first.
        upcoming_deadlines "upcomingDeadlines": Vec<DeadlineBody> =
            overview.deadlines.into_iter().map(|due| (due, overview.today).into()).collect(),
        /// Newest first.
        recent_messages "recentMessages": Vec<MessagePreviewBody> =
            overview.messages.into_iter().map(Into::into).collect(),
    }
}

schema! {
    /// A freelancer's work so far.
    struct StatsBody "Stats" of career: Career {
        /// All that were sent, whatever the answer.
        total_proposals "totalProposals": u64 = career.proposals(),
        accepted_proposals "acceptedProposals": u64 = career.accepted_proposals,
        /// In whole percent of the sent ones.
        proposal_acceptance_rate "proposalAcceptanceRate": u64 = career.acceptance_rate(),
        /// In the user's currency, without amounts that have no known exchange rate.
        total_earnings "totalEarnings": Amount =
            Amount::from_minor(career.earnings, career.currency),
        /// The currency of the amounts here.
        currency "currency": Text<Currency> = Text(career.currency),
        /// Earnings per completed project, without decimals.
        average_project_value "averageProjectValue": Amount =
            Amount::from_whole(career.average_project_value()),
        completed_projects "completedProjects": u64 = career.completed_projects,
        ongoing_projects "ongoingProjects": u64 = career.active_projects,
        /// Clients with a project.
        total_clients "totalClients": u64 = career.clients,
        join_date "joinDate": Instant = Instant(career.began_at),
    }
}

/// The routes of the dashboard.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer", tag = "Tag::Dashboard")]
impl Routes {
    /// Get the dashboard
    ///
    /// Key figures, the newest activity and messages, and the next project deadlines.
    #[oai(path = "/dashboard", method = "get", operation_id = "getDashboard")]
    async fn dashboard(&self, bearer: Bearer) -> Result<Bare<DashboardBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.query(bearer.0, overview).await?))
    }

    /// Get the key figures
    ///
    /// Totals of all work so far. Amounts are in the user's currency.
    #[oai(path = "/stats", method = "get", operation_id = "getStats")]
    async fn stats(&self, bearer: Bearer) -> Result<Bare<StatsBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.query(bearer.0, career).await?))
    }

    /// List the activity, newest first
    ///
    /// Pages of 10 unless `limit` says otherwise. `X-Total-Count` is the number of entries.
    #[oai(path = "/activity", method = "get", operation_id = "listActivity")]
    async fn activity(
        &self,
        bearer: Bearer,
        filter: Query<FeedFilter>,
    ) -> Result<Listed<FeedEntryBody>, Failed<Listing>> {
        let FeedFilter { page } = self.0.admit_freelancer(bearer.0, filter.read()).await?;
        Ok(Listed::new(self.0.query(bearer.0, move |work| feed(work, page)).await?))
    }
}

//! The dashboard, the key figures and the feed of a freelancer.

use std::sync::Arc;

use jiff::civil::Date;
use poem_openapi::{OpenApi, param::Query};

use super::{
    Tag,
    error::{Failed, Listing, Showing},
};
use crate::{
    app::App,
    domain::{
        activity::{FeedEntry, FeedStatus, FeedType},
        dashboard::{Career, Deadline, Overview},
        date,
        id::ActivityId,
        message::Message,
        money::Currency,
        page::{Number, Page, Size},
    },
    http::{
        amount::Amount,
        answer::{Bare, Listed},
        bearer::Bearer,
        query::{Loose, Parameters},
        schema::{DayEnd, Instant, OneOf, Text, schema},
    },
};

schema! {
    /// The figures of the dashboard.
    struct FiguresBody "DashboardStats" {
        active_projects "activeProjects": u64,
        /// Sent and not answered.
        pending_proposals "pendingProposals": u64,
        /// In the user's currency; what no exchange rate is known for is left out.
        total_earnings "totalEarnings": Amount,
        /// Of the amounts here.
        currency "currency": Text<Currency>,
        /// Views of the public profile.
        profile_views "profileViews": u64,
        completed_projects "completedProjects": u64,
        /// Completed projects among those that have ended, in whole percent.
        success_rate "successRate": u64,
        /// How much of the profile is filled in, in whole percent.
        profile_completion "profileCompletion": usize,
    }
}

impl FiguresBody {
    fn new(career: &Career, profile_completion: usize) -> Self {
        Self {
            profile_completion,
            active_projects: career.active_projects,
            pending_proposals: career.pending_proposals,
            total_earnings: Amount::from_minor(career.earnings, career.currency),
            currency: Text(career.currency),
            profile_views: career.profile_views,
            completed_projects: career.completed_projects,
            success_rate: career.success_rate(),
        }
    }
}

schema! {
    /// Something that happened.
    struct FeedEntryBody "ActivityItem" {
        id "id": Text<ActivityId>,
        feed_type "type": OneOf<FeedType>,
        /// What happened, in words.
        action "action": String,
        date "date": Instant,
        status "status": OneOf<FeedStatus>,
    }
}

impl From<FeedEntry> for FeedEntryBody {
    fn from(entry: FeedEntry) -> Self {
        Self {
            id: Text(entry.id),
            feed_type: OneOf(entry.feed_type),
            action: entry.action,
            date: Instant(entry.at),
            status: OneOf(entry.status),
        }
    }
}

schema! {
    /// A day by which a project is due.
    struct DeadlineBody "ProjectDeadline" {
        project_title "projectTitle": String,
        deadline "deadline": DayEnd,
        /// Whole days, counted in the user's timezone; negative once it is overdue.
        days_left "daysLeft": i64,
    }
}

impl DeadlineBody {
    fn new(deadline: Deadline, today: Date) -> Self {
        Self {
            project_title: deadline.title,
            days_left: date::days_until(today, deadline.day),
            deadline: DayEnd(deadline.day),
        }
    }
}

schema! {
    /// How a message begins.
    struct MessagePreviewBody "MessagePreview" {
        from "from": String,
        preview "preview": String,
        timestamp "timestamp": Instant,
        unread "unread": bool,
    }
}

impl From<Message> for MessagePreviewBody {
    fn from(message: Message) -> Self {
        Self {
            preview: message.preview(),
            from: message.name,
            timestamp: Instant(message.created_at),
            unread: message.read_at.is_none(),
        }
    }
}

schema! {
    /// The dashboard.
    struct DashboardBody "Dashboard" {
        stats "stats": FiguresBody,
        /// Newest first.
        recent_activity "recentActivity": Vec<FeedEntryBody>,
        /// Of unfinished projects, earliest first.
        upcoming_deadlines "upcomingDeadlines": Vec<DeadlineBody>,
        /// Newest first.
        recent_messages "recentMessages": Vec<MessagePreviewBody>,
    }
}

impl From<Overview> for DashboardBody {
    fn from(overview: Overview) -> Self {
        let Overview { career, profile_completion, today, activity, deadlines, messages } =
            overview;
        let deadlines = deadlines.into_iter().map(|deadline| DeadlineBody::new(deadline, today));
        Self {
            stats: FiguresBody::new(&career, profile_completion),
            recent_activity: activity.into_iter().map(Into::into).collect(),
            upcoming_deadlines: deadlines.collect(),
            recent_messages: messages.into_iter().map(Into::into).collect(),
        }
    }
}

schema! {
    /// A freelancer's work so far.
    struct StatsBody "Stats" {
        /// Those sent, whatever was answered.
        total_proposals "totalProposals": u64,
        accepted_proposals "acceptedProposals": u64,
        /// In whole percent of those sent.
        proposal_acceptance_rate "proposalAcceptanceRate": u64,
        /// In the user's currency; what no exchange rate is known for is left out.
        total_earnings "totalEarnings": Amount,
        /// Of the amounts here.
        currency "currency": Text<Currency>,
        /// Earnings for each completed project, without decimals.
        average_project_value "averageProjectValue": Amount,
        completed_projects "completedProjects": u64,
        ongoing_projects "ongoingProjects": u64,
        /// Clients for whom there is a project.
        total_clients "totalClients": u64,
        join_date "joinDate": Instant,
    }
}

impl From<Career> for StatsBody {
    fn from(career: Career) -> Self {
        Self {
            total_proposals: career.proposals(),
            accepted_proposals: career.accepted_proposals,
            proposal_acceptance_rate: career.acceptance_rate(),
            total_earnings: Amount::from_minor(career.earnings, career.currency),
            currency: Text(career.currency),
            average_project_value: Amount::from_whole(career.average_project_value()),
            completed_projects: career.completed_projects,
            ongoing_projects: career.active_projects,
            total_clients: career.clients,
            join_date: Instant(career.began_at),
        }
    }
}

/// The routes of the dashboard.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer", tag = "Tag::Dashboard")]
impl Routes {
    /// Get the dashboard
    ///
    /// Key figures, the newest activity and messages, and the next deadlines of projects.
    #[oai(path = "/dashboard", method = "get", operation_id = "getDashboard")]
    async fn dashboard(&self, bearer: Bearer) -> Result<Bare<DashboardBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.overview(bearer.0).await?))
    }

    /// Get the key figures
    ///
    /// All that was done so far. Amounts are in the currency of the user.
    #[oai(path = "/stats", method = "get", operation_id = "getStats")]
    async fn stats(&self, bearer: Bearer) -> Result<Bare<StatsBody>, Failed<Showing>> {
        Ok(Bare::new(self.0.career(bearer.0).await?))
    }

    /// List what happened, newest first
    ///
    /// Pages of 10 unless `limit` says otherwise; `X-Total-Count` tells how many entries there are.
    #[oai(path = "/activity", method = "get", operation_id = "listActivity")]
    async fn activity(
        &self,
        bearer: Bearer,
        /// Entries a page; 10 by default.
        limit: Query<Option<Loose<Size>>>,
        /// The page, from 1 on.
        page: Query<Option<Loose<Number>>>,
    ) -> Result<Listed<FeedEntryBody>, Failed<Listing>> {
        let parameters = Parameters::new().with("limit", limit.0).with("page", page.0);
        let page = Page::of_limit(parameters.object());
        let page = self.0.admit_freelancer(bearer.0, page).await?;
        Ok(Listed::new(self.0.feed(bearer.0, page).await?))
    }
}

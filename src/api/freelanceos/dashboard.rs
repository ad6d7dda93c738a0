//! `/dashboard`.

use std::{collections::BTreeMap, sync::Arc};

use poem_openapi::OpenApi;

use super::{
    Tag,
    activity::ActivityBody,
    client::ClientBody,
    envelope::{Answer, Reply},
    error::{Listing, Reading},
};
use crate::{
    app::{
        App,
        activity::list_activity,
        dashboard::{Earnings, earnings, stats},
    },
    domain::{
        dashboard::{
            ACTIVITY_SHOWN, ActivityFilter, Deadline, DeadlineKind, EarningsFilter, EarningsPoint,
            Stats,
        },
        money::Currency,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        query::Query,
        schema::{Day, OneOf, Text, schema},
    },
};

schema! {
    /// A due date or deadline.
    struct DeadlineBody "Deadline" of (is_overdue, deadline): (bool, Deadline) {
        /// The id of the project, invoice or milestone.
        id "id": String = deadline.id,
        kind "type": OneOf<DeadlineKind> = OneOf(deadline.kind),
        title "title": String = deadline.title,
        date "date": Day = Day(deadline.day),
        /// The currency of the amount due.
        amount "amount": Option<Amount> = deadline.amount.map(Into::into),
        currency "currency": Option<Text<Currency>> =
            deadline.amount.map(|amount| Text(amount.currency)),
        client_name "clientName": String = deadline.client_name,
        is_overdue "isOverdue": bool = is_overdue,
    }
}

schema! {
    /// The key figures, in the user's currency and timezone.
    struct StatsBody "Stats" of stats: Stats {
        total_earnings "totalEarnings": Amount =
            Amount::from_minor(stats.total_earnings, stats.currency),
        monthly_earnings "monthlyEarnings": Amount =
            Amount::from_minor(stats.monthly_earnings, stats.currency),
        /// This month compared with last month, in percent.
        earnings_growth "earningsGrowth": Amount = Amount(stats.earnings_growth),
        active_projects "activeProjects": i64 = stats.active_projects,
        /// Sent, not paid and not overdue.
        pending_invoices "pendingInvoices": i64 = stats.pending_invoices,
        pending_invoices_amount "pendingInvoicesAmount": Amount =
            Amount::from_minor(stats.pending_amount, stats.currency),
        overdue_invoices "overdueInvoices": i64 = stats.overdue_invoices,
        overdue_invoices_amount "overdueInvoicesAmount": Amount =
            Amount::from_minor(stats.overdue_amount, stats.currency),
        /// The 10 nearest, earliest first, including overdue ones.
        upcoming_deadlines "upcomingDeadlines": Vec<DeadlineBody> = (stats.deadlines.into_iter())
            .map(|deadline| (deadline.is_overdue(stats.today), deadline).into())
            .collect(),
        currency "currency": Text<Currency> = Text(stats.currency),
        /// The change in active projects since the end of last month.
        active_projects_growth "activeProjectsGrowth": i64 = stats.active_projects_growth,
        /// The newest 5.
        recent_clients "recentClients": Vec<ClientBody> =
            stats.recent_clients.into_iter().map(Into::into).collect(),
        /// Amounts by currency without a known exchange rate, not included above.
        unconverted "unconverted": Option<BTreeMap<String, Amount>> =
            unconverted(stats.unconverted),
    }
}

schema! {
    /// Earnings of one month or week.
    struct EarningsPointBody "EarningsPoint" of (point, currency): (EarningsPoint, Currency) {
        /// `Mar 2026`, or `2026-W12` for a week.
        month "month": String = point.label,
        /// Its first day.
        date "date": Day = Day(point.start),
        /// In the user's currency.
        amount "amount": Amount = Amount::from_minor(point.amount, currency),
    }
}

/// Amounts by currency code, if any.
fn unconverted(sums: BTreeMap<Currency, i128>) -> Option<BTreeMap<String, Amount>> {
    let amount = |(currency, minor): (Currency, i128)| {
        (currency.code().to_owned(), Amount::from_minor(minor, currency))
    };
    (!sums.is_empty()).then(|| sums.into_iter().map(amount).collect())
}

/// The routes under `/dashboard`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/dashboard", tag = "Tag::Dashboard")]
impl Routes {
    /// Get key business metrics
    ///
    /// Sums are in the user's currency and months in the user's timezone. Amounts without a known
    /// exchange rate are not included in the sums but listed in `unconverted`.
    #[oai(path = "/stats", method = "get", operation_id = "getStats")]
    async fn stats(&self, bearer: Bearer) -> Answer<StatsBody, Reading> {
        Ok(Reply::new(self.0.query(bearer.0, stats).await?))
    }

    /// Get earnings of the last 12 months or weeks, oldest first
    ///
    /// The payments in each month or week, including the current one; 0 without payments.
    #[oai(path = "/earnings", method = "get", operation_id = "getEarnings")]
    async fn earnings(
        &self,
        bearer: Bearer,
        filter: Query<EarningsFilter>,
    ) -> Answer<Vec<EarningsPointBody>, Listing> {
        let EarningsFilter { period } = self.0.admit(bearer.0, filter.read()).await?;
        let Earnings { points, currency } =
            self.0.query(bearer.0, move |work| earnings(work, period)).await?;
        let points = points.into_iter().map(|point| (point, currency).into());
        Ok(Reply::new(points.collect::<Vec<EarningsPointBody>>()))
    }

    /// Get the recent activity feed, newest first
    ///
    /// `currency` is the currency of `amount`, if there is one.
    #[oai(path = "/activity", method = "get", operation_id = "getActivity")]
    async fn activity(
        &self,
        bearer: Bearer,
        filter: Query<ActivityFilter>,
    ) -> Answer<Vec<ActivityBody>, Listing> {
        let ActivityFilter { limit } = self.0.admit(bearer.0, filter.read()).await?;
        let limit = limit.unwrap_or(ACTIVITY_SHOWN);
        let entries = self.0.query(bearer.0, move |work| list_activity(work, limit)).await?;
        Ok(Reply::new(entries.into_iter().map(Into::into).collect::<Vec<ActivityBody>>()))
    }
}

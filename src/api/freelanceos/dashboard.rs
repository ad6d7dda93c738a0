//! `/dashboard`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use poem_openapi::{OpenApi, param::Query};

use super::{
    Tag,
    activity::ActivityBody,
    client::ClientBody,
    envelope::Reply,
    error::{Failed, Listing, Reading},
};
use crate::{
    app::{
        App,
        activity::list_activity,
        dashboard::{Earnings, earnings, stats},
    },
    domain::{
        dashboard::{Deadline, DeadlineKind, EarningsPoint, Period, Stats, activity_limit},
        money::Currency,
        page::Size,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        query::{Loose, Parameters},
        schema::{Day, OneOf, Text, schema},
    },
};

schema! {
    /// A day by which something is due.
    struct DeadlineBody "Deadline" {
        /// The id of the project, invoice or milestone.
        id "id": String,
        kind "type": OneOf<DeadlineKind>,
        title "title": String,
        date "date": Day,
        /// In the currency of what is due.
        amount "amount": Option<Amount>,
        currency "currency": Option<Text<Currency>>,
        client_name "clientName": String,
        is_overdue "isOverdue": bool,
    }
}

impl DeadlineBody {
    fn new(deadline: Deadline, today: Date) -> Self {
        Self {
            is_overdue: deadline.is_overdue(today),
            id: deadline.id,
            kind: OneOf(deadline.kind),
            title: deadline.title,
            date: Day(deadline.day),
            amount: deadline.amount.map(Into::into),
            currency: deadline.amount.map(|amount| Text(amount.currency)),
            client_name: deadline.client_name,
        }
    }
}

schema! {
    /// The key figures, in the user's currency and timezone.
    struct StatsBody "Stats" of stats: Stats {
        total_earnings "totalEarnings": Amount =
            Amount::from_minor(stats.total_earnings, stats.currency),
        monthly_earnings "monthlyEarnings": Amount =
            Amount::from_minor(stats.monthly_earnings, stats.currency),
        /// This month against last month, in percent.
        earnings_growth "earningsGrowth": Amount = Amount(stats.earnings_growth),
        active_projects "activeProjects": i64 = stats.active_projects,
        /// Sent, not paid, not overdue.
        pending_invoices "pendingInvoices": i64 = stats.pending_invoices,
        pending_invoices_amount "pendingInvoicesAmount": Amount =
            Amount::from_minor(stats.pending_amount, stats.currency),
        overdue_invoices "overdueInvoices": i64 = stats.overdue_invoices,
        overdue_invoices_amount "overdueInvoicesAmount": Amount =
            Amount::from_minor(stats.overdue_amount, stats.currency),
        /// The 10 nearest, earliest first, overdue included.
        upcoming_deadlines "upcomingDeadlines": Vec<DeadlineBody> = (stats.deadlines.into_iter())
            .map(|deadline| DeadlineBody::new(deadline, stats.today))
            .collect(),
        currency "currency": Text<Currency> = Text(stats.currency),
        /// How many more are active than at the end of last month.
        active_projects_growth "activeProjectsGrowth": i64 = stats.active_projects_growth,
        /// The newest 5.
        recent_clients "recentClients": Vec<ClientBody> =
            stats.recent_clients.into_iter().map(Into::into).collect(),
        /// Amounts by currency that no exchange rate is known for, left out of the sums above.
        unconverted "unconverted": Option<BTreeMap<String, Amount>> =
            unconverted(stats.unconverted),
    }
}

schema! {
    /// Earnings of one month or week.
    struct EarningsPointBody "EarningsPoint" of (point, currency): (EarningsPoint, Currency) {
        /// `Mar 2026`; of a week `2026-W12`.
        month "month": String = point.label,
        /// Its first day.
        date "date": Day = Day(point.start),
        /// In the user's currency.
        amount "amount": Amount = Amount::from_minor(point.amount, currency),
    }
}

/// Amounts by the code of their currency, if there are any.
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
    /// Sums are in the currency of the user and months in the timezone of the user. What no
    /// exchange rate is known for is left out of the sums and listed in `unconverted`.
    #[oai(path = "/stats", method = "get", operation_id = "getStats")]
    async fn stats(&self, bearer: Bearer) -> Result<Reply<StatsBody>, Failed<Reading>> {
        Ok(Reply::new(self.0.query(bearer.0, stats).await?))
    }

    /// Get earnings of the last 12 months or weeks, oldest first
    ///
    /// What was paid in each month or week, this one included; those without a payment are 0.
    #[oai(path = "/earnings", method = "get", operation_id = "getEarnings")]
    async fn earnings(
        &self,
        bearer: Bearer,
        /// `monthly` by default.
        period: Query<Option<Loose<Period>>>,
    ) -> Result<Reply<Vec<EarningsPointBody>>, Failed<Listing>> {
        let parameters = Parameters::new().with("period", period.0);
        let period = self.0.admit(bearer.0, Period::from_query(parameters.object())).await?;
        let Earnings { points, currency } =
            self.0.query(bearer.0, move |work| earnings(work, period)).await?;
        let points = points.into_iter().map(|point| (point, currency).into());
        Ok(Reply::new(points.collect::<Vec<EarningsPointBody>>()))
    }

    /// Get the recent activity feed, newest first
    ///
    /// Where an entry has an `amount`, `currency` says what it is in.
    #[oai(path = "/activity", method = "get", operation_id = "getActivity")]
    async fn activity(
        &self,
        bearer: Bearer,
        /// How many entries; 20 by default.
        limit: Query<Option<Loose<Size>>>,
    ) -> Result<Reply<Vec<ActivityBody>>, Failed<Listing>> {
        let parameters = Parameters::new().with("limit", limit.0);
        let limit = self.0.admit(bearer.0, activity_limit(parameters.object())).await?;
        let entries = self.0.query(bearer.0, move |work| list_activity(work, limit)).await?;
        Ok(Reply::new(entries.into_iter().map(Into::into).collect::<Vec<ActivityBody>>()))
    }
}

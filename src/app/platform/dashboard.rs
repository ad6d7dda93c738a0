//! The dashboard's figures.

use jiff::civil::Date;

use crate::{
    app::{profile, unit_of_work::Work},
    domain::{
        activity::{Activity, FeedEntry},
        client::ClientFilter,
        dashboard::{
            CLIENTS_SHOWN, Calendar, Career, Deadline, EarningsPoint, FEED_SHOWN, MESSAGES_SHOWN,
            Overview, Period, Stats, growth,
        },
        date,
        error::{Error, Result},
        exchange_rate::{Converted, Rates, Total},
        page::{Listing, Page},
        payment::PaymentSum,
        project::ProjectStatus,
        proposal::ProposalStatus,
    },
    store::{self, dashboard},
};

/// Returns FreelanceHub's dashboard, as of now in the account's timezone and currency.
pub fn overview(work: &mut Work) -> Result<Overview> {
    let career = career(work)?;
    let (today, account) = (work.today()?, work.account);
    let tx = &mut *work.tx;
    let messages = Page::first(MESSAGES_SHOWN);
    Ok(Overview {
        career,
        profile_completion: profile::find_own(tx, account)?.completion.percent,
        today,
        deadlines: dashboard::project_deadlines(tx, account)?,
        messages: store::message::list(tx, account, messages)?.entries,
        activity: feed(work, Page::first(FEED_SHOWN))?.entries,
    })
}

/// Returns a page of FreelanceHub's feed, newest first.
pub fn feed(work: &mut Work, page: Page) -> Result<Listing<FeedEntry>> {
    work.actor.must_be_freelancer()?;
    let listing = store::activity::feed(work.tx, work.account, page)?;
    let entries = listing.entries.iter().filter_map(Activity::feed_entry).collect();
    Ok(Listing { entries, total: listing.total, page: listing.page })
}

/// Returns the key figures, as of now in the account's timezone and currency.
pub fn stats(work: &mut Work) -> Result<Stats> {
    let zone = work.actor.time_zone()?;
    let calendar = Calendar::new(work.now, &zone)?;
    let (rates, account) = (work.rates()?, work.account);
    let tx = &mut *work.tx;

    let all = earned(&dashboard::earned_in_all(tx, account)?, &rates);
    let edges = [calendar.last_month, calendar.this_month, jiff::Timestamp::MAX];
    let months = dashboard::earned_between(tx, account, Period::Monthly, &edges, &zone)?;
    let month =
        |index: usize| months.get(index).map_or(0, |payments| earned(payments, &rates).minor);
    let (last_month, this_month) = (month(0), month(1));

    let active = store::project::count(tx, account, ProjectStatus::Active)?;
    let active = i64::try_from(active).map_err(Error::internal)?;
    let change = dashboard::active_change_since(tx, account, calendar.this_month)?;

    let (mut pending, mut overdue) = (Total::default(), Total::default());
    let (mut pending_invoices, mut overdue_invoices) = (0, 0);
    for sum in dashboard::open(tx, account, calendar.today)? {
        let (entries, total) = if sum.overdue {
            (&mut overdue_invoices, &mut overdue)
        } else {
            (&mut pending_invoices, &mut pending)
        };
        *entries += sum.entries;
        total.add(sum.amount);
    }
    let (pending, overdue) = (pending.convert(&rates), overdue.convert(&rates));
    let mut unconverted = all.unconverted;
    for left_out in [pending.unconverted, overdue.unconverted] {
        for (currency, minor) in left_out {
            *unconverted.entry(currency).or_default() += minor;
        }
    }
    let newest = ClientFilter { search: None, page: Page { number: 1, size: CLIENTS_SHOWN } };
    Ok(Stats {
        currency: work.actor.currency,
        today: calendar.today,
        total_earnings: all.minor,
        monthly_earnings: this_month,
        earnings_growth: growth(this_month, last_month),
        active_projects: active,
        active_projects_growth: change,
        pending_invoices,
        pending_amount: pending.minor,
        overdue_invoices,
        overdue_amount: overdue.minor,
        deadlines: dashboard::deadlines(tx, account, Date::ZERO)?,
        recent_clients: store::client::list(tx, account, &newest, &work.latest_rates)?.entries,
        unconverted,
    })
}

/// Returns the earnings of the last months or weeks, oldest first, in the account's currency.
pub fn earnings(work: &mut Work, period: Period) -> Result<Earnings> {
    let (zone, rates) = (work.actor.time_zone()?, work.rates()?);
    let starts = period.starts(date::day_in(work.now, &zone))?;
    let edges =
        starts.iter().map(|start| date::day_start(*start, &zone)).collect::<Result<Vec<_>>>()?;
    let sums = dashboard::earned_between(work.tx, work.account, period, &edges, &zone)?;
    let points = starts.iter().zip(&sums).map(|(start, payments)| EarningsPoint {
        label: period.label(*start),
        start: *start,
        amount: earned(payments, &rates).minor,
    });
    Ok(Earnings { currency: work.actor.currency, points: points.collect() })
}

/// Returns what is due next, earliest first. Overdue invoices are excluded, so that they cannot
/// crowd out deadlines that can still be met.
pub fn upcoming(work: &mut Work) -> Result<Vec<Deadline>> {
    let today = work.today()?;
    dashboard::deadlines(work.tx, work.account, today)
}

/// Returns FreelanceHub's key figures.
pub fn career(work: &mut Work) -> Result<Career> {
    work.actor.must_be_freelancer()?;
    let (account, rates) = (work.account, work.rates()?);
    let tx = &mut *work.tx;
    Ok(Career {
        currency: work.actor.currency,
        earnings: earned(&dashboard::earned_in_all(tx, account)?, &rates).minor,
        active_projects: store::project::count(tx, account, ProjectStatus::Active)?,
        completed_projects: store::project::count(tx, account, ProjectStatus::Completed)?,
        cancelled_projects: store::project::count(tx, account, ProjectStatus::Cancelled)?,
        pending_proposals: store::proposal::count(tx, account, ProposalStatus::Sent)?,
        accepted_proposals: store::proposal::count(tx, account, ProposalStatus::Accepted)?,
        rejected_proposals: store::proposal::count(tx, account, ProposalStatus::Rejected)?,
        profile_views: store::profile::count_views(tx, account)?,
        clients: store::project::count_clients(tx, account)?,
        began_at: store::account::find(tx, account)?.created_at,
    })
}

/// Earnings over time.
#[derive(Debug, Clone)]
pub struct Earnings {
    pub currency: crate::domain::money::Currency,
    pub points: Vec<EarningsPoint>,
}

fn earned(payments: &[PaymentSum], rates: &Rates) -> Converted {
    let mut total = Total::default();
    for sum in payments {
        total.add_payments(sum, rates.base());
    }
    total.convert(rates)
}

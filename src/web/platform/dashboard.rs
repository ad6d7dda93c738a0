//! `/`: Home.

use std::borrow::Borrow;

use askama::Template;
use jiff::civil::Date;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        activity::list_activity, client::list_clients, dashboard::upcoming,
        held_payment::newest_held_payments, home::income, invoice::list_invoices,
        invoice_defaults::find_invoice_defaults, outbox::list_troubled_mail,
        profile::count_profile_views, project::list_projects, proposal::list_proposals,
        provider::has_provider, unit_of_work::Work,
    },
    domain::{
        account::Role,
        activity::Activity,
        checkout::Checkout,
        client::ClientFilter,
        dashboard::{Deadline, DeadlineKind},
        date,
        error::Result,
        home::{Income, Owed, SOON_DAYS, change},
        invoice::InvoiceFilter,
        milestone::MilestoneStatus,
        money::{Money, divide_rounded},
        outbox::OutboxMail,
        page::{Listing, Page},
        project::{Project, ProjectFilter, ProjectStatus},
        proposal::{Proposal, ProposalFilter, ProposalStatus},
    },
    locale::{Text, t},
    web::{
        avatar::initials,
        chart::Chart,
        days::Days,
        figure,
        log::{self, LogDay},
        needs::{self, Needs, Which},
        page::answer,
        setup::{self, Done, Step},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The number of entries shown of each list.
const WORK_SHOWN: u32 = 3;
const DEADLINES_SHOWN: usize = 5;
const ACTIVITY_SHOWN: u32 = 10;
const MAIL_SHOWN: usize = 5;
/// The maximum number of milestones of a project drawn as steps.
const STEPS_DRAWN: usize = 12;

#[derive(Template)]
#[template(path = "pages/dashboard/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    figures: Figures,
    needs: Needs,
    bar: Option<Bar>,
    chart: Option<Chart>,
    log: Vec<LogDay>,
    steps: Vec<Step>,
    unread: u64,
    is_freelancer: bool,
}

/// Shows Home.
pub async fn show(visit: Visit) -> Result<Response> {
    let asked = Which::of(visit.query().get("needs"));
    let (figures, found) = visit.read(move |work| read_figures(work, asked)).await?;
    let days = Days::of(&visit)?;
    let Income { owed, year, currency, today, .. } = &figures.income;
    let page = Show {
        shell: visit.shell(Section::Dashboard),
        needs: Needs::new(found, owed, *today, &days),
        bar: Bar::of(owed),
        chart: Chart::new(year, *today, *currency),
        log: log::by_day(&figures.activity, &days),
        steps: setup::steps(&visit, &figures.done),
        unread: visit.frame.unread_messages,
        is_freelancer: visit.frame.account.role == Role::Freelancer,
        figures,
        days,
    };
    Ok(answer(StatusCode::OK, &page))
}

/// The data of the page.
struct Figures {
    income: Income,
    deadlines: Vec<Deadline>,
    activity: Vec<Activity>,
    /// Emails that were given up or keep failing, newest first.
    troubled_mail: Vec<OutboxMail>,
    held: Vec<Checkout>,
    projects: Listing<Project>,
    proposals: Listing<Proposal>,
    profile_views: u64,
    done: Done,
}

fn read_figures(work: &mut Work, asked: Option<Which>) -> Result<(Figures, needs::Found)> {
    let income = income(work)?;
    let found = needs::read(work, asked, &income.owed)?;
    let (page, one) = (Page::first(WORK_SHOWN), Page::first(1));
    let active = Some(ProjectStatus::Active);
    let projects = ProjectFilter { status: active, page, ..ProjectFilter::default() };
    let sent = Some(ProposalStatus::Sent);
    let proposals = ProposalFilter { status: sent, page, ..ProposalFilter::default() };
    let any_invoice = InvoiceFilter { page: one, ..InvoiceFilter::default() };
    let any_client = ClientFilter { search: None, page: one };
    let has_open = found.has_drafts() || income.owed.entries() > 0;
    let done = Done {
        has_invoice: has_open || list_invoices(work, &any_invoice)?.total > 0,
        has_client: list_clients(work, &any_client)?.total > 0,
        has_payment_details: find_invoice_defaults(work)?.says_how_to_pay() || has_provider(work)?,
    };
    let figures = Figures {
        income,
        deadlines: upcoming(work)?.into_iter().take(DEADLINES_SHOWN).collect(),
        activity: list_activity(work, ACTIVITY_SHOWN)?,
        troubled_mail: list_troubled_mail(work)?,
        held: newest_held_payments(work)?,
        projects: list_projects(work, &projects)?,
        proposals: list_proposals(work, &proposals)?,
        profile_views: count_profile_views(work)?,
        done,
    };
    Ok((figures, found))
}

/// The amounts due as one bar: its parts from the start, in percent of the width.
struct Bar {
    parts: Vec<Part>,
    label: Text,
}

struct Part {
    /// Its colour.
    kind: &'static str,
    x: i128,
    /// Its length, without the gap before the next part.
    width: String,
}

impl Bar {
    fn of(owed: &Owed) -> Option<Self> {
        let all = owed.amount();
        if all <= 0 {
            return None;
        }
        let share = |amount: i128| divide_rounded(amount * 100, all);
        let (first, second) =
            (share(owed.overdue.amount), share(owed.overdue.amount + owed.soon.amount));
        let part = |(kind, from, to): (_, i128, i128)| Part {
            kind,
            x: from,
            width: if to < 100 { format!("{}.5", to - from - 1) } else { (to - from).to_string() },
        };
        let parts = [("late", 0, first), ("soon", first, second), ("later", second, 100)];
        let parts = parts.into_iter().filter(|(_, from, to)| from < to).map(part);
        let label = t("home-owed-bar")
            .with("overdue", first)
            .with("soon", second - first)
            .with("days", SOON_DAYS)
            .with("later", 100 - second);
        Some(Self { parts: parts.collect(), label })
    }
}

/// A change from an earlier sum: `+12%`.
struct Change {
    percent: i128,
}

impl Change {
    fn text(&self) -> String {
        format!("{}%", signed(self.percent, self.percent.abs()))
    }

    fn is_up(&self) -> bool {
        self.percent > 0
    }
}

fn signed(number: i128, shown: impl std::fmt::Display) -> String {
    let sign = match number {
        1.. => "+",
        0 => "",
        _ => "−",
    };
    format!("{sign}{shown}")
}

impl Show {
    fn figure(&self, minor: impl Borrow<i128>) -> figure::Figure {
        figure::sum(self.figures.income.currency, minor.borrow())
    }

    fn number(&self, minor: impl Borrow<i128>) -> String {
        figure::number(self.figures.income.currency, minor.borrow())
    }

    /// Returns the payments of this month.
    fn this_month(&self) -> i128 {
        let Income { year, today, .. } = &self.figures.income;
        year.months.iter().find(|month| month.start == today.first_of_month()).map_or(0, |m| m.paid)
    }

    fn month_name(&self) -> String {
        self.figures.income.today.strftime("%B").to_string()
    }

    fn last_month_name(&self) -> String {
        let last = date::month_start(self.figures.income.today, -1);
        last.map_or_else(|_| String::new(), |month| month.strftime("%B").to_string())
    }

    /// Returns the change of this month from the last.
    fn month_change(&self) -> Option<Change> {
        let percent = change(self.this_month(), self.figures.income.year.last_month)?;
        Some(Change { percent })
    }

    /// Returns how far this year is ahead of last year so far, if there is a last year.
    fn year_change(&self) -> Option<(String, Change)> {
        let year = &self.figures.income.year;
        let percent = change(year.paid, year.last_so_far)?;
        let lead = year.paid - year.last_so_far;
        Some((signed(lead, self.number(lead.abs())), Change { percent }))
    }

    /// Returns the unconverted amounts as text.
    fn unconverted(&self) -> String {
        let sums = self.figures.income.unconverted.iter();
        let sums = sums.map(|(currency, minor)| currency.show(*minor));
        sums.collect::<Vec<_>>().join(", ")
    }

    /// Returns the text in a deadline's block: the weekday in the next seven days, else the month.
    fn day_word(&self, day: &Date) -> String {
        let is_near = (0..7).contains(&date::days_until(self.days.today(), *day));
        day.strftime(if is_near { "%a" } else { "%b" }).to_string()
    }

    fn late_by(&self, deadline: &Deadline) -> Option<Text> {
        let today = self.days.today();
        deadline.is_overdue(today).then(|| late(date::days_until(deadline.day, today)))
    }

    fn steps_done(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }

    fn today_in_words(&self) -> String {
        self.days.in_words()
    }
}

/// Returns how late something is, as text.
pub fn late(days: i64) -> Text {
    t("count-days-late").count("days", days)
}

/// Returns the page of a deadline.
fn deadline_link(deadline: &Deadline) -> String {
    match (deadline.kind, &deadline.project_id) {
        (DeadlineKind::Invoice, _) => format!("/invoices/{}", deadline.id),
        (_, Some(project)) => format!("/projects/{project}"),
        (_, None) => format!("/projects/{}", deadline.id),
    }
}

fn kind_label(kind: &DeadlineKind) -> Text {
    match kind {
        DeadlineKind::Project => t("project"),
        DeadlineKind::Invoice => t("invoice"),
        DeadlineKind::Milestone => t("milestone"),
    }
}

/// Returns an amount unless it is missing or zero.
fn worth(amount: &Option<Money>) -> Option<figure::Amount> {
    amount.filter(|amount| amount.minor != 0).map(figure::amount)
}

/// Returns the number of completed milestones of a project and their total. None if there are none,
/// or more than can be drawn.
fn milestones(project: &Project) -> Option<(usize, usize)> {
    let all = &project.milestones;
    let done = all.iter().filter(|milestone| milestone.status != MilestoneStatus::Pending);
    (1..=STEPS_DRAWN).contains(&all.len()).then(|| (done.count(), all.len()))
}

fn client_name(client: &Option<crate::domain::client::Client>) -> &str {
    client.as_ref().map_or("", |client| &client.details.name)
}

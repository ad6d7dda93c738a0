//! `/`: the dashboard.

use askama::Template;
use poem::{Response, http::StatusCode};
use rust_decimal::Decimal;

use crate::{
    app::{
        activity::list_activity,
        dashboard::{Earnings, earnings, stats, upcoming},
        invoice::list_invoices,
        invoice_defaults::find_invoice_settings,
        outbox::list_failed_mail,
        profile::count_profile_views,
        unit_of_work::Work,
    },
    domain::{
        account::Role,
        activity::{Activity, ActivityKind},
        dashboard::{Deadline, DeadlineKind, Period, Stats},
        date,
        error::Result,
        invoice::{InvoiceFilter, InvoiceStatus, ShownInvoice},
        mail::{FailedMail, MailKind},
        money::Money,
        page::Page,
    },
    locale::{Text, t},
    web::{
        chart::Chart,
        days::Days,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The number of entries shown of each list.
const OVERDUE_SHOWN: u32 = 5;
const ACTIVITY_SHOWN: u32 = 10;

#[derive(Template)]
#[template(path = "pages/dashboard/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    first_name: String,
    figures: Figures,
    earned_last_month: i128,
    chart: Option<Chart>,
    unread: u64,
    steps: Vec<Step>,
}

/// One step of setting up a new account.
struct Step {
    label: Text,
    text: Text,
    href: &'static str,
    is_done: bool,
}

/// Shows the dashboard.
pub async fn show(visit: Visit) -> Result<Response> {
    let figures = visit.read(read_figures).await?;
    let earnings = &figures.earnings;
    let page = Show {
        shell: visit.shell(Section::Dashboard),
        days: Days::of(&visit)?,
        first_name: visit.frame.account.first_name.clone(),
        earned_last_month: earnings.points.iter().rev().nth(1).map_or(0, |p| p.amount),
        chart: Chart::new(&earnings.points, earnings.currency),
        unread: visit.frame.unread_messages,
        steps: first_steps(&visit, &figures),
        figures,
    };
    Ok(answer(StatusCode::OK, &page))
}

/// The data of the page.
struct Figures {
    stats: Stats,
    earnings: Earnings,
    overdue: Vec<ShownInvoice>,
    deadlines: Vec<Deadline>,
    activity: Vec<Activity>,
    failed_mail: Vec<FailedMail>,
    profile_views: u64,
    has_invoice: bool,
    is_paid_somehow: bool,
}

fn read_figures(work: &mut Work) -> Result<Figures> {
    let (status, page) = (Some(InvoiceStatus::Overdue), Page::first(OVERDUE_SHOWN));
    let overdue = InvoiceFilter { status, page, ..InvoiceFilter::default() };
    let newest = InvoiceFilter { page: Page::first(1), ..InvoiceFilter::default() };
    let defaults = find_invoice_settings(work)?.defaults;
    Ok(Figures {
        stats: stats(work)?,
        earnings: earnings(work, Period::Monthly)?,
        overdue: list_invoices(work, &overdue)?.entries,
        deadlines: upcoming(work)?,
        activity: list_activity(work, ACTIVITY_SHOWN)?,
        failed_mail: list_failed_mail(work)?,
        profile_views: count_profile_views(work)?,
        has_invoice: list_invoices(work, &newest)?.total > 0,
        is_paid_somehow: defaults.payment_instructions.is_some(),
    })
}

/// Returns the remaining setup steps; empty if all are done.
fn first_steps(visit: &Visit, figures: &Figures) -> Vec<Step> {
    let account = &visit.frame.account;
    let mut steps = vec![
        Step {
            label: t("dashboard-step-client"),
            text: t("dashboard-step-client-text"),
            href: "/clients/new",
            is_done: !figures.stats.recent_clients.is_empty() || figures.has_invoice,
        },
        Step {
            label: t("dashboard-step-payment"),
            text: t("dashboard-step-payment-text"),
            href: "/settings/invoices",
            is_done: figures.is_paid_somehow,
        },
        Step {
            label: t("dashboard-step-invoice"),
            text: t("dashboard-step-invoice-text"),
            href: "/invoices/new",
            is_done: figures.has_invoice,
        },
    ];
    if account.role == Role::Freelancer {
        steps.push(Step {
            label: t("set-up-public-profile"),
            text: t("dashboard-step-profile-text"),
            href: "/profile",
            is_done: account.username.is_some(),
        });
    }
    let is_done = steps.iter().all(|step| step.is_done);
    if is_done { Vec::new() } else { steps }
}

impl Show {
    fn money(&self, minor: &i128) -> String {
        self.figures.stats.currency.show(*minor)
    }

    /// Returns the amounts without a known exchange rate, in words.
    fn unconverted(&self) -> String {
        let sums = self.figures.stats.unconverted.iter();
        let sums = sums.map(|(currency, minor)| currency.show(*minor));
        sums.collect::<Vec<_>>().join(", ")
    }

    fn mail_label(&self, mail: &FailedMail) -> Text {
        match mail.kind {
            MailKind::Invoice => t("invoice"),
            MailKind::InvoiceReminder => t("mail-kind-reminder"),
            MailKind::Verification => t("mail-kind-verification"),
            MailKind::PasswordReset => t("mail-kind-reset"),
            MailKind::SecurityNotice => t("mail-kind-security"),
            MailKind::MessageReceived => t("mail-kind-message"),
            MailKind::ProposalAnswered => t("mail-kind-proposal"),
        }
    }

    fn growth(&self, percent: &Decimal) -> Growth {
        Growth { by: *percent, unit: "%" }
    }

    fn count_growth(&self, count: &i64) -> Growth {
        Growth { by: (*count).into(), unit: "" }
    }

    fn late(&self, shown: &ShownInvoice) -> Text {
        late(date::days_until(shown.invoice.due_date, self.figures.stats.today))
    }
}

/// The change against last month: in percent, or as a number.
struct Growth {
    by: Decimal,
    unit: &'static str,
}

impl Growth {
    fn class(&self) -> &'static str {
        if self.by.is_zero() {
            ""
        } else if self.by.is_sign_positive() {
            "up"
        } else {
            "down"
        }
    }

    fn text(&self) -> Text {
        let text = match self.class() {
            "up" => t("dashboard-more"),
            "down" if self.unit.is_empty() => t("dashboard-fewer"),
            "down" => t("dashboard-less"),
            _ => return t("dashboard-same"),
        };
        text.with("by", format!("{}{}", self.by.abs().normalize(), self.unit))
    }
}

/// Returns how late something is, in words.
pub fn late(days: i64) -> Text {
    t("count-days-late").count("days", days)
}

/// Returns the page of a deadline; None for a milestone, which does not name its project.
fn deadline_link(deadline: &Deadline) -> Option<String> {
    match deadline.kind {
        DeadlineKind::Project => Some(format!("/projects/{}", deadline.id)),
        DeadlineKind::Invoice => Some(format!("/invoices/{}", deadline.id)),
        DeadlineKind::Milestone => None,
    }
}

fn kind_label(kind: &DeadlineKind) -> Text {
    match kind {
        DeadlineKind::Project => t("project"),
        DeadlineKind::Invoice => t("invoice"),
        DeadlineKind::Milestone => t("milestone"),
    }
}

/// Returns the page of a log entry.
fn activity_link(activity: &Activity) -> Option<String> {
    let folder = match activity.kind {
        ActivityKind::ClientAdded => "clients",
        ActivityKind::ProjectCreated | ActivityKind::ProjectCompleted => "projects",
        ActivityKind::ProposalSent
        | ActivityKind::ProposalAccepted
        | ActivityKind::ProposalRejected => "proposals",
        ActivityKind::InvoiceCreated | ActivityKind::InvoiceSent | ActivityKind::InvoicePaid => {
            "invoices"
        }
        ActivityKind::MessageReceived => return Some("/messages".to_owned()),
        ActivityKind::MilestoneCompleted => return None,
    };
    activity.entity_id.as_ref().map(|id| format!("/{folder}/{id}"))
}

/// Returns an amount unless it is missing or zero.
fn worth(amount: &Option<Money>) -> Option<String> {
    amount.filter(|amount| amount.minor != 0).map(Money::shown)
}

//! The events of the demo's two years, and when they happen.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use super::texts::{self, CLIENTS, LINES, NOTES, WORK};
use crate::domain::{
    date,
    error::{Error, Result},
    invoice::{Line, Unit},
    milestone::MilestoneStatus,
    project::ProjectStatus,
    tax::{Tax, Withholding},
};

/// Length of the story in days; it ends yesterday.
const DAYS: i64 = 730;
/// The last day of the story.
const LAST: i64 = DAYS - 1;
const INVOICES: i64 = 300;
/// The newest invoices, most of them still drafts.
const NEWEST: i64 = 8;
/// How many days old an unpaid invoice may be.
const RECENT: i64 = 90;
/// Days between two new clients.
const CLIENT_EVERY: i64 = 24;
/// Days between two updates of exchange rates.
const RATES_EVERY: usize = 30;
/// The invoice that is partly credited, and the one that is voided.
const CREDITED: i64 = 206;
const VOIDED: i64 = 207;
const MINUTES: i64 = 24 * 60;

/// A single event. Whatever it creates has a key that later steps refer to.
pub enum Step {
    Rates(Vec<(&'static str, Decimal)>),
    Client(usize),
    Project {
        key: usize,
        client: usize,
        work: usize,
        budget: Decimal,
        deadline: Date,
    },
    ProjectStatus(usize, ProjectStatus),
    Milestone {
        key: usize,
        project: usize,
        name: &'static str,
        amount: Decimal,
        due: Date,
    },
    MilestoneStatus(usize, MilestoneStatus),
    MilestoneDropped(usize),
    Proposal {
        key: usize,
        client: usize,
        work: usize,
        amount: Decimal,
        valid_until: Date,
    },
    SendProposal(usize),
    /// The client accepts or declines.
    AnswerProposal(usize, bool),
    Invoice(usize, Draft),
    CancelInvoice(usize),
    SendInvoice(usize),
    PayInvoice(usize),
    /// A part of it.
    PayPart(usize),
    /// A tenth is taken off.
    CreditInvoice(usize),
    VoidInvoice(usize),
}

/// The contents of an invoice.
pub struct Draft {
    pub client: usize,
    pub project: Option<usize>,
    pub withholding: Option<Withholding>,
    pub due: Date,
    pub lines: Vec<Line>,
    pub notes: Option<&'static str>,
}

/// The steps, each with its instant, oldest first.
pub struct Plan {
    pub start: Timestamp,
    pub steps: Vec<(Timestamp, Step)>,
}

/// Returns the story for this seed, ending the day before `now`.
pub fn plan(seed: u64, now: Timestamp) -> Result<Plan> {
    let today = date::day_in(now, &TimeZone::UTC);
    let first = today.checked_sub(DAYS.days()).map_err(Error::internal)?;
    let start = date::day_start(first, &TimeZone::UTC)?;
    let mut story = Story { first, start, choice: Choice(seed), steps: vec![], projects: vec![] };
    for (round, day) in (0..DAYS).step_by(RATES_EVERY).enumerate() {
        let rates = story.rates(round);
        story.add(day, 6 * 60, Step::Rates(rates));
    }
    for client in 0..CLIENTS.len() {
        story.add(joined(client), 7 * 60, Step::Client(client));
    }
    for client in 0..CLIENTS.len() {
        story.project(client, joined(client) + 14)?;
        let later = joined(client) + 200 + story.choice.below(120);
        if later < LAST - 14 {
            story.project(client, later)?;
        }
    }
    for (number, client) in (0..CLIENTS.len()).step_by(2).enumerate() {
        // The last projects are not active yet.
        let start = LAST - 74 + 6 * number as i64;
        if start > joined(client) + 14 {
            story.project(client, start)?;
        }
    }
    story.other_proposals()?;
    story.invoices()?;
    story.steps.sort_by_key(|(at, _)| *at);
    Ok(Plan { start, steps: story.steps })
}

/// The day a client joins.
fn joined(client: usize) -> i64 {
    client as i64 * CLIENT_EVERY
}

/// Pseudo-random choices, the same for the same seed: SplitMix64.
struct Choice(u64);

impl Choice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: i64) -> i64 {
        (self.next() % end.unsigned_abs().max(1)).cast_signed()
    }

    fn index(&mut self, length: usize) -> usize {
        (self.next() % (length.max(1) as u64)) as usize
    }

    /// Returns true in `of_hundred` out of 100 cases.
    fn percent(&mut self, of_hundred: i64) -> bool {
        self.below(100) < of_hundred
    }
}

struct Story {
    first: Date,
    start: Timestamp,
    choice: Choice,
    steps: Vec<(Timestamp, Step)>,
    /// The client and first day of each project.
    projects: Vec<(usize, i64)>,
}

impl Story {
    /// Adds a step unless its day is still in the future; returns whether it was added.
    fn add(&mut self, day: i64, minute: i64, step: Step) -> bool {
        if day > LAST {
            return false;
        }
        let at = self.start + SignedDuration::from_mins(day * MINUTES + minute);
        self.steps.push((at, step));
        true
    }

    fn day(&self, day: i64) -> Result<Date> {
        self.first.checked_add(day.days()).map_err(Error::internal)
    }

    /// Exchange rates to US dollars that vary a little around today's.
    fn rates(&mut self, round: usize) -> Vec<(&'static str, Decimal)> {
        let drift = round as i64;
        vec![
            ("EUR", Decimal::new(10_500 + 20 * drift + self.choice.below(300), 4)),
            ("NGN", Decimal::new(6_200 + 15 * drift + self.choice.below(250), 7)),
            ("XOF", Decimal::new(16_000 + 30 * drift + self.choice.below(450), 7)),
        ]
    }

    /// An accepted proposal and the project it leads to.
    fn project(&mut self, client: usize, start: i64) -> Result<()> {
        let key = self.projects.len();
        self.projects.push((client, start));
        let work = (key * 5 + client) % WORK.len();
        let budget = self.budget(client);
        self.proposal(key, client, work, budget, start - 12, Some(true))?;

        let length = 35 + self.choice.below(90);
        let cancelled = key % 11 == 7;
        let deadline = self.day(start + length)?;
        self.add(start, 9 * 60, Step::Project { key, client, work, budget, deadline });
        let part = (budget / Decimal::from(4)).round_dp(0);
        for (number, name) in (0..).zip(WORK[work].parts) {
            let milestone = key * 4 + number;
            let ends = start + length * (number as i64 + 1) / 4;
            let amount = if number == 3 { budget - part * Decimal::from(3) } else { part };
            let due = self.day(ends)?;
            let minute = 9 * 60 + 10 + number as i64;
            let made = Step::Milestone { key: milestone, project: key, name, amount, due };
            self.add(start, minute, made);
            let done = ends - 3 + self.choice.below(8);
            if cancelled && number > 0 {
                self.add(start + length / 2, 15 * 60 - 1, Step::MilestoneDropped(milestone));
                continue;
            }
            let status = |status| Step::MilestoneStatus(milestone, status);
            if self.add(done.max(start + 1), 16 * 60, status(MilestoneStatus::Completed)) {
                self.add(done.max(start + 1) + 12, 11 * 60, status(MilestoneStatus::Paid));
            }
        }
        let status = |status| Step::ProjectStatus(key, status);
        self.add(start + 3, 10 * 60, status(ProjectStatus::Active));
        if cancelled {
            self.add(start + length / 2, 15 * 60, status(ProjectStatus::Cancelled));
        } else if (LAST - 45..LAST - 12).contains(&start) && key % 3 == 1 {
            self.add(start + 8, 15 * 60, status(ProjectStatus::OnHold));
        } else if key % 9 == 4 {
            let pause = start + length / 3;
            self.add(pause, 15 * 60, status(ProjectStatus::OnHold));
            self.add(pause + 20, 15 * 60, status(ProjectStatus::Active));
            self.add(start + length + 22, 17 * 60, status(ProjectStatus::Completed));
        } else {
            self.add(start + length + 6, 17 * 60, status(ProjectStatus::Completed));
        }
        Ok(())
    }

    fn proposal(
        &mut self,
        key: usize,
        client: usize,
        work: usize,
        amount: Decimal,
        day: i64,
        answer: Option<bool>,
    ) -> Result<()> {
        let valid_until = self.day(day + 30)?;
        let made = Step::Proposal { key, client, work, amount, valid_until };
        self.add(day, 9 * 60 + 30, made);
        self.add(day + 1, 10 * 60, Step::SendProposal(key));
        if let Some(accepted) = answer {
            let after = 2 + self.choice.below(8);
            self.add(day + after, 14 * 60, Step::AnswerProposal(key, accepted));
        }
        Ok(())
    }

    /// Proposals without a project, and those still awaiting an answer.
    fn other_proposals(&mut self) -> Result<()> {
        let first = self.projects.len();
        for number in 0..16 {
            let client = self.choice.index(CLIENTS.len());
            let work = self.choice.index(WORK.len());
            let amount = self.budget(client);
            let day = joined(client) + 30 + self.choice.below(100);
            self.proposal(first + number, client, work, amount, day, Some(false))?;
        }
        for number in 16..24 {
            let (client, work) = (number, number % WORK.len());
            let amount = self.budget(client);
            // The last ones were written yesterday and are not sent yet.
            let day = (LAST - 20 + 3 * (number as i64 - 16)).min(LAST);
            self.proposal(first + number, client, work, amount, day, None)?;
        }
        Ok(())
    }

    fn invoices(&mut self) -> Result<()> {
        for number in 0..INVOICES {
            let key = number as usize;
            let day = 20 + number * (LAST - 20) / (INVOICES - 1);
            let clients = CLIENTS.len().min((day / CLIENT_EVERY) as usize + 1);
            let client = self.choice.index(clients);
            // A client who has just joined has no invoices yet.
            let client = if joined(client) + 10 > day { client - 1 } else { client };
            let due = day + if self.choice.percent(60) { 14 } else { 30 };
            let draft = self.draft(client, day, due)?;
            let minutes = self.choice.below(180);
            self.add(day, 8 * 60 + minutes, Step::Invoice(key, draft));
            let newest = number >= INVOICES - NEWEST;
            if newest && number % 3 != 0 {
                continue;
            }
            if number % 71 == 40 {
                self.add(day, 13 * 60, Step::CancelInvoice(key));
                continue;
            }
            self.add(day, 13 * 60, Step::SendInvoice(key));
            let never = if day > LAST - RECENT { self.choice.percent(25) } else { number == 111 };
            let late = if self.choice.percent(30) { 12 } else { 0 };
            let paid = (due - 8 + self.choice.below(10) + late).max(day + 1);
            if number == CREDITED {
                self.add(day, 15 * 60, Step::CreditInvoice(key));
            }
            if number == VOIDED {
                self.add(day, 15 * 60, Step::VoidInvoice(key));
            } else if !never {
                self.add(paid, 12 * 60 + minutes, Step::PayInvoice(key));
            } else if number % 2 == 0 {
                self.add(paid, 12 * 60 + minutes, Step::PayPart(key));
            }
        }
        Ok(())
    }

    fn draft(&mut self, client: usize, day: i64, due: i64) -> Result<Draft> {
        let currency = CLIENTS[client].currency;
        let hour = self.hour(currency);
        let mut lines: Vec<Line> = (0..=self.choice.below(3))
            .map(|_| {
                let description = LINES[self.choice.index(LINES.len())];
                let quantity = Decimal::new(200 + 25 * self.choice.below(100), 2).normalize();
                let line = Line::new(description, quantity, hour);
                Line { unit: Some(Unit::Hour), ..line }
            })
            .collect();
        if self.choice.percent(7) {
            lines.push(Line::new("Discount, as agreed", Decimal::ONE, -hour));
        }
        let taxes: Vec<Tax> = texts::tax(currency, client).into_iter().collect();
        for line in &mut lines {
            line.taxes = Some(taxes.clone());
        }
        let withholding = (currency == "NGN").then(texts::withholding);
        let own = |(_, (of, start)): &(usize, &(usize, i64))| *of == client && *start < day;
        let project = self.projects.iter().enumerate().rev().find(own).map(|(key, _)| key);
        let due = self.day(due)?;
        let notes = self.choice.percent(40).then(|| NOTES[self.choice.index(NOTES.len())]);
        Ok(Draft { client, project, withholding, due, lines, notes })
    }

    /// An hourly rate.
    fn hour(&mut self, currency: &str) -> Decimal {
        Decimal::from(match currency {
            "NGN" => 25_000 + 2_500 * self.choice.below(12),
            "XOF" => 20_000 + 2_500 * self.choice.below(10),
            _ => 45 + 5 * self.choice.below(10),
        })
    }

    fn budget(&mut self, client: usize) -> Decimal {
        self.hour(CLIENTS[client].currency) * Decimal::from(40 + 10 * self.choice.below(12))
    }
}

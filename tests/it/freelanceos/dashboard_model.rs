//! A reference model of the dashboard: plain loops over the rows that the test has created, days
//! from `jiff`, and fractions kept exact until the end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Currency → minor units.
type Sums = BTreeMap<&'static str, i128>;

pub struct Client {
    pub id: String,
    pub name: String,
    pub deleted: bool,
}

pub struct Invoice {
    pub id: String,
    pub number: String,
    pub client: usize,
    pub currency: &'static str,
    pub minor: i128,
    pub due: Date,
    pub status: &'static str,
    /// The amount paid, including withheld tax.
    pub paid: i128,
    /// The amount credited.
    pub credited: i128,
}

impl Invoice {
    /// What the client still has to pay; negative if more was paid than is owed.
    pub fn due(&self) -> i128 {
        self.minor - self.credited - self.paid
    }
}

pub struct Payment {
    pub client: usize,
    pub at: Timestamp,
    /// The day, if one was given.
    pub on: Option<Date>,
    pub currency: &'static str,
    pub minor: i128,
    pub frozen: Option<(&'static str, i128)>,
}

pub struct Project {
    pub id: String,
    pub name: String,
    pub client: usize,
    pub currency: &'static str,
    pub minor: i128,
    pub deadline: Option<Date>,
    /// Every status and when it began, "deleted" last.
    pub statuses: Vec<(Timestamp, &'static str)>,
}

impl Project {
    pub fn status(&self) -> &'static str {
        self.statuses.last().unwrap().1
    }

    fn was_active_before(&self, at: Timestamp) -> bool {
        self.statuses.iter().rev().find(|(since, _)| *since < at).is_some_and(|s| s.1 == "active")
    }
}

pub struct Milestone {
    pub id: String,
    pub name: String,
    pub project: usize,
    pub minor: i128,
    pub due: Option<Date>,
    pub status: &'static str,
}

pub struct Model {
    pub base: &'static str,
    pub zone: TimeZone,
    /// Whether earlier statuses of projects are known, not only the last ones.
    pub knows_past: bool,
    /// The value that represents a rate of 1.
    pub rate_one: i128,
    /// (from, into) → day → rate.
    pub rates: BTreeMap<(&'static str, &'static str), BTreeMap<Date, i128>>,
    pub clients: Vec<Client>,
    pub invoices: Vec<Invoice>,
    pub payments: Vec<Payment>,
    pub projects: Vec<Project>,
    pub milestones: Vec<Milestone>,
}

pub fn exponent(currency: &str) -> u32 {
    match currency {
        "XOF" => 0,
        "KWD" => 3,
        _ => 2,
    }
}

/// Minor units as the API formats them.
pub fn number(minor: i128, exponent: u32) -> String {
    Decimal::from_i128_with_scale(minor, exponent).normalize().to_string()
}

fn round(numerator: i128, denominator: i128) -> i128 {
    let half = if numerator < 0 { -denominator } else { denominator };
    (2 * numerator + half) / (2 * denominator)
}

fn growth(now: i128, last: i128) -> String {
    match (now, last) {
        (0, 0) => "0".to_owned(),
        (1.., 0) => "100".to_owned(),
        (_, 0) => "-100".to_owned(),
        // A rise is positive, even from below 0.
        _ => number(round((now - last) * 1000, last.abs()), 1),
    }
}

impl Model {
    pub fn today(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    /// The newest rate of a pair up to a day, as a fraction, with its day. If both directions have
    /// a rate for the same day, the requested direction takes precedence.
    fn pair(
        &self,
        (from, into): (&'static str, &'static str),
        until: Date,
    ) -> Option<(Date, i128, i128)> {
        let newest = |pair| self.rates.get(&pair)?.range(..=until).next_back();
        let given = newest((from, into)).map(|(day, rate)| (*day, *rate, self.rate_one));
        let turned = newest((into, from)).map(|(day, rate)| (*day, self.rate_one, *rate));
        match (given, turned) {
            (Some(given), Some(turned)) if turned.0 > given.0 => Some(turned),
            (given, turned) => given.or(turned),
        }
    }

    /// The rate through one other currency: the one whose older rate is the newest, then whose
    /// newer rate is, then the first by code.
    fn cross(&self, from: &'static str, until: Date) -> Option<(i128, i128)> {
        let ways: BTreeSet<&'static str> =
            self.rates.keys().flat_map(|pair| [pair.0, pair.1]).collect();
        let mut best: Option<((Date, Date), (i128, i128))> = None;
        for way in ways {
            if let Some((first_day, a, b)) = self.pair((from, way), until)
                && let Some((second_day, c, d)) = self.pair((way, self.base), until)
            {
                let days = (first_day.min(second_day), first_day.max(second_day));
                if best.is_none_or(|(known, _)| days > known) {
                    best = Some((days, (a * c, b * d)));
                }
            }
        }
        best.map(|(_, rate)| rate)
    }

    /// An amount in the base currency, at the newest rates.
    pub fn convert(&self, currency: &'static str, minor: i128) -> Option<i128> {
        self.convert_on(Date::MAX, currency, minor)
    }

    /// An amount in the base currency as known on a day, using the rate of the pair in either
    /// direction, else rates through a third currency.
    pub fn convert_on(&self, day: Date, currency: &'static str, minor: i128) -> Option<i128> {
        if currency == self.base {
            return Some(minor);
        }
        let (into, from) = (10_i128.pow(exponent(self.base)), 10_i128.pow(exponent(currency)));
        let direct = self.pair((currency, self.base), day).map(|(_, rate, one)| (rate, one));
        let (rate, one) = direct.or_else(|| self.cross(currency, day))?;
        Some(round(minor * rate * into, one * from))
    }

    /// Each currency converted once, and the unconverted rest.
    fn total(&self, sums: Sums) -> (i128, Sums) {
        let (mut total, mut unconverted) = (0, Sums::new());
        for (currency, minor) in sums {
            match self.convert(currency, minor) {
                Some(converted) => total += converted,
                None => *unconverted.entry(currency).or_default() += minor,
            }
        }
        (total, unconverted)
    }

    fn earned(&self, counts: impl Fn(&Payment) -> bool) -> (i128, Sums) {
        let mut sums = Sums::new();
        for payment in self.payments.iter().filter(|payment| counts(payment)) {
            let (currency, minor) = match payment.frozen {
                Some((base, minor)) if base == self.base => (base, minor),
                _ => (payment.currency, payment.minor),
            };
            *sums.entry(currency).or_default() += minor;
        }
        self.total(sums)
    }

    fn day(&self, payment: &Payment) -> Date {
        payment.on.unwrap_or_else(|| self.today(payment.at))
    }

    /// Label, first day and amount of the last 12 months or weeks.
    pub fn earnings(&self, now: Timestamp, weekly: bool) -> Vec<(String, String, String)> {
        let today = self.today(now);
        let first_of = |day: Date| {
            if !weekly {
                return day.first_of_month();
            }
            let mut monday = day;
            while monday.weekday() != jiff::civil::Weekday::Monday {
                monday = monday.yesterday().unwrap();
            }
            monday
        };
        let point = |back: i64| {
            let span = if weekly { back.weeks() } else { back.months() };
            let first = first_of(today).checked_sub(span).unwrap();
            let (total, _) = self.earned(|payment| first_of(self.day(payment)) == first);
            let label = if weekly {
                let week = first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            } else {
                first.strftime("%b %Y").to_string()
            };
            (label, format!("{first}T00:00:00Z"), number(total, exponent(self.base)))
        };
        (0..12).rev().map(point).collect()
    }

    /// Asserts that a response of `/dashboard/stats` is right.
    pub fn check_stats(&self, stats: &Value, now: Timestamp, hint: &str) {
        let today = self.today(now);
        let base = |minor| number(minor, exponent(self.base));
        let (this, last) = (today.first_of_month(), today.first_of_month() - 1.month());
        let month = |first: Date| self.earned(|p| self.day(p).first_of_month() == first).0;
        let (total, mut unconverted) = self.earned(|_| true);
        let mut open = |late: bool| {
            let mut sums = Sums::new();
            let late =
                |invoice: &&Invoice| invoice.status == "sent" && (invoice.due < today) == late;
            for invoice in self.invoices.iter().filter(late) {
                *sums.entry(invoice.currency).or_default() += invoice.due();
            }
            let (amount, left) = self.total(sums);
            left.into_iter()
                .for_each(|(currency, m)| *unconverted.entry(currency).or_default() += m);
            (self.invoices.iter().filter(late).count(), amount)
        };
        let (pending, overdue) = (open(false), open(true));
        let active = self.projects.iter().filter(|p| p.status() == "active").count() as i128;
        let month_start = this.to_zoned(self.zone.clone()).unwrap().timestamp();
        let before = self.projects.iter().filter(|p| p.was_active_before(month_start)).count();
        for (field, expected) in [
            ("totalEarnings", base(total)),
            ("monthlyEarnings", base(month(this))),
            ("earningsGrowth", growth(month(this), month(last))),
            ("activeProjects", active.to_string()),
            ("activeProjectsGrowth", (active - before as i128).to_string()),
            ("pendingInvoices", pending.0.to_string()),
            ("pendingInvoicesAmount", base(pending.1)),
            ("overdueInvoices", overdue.0.to_string()),
            ("overdueInvoicesAmount", base(overdue.1)),
        ] {
            if self.knows_past || field != "activeProjectsGrowth" {
                assert_eq!(stats[field].to_string(), expected, "{field} {hint}");
            }
        }
        assert_eq!(stats["currency"], self.base, "{hint}");
        let left = stats.get("unconverted").cloned().unwrap_or_else(|| json!({}));
        let left: BTreeMap<String, String> =
            left.as_object().unwrap().iter().map(|(c, v)| (c.clone(), v.to_string())).collect();
        let expected: BTreeMap<String, String> = unconverted
            .into_iter()
            .map(|(currency, minor)| (currency.to_owned(), number(minor, exponent(currency))))
            .collect();
        assert_eq!(left, expected, "{hint}");
        self.check_deadlines(stats["upcomingDeadlines"].as_array().unwrap(), today, hint);
        self.check_clients(stats["recentClients"].as_array().unwrap(), hint);
    }

    fn check_deadlines(&self, shown: &[Value], today: Date, hint: &str) {
        let mut all = Vec::new();
        let mut add =
            |id: &str, kind: &str, title: &str, day: Date, amount: [String; 2], client: usize| {
                let [amount, currency] = amount;
                let shown = [
                    id.to_owned(),
                    kind.to_owned(),
                    title.to_owned(),
                    format!("{day}T00:00:00Z"),
                    amount,
                    currency,
                    self.clients[client].name.clone(),
                    (day < today).to_string(),
                ];
                all.push((day, shown));
            };
        for project in &self.projects {
            if let Some(day) = project.deadline
                && ["planning", "active", "on_hold"].contains(&project.status())
            {
                let amount = number(project.minor, exponent(project.currency));
                let amount = [amount, project.currency.to_owned()];
                add(&project.id, "project", &project.name, day, amount, project.client);
            }
        }
        for invoice in self.invoices.iter().filter(|invoice| invoice.status == "sent") {
            let amount = number(invoice.due(), exponent(invoice.currency));
            let amount = [amount, invoice.currency.to_owned()];
            add(&invoice.id, "invoice", &invoice.number, invoice.due, amount, invoice.client);
        }
        for milestone in &self.milestones {
            let project = &self.projects[milestone.project];
            if let Some(day) = milestone.due
                && milestone.status == "pending"
                && ["planning", "active", "on_hold"].contains(&project.status())
            {
                let amount = number(milestone.minor, exponent(project.currency));
                let amount = [amount, project.currency.to_owned()];
                add(&milestone.id, "milestone", &milestone.name, day, amount, project.client);
            }
        }
        all.sort();
        let days: Vec<String> = all.iter().take(10).map(|(_, shown)| shown[3].clone()).collect();
        let all: BTreeSet<_> = all.into_iter().map(|(_, shown)| shown).collect();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields =
            ["id", "type", "title", "date", "amount", "currency", "clientName", "isOverdue"];
        let shown: Vec<_> = shown.iter().map(|entry| fields.map(|f| text(&entry[f]))).collect();
        let shown_days: Vec<String> = shown.iter().map(|entry| entry[3].clone()).collect();
        let distinct: BTreeSet<_> = shown.iter().cloned().collect();
        assert_eq!(distinct.len(), shown.len(), "{hint}");
        assert!(
            distinct.is_subset(&all),
            "{hint}: {:#?}",
            distinct.difference(&all).collect::<Vec<_>>()
        );
        assert_eq!(shown_days, days, "{hint}");
    }

    fn check_clients(&self, shown: &[Value], hint: &str) {
        let newest = self.clients.iter().enumerate().rev().filter(|(_, client)| !client.deleted);
        let expected: Vec<_> = newest
            .take(5)
            .map(|(index, client)| {
                let (billed, _) = self.earned(|payment| payment.client == index);
                (client.id.clone(), number(billed, exponent(self.base)))
            })
            .collect();
        let shown: Vec<_> = shown
            .iter()
            .map(|c| (c["id"].as_str().unwrap().to_owned(), c["totalBilled"].to_string()))
            .collect();
        assert_eq!(shown, expected, "{hint}");
    }
}

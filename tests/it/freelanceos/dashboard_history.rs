//! `/dashboard` over random histories of more than a year, checked against a separate calculation.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use freelanceos::{
    app::token::{TokenType, Tokens},
    domain::{exchange_rate::ExchangeRate, money::Currency, session::Claims},
};

use super::dashboard_model::{
    Client, Invoice, Milestone, Model, Payment, Project, exponent, number,
};
use crate::store::rollup::assert_rollups;
use crate::support::{JWT_SECRET, START, TestApp, User, spawn_app};

const EMAIL: &str = "a@example.com";
const CURRENCIES: [&str; 4] = ["USD", "KWD", "EUR", "XOF"];
const STATUSES: [&str; 5] = ["planning", "active", "on_hold", "completed", "cancelled"];
/// The pairs with rates (one of them in both directions) and their approximate values. XOF and KWD
/// are connected only through other currencies.
const PAIRS: [(&str, &str, u64); 6] = [
    ("KWD", "USD", 3_250_000),
    ("EUR", "USD", 1_080_000),
    ("USD", "EUR", 900_000),
    ("USD", "XOF", 600_123_457),
    ("EUR", "KWD", 330_000),
    ("XOF", "EUR", 1_524),
];

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.roll(from.len() as u64) as usize])
    }
}

struct History<'a> {
    user: User<'a>,
    app: &'a TestApp,
    model: Model,
    dice: Dice,
    claims: Claims,
    now: Timestamp,
    /// Payments and refunds that can be undone, each with its index in the model.
    entries: Vec<(Entry, usize)>,
    /// The money paid on each invoice, without withheld tax.
    cash: BTreeMap<usize, i128>,
    /// The lines of the invoices that have several.
    lines: BTreeMap<usize, Vec<Line>>,
    /// How many credit notes of each kind were issued: for an amount, for lines, to void, and for
    /// the rest.
    notes: [usize; 4],
}

/// A line of an invoice, and the quantity not yet credited.
struct Line {
    id: String,
    rate: i128,
    left: u64,
}

/// A payment or, with a negative sum, a refund.
struct Entry {
    id: String,
    invoice: usize,
    sum: i128,
    withheld: i128,
}

/// An amount as the API expects it.
fn json_number(minor: i128, currency: &str) -> serde_json::Number {
    number(minor, exponent(currency)).parse().unwrap()
}

impl History<'_> {
    /// Moves the clock and renews the token, which is valid for seven days.
    fn at(&mut self, now: Timestamp) {
        self.now = now;
        self.app.clock.set(&now.to_string());
        let life = SignedDuration::from_hours(24);
        let tokens = Tokens::new(JWT_SECRET.as_bytes()).unwrap();
        self.user.token = tokens.sign(TokenType::Access, self.claims, [0; 9], now, life).unwrap();
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.user.post(path, body).await;
        answer.data(if path.matches('/').count() == 1 { 201 } else { 200 }).clone()
    }

    fn day_near(&mut self) -> Date {
        let days = self.dice.roll(120) as i64 - 40;
        self.model.today(self.now) + days.days()
    }

    fn clients(&self) -> Vec<usize> {
        (0..self.model.clients.len()).filter(|i| !self.model.clients[*i].deleted).collect()
    }

    fn projects(&self) -> Vec<usize> {
        let open = |i: &usize| self.model.projects[*i].status() != "deleted";
        (0..self.model.projects.len()).filter(open).collect()
    }

    fn invoices(&self, status: &str) -> Vec<usize> {
        let is = |i: &usize| self.model.invoices[*i].status == status;
        (0..self.model.invoices.len()).filter(is).collect()
    }

    async fn create_client(&mut self) {
        let name = format!("Client {}", self.model.clients.len());
        let id = self.user.client(&name).await;
        self.model.clients.push(Client { id, name, deleted: false });
    }

    /// Deletes a client and its projects, if none is active.
    async fn delete_client(&mut self) {
        let clients = self.clients();
        let Some(client) = self.dice.pick(&clients).filter(|_| clients.len() > 3) else { return };
        let answer = self.user.delete(&format!("/clients/{}", self.model.clients[client].id)).await;
        let of_client = |p: &&mut Project| p.client == client && p.status() != "deleted";
        let mut projects: Vec<_> = self.model.projects.iter_mut().filter(of_client).collect();
        if projects.iter().any(|project| project.status() == "active") {
            answer.error(409);
            return;
        }
        answer.data(200);
        self.model.clients[client].deleted = true;
        projects.iter_mut().for_each(|project| project.statuses.push((self.now, "deleted")));
    }

    async fn create_invoice(&mut self) -> usize {
        let clients = self.clients();
        let client = self.dice.pick(&clients).unwrap();
        let currency = self.dice.pick(&CURRENCIES).unwrap();
        let due = self.day_near();
        let mut body = json!({
            "clientId": self.model.clients[client].id, "currency": currency,
            "dueDate": due.to_string(),
        });
        // One amount, or two lines without tax or discount.
        let rolled: Vec<(u64, i128)> = (0..self.dice.roll(2) * 2)
            .map(|_| (self.dice.roll(9) + 1, i128::from(self.dice.roll(50_000)) + 1))
            .collect();
        let minor = match &rolled[..] {
            [] => {
                let minor = i128::from(self.dice.roll(500_000)) + 1;
                body["amount"] = json_number(minor, currency).into();
                minor
            }
            lines => {
                let line = |(count, rate): &(u64, i128)| {
                    json!({
                        "description": "Work", "quantity": count, "rate": json_number(*rate, currency),
                    })
                };
                body["items"] = lines.iter().map(line).collect();
                lines.iter().map(|(count, rate)| i128::from(*count) * rate).sum()
            }
        };
        let made = self.post("/invoices", body).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (id, number) = (text(&made["id"]), text(&made["number"]));
        let place = self.model.invoices.len();
        if !rolled.is_empty() {
            let items = made["items"].as_array().unwrap().iter().zip(rolled);
            let line =
                |(item, (left, rate)): (&Value, _)| Line { id: text(&item["id"]), rate, left };
            self.lines.insert(place, items.map(line).collect());
        }
        let (status, paid, credited) = ("draft", 0, 0);
        let invoice = Invoice { id, number, client, currency, minor, due, status, paid, credited };
        self.model.invoices.push(invoice);
        place
    }

    async fn act_on(&mut self, invoice: usize, action: &str, status: &'static str) {
        let path = format!("/invoices/{}/{action}", self.model.invoices[invoice].id);
        self.post(&path, json!({})).await;
        self.model.invoices[invoice].status = status;
    }

    /// Pays the amount due.
    async fn pay(&mut self, invoice: usize) {
        self.act_on(invoice, "mark-paid", "paid").await;
        self.book(invoice, self.model.invoices[invoice].due(), None);
    }

    /// Adds an entry to the model, converted at the rate of its day.
    fn book(&mut self, of: usize, minor: i128, on: Option<Date>) {
        let invoice = &mut self.model.invoices[of];
        invoice.paid += minor;
        *self.cash.entry(of).or_default() += minor;
        let (client, currency) = (invoice.client, invoice.currency);
        let day = on.unwrap_or_else(|| self.model.today(self.now));
        let frozen = self.model.convert_on(day, currency, minor).map(|sum| (self.model.base, sum));
        self.model.payments.push(Payment { client, at: self.now, on, currency, minor, frozen });
    }

    /// Pays a part of an invoice, or more than is due, today or on an earlier day, with a part of it
    /// withheld.
    async fn pay_part(&mut self, of: usize) {
        let currency = self.model.invoices[of].currency;
        let most = (self.model.invoices[of].due() as u64).max(1)
            * if self.dice.roll(5) == 0 { 2 } else { 1 };
        let sum = i128::from(self.dice.roll(most)) + 1;
        let withheld = if self.dice.roll(3) == 0 { sum / 10 } else { 0 };
        let on = (self.dice.roll(3) > 0)
            .then(|| self.model.today(self.now) - (self.dice.roll(70) as i64).days());
        let body = json!({
            "amount": json_number(sum - withheld, currency), "withheld": json_number(withheld, currency),
            "paidAt": on.map(|day| day.to_string()), "allowOverpayment": true,
        });
        let path = format!("/invoices/{}/payments", self.model.invoices[of].id);
        let made = self.user.post(&path, body).await.data(201).clone();
        self.book(of, sum, on);
        *self.cash.get_mut(&of).unwrap() -= withheld;
        self.settle(of);
        let entry =
            Entry { id: made["id"].as_str().unwrap().to_owned(), invoice: of, sum, withheld };
        self.entries.push((entry, self.model.payments.len() - 1));
    }

    /// Undoes any payment or refund, unless that would leave more refunded than paid.
    async fn undo(&mut self) {
        let indices: Vec<usize> = (0..self.entries.len()).collect();
        let Some(index) = self.dice.pick(&indices) else { return };
        let (Entry { id, invoice, sum, withheld }, payment) = &self.entries[index];
        let (of, sum, cash, payment) = (*invoice, *sum, *sum - *withheld, *payment);
        let answer = self.user.delete(&format!("/payments/{id}")).await;
        if self.cash[&of] - cash < 0 {
            answer.error(409);
            return;
        }
        answer.data(200);
        let Payment { client, at, on, currency, minor, frozen } = self.model.payments[payment];
        let frozen = frozen.map(|(base, sum)| (base, -sum));
        self.model.payments.push(Payment { client, at, on, currency, minor: -minor, frozen });
        self.model.invoices[of].paid -= sum;
        *self.cash.get_mut(&of).unwrap() -= cash;
        self.settle(of);
        self.entries.remove(index);
    }

    /// Refunds a part of an overpayment.
    async fn refund(&mut self) {
        let too_much = |of: &usize| {
            let invoice = &self.model.invoices[*of];
            (-invoice.due()).min(self.cash.get(of).copied().unwrap_or_default())
        };
        let overpaid: Vec<usize> =
            (0..self.model.invoices.len()).filter(|of| too_much(of) > 0).collect();
        let Some(of) = self.dice.pick(&overpaid) else { return };
        let sum = i128::from(self.dice.roll(too_much(&of) as u64)) + 1;
        let body = json!({"amount": json_number(sum, self.model.invoices[of].currency)});
        let path = format!("/invoices/{}/refunds", self.model.invoices[of].id);
        let made = self.user.post(&path, body).await.data(201).clone();
        self.book(of, -sum, None);
        let id = made["id"].as_str().unwrap().to_owned();
        self.entries.push((
            Entry { id, invoice: of, sum: -sum, withheld: 0 },
            self.model.payments.len() - 1,
        ));
        self.settle(of);
    }

    fn settle(&mut self, of: usize) {
        let invoice = &mut self.model.invoices[of];
        invoice.status = match (invoice.due(), invoice.paid) {
            (1.., _) => "sent",
            // Nothing is due, and nothing was paid.
            (0, 0) => "cancelled",
            _ => "paid",
        };
    }

    /// Credits a part or all of an invoice, or tries to credit more than is left.
    async fn credit(&mut self, of: usize) {
        let (currency, left) = {
            let invoice = &self.model.invoices[of];
            (invoice.currency, invoice.minor - invoice.credited)
        };
        let path = format!("/invoices/{}", self.model.invoices[of].id);
        let kind = self.dice.roll(4);
        let has_lines = self.lines.get(&of).is_some_and(|lines| lines[0].left + lines[1].left > 0);
        let (kind, action, mut body, sum) = match kind {
            0 => {
                // At most a tenth more than is left.
                let sum = i128::from(self.dice.roll((left * 11 / 10).max(1) as u64)) + 1;
                (0, "credit-notes", json!({"amount": json_number(sum, currency)}), sum)
            }
            1 if has_lines => {
                let lines = self.lines.get_mut(&of).unwrap();
                let counts: Vec<u64> =
                    lines.iter().map(|line| self.dice.roll(line.left + 1)).collect();
                let some = || lines.iter().zip(&counts).filter(|(_, count)| **count > 0);
                let items: Vec<_> = some()
                    .map(|(line, count)| json!({"itemId": line.id, "quantity": count}))
                    .collect();
                if items.is_empty() {
                    return;
                }
                let sum = some().map(|(line, count)| line.rate * i128::from(*count)).sum();
                if sum <= left {
                    let both = lines.iter_mut().zip(&counts);
                    both.for_each(|(line, count)| line.left -= count);
                }
                (1, "credit-notes", json!({"items": items}), sum)
            }
            2 => (2, "void", json!({}), left),
            _ => (3, "credit-notes", json!({}), left),
        };
        body["reason"] = "Agreed".into();
        let answer = self.user.post(&format!("{path}/{action}"), body).await;
        if action == "void" && self.model.invoices[of].paid != 0 {
            answer.error(409);
            return;
        }
        if sum > left {
            answer.error(400);
            return;
        }
        let note = answer.data(201);
        assert_eq!(note["amount"].to_string(), json_number(sum, currency).to_string());
        self.model.invoices[of].credited += sum;
        self.settle(of);
        self.notes[kind] += 1;
        if sum == left
            && let Some(lines) = self.lines.get_mut(&of)
        {
            lines.iter_mut().for_each(|line| line.left = 0);
        }
    }

    /// Invoices that the client has received and that are not credited in full.
    fn creditable(&self) -> Vec<usize> {
        let is = |i: &usize| {
            let invoice = &self.model.invoices[*i];
            ["sent", "paid"].contains(&invoice.status) && invoice.credited < invoice.minor
        };
        (0..self.model.invoices.len()).filter(is).collect()
    }

    async fn create_project(&mut self) {
        let clients = self.clients();
        let client = self.dice.pick(&clients).unwrap();
        let (currency, status) =
            (self.dice.pick(&CURRENCIES).unwrap(), self.dice.pick(&STATUSES).unwrap());
        let minor = i128::from(self.dice.roll(9_000));
        let deadline = (self.dice.roll(4) > 0).then(|| self.day_near());
        let name = format!("Project {}", self.model.projects.len());
        let body = json!({
            "clientId": self.model.clients[client].id, "name": name, "status": status,
            "currency": currency, "deadline": deadline.map(|day| day.to_string()),
            "budget": number(minor, exponent(currency)).parse::<serde_json::Number>().unwrap(),
        });
        let id = self.post("/projects", body).await["id"].as_str().unwrap().to_owned();
        let statuses = vec![(self.now, status)];
        self.model.projects.push(Project { id, name, client, currency, minor, deadline, statuses });
    }

    async fn change_project(&mut self) {
        let projects = self.projects();
        let Some(index) = self.dice.pick(&projects) else { return };
        let path = format!("/projects/{}", self.model.projects[index].id);
        let status = if self.dice.roll(8) == 0 {
            self.user.delete(&path).await.data(200);
            "deleted"
        } else {
            let status = self.dice.pick(&STATUSES).unwrap();
            self.user.put(&path, json!({"status": status})).await.data(200);
            status
        };
        self.model.projects[index].statuses.push((self.now, status));
    }

    async fn create_milestone(&mut self) {
        let projects = self.projects();
        let Some(project) = self.dice.pick(&projects) else { return };
        let minor = i128::from(self.dice.roll(900)) * 100;
        let due = (self.dice.roll(4) > 0).then(|| self.day_near());
        let name = format!("Milestone {}", self.model.milestones.len());
        let amount = number(minor, exponent(self.model.projects[project].currency));
        let body = json!({
            "projectId": self.model.projects[project].id, "name": name, "dueDate": due.map(|day| day.to_string()),
            "amount": amount.parse::<serde_json::Number>().unwrap(),
        });
        let id = self.post("/milestones", body).await["id"].as_str().unwrap().to_owned();
        // Without its own due date, it is due with its project.
        let due = due.or(self.model.projects[project].deadline);
        let status = "pending";
        self.model.milestones.push(Milestone { id, name, project, minor, due, status });
    }

    async fn change_milestone(&mut self) {
        let there = |m: &Milestone| {
            m.status != "deleted" && self.model.projects[m.project].status() != "deleted"
        };
        let all = self.model.milestones.iter().enumerate();
        let there: Vec<usize> = all.filter(|(_, m)| there(m)).map(|(index, _)| index).collect();
        let Some(index) = self.dice.pick(&there) else { return };
        let path = format!("/milestones/{}", self.model.milestones[index].id);
        let status = self.dice.pick(&["pending", "completed", "paid", "deleted"]).unwrap();
        match status {
            "deleted" => self.user.delete(&path).await.data(200).clone(),
            _ => self.user.put(&path, json!({"status": status})).await.data(200).clone(),
        };
        self.model.milestones[index].status = status;
    }

    /// Imports a rate for today or an earlier day, which may be too late to count.
    async fn import_rate(&mut self) {
        let (from, into, about) = self.dice.pick(&PAIRS).unwrap();
        let millionths = about + self.dice.roll(about / 10);
        let day = self.model.today(self.now) - (self.dice.roll(20) as i64).days();
        let rate = ExchangeRate {
            from: Currency::from_code(from).unwrap(),
            into: Currency::from_code(into).unwrap(),
            day,
            rate: Decimal::from_i128_with_scale(millionths.into(), 6),
        };
        self.app.app.import_rates(EMAIL.to_owned(), vec![rate]).await.unwrap();
        self.model.rates.entry((from, into)).or_default().insert(day, millionths.into());
    }

    async fn set_base(&mut self, base: &'static str) {
        self.user.put("/auth/me", json!({"currency": base})).await.data(200);
        self.model.base = base;
    }

    async fn set_zone(&mut self, zone: &str) {
        self.user.put("/auth/me", json!({"timezone": zone})).await.data(200);
        self.model.zone = TimeZone::get(zone).unwrap();
    }

    async fn anything(&mut self) {
        let (drafts, sent) = (self.invoices("draft"), self.invoices("sent"));
        match self.dice.roll(26) {
            0 => self.create_client().await,
            1 => self.delete_client().await,
            2..=4 => drop(self.create_invoice().await),
            5..=6 => {
                if let Some(draft) = self.dice.pick(&drafts) {
                    self.act_on(draft, "send", "sent").await;
                }
            }
            7 => {
                if let Some(draft) = self.dice.pick(&drafts) {
                    let path = format!("/invoices/{}", self.model.invoices[draft].id);
                    self.user.delete(&path).await.data(200);
                    self.model.invoices[draft].status = "cancelled";
                }
            }
            8..=9 => {
                if let Some(sent) = self.dice.pick(&sent) {
                    self.pay(sent).await;
                }
            }
            10..=11 => self.create_project().await,
            12..=13 => self.change_project().await,
            14 => self.create_milestone().await,
            15 => self.change_milestone().await,
            16 => self.import_rate().await,
            17..=19 => {
                if let Some(sent) = self.dice.pick(&sent) {
                    self.pay_part(sent).await;
                }
            }
            20 => self.undo().await,
            21 => self.refund().await,
            22..=23 => {
                let creditable = self.creditable();
                // An invoice without payments can be voided.
                let unpaid: Vec<_> = creditable
                    .iter()
                    .copied()
                    .filter(|i| self.model.invoices[*i].paid == 0)
                    .collect();
                let from = if self.dice.roll(2) == 0 { &unpaid } else { &creditable };
                if let Some(of) = self.dice.pick(from) {
                    self.credit(of).await;
                }
            }
            _ => {
                if self.dice.roll(4) == 0 {
                    let base = self.dice.pick(&CURRENCIES).unwrap();
                    self.set_base(base).await;
                }
            }
        }
    }

    /// Pays one invoice each a second before, at, and a second after a boundary in local time.
    async fn pay_around(&mut self, edge: Timestamp) {
        for second in -1..=1 {
            self.at(edge + SignedDuration::from_secs(second));
            let invoice = self.create_invoice().await;
            self.act_on(invoice, "send", "sent").await;
            self.pay(invoice).await;
            self.check().await;
        }
    }

    async fn check(&self) {
        let hint = format!("at {} {:?}", self.now, self.model.zone.iana_name());
        let stats = self.user.get("/dashboard/stats").await;
        self.model.check_stats(stats.data(200), self.now, &hint);
        for (period, weekly) in [("monthly", false), ("weekly", true)] {
            let answer = self.user.get(&format!("/dashboard/earnings?period={period}")).await;
            let text = |point: &Value, field: &str| point[field].as_str().unwrap().to_owned();
            let points = answer.data(200).as_array().unwrap().iter();
            let points: Vec<_> = points
                .map(|p| (text(p, "month"), text(p, "date"), p["amount"].to_string()))
                .collect();
            assert_eq!(points, self.model.earnings(self.now, weekly), "{hint}");
        }
    }
}

/// Every invoice and every client's statement agree with the model.
async fn check_invoices(user: &User<'_>, model: &Model) {
    let mut owed: BTreeMap<(usize, &str), i128> = BTreeMap::new();
    for invoice in &model.invoices {
        let found = user.get(&format!("/invoices/{}", invoice.id)).await.data(200).clone();
        let number = |minor| number(minor, exponent(invoice.currency));
        for (field, minor) in [
            ("amount", invoice.minor),
            ("amountPaid", invoice.paid),
            ("amountCredited", invoice.credited),
            ("amountDue", invoice.due().max(0)),
        ] {
            assert_eq!(found[field].to_string(), number(minor), "{field} {found}");
        }
        let status = found["status"].as_str().unwrap().replace("overdue", "sent");
        assert_eq!(status, invoice.status, "{found}");
        // The client never saw a draft.
        if ["sent", "paid"].contains(&invoice.status) || invoice.credited > 0 {
            *owed.entry((invoice.client, invoice.currency)).or_default() += invoice.due();
        }
    }
    for (index, client) in model.clients.iter().enumerate().filter(|(_, client)| !client.deleted) {
        let path = format!("/clients/{}/statement?from=2020-01-01&to=2099-12-31", client.id);
        let statement = user.get(&path).await.data(200).clone();
        let closing = statement["currencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| (own["currency"].as_str().unwrap(), own["closingBalance"].to_string()));
        let own = owed.iter().filter(|((of, _), _)| *of == index);
        let expected =
            own.map(|((_, currency), minor)| (*currency, number(*minor, exponent(currency))));
        assert_eq!(closing.collect::<BTreeMap<_, _>>(), expected.collect(), "{statement}");
    }
}

async fn play(zone: &str, seed: u64) {
    let app = spawn_app().await;
    let user = app.register(EMAIL).await;
    let model = Model {
        base: "USD",
        zone: TimeZone::UTC,
        knows_past: true,
        rate_one: 1_000_000,
        rates: Default::default(),
        clients: Vec::new(),
        invoices: Vec::new(),
        payments: Vec::new(),
        projects: Vec::new(),
        milestones: Vec::new(),
    };
    let now: Timestamp = START.parse().unwrap();
    let claims = app.app.verify_token(&user.token).unwrap();
    let mut history = History {
        user,
        app: &app,
        model,
        dice: Dice(seed),
        claims,
        now,
        entries: Vec::new(),
        cash: BTreeMap::new(),
        lines: BTreeMap::new(),
        notes: [0; 4],
    };
    history.set_zone(zone).await;
    for _ in 0..4 {
        history.create_client().await;
    }
    let end = now + SignedDuration::from_hours(430 * 24);
    while history.now < end {
        for _ in 0..6 {
            history.anything().await;
        }
        history.check().await;
        let today = history.model.today(history.now);
        let month = today.first_of_month() + 1.month();
        let starts = |day: Date| day.to_zoned(history.model.zone.clone()).unwrap().timestamp();
        let ahead = (history.dice.roll(9 * 86_400) + 3) as i64;
        let next = history.now + SignedDuration::from_secs(ahead);
        let monday =
            today.tomorrow().unwrap().nth_weekday(1, jiff::civil::Weekday::Monday).unwrap();
        if starts(month) < next {
            history.pay_around(starts(month)).await;
        } else if starts(monday) < next && starts(monday) > history.now && history.dice.roll(3) == 0
        {
            history.pay_around(starts(monday)).await;
        } else {
            history.at(next);
        }
    }
    check_invoices(&history.user, &history.model).await;
    // The same rows in another timezone and in each currency.
    for zone in
        ["Asia/Colombo", "America/St_Johns", "Pacific/Kiritimati", "UTC", "America/Los_Angeles"]
    {
        history.set_zone(zone).await;
        for base in CURRENCIES {
            history.set_base(base).await;
            history.check().await;
        }
    }
    assert_rollups(app.database());
    assert!(history.model.payments.len() > 60, "a history worth the name");
    assert!(history.notes.iter().all(|count| *count > 1), "{:?}", history.notes);
}

#[tokio::test]
async fn the_dashboard_equals_a_recount_of_every_row_in_los_angeles() {
    play("America/Los_Angeles", 1).await;
}

#[tokio::test]
async fn the_dashboard_equals_a_recount_of_every_row_in_colombo() {
    play("Asia/Colombo", 2).await;
}

#[tokio::test]
async fn the_dashboard_equals_a_recount_of_every_row_in_st_johns() {
    play("America/St_Johns", 3).await;
}

#[tokio::test]
async fn the_dashboard_equals_a_recount_of_every_row_on_kiritimati() {
    play("Pacific/Kiritimati", 4).await;
}

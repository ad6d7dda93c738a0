//! The dashboard over random histories, checked against a recount of what the test has done.

use std::collections::BTreeSet;

use freelanceos::{
    app::token::{TokenType, Tokens},
    domain::session::Claims,
    store::{doctor, engine::Tx},
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::freelancer::{freelancer, visit_from};
use crate::store::rollup::assert_rollups;
use crate::support::{JWT_SECRET, Options, START, TestApp, User, spawn_app_with};

const STATUSES: [&str; 5] = ["planning", "active", "on_hold", "completed", "cancelled"];

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.roll(from.len())].clone())
    }
}

#[derive(Clone)]
struct Project {
    id: String,
    title: String,
    client: String,
    status: &'static str,
    deadline: Option<Date>,
}

#[derive(Clone)]
struct Proposal {
    id: String,
    title: String,
    status: &'static str,
}

struct Message {
    id: String,
    from: String,
    text: String,
    at: Timestamp,
    read: bool,
}

/// What the test has done to one account.
struct History<'a> {
    app: &'a TestApp,
    user: User<'a>,
    claims: Claims,
    dice: Dice,
    now: Timestamp,
    zone: TimeZone,
    clients: Vec<String>,
    projects: Vec<Project>,
    proposals: Vec<Proposal>,
    /// Oldest first.
    messages: Vec<Message>,
    views: BTreeSet<(Date, usize)>,
    /// Whole XOF.
    earned: i64,
    invoices: usize,
    /// Type, action, date and status, oldest first.
    feed: Vec<Value>,
}

impl<'a> History<'a> {
    async fn new(app: &'a TestApp, username: &str, seed: u64) -> Self {
        let user = freelancer(app, username).await;
        let settings = json!({"currency": "XOF", "timezone": "Asia/Colombo"});
        user.put("/auth/me", settings).await.data(200);
        let now = START.parse().unwrap();
        let tokens = Tokens::new(JWT_SECRET.as_bytes()).unwrap();
        let claims = tokens.verify(TokenType::Access, &user.token, now).unwrap();
        let mut history = Self {
            app,
            user,
            claims,
            dice: Dice(seed),
            now,
            zone: TimeZone::get("Asia/Colombo").unwrap(),
            clients: Vec::new(),
            projects: Vec::new(),
            proposals: Vec::new(),
            messages: Vec::new(),
            views: BTreeSet::new(),
            earned: 0,
            invoices: 0,
            feed: Vec::new(),
        };
        for name in ["A", "B", "C"] {
            let id = history.user.client(name).await;
            history.clients.push(id);
        }
        history
    }

    fn wait(&mut self) {
        self.now += SignedDuration::from_mins(self.dice.roll(600) as i64);
        self.app.clock.set(&self.now.to_string());
        let tokens = Tokens::new(JWT_SECRET.as_bytes()).unwrap();
        let life = SignedDuration::from_hours(1);
        self.user.token =
            tokens.sign(TokenType::Access, self.claims, [0; 9], self.now, life).unwrap();
    }

    fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    fn tell(&mut self, kind: &str, action: String, status: &str) {
        let date = self.now.to_string();
        self.feed.push(json!({"type": kind, "action": action, "date": date, "status": status}));
    }

    async fn step(&mut self, n: usize) {
        self.wait();
        match self.dice.roll(12) {
            0 | 1 => self.add_project(n).await,
            2 | 3 => self.change_project().await,
            4 => self.remove_project().await,
            5 | 6 => self.add_proposal(n).await,
            7 => self.answer_proposal().await,
            8 => self.be_paid().await,
            9 => self.get_message(n).await,
            10 => self.handle_message().await,
            _ => self.be_seen().await,
        }
    }

    async fn add_project(&mut self, n: usize) {
        let client = self.dice.pick(&self.clients).unwrap();
        let status = STATUSES[self.dice.roll(5)];
        let days = self.dice.roll(40) as i64 - 10;
        let deadline = (self.dice.roll(3) > 0).then(|| self.today() + days.days());
        let title = format!("ව්‍යාපෘතිය {n}");
        let body = json!({
            "clientId": client, "name": title, "status": status,
            "deadline": deadline.map(|day| day.to_string()),
        });
        let made = self.user.post("/projects", body).await;
        let id = made.data(201)["id"].as_str().unwrap().to_owned();
        self.tell("contract", format!("Contract created for \"{title}\""), "active");
        if status == "completed" {
            self.tell("contract", format!("Contract completed for \"{title}\""), "completed");
        }
        self.projects.push(Project { id, title, client, status, deadline });
    }

    async fn change_project(&mut self) {
        if self.projects.is_empty() {
            return;
        }
        let place = self.dice.roll(self.projects.len());
        let client = self.dice.pick(&self.clients).unwrap();
        let status = STATUSES[self.dice.roll(5)];
        let project = &mut self.projects[place];
        let path = format!("/projects/{}", project.id);
        self.user.put(&path, json!({"status": status, "clientId": client})).await.data(200);
        let has_ended = status == "completed" && project.status != "completed";
        let title = project.title.clone();
        (project.status, project.client) = (status, client);
        if has_ended {
            self.tell("contract", format!("Contract completed for \"{title}\""), "completed");
        }
    }

    async fn remove_project(&mut self) {
        if self.projects.is_empty() {
            return;
        }
        let project = self.projects.remove(self.dice.roll(self.projects.len()));
        self.user.delete(&format!("/projects/{}", project.id)).await.data(200);
    }

    async fn add_proposal(&mut self, n: usize) {
        let client = self.dice.pick(&self.clients).unwrap();
        let title = format!("Offer {n}");
        let id = self.user.proposal(&client, &title).await;
        let mut status = "draft";
        if self.dice.roll(4) > 0 {
            self.user.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
            self.tell("proposal", format!("Submitted proposal for \"{title}\""), "pending");
            status = "sent";
        }
        self.proposals.push(Proposal { id, title, status });
    }

    async fn answer_proposal(&mut self) {
        if self.proposals.is_empty() {
            return;
        }
        let place = self.dice.roll(self.proposals.len());
        let Proposal { id, title, status } = self.proposals[place].clone();
        let path = format!("/proposals/{id}");
        if matches!(status, "draft" | "rejected") && self.dice.roll(2) == 0 {
            self.user.delete(&path).await.data(200);
            self.proposals.remove(place);
            return;
        }
        if matches!(status, "accepted" | "rejected") {
            return;
        }
        let (answer, verb) = [("accepted", "accept"), ("rejected", "decline")][self.dice.roll(2)];
        if status == "sent" && self.dice.roll(3) > 0 {
            let proposal = self.user.get(&path).await;
            let link = proposal.data(200)["publicLink"].as_str().unwrap().to_owned();
            let token = link.rsplit('/').next().unwrap();
            let path = format!("/public/proposals/{token}/{verb}");
            self.app.hub_post(&path, json!({"name": "Client"})).await.bare(200);
        } else {
            self.user.put(&path, json!({"status": answer})).await.data(200);
        }
        self.proposals[place].status = answer;
        self.tell("proposal", format!("Proposal {answer} for \"{title}\""), answer);
    }

    async fn be_paid(&mut self) {
        let client = self.dice.pick(&self.clients).unwrap();
        let currency = ["XOF", "EUR"][self.dice.roll(2)];
        let amount = self.dice.roll(900_000) as i64 + 1;
        let body = json!({
            "clientId": client, "amount": amount, "currency": currency,
            "dueDate": "2026-12-31", "issueDate": "2026-01-01",
        });
        let made = self.user.post("/invoices", body).await;
        let path = format!("/invoices/{}", made.data(201)["id"].as_str().unwrap());
        self.user.post(&format!("{path}/send"), json!({})).await.data(200);
        self.user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
        self.invoices += 1;
        // There is no rate from EUR.
        self.earned += if currency == "XOF" { amount } else { 0 };
        let number = format!("INV-2026-{:03}", self.invoices);
        self.tell("payment", format!("Payment received for {number}"), "completed");
    }

    async fn get_message(&mut self, n: usize) {
        let (from, text) = (format!("Sender {n}"), format!("පණිවිඩය {n}"));
        let body = json!({"name": from, "email": "s@example.com", "message": text});
        self.app.hub_post("/public/freelancers/kumari/messages", body).await.bare(201);
        let id = self.user.hub_get("/freelancer/messages?limit=1").await.bare(200)[0]["id"].clone();
        let id = id.as_str().unwrap().to_owned();
        self.tell("message", format!("Message from {from}"), "completed");
        self.messages.push(Message { id, from, text, at: self.now, read: false });
    }

    async fn handle_message(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        let place = self.dice.roll(self.messages.len());
        let path = format!("/freelancer/messages/{}", self.messages[place].id);
        if self.dice.roll(3) == 0 {
            self.user.hub_delete(&path).await.bare(200);
            // Deleting a message deletes its activity entry, which contains a stranger's text.
            let told = format!("Message from {}", self.messages.remove(place).from);
            self.feed.retain(|entry| entry["action"] != told);
        } else {
            let read = self.dice.roll(2) == 0;
            self.user.hub_put(&path, json!({"read": read})).await.bare(200);
            self.messages[place].read = read;
        }
    }

    async fn be_seen(&mut self) {
        let visitor = self.dice.roll(5);
        let address = format!("203.0.113.{visitor}");
        visit_from(self.app, "/public/freelancers/kumari", &address, "A").await.bare(200);
        self.views.insert((self.today(), visitor));
    }

    fn with_status(&self, status: &str) -> usize {
        self.projects.iter().filter(|project| project.status == status).count()
    }

    fn proposals_with(&self, status: &str) -> usize {
        self.proposals.iter().filter(|proposal| proposal.status == status).count()
    }

    fn stats(&self) -> Value {
        let (sent, accepted) = (self.proposals_with("sent"), self.proposals_with("accepted"));
        let total = sent + accepted + self.proposals_with("rejected");
        let completed = self.with_status("completed");
        let clients: BTreeSet<_> = self.projects.iter().map(|project| &project.client).collect();
        json!({
            "totalProposals": total,
            "acceptedProposals": accepted,
            "proposalAcceptanceRate": percent(accepted, total),
            "totalEarnings": self.earned,
            "currency": "XOF",
            "averageProjectValue": self.earned.checked_div(completed as i64).unwrap_or(0),
            "completedProjects": completed,
            "ongoingProjects": self.with_status("active"),
            "totalClients": clients.len(),
            "joinDate": START,
        })
    }

    fn dashboard(&self) -> Value {
        let completed = self.with_status("completed");
        let unfinished = |project: &&Project| STATUSES[..3].contains(&project.status);
        // Projects of one day are in order of creation.
        let mut due: Vec<_> = self.projects.iter().filter(unfinished).collect();
        due.retain(|project| project.deadline.is_some());
        due.sort_by_key(|project| (project.deadline, project.id.clone()));
        let due: Vec<_> = due
            .iter()
            .take(10)
            .map(|project| {
                let day = project.deadline.unwrap();
                json!({
                    "projectTitle": project.title,
                    "deadline": format!("{day}T23:59:59Z"),
                    "daysLeft": self.today().until(day).unwrap().get_days(),
                })
            })
            .collect();
        let message = |m: &Message| json!({"from": m.from, "preview": m.text, "timestamp": m.at.to_string(), "unread": !m.read});
        json!({
            "stats": {
                "activeProjects": self.with_status("active"),
                "pendingProposals": self.proposals_with("sent"),
                "totalEarnings": self.earned,
                "currency": "XOF",
                "profileViews": self.views.len(),
                "completedProjects": completed,
                "successRate": percent(completed, completed + self.with_status("cancelled")),
                "profileCompletion": 0,
            },
            "recentActivity": self.feed.iter().rev().take(10).collect::<Vec<_>>(),
            "upcomingDeadlines": due,
            "recentMessages": self.messages.iter().rev().take(5).map(message).collect::<Vec<_>>(),
        })
    }

    async fn check(&self) {
        let stats = self.user.hub_get("/freelancer/stats").await;
        assert_eq!(*stats.bare(200), self.stats());
        let mut dashboard = self.user.hub_get("/freelancer/dashboard").await.bare(200).clone();
        without_ids(&mut dashboard["recentActivity"]);
        assert_eq!(dashboard, self.dashboard());
        let mut feed = Vec::new();
        for page in 1..=self.feed.len() / 7 + 1 {
            let path = format!("/freelancer/activity?limit=7&page={page}");
            let answer = self.user.hub_get(&path).await;
            assert_eq!(answer.headers["x-total-count"], self.feed.len().to_string());
            let mut entries = answer.bare(200).clone();
            without_ids(&mut entries);
            feed.extend(entries.as_array().unwrap().iter().cloned());
        }
        assert_eq!(feed, self.feed.iter().rev().cloned().collect::<Vec<_>>());
        assert_rollups(self.app.database());
        let findings =
            self.app.database().peek(|connection| doctor::rollups(&mut Tx::new(connection)));
        assert_eq!(findings.unwrap(), Vec::<String>::new());
    }
}

fn percent(part: usize, whole: usize) -> usize {
    if whole == 0 { 0 } else { (200 * part + whole) / (2 * whole) }
}

fn without_ids(entries: &mut Value) {
    for entry in entries.as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().shift_remove("id").is_some());
    }
}

#[tokio::test]
async fn the_dashboard_equals_a_recount_of_a_random_history() {
    let app = spawn_app_with(Options { trust_proxy: true, ..Options::default() }).await;
    let mut other = History::new(&app, "nimal", 5).await;
    for n in 0..6 {
        other.add_project(n).await;
        other.add_proposal(n).await;
    }
    let mut history = History::new(&app, "kumari", 20_260_318).await;
    for n in 0..240 {
        history.step(n).await;
        if n % 12 == 11 {
            history.check().await;
        }
    }
    other.now = history.now;
    other.wait();
    other.check().await;
}

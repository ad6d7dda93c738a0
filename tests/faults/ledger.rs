//! Mixed load, and a ledger of what the server acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use freelanceos::{domain::id::AccountId, store::Database};
use serde_json::{Value, json};

pub use super::rows::{account_of, check_whole};
use super::{
    program::{Answer, Caller},
    rows::rows,
};

/// The state of a client or an invoice.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Client { name: String },
    Deleted,
    Invoice { number: String, amount: i64, status: &'static str },
}

/// The acknowledged state, and the state after a request that got no response.
#[derive(Debug)]
struct Fact {
    known: State,
    doubt: Option<State>,
}

/// A create request, to be repeated with the same key.
#[derive(Debug, Clone)]
struct Creation {
    path: &'static str,
    key: String,
    body: Value,
}

/// What the server told one account.
#[derive(Debug, Default)]
pub struct Ledger {
    facts: BTreeMap<String, Fact>,
    /// Sent but never answered.
    doubtful: Vec<Creation>,
    /// The last creation, with the id in its response.
    last: Option<(Creation, String)>,
    /// The number of acknowledged writes.
    pub acknowledged: usize,
    /// Failures so far, if the worker goes on after them.
    through: Option<Trials>,
}

/// Failures of the requests of a worker that goes on.
#[derive(Debug, Default, Clone, Copy)]
pub struct Trials {
    /// Responses 503: not done, and perhaps done.
    pub unavailable: usize,
    pub unknown: usize,
    /// Requests without a response.
    pub cut: usize,
    /// The longest time to a response.
    pub longest: Duration,
}

/// The acknowledged writes of all workers in a round.
pub type Count = Arc<AtomicUsize>;

impl Ledger {
    /// Writes on one connection until a response is missing. The worker id makes keys unique.
    pub async fn fill(mut self, caller: Caller, worker: usize, count: Count) -> Self {
        let caller = caller.apart();
        for round in 0.. {
            if self.turn(&caller, worker, round, &count).await.is_none() {
                break;
            }
        }
        self
    }

    /// Writes a number of turns, all of which must be answered.
    pub async fn turns(mut self, caller: Caller, worker: usize, most: usize, count: Count) -> Self {
        for round in 0..most {
            self.turn(&caller, worker, round, &count).await.expect("no answer");
        }
        self
    }

    /// Writes until told to stop, whatever fails. Repeats creations with their key until they are
    /// acknowledged, and gives up on other changes.
    pub async fn go_through(
        mut self,
        caller: Caller,
        worker: usize,
        count: Count,
        stop: Arc<AtomicBool>,
    ) -> Self {
        self.through = Some(Trials::default());
        let caller = caller.apart();
        for round in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let _ = self.turn(&caller, worker, round, &count).await;
        }
        self
    }

    pub fn trials(&self) -> Trials {
        self.through.unwrap_or_default()
    }

    /// Sends a request. Returns None if its outcome is unknown.
    async fn send(
        &mut self,
        caller: &Caller,
        (method, path, body): (&str, &str, Option<&Value>),
        key: Option<&str>,
    ) -> Option<Answer> {
        let begun = Instant::now();
        let answer = caller.try_send(method, path, body, key).await;
        let Some(trials) = &mut self.through else { return answer };
        trials.longest = trials.longest.max(begun.elapsed());
        let Some(answer) = answer else {
            trials.cut += 1;
            return None;
        };
        if answer.status != 503 {
            return Some(answer);
        }
        let said = answer.body["error"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
        assert_eq!(answer.body, json!({"success": false, "error": said}));
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        let is_unknown = said.contains("may or may not have been saved");
        assert!(is_unknown || said.contains("please try again"), "{said}");
        *(if is_unknown { &mut trials.unknown } else { &mut trials.unavailable }) += 1;
        None
    }

    /// Makes one change of each kind.
    async fn turn(
        &mut self,
        caller: &Caller,
        worker: usize,
        round: usize,
        count: &Count,
    ) -> Option<()> {
        let mut made = Vec::new();
        for number in 0..2 {
            let name = format!("C {worker} {round} {number}");
            let body = json!({"name": &name, "email": "c@example.com"});
            let key = format!("{worker}-{round}-client-{number}");
            let answer = self.create(caller, "/clients", key, body, count).await?;
            let id = answer["id"].as_str().unwrap().to_owned();
            self.know(&id, State::Client { name });
            made.push(id);
        }
        let renamed = format!("Renamed {worker} {round}");
        let (body, path) = (json!({"name": &renamed}), format!("/clients/{}", made[0]));
        let becomes = State::Client { name: renamed };
        self.change(caller, ("PUT", &path, Some(&body)), &made[0], becomes, count).await?;
        let path = format!("/clients/{}", made[1]);
        self.change(caller, ("DELETE", &path, None), &made[1], State::Deleted, count).await?;

        for kind in 0..4 {
            let rate = 1 + (worker * 100 + round % 7 * 10 + kind) as i64;
            let items = [
                json!({"description": "Work", "quantity": 2, "rate": rate}),
                json!({"description": "Travel", "quantity": 1, "rate": 5}),
            ];
            let body = json!({"clientId": made[0], "dueDate": "2099-12-31", "items": items});
            let key = format!("{worker}-{round}-invoice-{kind}");
            let answer = self.create(caller, "/invoices", key, body, count).await?;
            let id = answer["id"].as_str().unwrap().to_owned();
            let number = answer["number"].as_str().unwrap().to_owned();
            let path = format!("/invoices/{id}");
            let is = |amount, status| State::Invoice { number: number.clone(), amount, status };
            let amount = (2 * rate + 5) * 100;
            self.know(&id, is(amount, "draft"));
            match kind {
                0 => {
                    let body = json!({"items": [{"description": "All", "quantity": 1, "rate": 9}]});
                    let request = ("PUT", path.as_str(), Some(&body));
                    self.change(caller, request, &id, is(900, "draft"), count).await?;
                }
                1 => {
                    let request = ("DELETE", path.as_str(), None);
                    self.change(caller, request, &id, is(amount, "cancelled"), count).await?;
                }
                _ => {
                    let (send, none) = (format!("{path}/send"), json!({}));
                    let request = ("POST", send.as_str(), Some(&none));
                    self.change(caller, request, &id, is(amount, "sent"), count).await?;
                    if kind == 3 {
                        let pay = format!("{path}/mark-paid");
                        let request = ("POST", pay.as_str(), Some(&none));
                        self.change(caller, request, &id, is(amount, "paid"), count).await?;
                    }
                }
            }
        }
        Some(())
    }

    async fn create(
        &mut self,
        caller: &Caller,
        path: &'static str,
        key: String,
        body: Value,
        count: &Count,
    ) -> Option<Value> {
        let creation = Creation { path, key, body };
        let (request, key) = (("POST", path, Some(&creation.body)), Some(creation.key.as_str()));
        let answer = loop {
            match self.send(caller, request, key).await {
                Some(answer) => break answer,
                None if self.through.is_some() => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                None => {
                    self.doubtful.push(creation);
                    return None;
                }
            }
        };
        assert_eq!(answer.status, 201, "{path} {}", answer.body);
        let data = answer.data().clone();
        self.last = Some((creation, data["id"].as_str().unwrap().to_owned()));
        self.acknowledge(count);
        Some(data)
    }

    async fn change(
        &mut self,
        caller: &Caller,
        request: (&str, &str, Option<&Value>),
        id: &str,
        becomes: State,
        count: &Count,
    ) -> Option<()> {
        self.facts.get_mut(id).unwrap().doubt = Some(becomes.clone());
        let answer = self.send(caller, request, None).await?;
        assert!((200..300).contains(&answer.status), "{request:?} {}", answer.body);
        self.know(id, becomes);
        self.acknowledge(count);
        Some(())
    }

    fn acknowledge(&mut self, count: &Count) {
        self.acknowledged += 1;
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn know(&mut self, id: &str, known: State) {
        self.facts.insert(id.to_owned(), Fact { known, doubt: None });
    }

    /// Takes over the ledger of another worker of the account.
    pub fn merge(&mut self, other: Ledger) {
        self.facts.extend(other.facts);
        self.doubtful.extend(other.doubtful);
        self.last = other.last.or(self.last.take());
        self.acknowledged += other.acknowledged;
    }

    /// The number of acknowledged clients and invoices.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// The number of unanswered requests.
    pub fn unanswered(&self) -> usize {
        self.doubtful.len() + self.facts.values().filter(|fact| fact.doubt.is_some()).count()
    }

    /// Checks the rows against the ledger: every acknowledged change is there, and every
    /// unacknowledged one is either complete or absent. Returns how many unacknowledged rows exist.
    pub fn compare(&mut self, database: &Database, account: &AccountId) -> usize {
        let rows = rows(database, account);
        for (id, fact) in &mut self.facts {
            let found = rows.get(id).unwrap_or_else(|| panic!("{id} is gone: {fact:?}"));
            assert!(
                *found == fact.known || fact.doubt.as_ref() == Some(found),
                "{id}: {found:?}, not {fact:?}"
            );
            *fact = Fact { known: found.clone(), doubt: None };
        }
        let unknown = rows.len() - self.facts.len();
        assert!(unknown <= self.doubtful.len(), "{unknown} rows that nobody asked for");
        unknown
    }

    /// Like [`Ledger::compare`], for an account that others have changed too.
    pub fn compare_part(&self, database: &Database, account: &AccountId) {
        let rows = rows(database, account);
        for (id, fact) in &self.facts {
            assert_eq!(rows.get(id), Some(&fact.known), "{id}");
        }
    }

    /// Repeats the unanswered requests and the last answered one with the same keys, after which
    /// each must exist once.
    pub async fn repeat(&mut self, caller: &Caller, database: &Database, account: &AccountId) {
        if let Some((creation, id)) = &self.last {
            let (body, key) = (Some(&creation.body), Some(creation.key.as_str()));
            let again = caller.try_send("POST", creation.path, body, key).await.expect("no answer");
            assert_eq!(again.data()["id"], *id, "a repeated request made another");
        }
        let mut ids = BTreeSet::new();
        for creation in std::mem::take(&mut self.doubtful) {
            let (body, key) = (Some(&creation.body), Some(creation.key.as_str()));
            for _ in 0..2 {
                let answer =
                    caller.try_send("POST", creation.path, body, key).await.expect("no answer");
                ids.insert(answer.data()["id"].as_str().unwrap().to_owned());
            }
        }
        let rows = rows(database, account);
        for id in ids {
            self.know(&id, rows[&id].clone());
        }
        let known: Vec<_> = self.facts.keys().collect();
        assert_eq!(rows.keys().collect::<Vec<_>>(), known, "something is there twice");
    }

    /// The dashboard's sums match the invoices.
    pub async fn check_dashboard(&self, caller: &Caller) {
        let of = |wanted: &str| {
            let amounts = self.facts.values().filter_map(|fact| match &fact.known {
                State::Invoice { amount, status, .. } if *status == wanted => Some(*amount),
                _ => None,
            });
            let amounts: Vec<i64> = amounts.collect();
            (amounts.len(), amounts.iter().sum::<i64>() / 100)
        };
        let answer = caller.get("/dashboard/stats").await;
        let stats = answer.data();
        assert_eq!(stats["totalEarnings"], of("paid").1);
        assert_eq!(stats["pendingInvoices"], of("sent").0);
        assert_eq!(stats["pendingInvoicesAmount"], of("sent").1);
    }
}

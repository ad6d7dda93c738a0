//! Mixed load, and a ledger of what the server said was done.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use freelanceos::{
    domain::id::{AccountId, ClientId, InvoiceId},
    store::{
        doctor,
        engine::{Tx, Value as Bound},
        sqlite,
    },
};
use serde_json::{Value, json};

use super::program::Caller;

/// What a client or an invoice is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Client { name: String },
    Deleted,
    Invoice { number: String, amount: i64, status: &'static str },
}

/// What was acknowledged of a thing, and what may have become of it unheard.
#[derive(Debug)]
struct Fact {
    known: State,
    doubt: Option<State>,
}

/// A request that makes something, to be sent again with the same key.
#[derive(Debug, Clone)]
struct Creation {
    path: &'static str,
    key: String,
    body: Value,
}

/// What one account was told.
#[derive(Debug, Default)]
pub struct Ledger {
    facts: BTreeMap<String, Fact>,
    /// Sent, and never answered.
    doubtful: Vec<Creation>,
    /// Answered with that id.
    last: Option<(Creation, String)>,
    /// Writes that were acknowledged.
    pub acknowledged: usize,
}

/// How many acknowledged writes all the workers of a round have seen.
pub type Count = Arc<AtomicUsize>;

impl Ledger {
    /// Writes on one connection until no answer comes. Ids of workers make keys that differ.
    pub async fn fill(mut self, caller: Caller, worker: usize, count: Count) -> Self {
        let caller = caller.apart();
        for round in 0.. {
            if self.turn(&caller, worker, round, &count).await.is_none() {
                break;
            }
        }
        self
    }

    /// Writes so many turns, all of which must be answered.
    pub async fn turns(mut self, caller: Caller, worker: usize, most: usize, count: Count) -> Self {
        for round in 0..most {
            self.turn(&caller, worker, round, &count).await.expect("no answer");
        }
        self
    }

    /// One of everything that changes something.
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
        let (body, key) = (Some(&creation.body), Some(creation.key.as_str()));
        let Some(answer) = caller.try_send("POST", path, body, key).await else {
            self.doubtful.push(creation);
            return None;
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
        (method, path, body): (&str, &str, Option<&Value>),
        id: &str,
        becomes: State,
        count: &Count,
    ) -> Option<()> {
        let fact = self.facts.get_mut(id).unwrap();
        fact.doubt = Some(becomes.clone());
        let answer = caller.try_send(method, path, body, None).await?;
        assert!((200..300).contains(&answer.status), "{method} {path} {}", answer.body);
        *fact = Fact { known: becomes, doubt: None };
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

    /// Takes over what another worker of the account was told.
    pub fn merge(&mut self, other: Ledger) {
        self.facts.extend(other.facts);
        self.doubtful.extend(other.doubtful);
        self.last = other.last.or(self.last.take());
        self.acknowledged += other.acknowledged;
    }

    /// How many clients and invoices were acknowledged.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// How many requests were never answered.
    pub fn unanswered(&self) -> usize {
        self.doubtful.len() + self.facts.values().filter(|fact| fact.doubt.is_some()).count()
    }

    /// Holds the rows against the ledger: everything acknowledged is there, as it was told; of
    /// what nobody heard of, it is all there or nothing. Answers how many rows nobody knew of.
    pub fn compare(&mut self, database: &Path, account: &AccountId) -> usize {
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

    /// Like [`Ledger::compare`], where others have written too.
    pub fn compare_part(&self, database: &Path, account: &AccountId) {
        let rows = rows(database, account);
        for (id, fact) in &self.facts {
            assert_eq!(rows.get(id), Some(&fact.known), "{id}");
        }
    }

    /// Sends again what was never answered, and what was answered last, with the same keys:
    /// afterwards everything is there once.
    pub async fn repeat(&mut self, caller: &Caller, database: &Path, account: &AccountId) {
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

    /// The dashboard's sums are those of the invoices.
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

/// The clients and invoices of an account, by id.
fn rows(database: &Path, account: &AccountId) -> BTreeMap<String, State> {
    let read = |tx: &mut Tx| {
        let clients = tx.list(
            "SELECT id, name, deleted_at FROM clients WHERE account_id = ?1",
            &[Bound::from(account)],
            |row| {
                let is_deleted = row.get::<Option<i64>>(2)?.is_some();
                let name = row.get(1)?;
                let state = if is_deleted { State::Deleted } else { State::Client { name } };
                Ok((row.get::<ClientId>(0)?.to_string(), state))
            },
        )?;
        let invoices = tx.list(
            "SELECT id, number, amount, status FROM invoices WHERE account_id = ?1",
            &[Bound::from(account)],
            |row| {
                let status: String = row.get(3)?;
                let known = ["draft", "sent", "paid", "cancelled"];
                let status = known.into_iter().find(|word| *word == status).unwrap();
                let state = State::Invoice { number: row.get(1)?, amount: row.get(2)?, status };
                Ok((row.get::<InvoiceId>(0)?.to_string(), state))
            },
        )?;
        Ok(clients.into_iter().chain(invoices).collect())
    };
    sqlite::peek(database, |connection| read(&mut Tx::new(connection))).unwrap()
}

/// The account of that e-mail.
pub fn account_of(database: &Path, name: &str) -> AccountId {
    let key = format!("{name}@example.com");
    sqlite::peek(database, |connection| {
        let sql = "SELECT id FROM accounts WHERE email_key = ?1";
        Tx::new(connection).one(sql, &[Bound::from(key)], |row| row.get(0))
    })
    .unwrap()
}

/// What must never be there, whatever happened: each counts rows that were half written.
const HALF_WRITTEN: &[&str] = &[
    "SELECT count(*) FROM invoices WHERE subtotal <> \
     (SELECT coalesce(sum(amount), -1) FROM invoice_items WHERE invoice_id = invoices.id)",
    "SELECT count(*) FROM invoices WHERE (status = 'paid') <> \
     EXISTS (SELECT 1 FROM payments WHERE invoice_id = invoices.id)",
    "SELECT count(*) FROM payments JOIN invoices ON invoices.id = invoice_id \
     WHERE payments.amount <> invoices.amount",
    "SELECT count(*) FROM invoices WHERE status IN ('sent', 'paid') AND (link_hash IS NULL \
     OR NOT EXISTS (SELECT 1 FROM invoice_files WHERE invoice_id = invoices.id) \
     OR NOT EXISTS (SELECT 1 FROM outbox WHERE invoice_id = invoices.id))",
    "SELECT (SELECT count(*) FROM invoices) - \
     (SELECT count(*) FROM activity WHERE kind = 'invoice_created')",
    "SELECT (SELECT count(*) FROM payments) - \
     (SELECT count(*) FROM activity WHERE kind = 'invoice_paid')",
    // Numbers have neither gap nor double: as many as were drawn, the greatest the last drawn.
    "SELECT (SELECT sum(next_number - first_number) FROM invoice_series) - \
     (SELECT count(*) FROM invoices)",
    "SELECT count(*) FROM (SELECT count(*) AS entries, count(DISTINCT number) AS numbers, \
     max(CAST(substr(number, 10) AS INTEGER)) AS greatest FROM invoices GROUP BY account_id) \
     AS series WHERE entries <> numbers OR entries <> greatest",
];

/// The file is sound, nothing in it is half written, and its sums are those of a recount.
pub fn check_whole(database: &Path) {
    assert_eq!(sqlite::check(database).unwrap(), Vec::<String>::new());
    sqlite::peek(database, |connection| {
        let tx = &mut Tx::new(connection);
        assert_eq!(doctor::rollups(tx)?, Vec::<String>::new());
        for sql in HALF_WRITTEN {
            let found: Option<i64> = tx.one(sql, &[], |row| row.get(0))?;
            assert_eq!(found.unwrap_or(0), 0, "{sql}");
        }
        Ok(())
    })
    .unwrap();
}

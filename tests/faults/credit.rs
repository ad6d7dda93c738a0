//! `kill -9` while several writers issue credit notes.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use freelanceos::{
    domain::id::{AccountId, CreditNoteId, InvoiceId},
    store::{
        Database,
        engine::{Tx, Value as Bound},
    },
};
use futures_util::future::join_all;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::{Value, json};

use super::{
    ledger::{Count, account_of, check_whole},
    program::{Caller, Place},
};

/// `KILL_ROUNDS` overrides this.
const ROUNDS: usize = 24;
const WORKERS: usize = 4;
/// The invoices of a round, which all workers credit.
const SHARED: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    number: String,
    invoice: String,
    minor: i64,
}

/// A request that issues a credit note.
struct Request {
    path: String,
    body: Value,
    key: String,
}

impl Request {
    async fn send(&self, caller: &Caller) -> Option<(String, Note)> {
        let (body, key) = (Some(&self.body), Some(self.key.as_str()));
        let answer = caller.try_send("POST", &self.path, body, key).await?;
        assert_eq!(answer.status, 201, "{} {}", self.path, answer.body);
        let data = answer.data();
        let text = |field: &str| data[field].as_str().unwrap().to_owned();
        let (number, invoice) = (text("number"), text("invoiceId"));
        Some((text("id"), Note { number, invoice, minor: minor(&data["amount"]) }))
    }
}

/// What one worker knows when the server is killed.
#[derive(Default)]
struct Known {
    answered: BTreeMap<String, Note>,
    unanswered: Vec<Request>,
}

fn minor(amount: &Value) -> i64 {
    let amount: Decimal = amount.to_string().parse().unwrap();
    (amount * Decimal::ONE_HUNDRED).to_i64().unwrap()
}

/// Creates an invoice with two lines and a tax, sends it, and returns its id and the id of its
/// first line. None if the server is gone.
async fn sent(caller: &Caller, client: &str) -> Option<(String, String)> {
    let items = json!([
        {"description": "Work", "quantity": 100_000, "rate": 10},
        {"description": "Travel", "quantity": 1, "rate": 33.33},
    ]);
    let body = json!({
        "clientId": client, "items": items, "taxRate": 7.5, "currency": "USD",
        "dueDate": "2099-12-31",
    });
    let answer = caller.try_send("POST", "/invoices", Some(&body), None).await?;
    let id = answer.data()["id"].as_str().unwrap().to_owned();
    let line = answer.data()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/invoices/{id}/send");
    caller.try_send("POST", &path, Some(&json!({})), None).await?.data();
    Some((id, line))
}

/// Issues credit notes until a response is missing: by amount and by lines on shared invoices, and
/// occasionally one that voids an invoice of its own.
async fn issue(
    caller: Caller,
    worker: usize,
    client: String,
    shared: Arc<Vec<(String, String)>>,
    count: Count,
) -> Known {
    let (caller, mut known) = (caller.apart(), Known::default());
    for turn in 0.. {
        let (invoice, line) = &shared[(worker + turn) % SHARED];
        let (path, body) = match turn % 4 {
            3 => {
                let Some((own, _)) = sent(&caller, &client).await else { break };
                (format!("/invoices/{own}/void"), json!({}))
            }
            1 => {
                let lines = json!([{"itemId": line, "quantity": 1 + turn % 5}]);
                (format!("/invoices/{invoice}/credit-notes"), json!({"items": lines}))
            }
            _ => {
                let amount = json!({"amount": 1 + turn % 9});
                (format!("/invoices/{invoice}/credit-notes"), amount)
            }
        };
        let mut request = Request { path, body, key: format!("{worker}-{turn}") };
        request.body["reason"] = "Agreed".into();
        let Some((id, note)) = request.send(&caller).await else {
            known.unanswered.push(request);
            break;
        };
        known.answered.insert(id, note);
        count.fetch_add(1, Ordering::Relaxed);
    }
    known
}

/// The credit notes of an account by id.
fn stored(database: &Database, account: &AccountId) -> BTreeMap<String, Note> {
    let read = |tx: &mut Tx| {
        let notes = tx.list(
            "SELECT id, number, invoice_id, amount FROM credit_notes WHERE account_id = ?1",
            &[Bound::from(account)],
            |row| {
                let invoice = row.get::<InvoiceId>(2)?.to_string();
                let note = Note { number: row.get(1)?, invoice, minor: row.get(3)? };
                Ok((row.get::<CreditNoteId>(0)?.to_string(), note))
            },
        )?;
        Ok(notes.into_iter().collect())
    };
    database.peek(|connection| read(&mut Tx::new(connection))).unwrap()
}

/// Numbers are consecutive from 1, and each invoice shows the sum of its credit notes.
async fn check(caller: &Caller, notes: &BTreeMap<String, Note>) {
    let number = |note: &Note| note.number.rsplit_once('-').unwrap().1.parse::<usize>().unwrap();
    let mut numbers: Vec<_> = notes.values().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=notes.len()).collect::<Vec<_>>());
    let mut credited = BTreeMap::<&str, i64>::new();
    for note in notes.values() {
        *credited.entry(&note.invoice).or_default() += note.minor;
    }
    for (invoice, sum) in credited {
        let answer = caller.get(&format!("/invoices/{invoice}")).await;
        let data = answer.data();
        let (amount, due) = (minor(&data["amount"]), minor(&data["amountDue"]));
        assert_eq!((minor(&data["amountCredited"]), due), (sum, amount - sum), "{data}");
        assert_eq!(data["status"], if due == 0 { "cancelled" } else { "sent" }, "{data}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_credit_note_and_skips_no_number() {
    let begun = Instant::now();
    let place = Place::of_tested_engine();
    let database = place.database();
    let usual = if database.file().is_some() { ROUNDS } else { ROUNDS / 3 };
    let rounds = std::env::var("KILL_ROUNDS").map_or(usual, |text| text.parse().unwrap());
    let mut server = place.serve();
    let (mut issued, mut unanswered, mut unknown) = (0, 0, 0);
    for round in 0..rounds {
        let name = format!("c{round}");
        let caller = server.register(&name).await;
        let account = account_of(&database, &name);
        let client = caller.client("Client").await;
        let mut shared = Vec::new();
        for _ in 0..SHARED {
            shared.push(sent(&caller, &client).await.unwrap());
        }
        let (count, shared) = (Count::default(), Arc::new(shared));
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (client, shared) = (client.clone(), Arc::clone(&shared));
                tokio::spawn(issue(caller.clone(), worker, client, shared, Arc::clone(&count)))
            })
            .collect();
        // Spreads the moments evenly, and in the same way in every run.
        let enough = 1 + round * 7919 % 40;
        while count.load(Ordering::Relaxed) < enough {
            assert!(!workers.iter().any(|worker| worker.is_finished()), "{}", server.log());
            tokio::task::yield_now().await;
        }
        server.kill();
        let mut known = Known::default();
        for told in join_all(workers).await {
            let told = told.unwrap();
            known.answered.extend(told.answered);
            known.unanswered.extend(told.unanswered);
        }
        assert!(known.answered.len() >= enough);

        server = place.serve();
        let caller = caller.at(&server);
        let notes = stored(&database, &account);
        for (id, note) in &known.answered {
            assert_eq!(notes.get(id), Some(note), "{id} was answered");
        }
        let extra = notes.len() - known.answered.len();
        assert!(extra <= known.unanswered.len(), "{extra} credit notes that nobody asked for");
        check(&caller, &notes).await;
        check_whole(&database);
        // An unanswered request takes effect once, however often it is repeated.
        for request in &known.unanswered {
            let first = request.send(&caller).await.expect("no answer");
            assert_eq!(request.send(&caller).await.expect("no answer"), first);
            known.answered.insert(first.0, first.1);
        }
        let notes = stored(&database, &account);
        assert_eq!(notes, known.answered);
        check(&caller, &notes).await;
        check_whole(&database);
        (issued, unanswered, unknown) =
            (issued + notes.len(), unanswered + known.unanswered.len(), unknown + extra);
    }
    assert!(server.stop().0.success());
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("match the rows"), "{ended:?}");
    assert!(database.file().is_none() || ended.done().contains("no damage found"), "{ended:?}");
    println!(
        "{rounds} kills in {:.0?}: {issued} credit notes issued, each once; {unanswered} requests \
         unanswered, of them {unknown} issued one",
        begun.elapsed()
    );
}

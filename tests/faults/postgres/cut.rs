//! A connection to the database breaks around a `COMMIT`. Only between sending it and reading its
//! answer is the outcome of a change unknown.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use freelanceos::store::engine::Tx;
use reqwest::redirect::Policy;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::cluster::Cluster;
use crate::program::{Caller, PATIENCE, Place};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// The server never receives it.
    Before,
    /// The server executes it, but its answer is lost.
    After,
    /// The server never receives it, but the connection stays open.
    Never,
}

/// How to cut the next `COMMIT`.
type Next = Arc<Mutex<Option<Cut>>>;

/// Forwards connections to the database until one is to be cut.
async fn lead(database: &str, next: &Next, held: &Arc<Notify>) -> String {
    let (database, next, held) = (database.to_owned(), Arc::clone(next), Arc::clone(held));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&database).await.unwrap();
            // An error on either side closes both.
            let (next, held) = (Arc::clone(&next), Arc::clone(&held));
            tokio::spawn(async move { drop(carry(client, server, &next, &held).await) });
        }
    });
    address
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    next: &Next,
    held: &Notify,
) -> std::io::Result<()> {
    const COMMIT: &[u8] = b"COMMIT\0";
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let sent = &up[..read?];
                if sent.is_empty() {
                    return Ok(());
                }
                // The message starts with its type and length.
                let commit = sent.windows(COMMIT.len()).position(|part| part == COMMIT);
                match commit.and_then(|_| next.lock().unwrap().take()) {
                    None => server.write_all(sent).await?,
                    Some(Cut::Before) => return Ok(()),
                    Some(Cut::Never) => {
                        server.write_all(&sent[..commit.unwrap_or(5) - 5]).await?;
                        held.notify_one();
                        return std::future::pending().await;
                    }
                    Some(Cut::After) => {
                        server.write_all(sent).await?;
                        server.shutdown().await?;
                        // The server hangs up after it has finished.
                        while server.read(&mut down).await? > 0 {}
                        return Ok(());
                    }
                }
            }
            read = server.read(&mut down) => match &down[..read?] {
                [] => return Ok(()),
                sent => client.write_all(sent).await?,
            }
        }
    }
}

/// The database URL that leads through this proxy.
async fn led(cluster: &Cluster, next: &Next, held: &Arc<Notify>) -> String {
    let (start, rest) = cluster.url.split_once('@').unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    format!("{start}@{}/{name}", lead(address, next, held).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_commit_without_an_answer_is_retried_only_if_that_is_safe() {
    let cluster = Cluster::start();
    let next = Next::default();
    let place = Place::on(&led(&cluster, &next, &Arc::default()).await);
    let server = place.serve();
    let ada = server.register("ada").await;
    let mut clients = 0;
    for round in 0..5 {
        for (cut, key) in [
            (Cut::Before, Some("before")),
            (Cut::After, Some("after")),
            (Cut::Before, None),
            (Cut::After, None),
        ] {
            let key = key.map(|key| format!("{key}-{round}"));
            let body = json!({"name": "C", "email": "c@example.com"});
            *next.lock().unwrap() = Some(cut);
            let answer = ada.try_send("POST", "/clients", Some(&body), key.as_deref()).await;
            let answer = answer.unwrap();
            assert_eq!(*next.lock().unwrap(), None, "nothing was cut");
            if let Some(key) = &key {
                assert_eq!(answer.status, 201, "{cut:?} {}", answer.body);
                let again = ada.try_send("POST", "/clients", Some(&body), Some(key)).await;
                assert_eq!(again.unwrap().body, answer.body);
            } else {
                assert_eq!(answer.status, 503, "{cut:?} {}", answer.body);
                let said = answer.body["error"].as_str().unwrap();
                assert!(said.contains("may or may not have been saved"), "{said}");
            }
            clients += usize::from(key.is_some() || cut == Cut::After);
            assert_eq!(ada.get("/clients").await.body["total"], clients, "{cut:?} {key:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn an_invoice_is_mailed_at_most_once_if_its_sending_got_no_answer() {
    let cluster = Cluster::start();
    let next = Next::default();
    let place = Place::on(&led(&cluster, &next, &Arc::default()).await);
    let server = place.serve();
    let ada = server.register("ada").await;
    let client = ada.client("Acme").await;
    let mut mailed = 0;
    for cut in [Cut::Before, Cut::After] {
        let invoice = ada.invoice(&client, 100).await;
        *next.lock().unwrap() = Some(cut);
        let answer = ada.post(&format!("/invoices/{invoice}/send"), &json!({})).await;
        assert_eq!(*next.lock().unwrap(), None, "nothing was cut");
        assert_eq!(answer.status, 503, "{cut:?} {}", answer.body);
        let said = answer.body["error"].as_str().unwrap();
        assert!(said.contains("may or may not have been saved"), "{cut:?} {said}");
        mailed += i64::from(cut == Cut::After);
        let letters = place.database().peek(|connection| {
            let sql = "SELECT count(*) FROM mails WHERE kind = 'invoice'";
            Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
        });
        assert_eq!(letters.unwrap(), mailed, "{cut:?}");
        let status = if cut == Cut::After { "sent" } else { "draft" };
        let answer = ada.get(&format!("/invoices/{invoice}")).await;
        assert_eq!(answer.data()["status"], status, "{cut:?}");
    }
}

/// The number that a query returns.
fn number(place: &Place, sql: &'static str) -> i64 {
    let ask = place.database().peek(|c| Tx::new(c).one(sql, &[], |row| row.get::<i64>(0)));
    ask.unwrap()
}

/// Waits until no mail is queued, since its delivery commits too.
async fn settle(place: &Place) {
    let waiting = "SELECT count(*) FROM jobs WHERE kind = 'mail'";
    let settled = async {
        while number(place, waiting) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("mail is not delivered");
}

/// The reminder button on the page of an invoice.
struct Button {
    http: reqwest::Client,
    page: String,
    cookie: String,
    token: String,
}

impl Button {
    async fn find(caller: &Caller, invoice: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let server = caller.server.replace("127.0.0.1", "localhost");
        let page = format!("{server}/invoices/{invoice}");
        let cookie = format!("fos_session={}", caller.token);
        let read = http.get(&page).header("Cookie", &cookie).send().await.unwrap();
        let html = read.text().await.unwrap();
        let (_, rest) = html.split_once("name=\"_token\" value=\"").expect("no form");
        let token = rest.split('"').next().unwrap().to_owned();
        Self { http, page, cookie, token }
    }

    /// Presses the button and returns the resulting page.
    async fn press(&self) -> String {
        let press = self.http.post(format!("{}/remind", self.page)).header("Cookie", &self.cookie);
        let answer = press.form(&[("_token", &self.token)]).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        let set = answer.headers()["set-cookie"].to_str().unwrap();
        let notice = set.split(';').next().unwrap();
        let back = self.http.get(&self.page).header("Cookie", format!("{}; {notice}", self.cookie));
        back.send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn sends_reminders_payments_and_acceptances_count_once_whatever_happens_to_their_commit() {
    const SENT: &str = "SELECT count(*) FROM mails WHERE kind = 'invoice'";
    const REMINDED: &str = "SELECT count(*) FROM mails WHERE kind = 'invoice_reminder'";
    const PAID: &str = "SELECT count(*) FROM payments";
    const ACCEPTED: &str = "SELECT count(*) FROM mails WHERE kind = 'proposal_copy'";
    const MAYBE: &str = "may or may not have been saved";
    let cluster = Cluster::start();
    let next = Next::default();
    let place = Place::on(&led(&cluster, &next, &Arc::default()).await);
    let server = place.serve();
    let ada = server.register("ada").await;
    let client = ada.client("Acme").await;
    for (cut, key) in [
        (Cut::Before, Some("before")),
        (Cut::After, Some("after")),
        (Cut::Before, None),
        (Cut::After, None),
    ] {
        let invoice = ada.invoice(&client, 100).await;
        let send = (format!("/invoices/{invoice}/send"), json!({}), SENT);
        let pay = (format!("/invoices/{invoice}/mark-paid"), json!({}), PAID);
        let body = json!({"clientId": client, "title": "Website", "content": "All of it"});
        let proposal = ada.post("/proposals", &body).await.data()["id"].clone();
        let path = format!("/proposals/{}/send", proposal.as_str().unwrap());
        let link = ada.post(&path, &json!({})).await.data()["publicLink"].clone();
        let token = link.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let accept = format!("/v1/public/proposals/{token}/accept");
        let accept = (accept, json!({"name": "Jane"}), ACCEPTED);
        // Clients send no key when they accept.
        let asked = if key.is_some() { vec![send, pay] } else { vec![send, accept, pay] };
        for (path, body, sql) in &asked {
            settle(&place).await;
            let (before, key) =
                (number(&place, sql), key.map(|key| format!("{key}{}", path.replace('/', "-"))));
            *next.lock().unwrap() = Some(cut);
            let answer = ada.try_send("POST", path, Some(body), key.as_deref()).await.unwrap();
            assert_eq!(*next.lock().unwrap(), None, "nothing was cut");
            let done = i64::from(key.is_some() || cut == Cut::After);
            assert_eq!(number(&place, sql) - before, done, "{cut:?} {path}");
            if key.is_some() {
                assert_eq!(answer.status, 200, "{cut:?} {path} {}", answer.body);
                let again = ada.try_send("POST", path, Some(body), key.as_deref()).await.unwrap();
                assert_eq!(again.body, answer.body, "{cut:?} {path}");
                assert_eq!(number(&place, sql) - before, 1, "{cut:?} {path}");
            } else {
                assert_eq!(answer.status, 503, "{cut:?} {path} {}", answer.body);
                assert!(answer.body.to_string().contains(MAYBE), "{path} {}", answer.body);
                // Without a key a repeated request takes effect once, but each send mails again.
                ada.post(path, body).await;
                let done = if *sql == SENT { done + 1 } else { 1 };
                assert_eq!(number(&place, sql) - before, done, "{cut:?} {path}");
            }
        }
        let invoice = ada.invoice(&client, 100).await;
        ada.post(&format!("/invoices/{invoice}/send"), &json!({})).await.data();
        settle(&place).await;
        let before = number(&place, REMINDED);
        // Opening a page may record that the session is in use.
        let button = Button::find(&ada, &invoice).await;
        *next.lock().unwrap() = Some(cut);
        let html = button.press().await;
        assert_eq!(*next.lock().unwrap(), None, "nothing was cut: {html}");
        assert!(html.contains(MAYBE), "{cut:?} {html}");
        assert_eq!(number(&place, REMINDED) - before, i64::from(cut == Cut::After), "{cut:?}");
        button.press().await;
        assert_eq!(number(&place, REMINDED) - before, 1, "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_server_that_freezes_during_a_change_does_not_block_the_others() {
    let cluster = Cluster::start();
    let (next, held) = (Next::default(), Arc::<Notify>::default());
    let (still, other) = (Place::on(&led(&cluster, &next, &held).await), Place::on(&cluster.url));
    let (still, other) = (still.serve(), other.serve());
    let ada = still.register("ada").await;
    let there = ada.at(&other);
    assert_eq!(there.get("/clients").await.status, 200);
    *next.lock().unwrap() = Some(Cut::Never);
    let changing = tokio::spawn(async move { ada.client("Held").await });
    held.notified().await;
    // Its locks stay in the way until the database ends the transaction.
    let body = json!({"name": "C", "email": "c@example.com"});
    let answer = there.post("/clients", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    println!("another server's change waited {:.1?}", answer.took);
    assert_eq!(there.get("/clients").await.body["total"], 1);
    changing.abort();
}

//! A connection to the database that breaks around a `COMMIT`, and the only moment in which
//! nobody can know what became of a change: after it was sent, and before it was answered.

use std::sync::{Arc, Mutex};

use freelanceos::store::engine::Tx;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::cluster::Cluster;
use crate::program::Place;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// The server never hears of it.
    Before,
    /// The server does it, and its answer is lost.
    After,
    /// The server is left waiting for it.
    Never,
}

/// What is done to the next `COMMIT`.
type Next = Arc<Mutex<Option<Cut>>>;

/// Leads connections to the database, until one is to be cut.
async fn lead(database: &str, next: &Next, held: &Arc<Notify>) -> String {
    let (database, next, held) = (database.to_owned(), Arc::clone(next), Arc::clone(held));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&database).await.unwrap();
            // Whoever has had enough hangs up.
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
                // A letter and the length stand before the words.
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
                        // It has done all of it before it hangs up, too.
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

/// The URL of a database at the end of such a line.
async fn led(cluster: &Cluster, next: &Next, held: &Arc<Notify>) -> String {
    let (start, rest) = cluster.url.split_once('@').unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    format!("{start}@{}/{name}", lead(address, next, held).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_commit_without_an_answer_is_repeated_only_where_that_does_nothing_twice() {
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
                assert!(said.contains("may have been saved or not"), "{said}");
            }
            clients += usize::from(key.is_some() || cut == Cut::After);
            assert_eq!(ada.get("/clients").await.body["total"], clients, "{cut:?} {key:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn an_invoice_whose_sending_got_no_answer_is_mailed_at_most_once() {
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
        assert!(said.contains("may have been saved or not"), "{cut:?} {said}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_server_that_stands_still_in_the_middle_of_a_change_does_not_hold_up_the_others() {
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
    // What it has changed so far is in the way, until the database has had enough.
    let body = json!({"name": "C", "email": "c@example.com"});
    let answer = there.post("/clients", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    println!("another server's change waited {:.1?}", answer.took);
    assert_eq!(there.get("/clients").await.body["total"], 1);
    changing.abort();
}

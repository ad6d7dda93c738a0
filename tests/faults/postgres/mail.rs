//! Each email is delivered once, whichever server does it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::servers::Servers;
use crate::program::{Caller, PATIENCE};

const WAITING: &str = "SELECT count(*) FROM mails WHERE delivered_at IS NULL";

async fn send_invoice(caller: &Caller, to: &str) {
    let body = json!({"name": "C", "email": to});
    let client = caller.post("/clients", &body).await.data()["id"].as_str().unwrap().to_owned();
    let invoice = caller.invoice(&client, 100).await;
    caller.post(&format!("/invoices/{invoice}/send"), &json!({})).await.data();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn three_servers_deliver_every_email_once() {
    const SENDERS: usize = 6;
    const INVOICES: usize = 5;
    const CODES: usize = 15;
    let servers = Servers::start(3, &[]).await;
    let ada = servers.caller().register("ada").await;
    let before = servers.number("SELECT count(*) FROM mails");
    let begun = Instant::now();
    let senders = (0..SENDERS).map(|sender| {
        let caller = ada.apart();
        tokio::spawn(async move {
            let body = json!({"email": "ada@example.com"});
            for number in 0..INVOICES.max(CODES) {
                if number < INVOICES {
                    send_invoice(&caller, &format!("c{sender}-{number}@example.com")).await;
                }
                if number < CODES {
                    let answer = caller.post("/v1/auth/forgot-password", &body).await;
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            }
        })
    });
    join_all(senders).await.into_iter().for_each(Result::unwrap);
    let letters = servers.number("SELECT count(*) FROM mails");
    assert_eq!(letters - before, (SENDERS * (INVOICES + CODES)) as i64);
    servers.wait_for(WAITING, 0);
    let mails = servers.mails();
    println!("{} letters delivered by three servers in {:.1?}", mails.len(), begun.elapsed());
    // The file is named after the email, whichever server wrote it.
    let names: BTreeSet<&str> = mails.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((mails.len(), names.len()), (letters as usize, letters as usize));
    assert_eq!(servers.number("SELECT max(tries) FROM mails"), 1, "something was tried twice");
    for sender in 0..SENDERS {
        for number in 0..INVOICES {
            let to = format!("c{sender}-{number}@example.com");
            assert_eq!(mails.iter().filter(|(_, mail)| mail.to().contains(&to)).count(), 1);
        }
    }
    let busy = servers.iter().filter(|server| server.said("email saved to file") > 0).count();
    assert!(busy > 1, "one server delivered everything");
}

/// A mail server that can be told to take no email and not to answer.
#[derive(Clone, Default)]
struct Post {
    holds: Arc<AtomicBool>,
    held: Arc<Notify>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Post {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let post = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let post = post.clone();
                // An error ends the connection.
                tokio::spawn(async move { drop(post.talk(stream).await) });
            }
        });
        format!("smtp://{address}?tls=none")
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 here\r\n").await?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await? {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let said: &[u8] = match word.as_str() {
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    while lines.next_line().await?.is_some_and(|line| line != ".") {}
                    if self.holds.load(Ordering::SeqCst) {
                        self.held.notify_one();
                        return std::future::pending().await;
                    }
                    self.taken.lock().unwrap().push(to.clone());
                    b"250 taken\r\n"
                }
                "RCPT" => {
                    to = line;
                    b"250 ok\r\n"
                }
                "QUIT" => return writer.write_all(b"221 bye\r\n").await,
                _ => b"250 ok\r\n",
            };
            writer.write_all(said).await?;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn an_email_held_by_a_killed_server_is_delivered_once_by_another() {
    let post = Post::default();
    let url = post.start().await;
    let settings = [("SMTP_URL", url.as_str()), ("MAIL_FROM", "me@example.com")];
    let mut servers = Servers::start(2, &settings).await;
    let ada = servers.get(0).register("ada").await;
    servers.wait_for(WAITING, 0);
    let before = post.taken.lock().unwrap().len();
    post.holds.store(true, Ordering::SeqCst);
    send_invoice(&ada, "first@example.com").await;
    tokio::time::timeout(PATIENCE, post.held.notified()).await.unwrap();
    servers.kill(0);
    post.holds.store(false, Ordering::SeqCst);

    // It becomes due again after the longest delivery time, or when told so. The surviving server
    // looks whenever it has something to deliver.
    assert_eq!(servers.number(WAITING), 1);
    servers.places[1].run(&["admin", "retry-mail", "--all"]).done();
    send_invoice(&ada.at(servers.get(1)), "second@example.com").await;
    servers.wait_for(WAITING, 0);
    let taken = post.taken.lock().unwrap().clone();
    let to = |who: &str| taken.iter().filter(|to| to.contains(who)).count();
    assert_eq!((to("first@"), to("second@"), taken.len() - before), (1, 1, 2), "{taken:?}");
}

//! A hanging mail server delays only its own emails.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::program::{Caller, PATIENCE, Place, Server, run_until};

/// Generous for a response that needs no mail server, on a busy machine.
const SOON: Duration = Duration::from_secs(3);
const INVOICES: usize = 8;

/// A mail server that misbehaves until told to behave.
#[derive(Clone, Default)]
struct MailServer {
    behaves: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    /// The recipients of the emails it took.
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = server.connections.fetch_add(1, Ordering::SeqCst);
                let server = server.clone();
                // An error ends the connection.
                tokio::spawn(async move { drop(server.talk(stream, number).await) });
            }
        });
        format!("smtp://{address}?tls=none")
    }

    /// It misbehaves in three ways in turn, and serves every fourth connection.
    async fn talk(&self, mut stream: TcpStream, number: usize) -> std::io::Result<()> {
        let kind = if self.behaves.load(Ordering::SeqCst) { 3 } else { number % 4 };
        if kind == 0 {
            return std::future::pending().await;
        }
        if kind == 1 {
            // A greeting that never ends.
            loop {
                stream.write_all(b"2").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let (reader, mut writer) = stream.split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 here\r\n").await?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await? {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            match word.as_str() {
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    while lines.next_line().await?.is_some_and(|line| line != ".") {}
                    if kind == 2 {
                        return std::future::pending().await;
                    }
                    self.taken.lock().unwrap().push(to.clone());
                    writer.write_all(b"250 taken\r\n").await?;
                }
                "QUIT" => return writer.write_all(b"221 bye\r\n").await,
                "RCPT" => {
                    to = line;
                    writer.write_all(b"250 ok\r\n").await?;
                }
                _ => writer.write_all(b"250 ok\r\n").await?,
            }
        }
        Ok(())
    }

    fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    async fn wait_until_taken(&self, wanted: usize, server: &Server) {
        let waited = tokio::time::timeout(PATIENCE * 3, async {
            while self.taken() < wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let taken = || format!("{} of {wanted} taken: {}", self.taken(), server.log());
        waited.await.unwrap_or_else(|_| panic!("{}", taken()));
    }
}

async fn send_invoices(caller: &Caller) {
    for number in 0..INVOICES {
        let body = json!({"name": "C", "email": format!("c{number}@example.com")});
        let client = caller.post("/clients", &body).await.data()["id"].as_str().unwrap().to_owned();
        let invoice = caller.invoice(&client, 100).await;
        let answer = caller.post(&format!("/invoices/{invoice}/send"), &json!({})).await;
        answer.data();
        assert!(answer.took < SOON * 2, "{:?}", answer.took);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_mail_server_delays_neither_requests_nor_other_mail_nor_the_shutdown() {
    let place = Place::of_tested_engine();
    let mail = MailServer::default();
    let url = mail.start().await;
    let settings = [("SMTP_URL", url.as_str()), ("MAIL_FROM", "me@example.com")];
    let server = place.serve_with(&settings);
    let caller = server.register("ada").await;
    send_invoices(&caller).await;
    // Three of four connections hang, but delay the fourth no longer than allowed.
    mail.wait_until_taken(1, &server).await;
    for _ in 0..20 {
        for path in ["/clients", "/dashboard/stats"] {
            let answer = caller.get(path).await;
            answer.data();
            assert!(answer.took < SOON, "{path} took {:?}", answer.took);
        }
        let answer = caller.post("/clients", &json!({"name": "C", "email": "c@example.com"})).await;
        answer.data();
        assert!(answer.took < SOON, "{:?}", answer.took);
    }
    // None is lost: each refused email waits and gives a reason.
    server.wait_for("did not answer in 30 seconds");
    let list = ["admin", "list-mail", "--all", "--json"];
    let ended = run_until("did not answer in 30 seconds", || place.run(&list));
    let letters: Vec<serde_json::Value> = serde_json::from_str(ended.done()).unwrap();
    assert_eq!(letters.len(), INVOICES);

    let (status, took) = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");

    mail.behaves.store(true, Ordering::SeqCst);
    // Emails in delivery become due again by themselves, the others on command.
    place.run(&["admin", "retry-mail", "--all"]).done();
    let server = place.serve_with(&settings);
    mail.wait_until_taken(INVOICES, &server).await;
    let mut taken = mail.taken.lock().unwrap().clone();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), INVOICES, "{taken:?}");
    assert_eq!(mail.taken(), INVOICES, "a letter was sent twice");
}

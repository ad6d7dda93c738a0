//! A mail server that records commands and responds as a test wants.

use std::sync::{Arc, Mutex};

use freelanceos::mail::{courier::Courier, message::Sender, smtp_url::SmtpUrl};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A running mail server that ends with its test.
#[derive(Clone)]
pub struct Postmaster {
    port: u16,
    /// The commands it got, and the lines of the emails it accepted.
    lines: Arc<Mutex<Vec<String>>>,
    /// Responses to lines with these prefixes.
    refusals: Arc<Mutex<Vec<(String, String)>>>,
}

impl Postmaster {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = Self { port, lines: Arc::default(), refusals: Arc::default() };
        let serving = own.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.speak(stream).await });
            }
        });
        own
    }

    /// From now on, responds to lines with this prefix.
    pub fn answer(&self, begin: &str, answer: &str) {
        self.refusals.lock().unwrap().push((begin.to_owned(), answer.to_owned()));
    }

    /// Accepts everything again.
    pub fn relent(&self) {
        self.refusals.lock().unwrap().clear();
    }

    /// The commands with this prefix.
    pub fn asked(&self, begin: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.starts_with(begin)).cloned().collect()
    }

    /// A courier that delivers here, for a server with that host name.
    pub fn courier(&self, host: &str, name: Option<&str>) -> Arc<Courier> {
        let url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{}?tls=none", self.port)).unwrap();
        let sender = Sender::of_host(host).unwrap();
        Arc::new(Courier::smtp(url, sender, name.map(str::to_owned)))
    }

    async fn speak(&self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut is_mail = false;
        let _ = write.write_all(b"220 ready\r\n").await;
        while let Ok(Some(line)) = lines.next_line().await {
            self.lines.lock().unwrap().push(line.clone());
            let refusals = self.refusals.lock().unwrap().clone();
            let answer = refusals.iter().find(|(begin, _)| !is_mail && line.starts_with(begin));
            let answer = match (answer, is_mail) {
                (Some((_, answer)), _) => answer.as_str(),
                (None, true) if line != "." => continue,
                (None, true) => {
                    is_mail = false;
                    "250 2.0.0 taken"
                }
                (None, false) if line == "DATA" => {
                    is_mail = true;
                    "354 go on"
                }
                (None, false) if line == "QUIT" => "221 good-bye",
                (None, false) => "250 fine",
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

//! Sockets: clients that are slow, silent, numerous, or send nonsense.

#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod crowd;
mod head;
mod slow;
pub mod tls;

use std::{collections::HashMap, time::Duration};

use freelanceos::net::{Limits, Pace, Patience};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Options, TestApp, spawn_app_with};

/// Timeout for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
pub const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The client end of a connection.
pub struct Client<S> {
    stream: S,
    /// Bytes that arrived after the previous response.
    read: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Client<TcpStream> {
    async fn connect(app: &TestApp) -> Self {
        Self::of(TcpStream::connect(address(app)).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn of(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next response on this connection, or None if it closed without one.
    pub async fn answer(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.next()).await.expect("no answer")
    }

    async fn next(&mut self) -> Option<Answer> {
        let end = loop {
            let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None => self.more().await?,
            }
        };
        let head: Vec<u8> = self.read.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: HashMap<String, String> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Some(Answer { status, headers, body })
    }

    /// None if the connection closed or failed.
    async fn more(&mut self) -> Option<()> {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk).await {
            Ok(0) | Err(_) => None,
            Ok(length) => {
                self.read.extend_from_slice(&chunk[..length]);
                Some(())
            }
        }
    }

    /// Waits until the server closes the connection without sending anything.
    async fn ended(&mut self) {
        let ended = timeout(PATIENCE, self.more()).await.expect("the connection does not end");
        assert!(ended.is_none(), "{}", String::from_utf8_lossy(&self.read));
    }
}

fn address(app: &TestApp) -> &str {
    app.base.strip_prefix("http://").unwrap()
}

/// Limits that no test reaches by accident.
fn generous() -> Limits {
    Limits {
        handshake: PATIENCE,
        patience: Patience { head: PATIENCE, idle: PATIENCE, write: PATIENCE },
        body: Pace { grace: PATIENCE, rate: 1 },
        crowded_idle: PATIENCE,
        ..Limits::default()
    }
}

async fn app_with(limits: Limits) -> TestApp {
    spawn_app_with(Options { limits: Some(limits), ..Options::default() }).await
}

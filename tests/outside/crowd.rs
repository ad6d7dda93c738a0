//! Thousands of silent connections, next to users who are served.

use std::{fs, time::Instant};

use freelanceos::net::descriptors;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::program::{Place, Server};

const CROWD: usize = 10_000;
/// The minimum that the machine must allow.
const CROWD_LEAST: usize = 4_000;
/// Maximum memory of an idle connection, in bytes.
const BYTES: usize = 24 * 1024;

/// Resident memory of a server, in bytes.
fn memory(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

async fn ask(stream: &mut TcpStream) -> String {
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\"ok\"}") {
        let mut chunk = [0; 1024];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn ten_thousand_idle_connections_block_nobody() {
    let crowd = descriptors::make_room(CROWD).connections;
    assert!(crowd >= CROWD_LEAST, "this machine has room for {crowd} connections");
    let most = (crowd + 100).to_string();
    let place = Place::new(&[("MAX_CONNECTIONS", &most)]);
    let server = place.serve();
    ask(&mut TcpStream::connect(server.address()).await.unwrap()).await;

    let before = memory(&server);
    let mut idle = Vec::with_capacity(crowd);
    for number in 0..crowd {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // Half of them wait before a first request, half after one.
        if number % 2 == 0 {
            ask(&mut stream).await;
        }
        idle.push(stream);
    }
    let each = memory(&server).saturating_sub(before) / crowd;
    println!("{crowd} idle connections, {each} bytes of memory each");
    assert!(each < BYTES, "an idle connection takes {each} bytes");

    let mut slowest = 0;
    for number in 0..200 {
        let start = Instant::now();
        ask(&mut TcpStream::connect(server.address()).await.unwrap()).await;
        slowest = slowest.max(start.elapsed().as_millis());
        // The waiting connections are served too.
        ask(&mut idle[number * crowd / 200]).await;
    }
    println!("the slowest of 200 answers took {slowest} ms");
    server.register("kamala@example.com").await;
    drop(idle);
    server.stop();
}

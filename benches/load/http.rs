//! A minimal-cost HTTP/1.1 client: the driver shares its cores with the server, so every cycle
//! spent here is lost to the server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Timeout for a response.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Maximum size of a response including its head, in bytes.
const ANSWER_BYTES: usize = 16 << 20;

/// Placeholder in a request body, replaced by a different number in each request. JSON does not
/// escape `#`, and neither paths nor tokens contain it.
pub const COUNTER: &str = "########";

/// The bytes of one request.
pub struct Request {
    bytes: Vec<u8>,
    counter_at: Option<usize>,
}

impl Request {
    pub fn get(path: &str, token: Option<&str>) -> Self {
        Self::new("GET", path, token, "")
    }

    pub fn post(path: &str, token: Option<&str>, body: &Value) -> Self {
        Self::send_json("POST", path, token, body)
    }

    pub fn send_json(method: &str, path: &str, token: Option<&str>, body: &Value) -> Self {
        Self::new(method, path, token, &body.to_string())
    }

    fn new(method: &str, path: &str, token: Option<&str>, body: &str) -> Self {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if let Some(token) = token {
            text += &format!("Authorization: Bearer {token}\r\n");
        }
        if method != "GET" {
            let length = body.len();
            text += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        text += "\r\n";
        text += body;
        Self { counter_at: text.find(COUNTER), bytes: text.into_bytes() }
    }

    /// Returns the bytes to send, with `number` in place of the counter, built in `scratch` if they
    /// change.
    fn numbered<'a>(&'a self, number: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let Some(at) = self.counter_at else {
            return &self.bytes;
        };
        scratch.clear();
        scratch.extend_from_slice(&self.bytes);
        let mut rest = number;
        for digit in scratch[at..at + COUNTER.len()].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        scratch
    }
}

/// Status and body of a response.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Status and the start of the body, for error messages.
    pub fn summary(&self) -> String {
        let start = &self.body[..self.body.len().min(500)];
        format!("{} {}", self.status, String::from_utf8_lossy(start))
    }
}

/// A keep-alive connection with one request at a time.
pub struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self { stream, incoming: vec![0; 64 << 10], outgoing: Vec::new() })
    }

    /// Sends `request` with its counter set to `number`, and waits for the whole response.
    pub fn send(&mut self, request: &Request, number: usize) -> io::Result<Answer<'_>> {
        let bytes = request.numbered(number, &mut self.outgoing);
        self.stream.write_all(bytes)?;

        let mut filled = 0;
        let (status, body_at, length) = loop {
            filled += self.receive(filled)?;
            if let Some(at) = end_of_head(&self.incoming[..filled]) {
                let (status, length) = parse_head(&self.incoming[..at])?;
                break (status, at + 4, length);
            }
        };
        let Some(length) = length else {
            let end = self.receive_chunks(body_at, filled)?;
            return Ok(Answer { status, body: &self.incoming[body_at..end] });
        };
        let end = body_at + length;
        while filled < end {
            filled += self.receive(filled)?;
        }
        // Nothing else was requested, so extra bytes mean a wrong length.
        if filled > end {
            return Err(invalid("an answer longer than its Content-Length"));
        }
        Ok(Answer { status, body: &self.incoming[body_at..end] })
    }

    /// Reads the rest of a chunked body that starts at `body_at`, joins the chunks, and returns
    /// where they end.
    fn receive_chunks(&mut self, body_at: usize, mut filled: usize) -> io::Result<usize> {
        let (mut end, mut at) = (body_at, body_at);
        loop {
            let line = loop {
                match self.incoming[at..filled].windows(2).position(|two| two == b"\r\n") {
                    Some(length) => break at..at + length,
                    None => filled += self.receive(filled)?,
                }
            };
            let size = std::str::from_utf8(&self.incoming[line.clone()])
                .ok()
                .and_then(|size| usize::from_str_radix(size, 16).ok())
                .filter(|size| *size <= ANSWER_BYTES)
                .ok_or_else(|| invalid("a chunk without a size"))?;
            let chunk = line.end + 2..line.end + 2 + size;
            while filled < chunk.end + 2 {
                filled += self.receive(filled)?;
            }
            at = chunk.end + 2;
            self.incoming.copy_within(chunk, end);
            end += size;
            if size == 0 {
                return Ok(end);
            }
        }
    }

    /// Reads more bytes after the first `filled`, and returns how many arrived.
    fn receive(&mut self, filled: usize) -> io::Result<usize> {
        if filled == ANSWER_BYTES {
            return Err(invalid("an answer of over 16 MiB"));
        }
        if filled == self.incoming.len() {
            self.incoming.resize((filled * 2).min(ANSWER_BYTES), 0);
        }
        loop {
            match self.stream.read(&mut self.incoming[filled..]) {
                Ok(0) => {
                    return Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        "the server closed the connection",
                    ));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n")
}

/// Status and `Content-Length` of a response head; no length if it is chunked.
fn parse_head(head: &[u8]) -> io::Result<(u16, Option<usize>)> {
    let head = std::str::from_utf8(head).map_err(|_| invalid("an answer's head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(|| invalid("an answer that is not HTTP/1.1"))?;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().ok().filter(|length| *length <= ANSWER_BYTES);
            let length = length.ok_or_else(|| invalid("a Content-Length that cannot be used"))?;
            return Ok((status, Some(length)));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked" {
            return Ok((status, None));
        }
    }
    // PATCH and POST may have an empty response.
    if status == 204 { Ok((status, Some(0))) } else { Err(invalid("an answer without a length")) }
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

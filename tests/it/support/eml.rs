//! Mails as they were sent, read as a mail program reads them.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A mail with a text and an HTML part.
#[derive(Debug)]
pub struct Eml {
    /// As it was sent.
    pub raw: String,
    pub text: String,
    pub html: String,
}

impl Eml {
    #[track_caller]
    pub fn parse(bytes: &[u8]) -> Self {
        let raw = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{raw}"));
        let kind = find(head, "Content-Type").unwrap();
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let parts: Vec<&str> = body
            .split(&format!("--{boundary}"))
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .collect();
        let [text, html] = parts[..] else { panic!("{raw}") };
        let (text, html) = (part(text, "text/plain"), part(html, "text/html"));
        Self { raw, text, html }
    }

    /// A header, unfolded and decoded.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split_once("\r\n\r\n").unwrap().0;
        words(&find(head, name).unwrap_or_else(|| panic!("no {name} in {head}")))
    }

    pub fn to(&self) -> String {
        self.header("To")
    }

    /// The one-time password in the text.
    #[track_caller]
    pub fn code(&self) -> &str {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.text.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("{}", self.text))
    }
}

fn find(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

#[track_caller]
fn part(part: &str, kind: &str) -> String {
    let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
    assert_eq!(find(head, "Content-Type").unwrap(), format!("{kind}; charset=utf-8"));
    let bytes = match find(head, "Content-Transfer-Encoding").unwrap().as_str() {
        "7bit" => body.as_bytes().to_vec(),
        "base64" => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
        "quoted-printable" => quoted_printable(body),
        other => panic!("{other}"),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}

/// Undoes the encoding of words that are not ASCII.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, found)) = rest.split_once("=?utf-8?b?") {
        // Nothing but space between two encoded words is no text.
        text.push_str(if text.is_empty() { before } else { before.trim_start() });
        let (word, after) = found.split_once("?=").unwrap();
        text.push_str(&String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
        rest = after;
    }
    text + rest
}

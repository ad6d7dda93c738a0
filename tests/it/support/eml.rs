//! Sent emails, parsed as an email client does.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// An email with a text part, an HTML part, and at most one PDF.
#[derive(Debug)]
pub struct Eml {
    /// The raw email.
    pub raw: String,
    pub text: String,
    pub html: String,
    /// The logo that the HTML shows.
    pub logo: Option<Vec<u8>>,
    /// The name and content of the attached file.
    pub pdf: Option<(String, Vec<u8>)>,
}

impl Eml {
    #[track_caller]
    pub fn parse(bytes: &[u8]) -> Self {
        let raw = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{raw}"));
        let (head, body, pdf) = match &parts(head, body, "multipart/mixed")[..] {
            [] => (head, body, None),
            [whole, file] => {
                let (head, body) = whole.trim_start().split_once("\r\n\r\n").unwrap();
                (head, body, Some(attached(file)))
            }
            _ => panic!("{raw}"),
        };
        let [text, html] = parts(head, body, "multipart/alternative")[..] else { panic!("{raw}") };
        let (head, body) = html.trim_start().split_once("\r\n\r\n").unwrap();
        let (html, logo) = match parts(head, body, "multipart/related")[..] {
            [] => (html, None),
            [html, logo] => (html, Some(shown(logo))),
            _ => panic!("{raw}"),
        };
        let (text, html) = (part(text, "text/plain"), part(html, "text/html"));
        assert_eq!(html.matches("\"cid:logo@freelanceos\"").count(), usize::from(logo.is_some()));
        Self { text, html, logo, pdf, raw }
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

/// The parts of a multipart body of this type, or none if it has another type.
fn parts<'a>(head: &str, body: &'a str, kind: &str) -> Vec<&'a str> {
    let found = find(head, "Content-Type").unwrap();
    if !found.starts_with(kind) {
        return Vec::new();
    }
    let boundary = found.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    body.split(&format!("--{boundary}"))
        .skip(1)
        .take_while(|part| !part.starts_with("--"))
        .collect()
}

/// An attached PDF: its name and content.
#[track_caller]
fn attached(part: &str) -> (String, Vec<u8>) {
    let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
    assert_eq!(find(head, "Content-Type").unwrap(), "application/pdf");
    assert_eq!(find(head, "Content-Transfer-Encoding").unwrap(), "base64");
    let place = find(head, "Content-Disposition").unwrap();
    let name = place.strip_prefix("attachment; filename=\"").unwrap_or_else(|| panic!("{place}"));
    let bytes = STANDARD.decode(body.replace("\r\n", "")).unwrap();
    (name.trim_end_matches('"').to_owned(), bytes)
}

/// The bytes of a picture that the HTML shows.
#[track_caller]
fn shown(part: &str) -> Vec<u8> {
    let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
    assert!(find(head, "Content-Type").unwrap().starts_with("image/"), "{head}");
    assert_eq!(find(head, "Content-Disposition").unwrap(), "inline");
    assert_eq!(find(head, "Content-ID").unwrap(), "<logo@freelanceos>");
    STANDARD.decode(body.replace("\r\n", "")).unwrap()
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

/// Decodes encoded words (RFC 2047).
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, found)) = rest.split_once("=?utf-8?b?") {
        // Whitespace between two encoded words is ignored.
        let is_between = !text.is_empty() && before.trim().is_empty();
        text.push_str(if is_between { "" } else { before });
        let (word, after) = found.split_once("?=").unwrap();
        text.push_str(&String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
        rest = after;
    }
    text + rest
}

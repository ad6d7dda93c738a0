//! Emails made from user input: one header per line, and no injected lines.

#![no_main]

use freelanceos::{
    domain::id::Id,
    mail::{
        compose,
        message::{self, Sender},
    },
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const OURS: [&str; 11] = [
    "from:",
    "to:",
    "subject:",
    "date:",
    "message-id:",
    "auto-submitted:",
    "reply-to:",
    "mime-version:",
    "content-type:",
    "content-transfer-encoding:",
    "content-disposition:",
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.splitn(4, '\u{1}');
    let mut part = || parts.next().unwrap_or_default();
    let (name, from, email, content) = (part(), part(), part(), part());
    let sender = Sender::of_host("example.com").unwrap();
    let mails = [
        compose::message_received("ada@example.com", name, from, email, content),
        compose::proposal_answered(email, name, from, content, true),
    ];
    for mail in mails {
        let mail = mail.unwrap();
        assert!(!mail.subject.contains(['\r', '\n']));
        let Ok(message) = message::write(Id::NIL, Timestamp::UNIX_EPOCH, &sender, &mail) else {
            continue;
        };
        let bytes = message.formatted();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        for line in head.split("\r\n") {
            let goes_on = line.starts_with([' ', '\t']);
            assert!(goes_on || OURS.iter().any(|name| line.starts_with(name)), "{line:?}");
        }
    }
});

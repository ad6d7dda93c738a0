//! Emails in the format of RFC 5322.

use std::{error::Error, net::IpAddr, time::SystemTime};

use jiff::Timestamp;
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Attachment, Body, Mailbox, Mailboxes, MultiPart, SinglePart,
        header::{
            ContentTransferEncoding, ContentType, From as FromHeader, HeaderName, HeaderValue,
        },
    },
};

use crate::{
    domain::{
        id::MailId,
        mail::{LOGO, Mail},
        reach::Reach,
    },
    locale::t,
};

/// The name of the default sender.
const NAME: &str = "FreelanceOS";

/// The sender of emails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Parses `Name <user@host>` or `user@host`. The user must be ASCII, as mail servers require.
    pub fn parse(text: &str) -> Option<Self> {
        let mailbox: Mailbox = text.trim().parse().ok()?;
        let is_one_line = !text.contains(char::is_control);
        let email = address(mailbox.email.as_ref()).filter(|email| email.user().is_ascii())?;
        is_one_line.then_some(Self(Mailbox { email, ..mailbox }))
    }

    /// Returns the user who signs in to a mail server as sender, if that is an email address:
    /// hardly any server lets an account send as another.
    pub fn of_user(user: &str) -> Option<Self> {
        let email = Self::parse(user)?.0.email;
        let is_local = Reach::of_host(email.domain()) != Reach::Everybody;
        (!is_local).then(|| Self(Mailbox::new(Some(NAME.to_owned()), email)))
    }

    /// Returns the default sender of a server with this host name or address.
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.trim_matches(['[', ']']);
        let domain = match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => format!("[{host}]"),
            Ok(IpAddr::V6(_)) => format!("[IPv6:{host}]"),
            Err(_) => host.trim_end_matches('.').to_owned(),
        };
        let email = address(&format!("no-reply@{domain}"))
            // The parser does not accept IPv6 addresses.
            .or_else(|| host.contains(':').then(|| Address::new_dangerous("no-reply", domain)))?;
        Some(Self(Mailbox::new(Some(NAME.to_owned()), email)))
    }

    /// The address alone.
    pub fn email(&self) -> &str {
        self.0.email.as_ref()
    }

    /// Returns the sender of an email: the freelancer's name with the program's address. The name
    /// mentions the program unless the address is the freelancer's own.
    fn of(&self, mail: &Mail) -> Mailbox {
        let Mailbox { name, email } = &self.0;
        let Some(from) = &mail.from_name else { return self.0.clone() };
        let is_own =
            mail.reply_to.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(email.as_ref()));
        let server = name.as_deref().unwrap_or(email.domain());
        let name = match is_own || server == from {
            true => from.clone(),
            false => t("mail-from-via").with("name", from).with("server", server).into(),
        };
        Mailbox::new(Some(name), email.clone())
    }

    /// Whether its domain only exists on this machine.
    pub fn is_local(&self) -> bool {
        let domain = self.0.email.domain();
        domain.starts_with('[') || Reach::of_host(domain) != Reach::Everybody
    }
}

/// Writes an email. The same id and instant give the same message, so that an email delivered twice
/// is recognised as one.
pub fn write(
    id: MailId,
    at: Timestamp,
    sender: &Sender,
    mail: &Mail,
) -> Result<Message, WrongMail> {
    let deliverable = |to: &String| address(to).filter(|to| to.user().is_ascii());
    let to = deliverable(&mail.to).ok_or(WrongMail::Recipient)?;
    let copies: Vec<Address> = mail.cc.iter().filter_map(deliverable).collect();
    let recipients = [&to].into_iter().chain(&copies).cloned().collect();
    let envelope = Envelope::new(Some(sender.0.email.clone()), recipients).map_err(unwritable)?;
    // lettre parses the sender again, but rejects addresses of hosts without a name, so this one is
    // used until the message is built.
    let named = address("no-reply@localhost").ok_or(WrongMail::Recipient)?;
    let mut message = Message::builder()
        .envelope(envelope)
        .from(Mailbox::new(None, named))
        .to(Mailbox::new(None, to))
        .subject(mail.subject.as_str())
        .date(SystemTime::from(at))
        .message_id(Some(format!("<{id}@{}>", sender.0.email.domain())))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for copy in copies {
        message = message.cc(Mailbox::new(None, copy));
    }
    // An address that cannot be a reply address is still in the text.
    let plain = |to: &&str| to.is_ascii() && !to.starts_with("=?");
    if let Some(reply_to) = mail.reply_to.as_deref().filter(plain).and_then(address) {
        message = message.reply_to(Mailbox::new(mail.from_name.clone(), reply_to));
    }
    // The id cannot be guessed, so neither can the boundary.
    let parts = MultiPart::alternative()
        .boundary(format!("part-{id}"))
        .singlepart(SinglePart::plain(mail.text.clone()));
    let html = SinglePart::html(mail.html.clone());
    let parts = match &mail.logo {
        None => parts.singlepart(html),
        Some(logo) => {
            let picture = Attachment::new_inline(LOGO.to_owned());
            let picture = enclosed(picture, &logo.bytes, &logo.content_type)?;
            let related = MultiPart::related().boundary(format!("html-{id}"));
            parts.multipart(related.singlepart(html).singlepart(picture))
        }
    };
    let parts = match &mail.attachment {
        None => parts,
        Some(file) => {
            let whole = MultiPart::mixed().boundary(format!("whole-{id}"));
            let attachment = Attachment::new(file.name.clone());
            let attachment = enclosed(attachment, &file.bytes, "application/pdf")?;
            whole.multipart(parts).singlepart(attachment)
        }
    };
    let mut message = message.multipart(parts).map_err(unwritable)?;
    message.headers_mut().set(FromHeader::from(Mailboxes::from(sender.of(mail))));
    Ok(message)
}

fn enclosed(file: Attachment, bytes: &[u8], kind: &str) -> Result<SinglePart, WrongMail> {
    let kind = ContentType::parse(kind).map_err(unwritable)?;
    // The error returns the bytes if they do not fit the encoding; base64 accepts all.
    let bytes = Body::new_with_encoding(bytes.to_vec(), ContentTransferEncoding::Base64)
        .map_err(|_| WrongMail::Unwritable("an attachment cannot be encoded".to_owned()))?;
    Ok(file.body(bytes, kind))
}

/// Why an email cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WrongMail {
    #[error("this address cannot receive mail: mail servers do not know such addresses")]
    Recipient,
    #[error("the mail cannot be written: {0}")]
    Unwritable(String),
}

fn unwritable(error: impl Error) -> WrongMail {
    WrongMail::Unwritable(error.to_string())
}

/// Parses an address, with the domain in ASCII.
fn address(text: &str) -> Option<Address> {
    let address: Address = text.trim().parse().ok()?;
    if address.domain().is_ascii() {
        return Some(address);
    }
    let domain = idna::domain_to_ascii(address.domain()).ok()?;
    Address::new(address.user(), domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::Id, mail::MailKind};

    fn mail(to: &str) -> Mail {
        Mail {
            kind: MailKind::MessageReceived,
            to: to.to_owned(),
            cc: Vec::new(),
            subject: "කමල ගෙන් පණිවිඩයක්".to_owned(),
            text: "Hello කමල,\nمرحبا\n".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            from_name: None,
            reply_to: Some("eve@example.com".to_owned()),
            logo: None,
            attachment: None,
        }
    }

    fn written(mail: &Mail) -> String {
        let sender = Sender::parse("FreelanceOS <no-reply@example.com>").unwrap();
        let at = "2026-03-18T12:00:00Z".parse().unwrap();
        let message = write(Id::NIL, at, &sender, mail).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn the_same_email_gives_the_same_ascii_bytes() {
        let mail = mail("kamala@example.com");
        let text = written(&mail);
        assert_eq!(text, written(&mail));
        assert!(text.is_ascii(), "{text}");
        for line in [
            "From: FreelanceOS <no-reply@example.com>\r\n",
            "To: kamala@example.com\r\n",
            "Reply-To: eve@example.com\r\n",
            "Date: Wed, 18 Mar 2026 12:00:00 +0000\r\n",
            "Message-ID: <mail_00000000000000000000000000@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Subject: =?utf-8?b?",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.split("\r\n").all(|line| line.len() < 998 && !line.contains('\n')));
    }

    #[test]
    fn a_freelancer_is_named_as_the_sender_and_gets_the_replies() {
        for (own, from) in [
            ("eve@example.com", "Eve Studio via FreelanceOS"),
            ("No-Reply@example.com", "Eve Studio"),
        ] {
            let mut mail = mail("kamala@example.com");
            mail.from_name = Some("Eve Studio".to_owned());
            mail.reply_to = Some(own.to_owned());
            let text = written(&mail).replace('"', "");
            assert!(text.contains(&format!("From: {from} <no-reply@example.com>\r\n")), "{text}");
            assert!(text.contains(&format!("Reply-To: Eve Studio <{own}>\r\n")), "{text}");
        }
    }

    #[test]
    fn copies_are_named_and_get_the_same_email() {
        let mut mail = mail("kamala@example.com");
        mail.cc = ["finance@example.com", "a@münchen.example"].map(str::to_owned).to_vec();
        let text = written(&mail);
        let line = "Cc: finance@example.com, a@xn--mnchen-3ya.example\r\n";
        assert!(text.contains(line), "{text}");
        let sender = Sender::of_host("example.com").unwrap();
        let message = write(Id::NIL, Timestamp::UNIX_EPOCH, &sender, &mail).unwrap();
        let to: Vec<_> = message.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(to, ["kamala@example.com", "finance@example.com", "a@xn--mnchen-3ya.example"]);
    }

    #[test]
    fn domains_of_every_script_are_written_in_ascii() {
        assert!(written(&mail("a@münchen.example")).contains("To: a@xn--mnchen-3ya.example\r\n"));
        assert_eq!(Sender::parse("a@münchen.example").unwrap().email(), "a@xn--mnchen-3ya.example");
    }

    #[test]
    fn headers_cannot_be_injected() {
        let mut mail = mail("kamala@example.com");
        mail.subject = "Hello\r\nBcc: everybody@example.com".to_owned();
        mail.reply_to = Some("eve@example.com\r\nBcc: everybody@example.com".to_owned());
        let text = written(&mail);
        assert!(!text.contains("\nBcc:") && !text.contains("Reply-To"), "{text}");
        mail.to = "a@example.com\r\nBcc: everybody@example.com".to_owned();
        let sender = Sender::of_host("example.com").unwrap();
        assert!(write(Id::NIL, Timestamp::UNIX_EPOCH, &sender, &mail).is_err());
    }

    #[test]
    fn a_sender_is_a_mailbox() {
        let sender = Sender::parse("\"Ada, Ltd\" <ada@example.com>").unwrap();
        assert_eq!(sender.email(), "ada@example.com");
        for text in [
            "",
            "Ada",
            "Ada <ada>",
            "a@b@c",
            "a@example.com\r\nBcc: b@example.com",
            "josé@example.com",
        ] {
            assert_eq!(Sender::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_default_sender_is_at_the_public_host() {
        for (host, email, is_local) in [
            ("freelance.example", "no-reply@freelance.example", false),
            ("localhost", "no-reply@localhost", true),
            ("192.168.1.5", "no-reply@[192.168.1.5]", true),
            ("[::1]", "no-reply@[IPv6:::1]", true),
            ("macbook.local", "no-reply@macbook.local", true),
        ] {
            let sender = Sender::of_host(host).unwrap();
            assert_eq!((sender.email(), sender.is_local()), (email, is_local));
        }
    }

    #[test]
    fn an_email_can_be_written_whatever_the_host_of_its_sender() {
        for (host, id) in [
            ("192.168.1.5", "@[192.168.1.5]>"),
            ("[2001:db8::5]", "@[IPv6:2001:db8::5]>"),
            ("localhost", "@localhost>"),
            ("bücher.example", "@xn--bcher-kva.example>"),
        ] {
            let sender = Sender::of_host(host).unwrap();
            let mail = mail("kamala@example.com");
            let message = write(Id::NIL, Timestamp::UNIX_EPOCH, &sender, &mail).unwrap();
            assert_eq!(message.envelope().from().unwrap().to_string(), sender.email(), "{host}");
            let text = String::from_utf8(message.formatted()).unwrap();
            let from = format!("From: FreelanceOS <{}>\r\n", sender.email());
            assert!(text.contains(&from) && text.contains(id), "{text}");
        }
    }

    #[test]
    fn an_smtp_user_that_is_an_address_is_the_sender() {
        assert_eq!(Sender::of_user("ada@gmail.com").unwrap().email(), "ada@gmail.com");
        for user in ["ada", "apikey", "ada@mail", "ada@localhost"] {
            assert_eq!(Sender::of_user(user), None, "{user}");
        }
    }
}

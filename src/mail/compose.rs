//! The mails that the program writes. Each has a text part and a plain HTML part that loads
//! nothing; the templates escape user input, and a subject is one line without secrets.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization;

use crate::{
    domain::{
        account::SignInChange,
        error::{Error, Result},
        invoice::{Invoice, Party, Seller},
        mail::{Attachment, Mail, MailKind},
        pdf_file::PdfFile,
        text::turns,
    },
    locale::t,
};

/// How long the link of a verification mail is valid.
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The largest attachment. Some mail servers accept no more than 8 MiB, as base64 (57 bytes per
/// line of 78) and with room for the text.
const ATTACHMENT_MAX: usize = (8 * 1024 - 64) * 1024 / 78 * 57;
/// How much of an invoice's notes its mail repeats, in characters.
const EXCERPT: usize = 500;

/// Fills the two templates of a mail with the same fields.
macro_rules! render {
    ($text:literal, $html:literal, { $($field:ident: $type:ty),* $(,)? }) => {{
        #[derive(Template)]
        #[template(path = $text)]
        struct Text<'a> { $($field: $type,)* }
        #[derive(Template)]
        #[template(path = $html)]
        struct Html<'a> { subject: &'a str, $($field: $type,)* }
        |subject: &str| -> Result<(String, String)> {
            let text = Text { $($field,)* }.render().map_err(Error::internal)?;
            let html = Html { subject, $($field,)* }.render().map_err(Error::internal)?;
            Ok((text, html))
        }
    }};
}

/// The content of a mail that verifies an address.
pub struct Verification<'a> {
    pub to: &'a str,
    pub first_name: &'a str,
    /// Of the account.
    pub name: &'a str,
    /// The address of this server.
    pub server: &'a str,
    pub code: &'a str,
    pub code_life: SignedDuration,
    /// Verifies the address with one click.
    pub link: Option<&'a str>,
    /// Removes the account, which is not in use yet.
    pub removal_link: Option<&'a str>,
}

/// The code that verifies an email address. The mail names the account, so that no one verifies
/// someone else's account.
pub fn verification(about: &Verification) -> Result<Mail> {
    let &Verification { to, first_name, code, server, link, removal_link, .. } = about;
    let (greeting, code_life, link_life) =
        (&greeting(first_name), &life(about.code_life), &life(LINK_LIFE));
    let account = match shown_name(about.name) {
        Some(name) => format!("{name} ({to})"),
        None => to.to_owned(),
    };
    let account = account.as_str();
    let parts = render!("mail/verification.txt", "mail/verification.html", {
        greeting: &'a str, account: &'a str, server: &'a str, code: &'a str, code_life: &'a str,
        link: Option<&'a str>, link_life: &'a str, removal_link: Option<&'a str>,
    });
    mail(MailKind::Verification, to, &t("verify-your-email").to_string(), parts)
}

/// The code for choosing a new password.
pub fn password_reset(
    to: &str,
    first_name: &str,
    code: &str,
    code_life: SignedDuration,
) -> Result<Mail> {
    let (greeting, code_life) = (&greeting(first_name), &life(code_life));
    let parts = render!("mail/password_reset.txt", "mail/password_reset.html", {
        greeting: &'a str, code: &'a str, code_life: &'a str,
    });
    mail(MailKind::PasswordReset, to, &t("reset-your-password").to_string(), parts)
}

/// A notice of a change to how an account signs in.
pub fn security_notice(
    to: &str,
    first_name: &str,
    change: SignInChange,
    at: Timestamp,
) -> Result<Mail> {
    let subject = match change {
        SignInChange::Password => t("mail-security-password"),
        SignInChange::TwoFactorOn => t("mail-security-two-factor-on"),
        SignInChange::TwoFactorOff => t("mail-security-two-factor-off"),
        SignInChange::PasskeyAdded => t("mail-security-passkey-added"),
        SignInChange::PasskeyRemoved => t("mail-security-passkey-removed"),
        SignInChange::WrongFactor => t("mail-security-wrong-factor"),
    };
    let at = &at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let is_try = change == SignInChange::WrongFactor;
    let (greeting, change) = (&greeting(first_name), &subject.to_string());
    let parts = render!("mail/security_notice.txt", "mail/security_notice.html", {
        greeting: &'a str, change: &'a str, at: &'a str, is_try: bool,
    });
    mail(MailKind::SecurityNotice, to, change, parts)
}

/// A message from the contact form; replies go to the visitor.
pub fn message_received(
    to: &str,
    first_name: &str,
    sender_name: &str,
    sender_email: &str,
    content: &str,
) -> Result<Mail> {
    let (greeting, content) = (&greeting(first_name), &lines(content));
    let sender_name = &sender_name.replace(turns, "");
    let parts = render!("mail/message_received.txt", "mail/message_received.html", {
        greeting: &'a str, sender_name: &'a str, sender_email: &'a str, content: &'a str,
    });
    let subject = t("mail-subject-message").with("name", sender_name).to_string();
    let mail = mail(MailKind::MessageReceived, to, &subject, parts)?;
    Ok(Mail { reply_to: Some(sender_email.to_owned()), ..mail })
}

/// A client's answer to a proposal.
pub fn proposal_answered(
    to: &str,
    first_name: &str,
    client_name: &str,
    title: &str,
    accepted: bool,
) -> Result<Mail> {
    let greeting = &greeting(first_name);
    let (client_name, title) = (&client_name.replace(turns, ""), &title.replace(turns, ""));
    let parts = render!("mail/proposal_answered.txt", "mail/proposal_answered.html", {
        greeting: &'a str, client_name: &'a str, title: &'a str, accepted: bool,
    });
    let subject = match accepted {
        true => t("mail-subject-accepted"),
        false => t("mail-subject-declined"),
    };
    let subject = subject.with("name", client_name).with("title", title).to_string();
    mail(MailKind::ProposalAnswered, to, &subject, parts)
}

/// News for an owner whose address is not verified. The address may be someone else's, so the mail
/// contains no text from the account or its visitors.
pub fn unproven_news(
    to: &str,
    first_name: &str,
    kind: MailKind,
    news: &str,
    link: &str,
) -> Result<Mail> {
    let greeting = &greeting(first_name);
    let parts = render!("mail/unproven_news.txt", "mail/unproven_news.html", {
        greeting: &'a str, news: &'a str, link: &'a str,
    });
    mail(kind, to, news.trim_end_matches('.'), parts)
}

/// An invoice or reminder for a client.
pub struct InvoiceMail<'a> {
    pub kind: MailKind,
    pub to: &'a str,
    /// The freelancer's address.
    pub reply_to: &'a str,
    pub invoice: &'a Invoice,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// Where the client can pay online.
    pub payment_link: Option<&'a str>,
    /// Whether the due date has passed.
    pub is_overdue: bool,
    /// Where the client can read it.
    pub link: &'a str,
    pub file: Option<PdfFile>,
}

/// An invoice or reminder for a client; replies go to the freelancer.
pub fn invoice(about: &InvoiceMail) -> Result<Mail> {
    let InvoiceMail { invoice, seller, is_overdue, link, .. } = *about;
    let file = about.file.as_ref().filter(|file| file.bytes.len() <= ATTACHMENT_MAX);
    let greeting = &greeting(&about.buyer.name);
    let name = &seller.party.heading().replace(turns, "");
    let (number, amount) = (&invoice.number, &invoice.amount().shown());
    let due = &seller.date_format.show(invoice.due_date);
    let is_due = invoice.is_money_due();
    let payment_link = about.payment_link.filter(|_| is_due);
    let how_to_pay = seller.payment_instructions.as_deref().filter(|_| is_due);
    let how_to_pay = &lines(how_to_pay.unwrap_or_default());
    let notes = &excerpt(&lines(invoice.notes.as_deref().unwrap_or_default()));
    let (is_reminder, is_attached) = (about.kind == MailKind::InvoiceReminder, file.is_some());
    let parts = render!("mail/invoice.txt", "mail/invoice.html", {
        greeting: &'a str, name: &'a str, number: &'a str, amount: &'a str, due: &'a str,
        link: &'a str, payment_link: Option<&'a str>, how_to_pay: &'a str, notes: &'a str, is_due: bool,
        is_reminder: bool, is_overdue: bool, is_attached: bool,
    });
    let subject = invoice_subject(about.kind, number, seller);
    let mail = mail(about.kind, about.to, &subject, parts)?;
    let attachment =
        file.map(|file| Attachment { name: file.name.clone(), bytes: file.bytes.clone() });
    Ok(Mail { reply_to: Some(about.reply_to.to_owned()), attachment, ..mail })
}

/// The subject of a mail about an invoice.
pub fn invoice_subject(kind: MailKind, number: &str, seller: &Seller) -> String {
    let subject = match kind {
        MailKind::InvoiceReminder => t("mail-subject-reminder"),
        _ => t("mail-subject-invoice"),
    };
    one_line(&subject.with("number", number).with("name", seller.party.heading()).to_string())
}

fn one_line(subject: &str) -> String {
    let subject = subject.replace(turns, "");
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn mail(
    kind: MailKind,
    to: &str,
    subject: &str,
    parts: impl FnOnce(&str) -> Result<(String, String)>,
) -> Result<Mail> {
    let subject = one_line(subject);
    let (text, html) = parts(&subject)?;
    let to = to.to_owned();
    Ok(Mail { kind, to, subject, text, html, reply_to: None, attachment: None })
}

fn greeting(first_name: &str) -> String {
    match shown_name(first_name) {
        Some(name) => t("greeting").with("name", name),
        None => t("mail-greeting-nobody"),
    }
    .into()
}

/// A name, unless a mail program might turn it into a link: someone who registers another person's
/// address must not send links there.
fn shown_name(name: &str) -> Option<String> {
    let name = name.trim().replace(turns, "");
    // Mail programs turn names with dots of any script into links.
    let plain: String = name.nfkc().map(|c| if c == '\u{3002}' { '.' } else { c }).collect();
    let could_be_link = plain.contains(['/', ':', '@'])
        || plain.split('.').skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
    (!name.is_empty() && !could_be_link).then_some(name)
}

/// "10 minutes", "24 hours", "90 seconds".
fn life(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        _ if seconds % 3600 == 0 && seconds > 0 => (seconds / 3600, t("count-hours")),
        _ if seconds % 60 == 0 && seconds > 0 => (seconds / 60, t("count-minutes")),
        _ => (seconds, t("count-seconds")),
    };
    unit.count("count", count).into()
}

/// The beginning of a text.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Free text with normalised line ends and without control characters.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !turns(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            id::Id,
            invoice::{InvoiceStatus, price_amount},
            money::Currency,
        },
        mail::message::{self, Sender},
    };

    fn verifies<'a>(link: Option<&'a str>, removal_link: Option<&'a str>) -> Verification<'a> {
        Verification {
            to: "a@example.com",
            first_name: "Ada",
            name: "Ada Obi",
            server: "https://office.example.com",
            code: "123456",
            code_life: SignedDuration::from_mins(10),
            link,
            removal_link,
        }
    }

    /// Asserts that both parts of a mail contain these words.
    fn assert_says(mail: &Mail, words: &[&str]) {
        for word in words {
            assert!(mail.text.contains(word), "{word}: {}", mail.text);
            assert!(mail.html.contains(word), "{word}: {}", mail.html);
        }
    }

    #[test]
    fn a_verification_mail_has_code_and_link_and_says_how_long_each_is_valid() {
        let link = "http://localhost:5000/verify?token=a.b&x=1";
        let mail = verification(&verifies(Some(link), None)).unwrap();
        assert_says(&mail, &["Hello Ada,", "123456", "10 minutes", "24 hours"]);
        assert!(mail.text.contains(link), "{}", mail.text);
        let escaped = link.replace('&', "&#38;");
        assert_eq!(mail.html.matches(&escaped).count(), 2, "{}", mail.html);
        assert!(mail.html.contains(">Verify email address</a>"));
        assert!(!mail.subject.contains("123456"));
        assert!(!format!("{mail:?}").contains("123456"), "{mail:?}");

        let mail = verification(&verifies(None, None)).unwrap();
        assert!(mail.text.contains("It expires in 10 minutes."), "{}", mail.text);
        assert!(!mail.html.contains("href") && !mail.text.contains("24 hours"));
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
    }

    #[test]
    fn a_verification_mail_names_the_account_and_offers_to_remove_it() {
        let link = "https://office.example.com/not-me?token=a.b";
        let mail = verification(&verifies(None, Some(link))).unwrap();
        assert_says(&mail, &["Ada Obi (a@example.com)", "https://office.example.com", link]);
        let posing = Verification { name: "evil.example Obi", ..verifies(None, Some(link)) };
        let mail = verification(&posing).unwrap();
        assert!(!mail.text.contains("evil.example"), "{}", mail.text);
    }

    #[test]
    fn a_reset_mail_has_the_code() {
        let life = SignedDuration::from_secs(300);
        let mail = password_reset("a@example.com", "Ada", "654321", life).unwrap();
        assert_says(&mail, &["654321", "5 minutes"]);
        assert!(!mail.subject.contains("654321"));
    }

    #[test]
    fn a_notice_says_what_changed_and_when_and_what_to_do_about_it() {
        let at: Timestamp = "2026-03-18T12:05:59Z".parse().unwrap();
        let mail = security_notice("a@example.com", "Ada", SignInChange::Password, at).unwrap();
        assert_eq!(mail.subject, "Your password was changed");
        assert_says(&mail, &["Your password was changed on 2026-03-18 12:05 UTC", "Forgot"]);
    }

    #[test]
    fn what_people_typed_is_escaped_and_keeps_its_lines() {
        let content = "<script>alert(1)</script>\r\nsecond & last\u{1b}[2J";
        let mail =
            message_received("a@example.com", "Ada", "<b>Eve</b>", "eve@example.com", content)
                .unwrap();
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.html.contains("alert(1)"), "{}", mail.html);
        assert!(mail.html.contains(">second &#38; last[2J</div>"), "{}", mail.html);
        assert!(mail.text.contains("</script>\nsecond & last[2J"), "{}", mail.text);
        assert_eq!(mail.reply_to.as_deref(), Some("eve@example.com"));
        assert_eq!(mail.subject, "New message from <b>Eve</b>");
    }

    #[test]
    fn a_subject_stays_one_line() {
        let title = "Web\r\nBcc: everybody@example.com";
        let mail = proposal_answered("a@example.com", "Ada", "Acme", title, true).unwrap();
        assert_eq!(mail.subject, "Acme accepted: Web  Bcc: everybody@example.com");
        let mail = proposal_answered("a@example.com", "Ada", "Acme", "Web", false).unwrap();
        assert_eq!(mail.subject, "Acme declined: Web");
        assert!(mail.text.contains("Acme has declined your proposal:\n\n    Web\n"));
    }

    #[test]
    fn nobody_is_greeted_with_a_link() {
        assert_eq!(greeting("කමල"), "Hello කමල,");
        assert_eq!(greeting("J. R."), "Hello J. R.,");
        for name in ["https://evil.example", "www.evil.example", "evil.example/x", "a@b", " "] {
            assert_eq!(greeting(name), "Hello,", "{name}");
        }
    }

    #[test]
    fn lives_are_said_as_people_say_them() {
        for (seconds, said) in
            [(600, "10 minutes"), (60, "1 minute"), (90, "90 seconds"), (86_400, "24 hours")]
        {
            assert_eq!(life(SignedDuration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn only_the_beginning_of_a_text_is_repeated() {
        assert_eq!(excerpt(" Thank you\n"), "Thank you");
        let long = "ක".repeat(EXCERPT);
        assert_eq!(excerpt(&long), long);
        assert_eq!(excerpt(&format!("{long}k")), format!("{long}…"));
    }

    fn sent_invoice(notes: &str) -> Invoice {
        let day = jiff::civil::date(2026, 4, 15);
        let priced = price_amount(2250.into(), 0.into(), Currency::USD).unwrap();
        Invoice {
            id: Id::NIL,
            account: Id::NIL,
            client_id: Id::NIL,
            client: None,
            project_id: None,
            number: "INV-2026-001".to_owned(),
            currency: Currency::USD,
            totals: priced.totals,
            tax_rate: 0.into(),
            status: InvoiceStatus::Sent,
            issue_date: day,
            due_date: day,
            paid_at: None,
            payment_link: None,
            items: Vec::new(),
            notes: Some(notes.to_owned()),
            buyer: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_mail_with_a_large_file_is_of_8_mib_at_most_or_goes_without_it() {
        let seller: Seller =
            serde_json::from_str(r#"{"name":"Obi\u202e","email":"obi@example.com"}"#).unwrap();
        let invoice = sent_invoice(&"x".repeat(10_000));
        for (length, is_attached) in [(ATTACHMENT_MAX, true), (ATTACHMENT_MAX + 1, false)] {
            let mail = super::invoice(&InvoiceMail {
                kind: MailKind::Invoice,
                to: "ada@example.com",
                reply_to: "obi@example.com",
                invoice: &invoice,
                seller: &seller,
                buyer: &seller.party,
                payment_link: None,
                is_overdue: false,
                link: "http://localhost:5000/i/token",
                file: Some(PdfFile::of_invoice(&invoice.number, vec![0; length])),
            })
            .unwrap();
            assert_eq!(mail.subject, "Invoice INV-2026-001 from Obi");
            assert_eq!(mail.attachment.is_some(), is_attached);
            assert_eq!(mail.text.contains("is attached as a PDF"), is_attached);
            assert_eq!(mail.html.contains("is attached as a PDF"), is_attached);
            assert!(!mail.text.contains("Pay it here") && !mail.text.contains("\n\n\n"));
            let sender = Sender::of_host("example.com").unwrap();
            let at = Timestamp::UNIX_EPOCH;
            let size = message::write(Id::NIL, at, &sender, &mail).unwrap().formatted().len();
            assert!(size < 8 << 20 && (size > 8_200_000) == is_attached, "{size}");
        }
    }
}

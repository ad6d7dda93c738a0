//! Emails about an invoice, for its client.

use super::{Brand, greeting, lines, mail, one_line, sender_name, signature};
use crate::{
    domain::{
        error::{Error, Result},
        how_to_pay::{HowToPay, PaymentLine},
        image::Image,
        invoice::{Invoice, Party, Seller},
        mail::{Attachment, Logo, Mail, MailKind},
        mail_settings::MailSettings,
        money::Money,
        pdf_file::PdfFile,
        text::turns,
    },
    locale::t,
};

/// The largest attachment. Some mail servers accept no more than 8 MiB, as base64 (57 bytes per
/// line of 78) and with room for the text.
const ATTACHMENT_MAX: usize = (8 * 1024 - 64) * 1024 / 78 * 57;
/// The maximum length of an invoice's notes in its email, in characters.
const EXCERPT: usize = 500;

/// An invoice or reminder for a client.
pub struct InvoiceMail<'a> {
    pub kind: MailKind,
    /// The subject, if not the usual one.
    pub subject: Option<String>,
    pub to: &'a str,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// The freelancer's address.
    pub reply_to: &'a str,
    /// How the freelancer writes.
    pub own: &'a MailSettings,
    /// The freelancer's own words.
    pub message: Option<&'a str>,
    pub invoice: &'a Invoice,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// Where the client can pay online.
    pub payment_link: Option<&'a str>,
    /// Whether the due date has passed.
    pub is_overdue: bool,
    /// Where the client can read it.
    pub link: &'a str,
    pub logo: Option<Image>,
    pub file: Option<PdfFile>,
}

/// An invoice or reminder for a client; replies go to the freelancer.
pub fn invoice(about: &InvoiceMail) -> Result<Mail> {
    let InvoiceMail { invoice, seller, is_overdue, link, .. } = *about;
    let logo = about.logo.as_ref();
    let room = ATTACHMENT_MAX.saturating_sub(logo.map_or(0, |logo| logo.content.len()));
    let file = about.file.as_ref().filter(|file| file.bytes.len() <= room);
    let greeting = &greeting(&about.buyer.name);
    let name = &seller.party.heading().replace(turns, "");
    let (number, amount) = (&invoice.number, &asked(invoice).shown());
    let due = &seller.date_format.show(invoice.due_date);
    let is_due = invoice.is_money_due();
    let how = HowToPay::of(invoice, seller, about.payment_link.map(str::to_owned));
    let payment_link = how.link.as_deref();
    let how_to_pay = &lines(&how.text().unwrap_or_default());
    let (button, place) = (&t("mail-invoice-view").to_string(), &place(&seller.party));
    let rows = &rows(invoice, &how, file);
    let signature = &signature(about.own);
    let message = &lines(about.message.unwrap_or_default());
    let notes = &excerpt(&lines(invoice.notes.as_deref().unwrap_or_default()));
    let (is_reminder, is_attached) = (about.kind == MailKind::InvoiceReminder, file.is_some());
    let parts = render!("mail/invoice.txt", "mail/invoice.html", {
        greeting: &'a str, message: &'a str, signature: &'a str, name: &'a str, number: &'a str, amount: &'a str, due: &'a str,
        link: &'a str, payment_link: Option<&'a str>, how_to_pay: &'a str, notes: &'a str, is_due: bool,
        is_reminder: bool, is_overdue: bool, is_attached: bool,
    }, { button: &'a str, place: &'a str, rows: &'a [(String, String)] });
    let usual = || invoice_subject(about.kind, invoice, seller, is_overdue);
    let subject = about.subject.clone().unwrap_or_else(usual).replace('\u{a0}', " ");
    let mail = mail(about.kind, about.to, &subject, &Brand::of(seller, logo), parts)?;
    let attachment =
        file.map(|file| Attachment { name: file.name.clone(), bytes: file.bytes.clone() });
    Ok(Mail {
        cc: about.cc.clone(),
        from_name: sender_name(about.own, name),
        reply_to: Some(about.reply_to.to_owned()),
        logo: logo.cloned().map(Logo::from),
        attachment,
        ..mail
    })
}

/// Returns the payment details and the attachment as rows with an optional label and a value.
fn rows(invoice: &Invoice, how: &HowToPay, file: Option<&PdfFile>) -> Vec<(String, String)> {
    let reference = (!how.blocks.is_empty()).then(|| (t("reference"), invoice.number.clone()));
    let file = file.map(|file| (t("mail-invoice-file"), file.name.clone()));
    let row =
        |line: PaymentLine| (line.label.unwrap_or_default().to_owned(), line.value.to_owned());
    let lines = how.blocks.iter().flat_map(|block| {
        let heading = block.heading.iter().map(|heading| (String::new(), heading.clone()));
        heading.chain(block.lines().map(row))
    });
    let ours = reference.into_iter().chain(file).map(|(label, value)| (label.into(), value));
    lines.chain(ours).collect()
}

/// Returns the amount due or, if nothing is due, the total.
fn asked(invoice: &Invoice) -> Money {
    if invoice.is_money_due() { invoice.amount_due() } else { invoice.amount() }
}

/// Returns the name, postal address and tax and registration numbers in one line; empty without an
/// address.
fn place(party: &Party) -> String {
    if party.address_lines().is_empty() {
        return String::new();
    }
    let parts = [party.place(), party.numbers()].concat();
    format!("{}, {}", party.heading(), parts.join(", "))
}

/// The subject of an email about an invoice: its number, the amount and the day.
pub fn invoice_subject(
    kind: MailKind,
    invoice: &Invoice,
    seller: &Seller,
    is_overdue: bool,
) -> String {
    let subject = match (kind, is_overdue) {
        _ if !invoice.is_money_due() => t("mail-subject-invoice-settled"),
        (MailKind::InvoiceReminder, true) => t("mail-subject-overdue"),
        (MailKind::InvoiceReminder, false) => t("mail-subject-reminder"),
        _ => t("mail-subject-invoice"),
    };
    let amount = asked(invoice).shown().replace('\u{a0}', " ");
    let due = seller.date_format.show_in_year(invoice.due_date);
    let subject = subject.with("number", &invoice.number).with("amount", amount).with("due", due);
    one_line(&subject.to_string())
}

/// The beginning of a text.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        domain::{
            id::Id,
            invoice::{InvoiceStatus, Terms, price_amount},
            money::Currency,
        },
        mail::message::{self, Sender},
    };

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(excerpt(" Thank you\n"), "Thank you");
        let long = "ක".repeat(EXCERPT);
        assert_eq!(excerpt(&long), long);
        assert_eq!(excerpt(&format!("{long}k")), format!("{long}…"));
    }

    fn sent_invoice(notes: &str) -> Invoice {
        let day = jiff::civil::date(2026, 4, 15);
        let priced = price_amount(2250.into(), None, &Terms::default(), Currency::USD).unwrap();
        Invoice {
            status: InvoiceStatus::Sent,
            notes: Some(notes.to_owned()),
            ..Invoice::for_show(
                "INV-2026-001".to_owned(),
                (day, day),
                (priced, Currency::USD),
                Timestamp::UNIX_EPOCH,
            )
        }
    }

    #[test]
    fn an_email_has_at_most_8_mib_or_no_attachment() {
        let seller: Seller =
            serde_json::from_str(r#"{"name":"Obi\u202e","email":"obi@example.com"}"#).unwrap();
        let invoice = sent_invoice(&"x".repeat(10_000));
        for (length, is_attached) in [(ATTACHMENT_MAX, true), (ATTACHMENT_MAX + 1, false)] {
            let mail = super::invoice(&InvoiceMail {
                kind: MailKind::Invoice,
                subject: None,
                to: "ada@example.com",
                cc: Vec::new(),
                own: &MailSettings::default(),
                reply_to: "obi@example.com",
                message: None,
                invoice: &invoice,
                seller: &seller,
                buyer: &seller.party,
                payment_link: None,
                is_overdue: false,
                link: "http://localhost:5000/i/token",
                logo: None,
                file: Some(PdfFile::of_number(&invoice.number, vec![0; length])),
            })
            .unwrap();
            assert_eq!(mail.subject, "Invoice INV-2026-001 · USD 2,250.00 · due 15 Apr");
            assert_eq!(mail.from_name.as_deref(), Some("Obi"));
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

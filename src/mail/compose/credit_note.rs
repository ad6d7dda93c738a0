//! Emails with a credit note to the client.

use super::{Brand, greeting, lines, mail, sender_name, signature};
use crate::{
    domain::{
        credit_note::CreditNote,
        error::{Error, Result},
        image::Image,
        mail::{Mail, MailKind},
        mail_settings::MailSettings,
        pdf_file::PdfFile,
        text::turns,
    },
    locale::t,
};

/// A credit note for a client. Its PDF is attached on delivery.
pub struct CreditNoteMail<'a> {
    pub note: &'a CreditNote,
    pub to: &'a str,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// The freelancer's address.
    pub reply_to: &'a str,
    /// How the freelancer writes.
    pub own: &'a MailSettings,
    pub logo: Option<&'a Image>,
}

/// A credit note for a client; replies go to the freelancer.
pub fn credit_note(about: &CreditNoteMail) -> Result<Mail> {
    let note = about.note;
    let greeting = &greeting(&note.buyer.name);
    let name = &note.seller.party.heading().replace(turns, "");
    let (number, invoice) = (&note.number, &note.invoice_number);
    let (amount, reason) = (&note.credited.amount.shown(), &lines(&note.reason));
    let signature = &signature(about.own);
    let file = PdfFile::of_number(number, Vec::new()).name;
    let rows = &[(t("mail-invoice-file").to_string(), file)];
    let parts = render!("mail/credit_note.txt", "mail/credit_note.html", {
        greeting: &'a str, name: &'a str, number: &'a str, invoice: &'a str, amount: &'a str,
        reason: &'a str, signature: &'a str,
    }, { rows: &'a [(String, String)] });
    let subject = t("mail-subject-credit-note")
        .with("number", number)
        .with("amount", amount.replace('\u{a0}', " "))
        .to_string();
    let brand = Brand::of(&note.seller, about.logo);
    let mail = mail(MailKind::CreditNote, about.to, &subject, &brand, parts)?;
    let reply_to = Some(about.reply_to.to_owned());
    Ok(Mail { cc: about.cc.clone(), from_name: sender_name(about.own, name), reply_to, ..mail })
}

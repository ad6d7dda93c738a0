//! Emails with the receipt of a paid invoice, for its client.

use super::{Brand, greeting, mail, one_line, sender_name, signature};
use crate::{
    domain::{
        error::{Error, Result},
        image::Image,
        invoice::{Invoice, Party, Seller},
        mail::{Logo, Mail, MailKind},
        mail_settings::MailSettings,
        pdf_file::PdfFile,
        text::turns,
    },
    locale::t,
};

/// Thanks a client for paying an invoice. The receipt is attached by the caller.
pub struct ReceiptMail<'a> {
    pub to: &'a str,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// The freelancer's address.
    pub reply_to: &'a str,
    /// How the freelancer writes.
    pub own: &'a MailSettings,
    pub invoice: &'a Invoice,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// Where the client can read the invoice.
    pub link: Option<&'a str>,
    pub logo: Option<Image>,
}

/// Thanks a client for paying an invoice; replies go to the freelancer.
pub fn receipt(about: &ReceiptMail) -> Result<Mail> {
    let ReceiptMail { invoice, seller, .. } = *about;
    let greeting = &greeting(&about.buyer.name);
    let name = &seller.party.heading().replace(turns, "");
    let (number, amount) = (&invoice.number, &invoice.amount_paid().shown());
    let (link, button) = (about.link.unwrap_or_default(), &t("mail-invoice-view").to_string());
    let file = PdfFile::of_receipt(number, Vec::new()).name;
    let rows = &[(t("mail-invoice-file").to_string(), file)];
    let signature = &signature(about.own);
    let parts = render!("mail/receipt.txt", "mail/receipt.html", {
        signature: &'a str, greeting: &'a str, name: &'a str, number: &'a str, amount: &'a str, link: &'a str,
    }, { button: &'a str, rows: &'a [(String, String)] });
    let subject = receipt_subject(invoice);
    let brand = Brand::of(seller, about.logo.as_ref());
    let mail = mail(MailKind::Receipt, about.to, &subject, &brand, parts)?;
    Ok(Mail {
        cc: about.cc.clone(),
        from_name: sender_name(about.own, name),
        reply_to: Some(about.reply_to.to_owned()),
        logo: about.logo.clone().map(Logo::from),
        ..mail
    })
}

/// The subject of the email with a receipt: the number of the invoice and what was paid.
pub fn receipt_subject(invoice: &Invoice) -> String {
    let amount = invoice.amount_paid().shown().replace('\u{a0}', " ");
    let subject = t("mail-subject-receipt").with("number", &invoice.number).with("amount", amount);
    one_line(&subject.to_string())
}

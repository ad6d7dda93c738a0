//! Shows a step of the reminders as a client would get it.

use jiff::Span;

use crate::{
    app::{
        App,
        invoice_file::{read_sheet, sample_sheet},
        invoice_send::find_logo,
        outbox::Enclosed,
        public_link::Target,
        reminder::find_step,
        unit_of_work::Work,
    },
    domain::{
        error::Result,
        mail::{Mail, MailKind},
        pdf_file::PdfFile,
        reminder::{Facts, ReminderStep},
        session::Claims,
    },
    mail::compose::{self, InvoiceMail},
    pdf::InvoiceSheet,
    store,
};

impl App {
    /// Returns the email of a step of the caller as a client would get it, about the newest open
    /// invoice or, if there is none, a sample; without the content of its PDF.
    pub async fn preview_reminder(&self, claims: Claims, step: ReminderStep) -> Result<Mail> {
        self.query(claims, move |work| preview(work, &step)).await
    }

    /// Mails the caller a step as a client would get it.
    ///
    /// # Errors
    ///
    /// Not found if the caller has no such step.
    pub async fn test_reminder(&self, claims: Claims, days: i32) -> Result<()> {
        self.run(claims, move |work| {
            let step = find_step(work, days)?;
            let mail = preview(work, &step)?;
            let account = store::account::find(work.tx, work.account)?;
            let logo = find_seller_logo(work)?;
            let mail = Mail { to: account.email, cc: Vec::new(), attachment: None, ..mail };
            let enclosed = Enclosed { logo, ..Enclosed::default() };
            let queued = work.env.queued_with(Some(work.account), &mail, enclosed)?;
            work.post(queued.as_ref())
        })
        .await
    }
}

fn find_seller_logo(work: &mut Work) -> Result<Option<String>> {
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    Ok(defaults.logo.map(|id| id.to_string()))
}

fn preview(work: &mut Work, step: &ReminderStep) -> Result<Mail> {
    let account = store::account::find(work.tx, work.account)?;
    let newest = store::invoice::find_newest_open(work.tx, work.account, &work.latest_rates)?;
    let (sheet, link) = match newest {
        Some(invoice) => {
            let sealed = store::invoice_link::find(work.tx, work.account, invoice.id)?;
            let link =
                |sealed: &Vec<u8>| work.env.link_address(Target::Invoice, &invoice.id, sealed);
            let link = sealed.as_ref().map(link).transpose()?;
            let booked = invoice.booked;
            let mut sheet = read_sheet(work.tx, &account, invoice, work.now)?;
            sheet.invoice.booked = booked;
            (sheet, link)
        }
        None => (sample_sheet(work)?, None),
    };
    let InvoiceSheet { mut invoice, seller, buyer, .. } = sheet;
    // As on the day of the step.
    let today = work.today()?;
    invoice.due_date = today.saturating_sub(Span::new().days(i64::from(step.days)));
    let link = link.unwrap_or_else(|| format!("{}/i/…", work.env.public_url()));
    let facts = Facts { invoice: &invoice, seller: &seller, buyer: &buyer, link: &link, today };
    let (subject, text) = step.write(&facts);
    compose::invoice(&InvoiceMail {
        kind: MailKind::InvoiceReminder,
        subject,
        to: &buyer.email,
        cc: Vec::new(),
        reply_to: &account.email,
        message: Some(&text),
        payment_link: work.env.shown_payment_link(&invoice).as_deref(),
        is_overdue: step.days > 0,
        link: &link,
        logo: find_logo(work.tx, &seller)?,
        file: Some(PdfFile::of_number(&invoice.number, Vec::new())),
        invoice: &invoice,
        seller: &seller,
        buyer: &buyer,
    })
}

//! Shows a step of the reminders as a client would get it.

use jiff::{Span, civil::Date};

use crate::{
    app::{
        App,
        invoice_file::{read_sheet, sample_sheet},
        invoice_send::find_logo,
        limit::Limit,
        outbox::Enclosed,
        public_link::Target,
        reminder::find_step,
        share::Owner,
        unit_of_work::Work,
    },
    domain::{
        account::Account,
        error::{Error, Result},
        image::Image,
        mail::{Mail, MailKind},
        mail_settings::MailSettings,
        pdf_file::PdfFile,
        reminder::{Facts, ReminderStep},
        session::Claims,
    },
    mail::compose::{self, InvoiceMail},
    pdf::InvoiceSheet,
    store,
};

/// What a preview is about: the newest open invoice or, if there is none, a sample.
struct Example {
    account: Account,
    own: MailSettings,
    sheet: InvoiceSheet,
    link: String,
    logo: Option<Image>,
    today: Date,
}

impl App {
    /// Returns the email of a step of the caller as a client would get it, without the content of
    /// its PDF.
    pub async fn preview_reminder(&self, claims: Claims, step: ReminderStep) -> Result<Mail> {
        let example = self.query(claims, find_example).await?;
        let file = PdfFile::of_number(&example.sheet.invoice.number, Vec::new());
        self.write_example(&step, example, file)
    }

    /// Mails the caller a step as a client would get it.
    ///
    /// # Errors
    ///
    /// Not found if the caller has no such step; too many if the account may mail no more today.
    pub async fn test_reminder(&self, claims: Claims, days: i32) -> Result<()> {
        let read = move |work: &mut Work| Ok((find_step(work, days)?, find_example(work)?));
        let (step, example) = self.query(claims, read).await?;
        let owner = Some(Owner::Account(example.account.id));
        let printed = self.print(owner, &example.sheet).await?;
        let file = PdfFile::of_number(&example.sheet.invoice.number, printed.bytes);
        let (to, logo) = (example.account.email.clone(), example.sheet.seller.logo);
        let mail = Mail { to, ..self.write_example(&step, example, file)? };
        self.run(claims, move |work| {
            if let Some(refusal) = work.count(Limit::InvoiceMail)? {
                return Err(Error::too_many(refusal));
            }
            let enclosed = Enclosed { logo: logo.map(|id| id.to_string()), ..Enclosed::default() };
            let queued = work.env.queued_with(Some(work.account), &mail, enclosed)?;
            work.post(queued.as_ref())
        })
        .await
    }

    fn write_example(&self, step: &ReminderStep, example: Example, file: PdfFile) -> Result<Mail> {
        let Example { account, own, sheet, link, logo, today } = example;
        let InvoiceSheet { mut invoice, seller, buyer, .. } = sheet;
        // As on the day of the step.
        invoice.due_date = today.saturating_sub(Span::new().days(i64::from(step.days)));
        let facts = Facts { invoice: &invoice, seller: &seller, buyer: &buyer, link: &link, today };
        let (subject, text) = step.write(&facts);
        compose::invoice(&InvoiceMail {
            kind: MailKind::InvoiceReminder,
            subject,
            to: &buyer.email,
            cc: Vec::new(),
            reply_to: &account.email,
            own: &own,
            message: Some(&text),
            payment_link: self.shown_payment_link(&invoice).as_deref(),
            is_overdue: step.days > 0,
            link: &link,
            logo,
            file: Some(file),
            invoice: &invoice,
            seller: &seller,
            buyer: &buyer,
        })
    }
}

fn find_example(work: &mut Work) -> Result<Example> {
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
    let link = link.unwrap_or_else(|| format!("{}/i/…", work.env.public_url()));
    let logo = find_logo(work.tx, &sheet.seller)?;
    let own = store::mail_settings::find(work.tx, work.account)?;
    Ok(Example { account, own, sheet, link, logo, today: work.today()? })
}

//! Credit notes: their pages and PDFs, the form for a new one, and receipts.

use std::{borrow::Cow, str::FromStr};

use askama::Template;
use poem::{Response, http::StatusCode};
use rust_decimal::Decimal;

use crate::{
    app::{
        credit_note::{
            credit_invoice, find_credit_note, find_credited_invoice, find_left_to_credit,
        },
        credit_note_file::send_credit_note,
        outbox::failed_mail_of,
        unit_of_work::Work,
    },
    domain::{
        credit_note::{CreditNote, CreditedItem, NewCreditNote},
        credit_note_summary::CreditSummary,
        error::{Error, Kind, Result},
        input::Input,
        invoice::{Delivery, Invoice, Item},
        money::{Money, grouped},
        outbox::{Document, OutboxMail},
        rule::{FieldError, Rule},
    },
    locale::t,
    web::{
        control::Control,
        days::Days,
        editing::Editing,
        fields::Fields,
        figure::{self, Figure},
        form::Form,
        page::{self, answer},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The amount not yet credited, which the form suggests.
const OFFERED: &str = "_amount";

#[derive(Template)]
#[template(path = "pages/credit_note/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    note: CreditNote,
    summary: CreditSummary,
    /// The newest email if it failed, or keeps failing.
    failed: Option<OutboxMail>,
}

#[derive(Template)]
#[template(path = "pages/credit_note/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    invoice: Invoice,
    /// How much of each line can still be credited.
    quantities: Vec<Decimal>,
}

/// Shows a credit note.
pub async fn show(visit: Visit) -> Result<Response> {
    let find = |work: &mut Work, id| {
        let found = find_credited_invoice(work, id)?;
        Ok((found, failed_mail_of(work, Document::CreditNote(id))?))
    };
    let ((note, invoice), failed) = visit.find(find).await?;
    let summary = note.summary(invoice.terms.prices_include_tax);
    let (shell, days) = (visit.shell(Section::Invoices), Days::of(&visit)?);
    Ok(answer(StatusCode::OK, &Show { shell, days, note, summary, failed }))
}

/// Shows the form for a credit note, with everything that is left of the invoice filled in.
pub async fn new(visit: Visit) -> Result<Response> {
    let (invoice, quantities) = visit.find(find_left_to_credit).await?;
    let offered = left(&invoice).decimal();
    let form = visit.form(Fields::default().with("amount", offered).with(OFFERED, offered));
    Ok(edit_page(&visit, StatusCode::OK, form, (invoice, quantities)))
}

/// Issues a credit note.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let credit = move |work: &mut Work, new: &NewCreditNote| credit_invoice(work, id, new);
    let lines = typed_lines(&fields);
    match visit.run_once(&fields, read(&fields, &lines), place, credit).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("credit-note-issued"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, placed(error, &lines))?;
            let found = visit.find(find_left_to_credit).await?;
            Ok(edit_page(&visit, status, form, found))
        }
    }
}

/// Returns the indexes of the lines with a quantity.
fn typed_lines(fields: &Fields) -> Vec<usize> {
    let rows = fields.all_rows("items");
    (0..rows.len()).filter(|row| !rows[*row].get("quantity").trim().is_empty()).collect()
}

/// Reads the form: these lines, else the amount. The amount is required, since an empty field does
/// not mean everything. With lines, the amount that the form suggested is ignored.
fn read(fields: &Fields, lines: &[usize]) -> Result<NewCreditNote> {
    let rows = fields.all_rows("items");
    let rows: Vec<Fields> = lines.iter().map(|row| rows[*row].clone()).collect();
    let read = fields.clone().with_rows("items", &rows);
    let amount = fields.number("amount").ok().and_then(|text| Decimal::from_str(&text).ok());
    let is_offered = amount.is_some() && amount == Decimal::from_str(fields.get(OFFERED)).ok();
    let read = match !rows.is_empty() && is_offered {
        true => read.without(&["amount"]),
        false => read,
    };
    let new = NewCreditNote::read(&read)?;
    if rows.is_empty() && new.amount.is_none() {
        return Err(Error::field("amount", Rule::Required));
    }
    Ok(new)
}

/// Renumbers the lines in an error by their places in the form, instead of their places among the
/// filled-in lines.
fn placed(error: Error, lines: &[usize]) -> Error {
    let Kind::Invalid(errors) = error.kind() else { return error };
    let place = |field: &str| {
        let (row, rest) = field.strip_prefix("items[")?.split_once(']')?;
        Some(format!("items[{}]{rest}", lines.get(row.parse::<usize>().ok()?)?))
    };
    let placed = |error: &FieldError| FieldError {
        field: place(&error.field).map_or_else(|| error.field.clone(), Cow::Owned),
        rule: error.rule.clone(),
    };
    Error::invalid(errors.iter().map(placed).collect())
}

/// Emails a credit note to the client.
pub async fn send(visit: Visit, _: Fields) -> Result<Response> {
    let note = visit.find(find_credit_note).await?;
    let place = format!("/credit-notes/{}", note.id);
    let send = |work: &mut Work, id| send_credit_note(work, id, &Delivery::default());
    match visit.act(send).await {
        Ok(_) if !visit.app.has_mail_server() => Ok(visit.done(&place, t("credit-note-saved"))),
        Ok(_) => Ok(visit.done(&place, t("credit-note-sent"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

/// Shows the PDF of a credit note.
pub async fn pdf(visit: Visit) -> Result<Response> {
    let file = visit.app.credit_note_pdf(visit.claims, visit.id()).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

/// Shows the PDF receipt for an invoice.
pub async fn receipt(visit: Visit) -> Result<Response> {
    let file = visit.app.receipt_pdf(visit.claims, visit.id()).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

fn place(note: &CreditNote) -> Vec<u8> {
    format!("/invoices/{}", note.invoice).into_bytes()
}

fn left(invoice: &Invoice) -> Money {
    Money::new(invoice.balance().owed(), invoice.currency)
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    (invoice, quantities): (Invoice, Vec<Decimal>),
) -> Response {
    let place = format!("/invoices/{}", invoice.id);
    let editing = Editing {
        save: t("credit-note-issue").into(),
        action: format!("{place}/credit"),
        ..Editing::of(t("credit-or-void"), &place, &invoice.number)
    };
    let form = form.of::<NewCreditNote>();
    let shell = visit.shell(Section::Invoices);
    answer(status, &Edit { shell, form, editing, invoice, quantities })
}

impl Edit {
    /// Returns what can still be credited.
    fn left(&self) -> Money {
        left(&self.invoice)
    }

    /// Whether anything was paid, in which case the invoice is not voided.
    fn is_paid(&self) -> bool {
        self.invoice.booked.paid != 0
    }

    /// Whether a part of a line can be credited.
    fn has_lines(&self) -> bool {
        self.quantities.iter().any(|left| !left.is_zero())
    }

    /// Returns the quantity field of a line; None if nothing of the line is left.
    fn quantity(&self, place: &usize, item: &Item) -> Option<Control> {
        let left = self.quantities.get(*place).filter(|left| !left.is_zero())?;
        let plain = |number: Decimal| self.form.plain(&number.normalize().to_string());
        let label = t("credit-note-line").with("description", &item.line.description);
        let hint = t("credit-note-line-left")
            .with("left", plain(*left))
            .with("all", plain(item.line.quantity));
        let name = format!("items.{place}.quantity");
        Some(self.form.number(&name, label.to_string()).hint(hint.to_string()))
    }
}

impl Show {
    fn place(&self) -> String {
        format!("/credit-notes/{}", self.note.id)
    }

    fn figure(&self) -> Figure {
        figure::figure(&self.note.credited.amount)
    }

    fn total(&self) -> String {
        figure::money(&self.note.credited.amount)
    }

    /// Formats an amount; the table header names its currency.
    fn number(&self, minor: &i64) -> String {
        figure::number(self.note.credited.amount.currency, &(*minor).into())
    }

    fn quantity(&self, item: &CreditedItem) -> String {
        grouped(item.quantity.normalize())
    }
}

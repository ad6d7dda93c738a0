//! Credit notes: the form of a new one, their PDFs, and receipts.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        credit_note::{credit_invoice, find_credit_note},
        credit_note_file::send_credit_note,
        invoice::find_invoice,
        unit_of_work::Work,
    },
    domain::{
        credit_note::{CreditNote, NewCreditNote},
        error::{Error, Result},
        input::Input,
        invoice::{Delivery, Invoice},
        money::Money,
    },
    locale::t,
    web::{
        editing::Editing,
        fields::Fields,
        form::Form,
        page::{self, answer},
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/credit_note/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    /// What can still be credited.
    left: Money,
    /// Whether something was paid, so that the invoice is not voided.
    is_paid: bool,
}

/// Shows the form of a credit note, with all that is left of the invoice filled in.
pub async fn new(visit: Visit) -> Result<Response> {
    let invoice = visit.find(find_invoice).await?;
    let form = visit.form(Fields::default().with("amount", left(&invoice).decimal()));
    Ok(edit_page(&visit, StatusCode::OK, form, &invoice))
}

/// Issues a credit note.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let credit = move |work: &mut Work, new: &NewCreditNote| credit_invoice(work, id, new);
    match visit.run_once(&fields, read(&fields), place, credit).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("credit-note-issued"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            let invoice = visit.find(find_invoice).await?;
            Ok(edit_page(&visit, status, form, &invoice))
        }
    }
}

/// Reads the form. The amount must be given: an emptied field is no wish to credit everything.
fn read(fields: &Fields) -> Result<NewCreditNote> {
    let new = NewCreditNote::read(fields)?;
    match new.amount {
        Some(_) => Ok(new),
        None => Err(Error::field("amount", crate::domain::rule::Rule::Required)),
    }
}

/// Mails a credit note to the client.
pub async fn send(visit: Visit, _: Fields) -> Result<Response> {
    let note = visit.find(find_credit_note).await?;
    let place = format!("/invoices/{}", note.invoice);
    let send = |work: &mut Work, id| send_credit_note(work, id, &Delivery::default());
    match visit.act(send).await {
        Ok(_) if !visit.app.has_mail_server() => Ok(visit.done(&place, t("credit-note-saved"))),
        Ok(_) => Ok(visit.done(&place, t("credit-note-sent"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

/// Shows a credit note as PDF.
pub async fn pdf(visit: Visit) -> Result<Response> {
    let file = visit.app.credit_note_pdf(visit.claims, visit.id()).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

/// Shows the receipt of an invoice as PDF.
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

fn edit_page(visit: &Visit, status: StatusCode, form: Form, invoice: &Invoice) -> Response {
    let place = format!("/invoices/{}", invoice.id);
    let editing = Editing {
        save: t("credit-note-issue").into(),
        action: format!("{place}/credit"),
        ..Editing::of(t("credit-or-void"), &place, &invoice.number)
    };
    let page = Edit {
        shell: visit.shell(Section::Invoices),
        form: form.of::<NewCreditNote>(),
        editing,
        left: left(invoice),
        is_paid: invoice.booked.paid != 0,
    };
    answer(status, &page)
}

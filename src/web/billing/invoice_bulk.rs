//! `/invoices/export.csv`, `/invoices/picked…` and `/invoices/remind`: bulk actions.

use askama::Template;
use poem::{
    Response,
    http::{StatusCode, header},
};

use crate::{
    app::{
        invoice_bulk::{find_all_to_remind, must_be_some},
        invoice_send::remind_invoice,
    },
    domain::{
        error::{Kind, Result},
        id::InvoiceId,
        input::Input,
        invoice::{InvoiceFilter, ShownInvoice},
    },
    locale::t,
    web::{
        days::Days,
        export,
        fields::Fields,
        form::Form,
        page::{answer, with_header},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The list where invoices are selected.
const LIST: &str = "/invoices";

#[derive(Template)]
#[template(path = "pages/invoice/remind.html")]
struct Remind {
    shell: Shell,
    form: Form,
    days: Days,
    invoices: Vec<ShownInvoice>,
    /// The number of selected ones that need no reminder.
    left_out: usize,
}

/// Returns the ids of the selected invoices.
fn picked(fields: &Fields) -> Vec<InvoiceId> {
    let ids = fields.pairs.iter().filter(|(name, _)| name == "id");
    ids.map(|(_, id)| InvoiceId::parse(id)).collect()
}

/// Exports the invoices of the list as a table.
pub async fn export(visit: Visit) -> Result<Response> {
    let filter = InvoiceFilter::read(&visit.query())?;
    let export = visit.app.export_invoices(visit.claims, filter).await?;
    export::invoices(&visit, export)
}

/// Exports the selected invoices as a table.
pub async fn table(visit: Visit) -> Result<Response> {
    let ids = picked(&visit.query());
    if let Err(error) = must_be_some(&ids) {
        return visit.redirect_with_error(LIST, error);
    }
    let export = visit.app.export_picked(visit.claims, ids).await?;
    export::invoices(&visit, export)
}

/// Returns the PDFs of the selected invoices in one archive.
pub async fn archive(visit: Visit) -> Result<Response> {
    match visit.app.invoice_pdfs(visit.claims, picked(&visit.query())).await {
        Ok(bytes) => {
            let response = Response::builder().content_type("application/zip").body(bytes);
            let name = format!("attachment; filename=\"invoices-{}.zip\"", visit.today()?);
            Ok(with_header(response, header::CONTENT_DISPOSITION, &name))
        }
        Err(error) => visit.redirect_with_error(LIST, error),
    }
}

/// Asks for confirmation before reminding the clients of the selected invoices.
pub async fn ask_reminders(visit: Visit) -> Result<Response> {
    let ids = picked(&visit.query());
    let all = ids.len();
    match visit.read(move |work| find_all_to_remind(work, &ids)).await {
        Ok(invoices) => {
            let page = Remind {
                shell: visit.shell(Section::Invoices),
                form: visit.form(Fields::default()),
                days: Days::of(&visit)?,
                left_out: all - invoices.len(),
                invoices,
            };
            Ok(answer(StatusCode::OK, &page))
        }
        Err(error) => visit.redirect_with_error(LIST, error),
    }
}

/// Emails a reminder for each of the selected invoices.
pub async fn remind(visit: Visit, fields: Fields) -> Result<Response> {
    let ids = picked(&fields);
    if let Err(error) = must_be_some(&ids) {
        return visit.redirect_with_error(LIST, error);
    }
    let mut reminded = 0;
    for id in ids {
        match visit.app.run(visit.claims, move |work| remind_invoice(work, id)).await {
            Ok(_) => reminded += 1,
            // Paid or reminded meanwhile.
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::NotFound) => {}
            Err(error) if reminded == 0 => return visit.redirect_with_error(LIST, error),
            Err(_) => break,
        }
    }
    let text = match visit.app.has_mail_server() {
        true => t("invoice-remind-sent").count("count", reminded),
        false => t("invoice-remind-saved").count("count", reminded),
    };
    Ok(visit.done(LIST, text))
}

//! `/invoices/new` and `/invoices/:id/edit`: the invoice editor, line by line.

use askama::Template;
use poem::{Response, http::StatusCode};
use serde::Serialize;

use crate::{
    app::{
        client::create_client,
        invoice::{create_invoice, find_invoice, update_invoice},
        unit_of_work::Work,
    },
    domain::{
        client::ClientDetails,
        date,
        error::{Error, Kind, Result},
        expected::Expected,
        id::InvoiceId,
        input::Input,
        invoice::{Invoice, InvoiceChange, InvoiceStatus, NewInvoice, ShownInvoice},
        tax::Tax,
    },
    http::{answer, problem},
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        invoice_lines::{Lines, complete, empty_line, filled, padded, rearranged},
        invoice_offer::Offered,
        invoice_preset::{Otherwise, preset, with_preset},
        invoice_preview::{NEW_CLIENT, NUMBER, Preview},
        invoice_totals::Totals,
        invoice_values::{drafted, noted},
        page,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The payment terms in days that have a button.
const TERMS: [i64; 4] = [0, 7, 14, 30];

#[derive(Template)]
#[template(path = "pages/invoice/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    /// None for a new one.
    invoice: Option<Invoice>,
    offered: Offered,
    currencies: Choices,
    totals: Totals,
    /// The taxes that lines can have; none if the invoice has one rate.
    taxes: Vec<Tax>,
    /// The rendered invoice; empty if its lines do not add up.
    sheet: String,
}

#[derive(Template)]
#[template(path = "pages/invoice/notes.html")]
struct Notes {
    shell: Shell,
    form: Form,
    editing: Editing,
    is_deleted: bool,
}

/// Creates an invoice, or shows the form with its lines rearranged.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let typed = fields.clone();
    let offered = visit.read(move |work| Offered::read(work, &typed));
    if let Some(fields) = rearranged(&fields) {
        let offered = offered.await?;
        let changed = preset(&fields, offered.client.as_ref(), otherwise(&visit));
        let fields = with_preset(fields, &changed);
        return edit_page(&visit, StatusCode::OK, visit.form(fields), None, offered);
    }
    let place = place_after(&fields);
    let new = Error::both(new_client(&fields), NewInvoice::read(&complete(&fields)));
    let create = |work: &mut Work, (client, new): &(Option<ClientDetails>, NewInvoice)| {
        let client_id = match client {
            Some(details) => create_client(work, details)?.id,
            None => new.client_id,
        };
        create_invoice(work, &NewInvoice { client_id, ..new.clone() })
    };
    match visit.run_once(&fields, new, place, create).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("draft-saved"))),
        Err(error) => {
            let (status, form) = visit.refused(padded(filled(fields)), error)?;
            edit_page(&visit, status, form, None, offered.await?)
        }
    }
}

/// Shows the edit form of an invoice.
pub async fn edit(visit: Visit) -> Result<Response> {
    let (invoice, offered) = read_form(&visit, None).await?;
    if invoice.status != InvoiceStatus::Draft {
        let form = visit.form(noted(&invoice).versioned());
        return Ok(notes_page(&visit, StatusCode::OK, form, &invoice));
    }
    let form = visit.form(padded(drafted(&invoice).versioned()));
    edit_page(&visit, StatusCode::OK, form, Some(invoice), offered)
}

/// Changes an invoice, or shows the form with its lines rearranged.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    if let Some(fields) = rearranged(&fields) {
        let (invoice, offered) = read_form(&visit, Some(&fields)).await?;
        return edit_page(&visit, StatusCode::OK, visit.form(fields), Some(invoice), offered);
    }
    if fields.get("_action") == "keep" {
        return keep(visit, fields).await;
    }
    // The form of a sent invoice contains only its notes.
    let is_draft = fields.has("clientId");
    let shown = if is_draft { drafted } else { noted };
    match change(&visit, &fields, shown).await {
        Ok(invoice) => Ok(visit.done(&path(&fields, &invoice), t("invoice-saved"))),
        Err(error) => {
            let (invoice, offered) = read_form(&visit, Some(&fields)).await?;
            let stored = shown(&invoice);
            // Give each stored line a line to be shown next to.
            let mut lines = fields.rows("items");
            if is_draft && *error.kind() == Kind::Stale {
                lines.resize_with(lines.len().max(invoice.items.len()), empty_line);
            }
            let typed = padded(fields.with_rows("items", &lines));
            let (status, form) = visit.refused_change(typed, error, stored)?;
            // Typed lines must not be lost because the draft was sent meanwhile.
            if is_draft {
                edit_page(&visit, status, form, Some(invoice), offered)
            } else {
                Ok(notes_page(&visit, status, form, &invoice))
            }
        }
    }
}

/// The response to an automatic save.
#[derive(Serialize)]
struct Kept {
    /// The new version; empty if it was not saved.
    version: String,
    said: String,
}

/// Saves a draft while it is edited, if it is valid, and never over another version.
async fn keep(visit: Visit, fields: Fields) -> Result<Response> {
    let (status, kept) = match change(&visit, &fields, drafted).await {
        Ok(invoice) => {
            let now = visit.app.now().to_zoned(visit.frame.account.zone.rules()?);
            let said = t("invoice-edit-kept").with("time", now.strftime("%H:%M"));
            (StatusCode::OK, Kept { version: drafted(&invoice).version(), said: said.into() })
        }
        Err(error) => {
            let said = match error.kind() {
                Kind::Stale => t("invoice-edit-stale").into(),
                Kind::Invalid(_) | Kind::Conflict => String::new(),
                _ => return Err(error),
            };
            (problem::status(error.kind()), Kept { version: String::new(), said })
        }
    };
    Ok(answer::json(status, answer::bytes(&kept)))
}

/// Changes an invoice as its form says, unless it differs from the one that was `shown`.
async fn change(visit: &Visit, fields: &Fields, shown: fn(&Invoice) -> Fields) -> Result<Invoice> {
    let is_draft = fields.has("clientId");
    let typed = if is_draft { complete(fields) } else { fields.clone() };
    let change = Error::both(new_client(fields), InvoiceChange::read(&typed));
    let update = |work: &mut Work,
                  id: InvoiceId,
                  (client, change): &(Option<ClientDetails>, InvoiceChange),
                  expected: Option<&Expected<Invoice>>| {
        let client_id = match client {
            Some(details) => Some(create_client(work, details)?.id),
            None => change.client_id,
        };
        update_invoice(work, id, &InvoiceChange { client_id, ..change.clone() }, expected)
    };
    Ok(visit.update(change, fields.expected(shown), update).await?.invoice)
}

/// Returns the currency and terms that apply to clients without their own.
pub(super) fn otherwise(visit: &Visit) -> Otherwise {
    let (account, defaults) = (&visit.frame.account, &visit.frame.defaults);
    Otherwise { currency: account.currency, days: defaults.offered_terms() }
}

/// Reads the new client in a form, if any.
fn new_client(fields: &Fields) -> Result<Option<ClientDetails>> {
    let is_new = fields.get("clientId") == NEW_CLIENT;
    is_new.then(|| ClientDetails::read(fields)).transpose()
}

/// Returns the page after a form was saved: the invoice, or the editor again.
fn path(fields: &Fields, invoice: &Invoice) -> String {
    let page = if fields.get("_action") == "save" { "/edit" } else { "" };
    format!("/invoices/{}{page}", invoice.id)
}

/// Returns the location of the page after a new invoice was saved.
fn place_after(fields: &Fields) -> fn(&ShownInvoice) -> Vec<u8> {
    match fields.get("_action") {
        "save" => |shown| format!("/invoices/{}/edit", shown.invoice.id).into_bytes(),
        _ => |shown| format!("/invoices/{}", shown.invoice.id).into_bytes(),
    }
}

/// Returns the invoice in the path, and the choices in its form with these values.
async fn read_form(visit: &Visit, typed: Option<&Fields>) -> Result<(Invoice, Offered)> {
    let (id, typed) = (visit.id(), typed.cloned());
    let read = move |work: &mut Work| {
        let invoice = find_invoice(work, id)?;
        let fields = typed.clone().unwrap_or_else(|| drafted(&invoice));
        let fields = fields.replaced("_id", &id.to_string());
        let offered = Offered::read(work, &fields)?;
        Ok((invoice, offered))
    };
    visit.read(read).await
}

pub(super) fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    invoice: Option<Invoice>,
    offered: Offered,
) -> Result<Response> {
    let currency = visit.frame.account.currency;
    let (format, deposits) = (visit.frame.defaults.number_format, &offered.deposits);
    let totals = Totals::of(&form.fields, currency, format, deposits);
    let form = form.of::<NewInvoice>().of::<ClientDetails>();
    let number = invoice.as_ref().map_or("", |invoice| &invoice.number);
    let fields = form.fields.clone().replaced(NUMBER, number);
    let client = offered.client.as_ref();
    let preview = Preview::of(visit, &fields, client, deposits, visit.today()?);
    let page = Edit {
        shell: visit.shell(Section::Invoices),
        taxes: offered.taxes_beside(invoice.as_ref()),
        form,
        invoice,
        offered,
        currencies: choice::currencies(currency),
        totals,
        sheet: preview.map_or_else(String::new, |preview| preview.html()),
    };
    Ok(page::answer(status, &page))
}

fn notes_page(visit: &Visit, status: StatusCode, form: Form, invoice: &Invoice) -> Response {
    let place = format!("/invoices/{}", invoice.id);
    let page = Notes {
        shell: visit.shell(Section::Invoices),
        form: form.of::<InvoiceChange>(),
        editing: Editing::of(t("invoice-notes-edit-notes"), &place, &invoice.number),
        is_deleted: invoice.status == InvoiceStatus::Cancelled,
    };
    page::answer(status, &page)
}

impl Edit {
    fn action(&self) -> String {
        match &self.invoice {
            Some(invoice) => format!("/invoices/{}/edit", invoice.id),
            None => "/invoices".to_owned(),
        }
    }

    fn client(&self) -> Control {
        let stored = self.invoice.as_ref().and_then(|invoice| invoice.client.as_ref());
        self.offered.choice(&self.form, stored)
    }

    /// The name of a new client in the form. Without clients, the form begins here.
    fn name(&self) -> Control {
        let name = self.form.text("name", t("name")).autocomplete("off");
        if self.offered.has_clients || self.invoice.is_some() { name } else { name.focused() }
    }

    fn project(&self) -> Control {
        let choice = self.form.choice("projectId", t("project"), self.offered.projects.clone());
        choice.or(t("none"))
    }

    fn lines(&self) -> Lines<'_> {
        Lines { form: &self.form, totals: &self.totals, taxes: &self.taxes }
    }

    /// Whether any of the less common fields is filled in or invalid.
    fn has_more(&self) -> bool {
        let names = [
            "discount.amount",
            "pricesIncludeTax",
            "withholding.name",
            "withholding.rate",
            "serviceFrom",
            "serviceTo",
            "reference",
        ];
        let is_there =
            |name: &&str| !self.form.value(name).is_empty() || self.form.error(name).is_some();
        names.iter().any(is_there)
    }

    /// Returns the payment terms: the days, their label and whether they are selected.
    fn terms(&self) -> impl Iterator<Item = (i64, Text, bool)> {
        let day = |name| self.form.value(name).parse().ok();
        let days =
            day("issueDate").zip(day("dueDate")).map(|(from, to)| date::days_until(from, to));
        TERMS.into_iter().map(move |term| {
            let label = match term {
                0 => t("invoice-edit-on-receipt"),
                _ => t("invoice-edit-days").count("days", term),
            };
            (term, label, days == Some(term))
        })
    }
}

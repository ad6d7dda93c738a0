//! `/invoices/new` and `/invoices/:id/edit`: the invoice editor, line by line.

use askama::Template;
use jiff::ToSpan;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        invoice::{create_invoice, find_invoice, update_invoice},
        invoice_defaults::find_invoice_settings,
        project::{find_project, list_project_names},
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Kind, Result},
        id::ProjectId,
        input::Input,
        invoice::{Invoice, InvoiceChange, InvoiceStatus, Line, NewInvoice, ShownInvoice},
        money::Currency,
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        fields::Fields,
        form::{Control, Form},
        invoice_totals::Totals,
        page::answer,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The number of lines of a new invoice, and of empty lines after filled ones.
const LINES_AT_FIRST: usize = 3;

#[derive(Template)]
#[template(path = "pages/invoice/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    /// None for a new one.
    invoice: Option<Invoice>,
    clients: Choices,
    projects: Choices,
    currencies: Choices,
    totals: Totals,
}

#[derive(Template)]
#[template(path = "pages/invoice/notes.html")]
struct Notes {
    shell: Shell,
    form: Form,
    invoice: Invoice,
}

/// Shows the form of a new invoice; the query may preset its client and source.
pub async fn new(visit: Visit) -> Result<Response> {
    let (query, today) = (visit.query(), visit.today()?);
    let given = Currency::from_code(query.get("currency"));
    let is_of_project = given.is_none() && query.has("projectId");
    let project = is_of_project.then(|| ProjectId::parse(query.get("projectId")));
    let (defaults, project, offered) = visit
        .read(move |work| {
            let project = project.map(|id| find_project(work, id)).transpose()?;
            Ok((find_invoice_settings(work)?.defaults, project, read_offered(work)?))
        })
        .await?;
    let project_currency = project.map(|project| project.budget.currency);
    let currency = given.or(project_currency).unwrap_or(visit.frame.account.currency);
    let due = today.checked_add(i64::from(defaults.due_days).days()).map_err(Error::internal)?;
    let fields = Fields::default()
        .with("clientId", query.get("clientId"))
        .with("projectId", query.get("projectId"))
        .with("milestoneId", query.get("milestoneId"))
        .with("issueDate", today)
        .with("dueDate", due)
        .with("currency", currency)
        .with("taxRate", defaults.tax_rate)
        .with_some("notes", defaults.notes)
        .with("items.0.description", query.get("description"))
        .with("items.0.rate", query.get("amount"));
    Ok(edit_page(&visit, StatusCode::OK, visit.form(padded(fields)), None, offered))
}

/// Creates an invoice, or shows the form with its lines rearranged.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |shown: &ShownInvoice| format!("/invoices/{}", shown.invoice.id).into_bytes();
    if let Some(fields) = rearranged(&fields) {
        let offered = visit.read(read_offered).await?;
        return Ok(edit_page(&visit, StatusCode::OK, visit.form(fields), None, offered));
    }
    let new = NewInvoice::read(&complete(&fields));
    match visit.run_once(&fields, new, place, create_invoice).await {
        Ok(outcome) => {
            let text = t("draft-saved");
            Ok(visit.redirect_once(&outcome, place, text))
        }
        Err(error) => {
            let (status, form) = visit.refused(padded(filled(fields)), error)?;
            let offered = visit.read(read_offered).await?;
            Ok(edit_page(&visit, status, form, None, offered))
        }
    }
}

/// Shows the form that changes an invoice.
pub async fn edit(visit: Visit) -> Result<Response> {
    let (invoice, offered) = read_form(&visit).await?;
    if invoice.status != InvoiceStatus::Draft {
        let form = visit.form(noted(&invoice).versioned());
        return Ok(notes_page(&visit, StatusCode::OK, form, invoice));
    }
    let form = visit.form(padded(drafted(&invoice).versioned()));
    Ok(edit_page(&visit, StatusCode::OK, form, Some(invoice), offered))
}

/// Returns the form of an invoice's notes with their current values.
fn noted(invoice: &Invoice) -> Fields {
    Fields::default().with_some("notes", invoice.notes.as_ref())
}

/// Returns the form of a draft with its current values.
fn drafted(invoice: &Invoice) -> Fields {
    let line = |line: &Line| {
        Fields::default()
            .with("description", &line.description)
            .with("quantity", line.quantity.normalize())
            .with("rate", line.rate.normalize())
    };
    let lines: Vec<Fields> = invoice.items.iter().map(|item| line(&item.line)).collect();
    noted(invoice)
        .with("clientId", invoice.client_id)
        .with_some("projectId", invoice.project_id)
        .with("issueDate", invoice.issue_date)
        .with("dueDate", invoice.due_date)
        .with("currency", invoice.currency)
        .with("taxRate", invoice.tax_rate.normalize())
        .with_rows("items", &lines)
}

/// Changes an invoice, or shows the form with its lines rearranged.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    if let Some(fields) = rearranged(&fields) {
        let (invoice, offered) = read_form(&visit).await?;
        return Ok(edit_page(&visit, StatusCode::OK, visit.form(fields), Some(invoice), offered));
    }
    // The form of a sent invoice contains only its notes.
    let is_draft = fields.has("clientId");
    let (typed, shown): (_, fn(&Invoice) -> Fields) = match is_draft {
        true => (complete(&fields), drafted),
        false => (fields.clone(), noted),
    };
    let change = InvoiceChange::read(&typed);
    match visit.update(change, fields.expected(shown), update_invoice).await {
        Ok(shown) => {
            let place = format!("/invoices/{}", shown.invoice.id);
            Ok(visit.done(&place, t("invoice-saved")))
        }
        Err(error) => {
            let (invoice, offered) = read_form(&visit).await?;
            let stored = shown(&invoice);
            // Give each stored line a line to be shown next to.
            let mut lines = fields.rows("items");
            if is_draft && *error.kind() == Kind::Stale {
                lines.resize_with(lines.len().max(invoice.items.len()), empty_line);
            }
            let typed = padded(fields.with_rows("items", &lines));
            let (status, form) = visit.refused_change(typed, error, stored)?;
            // Typed lines must not be lost because the draft was sent meanwhile.
            Ok(if is_draft {
                edit_page(&visit, status, form, Some(invoice), offered)
            } else {
                notes_page(&visit, status, form, invoice)
            })
        }
    }
}

/// Returns the typed fields with their defaults: no tax, and quantity one per line.
fn complete(fields: &Fields) -> Fields {
    let one = |row: Fields| row.or_with("quantity", "1");
    let mut lines: Vec<Fields> = fields.rows("items").into_iter().map(one).collect();
    // Without lines, the list is present but empty.
    if lines.is_empty() {
        lines.push(empty_line());
    }
    fields.clone().or_with("taxRate", "0").with_rows("items", &lines)
}

/// Returns the fields without empty lines: the rows that errors refer to.
fn filled(fields: Fields) -> Fields {
    let lines = fields.rows("items");
    fields.with_rows("items", &lines)
}

/// Returns the fields with empty lines to fill in.
fn padded(fields: Fields) -> Fields {
    let mut lines = fields.all_rows("items");
    if lines.last().is_none_or(|line| !line.is_blank()) {
        lines.push(empty_line());
    }
    lines.resize_with(lines.len().max(LINES_AT_FIRST), empty_line);
    fields.with_rows("items", &lines)
}

fn empty_line() -> Fields {
    Line::FIELDS.iter().fold(Fields::default(), |line, field| line.with(field.name, ""))
}

/// Returns the fields after a button that only rearranges them; None if another was pressed.
fn rearranged(fields: &Fields) -> Option<Fields> {
    let action = fields.get("_action");
    let mut lines = fields.all_rows("items");
    let (verb, place) = action.split_once('.').unwrap_or((action, ""));
    let place = place.parse::<usize>().ok().filter(|place| *place < lines.len());
    match (verb, place) {
        ("", _) => return None,
        ("add", _) => lines.push(empty_line()),
        ("up", Some(place)) if place > 0 => lines.swap(place, place - 1),
        ("down", Some(place)) if place + 1 < lines.len() => lines.swap(place, place + 1),
        ("remove", Some(place)) => {
            lines.remove(place);
        }
        _ => {}
    }
    Some(padded(fields.clone().with_rows("items", &lines)))
}

/// The clients and projects that a form offers.
type Offered = (Choices, Choices);

fn read_offered(work: &mut Work) -> Result<Offered> {
    let (clients, projects) = (list_client_names(work)?, list_project_names(work)?);
    Ok((choice::clients(clients), choice::projects(projects)))
}

/// Returns the invoice in the path, and the choices of its form.
async fn read_form(visit: &Visit) -> Result<(Invoice, Offered)> {
    let id = visit.id();
    visit.read(move |work| Ok((find_invoice(work, id)?, read_offered(work)?))).await
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    invoice: Option<Invoice>,
    (clients, mut projects): Offered,
) -> Response {
    projects.insert(0, (String::new(), t("none").into()));
    let account = visit.frame.account.currency;
    let totals = Totals::of(&form.fields, account, visit.frame.defaults.number_format);
    let shell = visit.shell(Section::Invoices);
    let currencies = choice::currencies(account);
    let form = form.of::<NewInvoice>();
    let page = Edit { shell, form, invoice, clients, projects, currencies, totals };
    answer(status, &page)
}

fn notes_page(visit: &Visit, status: StatusCode, form: Form, invoice: Invoice) -> Response {
    answer(
        status,
        &Notes { shell: visit.shell(Section::Invoices), form: form.of::<InvoiceChange>(), invoice },
    )
}

impl Edit {
    /// A draft outlives its client.
    fn client(&self) -> Control {
        let chosen = self.invoice.as_ref().and_then(|invoice| invoice.client.as_ref());
        choice::client(&self.form, &self.clients, chosen)
    }

    /// Returns the control of a line's field.
    fn cell(&self, line: &usize, name: &str, label: Text) -> Control {
        let field = format!("items.{line}.{name}");
        match name {
            "description" => self.form.text(&field, label),
            "quantity" => self.form.number(&field, label).attribute("placeholder", "1"),
            _ => self.form.number(&field, label),
        }
    }

    fn back(&self) -> String {
        match &self.invoice {
            Some(invoice) => format!("/invoices/{}", invoice.id),
            None => "/invoices".to_owned(),
        }
    }
}

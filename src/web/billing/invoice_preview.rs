//! The invoice that the fields of its form describe, as a document next to the form.

use askama::Template;
use jiff::civil::Date;

use crate::{
    domain::{
        client::Client,
        date::DateFormat,
        id::Id,
        invoice::{Invoice, InvoiceStatus, Item, Party, Priced, Seller},
    },
    locale::t,
    web::{
        fields::Fields,
        invoice_sheet::Sheet,
        invoice_totals::{currency, priced, tax_rate},
        visit::Visit,
    },
};

/// The field with the number of an invoice that has one.
pub const NUMBER: &str = "_number";
/// Stands for the id of a client that the form creates.
pub const NEW_CLIENT: &str = "new";

/// An invoice that is not stored.
pub struct Preview {
    invoice: Invoice,
    seller: Seller,
    buyer: Party,
    dates: DateFormat,
}

impl Preview {
    /// Returns the invoice of a form; None if its lines do not add up.
    pub fn of(
        visit: &Visit,
        fields: &Fields,
        client: Option<&Client>,
        today: Date,
    ) -> Option<Self> {
        let account = &visit.frame.account;
        let currency = currency(fields, account.currency);
        let Priced { lines, totals } = priced(fields, currency)?;
        let item = |(line, amount)| Item { id: Id::NIL, line, amount };
        let day = |name| fields.get(name).parse().unwrap_or(today);
        let number = match fields.get(NUMBER) {
            "" => t("draft").into(),
            number => number.to_owned(),
        };
        let notes = fields.get("notes").trim();
        let invoice = Invoice {
            id: Id::NIL,
            account: account.id,
            client_id: Id::NIL,
            client: None,
            project_id: None,
            number,
            currency,
            totals,
            tax_rate: tax_rate(fields)?,
            status: InvoiceStatus::Draft,
            issue_date: day("issueDate"),
            due_date: day("dueDate"),
            paid_at: None,
            payment_link: None,
            items: lines.into_iter().map(item).collect(),
            notes: (!notes.is_empty()).then(|| notes.to_owned()),
            buyer: None,
            created_at: visit.app.now(),
            updated_at: visit.app.now(),
        };
        Some(Self {
            invoice,
            seller: Seller::new(account, &visit.frame.defaults),
            buyer: buyer(fields, client),
            dates: account.date_format,
        })
    }

    /// Returns the document; empty if it cannot be written.
    pub fn html(&self) -> String {
        let Self { invoice, seller, buyer, dates } = self;
        Sheet { invoice, seller, buyer, dates: *dates }.render().unwrap_or_default()
    }
}

/// Returns the client as it is typed or chosen.
fn buyer(fields: &Fields, client: Option<&Client>) -> Party {
    let typed = |name| Some(fields.get(name)).filter(|_| fields.get("clientId") == NEW_CLIENT);
    match client {
        Some(client) => Party::of_client(client),
        None => Party {
            name: typed("name").unwrap_or_default().to_owned(),
            email: typed("email").unwrap_or_default().to_owned(),
            company: typed("company").map(str::to_owned),
            phone: None,
            country: None,
            address: None,
            tax_id: None,
        },
    }
}

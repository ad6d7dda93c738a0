//! A preview of the invoice that the form describes, shown next to it.

use askama::Template;
use jiff::civil::Date;

use crate::{
    domain::{
        client::Client,
        date::DateFormat,
        invoice::{Invoice, Party, Seller},
    },
    locale::t,
    web::{
        fields::Fields,
        invoice_sheet::Sheet,
        invoice_totals::{currency, priced},
        visit::Visit,
    },
};

/// The field with the invoice number, if there is one.
pub const NUMBER: &str = "_number";
/// Stands for the id of a client that the form creates.
pub const NEW_CLIENT: &str = "new";

/// An unstored invoice.
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
        deposits: &[Invoice],
        today: Date,
    ) -> Option<Self> {
        let account = &visit.frame.account;
        let currency = currency(fields, account.currency);
        let priced = (priced(fields, currency, deposits)?, currency);
        let day = |name| fields.get(name).parse().unwrap_or(today);
        let number = match fields.get(NUMBER) {
            "" => t("draft").into(),
            number => number.to_owned(),
        };
        let days = (day("issueDate"), day("dueDate"));
        let text = |name| Some(fields.get(name).trim().to_owned()).filter(|text| !text.is_empty());
        let service = |name| fields.get(name).parse().ok();
        let invoice = Invoice {
            notes: text("notes"),
            reference: text("reference"),
            service: (service("serviceFrom"), service("serviceTo")),
            ..Invoice::for_show(number, days, priced, visit.app.now())
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

/// Returns the typed or selected client.
fn buyer(fields: &Fields, client: Option<&Client>) -> Party {
    let typed = |name| Some(fields.get(name)).filter(|_| fields.get("clientId") == NEW_CLIENT);
    match client {
        Some(client) => Party::of_client(client),
        None => Party {
            name: typed("name").unwrap_or_default().to_owned(),
            email: typed("email").unwrap_or_default().to_owned(),
            company: typed("company").map(str::to_owned),
            ..Party::default()
        },
    }
}

//! Invoices: their content, their states, and the input for a new one.

mod change;
mod party;
mod price;
mod record;
mod seller;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

pub use self::{
    change::Step,
    party::{Party, PartyAddress},
    price::{DEFAULT_LINE, Line, Priced, Totals, check_amount, price, price_amount},
    record::{InvoiceMail, InvoiceRecord, InvoiceTimes, PublicInvoice},
    seller::{PaymentLine, Seller},
};
use crate::domain::{
    client::Client,
    date::Day,
    error::Result,
    form::{Form, Read},
    id::{AccountId, ClientId, Id, InvoiceId, ItemId, MilestoneId, ProjectId},
    input::{
        Change, Drafted, Flag, Implied, Inherited, Kind, List, Need, New, OfPages, One, Optional,
        OrDefault, Presence, Required, Shape, input,
    },
    money::{Amount, Currency, Money, TaxRate},
    number_series::Period,
    page::Page,
    rule::Rule,
    text::{AnyText, Email, Free, FreeText, Search},
    word::words,
};

/// The maximum number of lines per invoice.
pub const LINES_MAX: usize = 500;
/// The longest message in the email that sends an invoice.
const MESSAGE_MAX: usize = 2000;

words! {
    /// The status of an invoice as shown. `Overdue` is derived and never stored.
    InvoiceStatus {
        Draft "draft",
        Sent "sent",
        Paid "paid",
        Overdue "overdue",
        Cancelled "cancelled",
    }
}

words! {
    /// The order of a list of invoices: a column, in descending order with `-`.
    InvoiceSort {
        Number "number",
        NumberDown "-number",
        Issued "issued",
        IssuedDown "-issued",
        Due "due",
        DueDown "-due",
        /// At the latest known rates.
        Amount "amount",
        AmountDown "-amount",
    }
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub line: Line,
    /// quantity × rate in minor units, rounded half away from zero.
    pub amount: i64,
}

/// An invoice of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    pub id: InvoiceId,
    pub account: AccountId,
    pub client_id: ClientId,
    pub client: Option<Client>,
    pub project_id: Option<ProjectId>,
    pub number: String,
    /// The period that the number was drawn from.
    pub number_period: Period,
    pub currency: Currency,
    pub totals: Totals,
    /// In percent.
    pub tax_rate: Decimal,
    /// The stored status: never `Overdue`.
    pub status: InvoiceStatus,
    pub issue_date: Date,
    pub due_date: Date,
    pub paid_at: Option<Timestamp>,
    pub payment_link: Option<String>,
    pub items: Vec<Item>,
    pub notes: Option<String>,
    /// The bill-to details, frozen when it was sent.
    pub buyer: Option<Party>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Invoice {
    /// Creates a draft for a preview, which belongs to no account and is not stored.
    pub fn for_show(
        number: String,
        (issue_date, due_date): (Date, Date),
        (priced, tax_rate, currency): (Priced, Decimal, Currency),
        now: Timestamp,
    ) -> Self {
        let items = priced.lines.into_iter();
        Self {
            id: Id::NIL,
            account: Id::NIL,
            client_id: Id::NIL,
            client: None,
            project_id: None,
            number,
            number_period: Period::default(),
            currency,
            totals: priced.totals,
            tax_rate,
            status: InvoiceStatus::Draft,
            issue_date,
            due_date,
            paid_at: None,
            payment_link: None,
            items: items.map(|(line, amount)| Item { id: Id::NIL, line, amount }).collect(),
            notes: None,
            buyer: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the status shown on `today` in the account's timezone.
    pub fn shown_status(&self, today: Date) -> InvoiceStatus {
        match self.status {
            InvoiceStatus::Sent if self.due_date < today => InvoiceStatus::Overdue,
            status => status,
        }
    }

    /// Returns the amount that the client owes.
    pub fn amount(&self) -> Money {
        Money::new(self.totals.amount, self.currency)
    }

    /// Whether the client has, or will have, something to pay: false if it is paid, cancelled or
    /// its total is zero.
    pub fn is_money_due(&self) -> bool {
        let is_open = !matches!(self.status, InvoiceStatus::Paid | InvoiceStatus::Cancelled);
        is_open && self.totals.amount > 0
    }

    fn has_lines(&self, lines: &[Line]) -> bool {
        self.items.iter().map(|item| &item.line).eq(lines)
    }
}

/// An invoice and its shown status on a given day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownInvoice {
    pub invoice: Invoice,
    pub status: InvoiceStatus,
}

impl ShownInvoice {
    pub fn on(today: Date, invoice: Invoice) -> Self {
        Self { status: invoice.shown_status(today), invoice }
    }
}

input! {
    /// A new invoice: with items, or only an amount, or both if they agree.
    #[derive(Debug, Clone)]
    pub new NewInvoice {
        /// Its source. Each milestone is invoiced once.
        milestone_id "milestoneId": OfPages<Optional<MilestoneId>>,
    } checked by must_ask_for_something;

    /// A change of an invoice.
    #[derive(Debug, Clone)]
    pub change InvoiceChange;

    client_id "clientId": Required<ClientId>,
    project_id "projectId": Optional<ProjectId>,
    amount "amount": Inherited<Amount> = "Including tax; the total of the items, if there are any.",
    tax_rate "taxRate": OrDefault<TaxRate> => "In percent; 0 by default.",
    /// Defaults to that of the project, or else of the account.
    currency "currency": Inherited<Currency> => "The user's currency by default.",
    status "status": Drafted<InvoiceStatus> = "`sent` on a draft, `paid` on a sent invoice, \
        `cancelled` on a draft, or the current one.",
    /// Defaults to today in the account's timezone.
    issue_date "issueDate": Inherited<Day> => "Today by default. It stays in the period of the invoice number.",
    /// Defaults to the terms of the client, or else of the settings.
    due_date "dueDate": Implied<Day> => "By default as the payment terms of the client or the \
        settings say; required where neither has any.",
    lines "items": Lines => "At most 500.",
    notes "notes": Optional<FreeText>,
}

/// The lines of an invoice. A new one may have none; a change cannot remove all.
pub struct Lines;

type LineList = List<One<Line>, LINES_MAX>;

impl Presence<New> for Lines {
    type Value = Vec<Line>;
    const SHAPE: Shape = LineList::SHAPE;
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Vec<Line>> {
        form.optional::<LineList>(name).map(Option::unwrap_or_default)
    }
}

impl Presence<Change> for Lines {
    type Value = Option<Vec<Line>>;
    const SHAPE: Shape = LineList::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Vec<Line>>> {
        let lines = form.change_or::<LineList>(name, None)?;
        if lines.as_ref().is_some_and(Vec::is_empty) {
            form.fail(name, Rule::Empty);
        }
        Ok(lines)
    }
}

/// A new invoice needs items or an amount, and cannot be due before its issue date.
fn must_ask_for_something(form: &mut Form) {
    let issued = form.peek::<Day>("issueDate");
    if form.peek::<Day>("dueDate").is_some_and(|due| issued.is_some_and(|day| due < day)) {
        form.fail("dueDate", Rule::BeforeField("issueDate"));
    }
    // Without a client, there is nobody whose terms would say.
    if !form.says::<AnyText>("clientId") && !form.says::<AnyText>("dueDate") {
        form.fail("dueDate", Rule::Required);
    }
    if !form.says::<Amount>("amount") && !form.says::<LineList>("items") {
        form.fail("items", Rule::Required);
    }
}

impl NewInvoice {
    /// Prices the invoice in its currency. If both are given, amount and items must agree.
    pub fn price(&self, currency: Currency) -> Result<Priced> {
        match self.amount {
            Some(amount) if self.lines.is_empty() => price_amount(amount, self.tax_rate, currency),
            amount => {
                let priced = price(self.lines.clone(), self.tax_rate, currency)?;
                if let Some(amount) = amount {
                    check_amount(amount, priced.totals.amount, currency)?;
                }
                Ok(priced)
            }
        }
    }
}

input! {
    /// The filter of a list of invoices. Without a status, cancelled ones are left out.
    #[derive(Debug, Clone, Default)]
    pub new InvoiceFilter;

    status "status": Optional<InvoiceStatus> = "Only invoices with this status.",
    client_id "clientId": Optional<ClientId> = "Only invoices for this client.",
    project_id "projectId": OfPages<Optional<ProjectId>>,
    /// Text to find in the number and the client, case-insensitive.
    search "search": OfPages<OrDefault<Search>>,
    /// The first and last issue date.
    issued_from "issuedFrom": OfPages<Optional<Day>>,
    issued_to "issuedTo": OfPages<Optional<Day>>,
    currency "currency": OfPages<Optional<Currency>>,
    sort "sort": OfPages<Optional<InvoiceSort>>,
    page "page": Page = "Invoices per page; 10 by default.",
}

input! {
    /// The input of `send`: an address other than the client's, and how the email goes out.
    #[derive(Debug, Clone, Default)]
    pub new Delivery;

    email "email": Optional<Email> => "The client's email address by default.",
    /// The freelancer's own words at the start of the email.
    message "message": OfPages<Optional<Free<MESSAGE_MAX>>>,
    /// Whether the freelancer gets the same email.
    copy "copy": OfPages<OrDefault<Flag>>,
}

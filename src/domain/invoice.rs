//! Invoices: lines, totals, states, and what may change in which state.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    client::Client,
    date,
    error::{Error, Result},
    form::{Form, Object},
    id::{AccountId, ClientId, InvoiceId, ItemId, ProjectId},
    money::{self, Currency, Money},
    page::Page,
    patch::Patch,
    rule::Rule,
    text,
    word::words,
};

/// Most lines of one invoice.
pub const LINES_MAX: usize = 500;
/// The line of an invoice that was written as an amount alone.
pub const DEFAULT_LINE: &str = "Professional services";

words! {
    /// Where an invoice stands, as it is shown. `Overdue` is derived and never stored.
    InvoiceStatus {
        Draft "draft",
        Sent "sent",
        Paid "paid",
        Overdue "overdue",
        Cancelled "cancelled",
    }
}

/// One line as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub description: String,
    pub quantity: Decimal,
    pub rate: Decimal,
}

impl Line {
    fn read(form: &mut Form) -> Option<Self> {
        let description = form.required("description", text::line(text::LINE_MAX));
        let quantity = form.required("quantity", money::quantity);
        let rate = form.required("rate", money::rate);
        Some(Self { description: description?, quantity: quantity?, rate: rate? })
    }
}

/// One line as it stands on the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub line: Line,
    /// quantity × rate in minor units, rounded half away from zero.
    pub amount: i64,
}

/// The sums of an invoice in minor units; `amount` = `subtotal` + `tax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub subtotal: i64,
    pub tax: i64,
    /// What the client owes, tax included.
    pub amount: i64,
}

/// Lines with their amounts, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub lines: Vec<(Line, i64)>,
    pub totals: Totals,
}

/// The one calculator: prices lines in a currency, tax once on the subtotal.
pub fn price(lines: Vec<Line>, tax_rate: Decimal, currency: Currency) -> Result<Priced> {
    let mut subtotal: i64 = 0;
    let mut priced = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let amount = money::line_amount(line.quantity, line.rate, currency)
            .map_err(|rule| Error::field(format!("items[{index}].rate"), rule))?;
        // 500 lines of at most 10^15 stay far below the range of i64.
        subtotal += amount;
        priced.push((line, amount));
    }
    if subtotal < 0 {
        return Err(Error::field("items", Rule::NegativeTotal));
    }
    let totals = if subtotal <= money::MAX_MINOR {
        let tax = money::percent_of(subtotal, tax_rate);
        Totals { subtotal, tax, amount: subtotal + tax }
    } else {
        return Err(Error::field("items", Rule::TooLarge));
    };
    if totals.amount > money::MAX_MINOR {
        return Err(Error::field("items", Rule::TooLarge));
    }
    Ok(Priced { lines: priced, totals })
}

/// Prices an amount alone: one line; the tax is what the net leaves, so that the sum is exact.
pub fn price_amount(amount: Decimal, tax_rate: Decimal, currency: Currency) -> Result<Priced> {
    let gross = Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    let subtotal = money::without_percent(gross.minor, tax_rate);
    let line = Line {
        description: DEFAULT_LINE.to_owned(),
        quantity: Decimal::ONE,
        rate: Money::new(subtotal, currency).decimal(),
    };
    Ok(Priced {
        lines: vec![(line, subtotal)],
        totals: Totals { subtotal, tax: gross.minor - subtotal, amount: gross.minor },
    })
}

/// Whether an amount that was given is the computed one; both are named where they differ.
pub fn check_amount(given: Decimal, computed: i64, currency: Currency) -> Result<()> {
    let computed = Money::new(computed, currency).decimal();
    if given == computed {
        return Ok(());
    }
    let rule = Rule::SumDiffers { given: given.to_string(), computed: computed.to_string() };
    Err(Error::field("amount", rule))
}

/// One side of an issued invoice, as it was when the invoice was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub name: String,
    pub email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
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
    pub currency: Currency,
    pub totals: Totals,
    /// In percent.
    pub tax_rate: Decimal,
    /// As stored: never `Overdue`.
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
    /// The status shown on `today` in the account's timezone.
    pub fn shown_status(&self, today: Date) -> InvoiceStatus {
        match self.status {
            InvoiceStatus::Sent if self.due_date < today => InvoiceStatus::Overdue,
            status => status,
        }
    }

    /// What the client owes.
    pub fn amount(&self) -> Money {
        Money::new(self.totals.amount, self.currency)
    }

    fn has_lines(&self, lines: &[Line]) -> bool {
        self.items.iter().map(|item| &item.line).eq(lines)
    }
}

/// An invoice with the status it shows on a day.
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

/// A new invoice: `clientId`, `dueDate`, and `items` or `amount` at least.
#[derive(Debug, Clone)]
pub struct NewInvoice {
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub amount: Option<Decimal>,
    pub tax_rate: Decimal,
    /// The account's where none is given.
    pub currency: Option<Currency>,
    /// Must be `draft`; see [`NewInvoice::check_status`].
    pub status: Option<InvoiceStatus>,
    /// Today in the account's timezone where none is given.
    pub issue_date: Option<Date>,
    pub due_date: Date,
    pub lines: Vec<Line>,
    pub notes: Option<String>,
}

impl NewInvoice {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let client_id = form.required("clientId", ClientId::read);
        let project_id = form.optional("projectId", ProjectId::read);
        let amount = form.optional("amount", money::amount);
        let tax_rate = form.optional("taxRate", money::tax_rate);
        let currency = form.optional("currency", Currency::read);
        let status = form.optional("status", InvoiceStatus::read);
        let issue_date = form.optional("issueDate", date::read);
        let due_date = form.required("dueDate", date::read);
        if let (Some(Some(issued)), Some(due)) = (issue_date, due_date)
            && due < issued
        {
            form.fail("dueDate", Rule::BeforeField("issueDate"));
        }
        let lines = form.objects("items", LINES_MAX, Line::read);
        if amount == Some(None)
            && lines.as_ref().is_some_and(|l| l.as_ref().is_none_or(Vec::is_empty))
        {
            form.fail("items", Rule::Required);
        }
        let notes = form.optional("notes", text::free(text::FREE_MAX));
        let (
            Some(client_id),
            Some(project_id),
            Some(amount),
            Some(tax_rate),
            Some(currency),
            Some(status),
            Some(issue_date),
            Some(due_date),
            Some(lines),
            Some(notes),
            true,
        ) = (
            client_id,
            project_id,
            amount,
            tax_rate,
            currency,
            status,
            issue_date,
            due_date,
            lines,
            notes,
            form.is_clean(),
        )
        else {
            return Err(form.failure());
        };
        Ok(Self {
            client_id,
            project_id,
            amount,
            tax_rate: tax_rate.unwrap_or_default(),
            currency,
            status,
            issue_date,
            due_date,
            lines: lines.unwrap_or_default(),
            notes,
        })
    }

    /// Refuses to begin as anything but a draft. What is invalid is to be told first.
    pub fn check_status(&self) -> Result<()> {
        self.status.map_or(Ok(()), |status| check_status(InvoiceStatus::Draft, status))
    }

    /// Prices it in its currency; where both are given, amount and items must agree.
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

/// A change of an invoice.
#[derive(Debug, Clone)]
pub struct InvoiceChange {
    pub client_id: Option<ClientId>,
    pub project_id: Patch<ProjectId>,
    amount: Option<Decimal>,
    tax_rate: Option<Decimal>,
    currency: Option<Currency>,
    status: Option<InvoiceStatus>,
    issue_date: Option<Date>,
    due_date: Option<Date>,
    lines: Option<Vec<Line>>,
    notes: Patch<String>,
}

impl InvoiceChange {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let client_id = form.change("clientId", ClientId::read);
        let project_id = form.patch("projectId", ProjectId::read);
        let amount = form.change("amount", money::amount);
        let tax_rate = form.change("taxRate", money::tax_rate);
        let currency = form.change("currency", Currency::read);
        let status = form.change("status", InvoiceStatus::read);
        let issue_date = form.change("issueDate", date::read);
        let due_date = form.change("dueDate", date::read);
        if object.get("items").is_some_and(serde_json::Value::is_null) {
            form.fail("items", Rule::Required);
        }
        let lines = form.objects("items", LINES_MAX, Line::read);
        if lines.as_ref().is_some_and(|l| l.as_ref().is_some_and(Vec::is_empty)) {
            form.fail("items", Rule::Empty);
        }
        let notes = form.patch("notes", text::free(text::FREE_MAX));
        let (
            Some(client_id),
            Some(project_id),
            Some(amount),
            Some(tax_rate),
            Some(currency),
            Some(status),
            Some(issue_date),
            Some(due_date),
            Some(lines),
            Some(notes),
            true,
        ) = (
            client_id,
            project_id,
            amount,
            tax_rate,
            currency,
            status,
            issue_date,
            due_date,
            lines,
            notes,
            form.is_clean(),
        )
        else {
            return Err(form.failure());
        };
        Ok(Self {
            client_id,
            project_id,
            amount,
            tax_rate,
            currency,
            status,
            issue_date,
            due_date,
            lines,
            notes,
        })
    }

    /// How many lines it brings, if any.
    pub fn lines(&self) -> Option<usize> {
        self.lines.as_ref().map(Vec::len)
    }

    /// The invoice after the change, without its lines: those come priced beside it where they
    /// or their money changed. Whether ids exist is for the caller to find out.
    pub fn apply(self, current: &Invoice, today: Date) -> Result<(Invoice, Option<Priced>)> {
        if current.status == InvoiceStatus::Cancelled {
            return Err(Error::conflict("A cancelled invoice cannot be changed"));
        }
        // What is invalid is told before what the state forbids.
        let status_stays = || match self.status {
            Some(status) if status != current.status => {
                check_status(current.shown_status(today), status)
            }
            _ => Ok(()),
        };
        let mut next = current.clone();
        next.client_id = self.client_id.unwrap_or(current.client_id);
        next.project_id = self.project_id.apply(current.project_id);
        next.currency = self.currency.unwrap_or(current.currency);
        next.tax_rate = self.tax_rate.unwrap_or(current.tax_rate);
        next.issue_date = self.issue_date.unwrap_or(current.issue_date);
        next.due_date = self.due_date.unwrap_or(current.due_date);
        next.notes = self.notes.apply(current.notes.clone());

        // Totals of an amount written alone need not be those of its one line again, so they
        // are kept as they are unless something that makes them up has changed.
        let money_moves = next.currency != current.currency
            || next.tax_rate != current.tax_rate
            || self.lines.as_ref().is_some_and(|lines| !current.has_lines(lines));
        let dates_move = (next.issue_date, next.due_date) != (current.issue_date, current.due_date);
        if current.status != InvoiceStatus::Draft {
            let amount_moves =
                self.amount.is_some_and(|amount| amount != current.amount().decimal());
            if money_moves || dates_move || amount_moves || next.client_id != current.client_id {
                return Err(Error::conflict(
                    "A sent invoice keeps its client, dates, items and money; only its notes may change",
                ));
            }
            status_stays()?;
            return Ok((next, None));
        }
        if next.issue_date.year() != current.issue_date.year() {
            let rule = Rule::OtherYear(current.issue_date.year());
            return Err(Error::field("issueDate", rule));
        }
        if dates_move && self.issue_date.is_some() && next.due_date < next.issue_date {
            return Err(Error::field("dueDate", Rule::BeforeField("issueDate")));
        }
        let priced = if money_moves {
            let stored = || current.items.iter().map(|item| item.line.clone()).collect();
            let lines = self.lines.unwrap_or_else(stored);
            let priced = price(lines, next.tax_rate, next.currency)?;
            next.totals = priced.totals;
            Some(priced)
        } else {
            None
        };
        if let Some(amount) = self.amount {
            check_amount(amount, next.totals.amount, next.currency)?;
        }
        status_stays()?;
        Ok((next, priced))
    }
}

/// Refuses a status that differs from the current one, and names the route that changes it.
fn check_status(current: InvoiceStatus, wanted: InvoiceStatus) -> Result<()> {
    if current == wanted {
        return Ok(());
    }
    Err(Error::conflict(match wanted {
        InvoiceStatus::Sent => "An invoice is sent with POST /invoices/:id/send",
        InvoiceStatus::Paid => "An invoice is marked as paid with POST /invoices/:id/mark-paid",
        InvoiceStatus::Cancelled => "A draft is cancelled with DELETE /invoices/:id",
        InvoiceStatus::Draft => "An invoice never becomes a draft again",
        InvoiceStatus::Overdue => "An invoice becomes overdue by itself, the day after dueDate",
    }))
}

/// Which invoices a list shows. Without a status cancelled ones are left out.
#[derive(Debug, Clone)]
pub struct InvoiceFilter {
    pub status: Option<InvoiceStatus>,
    pub client_id: Option<ClientId>,
    pub page: Page,
}

impl InvoiceFilter {
    /// Whether the list takes longer the more invoices there are.
    pub fn takes_long(&self) -> bool {
        (self.status.is_some() && self.client_id.is_some())
            || self.page.is_deep()
            || self.page.is_long()
            // Overdue invoices are passed over one by one.
            || self.status == Some(InvoiceStatus::Sent)
    }

    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        let status = form.optional("status", InvoiceStatus::read);
        let client_id = form.optional("clientId", ClientId::read);
        let page = Page::read(&mut form);
        let (Some(status), Some(client_id), Some(page)) = (status, client_id, page) else {
            return Err(form.failure());
        };
        Ok(Self { status, client_id, page })
    }
}

/// What `send` may carry: another address than the client's.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    pub email: Option<String>,
}

impl Delivery {
    pub fn read(object: &Object) -> Result<Self> {
        let mut form = Form::new(object);
        match form.optional("email", text::email) {
            Some(email) => Ok(Self { email }),
            None => Err(form.failure()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(quantity: Decimal, rate: Decimal) -> Line {
        Line { description: "Work".to_owned(), quantity, rate }
    }

    #[test]
    fn tax_is_rounded_once_on_the_subtotal() {
        let cent = || line(Decimal::ONE, Decimal::new(9, 2));
        let priced =
            price(vec![cent(), cent(), cent()], Decimal::new(75, 1), Currency::USD).unwrap();
        assert_eq!(priced.totals, Totals { subtotal: 27, tax: 2, amount: 29 });
    }

    #[test]
    fn a_discount_may_not_turn_the_invoice_around() {
        let lines = vec![line(Decimal::ONE, Decimal::TEN), line(Decimal::ONE, -Decimal::TEN)];
        assert_eq!(price(lines, Decimal::ZERO, Currency::USD).unwrap().totals.amount, 0);
        let lines = vec![line(Decimal::ONE, Decimal::new(-1, 2))];
        assert!(price(lines, Decimal::ZERO, Currency::USD).is_err());
    }

    proptest! {
        #[test]
        fn totals_are_the_sums_of_what_is_shown(
            rows in prop::collection::vec((1..100_000i64, 0..10_000_000i64), 1..40),
            rate in 0..=1_000_000i64,
        ) {
            let lines = rows.iter().map(|(q, r)| line(Decimal::new(*q, 3), Decimal::new(*r, 3)));
            let priced = price(lines.collect(), Decimal::new(rate, 4), Currency::USD).unwrap();
            let shown: i64 = priced.lines.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(shown, priced.totals.subtotal);
            prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, priced.totals.amount);
        }

        #[test]
        fn an_amount_alone_is_owed_to_the_unit(minor in 0..=money::MAX_MINOR, rate in 0..=1_000_000i64) {
            let amount = Money::new(minor, Currency::USD).decimal();
            let priced = price_amount(amount, Decimal::new(rate, 4), Currency::USD).unwrap();
            prop_assert_eq!(priced.totals.amount, minor);
            prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, minor);
            prop_assert_eq!(priced.lines[0].1, priced.totals.subtotal);
        }
    }
}

//! Invoices: their content, their states, and the input for a new one.

mod change;
mod line;
mod party;
mod price;
mod record;
mod seller;
mod summary;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

pub use self::{
    change::Step,
    line::{DEFAULT_LINE, Item, Line, Unit},
    party::{Party, PartyAddress},
    price::{Priced, Terms, Totals, check_amount, line_amount, price, price_amount, price_parts},
    record::{InvoiceMail, InvoiceRecord, InvoiceTimes, PublicInvoice},
    seller::{PaymentLine, Seller},
    summary::{SumRow, rated, unit_key},
};
use crate::domain::{
    balance::{Balance, Booked, PaymentStatus},
    client::Client,
    date::Day,
    discount::Discount,
    error::Result,
    form::{Form, Read},
    id::{AccountId, ClientId, Id, InvoiceId, MilestoneId, ProjectId},
    input::{
        Change, Drafted, Flag, Implied, Inherited, Kind, List, Need, New, OfPages, One, Optional,
        OrDefault, Presence, Required, Shape, input,
    },
    money::{Amount, Currency, Money, TaxRate},
    number_series::Period,
    page::Page,
    payment::PaidAt,
    rule::Rule,
    tax::{Tax, TaxSum, Withholding},
    text::{self, AnyText, Email, Free, FreeText, Search},
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

impl InvoiceStatus {
    /// Whether this stored status means that the client has the invoice and has to pay it.
    pub fn is_open(self) -> bool {
        self == Self::Sent
    }
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
    pub terms: Terms,
    pub totals: Totals,
    pub taxes: Vec<TaxSum>,
    /// The stored status: never `Overdue`.
    pub status: InvoiceStatus,
    pub issue_date: Date,
    pub due_date: Date,
    /// The first and last day of the work.
    pub service: (Option<Date>, Option<Date>),
    /// The client's order number.
    pub reference: Option<String>,
    /// When nothing was due any more.
    pub paid_at: Option<PaidAt>,
    pub booked: Booked,
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
        (priced, currency): (Priced, Currency),
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
            terms: priced.terms,
            totals: priced.totals,
            taxes: priced.taxes,
            status: InvoiceStatus::Draft,
            issue_date,
            due_date,
            service: (None, None),
            reference: None,
            paid_at: None,
            booked: Booked::default(),
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

    /// Returns the total of the invoice.
    pub fn amount(&self) -> Money {
        Money::new(self.totals.amount, self.currency)
    }

    /// Returns what was paid and is still due.
    pub fn balance(&self) -> Balance {
        Balance::new(self.totals.amount, self.booked)
    }

    /// Returns what the client still has to pay.
    pub fn amount_due(&self) -> Money {
        Money::new(self.balance().due(), self.currency)
    }

    /// Returns what was paid, with what was withheld.
    pub fn amount_paid(&self) -> Money {
        Money::new(self.booked.paid, self.currency)
    }

    /// Returns how far it is paid.
    pub fn payment_status(&self) -> PaymentStatus {
        self.balance().status(self.status == InvoiceStatus::Paid)
    }

    /// Whether the client has, or will have, something to pay: false if it is paid, cancelled or
    /// its total is zero.
    pub fn is_money_due(&self) -> bool {
        let is_open = !matches!(self.status, InvoiceStatus::Paid | InvoiceStatus::Cancelled);
        is_open && self.balance().due() > 0
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
    tax_rate "taxRate": PlainRate = "In percent: one tax named \"Tax\" on each line without taxes \
        of its own." => " By default the default taxes of the account, or 0.",
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
    discount "discount": Optional<One<Discount>> = "Taken off the sum of the lines.",
    prices_include_tax "pricesIncludeTax": OrDefault<Flag> = "Whether the rates of the lines \
        include their taxes." => " False by default.",
    withholding "withholding": Optional<One<Withholding>> = "The tax that the client withholds \
        from the payment.",
    service_from "serviceFrom": Optional<Day> = "The first day of the work.",
    service_to "serviceTo": Optional<Day> = "The last day of the work.",
    reference "reference": Optional<Line100> = "The client's order number.",
    notes "notes": Optional<FreeText>,
}

type Line100 = text::Line<100>;

/// The tax rate in percent. A new invoice tells none from 0: without one, it has the account's
/// default taxes.
pub struct PlainRate;

impl Presence<New> for PlainRate {
    type Value = Option<Decimal>;
    const SHAPE: Shape = <TaxRate as Kind>::SHAPE;
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Decimal>> {
        form.optional::<TaxRate>(name)
    }
}

impl Presence<Change> for PlainRate {
    type Value = Option<Decimal>;
    const SHAPE: Shape = <TaxRate as Kind>::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Decimal>> {
        form.change_or::<TaxRate>(name, Some(Decimal::ZERO))
    }
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
    let began = form.peek::<Day>("serviceFrom");
    if form.peek::<Day>("serviceTo").is_some_and(|end| began.is_some_and(|day| end < day)) {
        form.fail("serviceTo", Rule::BeforeField("serviceFrom"));
    }
}

impl NewInvoice {
    /// A new invoice with these lines, dated today, without anything optional.
    pub fn new(client_id: ClientId, due_date: Date, lines: Vec<Line>) -> Self {
        Self {
            client_id,
            project_id: None,
            milestone_id: None,
            amount: None,
            tax_rate: None,
            currency: None,
            status: (),
            issue_date: None,
            due_date: Some(due_date),
            lines,
            discount: None,
            prices_include_tax: false,
            withholding: None,
            service_from: None,
            service_to: None,
            reference: None,
            notes: None,
        }
    }

    /// Prices the invoice in its currency; lines without taxes have `default` ones unless a rate is
    /// given. If both are given, amount and items must agree.
    pub fn price(&self, default: &[Tax], currency: Currency) -> Result<Priced> {
        let terms = Terms {
            tax_rate: self.tax_rate.unwrap_or_default(),
            discount: self.discount.clone(),
            prices_include_tax: self.prices_include_tax,
            withholding: self.withholding.clone(),
        };
        let taxes = (self.tax_rate.is_none() && !default.is_empty()).then(|| default.to_vec());
        match self.amount {
            Some(amount) if self.lines.is_empty() => price_amount(amount, taxes, &terms, currency),
            amount => {
                let mut lines = self.lines.clone();
                for line in lines.iter_mut().filter(|line| line.taxes.is_none()) {
                    line.taxes.clone_from(&taxes);
                }
                let priced = price(lines, &terms, currency)?;
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

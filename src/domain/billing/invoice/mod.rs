//! Invoices: their content, their states, and the input for a new one.

mod change;
mod input;
mod line;
mod party;
mod price;
mod record;
mod seller;
mod stored_item;
mod summary;

use jiff::{Timestamp, civil::Date};

pub use self::{
    change::Step,
    input::{InvoiceChange, NewInvoice, PlainRate},
    line::{DEFAULT_LINE, Item, Line, Unit},
    party::{Party, PartyAddress},
    price::{
        Priced, Terms, Totals, by_taxes, check_amount, line_amount, price, price_amount,
        price_parts,
    },
    record::{InvoiceRecord, InvoiceTimes, PublicInvoice},
    seller::Seller,
    summary::{SumRow, rated, unit_label},
};
use crate::domain::{
    balance::{Balance, Booked, PaymentStatus},
    client::Client,
    date::Day,
    deposit::Purpose,
    id::{AccountId, ClientId, Id, InvoiceId, MilestoneId, ProjectId, ProposalId},
    input::{Flag, OfPages, Optional, OrDefault, input},
    money::{Currency, Money},
    number_series::Period,
    page::Page,
    payment::PaidAt,
    tax::TaxSum,
    text::{Email, Free, Search},
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
    /// The source that it was created from.
    pub proposal_id: Option<ProposalId>,
    pub milestone_id: Option<MilestoneId>,
    pub kind: Purpose,
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
    /// When it was paid in full.
    pub paid_at: Option<PaidAt>,
    pub booked: Booked,
    /// Whether it deducts the deposits of its project or proposal.
    pub deduct_deposits: bool,
    /// The id and number of the invoice that deducts this deposit.
    pub deducted_in: Option<(InvoiceId, String)>,
    pub payment_link: Option<String>,
    pub items: Vec<Item>,
    pub notes: Option<String>,
    /// Whether its client gets no automatic reminders of it.
    pub reminders_off: bool,
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
            proposal_id: None,
            milestone_id: None,
            kind: Purpose::Invoice,
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
            deduct_deposits: false,
            deducted_in: None,
            payment_link: None,
            items: items.map(|(line, amount)| Item { id: Id::NIL, line, amount }).collect(),
            notes: None,
            reminders_off: false,
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

    /// Returns the amounts paid and still due.
    pub fn balance(&self) -> Balance {
        Balance::new(self.totals.amount, self.booked)
    }

    /// Returns what the client still has to pay.
    pub fn amount_due(&self) -> Money {
        Money::new(self.balance().due(), self.currency)
    }

    /// Returns the amount that the client sends: the amount due, less the tax still to withhold.
    pub fn amount_to_transfer(&self) -> Money {
        let due = self.amount_due();
        let withheld = (self.totals.withheld - self.booked.withheld).clamp(0, due.minor);
        Money::new(due.minor - withheld, self.currency)
    }

    /// Returns the amount paid, including withheld tax.
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

    /// Returns the lines without those that deduct deposits.
    pub fn own_lines(&self) -> impl Iterator<Item = &Line> {
        self.items.iter().map(|item| &item.line).filter(|line| line.deposit.is_none())
    }

    /// Whether it asks for a deposit.
    pub fn is_deposit(&self) -> bool {
        self.kind == Purpose::Deposit
    }

    fn has_lines(&self, lines: &[Line]) -> bool {
        self.own_lines().eq(lines)
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

//! Invoices: what they hold, their states, and what is asked of a new one.

mod change;
mod party;
mod price;
mod record;
mod seller;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

pub use self::{
    change::{InvoiceChange, Step},
    party::Party,
    price::{DEFAULT_LINE, Line, Priced, Totals, check_amount, price, price_amount},
    record::{InvoiceFile, InvoiceMail, InvoiceRecord, InvoiceTimes, PublicInvoice},
    seller::Seller,
};
use super::{
    client::Client,
    date,
    error::Result,
    form::{Form, Object, Read},
    id::{AccountId, ClientId, InvoiceId, ItemId, MilestoneId, ProjectId},
    money::{self, Currency, Money},
    page::Page,
    rule::Rule,
    text,
    word::{self, words},
};

/// Most lines of one invoice.
pub const LINES_MAX: usize = 500;
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

/// One line as it stands on the invoice.
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

    /// Whether two of them would be printed alike: what the client has paid otherwise, ids of
    /// lines, and when it was changed last are not on paper.
    pub fn is_same_paper(&self, other: &Self) -> bool {
        let details = |invoice: &Self| invoice.client.as_ref().map(|client| client.details.clone());
        let bare = |invoice: &Self| {
            let items = invoice.items.iter().map(|item| Item { id: ItemId::NIL, ..item.clone() });
            let (items, updated_at) = (items.collect(), invoice.created_at);
            Self { client: None, items, updated_at, ..invoice.clone() }
        };
        details(self) == details(other) && bare(self) == bare(other)
    }

    /// What the client owes.
    pub fn amount(&self) -> Money {
        Money::new(self.totals.amount, self.currency)
    }

    /// Whether the client has, or will have, something to pay: not of what is paid, cancelled, or
    /// amounts to nothing.
    pub fn is_money_due(&self) -> bool {
        let is_open = !matches!(self.status, InvoiceStatus::Paid | InvoiceStatus::Cancelled);
        is_open && self.totals.amount > 0
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
    /// What it is made of: each milestone is invoiced once.
    pub milestone_id: Option<MilestoneId>,
    pub amount: Option<Decimal>,
    pub tax_rate: Decimal,
    /// That of the project, or else the account's, where none is given.
    pub currency: Option<Currency>,
    /// Today in the account's timezone where none is given.
    pub issue_date: Option<Date>,
    pub due_date: Date,
    pub lines: Vec<Line>,
    pub notes: Option<String>,
}

impl NewInvoice {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, |_| Ok(None)))
    }

    /// What a page sends: `milestoneId` too.
    pub fn read_web(object: &Object) -> Result<Self> {
        let milestone = |form: &mut Form| form.optional("milestoneId", MilestoneId::read);
        Form::read(object, |form| Self::read_fields(form, milestone))
    }

    fn read_fields(
        form: &mut Form,
        milestone: impl FnOnce(&mut Form) -> Read<Option<MilestoneId>>,
    ) -> Read<Self> {
        let client_id = form.required("clientId", ClientId::read);
        let project_id = form.optional("projectId", ProjectId::read);
        let amount = form.optional("amount", money::amount);
        let tax_rate = form.optional("taxRate", money::tax_rate);
        let currency = form.optional("currency", Currency::read);
        let status = form.optional("status", word::only(&["draft"]));
        let issue_date = form.optional("issueDate", date::read);
        let due_date = form.required("dueDate", date::read);
        if let (Ok(Some(issued)), Ok(due)) = (issue_date, due_date)
            && due < issued
        {
            form.fail("dueDate", Rule::BeforeField("issueDate"));
        }
        let lines = form.objects("items", LINES_MAX, Line::read);
        if amount == Ok(None) && lines.as_ref().is_ok_and(|l| l.as_ref().is_none_or(Vec::is_empty))
        {
            form.fail("items", Rule::Required);
        }
        let notes = form.optional("notes", text::free(text::FREE_MAX));
        let milestone_id = milestone(form);
        status?;
        Ok(Self {
            client_id: client_id?,
            project_id: project_id?,
            milestone_id: milestone_id?,
            amount: amount?,
            tax_rate: tax_rate?.unwrap_or_default(),
            currency: currency?,
            issue_date: issue_date?,
            due_date: due_date?,
            lines: lines?.unwrap_or_default(),
            notes: notes?,
        })
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

/// Which invoices a list shows. Without a status cancelled ones are left out.
#[derive(Debug, Clone)]
pub struct InvoiceFilter {
    pub status: Option<InvoiceStatus>,
    pub client_id: Option<ClientId>,
    pub project_id: Option<ProjectId>,
    /// Looked for in the number and in what a client is searched by, without regard to case.
    pub search: Option<String>,
    pub page: Page,
}

impl InvoiceFilter {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let status = form.optional("status", InvoiceStatus::read);
            let client_id = form.optional("clientId", ClientId::read);
            let page = Page::read(form);
            Ok(Self {
                status: status?,
                client_id: client_id?,
                project_id: None,
                search: None,
                page: page?,
            })
        })
    }

    /// Like [`InvoiceFilter::read`], with what the document of the API does not know: `search`
    /// and `projectId`.
    pub fn read_web(object: &Object) -> Result<Self> {
        let filter = Self::read(object)?;
        Form::read(object, |form| {
            let search = text::search(form);
            let project_id = form.optional("projectId", ProjectId::read);
            Ok(Self { project_id: project_id?, search: search?, ..filter })
        })
    }
}

/// What `send` may carry: another address than the client's.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    pub email: Option<String>,
}

impl Delivery {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let email = form.optional("email", text::email);
            Ok(Self { email: email? })
        })
    }
}

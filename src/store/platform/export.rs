//! The exported rows of an account: readable, and without secrets.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::{
    domain::{
        date::JsonTime,
        error::{Error, Result},
        id::{
            AccountId, ClientKind, Id, InvoiceId, InvoiceKind, ItemKind, MessageKind,
            MilestoneKind, Named, PaymentKind, PortfolioItemKind, ProjectKind, ProposalKind,
        },
        money::{Currency, Money},
    },
    store::engine::{Row, Tx, Value, any_of, values},
};

/// The export format of a column.
#[derive(Clone, Copy)]
pub enum Kind {
    Id(fn(&[u8]) -> Option<String>),
    Text,
    /// A calendar day in ISO 8601.
    Day,
    Whole,
    /// An exact number stored as text.
    Decimal,
    /// Minor units of the currency in that other column.
    Money(usize),
    Instant,
    /// JSON in a column, copied unchanged.
    Json,
}

/// The exported columns of a row: `(name, kind)` each, in the order of the statement's columns.
pub type Columns = &'static [(&'static str, Kind)];

/// A row, its fields in order.
pub type Fields = Map<String, Json>;

/// The start of a page: after this row.
#[derive(Debug, Clone)]
pub enum Cursor {
    Start,
    Id(Vec<u8>),
    Text(String),
}

/// A list read page by page. Its statement takes account, cursor and page size, and begins with the
/// column that orders its rows, which is not an exported field.
pub struct Section {
    pub sql: &'static str,
    pub columns: Columns,
    /// Whether rows are ordered by text instead of an id.
    by_text: bool,
    pub page: usize,
}

fn id<K: Named>(bytes: &[u8]) -> Option<String> {
    Id::<K>::from_slice(bytes).map(|id| id.to_string())
}

pub const CLIENTS: Section = Section {
    sql: "SELECT id, id, name, email, company, phone, country, created_at, updated_at \
          FROM clients WHERE account_id = ?1 AND deleted_at IS NULL AND id > ?2 \
          ORDER BY id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<ClientKind>)),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("company", Kind::Text),
        ("phone", Kind::Text),
        ("country", Kind::Text),
        ("createdAt", Kind::Instant),
        ("updatedAt", Kind::Instant),
    ],
    by_text: false,
    page: 500,
};

pub const PROJECTS: Section = Section {
    sql: "SELECT p.id, p.id, p.client_id, c.name, p.name, p.description, p.status, p.currency, \
          p.budget, p.deadline, p.created_at, p.updated_at \
          FROM projects p JOIN clients c ON c.id = p.client_id \
          WHERE p.account_id = ?1 AND p.deleted_at IS NULL AND p.id > ?2 ORDER BY p.id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<ProjectKind>)),
        ("clientId", Kind::Id(id::<ClientKind>)),
        ("clientName", Kind::Text),
        ("name", Kind::Text),
        ("description", Kind::Text),
        ("status", Kind::Text),
        ("currency", Kind::Text),
        ("budget", Kind::Money(6)),
        ("deadline", Kind::Day),
        ("createdAt", Kind::Instant),
        ("updatedAt", Kind::Instant),
    ],
    by_text: false,
    page: 200,
};

pub const MILESTONES: Section = Section {
    sql: "SELECT m.id, m.id, m.project_id, p.name, m.name, m.description, m.status, p.currency, \
          m.amount, m.due_date, m.completed_at, m.invoice_id \
          FROM milestones m JOIN projects p ON p.id = m.project_id \
          WHERE m.account_id = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<MilestoneKind>)),
        ("projectId", Kind::Id(id::<ProjectKind>)),
        ("projectName", Kind::Text),
        ("name", Kind::Text),
        ("description", Kind::Text),
        ("status", Kind::Text),
        ("currency", Kind::Text),
        ("amount", Kind::Money(6)),
        ("dueDate", Kind::Day),
        ("completedAt", Kind::Instant),
        ("invoiceId", Kind::Id(id::<InvoiceKind>)),
    ],
    by_text: false,
    page: 200,
};

pub const PROPOSALS: Section = Section {
    sql: "SELECT p.id, p.id, p.client_id, c.name, p.title, p.content, p.status, p.currency, \
          p.amount, p.valid_until, p.sent_at, p.answered_at, p.answered_by, p.answered_from, \
          p.created_at, p.updated_at, p.project_id \
          FROM proposals p JOIN clients c ON c.id = p.client_id \
          WHERE p.account_id = ?1 AND p.id > ?2 ORDER BY p.id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<ProposalKind>)),
        ("clientId", Kind::Id(id::<ClientKind>)),
        ("clientName", Kind::Text),
        ("title", Kind::Text),
        ("content", Kind::Text),
        ("status", Kind::Text),
        ("currency", Kind::Text),
        ("amount", Kind::Money(6)),
        ("validUntil", Kind::Day),
        ("sentAt", Kind::Instant),
        ("answeredAt", Kind::Instant),
        ("answeredBy", Kind::Text),
        ("answeredFrom", Kind::Text),
        ("createdAt", Kind::Instant),
        ("updatedAt", Kind::Instant),
        ("projectId", Kind::Id(id::<ProjectKind>)),
    ],
    by_text: false,
    page: 100,
};

/// Selects the exported columns of some invoices.
macro_rules! invoices {
    ($which:literal) => {
        concat!(
            "SELECT i.number, i.id, i.number, i.client_id, c.name, i.project_id, i.status, \
             i.issue_date, i.due_date, i.currency, i.subtotal, i.tax_rate, i.tax_amount, \
             i.amount, i.sent_at, i.paid_at, i.payment_link, i.notes, i.seller, i.buyer, \
             i.created_at, i.updated_at FROM invoices i JOIN clients c ON c.id = i.client_id \
             WHERE i.account_id = ?1 AND ",
            $which
        )
    };
}

/// Invoices in number order, cancelled ones included.
pub const INVOICES: Section = Section {
    sql: invoices!("i.number > ?2 ORDER BY i.number LIMIT ?3"),
    columns: &[
        ("id", Kind::Id(id::<InvoiceKind>)),
        ("number", Kind::Text),
        ("clientId", Kind::Id(id::<ClientKind>)),
        ("clientName", Kind::Text),
        ("projectId", Kind::Id(id::<ProjectKind>)),
        ("status", Kind::Text),
        ("issueDate", Kind::Day),
        ("dueDate", Kind::Day),
        ("currency", Kind::Text),
        ("subtotal", Kind::Money(8)),
        ("taxRate", Kind::Decimal),
        ("taxAmount", Kind::Money(8)),
        ("amount", Kind::Money(8)),
        ("sentAt", Kind::Instant),
        ("paidAt", Kind::Instant),
        ("paymentLink", Kind::Text),
        ("notes", Kind::Text),
        ("seller", Kind::Json),
        ("buyer", Kind::Json),
        ("createdAt", Kind::Instant),
        ("updatedAt", Kind::Instant),
    ],
    by_text: true,
    page: 50,
};

pub const MESSAGES: Section = Section {
    sql: "SELECT id, id, name, email, content, read_at, created_at FROM messages \
          WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<MessageKind>)),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("content", Kind::Text),
        ("readAt", Kind::Instant),
        ("createdAt", Kind::Instant),
    ],
    by_text: false,
    page: 200,
};

pub const PORTFOLIO: Section = Section {
    sql: "SELECT id, id, title, description, technologies, images, links, created_at, updated_at \
          FROM portfolio_items WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    columns: &[
        ("id", Kind::Id(id::<PortfolioItemKind>)),
        ("title", Kind::Text),
        ("description", Kind::Text),
        ("technologies", Kind::Json),
        ("images", Kind::Json),
        ("links", Kind::Json),
        ("createdAt", Kind::Instant),
        ("updatedAt", Kind::Instant),
    ],
    by_text: false,
    page: 100,
};

pub const ACTIVITY: Section = Section {
    sql: "SELECT id, kind, subject, currency, amount, client_name, entity_id, at FROM activity \
          WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    columns: &[
        ("type", Kind::Text),
        ("subject", Kind::Text),
        ("currency", Kind::Text),
        ("amount", Kind::Money(2)),
        ("clientName", Kind::Text),
        ("entityId", Kind::Text),
        ("at", Kind::Instant),
    ],
    by_text: false,
    page: 500,
};

/// The exported columns of an invoice line.
pub const ITEMS: Columns = &[
    ("id", Kind::Id(id::<ItemKind>)),
    ("position", Kind::Whole),
    ("description", Kind::Text),
    ("quantity", Kind::Decimal),
    ("rate", Kind::Decimal),
    ("currency", Kind::Text),
    ("amount", Kind::Money(5)),
];

/// The exported columns of a payment.
pub const PAYMENTS: Columns = &[
    ("id", Kind::Id(id::<PaymentKind>)),
    ("currency", Kind::Text),
    ("amount", Kind::Money(1)),
    ("baseCurrency", Kind::Text),
    ("baseRate", Kind::Decimal),
    ("baseAmount", Kind::Money(3)),
    ("paidAt", Kind::Instant),
];

const DEFAULTS: Columns = &[
    ("businessName", Kind::Text),
    ("address", Kind::Text),
    ("taxId", Kind::Text),
    ("prefix", Kind::Text),
    ("dueDays", Kind::Whole),
    ("taxRate", Kind::Decimal),
    ("notes", Kind::Text),
    ("paymentInstructions", Kind::Text),
    ("numberFormat", Kind::Text),
    ("accent", Kind::Text),
    ("template", Kind::Text),
    ("paper", Kind::Text),
];

/// Returns a page of a list, and where the next one begins, if there may be one.
pub fn page(
    tx: &mut Tx,
    section: &Section,
    account: AccountId,
    after: &Cursor,
) -> Result<(Vec<Fields>, Option<Cursor>)> {
    let after = match after {
        Cursor::Start if section.by_text => Value::Text(""),
        Cursor::Start => Value::Bytes(&[]),
        Cursor::Id(id) => Value::Bytes(id),
        Cursor::Text(text) => Value::Text(text),
    };
    let most = i64::try_from(section.page).map_err(Error::internal)?;
    let mut last = None;
    let account = Value::from(&account);
    let rows = tx.list(section.sql, &[account, after, most.into()], |row| {
        last = Some(match section.by_text {
            true => Cursor::Text(row.get(0)?),
            false => Cursor::Id(row.get(0)?),
        });
        fields(row, 1, section.columns)
    })?;
    let next = if rows.len() < section.page { None } else { last };
    Ok((rows, next))
}

/// Returns the invoices with these ids, in no order.
pub fn invoices(tx: &mut Tx, account: AccountId, ids: &[InvoiceId]) -> Result<Vec<Fields>> {
    tx.list(invoices!("i.id IN rarray(?2)"), values![&account, any_of(ids)], |row| {
        fields(row, 1, INVOICES.columns)
    })
}

/// Returns the lines of an invoice.
pub fn items(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<Fields>> {
    tx.list(
        "SELECT t.id, t.position + 1, t.description, t.quantity, t.rate, i.currency, t.amount \
         FROM invoices i JOIN invoice_items t ON t.invoice_id = i.id \
         WHERE i.id = ?1 ORDER BY t.position",
        values![&invoice],
        |row| fields(row, 0, ITEMS),
    )
}

/// Returns the payments of an invoice.
pub fn payments(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<Fields>> {
    tx.list(
        "SELECT id, currency, amount, base_currency, base_rate, base_amount, paid_at \
         FROM payments WHERE invoice_id = ?1",
        values![&invoice],
        |row| fields(row, 0, PAYMENTS),
    )
}

/// Returns the defaults for new invoices, if ever set.
pub fn invoice_defaults(tx: &mut Tx, account: AccountId) -> Result<Option<Fields>> {
    tx.find(
        "SELECT business_name, address, tax_id, prefix, due_days, tax_rate, notes, \
         payment_instructions, number_format, accent, template, paper \
         FROM invoice_defaults WHERE account_id = ?1",
        values![&account],
        |row| fields(row, 0, DEFAULTS),
    )
}

fn fields(row: &dyn Row, first: usize, columns: Columns) -> Result<Fields> {
    let mut fields = Fields::new();
    for (index, (name, kind)) in columns.iter().enumerate() {
        fields.insert((*name).to_owned(), cell(row, first, first + index, *kind)?);
    }
    Ok(fields)
}

fn cell(row: &dyn Row, first: usize, column: usize, kind: Kind) -> Result<Json> {
    let text = |text: Option<String>| text.map_or(Json::Null, Json::String);
    Ok(match kind {
        Kind::Id(write) => text(row.bytes(column)?.and_then(write)),
        Kind::Text | Kind::Day => text(row.get(column)?),
        Kind::Whole => row.int(column)?.map_or(Json::Null, Json::from),
        Kind::Decimal => match row.get::<Option<Decimal>>(column)? {
            Some(number) => exact(number)?,
            None => Json::Null,
        },
        Kind::Money(currency) => {
            let currency: Option<Currency> = row.get(first + currency)?;
            match row.int(column)?.zip(currency) {
                Some((minor, currency)) => exact(Money::new(minor, currency).decimal())?,
                None => Json::Null,
            }
        }
        Kind::Instant => {
            let at: Option<Timestamp> = row.get(column)?;
            text(at.map(|at| JsonTime::of_instant(at).to_string()))
        }
        Kind::Json => match row.text(column)? {
            Some(kept) => serde_json::from_str(kept).map_err(Error::internal)?,
            None => Json::Null,
        },
    })
}

/// Returns a decimal as a JSON number with the same digits.
pub fn exact(number: Decimal) -> Result<Json> {
    number.normalize().to_string().parse().map(Json::Number).map_err(Error::internal)
}

//! The exported rows of an account: readable, and without secrets.

pub mod checkout;
pub mod mail_settings;
pub mod reminder;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::{
    domain::{
        date::JsonTime,
        error::{Error, Result},
        id::{
            AccountId, CheckoutKind, ClientKind, CreditNoteKind, Id, InvoiceId, InvoiceKind,
            ItemKind, MessageKind, MilestoneKind, Named, PaymentKind, PortfolioItemKind,
            ProjectKind, ProposalKind, TaxKind,
        },
        money::{Currency, Money},
    },
    store::{
        engine::{Row, Tx, Value, any_of, values},
        lister::statement,
    },
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
    /// Minor units of the currency in the column with this name.
    Money(&'static str),
    Instant,
    /// True or false.
    Flag,
    /// JSON in a column, copied unchanged.
    Json,
    /// JSON whose `base` and `amount` are minor units of the currency in the column with this name.
    Sums(&'static str),
    /// Texts in a JSON list or object, copied unchanged; a table writes them into one cell.
    Parts,
}

/// An exported column.
pub struct Column {
    name: &'static str,
    pub kind: Kind,
    /// Its value, if it is not the column with this name of the table `t`.
    sql: Option<&'static str>,
}

impl Column {
    /// Returns the name of its field: `createdAt`.
    pub fn field(&self) -> String {
        let mut words = self.name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |field, word| field + &word[..1].to_uppercase() + &word[1..])
    }
}

pub type Columns = &'static [Column];

/// Names exported columns: `name: kind => "value"`, text if no kind is given.
macro_rules! columns {
    ($($name:ident $(: $kind:expr)? $(=> $sql:literal)?),* $(,)?) => {
        &[$(Column {
            name: stringify!($name),
            kind: columns!(@kind $($kind)?),
            sql: columns!(@sql $($sql)?),
        }),*]
    };
    (@kind) => { Kind::Text };
    (@kind $kind:expr) => { $kind };
    (@sql) => { None };
    (@sql $sql:literal) => { Some($sql) };
}

use columns;

/// A row, its fields in order.
pub type Fields = Map<String, Json>;

/// The start of a page: after this row.
#[derive(Debug, Clone)]
pub enum Cursor {
    Start,
    Id(Vec<u8>),
    Text(String),
}

/// A list read page by page.
pub struct Section {
    /// The table `t` with what is joined to it, and which of an account's rows are exported.
    rows: &'static str,
    pub columns: Columns,
    /// The column of `t` that orders the rows: the id, or a text.
    key: &'static str,
    pub page: usize,
}

impl Section {
    const fn by_id(rows: &'static str, columns: Columns, page: usize) -> Self {
        Self { rows, columns, key: "id", page }
    }
}

const fn id<K: Named>() -> Kind {
    Kind::Id(|bytes| Id::<K>::from_slice(bytes).map(|id| id.to_string()))
}

pub const CLIENTS: Section = Section::by_id(
    "clients t WHERE t.account_id = ?1 AND t.deleted_at IS NULL",
    columns! {
        id: id::<ClientKind>(), name, email, company, phone, country,
        created_at: Kind::Instant, updated_at: Kind::Instant,
        address: Kind::Parts, country_code, tax_id, registration_number,
        currency => "t.billing_currency", payment_terms_days: Kind::Whole, cc_emails: Kind::Parts,
        buyer_reference, notes, language, peppol_id, reminders_off: Kind::Flag,
    },
    500,
);

pub const PROJECTS: Section = Section::by_id(
    "projects t JOIN clients c ON c.id = t.client_id \
     WHERE t.account_id = ?1 AND t.deleted_at IS NULL",
    columns! {
        id: id::<ProjectKind>(), client_id: id::<ClientKind>(), client_name => "c.name",
        name, description, status, currency, budget: Kind::Money("currency"),
        deadline: Kind::Day, created_at: Kind::Instant, updated_at: Kind::Instant,
    },
    200,
);

pub const MILESTONES: Section = Section::by_id(
    "milestones t JOIN projects p ON p.id = t.project_id WHERE t.account_id = ?1",
    columns! {
        id: id::<MilestoneKind>(), project_id: id::<ProjectKind>(), project_name => "p.name",
        name, description, status, currency => "p.currency", amount: Kind::Money("currency"),
        due_date: Kind::Day, completed_at: Kind::Instant, invoice_id: id::<InvoiceKind>(),
    },
    200,
);

pub const PROPOSALS: Section = Section::by_id(
    "proposals t JOIN clients c ON c.id = t.client_id WHERE t.account_id = ?1",
    columns! {
        id: id::<ProposalKind>(), client_id: id::<ClientKind>(), client_name => "c.name",
        title, content, status, currency, amount: Kind::Money("currency"),
        valid_until: Kind::Day, sent_at: Kind::Instant, answered_at: Kind::Instant,
        answered_by, answered_from, created_at: Kind::Instant, updated_at: Kind::Instant,
        project_id: id::<ProjectKind>(), items: Kind::Sums("currency"), tax_rate: Kind::Decimal,
        discount_percent: Kind::Decimal, discount_amount: Kind::Decimal,
        prices_include_tax: Kind::Flag, deposit_percent: Kind::Decimal,
        deposit_amount: Kind::Decimal, reminded_at: Kind::Instant,
    },
    100,
);

/// Invoices in number order, cancelled ones included.
pub const INVOICES: Section = Section {
    rows: "invoices t JOIN clients c ON c.id = t.client_id WHERE t.account_id = ?1",
    columns: columns! {
        id: id::<InvoiceKind>(), number, client_id: id::<ClientKind>(), client_name => "c.name",
        project_id: id::<ProjectKind>(), status, issue_date: Kind::Day, due_date: Kind::Day,
        currency, subtotal: Kind::Money("currency"), tax_rate: Kind::Decimal,
        tax_amount: Kind::Money("currency"), amount: Kind::Money("currency"),
        discount: Kind::Money("currency"), discount_percent: Kind::Decimal,
        prices_include_tax: Kind::Flag, taxes: Kind::Sums("currency"),
        withholding, withholding_rate: Kind::Decimal, withheld_amount: Kind::Money("currency"),
        service_from: Kind::Day, service_to: Kind::Day, reference,
        sent_at: Kind::Instant, paid_at: Kind::Instant, payment_link, notes,
        seller: Kind::Json, buyer: Kind::Json,
        created_at: Kind::Instant, updated_at: Kind::Instant,
        amount_paid: Kind::Money("currency"), amount_withheld: Kind::Money("currency"),
        amount_credited: Kind::Money("currency"), paid_on: Kind::Day,
        proposal_id: id::<ProposalKind>(), kind, deduct_deposits: Kind::Flag,
        deducted_in: id::<InvoiceKind>(), reminders_off: Kind::Flag, thanked_at: Kind::Instant,
    },
    key: "number",
    page: 50,
};

pub const CREDIT_NOTES: Section = Section::by_id(
    "credit_notes t JOIN invoices i ON i.id = t.invoice_id JOIN clients c ON c.id = t.client_id \
     WHERE t.account_id = ?1",
    columns! {
        id: id::<CreditNoteKind>(), number, invoice_id: id::<InvoiceKind>(),
        invoice_number => "i.number", client_id: id::<ClientKind>(), client_name => "c.name",
        currency, amount: Kind::Money("currency"), tax: Kind::Money("currency"),
        taxes: Kind::Sums("currency"), items: Kind::Sums("currency"), reason,
        issue_date: Kind::Day, is_void: Kind::Flag, seller: Kind::Json, buyer: Kind::Json,
        created_at: Kind::Instant,
    },
    50,
);

pub const TAXES: Section = Section::by_id(
    "taxes t WHERE t.account_id = ?1",
    columns! {
        id: id::<TaxKind>(), name, rate: Kind::Decimal, category, note, is_default: Kind::Flag,
        created_at: Kind::Instant, updated_at: Kind::Instant,
    },
    200,
);

pub const MESSAGES: Section = Section::by_id(
    "messages t WHERE t.account_id = ?1",
    columns! {
        id: id::<MessageKind>(), name, email, content,
        read_at: Kind::Instant, created_at: Kind::Instant,
    },
    200,
);

pub const PORTFOLIO: Section = Section::by_id(
    "portfolio_items t WHERE t.account_id = ?1",
    columns! {
        id: id::<PortfolioItemKind>(), title, description,
        technologies: Kind::Json, images: Kind::Json, links: Kind::Json,
        created_at: Kind::Instant, updated_at: Kind::Instant,
    },
    100,
);

pub const ACTIVITY: Section = Section::by_id(
    "activity t WHERE t.account_id = ?1",
    columns! {
        type => "t.kind", subject, currency, amount: Kind::Money("currency"), client_name,
        entity_id, at: Kind::Instant,
    },
    500,
);

/// The exported columns of an invoice line.
pub const ITEMS: Columns = columns! {
    id: id::<ItemKind>(), position: Kind::Whole => "t.position + 1", description,
    quantity: Kind::Decimal, unit, rate: Kind::Decimal,
    discount_percent: Kind::Decimal, discount_amount: Kind::Decimal, taxes: Kind::Json,
    currency => "i.currency", amount: Kind::Money("currency"), deposit_id: id::<InvoiceKind>(),
};

/// The exported columns of a payment.
pub const PAYMENTS: Columns = columns! {
    id: id::<PaymentKind>(), currency, amount: Kind::Money("currency"),
    base_currency, base_rate: Kind::Decimal, base_amount: Kind::Money("base_currency"),
    paid_at: Kind::Instant, kind, withheld: Kind::Money("currency"), paid_on: Kind::Day, method,
    reference, note, reverses: id::<PaymentKind>(), created_at: Kind::Instant,
    checkout_id: id::<CheckoutKind>(), fee_currency, fee: Kind::Money("fee_currency"),
};

const DEFAULTS: Columns = columns! {
    business_name, address: Kind::Parts, country_code, tax_id, registration_number, email, phone,
    website, number_pattern, credit_note_pattern, payment_terms_days: Kind::Whole,
    tax_rate: Kind::Decimal, notes, payment_instructions,
    payment_methods: Kind::Parts, number_format, accent, template, paper,
};

/// Returns a page of a list, and where the next one begins, if there may be one.
pub fn page(
    tx: &mut Tx,
    section: &Section,
    account: AccountId,
    after: &Cursor,
) -> Result<(Vec<Fields>, Option<Cursor>)> {
    let Section { rows, columns, key, page } = section;
    let is_by_id = *key == "id";
    let after = match after {
        Cursor::Start if is_by_id => Value::Bytes(&[]),
        Cursor::Start => Value::Text(""),
        Cursor::Id(id) => Value::Bytes(id),
        Cursor::Text(text) => Value::Text(text),
    };
    let rows = format!("{rows} AND t.{key} > ?2 ORDER BY t.{key} LIMIT ?3");
    let most = i64::try_from(*page).map_err(Error::internal)?;
    let mut last = None;
    let rows =
        tx.list(select(key, columns, &rows), &[(&account).into(), after, most.into()], |row| {
            last = Some(if is_by_id { Cursor::Id(row.get(0)?) } else { Cursor::Text(row.get(0)?) });
            fields(row, columns)
        })?;
    let next = if rows.len() < *page { None } else { last };
    Ok((rows, next))
}

/// Returns the invoices with these ids, in no order.
pub fn invoices(tx: &mut Tx, account: AccountId, ids: &[InvoiceId]) -> Result<Vec<Fields>> {
    let Section { rows, columns, key, .. } = INVOICES;
    // As in `Query::among`.
    let rows = rows.replace("t.account_id", "+t.account_id");
    let sql = select(key, columns, &format!("{rows} AND t.id IN rarray(?2)"));
    tx.list(sql, values![&account, any_of(ids)], |row| fields(row, columns))
}

/// Returns the lines of an invoice.
pub fn items(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<Fields>> {
    let rows = "invoices i JOIN invoice_items t ON t.invoice_id = i.id \
                WHERE i.id = ?1 ORDER BY t.position";
    tx.list(select("position", ITEMS, rows), values![&invoice], |row| fields(row, ITEMS))
}

/// Returns the payments of an invoice, by day.
pub fn payments(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<Fields>> {
    let sql = select("id", PAYMENTS, "payments t WHERE t.invoice_id = ?1 ORDER BY t.paid_at, t.id");
    tx.list(sql, values![&invoice], |row| fields(row, PAYMENTS))
}

/// Returns the defaults for new invoices, if ever set.
pub fn invoice_defaults(tx: &mut Tx, account: AccountId) -> Result<Option<Fields>> {
    let sql = select("account_id", DEFAULTS, "invoice_defaults t WHERE t.account_id = ?1");
    tx.find(sql, values![&account], |row| fields(row, DEFAULTS))
}

/// Returns the statement for the key of some rows and the columns after it.
fn select(key: &str, columns: Columns, rows: &str) -> &'static str {
    let column = |column: &Column| match column.sql {
        Some(sql) => sql.to_owned(),
        None => format!("t.{}", column.name),
    };
    let columns = columns.iter().map(column).collect::<Vec<_>>().join(", ");
    statement(format!("SELECT t.{key}, {columns} FROM {rows}"))
}

/// Reads the columns after the key.
fn fields(row: &dyn Row, columns: Columns) -> Result<Fields> {
    let place = |name| columns.iter().zip(1..).find(|(column, _)| column.name == name);
    let cells = columns.iter().zip(1..).map(|(column, at)| {
        let currency = match column.kind {
            Kind::Money(name) | Kind::Sums(name) => {
                place(name).map(|(_, at)| row.get(at)).transpose()?.flatten()
            }
            _ => None,
        };
        Ok((column.field(), cell(row, at, column.kind, currency)?))
    });
    cells.collect()
}

fn cell(row: &dyn Row, column: usize, kind: Kind, currency: Option<Currency>) -> Result<Json> {
    let text = |text: Option<String>| text.map_or(Json::Null, Json::String);
    Ok(match kind {
        Kind::Id(write) => text(row.bytes(column)?.and_then(write)),
        Kind::Text | Kind::Day => text(row.get(column)?),
        Kind::Whole => row.int(column)?.map_or(Json::Null, Json::from),
        Kind::Decimal => match row.get::<Option<Decimal>>(column)? {
            Some(number) => exact(number)?,
            None => Json::Null,
        },
        Kind::Money(_) => match row.int(column)?.zip(currency) {
            Some((minor, currency)) => exact(Money::new(minor, currency).decimal())?,
            None => Json::Null,
        },
        Kind::Instant => {
            let at: Option<Timestamp> = row.get(column)?;
            text(at.map(|at| JsonTime::of_instant(at).to_string()))
        }
        Kind::Flag => row.int(column)?.map_or(Json::Null, |number| Json::Bool(number != 0)),
        Kind::Sums(_) => match row.text(column)?.zip(currency) {
            Some((kept, currency)) => sums(kept, currency)?,
            None => Json::Null,
        },
        Kind::Json | Kind::Parts => match row.text(column)? {
            Some(kept) => serde_json::from_str(kept).map_err(Error::internal)?,
            None => Json::Null,
        },
    })
}

/// Returns taxes or lines with their sums in major units.
fn sums(kept: &str, currency: Currency) -> Result<Json> {
    let mut rows: Vec<Fields> = serde_json::from_str(kept).map_err(Error::internal)?;
    for row in &mut rows {
        for name in ["base", "amount"] {
            if let Some(minor) = row.get(name).and_then(Json::as_i64) {
                row.insert(name.to_owned(), exact(Money::new(minor, currency).decimal())?);
            }
        }
    }
    Ok(rows.into())
}

/// Returns a decimal as a JSON number with the same digits.
pub fn exact(number: Decimal) -> Result<Json> {
    number.normalize().to_string().parse().map(Json::Number).map_err(Error::internal)
}

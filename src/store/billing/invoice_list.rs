//! Lists of invoices: filters, search and order.

use jiff::civil::Date;

use super::invoice::{LIST, fill, is_open, read};
use crate::{
    domain::{
        error::Result,
        id::{AccountId, InvoiceId},
        invoice::{Invoice, InvoiceFilter, InvoiceSort, InvoiceStatus},
        page::Listing,
    },
    store::{
        dashboard, engine::Tx, exchange_rate::LatestRates, list_total, lister::Query,
        search::like_pattern,
    },
};

/// The condition for a search.
const SEARCH: &str = "(number_key LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM clients \
                      WHERE clients.id = invoices.client_id AND search_key LIKE ? ESCAPE '\\'))";

/// Lists a page of invoices with their clients and lines, in the requested order. The default is
/// newest first, except overdue invoices by due date and invoices of a period by issue date, latest
/// first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
    rates: &LatestRates,
) -> Result<Listing<Invoice>> {
    let mut found = match order(filter) {
        None => newest(tx, &account, filter, today)?.page(tx, filter.page, read)?,
        Some(order) => match in_order(tx, &account, filter, &order)? {
            Some(query) => query.page(tx, filter.page, read)?,
            None => {
                let query = matching(&account, filter, today);
                let ids = sorted(tx, &query, order.column, order.is_down, rates)?;
                query.page_of(tx, &ids, filter.page, read)?
            }
        },
    };
    fill(tx, account, &mut found.entries, rates)?;
    Ok(found)
}

/// Lists the newest invoices whose number or client contains a folded text.
pub fn search(
    tx: &mut Tx,
    account: AccountId,
    text: &str,
    most: i64,
    rates: &LatestRates,
) -> Result<Vec<Invoice>> {
    let query = LIST.of(&account).only("status <> 'cancelled'");
    let query = query.which(SEARCH, Some(like_pattern(text)));
    let mut found = query.first(tx, most, read)?;
    fill(tx, account, &mut found, rates)?;
    Ok(found)
}

/// Returns the ids of all invoices that match a filter, in the order of [`list`].
pub fn list_ids(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
    rates: &LatestRates,
) -> Result<Vec<InvoiceId>> {
    let (column, is_down) = match order(filter) {
        Some(order) => (order.column, order.is_down),
        None if filter.status == Some(InvoiceStatus::Overdue) => ("due_date", true),
        None => ("''", true),
    };
    sorted(tx, &matching(&account, filter, today), column, is_down, rates)
}

/// The columns that determine the value of an invoice.
const WORTH: &str = "amount, currency";

/// Returns the ids of the matching invoices, ordered by a column.
fn sorted(
    tx: &mut Tx,
    query: &Query,
    column: &'static str,
    is_down: bool,
    rates: &LatestRates,
) -> Result<Vec<InvoiceId>> {
    if column != WORTH {
        return query.ids_by(tx, column, is_down, |row| row.get::<String>(1));
    }
    let rates = rates.get(tx)?;
    // Amounts without a known rate count as less than any other.
    query.ids_by(
        tx,
        WORTH,
        is_down,
        |row| Ok(rates.convert(row.get::<i64>(1)?.into(), row.get(2)?)),
    )
}

/// The sort column of a list.
struct Order {
    column: &'static str,
    is_down: bool,
    /// Empty if no index has this order.
    sql: &'static str,
}

fn order(filter: &InvoiceFilter) -> Option<Order> {
    let sort = match filter.sort {
        None if filter.issued_from.or(filter.issued_to).is_none() => return None,
        sort => sort.unwrap_or(InvoiceSort::IssuedDown),
    };
    let (column, is_down, sql) = match sort {
        InvoiceSort::Number => ("number", false, "number"),
        InvoiceSort::NumberDown => ("number", true, "number DESC"),
        InvoiceSort::Issued => ("issue_date", false, "issue_date, id"),
        InvoiceSort::IssuedDown => ("issue_date", true, "issue_date DESC, id DESC"),
        InvoiceSort::Due => ("due_date", false, "due_date, id"),
        InvoiceSort::DueDown => ("due_date", true, "due_date DESC, id DESC"),
        InvoiceSort::Amount => (WORTH, false, ""),
        InvoiceSort::AmountDown => (WORTH, true, ""),
    };
    Some(Order { column, is_down, sql })
}

/// Selects invoices in the order of an index: all of them or only paid ones, or those of a period
/// by issue date. None if another index finds fewer rows for the filter, or no index has the order.
fn in_order<'a>(
    tx: &mut Tx,
    account: &'a AccountId,
    filter: &InvoiceFilter,
    order: &Order,
) -> Result<Option<Query<'a>>> {
    let (from, to) = (filter.issued_from, filter.issued_to);
    let is_narrow =
        (&filter.client_id, &filter.project_id, &filter.search) != (&None, &None, &None);
    let is_of_few = !matches!(filter.status, None | Some(InvoiceStatus::Paid));
    if order.sql.is_empty()
        || is_narrow
        || is_of_few
        || (from.or(to).is_some() && order.column != "issue_date")
    {
        return Ok(None);
    }
    let mut query = LIST.of(account).only("status <> 'cancelled'").order(order.sql);
    if let Some(status) = filter.status.map(InvoiceStatus::as_str) {
        let total = list_total::find(tx, *account, &LIST.total_of("status", status))?;
        // Written so that no index on the status applies: its rows would have to be sorted.
        query = query.which("(status = ? OR ? IS NULL)", Some(status)).known(total);
    }
    let query = query.which("issue_date >= ?", from).which("issue_date <= ?", to);
    Ok(Some(query.which("currency = ?", filter.currency)))
}

/// Selects the invoices that match a filter, in no order.
fn matching<'a>(account: &'a AccountId, filter: &'a InvoiceFilter, today: Date) -> Query<'a> {
    let all = LIST.of(account);
    let of_status = match filter.status {
        None => all.only("status <> 'cancelled'"),
        Some(InvoiceStatus::Sent) => all.only(is_open!()).which("due_date >= ?", Some(today)),
        Some(InvoiceStatus::Overdue) => all.only(is_open!()).which("due_date < ?", Some(today)),
        Some(status) => all.which("status = ?", Some(status.as_str())),
    };
    of_status
        .which("client_id = ?", filter.client_id.as_ref())
        .which("project_id = ?", filter.project_id.as_ref())
        .which(SEARCH, filter.search.as_deref().map(like_pattern))
        .which("issue_date >= ?", filter.issued_from)
        .which("issue_date <= ?", filter.issued_to)
        .which("currency = ?", filter.currency)
}

/// Selects invoices, newest first, or overdue ones by due date, latest first.
fn newest<'a>(
    tx: &mut Tx,
    account: &'a AccountId,
    filter: &'a InvoiceFilter,
    today: Date,
) -> Result<Query<'a>> {
    let all = LIST.of(account);
    let query = match filter.status {
        Some(InvoiceStatus::Cancelled) => all,
        _ => all.only("status <> 'cancelled'"),
    };
    // Pending invoices are read in id order, skipping overdue ones. With `>=` instead of `NOT <`,
    // SQLite would read all of them by due date and sort them.
    let query = match filter.status {
        Some(InvoiceStatus::Sent) => query.only(is_open!()).which("NOT due_date < ?", Some(today)),
        Some(InvoiceStatus::Overdue) => query
            .only(is_open!())
            .which("due_date < ?", Some(today))
            .order("due_date DESC, id DESC"),
        status => query.equal("status", status.map(InvoiceStatus::as_str)),
    };
    let of_project = match filter.status {
        // Written so that no index applies: otherwise all invoices of a project would be read and
        // sorted.
        Some(InvoiceStatus::Overdue) => "(project_id = ? OR ? IS NULL)",
        _ => "project_id = ?",
    };
    let mut query = query
        .equal("client_id", filter.client_id.as_ref())
        .which(of_project, filter.project_id.as_ref())
        .which(SEARCH, filter.search.as_deref().map(like_pattern))
        .which("currency = ?", filter.currency);
    let is_open = matches!(filter.status, Some(InvoiceStatus::Sent | InvoiceStatus::Overdue));
    let is_narrow = (&filter.client_id, &filter.project_id, &filter.search, filter.currency)
        != (&None, &None, &None, None);
    if is_open && !is_narrow {
        let is_overdue = filter.status == Some(InvoiceStatus::Overdue);
        let open = dashboard::open(tx, *account, today)?;
        let sums = open.iter().filter(|sum| sum.overdue == is_overdue);
        query = query.known(sums.map(|sum| sum.entries.unsigned_abs()).sum());
    }
    Ok(query)
}

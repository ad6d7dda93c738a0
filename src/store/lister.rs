//! Lists: an account's rows that meet some conditions, page by page, and their number.
//!
//! Statements are built from constants and never freed, so that engines can keep them prepared.

use std::{
    collections::HashSet,
    fmt::Display,
    sync::{LazyLock, PoisonError, RwLock},
};

use super::{
    engine::{Row, Tx, Value, any_of, values},
    list_total,
    search::Search,
};
use crate::domain::{
    error::{Error, Result},
    id::{AccountId, Id},
    page::{Listing, Page},
};

/// A table whose rows are listed. It has the columns `id` and `account_id`.
pub struct Lister {
    /// The name of its total; see [`list_total`].
    pub name: &'static str,
    pub table: &'static str,
    /// The columns to read, beginning with the id.
    pub columns: &'static str,
    /// Joins to the found rows, which are called `found`.
    pub join: &'static str,
}

impl Lister {
    /// Creates a lister of a table whose total has the table's name, without joins.
    pub const fn new(table: &'static str, columns: &'static str) -> Self {
        Self { name: table, table, columns, join: "" }
    }

    /// Selects all rows of an account.
    pub fn of<'a>(&'static self, account: &'a AccountId) -> Query<'a> {
        Query {
            lister: self,
            account,
            condition: "account_id = ?1".to_owned(),
            values: vec![account.into()],
            order: "id DESC",
            total: Total::Kept(self.name.to_owned()),
        }
    }

    /// Returns the name of the total of the rows with this value.
    pub fn total_of(&self, column: &str, value: impl Display) -> String {
        format!("{}:{}:{value}", self.name, column.trim_end_matches("_id"))
    }

    /// Adds `by` to the total of all rows, and to the totals of the rows with each of these values.
    pub fn tally(
        &self,
        tx: &mut Tx,
        account: AccountId,
        groups: &[(&str, &dyn Display)],
        by: i64,
    ) -> Result<()> {
        let groups = groups.iter().map(|(column, value)| self.total_of(column, value));
        let lists: Vec<_> = std::iter::once(self.name.to_owned()).chain(groups).collect();
        list_total::bump(tx, account, &lists, by)
    }
}

/// A query for rows of an account, narrowed condition by condition.
pub struct Query<'a> {
    lister: &'static Lister,
    account: &'a AccountId,
    condition: String,
    values: Vec<Value<'a>>,
    order: &'static str,
    total: Total,
}

/// The source of the number of rows.
enum Total {
    /// The total with this name.
    Kept(String),
    Known(u64),
    /// A count of the rows.
    Counted,
}

impl<'a> Query<'a> {
    /// Excludes rows that do not meet a condition. The totals do not include such rows.
    pub fn only(mut self, condition: &'static str) -> Self {
        self.condition.extend([" AND ", condition]);
        self
    }

    /// Keeps rows that meet a condition, if there is a value for its `?`. The number of rows is
    /// then counted.
    pub fn which(mut self, condition: &'static str, value: Option<impl Into<Value<'a>>>) -> Self {
        if let Some(value) = value {
            self.push(condition, value.into());
            self.total = Total::Counted;
        }
        self
    }

    /// Counts the rows, for tables without totals.
    pub fn counted(self) -> Self {
        Self { total: Total::Counted, ..self }
    }

    /// Keeps only the rows with these ids, and finds them by id. Without statistics, SQLite would
    /// scan all rows of the account; the `+` prevents that.
    pub fn among<'i, K: 'i>(mut self, ids: impl IntoIterator<Item = &'i Id<K>>) -> Self {
        self.condition = self.condition.replacen("account_id", "+account_id", 1);
        self.push("id IN rarray(?)", any_of(ids));
        self.total = Total::Counted;
        self
    }

    /// Keeps rows with this value, if any. Rows with such a value have their own total.
    pub fn equal<T>(mut self, column: &'static str, value: Option<T>) -> Self
    where
        T: Copy + Display + Into<Value<'a>>,
    {
        if let Some(value) = value {
            self.push(&format!("{column} = ?"), value.into());
            self.total = match self.total {
                Total::Kept(name) if name == self.lister.name => {
                    Total::Kept(self.lister.total_of(column, value))
                }
                _ => Total::Counted,
            };
        }
        self
    }

    /// Sets the order; the default is newest first.
    pub fn order(self, order: &'static str) -> Self {
        Self { order, ..self }
    }

    /// Sets the number of rows.
    pub fn known(self, total: u64) -> Self {
        Self { total: Total::Known(total), ..self }
    }

    fn push(&mut self, condition: &str, value: Value<'a>) {
        self.values.push(value);
        let number = format!("?{}", self.values.len());
        self.condition.extend([" AND ", &condition.replace('?', &number)]);
    }

    /// Finds the row with this id.
    ///
    /// # Errors
    ///
    /// `NotFound`, with the message of this key.
    pub fn find<T, K>(
        self,
        tx: &mut Tx,
        key: &'static str,
        id: &'a Id<K>,
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<T> {
        let this = self.which("id = ?", Some(id));
        tx.find(this.select(""), &this.values, read)?.ok_or_else(|| Error::not_found(key))
    }

    /// Returns all rows, in no order.
    pub fn all<T>(&self, tx: &mut Tx, read: impl FnMut(&dyn Row) -> Result<T>) -> Result<Vec<T>> {
        tx.list(self.select(""), &self.values, read)
    }

    /// Returns the first rows, at most `most`.
    pub fn first<T>(
        &self,
        tx: &mut Tx,
        most: i64,
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (order, limit) = (self.order, self.values.len() + 1);
        let sql = self.select(&format!(" ORDER BY {order} LIMIT ?{limit}"));
        tx.list(sql, &[&self.values[..], values![most]].concat(), read)
    }

    /// Returns a page of the rows, and their number.
    pub fn page<T>(
        &self,
        tx: &mut Tx,
        page: Page,
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Listing<T>> {
        let (order, limit) = (self.order, self.values.len() + 1);
        let sql = self.select(&format!(" ORDER BY {order} LIMIT ?{limit} OFFSET ?{}", limit + 1));
        let values = [&self.values[..], values![page.limit(), page.offset()]].concat();
        let entries = tx.list(sql, &values, read)?;
        Ok(Listing { entries, total: self.count(tx)?, page })
    }

    /// Returns a page of the rows whose column or client contains a folded text, if any, newest
    /// first, and their number.
    pub fn search<T>(
        &self,
        tx: &mut Tx,
        (column, text): (&'static str, Option<&str>),
        page: Page,
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Listing<T>> {
        let Some(text) = text else { return self.page(tx, page, read) };
        let search = Search::new(tx, *self.account, text)?;
        let Lister { table, .. } = self.lister;
        let condition = &self.condition;
        let sql = statement(format!(
            "SELECT id, client_id, {column} FROM {table} WHERE {condition} ORDER BY id DESC"
        ));
        let found: Vec<Option<Id<()>>> = tx.list(sql, &self.values, |row| {
            let is_found = search.finds(row.get(1)?, row.text(2)?);
            is_found.then(|| row.get(0)).transpose()
        })?;
        let found: Vec<_> = found.into_iter().flatten().collect();
        self.page_of(tx, &found, page, read)
    }

    /// Returns the ids of the rows, ordered by the key that `read` makes of these columns, counted
    /// from 1, and then by id. They are sorted here, so that the database can use whichever index
    /// finds them fastest.
    pub fn ids_by<K, T: Ord>(
        &self,
        tx: &mut Tx,
        columns: &'static str,
        is_down: bool,
        read: impl Fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<Id<K>>> {
        let (table, condition) = (self.lister.table, &self.condition);
        let sql = statement(format!("SELECT id, {columns} FROM {table} WHERE {condition}"));
        let mut found: Vec<(T, Id<K>)> =
            tx.list(sql, &self.values, |row| Ok((read(row)?, row.get(0)?)))?;
        found.sort_unstable_by(|(a, first), (b, second)| {
            a.cmp(b).then_with(|| first.uuid().cmp(&second.uuid()))
        });
        if is_down {
            found.reverse();
        }
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Returns a page of the rows with these ids, in this order, and their number.
    pub fn page_of<T, K>(
        &self,
        tx: &mut Tx,
        found: &[Id<K>],
        page: Page,
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Listing<T>> {
        let (skipped, most) = (page.offset().unsigned_abs(), page.limit().unsigned_abs());
        let shown: Vec<_> = found.iter().skip(skipped as usize).take(most as usize).collect();
        let rows = self.lister.of(self.account).among(shown.iter().copied());
        let mut entries = rows.all(tx, |row| Ok((row.get::<Id<K>>(0)?, read(row)?)))?;
        entries.sort_by_key(|(id, _)| shown.iter().position(|shown| shown.uuid() == id.uuid()));
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(Listing { entries, total: found.len() as u64, page })
    }

    /// Returns the number of rows.
    pub fn count(&self, tx: &mut Tx) -> Result<u64> {
        match &self.total {
            Total::Kept(name) => return list_total::find(tx, *self.account, name),
            Total::Known(total) => return Ok(*total),
            Total::Counted => {}
        }
        let (table, condition) = (self.lister.table, &self.condition);
        let sql = statement(format!("SELECT count(*) FROM {table} WHERE {condition}"));
        tx.one(sql, &self.values, |row| row.get(0)).map(i64::unsigned_abs)
    }

    fn select(&self, tail: &str) -> &'static str {
        let Lister { table, columns, join, .. } = self.lister;
        let condition = &self.condition;
        statement(if join.is_empty() {
            format!("SELECT {columns} FROM {table} WHERE {condition}{tail}")
        } else {
            let found = format!("SELECT * FROM {table} WHERE {condition}{tail}");
            format!("SELECT {columns} FROM ({found}) AS found {join}")
        })
    }
}

/// Makes a statement static. There are few, since all parts are constants.
pub fn statement(sql: String) -> &'static str {
    static KNOWN: LazyLock<RwLock<HashSet<&'static str>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&*sql) {
        return known;
    }
    let sql: &'static str = sql.leak();
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(sql);
    sql
}

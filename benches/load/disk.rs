//! The database file without a server: how fast the disk commits bare batches of transactions, and
//! rows of other accounts added in bulk.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::Failure;
use crate::measure::Scenario;

/// Clients and invoices per account added in bulk.
const CLIENTS_EACH: i64 = 10;
const INVOICES_EACH: i64 = 20;

/// The database of a stopped server, with the account that filled it.
pub struct Database {
    connection: Connection,
    account: Vec<u8>,
    next_id: u128,
}

impl Database {
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let connection = Connection::open(file)?;
        for (pragma, value) in
            [("journal_mode", "WAL"), ("synchronous", "FULL"), ("wal_autocheckpoint", "4000")]
        {
            connection.pragma_update(None, pragma, value)?;
        }
        let account = connection.query_row(
            "SELECT account_id FROM invoices ORDER BY id DESC LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        let newest: Vec<u8> = connection.query_row(
            "SELECT max(id) FROM (SELECT max(id) AS id FROM activity \
             UNION ALL SELECT max(id) FROM invoices UNION ALL SELECT max(id) FROM clients)",
            [],
            |row| row.get(0),
        )?;
        let newest = newest.try_into().map_err(|_| "an id of another length")?;
        Ok(Self { connection, account, next_id: u128::from_be_bytes(newest) + 1 })
    }

    /// Returns how many transactions of a scenario's size one thread can commit per second, in
    /// batches of `batch`. None for read-only scenarios.
    pub fn bare_rate(
        &mut self,
        scenario: Scenario,
        batch: usize,
        length: Duration,
    ) -> Result<Option<f64>, Failure> {
        let work = match scenario {
            Scenario::CreateClient => Creation::client(&self.connection, &self.account)?,
            Scenario::CreateInvoice => Creation::invoice(&self.connection, &self.account)?,
            _ => return Ok(None),
        };
        let (begin, mut done) = (Instant::now(), 0);
        while begin.elapsed() < length {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for _ in 0..batch {
                work.write(&transaction, &self.account, &mut self.next_id)?;
            }
            transaction.commit()?;
            done += batch;
        }
        Ok(Some(done as f64 / begin.elapsed().as_secs_f64()))
    }

    /// Adds accounts with a few clients and invoices each, copied from the first account.
    pub fn add_accounts(&mut self, count: usize) -> Result<(), Failure> {
        let connection = &self.connection;
        let new_account = copy(
            connection,
            "accounts",
            &[("email", "?3"), ("email_key", "?3"), ("username", "NULL"), ("username_key", "NULL")],
        )?;
        let new_client = copy(connection, "clients", &[("account_id", "?3")])?;
        let new_invoice = copy(
            connection,
            "invoices",
            &[
                ("account_id", "?3"),
                ("client_id", "?4"),
                ("number", "?5"),
                ("status", "'draft'"),
                ("link_hash", "NULL"),
            ],
        )?;
        let client_from = newest(connection, "clients", &self.account)?;
        let invoice_from = newest(connection, "invoices", &self.account)?;
        let transaction = self.connection.transaction()?;
        for _ in 0..count {
            let account = id(&mut self.next_id);
            let email = format!("{:x}@example.com", self.next_id);
            let mut insert = transaction.prepare_cached(&new_account)?;
            insert.execute(params![account, self.account, email])?;
            let mut client = Vec::new();
            for _ in 0..CLIENTS_EACH {
                client = id(&mut self.next_id);
                let mut insert = transaction.prepare_cached(&new_client)?;
                insert.execute(params![client, client_from, account])?;
            }
            for number in 1..=INVOICES_EACH {
                let (id, number) = (id(&mut self.next_id), format!("INV-2026-{number:03}"));
                let mut insert = transaction.prepare_cached(&new_invoice)?;
                insert.execute(params![id, invoice_from, account, client, number])?;
            }
            for (list, entries) in [
                ("clients", CLIENTS_EACH),
                ("invoices", INVOICES_EACH),
                ("invoices:status:draft", INVOICES_EACH),
            ] {
                let sql = "INSERT INTO list_totals (account_id, list, entries) VALUES (?1, ?2, ?3)";
                transaction.prepare_cached(sql)?.execute(params![account, list, entries])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

/// The rows that one request of a scenario writes.
struct Creation {
    copy: String,
    from: Vec<u8>,
    /// The clients of new rows in turn, never adjacent in an index.
    clients: Vec<Vec<u8>>,
    items: i64,
    lists: &'static [&'static str],
    log: String,
    log_from: Vec<u8>,
}

impl Creation {
    fn client(connection: &Connection, account: &[u8]) -> Result<Self, Failure> {
        Self::new(connection, account, "clients", &[], 0, &["clients"])
    }

    fn invoice(connection: &Connection, account: &[u8]) -> Result<Self, Failure> {
        let set = [
            ("number", "hex(?1)"),
            ("number_key", "hex(?1)"),
            ("link_hash", "NULL"),
            ("client_id", "?3"),
        ];
        let lists = &["invoices", "invoices:status:draft", "clients"];
        Self::new(connection, account, "invoices", &set, 2, lists)
    }

    fn new(
        connection: &Connection,
        account: &[u8],
        table: &str,
        set: &[(&str, &str)],
        items: i64,
        lists: &'static [&'static str],
    ) -> Result<Self, Failure> {
        Ok(Self {
            copy: copy(connection, table, set)?,
            from: newest(connection, table, account)?,
            clients: connection
                .prepare("SELECT id FROM clients WHERE account_id = ?1 ORDER BY random()")?
                .query_map([account], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
            items,
            lists,
            log: copy(connection, "activity", &[])?,
            log_from: newest(connection, "activity", account)?,
        })
    }

    fn write(&self, tx: &Transaction, account: &[u8], next: &mut u128) -> Result<(), Failure> {
        let made = id(next);
        let client = &self.clients[*next as usize % self.clients.len()];
        let mut insert = tx.prepare_cached(&self.copy)?;
        insert.raw_bind_parameter(1, &made)?;
        insert.raw_bind_parameter(2, &self.from)?;
        if insert.parameter_count() > 2 {
            insert.raw_bind_parameter(3, client)?;
        }
        insert.raw_execute()?;
        if self.items > 0 {
            let sql =
                "UPDATE invoice_series SET next_number = next_number + 1 WHERE account_id = ?1";
            tx.prepare_cached(sql)?.execute([account])?;
        }
        for position in 0..self.items {
            let sql = "INSERT INTO invoice_items (invoice_id, position, id, description, \
                 quantity, rate, amount) VALUES (?1, ?2, ?3, 'Development', '1', '750', 75000)";
            tx.prepare_cached(sql)?.execute(params![made, position, id(next)])?;
        }
        for list in self.lists {
            let sql = "UPDATE list_totals SET entries = entries + 1 \
                 WHERE account_id = ?1 AND list = ?2";
            tx.prepare_cached(sql)?.execute(params![account, list])?;
        }
        tx.prepare_cached(&self.log)?.execute(params![id(next), self.log_from])?;
        Ok(())
    }
}

fn id(next: &mut u128) -> Vec<u8> {
    *next += 1;
    next.to_be_bytes().to_vec()
}

fn newest(connection: &Connection, table: &str, account: &[u8]) -> Result<Vec<u8>, Failure> {
    let sql = format!("SELECT id FROM {table} WHERE account_id = ?1 ORDER BY id DESC LIMIT 1");
    let found = connection.query_row(&sql, [account], |row| row.get(0)).optional()?;
    found.ok_or_else(|| format!("no row in {table} to copy").into())
}

/// Returns a statement that copies the row with id `?2` to id `?1`. `set` lists the columns that
/// get other values.
fn copy(connection: &Connection, table: &str, set: &[(&str, &str)]) -> Result<String, Failure> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    let values = names.iter().map(|name| {
        let other = set.iter().find(|(of, _)| of == name).map(|(_, value)| *value);
        other.unwrap_or(if name == "id" { "?1" } else { name })
    });
    let values: Vec<&str> = values.collect();
    Ok(format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE id = ?2",
        names.join(", "),
        values.join(", "),
    ))
}

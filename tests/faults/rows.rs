//! The rows of a database, and what they must never contain.

use std::collections::BTreeMap;

use freelanceos::{
    domain::id::{AccountId, ClientId, InvoiceId},
    store::{
        Database, doctor,
        engine::{Tx, Value as Bound},
        sqlite,
    },
};

use super::ledger::State;

/// The clients and invoices of an account by id.
pub fn rows(database: &Database, account: &AccountId) -> BTreeMap<String, State> {
    let read = |tx: &mut Tx| {
        let clients = tx.list(
            "SELECT id, name, deleted_at FROM clients WHERE account_id = ?1",
            &[Bound::from(account)],
            |row| {
                let is_deleted = row.get::<Option<i64>>(2)?.is_some();
                let name = row.get(1)?;
                let state = if is_deleted { State::Deleted } else { State::Client { name } };
                Ok((row.get::<ClientId>(0)?.to_string(), state))
            },
        )?;
        let invoices = tx.list(
            "SELECT id, number, amount, status FROM invoices WHERE account_id = ?1",
            &[Bound::from(account)],
            |row| {
                let status: String = row.get(3)?;
                let known = ["draft", "sent", "paid", "cancelled"];
                let status = known.into_iter().find(|word| *word == status).unwrap();
                let state = State::Invoice { number: row.get(1)?, amount: row.get(2)?, status };
                Ok((row.get::<InvoiceId>(0)?.to_string(), state))
            },
        )?;
        Ok(clients.into_iter().chain(invoices).collect())
    };
    database.peek(|connection| read(&mut Tx::new(connection))).unwrap()
}

/// The account with this email.
pub fn account_of(database: &Database, name: &str) -> AccountId {
    let key = format!("{name}@example.com");
    database
        .peek(|connection| {
            let sql = "SELECT id FROM accounts WHERE email_key = ?1";
            Tx::new(connection).one(sql, &[Bound::from(key)], |row| row.get(0))
        })
        .unwrap()
}

/// Queries for half-written rows, each of which must count 0.
const HALF_WRITTEN: &[&str] = &[
    "SELECT count(*) FROM invoices WHERE subtotal <> \
     (SELECT coalesce(sum(amount), -1) FROM invoice_items WHERE invoice_id = invoices.id)",
    "SELECT count(*) FROM invoices WHERE (status = 'paid') <> \
     EXISTS (SELECT 1 FROM payments WHERE invoice_id = invoices.id)",
    "SELECT count(*) FROM payments JOIN invoices ON invoices.id = invoice_id \
     WHERE payments.amount <> invoices.amount",
    "SELECT count(*) FROM invoices WHERE status IN ('sent', 'paid') AND (link_hash IS NULL \
     OR NOT (EXISTS (SELECT 1 FROM invoice_files WHERE invoice_id = invoices.id) \
     OR EXISTS (SELECT 1 FROM jobs WHERE kind = 'print_invoice' AND jobs.subject = invoices.id)) \
     OR NOT EXISTS (SELECT 1 FROM mails WHERE invoice_id = invoices.id))",
    "SELECT (SELECT count(*) FROM invoices) - \
     (SELECT count(*) FROM activity WHERE kind = 'invoice_created')",
    "SELECT (SELECT count(*) FROM payments) - \
     (SELECT count(*) FROM activity WHERE kind = 'invoice_paid')",
    "SELECT (SELECT count(*) FROM credit_notes) - (SELECT count(*) FROM activity \
     WHERE kind IN ('credit_note_issued', 'invoice_voided'))",
    "SELECT count(*) FROM credit_notes WHERE NOT \
     (EXISTS (SELECT 1 FROM credit_note_files WHERE credit_note_id = credit_notes.id) \
     OR EXISTS (SELECT 1 FROM jobs WHERE kind = 'print_credit_note' \
     AND jobs.subject = credit_notes.id))",
    // Invoice numbers have no gaps or duplicates.
    "SELECT CAST((SELECT sum(next_number - 1) FROM number_series WHERE kind = 'invoice') AS BIGINT) - \
     (SELECT count(*) FROM invoices)",
    "SELECT coalesce(CAST((SELECT sum(next_number - 1) FROM number_series \
     WHERE kind = 'credit_note') AS BIGINT), 0) - (SELECT count(*) FROM credit_notes)",
    "SELECT count(*) FROM (SELECT count(*) AS entries, count(DISTINCT number) AS numbers, \
     max(CAST(substr(number, 10) AS INTEGER)) AS greatest FROM invoices GROUP BY account_id) \
     AS series WHERE entries <> numbers OR entries <> greatest",
];

/// The database is intact, no row is half written, and its sums match a recount.
pub fn check_whole(database: &Database) {
    if let Some(file) = database.file() {
        assert_eq!(sqlite::check(file).unwrap(), Vec::<String>::new());
    }
    database
        .peek(|connection| {
            let tx = &mut Tx::new(connection);
            assert_eq!(doctor::rollups(tx)?, Vec::<String>::new());
            for sql in HALF_WRITTEN {
                let found: Option<i64> = tx.one(sql, &[], |row| row.get(0))?;
                assert_eq!(found.unwrap_or(0), 0, "{sql}");
            }
            Ok(())
        })
        .unwrap();
}

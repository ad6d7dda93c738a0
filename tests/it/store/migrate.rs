//! Databases of released versions are migrated without losing a row.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use freelanceos::store::{Database, Store, doctor, engine::Tx, migrate, sqlite};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::support::START;

/// A demo database of a released version.
struct Fixture {
    version: i64,
    bytes: &'static [u8],
    /// Counts and sums over every table that the version added.
    facts: &'static [&'static str],
}

const FIXTURES: &[Fixture] = &[
    Fixture {
        version: 1,
        bytes: include_bytes!("fixtures/version-1.db.gz"),
        facts: &[
            "SELECT count(*) FROM accounts",
            "SELECT count(*) FROM sessions",
            "SELECT count(*) FROM clients",
            "SELECT sum(length(name)) FROM clients",
            "SELECT count(*) FROM clients WHERE search_key LIKE '%@%'",
            "SELECT count(*) FROM projects",
            "SELECT sum(budget) FROM projects",
            "SELECT count(*) FROM milestones",
            "SELECT sum(amount) FROM milestones",
            "SELECT count(*) FROM proposals",
            "SELECT sum(amount) FROM proposals",
            "SELECT sum(next_number) FROM invoice_series",
            "SELECT count(*) FROM invoices",
            "SELECT sum(amount) FROM invoices",
            "SELECT sum(length(seller) + length(buyer)) FROM invoices",
            "SELECT count(*) FROM invoice_items",
            "SELECT sum(amount) FROM invoice_items",
            "SELECT count(*) FROM payments",
            "SELECT sum(amount) FROM payments",
            "SELECT sum(base_amount) FROM payments",
            "SELECT count(*) FROM exchange_rates",
            "SELECT count(*) FROM activity",
            "SELECT sum(base_amount) FROM timeline_totals",
            "SELECT sum(amount) FROM open_totals",
            "SELECT sum(base_amount) FROM client_totals",
        ],
    },
    Fixture {
        version: 2,
        bytes: include_bytes!("fixtures/version-2.db.gz"),
        facts: &[
            "SELECT sum(activated_at) FROM accounts",
            "SELECT count(username_key) FROM accounts",
            "SELECT count(refresh_hash) FROM sessions",
            "SELECT count(*) FROM email_codes",
            "SELECT sum(length(seed)) FROM two_factor",
            "SELECT count(*) FROM backup_codes",
            "SELECT count(*) FROM passkeys",
            "SELECT count(*) FROM passkey_challenges",
            "SELECT count(skills) FROM profiles",
            "SELECT sum(length(images)) FROM portfolio_items",
            "SELECT count(*) FROM profile_visitors",
            "SELECT sum(views) FROM profile_views",
            "SELECT sum(length(content)) FROM messages",
            "SELECT count(link_hash) + count(link) FROM proposals",
            "SELECT count(*) FROM outbox",
            "SELECT sum(used) FROM rate_windows",
            "SELECT count(*) FROM request_answers",
        ],
    },
    Fixture {
        version: 3,
        bytes: include_bytes!("fixtures/version-3.db.gz"),
        facts: &[
            "SELECT sum(length(date_format)) FROM accounts",
            "SELECT sum(deleted_at) FROM accounts",
            "SELECT sum(length(content)) FROM images",
            "SELECT sum(width * height) FROM images",
            "SELECT sum(length(prefix) + due_days) FROM invoice_defaults",
            "SELECT count(logo) FROM invoice_defaults",
            "SELECT count(link_hash) + count(link) FROM invoices",
            "SELECT sum(viewed_at) + sum(reminded_at) FROM invoices",
            "SELECT sum(length(content) + length(sha256)) FROM invoice_files",
            "SELECT sum(length(number_key)) FROM invoices",
            "SELECT count(invoice_id) FROM outbox",
        ],
    },
    Fixture {
        version: 4,
        bytes: include_bytes!("fixtures/version-4.db.gz"),
        facts: &[
            "SELECT sum(owner) FROM accounts",
            "SELECT sum(length(made_by)) FROM accounts",
            "SELECT sum(unproven_bytes) FROM accounts",
            "SELECT sum(idle_life) FROM sessions",
            "SELECT sum(length(file_name)) FROM outbox",
            "SELECT count(invoice_id) FROM milestones",
            "SELECT count(project_id) FROM proposals",
            "SELECT sum(length(number_format)) FROM invoice_defaults",
            "SELECT sum(length(sealed)) + sum(delivered_at) FROM outbox",
            "SELECT sum(failed_at) + sum(length(last_error)) FROM outbox WHERE failed_at > 0",
            WAITING,
        ],
    },
    Fixture {
        version: 5,
        bytes: include_bytes!("fixtures/version-5.db.gz"),
        facts: &[
            "SELECT count(*) FROM jobs",
            "SELECT sum(length(kind)) + sum(due_at) + sum(tries) FROM jobs",
            "SELECT sum(length(sealed)) + sum(created_at) FROM mails",
        ],
    },
    Fixture {
        version: 6,
        bytes: include_bytes!("fixtures/version-6.db.gz"),
        facts: &[
            "SELECT sum(length(accent) + length(template) + length(paper)) FROM invoice_defaults",
            "SELECT count(*) FROM invoice_defaults WHERE accent <> '#0b5c46'",
        ],
    },
    Fixture {
        version: 7,
        bytes: include_bytes!("fixtures/version-7.db.gz"),
        facts: &[
            "SELECT count(*) FROM taxes WHERE is_default = 1",
            "SELECT sum(length(name) + length(rate) + length(category)) FROM taxes",
            "SELECT sum(length(note)) FROM taxes",
            "SELECT sum(length(taxes)) FROM invoices",
            "SELECT sum(discount) FROM invoices",
            "SELECT sum(length(discount_percent)) FROM invoices",
            "SELECT sum(length(discount_amount)) FROM invoices",
            "SELECT sum(prices_include_tax) FROM invoices",
            "SELECT sum(length(withholding) + length(withholding_rate)) FROM invoices",
            "SELECT sum(withheld_amount) FROM invoices",
            "SELECT sum(length(service_from) + length(service_to)) FROM invoices",
            "SELECT sum(length(reference)) FROM invoices",
            "SELECT sum(length(unit)) FROM invoice_items",
            "SELECT sum(length(discount_percent)) FROM invoice_items",
            "SELECT sum(length(discount_amount)) FROM invoice_items",
            "SELECT sum(length(taxes)) FROM invoice_items",
            "SELECT count(*) FROM payments WHERE kind = 'reversal'",
            "SELECT count(*) FROM payments WHERE kind = 'refund'",
            "SELECT sum(withheld) FROM payments",
            "SELECT sum(length(paid_on)) FROM payments",
            "SELECT sum(length(method)) FROM payments",
            "SELECT sum(length(reference)) FROM payments",
            "SELECT sum(length(note)) FROM payments",
            "SELECT count(*) FROM payments WHERE reverses IN (SELECT id FROM payments)",
            "SELECT sum(created_at) FROM payments",
            "SELECT sum(amount_paid) FROM invoices",
            "SELECT sum(amount_withheld) FROM invoices",
            "SELECT sum(amount_credited) FROM invoices",
            "SELECT sum(length(paid_on)) FROM invoices",
            "SELECT count(*) FROM invoices WHERE status = 'cancelled' AND amount_credited = amount",
            "SELECT sum(amount) FROM timeline_totals WHERE measure = 'earned_on'",
            "SELECT sum(length(rate) + length(day)) FROM exchange_rate_days",
            "SELECT sum(length(address)) FROM clients",
            "SELECT sum(length(country_code)) FROM clients",
            "SELECT sum(length(tax_id) + length(registration_number)) FROM clients",
            "SELECT sum(length(billing_currency) + payment_terms_days) FROM clients",
            "SELECT sum(length(cc_emails)) FROM clients WHERE cc_emails <> '[]'",
            "SELECT sum(length(buyer_reference) + length(notes)) FROM clients",
            "SELECT sum(length(language) + length(peppol_id)) FROM clients",
            "SELECT sum(length(address) + length(country_code)) FROM invoice_defaults",
            "SELECT sum(length(registration_number)) FROM invoice_defaults",
            "SELECT sum(length(email) + length(phone) + length(website)) FROM invoice_defaults",
            "SELECT sum(payment_terms_days) FROM invoice_defaults",
            "SELECT sum(length(number_pattern)) FROM invoice_defaults",
            "SELECT count(*) FROM invoice_defaults WHERE credit_note_pattern = 'CR-{YYYY}-{NN}'",
            "SELECT sum(next_number) FROM number_series WHERE kind = 'credit_note'",
            "SELECT sum(length(number_period)) FROM invoices",
            "SELECT count(*) FROM mails WHERE cc <> '[]'",
            "SELECT sum(amount) FROM credit_notes",
            "SELECT sum(tax) FROM credit_notes",
            "SELECT sum(length(number) + length(reason) + length(issue_date)) FROM credit_notes",
            "SELECT sum(length(taxes) + length(items)) FROM credit_notes",
            "SELECT sum(length(seller) + length(buyer)) FROM credit_notes",
            "SELECT sum(is_void) FROM credit_notes",
            "SELECT sum(length(content) + length(sha256)) FROM credit_note_files",
        ],
    },
    Fixture {
        version: 8,
        bytes: include_bytes!("fixtures/version-8.db.gz"),
        facts: &[
            "SELECT sum(length(payment_methods)) FROM invoice_defaults WHERE payment_methods <> '[]'",
            "SELECT count(*) FROM invoices WHERE proposal_id IN (SELECT id FROM proposals)",
            "SELECT count(*) FROM milestones WHERE unpaid_status = 'completed'",
            "SELECT sum(length(items)) FROM proposals",
            "SELECT sum(length(tax_rate)) FROM proposals WHERE tax_rate <> '0'",
            "SELECT sum(length(discount_percent)) FROM proposals",
            "SELECT sum(length(discount_amount)) FROM proposals",
            "SELECT sum(prices_include_tax) FROM proposals",
            "SELECT sum(length(deposit_percent)) FROM proposals",
            "SELECT sum(length(deposit_amount)) FROM proposals",
            "SELECT count(*) FROM invoices WHERE kind = 'deposit'",
            "SELECT sum(deduct_deposits) FROM invoices",
            "SELECT count(*) FROM invoices WHERE deducted_in IN (SELECT id FROM invoices)",
            "SELECT count(*) FROM invoice_items WHERE deposit_id IN (SELECT id FROM invoices)",
            "SELECT sum(length(provider) + length(last4)) FROM payment_providers",
            "SELECT sum(length(secret_key) + length(hook_hash) + length(hook)) FROM payment_providers",
            "SELECT sum(length(webhook_secret)) FROM payment_providers",
            "SELECT sum(created_at + updated_at) FROM payment_providers",
            "SELECT sum(amount) FROM checkouts",
            "SELECT sum(received_amount) FROM checkouts",
            "SELECT sum(fee) FROM checkouts",
            "SELECT sum(length(provider) + length(reference) + length(handle)) FROM checkouts",
            "SELECT sum(length(currency) + length(received_currency) + length(fee_currency)) FROM checkouts",
            "SELECT sum(length(state)) FROM checkouts",
            "SELECT sum(length(reason)) FROM checkouts",
            "SELECT sum(length(method) + length(receipt)) FROM checkouts",
            "SELECT sum(created_at + expires_at) FROM checkouts",
            "SELECT sum(returned_at) + sum(settled_at) FROM checkouts",
            "SELECT count(*) FROM checkouts WHERE invoice_id IN (SELECT id FROM invoices)",
            "SELECT count(*) FROM payments WHERE checkout_id IN (SELECT id FROM checkouts)",
            "SELECT sum(fee) + sum(length(fee_currency)) FROM payments",
        ],
    },
];

/// The schedule of waiting mail.
const WAITING: &str = "SELECT sum(due_at) + sum(tries) + sum(length(last_error)) FROM outbox \
    WHERE delivered_at IS NULL AND failed_at IS NULL";

/// The same query for a database since version 5.
fn since_5(sql: &'static str) -> String {
    match sql {
        WAITING => "SELECT sum(due_at) + sum(tries) + sum(length(last_error)) FROM jobs".to_owned(),
        _ => sql.replace(" outbox", " mails"),
    }
}

/// The same query for databases from version 7 on.
fn since_7(sql: &'static str) -> String {
    match sql {
        "SELECT sum(length(prefix) + due_days) FROM invoice_defaults" => {
            let rest = "-{YYYY}-{NNN}".len();
            let sum = format!("length(number_pattern) - {rest} + payment_terms_days");
            format!("SELECT sum({sum}) FROM invoice_defaults")
        }
        _ => since_5(sql).replace(" invoice_series", " number_series"),
    }
}

fn facts(
    path: &Path,
    known: &[&'static str],
    told: impl Fn(&'static str) -> String,
) -> BTreeMap<&'static str, Option<i64>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let fact = |sql| connection.query_row(&told(sql), [], |row| row.get(0)).unwrap();
    known.iter().map(|sql| (*sql, fact(sql))).collect()
}

#[test]
fn a_database_of_every_released_version_migrates_without_losing_anything() {
    let mut known = Vec::new();
    for Fixture { version, bytes, facts: added } in FIXTURES {
        known.extend_from_slice(added);
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("freelanceos.db");
        let mut whole = Vec::new();
        GzDecoder::new(*bytes).read_to_end(&mut whole).unwrap();
        fs::write(&path, whole).unwrap();
        let told = |sql| match version {
            ..5 => str::to_owned(sql),
            5..7 => since_5(sql),
            _ => since_7(sql),
        };
        let before = facts(&path, &known, told);
        let empty: Vec<_> =
            before.iter().filter(|(_, sum)| sum.is_none_or(|sum| sum <= 0)).collect();
        assert!(empty.is_empty(), "version {version} proves nothing of {empty:?}");

        let migration =
            migrate::run(&Database::Sqlite(path.clone()), START.parse().unwrap()).unwrap();
        assert_eq!((migration.from, migration.to), (*version, migrate::latest()));
        // An up-to-date database is not copied.
        assert_eq!(migration.copy.is_some_and(|copy| copy.exists()), *version < migrate::latest());
        let after = facts(&path, &known, since_7);
        assert_eq!(after, before, "version {version}");
        // All rollups, including new ones, match a recount.
        let differing = sqlite::peek(&path, |connection| doctor::rollups(&mut Tx::new(connection)));
        assert_eq!(differing.unwrap(), Vec::<String>::new());
        // Paid invoices stay paid, and every rate is the rate for its day. Version 7 introduced
        // partial payments.
        let paid = [
            "SELECT count(*) FROM invoices WHERE amount_paid <> amount AND status = 'paid'",
            "SELECT count(*) FROM invoices WHERE amount_paid <> 0 AND status <> 'paid'",
            "SELECT (SELECT count(*) FROM exchange_rates) - count(*) FROM exchange_rate_days",
            "SELECT count(*) FROM payments WHERE created_at <> paid_at OR kind <> 'payment'",
        ];
        if *version < 7 {
            let wrong = facts(&path, &paid, str::to_owned);
            assert!(wrong.values().all(|count| *count == Some(0)), "version {version}: {wrong:?}");
        }
        // No row violates the current schema.
        let broken: Vec<String> = {
            let connection = rusqlite::Connection::open(&path).unwrap();
            let mut check = connection.prepare("PRAGMA foreign_key_check").unwrap();
            let rows = check.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert!(broken.is_empty(), "{broken:?}");
        // The owner of the server is the oldest active account.
        let owner = sqlite::peek(&path, |connection| {
            let sql = "SELECT count(*) FROM accounts, program_state WHERE owner = 1 \
                AND name = 'set_up' AND id = (SELECT id FROM accounts \
                WHERE activated_at IS NOT NULL ORDER BY id LIMIT 1)";
            Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
        });
        assert_eq!(owner.unwrap(), 1);
        // Active accounts stay active, and pending ones stay pending.
        let waiting = sqlite::peek(&path, |connection| {
            let sql = "SELECT count(*) FROM accounts WHERE (activated_at IS NULL \
                AND email <> 'waiting@example.com' AND deleted_at IS NULL) OR role <> 'freelancer'";
            Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
        });
        assert_eq!(waiting.unwrap(), 0);
    }
}

#[test]
fn a_database_of_version_9_which_changed_nothing_gets_what_came_later() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("freelanceos.db");
    let mut whole = Vec::new();
    GzDecoder::new(FIXTURES[7].bytes).read_to_end(&mut whole).unwrap();
    fs::write(&path, whole).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("INSERT INTO schema_version VALUES (9, 0)", []).unwrap();
    drop(connection);
    let database = Database::Sqlite(path.clone());
    let migration = migrate::run(&database, START.parse().unwrap()).unwrap();
    assert_eq!((migration.from, migration.to), (9, migrate::latest()));
    let connection = rusqlite::Connection::open(&path).unwrap();
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM reminder_settings"), 0);
    assert_eq!(count("SELECT count(*) FROM invoices WHERE reminders_off <> 0"), 0);
}

#[test]
fn clients_from_older_versions_are_found_without_accents_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("freelanceos.db");
    let mut whole = Vec::new();
    GzDecoder::new(FIXTURES[2].bytes).read_to_end(&mut whole).unwrap();
    fs::write(&path, whole).unwrap();
    // As version 3 normalised it.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "UPDATE clients SET name = 'Adébáyọ̀ Straße', email = 'A@example.com', \
             company = NULL, search_key = 'adébáyọ̀ straße' || char(10) || 'a@example.com' || char(10) \
             WHERE id = (SELECT max(id) FROM clients)",
        )
        .unwrap();
    drop(connection);
    migrate::run(&Database::Sqlite(path.clone()), START.parse().unwrap()).unwrap();
    let key: String = sqlite::peek(&path, |connection| {
        let sql = "SELECT search_key FROM clients ORDER BY id DESC LIMIT 1";
        Tx::new(connection).one(sql, &[], |row| row.get(0))
    })
    .unwrap();
    assert_eq!(key, "adebayo strasse\na@example.com\n");
}

#[test]
fn addresses_countries_and_numbers_of_older_versions_keep_what_they_say() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("freelanceos.db");
    let mut whole = Vec::new();
    GzDecoder::new(FIXTURES[5].bytes).read_to_end(&mut whole).unwrap();
    fs::write(&path, whole).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "UPDATE invoice_defaults SET prefix = 'ACME', address = '1 Broad Street' || char(13) \
             || char(10) || 'Lagos Island' || char(10) || 'Lagos 101241' || char(10) || 'Nigeria'; \
             UPDATE clients SET country = 'Côte d''Ivoire' WHERE id = (SELECT max(id) FROM clients); \
             UPDATE clients SET country = 'Atlantis' WHERE id = (SELECT min(id) FROM clients);",
        )
        .unwrap();
    drop(connection);
    migrate::run(&Database::Sqlite(path.clone()), START.parse().unwrap()).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let text =
        |sql: &str| -> Option<String> { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        text("SELECT address FROM invoice_defaults LIMIT 1").as_deref(),
        Some(
            r#"{"street":"1 Broad Street","street2":"Lagos Island","city":"Lagos","postalCode":"101241"}"#
        )
    );
    for (sql, expected) in [
        ("SELECT country_code FROM invoice_defaults LIMIT 1", Some("NG")),
        ("SELECT number_pattern FROM invoice_defaults LIMIT 1", Some("ACME-{YYYY}-{NNN}")),
        ("SELECT country_code FROM clients ORDER BY id DESC LIMIT 1", Some("CI")),
        ("SELECT country_code FROM clients ORDER BY id LIMIT 1", None),
        ("SELECT country FROM clients ORDER BY id LIMIT 1", Some("Atlantis")),
        ("SELECT min(kind || ' ' || length(period)) FROM number_series", Some("invoice 4")),
        ("SELECT min(number) FROM invoices WHERE number_period <> substr(number, 5, 4)", None),
    ] {
        assert_eq!(text(sql).as_deref(), expected, "{sql}");
    }
}

#[tokio::test]
async fn only_copies_made_before_upgrades_are_deleted_after_thirty_days() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("freelanceos.db");
    let database = Database::Sqlite(file.clone());
    let now: Timestamp = START.parse().unwrap();
    migrate::run(&database, now).unwrap();
    let name = |rest: &str| folder.path().join(format!("freelanceos{rest}"));
    let day = |days: i64| {
        let time = now - SignedDuration::from_hours(24 * days);
        time.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    let old = [name(&format!(".v3-{}.db", day(31))), name(&format!(".v12-{}.db", day(400)))];
    let kept = [
        name(&format!(".v3-{}.db", day(29))),
        name(&format!(".v3-{}.db", day(-2))),
        name(&format!("-of-mine.v3-{}.db", day(31))),
        name(&format!(".vital-{}.db", day(31))),
        name(&format!(".v3-{}.db.gz", day(31))),
        name(".v3-before.db"),
        file,
    ];
    let (_, made) = kept.split_last().unwrap();
    old.iter().chain(made).for_each(|copy| fs::write(copy, "copy").unwrap());
    Store::open(&database).unwrap().remove_old_copies(now).await.unwrap();
    let left = |files: &[PathBuf]| files.iter().filter(|file| file.exists()).count();
    assert_eq!((left(&old), left(&kept)), (0, kept.len()));
}

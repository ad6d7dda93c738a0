//! Query plans of the lists and the dashboard: always an index.

use freelanceos::{
    domain::{
        client::ClientFilter,
        credit_note::CreditNoteFilter,
        dashboard::Period,
        date::{month_start, week_start},
        error::Result,
        id::{AccountId, MailId},
        invoice::{InvoiceFilter, InvoiceSort, InvoiceStatus},
        job::{Job, JobKind},
        milestone::MilestoneFilter,
        money::Currency,
        number_series::SeriesKind,
        outbox::{Document, MailFilter, MailStatus},
        page::Page,
        passkey::{Ceremony, Identifier},
        payment::{Method, PaymentFilter},
        project::{ProjectFilter, ProjectStatus},
        proposal::{ProposalFilter, ProposalStatus},
        provider::ProviderKind,
        reminder::{ReminderFilter, ReminderState, SkipReason},
        session::Claims,
    },
    store::{
        self, Database,
        engine::{Connection, Tx},
        exchange_rate::LatestRates,
        sqlite,
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    postgres_plan::{self, fill_with},
    recorder::{asked_by, assert_indexed, id},
};
use crate::support::{Home, START};

/// Reads every list in every way, and every figure of the dashboard.
fn read_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    let claims = Claims { account, session: id(1) };
    store::session::actor(tx, claims, START.parse().unwrap())?;
    let rates = LatestRates::new(account, Currency::USD);
    rates.get(tx)?;
    let now: Timestamp = START.parse().unwrap();
    let today = now.to_zoned(TimeZone::UTC).date();

    list_all(tx, account, &rates, today)?;
    store::client::find(tx, account, id(5), &rates)?;
    store::client::list_latest(tx, account, &[id(5)])?;
    store::client::list_names(tx, account, 1000)?;
    store::project::list_names(tx, account, None, 1000)?;
    store::project::list_names(tx, account, Some(id(7)), 1000)?;
    store::invoice::find(tx, account, id(5), &rates)?;
    store::invoice::find_seller(tx, account, id(5))?;
    store::invoice::search(tx, account, "inv", 5, &rates)?;
    store::invoice::draft_amounts(tx, account, 1000)?;
    store::invoice::count(tx, account, Some(InvoiceStatus::Paid))?;
    store::export::invoices(tx, account, &[id(5)])?;
    store::invoice_defaults::find(tx, account)?;
    for kind in [SeriesKind::Invoice, SeriesKind::CreditNote] {
        let pattern = store::invoice_defaults::find_pattern(tx, account, kind)?;
        store::number_series::find(tx, account, kind, &pattern, today)?;
        store::number_series::draw(tx, account, kind, today)?;
        store::number_series::set(tx, account, kind, &pattern.period(today), 7)?;
    }
    store::invoice_file::find(tx, id(5))?;
    store::invoice_link::find_linked(tx, b"hash")?;
    store::invoice_link::find(tx, account, id(5))?;
    store::invoice_link::find_times(tx, account, id(5))?;
    store::invoice_link::list_times(tx, account, &[id(5)])?;
    store::invoice_link::mark_viewed(tx, id(5), now)?;
    store::invoice_link::mark_reminded(tx, id(5), now)?;
    let documents =
        [Document::Invoice(id(5)), Document::Proposal(id(5)), Document::CreditNote(id(5))];
    for document in documents {
        store::outbox::list_about(tx, document)?;
    }
    store::outbox::list_troubled_of(tx, account, now, 5)?;
    store::outbox::failed_of_invoices(tx, &[id(5)], now)?;
    store::outbox::find_of(tx, account, id(5)).map(drop).or_else(|_| Ok(()))?;
    store::project::find(tx, account, id(5), &rates)?;
    store::proposal::find(tx, account, id(5), &rates)?;
    store::activity::list(tx, account, 20)?;
    let page = Page { number: 2, size: 10 };
    for after in [None, Some(id(5))] {
        store::activity::notices(tx, account, after, page)?;
    }
    store::activity::newest_notice(tx, account)?;
    store::activity::oldest_unread_notice(tx, account)?;
    store::activity::count_unread_notices(tx, account, 100)?;
    store::activity::mark_notices_read(tx, account, id(5))?;
    store::mail_settings::find(tx, account)?;

    store::dashboard::earned_in_all(tx, account)?;
    for (span, starts) in [
        (Period::Monthly, month_start as fn(Date, i32) -> Result<Date>),
        (Period::Weekly, week_start as fn(Date, i32) -> Result<Date>),
    ] {
        let zone = TimeZone::get("Asia/Colombo").unwrap();
        let edges: Result<Vec<Timestamp>> = (-11..=1)
            .map(|by| Ok(starts(today, by)?.to_zoned(zone.clone()).unwrap().timestamp()))
            .collect();
        store::dashboard::earned_between(tx, account, span, &edges?, &zone)?;
    }
    store::dashboard::active_change_since(tx, account, now)?;
    store::dashboard::open(tx, account, today)?;
    store::dashboard::open_by_due(tx, account, today, Date::MAX)?;
    store::dashboard::open_invoices(tx, account, (Date::ZERO, today), 5)?;
    store::dashboard::deadlines(tx, account, Date::ZERO)?;
    store::project::count(tx, account, ProjectStatus::Active)?;
    Ok(())
}

/// Reads every list with every combination of its filters.
fn list_all(tx: &mut Tx, account: AccountId, rates: &LatestRates, today: Date) -> Result<()> {
    let page = Page { number: 2, size: 10 };
    let every = |words: &[&'static str]| -> Vec<Option<&str>> {
        words.iter().copied().map(Some).chain([None]).collect()
    };
    for search in [None, Some("inv".to_owned())] {
        let search = || search.clone();
        store::client::list(tx, account, &ClientFilter { search: search(), page }, rates)?;
        for client_id in [None, Some(id(7))] {
            for word in every(ProjectStatus::WORDS) {
                let status = word.and_then(ProjectStatus::from_word);
                let filter = ProjectFilter { status, client_id, search: search(), page };
                store::project::list(tx, account, &filter, rates)?;
            }
            for word in every(ProposalStatus::WORDS) {
                let status = word.and_then(ProposalStatus::from_word);
                let filter = ProposalFilter { status, client_id, search: search(), page };
                store::proposal::list(tx, account, &filter, rates)?;
            }
            for (word, project_id) in every(InvoiceStatus::WORDS)
                .into_iter()
                .flat_map(|word| [(word, None), (word, Some(id(9)))])
            {
                let status = word.and_then(InvoiceStatus::from_word);
                for sort in every(InvoiceSort::WORDS) {
                    for (day, currency) in [None, Some(today)]
                        .into_iter()
                        .flat_map(|day| [(day, None), (day, Some(Currency::USD))])
                    {
                        let filter = InvoiceFilter {
                            status,
                            client_id,
                            project_id,
                            search: search(),
                            issued_from: day,
                            issued_to: day,
                            currency,
                            sort: sort.and_then(InvoiceSort::from_word),
                            page,
                        };
                        store::invoice::list(tx, account, &filter, today, rates)?;
                        store::invoice::list_ids(tx, account, &filter, today, rates)?;
                    }
                }
            }
        }
    }
    for project_id in [None, Some(id(9))] {
        store::milestone::list(tx, account, &MilestoneFilter { project_id, page })?;
    }
    for client_id in [None, Some(id(7))] {
        for method in [None, Some(Method::Cash)] {
            for from in [None, Some(today)] {
                for to in [None, Some(today)] {
                    let filter = PaymentFilter { client_id, from, to, method, page };
                    store::payment::list(tx, account, &filter, &TimeZone::UTC)?;
                }
            }
        }
    }
    store::payment::list_of_invoice(tx, account, id(5), page)?;
    store::payment::ledger(tx, account, id(5))?;
    store::payment::find(tx, account, id(5)).map(drop).or_else(|_| Ok(()))?;
    for invoice_id in [None, Some(id(5))] {
        for client_id in [None, Some(id(7))] {
            store::credit_note::list(
                tx,
                account,
                &CreditNoteFilter { invoice_id, client_id, page },
            )?;
        }
    }
    store::credit_note::list_of_invoice(tx, account, id(5))?;
    store::credit_note::amounts_of_invoice(tx, id(5))?;
    store::credit_note::find(tx, account, id(5)).map(drop).or_else(|_| Ok(()))?;
    store::credit_note::find_file(tx, id(5))?;
    store::checkout::list_held(tx, account, page)?;
    for word in every(MailStatus::WORDS) {
        let status = word.and_then(MailStatus::from_word);
        for (invoice_id, proposal_id, credit_note_id) in [
            (None, None, None),
            (Some(id(5)), None, None),
            (None, Some(id(5)), None),
            (None, None, Some(id(5))),
        ] {
            let filter = MailFilter { status, invoice_id, proposal_id, credit_note_id, page };
            store::outbox::list_page(tx, account, &filter)?;
        }
    }
    store::checkout::list_held_of_invoice(tx, account, id(5))?;
    store::checkout::find(tx, account, id(5)).map(drop).or_else(|_| Ok(()))?;
    store::checkout::find_by_reference(tx, account, ProviderKind::Stripe, "r5")?;
    store::checkout::find_of_invoice(tx, id(5), "r5")?;
    store::provider::list(tx, account)?;
    for word in every(ReminderState::WORDS) {
        let state = word.and_then(ReminderState::from_word);
        store::reminder::list(tx, account, &ReminderFilter { state, page })?;
    }
    store::reminder::list_of_invoice(tx, account, id(5), page)?;
    store::reminder::find_settings(tx, account)?;
    store::reminder::list_remindable(tx, account, (Date::MIN, id(5)), today, 500)?;
    store::reminder::find_remindable(tx, id(5))?;
    store::reminder::is_client_gone(tx, id(5))?;
    store::reminder::mark_thanked(tx, id(5), START.parse().unwrap())?;
    let (from, last) = ((today, id(5)), (today, Date::MAX));
    store::reminder::list_expiring(tx, account, last, from, 25)?;
    store::reminder::mark_proposal(tx, id(5), START.parse().unwrap())?;
    store::reminder::find_step(tx, id(5))?;
    store::reminder::mark_skipped(tx, id(5), SkipReason::Paid)?;
    store::invoice::find_newest_open(tx, account, rates)?;
    store::provider::find(tx, account, ProviderKind::Stripe)?;
    store::provider::find_hook(tx, b"hash")?;
    store::statement::postings(tx, account, id(7), &TimeZone::UTC)?;
    store::exchange_rate::find_on(tx, account, Currency::USD, today)?;
    store::exchange_rate::list_days(tx, account)?;
    store::message::list(tx, account, page)?;
    store::activity::feed(tx, account, page)?;
    store::portfolio::list(tx, account, 10).map(drop)
}

/// Some thousand rows, most of them of one account.
fn fill(connection: &mut dyn Connection) -> Result<()> {
    let id = |number: &str| format!("unhex(printf('%032x', {number}))");
    let series = |rows: u32| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})")
    };
    let account = id("CASE i % 40 WHEN 0 THEN 2 ELSE 1 END");
    let client = id("1 + i % 30");
    let day = "date('2026-01-01', (i % 300 - 100) || ' days')";
    let word = |words: &[&str]| {
        let cases: Vec<_> =
            words.iter().enumerate().map(|(n, word)| format!("WHEN {n} THEN '{word}'")).collect();
        format!("CASE i * 7 % {} {} END", words.len(), cases.join(" "))
    };
    let (projects, proposals) = (word(ProjectStatus::WORDS), word(ProposalStatus::WORDS));
    let invoices = word(&["draft", "sent", "paid", "sent", "cancelled", "paid"]);
    let milestones = word(&["pending", "completed", "paid"]);
    let currency = word(&["USD", "NGN", "EUR", "XOF"]);
    let method = word(&["cash", "card", "paypal"]);
    let party = r#"'{"name":"N","email":"E"}'"#;
    for statement in [
        format!(
            "{} INSERT INTO accounts (id, email, email_key, \
             password_hash, first_name, last_name, currency, timezone, created_at, updated_at) \
             SELECT {}, 'e' || i, 'e' || i, '', '', '', 'USD', \
             'Africa/Lagos', 0, 0 FROM n",
            series(300),
            id("i")
        ),
        format!(
            "{} INSERT INTO sessions (id, account_id, created_at, expires_at, \
             last_used_at) SELECT {}, {account}, 0, 9e9, 0 FROM n",
            series(900),
            id("i")
        )
        .replace("9e9", "9000000000"),
        format!(
            "{} INSERT INTO clients (id, account_id, name, email, search_key, created_at, \
             updated_at, deleted_at) SELECT {}, {account}, 'N', 'E', 'n', 0, 0, \
             CASE i % 50 WHEN 0 THEN 1 END FROM n",
            series(900),
            id("i")
        ),
        format!(
            "{} INSERT INTO projects SELECT {}, {account}, {client}, 'P', '', {projects}, 'USD', \
             i, CASE i % 4 WHEN 0 THEN NULL ELSE {day} END, 0, 0, NULL FROM n",
            series(2000),
            id("i")
        ),
        format!(
            "{} INSERT INTO milestones (id, account_id, project_id, name, description, amount, \
             status, due_date, completed_at) SELECT {}, {account}, {}, 'M', NULL, i, \
             {milestones}, CASE i % 4 WHEN 0 THEN NULL ELSE {day} END, NULL FROM n",
            series(4000),
            id("i"),
            id("1 + i % 2000")
        ),
        format!(
            "{} INSERT INTO proposals (id, account_id, client_id, title, content, status, \
             currency, amount, created_at, updated_at, valid_until) \
             SELECT {}, {account}, {client}, 'T', '', {proposals}, 'USD', i, 0, 0, {day} FROM n",
            series(2000),
            id("i")
        ),
        format!(
            "{} INSERT INTO invoices (id, account_id, client_id, project_id, number, currency, \
             amount, subtotal, tax_rate, tax_amount, status, issue_date, due_date, created_at, \
             updated_at, number_key, link_hash) \
             SELECT {}, {account}, {client}, {}, 'INV-' || i, {currency}, i, i, '0', 0, \
             {invoices}, {day}, {day}, 0, 0, 'inv-' || i, {} FROM n",
            series(6000),
            id("i"),
            id("1 + i % 2000"),
            id("i")
        ),
        format!(
            "{} INSERT INTO invoice_items (invoice_id, position, id, description, quantity, rate, \
             amount) SELECT {}, 0, {}, 'W', '1', '1', 100 FROM n",
            series(6000),
            id("i"),
            id("i")
        ),
        format!(
            "{} INSERT INTO payments (id, account_id, invoice_id, client_id, currency, amount, \
             paid_at, method, reverses) SELECT {}, {account}, {}, {client}, {currency}, i, \
             i * 5000, {method}, CASE i % 50 WHEN 0 THEN {} END FROM n",
            series(6000),
            id("i"),
            id("1 + i % 5000"),
            id("i - 1")
        ),
        format!(
            "{} INSERT INTO credit_notes SELECT {}, {account}, {}, {client}, 'CN-' || i, \
             {currency}, 1, 0, '[]', '[]', '', {day}, {party}, {party}, 0, 0 FROM n",
            series(4000),
            id("i"),
            id("1 + i % 5000")
        ),
        format!(
            "{} INSERT INTO checkouts (id, account_id, invoice_id, provider, reference, currency, \
             amount, state, created_at, expires_at) SELECT {}, {account}, {}, 'paystack', \
             'r' || i, {currency}, 1, CASE i % 20 WHEN 0 THEN 'held' ELSE 'paid' END, 0, 0 FROM n",
            series(4000),
            id("i"),
            id("1 + i % 5000")
        ),
        format!(
            "{} INSERT INTO reminders SELECT {}, {account}, {}, i / 5000, \
             CASE i % 3 WHEN 0 THEN 'skipped' ELSE 'sent' END, NULL, \
             CASE i % 9 WHEN 0 THEN {} END, NULL, 0 FROM n",
            series(6000),
            id("i"),
            id("1 + i % 5000"),
            id("i")
        ),
        format!(
            "{} INSERT INTO reminder_settings SELECT {}, 1, '[]', NULL, 3, 0, 0, 0 FROM n",
            series(300),
            id("i")
        ),
        format!(
            "{} INSERT INTO payment_providers SELECT {}, 'paystack', {}, NULL, '', {}, {}, 0, 0, \
             NULL, NULL, NULL FROM n",
            series(300),
            id("i"),
            id("i"),
            id("i"),
            id("i")
        ),
        format!(
            "{} INSERT INTO exchange_rate_days SELECT {account}, 'EUR', 'USD', \
             date('2000-01-01', i || ' days'), '1.1' FROM n",
            series(6000)
        ),
        format!(
            "{} INSERT INTO exchange_rates SELECT {}, 'EUR', 'USD', '2026-01-01', '1.1' FROM n",
            series(300),
            id("i")
        ),
        format!(
            "{} INSERT INTO mails (id, account_id, kind, recipient, subject, tries, created_at, \
             invoice_id, about, delivered_at) SELECT {}, {account}, 'invoice', '', '', 0, 0, \
             CASE i % 2 WHEN 0 THEN {} END, CASE i % 2 WHEN 1 THEN {} END, \
             CASE i % 9 WHEN 0 THEN NULL ELSE 1 END FROM n",
            series(2000),
            id("i"),
            id("1 + i % 900"),
            id("1 + i % 700")
        ),
        format!(
            "{} INSERT INTO jobs (kind, subject, due_at, tries, created_at) \
             SELECT 'mail', {}, i, 0, 0 FROM n",
            series(2000),
            id("i")
        ),
        format!(
            "{} INSERT INTO activity SELECT {}, {account}, 'client_added', 'C', NULL, NULL, NULL, \
             NULL, 0, CASE i % 9 WHEN 0 THEN 1 ELSE 0 END FROM n",
            series(5000),
            id("i")
        ),
        format!("{} INSERT INTO list_totals SELECT {account}, 'list' || i, i FROM n", series(2000)),
        format!(
            "{} INSERT INTO timeline_totals SELECT {account}, 'earned', 'quarter', i * 90000, \
             'USD', 'USD', 1, i, i FROM n",
            series(4000)
        ),
        format!(
            "{} INSERT INTO open_totals SELECT {account}, CASE i % 3 WHEN 0 THEN 'month' \
             ELSE 'day' END, date('2022-01-01', i || ' days'), {currency}, 1, i FROM n",
            series(2000)
        ),
        format!(
            "{} INSERT INTO client_totals SELECT {}, {currency}, '', i, 0 FROM n",
            series(900),
            id("i")
        ),
    ] {
        connection.define(&statement)?;
    }
    Ok(())
}

#[test]
fn every_list_and_dashboard_query_uses_an_index_without_sorting() {
    let home = Home::new();
    let database = home.database();
    fill_with(database, fill);
    let asked = asked_by(database, |tx| read_all(tx, id(1)));
    assert!(asked.len() > 100, "only {} statements", asked.len());
    assert_indexed(database, &asked);
}

#[test]
fn the_worker_reads_only_waiting_jobs() {
    let home = Home::new();
    let database = home.database();
    let now: Timestamp = START.parse().unwrap();
    let asked = asked_by(database, |tx| {
        let (kind, mail): (_, MailId) = (JobKind::Mail, id(1));
        let job = Job::new(kind, mail, None, 1, now);
        store::jobs::create(tx, kind, mail, None, now, now)?;
        store::jobs::count_due(tx, kind, now, 20)?;
        store::jobs::claim_next(tx, kind, now, now)?;
        store::jobs::next_due(tx, kind)?;
        store::jobs::postpone(tx, &job, now, None)?;
        store::jobs::make_due(tx, kind, Some(mail), now)?;
        store::jobs::make_due::<()>(tx, kind, None, now)?;
        store::jobs::delete(tx, kind, mail)?;
        store::outbox::find(tx, mail)?;
        store::outbox::list_failed(tx)?;
        store::outbox::list_waiting(tx)?;
        store::outbox::health(tx, now, now)?;
        store::outbox::delete_old(tx, now, 1000).map(drop)
    });
    for sql in asked {
        let steps = match database {
            Database::Sqlite(file) => sqlite::query_plan(file, sql).unwrap(),
            Database::Postgres(_) => postgres_plan::plan(database, sql),
        };
        for step in steps {
            let has = |words: &[&str]| words.iter().any(|word| step.contains(word));
            let reads = has(&["SCAN", "SEARCH", "Scan using ", "Seq Scan "]);
            let sorts = has(&["TEMP B-TREE", "Sort"]);
            let by_index = [
                "jobs_due",
                "jobs_pkey",
                "mails_failed",
                "mails_by_age",
                "PRIMARY KEY",
                "mails_pkey",
            ];
            let is_led = has(&by_index);
            assert!(!sorts && (is_led || !reads), "{sql}\n{step}");
        }
    }
}

#[test]
fn a_passkey_and_its_challenge_are_found_by_an_index_for_any_account() {
    let home = Home::new();
    let database = home.database();
    let now: Timestamp = START.parse().unwrap();
    fill_with(database, fill);
    let known = database.change(|connection| {
        connection.execute("UPDATE accounts SET activated_at = created_at", &[])?;
        Ok(store::account::find(&mut Tx::new(connection), id(1))?.email)
    });
    let known = Identifier::Email(known.unwrap());
    let unknown = Identifier::Email("nobody@example.com".to_owned());
    let look_up = |identifier: &Identifier| {
        asked_by(database, |tx| {
            let (account, _) = store::passkey::find_for_login(tx, identifier)?;
            assert_eq!(account.is_some(), *identifier == known);
            Ok(())
        })
    };
    // The same two statements, so that timing does not reveal known accounts.
    let asked = look_up(&known);
    assert_eq!((asked.len(), &asked), (2, &look_up(&unknown)));

    let all = asked_by(database, |tx| {
        let username = Identifier::Username("nobody".to_owned());
        store::passkey::find_for_login(tx, &username)?;
        store::passkey::find_by_credential(tx, id(1), &[7])?;
        for ceremony in [Ceremony::Registration, Ceremony::Login] {
            store::passkey::take_challenge(tx, &[7], ceremony, now)?;
            store::passkey::take_own_challenge(tx, &[7], ceremony, id(1), now)?;
            store::passkey::keep_newest_challenges(tx, ceremony, id(1), 5)?;
        }
        store::passkey::delete(tx, id(1), id(5))?;
        store::removal::delete_expired(tx, now, 1000).map(drop)
    });
    let asked = asked.union(&all).copied().collect();
    let Some(file) = database.file() else { return assert_indexed(database, &asked) };
    for sql in asked {
        for step in sqlite::query_plan(file, sql).unwrap() {
            assert!(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "{sql}\n{step}");
        }
    }
}

//! Query plans for FreelanceHub's freelancer routes: always an index.

use freelanceos::{
    domain::{
        error::Result, id::AccountId, money::Currency, page::Page, profile::Visit,
        project::ProjectStatus, proposal::ProposalStatus,
    },
    store::{
        self,
        engine::{Connection, Tx},
        exchange_rate::LatestRates,
    },
};

use super::{
    postgres_plan::fill_with,
    recorder::{asked_by, assert_indexed, id},
};
use crate::support::{Home, START};

/// Runs every query and change of the freelancer routes.
fn ask_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    let page = Page { number: 2, size: 10 };
    let now = START.parse().unwrap();
    let day = "2026-03-18".parse().unwrap();

    store::account::find_by_username(tx, "u1")?;
    let profile = store::profile::find(tx, account)?;
    store::profile::set(tx, account, &profile, now)?;
    let visit = Visit { day, visitor: [1; 32] };
    store::profile::has_visit(tx, account, &visit)?;
    store::profile::add_visit(tx, account, &visit)?;
    store::profile::count_views(tx, account)?;
    store::profile::delete_visitors(tx, "2026-01-05".parse().unwrap(), 100)?;

    let items = store::portfolio::list(tx, account, 24)?;
    store::portfolio::count(tx, account)?;
    let item = store::portfolio::find(tx, account, items[0].id)?;
    store::portfolio::update(tx, &item)?;
    store::portfolio::delete(tx, account, item.id)?;

    let messages = store::message::list(tx, account, page)?.entries;
    let message = store::message::find(tx, account, messages[0].id)?;
    store::message::set_read(tx, &message, Some(now))?;
    store::message::delete(tx, &message)?;

    assert_eq!(store::activity::feed(tx, account, page)?.entries.len(), 10);
    store::dashboard::earned_in_all(tx, account)?;
    assert_eq!(store::dashboard::project_deadlines(tx, account)?.len(), 10);
    store::project::count(tx, account, ProjectStatus::Active)?;
    store::project::count_clients(tx, account)?;
    store::proposal::count(tx, account, ProposalStatus::Sent)?;

    let (owner, id) = store::proposal::find_linked(tx, &5_u128.to_be_bytes())?.unwrap();
    let rates = LatestRates::new(owner, Currency::USD);
    let proposal = store::proposal::find(tx, owner, id, &rates)?;
    store::proposal::find_record(tx, proposal)?;
    store::proposal::mark_signed(tx, id, "A", None)?;
    store::proposal::set_link(tx, id, &[9; 32], &[9; 60])
}

/// Some thousand rows, most of them of one account.
fn fill(connection: &mut dyn Connection) -> Result<()> {
    let of = |number: &str| format!("unhex(printf('%032x', {number}))");
    let (own, account, client) =
        (of("i"), of("CASE i % 40 WHEN 0 THEN 2 ELSE 1 END"), of("1 + i % 30"));
    let day = "date('2026-01-01', (i % 300) || ' days')";
    for (rows, insert) in [
        (
            300,
            format!(
                "accounts (id, email, email_key, password_hash, first_name, last_name, currency, \
                 timezone, created_at, updated_at, username, username_key) SELECT {own}, 'e' || i, \
                 'e' || i, '', '', '', 'USD', 'Africa/Lagos', 0, 0, 'u' || i, 'u' || i"
            ),
        ),
        (300, format!("profiles SELECT {own}, 'b', 't', 1, 'USD', '[]', 'busy', 'expert', 0")),
        (900, format!("portfolio_items SELECT {own}, {account}, 'T', '', '[]', '[]', '[]', 0, 0")),
        (4000, format!("profile_visitors SELECT {account}, {day}, {own}")),
        (1200, format!("profile_views SELECT {own}, {day}, 3").replace(&own, &of("1 + i / 300"))),
        (3000, format!("messages SELECT {own}, {account}, 'N', 'e', 'C', NULL, 0")),
        (
            5000,
            format!(
                "activity SELECT {own}, {account}, CASE i % 3 WHEN 0 THEN 'project_created' \
                 WHEN 1 THEN 'client_added' ELSE 'invoice_sent' END, 'C', NULL, NULL, NULL, NULL, 0, 0"
            ),
        ),
        (
            900,
            format!(
                "clients (id, account_id, name, email, search_key, created_at, updated_at) \
                 SELECT {own}, {account}, 'N', 'E', 'n', 0, 0"
            ),
        ),
        (
            2000,
            format!(
                "projects (id, account_id, client_id, name, description, status, currency, budget, \
                 deadline, created_at, updated_at) SELECT {own}, {account}, {client}, 'P', '', \
                 CASE i % 3 WHEN 0 THEN 'active' ELSE 'completed' END, 'USD', i, {day}, 0, 0"
            ),
        ),
        (
            2000,
            format!(
                "proposals (id, account_id, client_id, title, content, status, currency, amount, \
                 created_at, updated_at, link_hash, link) SELECT {own}, {account}, {client}, 'T', \
                 '', 'sent', 'USD', i, 0, 0, {own}, {own}"
            ),
        ),
        (2000, format!("list_totals SELECT {account}, 'list' || i, i")),
        (
            4000,
            format!(
                "timeline_totals SELECT {account}, 'earned', 'quarter', i * 90000, 'USD', 'USD', \
                 1, i, i"
            ),
        ),
    ] {
        let series = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        );
        connection.define(&format!("{series} INSERT INTO {insert} FROM n"))?;
    }
    Ok(())
}

#[test]
fn every_freelancer_query_uses_an_index_without_sorting() {
    let home = Home::new();
    let database = home.database();
    fill_with(database, fill);
    let asked = asked_by(database, |tx| ask_all(tx, id(1)));
    assert!(asked.len() > 25, "only {} statements", asked.len());
    assert_indexed(database, &asked);
}

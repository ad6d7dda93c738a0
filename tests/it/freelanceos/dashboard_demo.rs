//! `/dashboard` of the demo account, checked against a calculation from the raw rows.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use freelanceos::{
    domain::id::{ClientId, InvoiceId, MilestoneId, ProjectId},
    store::engine::{Row, Tx},
};
use jiff::{SignedDuration, ToSpan, civil::Date, tz::TimeZone};
use reqwest::Method;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::json;

use super::dashboard_model::{Client, Invoice, Milestone, Model, Payment, Project};
use crate::support::{Home, JWT_SECRET, Options, PASSWORD, TestApp, User, spawn_app_with};

const EMAIL: &str = "demo@example.com";
const ZONES: [&str; 3] = ["Africa/Lagos", "Asia/Colombo", "America/St_Johns"];
const RATE_ONE: i128 = 1_000_000_000_000;

#[tokio::test]
async fn the_demos_figures_equal_a_recount_across_a_month_end_in_three_timezones() {
    let home = Arc::new(Home::bare());
    let command = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        command.arg(name).env_clear().env("DATA_DIR", home.path());
        command.env("JWT_SECRET", JWT_SECRET).env("SECRET_KEY", "07".repeat(32));
        command.envs(home.database_url().map(|url| ("DATABASE_URL", url)));
        command
    };
    assert!(command("migrate").status().unwrap().success());
    let mut demo = command("demo").stdin(Stdio::piped()).spawn().unwrap();
    writeln!(demo.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(demo.wait().unwrap().success());

    let app = spawn_app_with(Options { home: Some(home), ..Options::default() }).await;
    let mut model = read_model(&app);
    let currencies: std::collections::BTreeSet<_> =
        model.payments.iter().map(|payment| payment.currency).collect();
    assert_eq!(Vec::from_iter(currencies), ["EUR", "NGN", "USD", "XOF"]);
    let newest = model.payments.iter().map(|payment| payment.at).max().unwrap();

    for name in ZONES {
        model.zone = TimeZone::get(name).unwrap();
        // From after the last event to beyond the end of the month.
        let month = model.today(newest).first_of_month();
        let edge = |months: i64| {
            let first: Date = month + months.months();
            first.to_zoned(model.zone.clone()).unwrap().timestamp()
        };
        for now in [
            edge(1) - SignedDuration::from_secs(1),
            edge(1),
            edge(2) - SignedDuration::from_secs(1),
            edge(2),
        ] {
            // A row has only the last status of a project, which did not change before this month.
            model.knows_past = now >= edge(1);
            app.clock.set(&now.to_string());
            let user = sign_in(&app).await;
            user.put("/auth/me", json!({ "timezone": name })).await.data(200);
            let hint = format!("in {name} at {now}");
            let stats = user.get("/dashboard/stats").await;
            model.check_stats(stats.data(200), now, &hint);
            for (period, weekly) in [("monthly", false), ("weekly", true)] {
                let answer = user.get(&format!("/dashboard/earnings?period={period}")).await;
                let shown: Vec<_> = answer
                    .data(200)
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|point| {
                        let text = |field: &str| point[field].as_str().unwrap().to_owned();
                        (text("month"), text("date"), point["amount"].to_string())
                    })
                    .collect();
                assert_eq!(shown, model.earnings(now, weekly), "{period} {hint}");
            }
        }
    }
}

async fn sign_in(app: &TestApp) -> User<'_> {
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = app.send(app.request(Method::POST, "/auth/login").json(&body)).await;
    let data = answer.data(200);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    User { app, token: text(&data["token"]), id: text(&data["user"]["id"]) }
}

fn known(currency: &str) -> &'static str {
    ["USD", "NGN", "EUR", "XOF"].into_iter().find(|known| *known == currency).unwrap()
}

fn word(word: &str) -> &'static str {
    ["draft", "sent", "paid", "cancelled", "planning", "active", "on_hold", "completed", "pending"]
        .into_iter()
        .find(|known| *known == word)
        .unwrap()
}

/// Reads the events row by row, without using the stored sums.
fn read_model(app: &TestApp) -> Model {
    app.database()
        .peek(|connection| {
            let tx = &mut Tx::new(connection);
            let text = |row: &dyn Row, column| row.get::<String>(column);
            let clients = tx.list("SELECT id, name FROM clients ORDER BY id", &[], |row| {
                let id: ClientId = row.get(0)?;
                Ok(Client { id: id.to_string(), name: text(row, 1)?, deleted: false })
            })?;
            let client = |row: &dyn Row, column| {
                let id: ClientId = row.get(column)?;
                Ok(clients.iter().position(|client| client.id == id.to_string()).unwrap())
            };
            let invoices = tx.list(
                "SELECT id, number, client_id, currency, amount, due_date, status, \
                 (SELECT CAST(coalesce(sum(p.amount), 0) AS BIGINT) FROM payments p WHERE p.invoice_id = invoices.id), \
                 (SELECT CAST(coalesce(sum(n.amount), 0) AS BIGINT) FROM credit_notes n WHERE n.invoice_id = invoices.id) \
                 FROM invoices",
                &[],
                |row| {
                    let id: InvoiceId = row.get(0)?;
                    Ok(Invoice {
                        id: id.to_string(),
                        number: text(row, 1)?,
                        client: client(row, 2)?,
                        currency: known(&text(row, 3)?),
                        minor: row.get::<i64>(4)?.into(),
                        due: row.get(5)?,
                        status: word(&text(row, 6)?),
                        paid: row.get::<i64>(7)?.into(),
                        credited: row.get::<i64>(8)?.into(),
                    })
                },
            )?;
            let payments = tx.list(
            "SELECT client_id, paid_at, currency, amount, base_currency, base_amount, paid_on \
             FROM payments",
            &[],
            |row| {
                let base: Option<String> = row.get(4)?;
                let minor: Option<i64> = row.get(5)?;
                Ok(Payment {
                    client: client(row, 0)?,
                    at: row.get(1)?,
                    on: row.get(6)?,
                    currency: known(&text(row, 2)?),
                    minor: row.get::<i64>(3)?.into(),
                    frozen: base.zip(minor).map(|(base, minor)| (known(&base), minor.into())),
                })
            },
        )?;
            let projects = tx.list(
                "SELECT id, name, client_id, currency, budget, deadline, status, updated_at \
             FROM projects WHERE deleted_at IS NULL",
                &[],
                |row| {
                    let id: ProjectId = row.get(0)?;
                    Ok(Project {
                        id: id.to_string(),
                        name: text(row, 1)?,
                        client: client(row, 2)?,
                        currency: known(&text(row, 3)?),
                        minor: row.get::<i64>(4)?.into(),
                        deadline: row.get(5)?,
                        statuses: vec![(row.get(7)?, word(&text(row, 6)?))],
                    })
                },
            )?;
            let milestones = tx.list(
                "SELECT id, name, project_id, amount, due_date, status FROM milestones",
                &[],
                |row| {
                    let (id, project): (MilestoneId, ProjectId) = (row.get(0)?, row.get(2)?);
                    let of = |known: &Project| known.id == project.to_string();
                    Ok(Milestone {
                        id: id.to_string(),
                        name: text(row, 1)?,
                        project: projects.iter().position(of).unwrap(),
                        minor: row.get::<i64>(3)?.into(),
                        due: row.get(4)?,
                        status: word(&text(row, 5)?),
                    })
                },
            )?;
            let rates: BTreeMap<_, _> = tx
                .list(
                    "SELECT from_currency, into_currency, day, rate FROM exchange_rates",
                    &[],
                    |row| {
                        let rate: Decimal = row.get(3)?;
                        let rate = (rate * Decimal::from(RATE_ONE)).to_i128().unwrap();
                        let of_day = BTreeMap::from([(row.get(2)?, rate)]);
                        Ok(((known(&text(row, 0)?), known(&text(row, 1)?)), of_day))
                    },
                )?
                .into_iter()
                .collect();
            Ok(Model {
                base: "USD",
                zone: TimeZone::UTC,
                knows_past: false,
                rate_one: RATE_ONE,
                rates,
                clients,
                invoices,
                payments,
                projects,
                milestones,
            })
        })
        .unwrap()
}

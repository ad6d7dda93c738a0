//! Reminders that go out by themselves: each step once, and nothing that is no longer true.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use freelanceos::domain::{id::InvoiceId, job::JobKind};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::date, tz::TimeZone};
use serde_json::{Value, json};
use tokio::{join, time::sleep};

use crate::{
    database::server_url,
    support::{Options, PASSWORD, TestApp, User, smtp::Postmaster, spawn_app, spawn_app_with},
};

/// An app that mails through a server.
async fn mailing(server: &Postmaster) -> TestApp {
    let courier = Some(server.courier("localhost", None));
    spawn_app_with(Options { courier, ..Options::default() }).await
}

/// Runs the daily jobs that are due, as the worker does.
async fn remind(app: &TestApp) {
    app.app.run_due(JobKind::Remind).await.unwrap();
}

/// Sets the clock, reminds and delivers.
async fn at(app: &TestApp, time: &str) {
    app.clock.set(time);
    remind(app).await;
    while app.deliver_mail().await.due > 0 {}
}

/// The user who registered first, signed in again: sessions end while months pass.
async fn again(app: &TestApp) -> User<'_> {
    let body = json!({"email": "a@example.com", "password": PASSWORD});
    let answer = app.post("/auth/login", body).await;
    let data = answer.data(200);
    let [token, id] =
        [&data["token"], &data["user"]["id"]].map(|of| of.as_str().unwrap().to_owned());
    User { app, token, id }
}

/// Turns reminders on, with subjects that tell the step.
async fn enable(user: &User<'_>, steps: &[i32]) {
    let step = |days: &i32| json!({"days": days, "subject": format!("S{days} {{number}}")});
    let steps: Vec<_> = steps.iter().map(step).collect();
    let body = json!({"reminders": {"enabled": true, "steps": steps}});
    user.put("/settings", body).await.data(200);
}

/// Creates and sends an invoice of 100 that is due on this day; returns its id and number.
async fn sent(user: &User<'_>, client: &str, due: &str) -> (String, String) {
    sent_with(user, json!({"clientId": client, "amount": 100, "dueDate": due})).await
}

async fn sent_with(user: &User<'_>, body: Value) -> (String, String) {
    let made = user.post("/invoices", body).await.data(201).clone();
    let [id, number] = ["id", "number"].map(|key| made[key].as_str().unwrap().to_owned());
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    user.app.deliver_mail().await;
    (id, number)
}

/// The subjects of the reminders that the server took.
fn subjects(server: &Postmaster) -> Vec<String> {
    let all = server.asked("Subject: ");
    let own = all.iter().filter_map(|line| line.strip_prefix("Subject: S"));
    own.map(str::to_owned).collect()
}

/// The log of an invoice, oldest first: step, state and reason.
async fn log(user: &User<'_>, id: &str) -> Vec<String> {
    let answer = user.get(&format!("/invoices/{id}/reminders?pageSize=100")).await;
    let mut log: Vec<String> = (answer.data(200).as_array().unwrap().iter())
        .map(|entry| {
            let (days, reason) = (&entry["days"], entry["reason"].as_str().unwrap_or_default());
            format!("{days} {} {reason}", entry["state"].as_str().unwrap()).trim_end().to_owned()
        })
        .collect();
    log.reverse();
    log
}

/// When the daily job is due.
async fn next(app: &TestApp) -> Option<Timestamp> {
    app.app.run_due(JobKind::Remind).await.unwrap().next
}

#[tokio::test]
async fn each_step_is_mailed_once_at_nine() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    enable(&user, &[-3, 0, 7, 14]).await;
    let client = user.client("Ada").await;
    let (id, number) = sent(&user, &client, "2026-04-15").await;
    for (time, count) in [
        ("2026-04-12T07:59:59Z", 0),
        ("2026-04-12T08:00:00Z", 1),
        ("2026-04-12T20:00:00Z", 1),
        ("2026-04-14T08:00:00Z", 1),
        ("2026-04-15T08:00:00Z", 2),
        ("2026-04-22T07:00:00Z", 2),
        ("2026-04-22T08:00:01Z", 3),
        ("2026-04-29T08:00:00Z", 4),
        ("2026-04-30T08:00:00Z", 4),
        ("2026-12-30T08:00:00Z", 4),
    ] {
        at(&app, time).await;
        at(&app, time).await;
        assert_eq!(subjects(&server).len(), count, "{time}");
    }
    let user = again(&app).await;
    let steps = ["-3", "0", "7", "14"].map(|step| format!("{step} {number}"));
    assert_eq!(subjects(&server), steps);
    assert_eq!(log(&user, &id).await, ["-3 sent", "0 sent", "7 sent", "14 sent"]);
    let times = app.app.invoice_record(user.claims(), InvoiceId::parse(&id)).await.unwrap().times;
    assert_eq!(times.reminded_at, Some("2026-04-29T08:00:00Z".parse().unwrap()));
    let other = app.register("b@example.com").await;
    assert_eq!(other.get("/reminders").await.body["total"], 0);
    assert_eq!(user.get("/reminders?state=sent").await.body["total"], 4);
    assert_eq!(user.get("/reminders?state=skipped").await.body["total"], 0);
}

#[tokio::test]
async fn the_usual_texts_are_friendly_first_and_firmer_later() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.put("/settings", json!({"reminders": {"enabled": true}})).await.data(200);
    let client = user.client("Ada").await;
    let (id, number) = sent(&user, &client, "2026-04-15").await;
    // A part was paid.
    user.post(&format!("/invoices/{id}/payments"), json!({"amount": 40})).await.data(201);
    for (time, words) in [
        ("2026-04-12T08:00:00Z", format!("Invoice {number} for USD 60.00 is due on 15 Apr 2026.")),
        ("2026-04-15T08:00:00Z", format!("Invoice {number} for USD 60.00 is due today.")),
        ("2026-04-22T08:00:00Z", format!("Invoice {number} for USD 60.00 was due on 15 Apr 2026.")),
        ("2026-04-29T08:00:00Z", "is now 14 days overdue.".to_owned()),
    ] {
        at(&app, time).await;
        let mail = app.mails().await.pop().unwrap();
        let (text, html) = (mail.text.replace('\n', " "), mail.html.replace('\n', " "));
        assert!(text.replace('\u{a0}', " ").contains(&words), "{time}: {text}");
        assert!(html.replace('\u{a0}', " ").contains(&words), "{time}: {html}");
        assert_eq!(mail.to(), "c@example.com");
        assert!(mail.header("Reply-To").contains("a@example.com"));
        assert!(mail.pdf.is_some());
    }
    let subject = app.mails().await.pop().unwrap().header("Subject");
    assert_eq!(subject, format!("Overdue: invoice {number} · USD 60.00 · was due 15 Apr"));
    // Files reach nobody, so nothing counts as sent.
    let user = again(&app).await;
    let skipped = ["-3", "0", "7", "14"].map(|step| format!("{step} skipped no_mail_server"));
    assert_eq!(log(&user, &id).await, skipped);
}

#[tokio::test]
async fn a_reminder_that_is_no_longer_true_is_not_delivered() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    enable(&user, &[0]).await;
    let mut ids = Vec::new();
    for name in ["Paid", "Void", "Off", "Client off", "Open"] {
        let client = user.client(name).await;
        ids.push((client.clone(), sent(&user, &client, "2026-04-15").await.0));
    }
    app.clock.set("2026-04-15T08:00:00Z");
    remind(&app).await;
    let user = again(&app).await;
    let [paid, void, off, client_off, open] = &ids[..] else { panic!() };
    user.post(&format!("/invoices/{}/mark-paid", paid.1), json!({})).await.data(200);
    let why = json!({"reason": "Wrong"});
    user.post(&format!("/invoices/{}/void", void.1), why).await.data(201);
    user.put(&format!("/invoices/{}", off.1), json!({"reminders": false})).await.data(200);
    let change = json!({"reminders": false});
    user.put(&format!("/clients/{}", client_off.0), change).await.data(200);
    app.deliver_mail().await;
    assert_eq!(subjects(&server).len(), 1);
    for (id, expected) in [
        (paid, "0 skipped paid"),
        (void, "0 skipped voided"),
        (off, "0 skipped turned_off"),
        (client_off, "0 skipped turned_off"),
        (open, "0 sent"),
    ] {
        assert_eq!(log(&user, &id.1).await, [expected]);
    }
    let waiting = app.app.list_mail(false).await.unwrap();
    assert_eq!(waiting, [], "nothing waits and nothing failed");
    app.clock.set("2026-05-15T08:00:00Z");
    remind(&app).await;
    app.deliver_mail().await;
    assert_eq!(subjects(&server).len(), 1);
}

#[tokio::test]
async fn after_a_pause_only_the_newest_step_goes_out() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    enable(&user, &[-3, 0, 7, 14]).await;
    let client = user.client("Ada").await;
    let (old, _) = sent(&user, &client, "2026-04-15").await;
    let (new, _) = sent(&user, &client, "2026-07-10").await;
    at(&app, "2026-04-12T08:00:00Z").await;
    // The server was off for three months.
    at(&app, "2026-07-11T15:00:00Z").await;
    let user = again(&app).await;
    assert_eq!(
        log(&user, &old).await,
        ["-3 sent", "0 skipped passed", "7 skipped passed", "14 sent"]
    );
    assert_eq!(log(&user, &new).await, ["-3 skipped passed", "0 sent"]);
    assert_eq!(subjects(&server).len(), 3);
    // The same while reminders are off.
    user.put("/settings", json!({"reminders": {"enabled": false}})).await.data(200);
    assert_eq!(next(&app).await, None);
    at(&app, "2026-08-01T08:00:00Z").await;
    let user = again(&app).await;
    user.put("/settings", json!({"reminders": {"enabled": true}})).await.data(200);
    at(&app, "2026-08-02T08:00:00Z").await;
    assert_eq!(log(&user, &new).await[2..], ["7 skipped passed", "14 sent"]);
    assert_eq!(subjects(&server).len(), 4);
}

#[tokio::test]
async fn a_reminder_that_waited_until_the_next_step_is_not_delivered() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    enable(&user, &[-3, 0, 14]).await;
    let client = user.client("Ada").await;
    let (id, number) = sent(&user, &client, "2026-04-15").await;
    // The mail server is away.
    for time in ["2026-04-12T08:00:00Z", "2026-04-15T08:00:00Z"] {
        app.clock.set(time);
        remind(&app).await;
    }
    app.clock.set("2026-04-15T08:00:01Z");
    while app.deliver_mail().await.due > 0 {}
    assert_eq!(subjects(&server), [format!("0 {number}")]);
    // The server is off for three months between queueing and delivery.
    app.clock.set("2026-04-29T08:00:00Z");
    let (_, other) = sent(&again(&app).await, &client, "2026-04-29").await;
    remind(&app).await;
    at(&app, "2026-08-01T08:00:00Z").await;
    let expected = [format!("0 {number}"), format!("14 {number}"), format!("14 {other}")];
    let mut all = subjects(&server);
    all.sort();
    assert_eq!(all, expected);
    let user = again(&app).await;
    assert_eq!(log(&user, &id).await, ["-3 skipped passed", "0 sent", "14 sent"]);
}

/// Polls a run this many times, as if its process was killed then; returns whether it ended.
async fn killed_after<T>(polls: usize, run: impl Future<Output = T>) -> bool {
    let mut run = pin!(run);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(run.as_mut().poll(context))).await.is_ready() {
            return true;
        }
        // The writer ends what it has begun, or not.
        sleep(Duration::from_micros(500)).await;
    }
    false
}

#[tokio::test]
async fn killed_at_any_point_a_run_mails_each_step_once() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    let fee = json!({"percent": 1});
    let steps = json!([{"days": 1, "subject": "S1 {number}", "lateFee": fee}]);
    let body = json!({"reminders": {"enabled": true, "steps": steps}});
    user.put("/settings", body).await.data(200);
    let client = user.client("Ada").await;
    let start: Timestamp = "2026-03-20T08:00:00Z".parse().unwrap();
    let (mut rounds, mut ids) = (0, Vec::new());
    for polls in 1..200 {
        let now = start + SignedDuration::from_hours(24 * (polls as i64 - 1));
        app.clock.set(&(now - SignedDuration::from_hours(20)).to_string());
        let user = again(&app).await;
        let due = (now - SignedDuration::from_hours(24)).to_string();
        for _ in 0..3 {
            ids.push(sent(&user, &client, &due[..10]).await.0);
        }
        app.clock.set(&now.to_string());
        let has_ended = killed_after(polls, app.app.run_due(JobKind::Remind)).await;
        // Another process takes over once the lease has ended.
        app.clock.advance(SignedDuration::from_mins(2));
        remind(&app).await;
        while app.deliver_mail().await.due > 0 {}
        rounds = polls;
        assert_eq!(subjects(&server).len(), ids.len(), "killed after {polls} polls");
        if has_ended {
            break;
        }
    }
    assert!((5..199).contains(&rounds), "{rounds}");
    let mut all = subjects(&server);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), ids.len());
    let user = again(&app).await;
    for id in &ids {
        assert_eq!(log(&user, id).await, ["1 sent"]);
    }
    let drafts = user.get("/invoices?status=draft").await.body["total"].as_u64().unwrap();
    assert_eq!(drafts as usize, ids.len());
}

#[tokio::test]
async fn turning_reminders_on_mails_nothing_about_the_past() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ada").await;
    for day in 1..=28 {
        sent(&user, &client, &format!("2026-04-{day:02}")).await;
    }
    app.clock.set("2026-04-20T12:00:00Z");
    let user = again(&app).await;
    enable(&user, &[0, 7, 14]).await;
    let nine = "2026-04-21T08:00:00Z";
    assert_eq!(next(&app).await, Some(nine.parse().unwrap()));
    at(&app, nine).await;
    // Due today, a week ago, two weeks ago.
    let mut days: Vec<String> = subjects(&server);
    days.sort();
    assert_eq!(days, ["0 INV-2026-021", "14 INV-2026-007", "7 INV-2026-014"]);
    // Neither does a step that is added later.
    app.clock.advance(SignedDuration::from_secs(1));
    enable(&user, &[0, 1, 7, 14]).await;
    at(&app, "2026-04-22T08:00:00Z").await;
    assert_eq!(subjects(&server).len(), 7);
    // What was sent after the time of a step did not get it.
    app.clock.set("2026-04-22T08:00:01Z");
    let (late, _) = sent(&user, &client, "2026-04-22").await;
    at(&app, "2026-04-23T08:00:00Z").await;
    assert_eq!(log(&user, &late).await, ["1 sent"]);
}

#[tokio::test]
async fn it_is_nine_in_every_timezone_and_on_every_day() {
    let app = spawn_app().await;
    for (zone, day, expected) in [
        ("Africa/Lagos", "2026-03-29", "2026-03-29T08:00:00Z"),
        ("Europe/Berlin", "2026-03-28", "2026-03-28T08:00:00Z"),
        // Clocks go forward at 02:00.
        ("Europe/Berlin", "2026-03-29", "2026-03-29T07:00:00Z"),
        ("Europe/London", "2026-10-25", "2026-10-25T09:00:00Z"),
        ("America/New_York", "2026-03-08", "2026-03-08T13:00:00Z"),
        ("America/New_York", "2026-11-01", "2026-11-01T14:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T22:30:00Z"),
        ("Asia/Colombo", "2026-06-01", "2026-06-01T03:30:00Z"),
        ("Asia/Kathmandu", "2026-06-01", "2026-06-01T03:15:00Z"),
        ("Pacific/Kiritimati", "2026-06-01", "2026-05-31T19:00:00Z"),
        ("Pacific/Pago_Pago", "2026-06-01", "2026-06-01T20:00:00Z"),
        ("America/St_Johns", "2026-06-01", "2026-06-01T11:30:00Z"),
    ] {
        let expected: Timestamp = expected.parse().unwrap();
        let before = expected - SignedDuration::from_secs(1);
        app.clock.set(&before.to_string());
        let user = app.register(&format!("{}-{day}@example.com", zone.replace('/', "-"))).await;
        enable(&user, &[0]).await;
        user.put("/auth/me", json!({"timezone": zone})).await.data(200);
        let client = user.client("Ada").await;
        let (id, _) = sent(&user, &client, day).await;
        let zoned = expected.to_zoned(jiff::tz::TimeZone::get(zone).unwrap());
        assert_eq!((zoned.hour(), zoned.date().to_string()), (9, day.to_owned()));
        remind(&app).await;
        assert_eq!(log(&user, &id).await, [""; 0], "{zone}");
        app.clock.set(&expected.to_string());
        remind(&app).await;
        assert_eq!(log(&user, &id).await.len(), 1, "{zone} {day}");
        user.put("/settings", json!({"reminders": {"enabled": false}})).await.data(200);
    }
}

#[tokio::test]
async fn two_servers_at_once_mail_each_step_once() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    enable(&user, &[0, 7]).await;
    let client = user.client("Ada").await;
    for _ in 0..60 {
        sent(&user, &client, "2026-04-15").await;
    }
    let courier = Some(server.courier("localhost", None));
    let options = Options { courier, home: app.home(), ..Options::default() };
    let other = spawn_app_with(options).await;
    for day in ["2026-04-15", "2026-04-22"] {
        app.clock.set(&format!("{day}T08:00:00Z"));
        // For the other server, the lease of the first has ended.
        other.clock.set(&format!("{day}T08:02:00Z"));
        join!(remind(&app), remind(&other), remind(&app), remind(&other));
        app.clock.set(&format!("{day}T08:05:00Z"));
        while app.deliver_mail().await.due > 0 {}
    }
    let mut all = subjects(&server);
    assert_eq!(all.len(), 120);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 120);
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn three_servers_on_one_database_mail_each_step_once() {
    assert!(server_url().is_some(), "TEST_DATABASE_URL names no PostgreSQL server");
    let server = Postmaster::open().await;
    let first = mailing(&server).await;
    let user = first.register("a@example.com").await;
    enable(&user, &[0, 7]).await;
    let client = user.client("Ada").await;
    for _ in 0..60 {
        sent(&user, &client, "2026-04-15").await;
    }
    let options = || Options {
        courier: Some(server.courier("localhost", None)),
        home: first.home(),
        ..Options::default()
    };
    let (second, third) = (spawn_app_with(options()).await, spawn_app_with(options()).await);
    for day in ["2026-04-15", "2026-04-22"] {
        // A lease ends while another server works; a transaction that conflicts is tried later.
        for hour in 8..12 {
            for (app, minute) in [(&first, 0), (&second, 2), (&third, 4)] {
                app.clock.set(&format!("{day}T{hour:02}:{minute:02}:00Z"));
            }
            join!(remind(&first), remind(&second), remind(&third));
            first.clock.set(&format!("{day}T{hour:02}:05:00Z"));
        }
        while first.deliver_mail().await.due > 0 {}
    }
    let mut all = subjects(&server);
    assert_eq!(all.len(), 120);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 120);
}

#[tokio::test]
async fn a_late_fee_is_one_draft_for_each_step() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    let steps = json!([
        {"days": 7, "subject": "S7 {number}", "lateFee": {"percent": 2.5}},
        {"days": 14, "subject": "S14 {number}", "lateFee": {"amount": 10}},
    ]);
    let body = json!({"reminders": {"enabled": true, "steps": steps}});
    user.put("/settings", body).await.data(200);
    let client = user.client("Ada").await;
    let mut ids = Vec::new();
    for (currency, amount) in [("XOF", "1001"), ("KWD", "10.001"), ("USD", "500")] {
        let amount: Value = serde_json::from_str(amount).unwrap();
        let body = json!({
            "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-04-15",
        });
        ids.push(sent_with(&user, body).await.0);
    }
    for time in ["2026-04-22T08:00:00Z", "2026-04-22T09:00:00Z", "2026-04-29T08:00:00Z"] {
        at(&app, time).await;
        at(&app, time).await;
    }
    assert_eq!(subjects(&server).len(), 6);
    let user = again(&app).await;
    let drafts = user.get("/invoices?status=draft&pageSize=100").await.data(200).clone();
    let mut sums: Vec<String> = (drafts.as_array().unwrap().iter())
        .map(|draft| format!("{} {}", draft["currency"].as_str().unwrap(), draft["amount"]))
        .collect();
    sums.sort();
    // No rate is known from dollars to the others.
    assert_eq!(sums, ["KWD 0.25", "USD 10", "USD 12.5", "XOF 25"]);
    let entries = user.get(&format!("/invoices/{}/reminders", ids[2])).await.data(200).clone();
    let fee = entries[0]["lateFeeInvoiceId"].as_str().unwrap();
    let fee = user.get(&format!("/invoices/{fee}")).await.data(200).clone();
    assert_eq!((&fee["status"], &fee["amount"]), (&json!("draft"), &json!(10)));
    assert_eq!(fee["items"][0]["description"], "Late fee for invoice INV-2026-003");
    assert_eq!(fee["taxes"], json!([]));
}

#[tokio::test]
async fn own_texts_are_filled_in_and_unknown_variables_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let put = async |steps: Value| {
        user.put("/settings", json!({"reminders": {"enabled": true, "steps": steps}})).await
    };
    for (steps, error) in [
        (
            json!([{"days": 1, "body": "Dear {name}"}]),
            "reminders.steps[0].body has the unknown variable {name}",
        ),
        (
            json!([{"days": 0}, {"days": 1, "subject": "{invoice}"}]),
            "reminders.steps[1].subject has the unknown variable {invoice}",
        ),
        (json!([{"days": 1}, {"days": 1}]), "reminders.steps[1].days must not be given twice"),
        (json!([{"days": 366}]), "reminders.steps[0].days must be between -365 and 365"),
        (
            json!([{"days": 0, "lateFee": {"percent": 1}}]),
            "reminders.steps[0].lateFee needs a step after the due date",
        ),
        (json!([{"days": 1, "lateFee": {}}]), "reminders.steps[0].lateFee.percent is required"),
        (
            json!([{"days": 1, "lateFee": {"amount": 0.001}}]),
            "reminders.steps[0].lateFee.amount must have at most 2 decimals",
        ),
    ] {
        put(steps).await.assert_error(400, error);
    }
    assert_eq!(user.get("/settings").await.data(200)["reminders"]["enabled"], false);
    let body = "ආදරණීය {client},\n{amount} by {due}, {days} days ago: {link}\n{business} {x}";
    put(json!([{"days": 5, "subject": "{business}: {number} {amount}", "body": body}]))
        .await
        .assert_error(400, "reminders.steps[0].body has the unknown variable {x}");
    let body = body.replace(" {x}", "");
    let step = json!([{"days": 5, "subject": "{business}: {number} {amount}", "body": body}]);
    let saved = put(step.clone()).await.data(200)["reminders"].clone();
    assert_eq!(saved, json!({"enabled": true, "steps": step}));
    let client = json!({"name": "කමල් {due} පෙරේරා", "email": "kamal@example.com"});
    let client = user.post("/clients", client).await.data(201)["id"].as_str().unwrap().to_owned();
    let body = json!({
        "clientId": client, "amount": 1500, "currency": "XOF", "dueDate": "2026-04-15",
    });
    sent_with(&user, body).await;
    at(&app, "2026-04-20T08:00:00Z").await;
    let mail = app.mails().await.pop().unwrap();
    assert_eq!(mail.header("Subject"), "John Doe: INV-2026-001 XOF 1,500");
    let words = "ආදරණීය කමල් {due} පෙරේරා,";
    assert!(mail.text.contains(words) && mail.html.contains(words), "{}", mail.text);
    let words = "1,500 by 15 Apr 2026, 5 days ago: http://localhost:5000/i/";
    assert!(mail.text.contains(words), "{}", mail.text);
    assert_eq!(mail.to(), "kamal@example.com");
}

#[tokio::test]
async fn a_reminder_by_hand_is_logged_and_goes_out_once_a_day() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ada").await;
    let (id, _) = sent(&user, &client, "2026-04-15").await;
    let made = user.post(&format!("/invoices/{id}/remind"), json!({})).await.data(201).clone();
    assert_eq!((&made["state"], &made["days"]), (&json!("sent"), &Value::Null));
    assert_eq!(user.post(&format!("/invoices/{id}/remind"), json!({})).await.status, 409);
    app.clock.advance(SignedDuration::from_hours(24));
    user.post(&format!("/invoices/{id}/remind"), json!({})).await.data(201);
    assert_eq!(log(&user, &id).await, ["null sent", "null sent"]);
    // Turning them off does not forbid it, but a payment makes it wrong.
    user.put(&format!("/invoices/{id}"), json!({"reminders": false})).await.data(200);
    app.deliver_mail().await;
    let mailed = server.asked("Subject: ").len();
    app.clock.advance(SignedDuration::from_hours(24));
    user.post(&format!("/invoices/{id}/remind"), json!({})).await.data(201);
    user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
    app.deliver_mail().await;
    assert_eq!(server.asked("Subject: ").len(), mailed);
    assert_eq!(log(&user, &id).await[2], "null skipped paid");
    user.post(&format!("/invoices/{id}/remind"), json!({})).await.error(409);
}

#[tokio::test]
async fn an_unverified_account_reminds_nobody() {
    let server = Postmaster::open().await;
    let courier = Some(server.courier("localhost", None));
    let app = spawn_app_with(Options { courier, rate_limit: true, ..Options::default() }).await;
    // The first account of a server needs no proof.
    app.register("owner@example.com").await;
    let user = app.register("a@example.com").await;
    enable(&user, &[0]).await;
    let client = user.client("Ada").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    user.put(&format!("/invoices/{id}"), json!({"status": "sent"})).await.data(200);
    at(&app, "2026-04-15T08:00:00Z").await;
    assert_eq!(subjects(&server), [""; 0]);
    app.clock.set("2026-03-18T12:00:00Z");
    assert_eq!(log(&user, &id).await, ["0 skipped unverified"]);
}

#[tokio::test]
async fn a_receipt_is_mailed_once_for_each_paid_invoice() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ada").await;
    let (before, _) = sent(&user, &client, "2026-04-15").await;
    user.post(&format!("/invoices/{before}/mark-paid"), json!({})).await.data(200);
    let count = app.mails().await.len();
    let on = json!({"mail": {"thankYou": true}});
    assert_eq!(user.put("/settings", on).await.data(200)["mail"], json!({"thankYou": true}));
    let (id, number) = sent(&user, &client, "2026-04-15").await;
    let pay = async |amount: i32| {
        let answer =
            user.post(&format!("/invoices/{id}/payments"), json!({"amount": amount})).await;
        answer.data(201)["id"].as_str().unwrap().to_owned()
    };
    pay(40).await;
    assert_eq!(app.mails().await.len(), count + 1, "only the invoice");
    let last = pay(60).await;
    let mails = app.mails().await;
    assert_eq!(mails.len(), count + 2);
    let mail = mails.last().unwrap();
    assert_eq!(mail.header("Subject"), format!("Receipt for invoice {number} · USD 100.00"));
    let words = "Thank you for your payment of";
    assert!(mail.text.contains(words) && mail.html.contains(words), "{}", mail.text);
    assert_eq!(mail.pdf.as_ref().unwrap().0, format!("receipt-{number}.pdf"));
    // Taken back and paid again: once.
    user.delete(&format!("/payments/{last}")).await.data(200);
    pay(60).await;
    assert_eq!(app.mails().await.len(), count + 2);
    // A payment that is taken back before the email goes out has no receipt.
    let (id, _) = sent(&user, &client, "2026-04-15").await;
    let paid = user.post(&format!("/invoices/{id}/payments"), json!({"amount": 100})).await;
    let payment = paid.data(201)["id"].as_str().unwrap().to_owned();
    user.delete(&format!("/payments/{payment}")).await.data(200);
    assert_eq!(app.mails().await.len(), count + 3);
}

#[tokio::test]
async fn a_proposal_reminds_once_before_it_expires() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ada").await;
    let propose = async |title: &str, until: &str| {
        let body = json!({"clientId": client, "title": title, "validUntil": until, "amount": 5});
        let made = user.post("/proposals", body).await.data(201).clone();
        let id = made["id"].as_str().unwrap().to_owned();
        user.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
        id
    };
    let on = json!({"reminders": {"enabled": true}});
    let saved = user.put("/settings", on).await.data(200)["proposalReminder"].clone();
    assert_eq!(saved, json!({"enabled": true, "days": 3}));
    propose("Open", "2026-04-15").await;
    let answered = propose("Answered", "2026-04-15").await;
    let withdrawn = propose("Withdrawn", "2026-04-15").await;
    propose("Too late", "2026-03-20").await;
    user.put(&format!("/proposals/{answered}"), json!({"status": "rejected"})).await.data(200);
    let count = app.mails().await.len();
    at(&app, "2026-04-12T07:59:00Z").await;
    assert_eq!(app.mails().await.len(), count);
    app.clock.set("2026-04-12T08:00:00Z");
    remind(&app).await;
    let user = again(&app).await;
    // Deleted between queueing and delivery.
    user.delete(&format!("/proposals/{withdrawn}")).await.data(200);
    app.deliver_mail().await;
    for day in 12..=16 {
        at(&app, &format!("2026-04-{day}T08:00:00Z")).await;
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), count + 1);
    let mail = mails.last().unwrap();
    assert_eq!(mail.header("Subject"), "Reminder: “Open” is valid until 15 Apr 2026");
    let words = "It is valid until 15 Apr 2026";
    assert!(mail.text.contains(words) && mail.html.contains(words), "{}", mail.text);
    let user = again(&app).await;
    // Proposals can remind alone, and need no reminders of invoices.
    let change =
        json!({"reminders": {"enabled": false}, "proposalReminder": {"enabled": true, "days": 1}});
    user.put("/settings", change).await.data(200);
    let body = json!({"clientId": client, "title": "Next", "validUntil": "2026-06-15"});
    let id = user.post("/proposals", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
    let count = app.mails().await.len();
    at(&app, "2026-06-13T08:00:00Z").await;
    assert_eq!(app.mails().await.len(), count);
    at(&app, "2026-06-14T08:00:00Z").await;
    assert_eq!(app.mails().await.len(), count + 1);
}

#[tokio::test]
async fn the_job_follows_the_settings_and_a_wrong_clock_does_not_stop_it() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    assert_eq!(next(&app).await, None);
    user.put("/settings", json!({"reminders": {"enabled": true}})).await.data(200);
    assert_eq!(next(&app).await, Some("2026-03-19T08:00:00Z".parse().unwrap()));
    user.put("/auth/me", json!({"timezone": "Asia/Tokyo"})).await.data(200);
    assert_eq!(next(&app).await, Some("2026-03-19T00:00:00Z".parse().unwrap()));
    // A clock that runs a year ahead moves the job there; set right, it comes back.
    app.clock.set("2027-03-19T05:00:00Z");
    remind(&app).await;
    app.clock.set("2026-03-19T05:00:00Z");
    for _ in 0..2 {
        remind(&app).await;
    }
    assert_eq!(next(&app).await, Some("2026-03-20T00:00:00Z".parse().unwrap()));
    user.put("/settings", json!({"reminders": {"enabled": false}})).await.data(200);
    assert_eq!(next(&app).await, None);
}

#[tokio::test]
async fn in_a_year_with_kills_and_a_wrong_clock_no_step_goes_out_twice() {
    let server = Postmaster::open().await;
    let app = mailing(&server).await;
    app.clock.set("2026-01-01T12:00:00Z");
    let user = app.register("a@example.com").await;
    // Its clocks change on 29 March and 25 October.
    user.put("/auth/me", json!({"timezone": "Europe/Berlin"})).await.data(200);
    enable(&user, &[-3, 0, 7, 14]).await;
    let client = user.client("Ada").await;
    let mut expected = BTreeMap::new();
    let mut open: Vec<(String, String, i64)> = Vec::new();
    let (start, berlin) = (date(2026, 1, 2), TimeZone::get("Europe/Berlin").unwrap());
    for day in 0..365_i64 {
        let today = start + day.days();
        let nine = today.at(9, 0, 0, 0).to_zoned(berlin.clone()).unwrap();
        let now = nine.timestamp();
        let count = subjects(&server).len();
        at(&app, &(now - SignedDuration::from_secs(1)).to_string()).await;
        assert_eq!(subjects(&server).len(), count, "a second before nine on {today}");
        app.clock.set(&now.to_string());
        let user = again(&app).await;
        if day % 9 == 0 {
            let due = (today + 10.days()).to_string();
            let (id, number) = sent(&user, &client, &due).await;
            open.push((id, number, day + 10));
        }
        // Every third is paid a day after its due date, before nine.
        let is_paid = |place: usize, due: i64| place.is_multiple_of(3) && day == due + 1;
        for (place, (id, ..)) in open.iter().enumerate().filter(|(n, of)| is_paid(*n, of.2)) {
            let paid = user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await;
            assert_eq!(paid.status, 200, "{place}");
        }
        if day == 100 || day == 250 {
            // Ten days ahead, and back.
            let ahead = now + SignedDuration::from_hours(240);
            at(&app, &ahead.to_string()).await;
            at(&app, &ahead.to_string()).await;
            app.clock.set(&now.to_string());
        }
        if day == 180 {
            // Two days back.
            at(&app, &(now - SignedDuration::from_hours(48)).to_string()).await;
        }
        killed_after(day as usize % 12, app.app.run_due(JobKind::Remind)).await;
        let taken_over = now + SignedDuration::from_mins(2);
        at(&app, &taken_over.to_string()).await;
        at(&app, &taken_over.to_string()).await;
    }
    for (place, (_, number, due)) in open.iter().enumerate() {
        for step in [-3, 0, 7, 14] {
            let is_due = due + step < 365 && (step <= 0 || place % 3 != 0);
            // Around a jump, a newer step took the place of an older one.
            let is_sure =
                [100, 250].iter().all(|jump| !(jump - 15..jump + 15).contains(&(due + step)));
            if is_sure {
                expected.insert(format!("{step} {number}"), usize::from(is_due));
            }
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for subject in subjects(&server) {
        *counts.entry(subject).or_default() += 1;
    }
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert!(expected.len() > 120, "{}", expected.len());
    for (step, count) in expected {
        assert_eq!(counts.get(&step).copied().unwrap_or_default(), count, "{step}");
    }
    let user = again(&app).await;
    let total = user.get("/reminders?state=sent").await.body["total"].as_u64().unwrap();
    assert_eq!(total as usize, counts.len());
}

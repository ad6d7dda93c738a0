//! Account deletion.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use freelanceos::{
    app::{App, account::find_account, asker::Asker, proposal::find_proposal},
    domain::{
        account::Password,
        code::SecondCode,
        error::{Error, Kind},
        id::Id,
        image::ImagePurpose,
        input::Scalar,
        proposal::ProposalLink,
        session::Claims,
    },
    store::{
        doctor,
        engine::{Tx, Value},
        removal,
    },
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::image::png;
use crate::{
    freelancehub::two_factor::Guarded,
    store::recorder::{asked_by, assert_indexed},
    support::{Options, PASSWORD, TestApp, User, content, spawn_app, spawn_app_with},
};

/// Tables whose rows belong to no account.
const FREE: &[&str] = &["program_state", "rate_windows", "schema_version"];

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

async fn delete(app: &App, claims: Claims) -> Result<(), Error> {
    app.delete_account(claims, password(PASSWORD), None).await
}

/// The user's own session, whose attempts are counted separately.
fn asker(user: &User<'_>) -> Asker {
    Asker { token: Some(user.token.clone()), ..Asker::default() }
}

/// The number of rows of an account in each table.
fn rows(app: &TestApp) -> BTreeMap<String, i64> {
    let mut names = content::tables(app.database());
    names.retain(|name| !FREE.contains(&&**name));
    names.into_iter().map(|name| (name.clone(), content::count(app.database(), &name))).collect()
}

/// Gives a user at least one row in every table.
async fn fill(guarded: &Guarded<'_>, username: &str) {
    let (user, app) = (&guarded.user, guarded.app());
    user.hub_put("/freelancer/profile", json!({"username": username})).await.bare(200);
    let picture = app.app.upload_image(user.claims(), ImagePurpose::Portfolio, png(9, 9)).await;
    let work = json!({"title": "Shop", "images": [app.app.image_url(picture.unwrap())]});
    user.hub_post("/freelancer/portfolio", work).await.bare(201);
    let logo = app.app.upload_image(user.claims(), ImagePurpose::Logo, png(9, 9)).await.unwrap();
    let path = format!("/public/freelancers/{username}");
    app.send(app.hub(Method::GET, &path)).await.bare(200);
    let message = json!({"name": "Eve", "email": "eve@example.com", "message": "Hello"});
    app.hub_post(&format!("{path}/messages"), message).await.bare(201);
    app.hub_post("/auth/forgot-password", json!({"email": guarded.email})).await.bare(200);

    user.tax(json!({"name": "VAT", "rate": 7.5})).await;
    let keys = json!({
        "providers": {"paystack": {"secretKey": "sk_test_0123456789"}},
        "reminders": {"enabled": true},
    });
    user.put("/settings", keys).await.data(200);
    let told = json!({
        "notifications": {"mailFailed": {"email": false}}, "mail": {"signature": "Bye"},
    });
    user.put("/settings", told).await.data(200);
    let client = user.client("Acme").await;
    let project = user.project(&client, "Site").await;
    user.milestone(&project, "Draft").await;
    let proposal = user.proposal(&client, "Offer").await;
    user.post(&format!("/proposals/{proposal}/send"), json!({})).await.data(200);
    for gone in [user.project(&client, "Gone").await, user.project(&client, "Too").await] {
        user.delete(&format!("/projects/{gone}")).await.data(200);
    }
    user.held_payment(&client).await;
    let gone = user.client("Gone").await;
    user.delete(&format!("/clients/{gone}")).await.data(200);
    for n in 0..45 {
        let body = json!({
            "clientId": client, "projectId": project, "amount": 100 + n, "dueDate": "2026-04-01",
        });
        let request = user.request(Method::POST, "/invoices").json(&body);
        let request = request.header("Idempotency-Key", format!("key-{n}"));
        let invoice = app.send(request).await.data(201)["id"].as_str().unwrap().to_owned();
        if n < 30 {
            user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
        }
        if n == 10 {
            user.post(&format!("/invoices/{invoice}/remind"), json!({})).await.data(201);
        }
        if n < 10 {
            user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
            let body = json!({"amount": 1, "reason": "Late"});
            user.post(&format!("/invoices/{invoice}/credit-notes"), body).await.data(201);
        }
    }

    // Rows that the APIs alone cannot create.
    let account = guarded.user.claims().account;
    let (id, key) = (Value::from(&account), Value::from(&logo));
    for sql in [
        "INSERT INTO exchange_rates VALUES (?1, 'EUR', 'USD', '2026-03-01', '1.1')",
        "INSERT INTO exchange_rate_days VALUES (?1, 'EUR', 'USD', '2026-03-01', '1.1')",
        "INSERT INTO passkey_challenges VALUES (?2, 'login', ?1, '{}', 9000000000)",
        "INSERT INTO passkeys VALUES (?2, ?1, 'Key', ?2, '{}', 0, NULL)",
        "INSERT INTO invoice_defaults (account_id, tax_rate, logo, updated_at) \
         VALUES (?1, '0', ?2, 0) ON CONFLICT DO NOTHING",
        "INSERT INTO invoice_files SELECT id, ?2, ?2, 0 FROM invoices \
         WHERE account_id = ?1 AND status = 'paid' LIMIT 1 ON CONFLICT DO NOTHING",
        "INSERT INTO credit_note_files SELECT id, ?2, ?2, 0 FROM credit_notes \
         WHERE account_id = ?1 LIMIT 1 ON CONFLICT DO NOTHING",
        "UPDATE milestones SET invoice_id = \
         (SELECT id FROM invoices WHERE account_id = ?1 LIMIT 1) WHERE account_id = ?1",
        "UPDATE proposals SET project_id = \
         (SELECT id FROM projects WHERE account_id = ?1 LIMIT 1) WHERE account_id = ?1",
    ] {
        let values = [id.clone(), key.clone()];
        let values = if sql.contains("?2") { &values[..] } else { &values[..1] };
        app.database().change(|connection| connection.execute(sql, values)).unwrap();
    }
}

#[tokio::test]
async fn deleting_an_account_removes_everything_of_it_and_nothing_of_others() {
    let app = spawn_app().await;
    let ada = Guarded::new(&app, "ada@example.com").await;
    fill(&ada, "ada").await;
    let before = rows(&app);
    let empty: Vec<_> = before.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty(), "the test leaves out {empty:?}");
    let obi = Guarded::new(&app, "obi@example.com").await;
    fill(&obi, "obi").await;
    let both = rows(&app);

    let code = SecondCode::parse(&json!(ada.code(0))).unwrap();
    let claims = ada.user.claims();
    app.app.delete_account(claims, password(PASSWORD), Some(code)).await.unwrap();
    let differing = app.database().peek(|connection| doctor::rollups(&mut Tx::new(connection)));
    assert_eq!(differing.unwrap(), Vec::<String>::new());
    app.app.sweep().await.unwrap();
    let left = rows(&app);
    let differing: Vec<_> = left
        .iter()
        .filter(|(table, rows)| **rows != both[*table] - before[*table])
        .map(|(table, rows)| (table, rows, before[table], both[table]))
        .collect();
    assert!(differing.is_empty(), "{differing:?}");
    let invoices = obi.user.get("/invoices").await;
    assert_eq!((invoices.status.as_u16(), &invoices.body["total"]), (200, &json!(46)));
    let differing = app.database().peek(|connection| doctor::rollups(&mut Tx::new(connection)));
    assert_eq!(differing.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_interrupted_deletion_continues_where_it_stopped() {
    let app = spawn_app().await;
    let ada = Guarded::new(&app, "ada@example.com").await;
    fill(&ada, "ada").await;
    let (claims, database) = (ada.user.claims(), app.database());
    // The state after `delete_account`, followed by some steps.
    let at = crate::support::START.parse().unwrap();
    database
        .change(|connection| removal::mark(&mut Tx::new(connection), claims.account, at))
        .unwrap();
    let mut steps = 0;
    loop {
        let more =
            database.change(|connection| removal::step(&mut Tx::new(connection), claims.account));
        steps += 1;
        let differing = database.peek(|connection| doctor::rollups(&mut Tx::new(connection)));
        assert_eq!(differing.unwrap(), Vec::<String>::new(), "after {steps} steps");
        if !more.unwrap() || steps == 7 {
            break;
        }
    }
    assert_eq!(steps, 7, "it is not done in a few steps");
    assert!(rows(&app)["accounts"] == 1);
    app.app.sweep().await.unwrap();
    assert!(rows(&app).values().all(|rows| *rows == 0), "{:?}", rows(&app));
}

#[tokio::test]
async fn no_step_of_a_deletion_scans_a_whole_table() {
    let app = spawn_app().await;
    let ada = Guarded::new(&app, "ada@example.com").await;
    fill(&ada, "ada").await;
    let account = ada.user.claims().account;
    let database = app.database();
    let asked = asked_by(database, |tx| {
        removal::mark(tx, account, crate::support::START.parse().unwrap())?;
        assert_eq!(removal::next(tx)?, Some(account));
        while removal::step(tx, account)? {}
        assert_eq!(removal::next(tx)?, None);
        Ok(())
    });
    assert!(asked.len() > 30, "{}", asked.len());
    // Deleting one of these rows checks every table that references it, so they go one by one.
    let parents = ["projects", "clients", "accounts"].map(|table| format!("DELETE FROM {table} "));
    let (of_parents, asked): (BTreeSet<&str>, BTreeSet<&str>) =
        asked.iter().partition(|sql| parents.iter().any(|parent| sql.starts_with(&**parent)));
    assert_eq!(of_parents.len(), 3);
    assert_indexed(database, &asked);
}

#[tokio::test]
async fn a_deleted_account_is_unusable_at_once() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let other = app.register("other@example.com").await;
    ada.hub_put("/freelancer/profile", json!({"username": "ada"})).await.bare(200);
    let client = ada.client("Acme").await;
    let proposal = ada.proposal(&client, "Offer").await;
    ada.post(&format!("/proposals/{proposal}/send"), json!({})).await.data(200);
    let proposal = Id::parse(&proposal);
    let sent = app.app.query(ada.claims(), move |work| find_proposal(work, proposal)).await;
    let link = sent.unwrap().link;
    let Some(ProposalLink::Open(link)) = link else { panic!("a sent proposal has a link") };
    let token = link.rsplit('/').next().unwrap();
    assert!(app.app.public_proposal(token).await.is_ok());
    let picture = app.app.upload_image(ada.claims(), ImagePurpose::Portfolio, png(5, 5)).await;
    let picture = picture.unwrap();

    delete(&app.app, ada.claims()).await.unwrap();
    ada.get("/clients").await.error(401);
    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    app.post("/auth/login", login).await.error(401);
    app.send(app.hub(Method::GET, "/public/freelancers/ada")).await.refusal(404);
    assert_eq!(app.app.public_proposal(token).await.unwrap_err().kind(), &Kind::NotFound);
    assert_eq!(app.app.public_image(picture).await.unwrap_err().kind(), &Kind::NotFound);
    let users = app.app.list_users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].account.email, "other@example.com");
    assert!(!app.app.frame(other.claims()).await.unwrap().account.is_owner);

    // Email and username are free, before and after the rows are gone.
    let again = app.register("Ada@example.com").await;
    again.hub_put("/freelancer/profile", json!({"username": "ADA"})).await.bare(200);
    assert_eq!(again.get("/clients").await.body["total"], 0);
    app.app.sweep().await.unwrap();
    assert_eq!(again.get("/clients").await.body["total"], 0);
    assert_eq!(app.app.list_users().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_password_or_code_deletes_nothing_and_counts() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let ada = Guarded::new(&app, "ada@example.com").await;
    let claims = ada.user.claims();
    let said = |error: Error| error.to_string();
    let wrong = app.app.delete_account(claims, password("wrong"), None).await.unwrap_err();
    assert_eq!(said(wrong), "Validation failed: password is not the password of this account");
    let missing = delete(&app.app, claims).await.unwrap_err();
    assert_eq!(said(missing), "Validation failed: totpCode is required");
    let code = SecondCode::parse(&json!(ada.wrong_code())).unwrap();
    let wrong = app.app.delete_account(claims, password(PASSWORD), Some(code)).await;
    assert_eq!(said(wrong.unwrap_err()), "Validation failed: totpCode is wrong or was used before");
    for _ in 0..20 {
        let wrong = app.app.delete_account(claims, password("wrong"), None);
        let wrong = asker(&ada.user).ask(wrong).await.unwrap_err();
        assert!(matches!(wrong.kind(), Kind::Invalid(_)), "{wrong}");
    }
    let refused = asker(&ada.user).ask(delete(&app.app, claims)).await.unwrap_err();
    assert!(matches!(refused.kind(), Kind::TooMany(_)), "{refused}");
    app.clock.advance(SignedDuration::from_hours(1));
    assert!(app.app.frame(claims).await.is_ok());
}

/// Signs in again and returns the claims of the new token.
async fn login(user: &User<'_>, password: &str) -> Result<Claims, u16> {
    let account = user.app.app.query(user.claims(), find_account).await.unwrap();
    let body = json!({"email": account.email, "password": password});
    let answer = user.app.post("/auth/login", body).await;
    match answer.status.as_u16() {
        200 => {
            let token = answer.body["data"]["token"].as_str().unwrap();
            Ok(user.app.app.verify_token(token).unwrap())
        }
        status => Err(status),
    }
}

#[tokio::test]
async fn a_new_password_ends_every_session_but_the_current_one() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let elsewhere = login(&ada, PASSWORD).await.unwrap();
    let wrong = app.app.change_password(ada.claims(), password("no"), password("OtherPass456"));
    assert_eq!(
        wrong.await.unwrap_err().to_string(),
        "Validation failed: currentPassword is not the password of this account"
    );
    assert!(app.app.frame(elsewhere).await.is_ok());
    let change =
        app.app.change_password(ada.claims(), password(PASSWORD), password("OtherPass456"));
    change.await.unwrap();
    assert!(app.app.frame(elsewhere).await.is_err());
    assert!(app.app.frame(ada.claims()).await.is_ok());
    assert_eq!(login(&ada, PASSWORD).await, Err(401));
    assert!(login(&ada, "OtherPass456").await.is_ok());
}

#[tokio::test]
async fn wrong_current_passwords_count_like_failed_sign_ins() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let ada = app.register("ada@example.com").await;
    for _ in 0..20 {
        let wrong = app.app.change_password(ada.claims(), password("no"), password(PASSWORD));
        let wrong = asker(&ada).ask(wrong).await.unwrap_err();
        assert!(matches!(wrong.kind(), Kind::Invalid(_)), "{wrong}");
    }
    let right = app.app.change_password(ada.claims(), password(PASSWORD), password(PASSWORD));
    let refused = asker(&ada).ask(right).await.unwrap_err();
    assert!(matches!(refused.kind(), Kind::TooMany(_)), "{refused}");
}

/// The files below a folder that contain a text.
fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_with(&path, text));
        } else {
            let bytes = fs::read(&path).unwrap();
            if bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes())) {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn no_byte_of_a_deleted_account_is_left_in_the_data_folder() {
    const NAME: &str = "Zwetschgendatschi";
    let app = spawn_app().await;
    let home = app.home().unwrap();
    let obi = app.register("obi@example.com").await;
    let ada = app.register("zwetschgendatschi@example.com").await;
    ada.hub_put("/freelancer/profile", json!({"username": NAME, "bio": NAME})).await.bare(200);
    for n in 0..60 {
        let client = json!({"name": format!("{NAME} {n}"), "email": "c@example.com"});
        let client = ada.post("/clients", client).await.data(201)["id"].clone();
        let id = client.as_str().unwrap();
        // Rows of another account lie between them and stay.
        obi.client(&format!("Ordinary {n}")).await;
        let project = ada.project(id, &format!("{NAME} {n}")).await;
        ada.milestone(&project, NAME).await;
        let notes = format!("{NAME} ").repeat(if n % 20 == 0 { 500 } else { 3 });
        let invoice = json!({
            "clientId": id, "projectId": project, "dueDate": "2026-04-01", "notes": notes,
            "items": [{"description": NAME, "quantity": 1, "rate": 100}],
        });
        let invoice = ada.post("/invoices", invoice).await.data(201)["id"].clone();
        let invoice = invoice.as_str().unwrap();
        ada.put(&format!("/projects/{project}"), json!({"description": notes})).await.data(200);
        if n < 5 {
            ada.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
        }
    }
    app.mails().await;
    assert!(!files_with(home.path(), NAME).is_empty());
    delete(&app.app, ada.claims()).await.unwrap();
    app.app.sweep().await.unwrap();
    assert_eq!(files_with(home.path(), NAME), Vec::<PathBuf>::new());
    assert_eq!(obi.get("/clients").await.body["total"], 60);
}

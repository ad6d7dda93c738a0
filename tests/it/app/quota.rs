//! What an account may do before its address is verified.

use freelanceos::{app::invoice_send::remind_invoice, store::engine::Tx};
use serde_json::{Value, json};

use crate::{
    app::image::png,
    support::{Options, PASSWORD, TestApp, User, spawn_app_with},
    web::browser::Browser,
};

/// An app with limits on that trusts forwarded addresses, so that a test can send from many.
async fn limited() -> TestApp {
    spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await
}

/// Posts from a different address each time.
async fn post(user: &User<'_>, n: usize, path: &str, body: &Value) -> crate::support::Answer {
    let address = format!("203.0.{}.{}", n / 250, n % 250 + 1);
    let request = user.request(reqwest::Method::POST, path);
    user.app.send(request.header("X-Forwarded-For", address).json(body)).await
}

/// Verifies the address of a signed-in user.
async fn prove(user: &User<'_>, email: &str) {
    user.app.post("/auth/resend-otp", json!({"email": email})).await.bare(200);
    let otp = user.app.code_of(email).await;
    let body = json!({"email": email, "otp": otp});
    user.hub_post("/auth/verify-email-otp", body).await.bare(200);
}

#[tokio::test]
async fn an_unverified_account_can_only_mail_invoices_to_its_own_address() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    let send = format!("/invoices/{id}/send");
    for body in [json!({}), json!({"email": "world@example.com"})] {
        let refused = user.post(&send, body).await;
        assert!(refused.error(403).contains("Verify your email address"), "{}", refused.body);
    }
    assert_eq!(user.get(&format!("/invoices/{id}")).await.data(200)["status"], "draft");
    user.post(&send, json!({"email": "A@example.com"})).await.data(200);
    let claims = user.claims();
    let id = freelanceos::domain::id::Id::parse(&id);
    let refused = app.app.run(claims, move |work| remind_invoice(work, id)).await.unwrap_err();
    assert_eq!(refused.kind(), &freelanceos::domain::error::Kind::Forbidden);
    assert!(app.mails().await.iter().all(|mail| mail.to() == "A@example.com"));
    prove(&user, "a@example.com").await;
    user.post(&send, json!({})).await.data(200);
}

#[tokio::test]
async fn without_limits_and_for_the_owner_nothing_is_restricted() {
    let app = spawn_app_with(Options::default()).await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    user.sent_invoice(&client, json!(100)).await;

    let app = limited().await;
    let user = app.register("a@example.com").await;
    app.app.make_owner("a@example.com".to_owned()).await.unwrap();
    let client = user.client("Acme").await;
    user.sent_invoice(&client, json!(100)).await;
}

#[tokio::test]
async fn an_unverified_account_holds_500_entries_of_all_kinds() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    let project = user.project(&client, "Site").await;
    let line = |n: usize| json!({"description": format!("Line {n}"), "quantity": 1, "rate": 1});
    let invoice = |lines: usize| {
        let items: Vec<Value> = (0..lines).map(line).collect();
        json!({"clientId": client, "dueDate": "2026-04-15", "items": items})
    };
    // The client, the project and the invoice itself make it 500.
    let full = post(&user, 1, "/invoices", &invoice(498)).await;
    assert!(full.error(403).contains("500 entries"), "{}", full.body);
    let made = post(&user, 2, "/invoices", &invoice(496)).await;
    let id = made.data(201)["id"].as_str().unwrap().to_owned();
    let milestone = json!({"projectId": project, "name": "First", "amount": 1});
    let milestone = post(&user, 3, "/milestones", &milestone).await;
    let milestone = milestone.data(201)["id"].as_str().unwrap().to_owned();
    for (n, (path, body)) in [
        ("/clients", json!({"name": "B", "email": "b@example.com"})),
        ("/projects", json!({"clientId": client, "name": "B"})),
        ("/milestones", json!({"projectId": project, "name": "B", "amount": 1})),
        ("/proposals", json!({"clientId": client, "title": "B"})),
        ("/invoices", invoice(1)),
    ]
    .iter()
    .enumerate()
    {
        let refused = post(&user, 10 + n, path, body).await;
        assert!(refused.error(403).contains("Verify your email address"), "{path}");
    }
    let work = json!({"title": "B", "description": "B", "technologies": ["x"]});
    user.hub_post("/freelancer/portfolio", work).await.refusal(403);
    let purpose = freelanceos::domain::image::ImagePurpose::Portfolio;
    let refused = app.app.upload_image(user.claims(), purpose, png(5, 5)).await.unwrap_err();
    assert_eq!(refused.kind(), &freelanceos::domain::error::Kind::Forbidden);
    let browser = Browser::of(&user);
    let page = browser.open("/clients/new").await.expect(200);
    let typed = [("name", "Beta"), ("email", "b@example.com")];
    let refused = browser.send(&page, "/clients", &typed).await.expect(403);
    refused.says("500 entries");
    assert_eq!(refused.value("name").as_deref(), Some("Beta"));

    // Changes still work, and a deletion makes room.
    user.put(&format!("/invoices/{id}"), json!({"notes": "Thanks"})).await.data(200);
    user.delete(&format!("/milestones/{milestone}")).await.data(200);
    let proposal = json!({"clientId": client, "title": "B"});
    post(&user, 20, "/proposals", &proposal).await.data(201);
    post(&user, 21, "/proposals", &proposal).await.error(403);
    prove(&user, "a@example.com").await;
    post(&user, 22, "/proposals", &proposal).await.data(201);
}

#[tokio::test]
async fn an_account_above_the_limit_can_still_use_what_it_has() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    app.app.make_owner("a@example.com".to_owned()).await.unwrap();
    let items: Vec<Value> =
        (0..500).map(|_| json!({"description": "x", "quantity": 1, "rate": 1})).collect();
    let body = json!({"clientId": client, "dueDate": "2026-04-15", "items": items});
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let other = app.register("b@example.com").await;
    app.app.make_owner("b@example.com".to_owned()).await.unwrap();
    let change = json!({"name": "Acme Ltd"});
    user.put(&format!("/clients/{client}"), change).await.data(200);
    user.post("/clients", json!({"name": "B", "email": "b@example.com"})).await.error(403);
    user.delete(&format!("/invoices/{id}")).await.data(200);
    drop(other);
}

#[tokio::test]
async fn an_unverified_account_can_write_32_mib_and_then_still_delete_itself() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    let written = |app: &TestApp| {
        let sql = "SELECT unproven_bytes FROM accounts";
        let read = |connection: &mut dyn freelanceos::store::engine::Connection| {
            Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
        };
        app.database().peek(read).unwrap()
    };
    let few = written(&app);
    assert!((50..2000).contains(&few), "{few}");
    let id = user.proposal(&client, "Offer").await;
    let text = "ක".repeat(9_900);
    let mut refused = None;
    // Repeated changes to one row count as writes too.
    for n in 0..1200 {
        let address = format!("198.51.{}.{}", n / 250, n % 250 + 1);
        let request = user.request(reqwest::Method::PUT, &format!("/proposals/{id}"));
        let body = json!({"content": format!("{n}{}", text)});
        let request = request.header("X-Forwarded-For", address).json(&body);
        let answer = app.send(request).await;
        if answer.status != 200 {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, answer) = refused.unwrap();
    assert!(answer.error(403).contains("32 MiB"), "{}", answer.body);
    assert!((400..1190).contains(&n), "{n}");
    let password = freelanceos::domain::account::Password::new(PASSWORD.to_owned());
    app.app.logout_others(user.claims()).await.unwrap();
    app.app.delete_account(user.claims(), password, None).await.unwrap();
}

#[tokio::test]
async fn pages_of_an_unverified_account_offer_a_code_and_name_the_restrictions() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    for path in ["/", "/clients", "/invoices", "/settings/security"] {
        let page = browser.open(path).await.expect(200);
        page.says("Verify your email address, a@example.com").says("500 entries");
    }
    let page = browser.open("/clients").await;
    let sent = browser.send(&page, "/settings/verify-email", &[]).await.expect(200);
    sent.says("the email was saved");
    let otp = app.code_of("a@example.com").await;
    let done = browser.send(&sent, "/settings/verify-code", &[("otp", &otp)]).await.expect(200);
    done.says("Email address verified.").hides("Verify your email address");
    browser.open("/clients").await.expect(200).hides("Verify your email address");

    // The owner of the server gets the hint too, but has no restrictions.
    let owner = app.register("o@example.com").await;
    app.app.make_owner("o@example.com".to_owned()).await.unwrap();
    let page = Browser::of(&owner).open("/clients").await.expect(200);
    page.says("Verify your email address, o@example.com").hides("500 entries");
}

#[tokio::test]
async fn the_freelancer_is_notified_of_an_answered_proposal_before_the_address_is_verified() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Acme").await;
    let id = user.proposal(&client, "Website").await;
    let sent = user.post(&format!("/proposals/{id}/send"), json!({})).await;
    let link = sent.data(200)["publicLink"].as_str().unwrap().to_owned();
    let token = link.rsplit('/').next().unwrap();
    let path = format!("/public/proposals/{token}/accept");
    app.hub_post(&path, json!({"name": "Jane"})).await.bare(200);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("Your client accepted a proposal."), "{}", mails[0].text);
    assert_eq!(mails[0].to(), "a@example.com");
}

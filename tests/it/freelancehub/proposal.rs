//! `/public/proposals`: the public link to a sent proposal.

use std::collections::BTreeSet;

use freelanceos::store::engine::Tx;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::freelancer::{actions, change_rows, freelancer, shown, visit};
use crate::store::rollup::assert_rollups;
use crate::support::{
    Answer, Options, PUBLIC_URL, TestApp, User, content, spawn_app, spawn_app_with,
};

/// Creates and sends a proposal. Returns its id and the token in its link.
async fn sent(user: &User<'_>, new: Value) -> (String, String) {
    let id = user.post("/proposals", new).await.data(201)["id"].as_str().unwrap().to_owned();
    let token = send(user, &id).await;
    (id, token)
}

async fn send(user: &User<'_>, id: &str) -> String {
    let answer = user.post(&format!("/proposals/{id}/send"), json!({})).await;
    let link = answer.data(200)["publicLink"].as_str().unwrap();
    link.strip_prefix(&format!("{PUBLIC_URL}/p/")).unwrap().to_owned()
}

async fn simple(user: &User<'_>, title: &str) -> (String, String) {
    let client = user.client("Client").await;
    sent(user, json!({"clientId": client, "title": title})).await
}

async fn look(app: &TestApp, token: &str) -> Answer {
    visit(app, &format!("/public/proposals/{token}")).await
}

async fn answer(app: &TestApp, token: &str, verb: &str, name: &str) -> Answer {
    app.hub_post(&format!("/public/proposals/{token}/{verb}"), json!({"name": name})).await
}

/// Name, address and time of the answer to the only proposal.
fn signed(app: &TestApp) -> (Option<String>, Option<String>, Option<i64>) {
    app.database()
        .peek(|connection| {
            let sql = "SELECT answered_by, answered_from, answered_at FROM proposals";
            Tx::new(connection).one(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .unwrap()
}

#[tokio::test]
async fn the_client_sees_the_proposal_through_its_link() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let change = json!({"title": "Full Stack Developer", "avatar": "https://example.com/a.png"});
    user.hub_put("/freelancer/profile", change).await.bare(200);
    let client = json!({"name": "නිමල්", "email": "n@example.com", "company": "ACME", "phone": "1"});
    let client = user.post("/clients", client).await.data(201)["id"].clone();
    app.clock.advance(SignedDuration::from_secs(60));
    let new = json!({
        "clientId": client, "title": "ජංගම යෙදුම", "content": "# Offer\n\n<b>All</b> of it\n",
        "amount": 1250000, "currency": "XOF", "validUntil": "2026-05-31T00:00:00Z",
    });
    let (_, token) = sent(&user, new).await;
    let seen = look(&app, &token).await;
    insta::assert_snapshot!(shown(seen.bare(200)), @r##"
    {
      "title": "ජංගම යෙදුම",
      "content": "# Offer\n\n<b>All</b> of it\n",
      "status": "sent",
      "amount": 1250000,
      "currency": "XOF",
      "validUntil": "2026-05-31T00:00:00Z",
      "client": {
        "name": "නිමල්",
        "company": "ACME"
      },
      "freelancer": {
        "firstName": "John",
        "lastName": "Doe",
        "username": "johndoe",
        "avatar": "https://example.com/a.png",
        "title": "Full Stack Developer"
      },
      "sentAt": "2026-03-18T12:01:00Z",
      "answeredAt": null,
      "version": "qSdRESWklpIRkzui"
    }
    "##);
    assert_eq!(seen.headers["x-robots-tag"], "noindex");
    assert_eq!(seen.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn unknown_values_are_null() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (_, token) = simple(&user, "T").await;
    let seen = look(&app, &token).await;
    let seen = seen.bare(200);
    assert_eq!((&seen["validUntil"], &seen["client"]["company"]), (&Value::Null, &Value::Null));
    for field in ["username", "avatar", "title"] {
        assert_eq!(seen["freelancer"][field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn the_owner_sees_the_link_once_the_proposal_is_sent_and_it_stays_the_same() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let id = user.proposal(&client, "T").await;
    let path = format!("/proposals/{id}");
    assert_eq!(user.get(&path).await.data(200).get("publicLink"), None);
    let token = send(&user, &id).await;
    assert_eq!(token.len(), 24);
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')));
    assert_eq!(send(&user, &id).await, token);
    let link = json!(format!("{PUBLIC_URL}/p/{token}"));
    let changed = user.put(&path, json!({"title": "U"})).await;
    for proposal in [
        changed.data(200),
        user.get(&path).await.data(200),
        &user.get("/proposals").await.data(200)[0],
        &user.get("/proposals?status=sent").await.data(200)[0],
    ] {
        assert_eq!(proposal["publicLink"], link);
        assert_eq!(proposal.as_object().unwrap().keys().next_back().unwrap(), "publicLink");
    }
    assert_eq!(look(&app, &token).await.bare(200)["title"], "U");
    assert!(!is_in_database(&app, &token) && is_in_database(&app, "c@example.com"));
}

fn is_in_database(app: &TestApp, text: &str) -> bool {
    content::holds(app.database(), text)
}

#[tokio::test]
async fn every_proposal_has_its_own_link() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let mut tokens = BTreeSet::new();
    for n in 0..20 {
        let title = format!("Proposal {n}");
        let (_, token) = sent(&user, json!({"clientId": client, "title": title})).await;
        assert_eq!(look(&app, &token).await.bare(200)["title"], title);
        assert!(tokens.insert(token));
    }
    let key = || user.request(Method::POST, "/proposals").header("Idempotency-Key", "k");
    let body = json!({"clientId": client, "title": "Once"});
    let made = app.send(key().json(&body)).await;
    let id = made.data(201)["id"].as_str().unwrap().to_owned();
    let again = || async {
        let path = format!("/proposals/{id}/send");
        let request = user.request(Method::POST, &path).header("Idempotency-Key", "s");
        app.send(request.json(&json!({}))).await.data(200)["publicLink"].clone()
    };
    let link = again().await;
    assert_eq!(again().await, link);
    let token = link.as_str().unwrap().rsplit('/').next().unwrap();
    look(&app, token).await.bare(200);
    assert!(!is_in_database(&app, token));
}

#[tokio::test]
async fn a_client_accepts_or_declines_once() {
    for (verb, said, status, action) in [
        ("accept", "Proposal accepted successfully", "accepted", "Proposal accepted for \"T\""),
        ("decline", "Proposal declined successfully", "rejected", "Proposal rejected for \"T\""),
    ] {
        let options = Options { trust_proxy: true, ..Options::default() };
        let app = spawn_app_with(options).await;
        let user = app.register("user@example.com").await;
        change_rows(&app, "UPDATE accounts SET email_verified_at = created_at");
        let (id, token) = simple(&user, "T").await;
        app.clock.set("2026-03-19T08:00:00Z");
        let request = app.hub(Method::POST, &format!("/public/proposals/{token}/{verb}"));
        let request = request.header("X-Forwarded-For", "::ffff:203.0.113.7");
        let answered = app.send(request.json(&json!({"name": " ඩොන් පෙරේරා "}))).await;
        let body = json!({"success": true, "message": said});
        assert_eq!(answered.bare(200).to_string(), body.to_string());
        let at = "2026-03-19T08:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
        let name = "ඩොන් පෙරේරා".to_owned();
        assert_eq!(signed(&app), (Some(name), Some("203.0.113.7".to_owned()), Some(at)));

        let proposal = user.get(&format!("/proposals/{id}")).await;
        assert_eq!(proposal.data(200)["status"], status);
        assert_eq!(proposal.data(200)["updatedAt"], "2026-03-19T08:00:00Z");
        assert_eq!(proposal.data(200)["publicLink"], format!("{PUBLIC_URL}/p/{token}"));
        let seen = look(&app, &token).await;
        assert_eq!(
            (&seen.bare(200)["status"], &seen.bare(200)["answeredAt"]),
            (&json!(status), &json!("2026-03-19T08:00:00Z"))
        );
        let feed = user.hub_get("/freelancer/activity").await;
        assert_eq!(actions(&feed), [action, "Submitted proposal for \"T\""]);
        assert_eq!(feed.bare(200)[0]["status"], status);

        app.clock.advance(SignedDuration::from_secs(1));
        for again in ["accept", "decline"] {
            let refused = answer(&app, &token, again, "Other").await;
            assert_eq!(refused.refusal(409), "This proposal has been answered already");
        }
        assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200), proposal.data(200));
        assert_eq!(signed(&app).2, Some(at));
        assert_rollups(app.database());
        let mails = app.mails().await;
        // The client gets a copy of what was accepted.
        assert_eq!(mails.len(), if verb == "accept" { 2 } else { 1 });
        let mail = mails.iter().find(|mail| mail.to() == "user@example.com").unwrap();
        let answered = said.split(' ').nth(1).unwrap();
        let told = format!("ඩොන් පෙරේරා {answered} your proposal on 19 Mar 2026");
        assert!(mail.text.contains(&told), "{}", mail.text);
    }
}

#[tokio::test]
async fn an_unverified_freelancer_is_notified_of_an_answer_without_text_from_others() {
    for (verb, news) in [("accept", "accepted"), ("decline", "declined")] {
        let app = spawn_app().await;
        let user = app.register("user@example.com").await;
        let (_, token) = simple(&user, "Visit evil.example").await;
        answer(&app, &token, verb, "Win at casino.example").await.bare(200);
        let mails = app.mails().await;
        let mail = mails.iter().find(|mail| mail.to() == "user@example.com").unwrap();
        assert!(mail.header("Subject").contains(news), "{}", mail.raw);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(news), "{part}");
            assert!(part.contains(&format!("{PUBLIC_URL}/proposals")), "{part}");
            assert!(part.contains("email address isn’t verified"), "{part}");
            assert!(!part.contains("evil.example") && !part.contains("casino"), "{part}");
        }
    }
}

#[tokio::test]
async fn of_two_concurrent_answers_one_counts() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for other in ["accept", "decline"] {
        let (id, token) = simple(&user, "T").await;
        let (a, b) =
            tokio::join!(answer(&app, &token, "accept", "A"), answer(&app, &token, other, "B"));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort();
        assert_eq!(statuses, [200, 409]);
        let stands = if a.status == 200 || other == "accept" { "accepted" } else { "rejected" };
        assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200)["status"], stands);
    }
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_proposal_can_be_answered_until_the_end_of_its_last_day_in_the_freelancers_timezone() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"timezone": "Asia/Colombo"})).await.data(200);
    let client = user.client("Client").await;
    let new = || json!({"clientId": client, "title": "T", "validUntil": "2026-03-31"});
    let (_, in_time) = sent(&user, new()).await;
    let (late_id, late) = sent(&user, new()).await;
    // Midnight in Colombo is 18:30 UTC.
    app.clock.set("2026-03-31T18:29:59Z");
    answer(&app, &in_time, "accept", "A").await.bare(200);
    app.clock.set("2026-03-31T18:30:00Z");
    for verb in ["accept", "decline"] {
        let refused = answer(&app, &late, verb, "A").await;
        assert_eq!(refused.refusal(409), "This proposal was valid until 31 Mar 2026");
    }
    assert_eq!(look(&app, &late).await.bare(200)["status"], "sent");
    // The freelancer may extend it; the seven-day token is still valid here.
    app.clock.set("2026-03-25T00:00:00Z");
    let path = format!("/proposals/{late_id}");
    user.put(&path, json!({"validUntil": "2026-04-01"})).await.data(200);
    app.clock.set("2026-04-01T18:29:59Z");
    answer(&app, &late, "decline", "A").await.bare(200);
}

#[tokio::test]
async fn an_answer_recorded_by_put_is_final() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, token) = simple(&user, "T").await;
    user.put(&format!("/proposals/{id}"), json!({"status": "rejected"})).await.data(200);
    answer(&app, &token, "accept", "A").await.refusal(409);
    assert_eq!(look(&app, &token).await.bare(200)["status"], "rejected");
    assert_eq!(signed(&app).0, None);
}

#[tokio::test]
async fn an_unknown_token_is_404_whatever_its_form() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, token) = simple(&user, "T").await;
    let draft = user.proposal(&user.client("C").await, "Draft").await;
    let other = token.chars().rev().collect::<String>();
    for unknown in [&*other, &token[..23], &format!("{token}="), &id, &draft, "%00", "-", "%20"] {
        assert_eq!(look(&app, unknown).await.refusal(404), "Proposal not found", "{unknown}");
        for verb in ["accept", "decline"] {
            answer(&app, unknown, verb, "A").await.refusal(404);
        }
    }
    let refused = answer(&app, &token, "accept", " ").await;
    assert_eq!(
        (refused.refusal(400), &refused.body["details"]),
        (&json!("Validation failed"), &json!(["Name must not be empty"]))
    );
    assert_eq!(look(&app, &token).await.bare(200)["status"], "sent");
}

#[tokio::test]
async fn deleting_a_proposal_or_locking_its_account_disables_the_link() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let ((id, deleted), (_, locked)) = (simple(&user, "T").await, simple(&user, "U").await);
    user.delete(&format!("/proposals/{id}")).await.data(200);
    look(&app, &deleted).await.refusal(404);
    answer(&app, &deleted, "accept", "A").await.refusal(404);
    app.app.set_disabled("user@example.com".to_owned(), true).await.unwrap();
    look(&app, &locked).await.refusal(404);
    answer(&app, &locked, "accept", "A").await.refusal(404);
    app.app.set_disabled("user@example.com".to_owned(), false).await.unwrap();
    look(&app, &locked).await.bare(200);
}

#[tokio::test]
async fn a_proposal_sent_by_an_older_version_has_no_link_until_it_is_sent_again() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, old) = simple(&user, "T").await;
    change_rows(&app, "UPDATE proposals SET link = NULL, link_hash = NULL");
    let path = format!("/proposals/{id}");
    let before = user.get(&path).await.data(200).clone();
    assert_eq!(before.get("publicLink"), None);
    app.clock.advance(SignedDuration::from_secs(60));
    let token = send(&user, &id).await;
    look(&app, &token).await.bare(200);
    look(&app, &old).await.refusal(404);
    let mut after = user.get(&path).await.data(200).clone();
    after.as_object_mut().unwrap().shift_remove("publicLink");
    assert_eq!(after, before);
    assert_eq!(actions(&user.hub_get("/freelancer/activity").await).len(), 1);
}

#[tokio::test]
async fn answers_are_limited_by_address() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    for _ in 0..20 {
        answer(&app, "unknown", "accept", "A").await.refusal(404);
    }
    answer(&app, "unknown", "decline", "A").await.refusal(429);
}

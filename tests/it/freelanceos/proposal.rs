//! `/proposals`.

use freelanceos::domain::{id::ProposalId, proposal::ProposalLink};
use jiff::SignedDuration;
use serde_json::json;

use super::shown;
use crate::support::{PUBLIC_URL, spawn_app};

#[tokio::test]
async fn a_proposal_is_created_as_a_draft() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let body = json!({
        "clientId": client,
        "title": "Mobile app",
        "content": "# Offer\n\n  Design & <b>development</b>\n",
        "amount": 12000.5,
        "currency": "EUR",
        "validUntil": "2026-05-31T00:00:00Z",
    });
    let created = user.post("/proposals", body).await;
    insta::assert_snapshot!(shown(created.data(201)), @r##"
    {
      "id": "prop_…",
      "userId": "user_…",
      "clientId": "client_…",
      "client": {
        "id": "client_…",
        "userId": "user_…",
        "name": "Client",
        "email": "c@example.com",
        "totalBilled": 0,
        "createdAt": "2026-03-18T12:00:00Z",
        "updatedAt": "2026-03-18T12:00:00Z"
      },
      "title": "Mobile app",
      "content": "# Offer\n\n  Design & <b>development</b>\n",
      "status": "draft",
      "amount": 12000.5,
      "currency": "EUR",
      "validUntil": "2026-05-31T00:00:00Z",
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z"
    }
    "##);
    let id = created.data(201)["id"].as_str().unwrap();
    assert!(id.starts_with("prop_"));
    assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200), created.data(201));
    assert_eq!(user.get("/proposals").await.body["data"][0], *created.data(201));
}

#[tokio::test]
async fn a_proposal_needs_only_client_and_title() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"currency": "KES"})).await.data(200);
    let client = user.client("Client").await;
    let created = user.post("/proposals", json!({"clientId": client, "title": "P"})).await;
    let data = created.data(201);
    assert_eq!((&data["status"], &data["currency"]), (&json!("draft"), &json!("KES")));
    assert_eq!((&data["amount"], &data["content"]), (&json!(0), &json!("")));
    assert_eq!(data.get("validUntil"), None);
}

#[tokio::test]
async fn send_makes_a_draft_sent_and_a_second_send_changes_nothing() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let proposal = user.proposal(&user.client("Client").await, "P").await;
    let send = format!("/proposals/{proposal}/send");
    app.clock.advance(SignedDuration::from_secs(60));
    let sent = user.post(&send, json!({})).await;
    assert_eq!(sent.data(200)["status"], "sent");
    assert_eq!(sent.data(200)["updatedAt"], "2026-03-18T12:01:00Z");
    app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(user.post(&send, json!({})).await.data(200), sent.data(200));
    assert_eq!(user.get("/dashboard/activity").await.data(200).as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_can_be_recorded_by_put_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    for (answer, other) in [("accepted", "rejected"), ("rejected", "accepted")] {
        for is_sent in [true, false] {
            let path = format!("/proposals/{}", user.proposal(&client, "P").await);
            if is_sent {
                user.post(&format!("{path}/send"), json!({})).await.data(200);
            }
            let answered = user.put(&path, json!({"status": answer})).await;
            assert_eq!(answered.data(200)["status"], answer);
            let activity = user.get("/dashboard/activity").await;
            assert_eq!(activity.data(200)[0]["type"], format!("proposal_{answer}"));
            // Repeating it is no conflict.
            let again = user.put(&path, json!({"status": answer, "title": "P"})).await;
            assert_eq!(again.data(200), answered.data(200));
            for change in [
                json!({"status": other}),
                json!({"status": "draft"}),
                json!({"title": "Q"}),
                json!({"amount": 1}),
            ] {
                user.put(&path, change).await.error(409);
            }
            user.post(&format!("{path}/send"), json!({})).await.error(409);
            assert_eq!(user.get(&path).await.data(200), answered.data(200));
        }
    }
}

#[tokio::test]
async fn a_proposal_put_to_sent_has_its_link_and_mails_nothing() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let path = format!("/proposals/{}", user.proposal(&client, "P").await);
    user.put(&path, json!({"status": "draft"})).await.data(200);
    let change = json!({"status": "sent", "title": "Offer", "amount": 1200});
    let sent = user.put(&path, change).await.data(200).clone();
    assert_eq!((&sent["status"], &sent["title"]), (&json!("sent"), &json!("Offer")));
    assert_eq!(user.get(&path).await.data(200), &sent);
    assert!(app.mails().await.is_empty());
    let log = user.get("/dashboard/activity").await.data(200)[0].clone();
    assert_eq!((&log["type"], &log["amount"]), (&json!("proposal_sent"), &json!(1200)));

    // Sending it again returns the same link.
    let claims = user.claims();
    let id: String = sent["id"].as_str().unwrap().to_owned();
    let record = app.app.proposal_record(claims, ProposalId::parse(&id)).await.unwrap();
    let Some(ProposalLink::Open(link)) = record.proposal.link else { panic!("no link") };
    assert!(record.sent_at.is_some());
    let page = app.http.get(link.replace(PUBLIC_URL, &app.base)).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Offer"));

    assert_eq!(user.put(&path, json!({"status": "sent"})).await.data(200), &sent);
    user.put(&path, json!({"status": "draft"})).await.error(409);
}

#[tokio::test]
async fn put_changes_any_subset_of_an_open_proposal() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, two) = (user.client("One").await, user.client("Two").await);
    let path = format!("/proposals/{}", user.proposal(&one, "P").await);
    app.clock.advance(SignedDuration::from_secs(60));
    let changed = user
        .put(
            &path,
            json!({"clientId": two, "title": "Q", "amount": 99.99, "validUntil": "2026-05-31"}),
        )
        .await;
    let data = changed.data(200);
    assert_eq!((&data["clientId"], &data["client"]["name"]), (&json!(two), &json!("Two")));
    assert_eq!(
        (&data["title"], &data["validUntil"]),
        (&json!("Q"), &json!("2026-05-31T00:00:00Z"))
    );
    assert_eq!(data["amount"].to_string(), "99.99");
    assert_eq!(data["updatedAt"], "2026-03-18T12:01:00Z");
    let cleared = user.put(&path, json!({"validUntil": null})).await;
    assert_eq!(cleared.data(200).get("validUntil"), None);
}

#[tokio::test]
async fn a_deleted_proposal_returns_null_and_is_404_afterwards() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    for status in ["draft", "sent", "rejected"] {
        let path = format!("/proposals/{}", user.proposal(&client, "P").await);
        match status {
            "sent" => user.post(&format!("{path}/send"), json!({})).await,
            _ => user.put(&path, json!({"status": status})).await,
        }
        .data(200);
        assert_eq!(user.delete(&path).await.body.to_string(), r#"{"success":true,"data":null}"#);
        for answer in [
            user.get(&path).await,
            user.put(&path, json!({})).await,
            user.post(&format!("{path}/send"), json!({})).await,
            user.delete(&path).await,
        ] {
            assert_eq!(answer.error(404), "Proposal not found");
        }
    }
    assert_eq!(user.get("/proposals").await.body["total"], 0);
}

#[tokio::test]
async fn an_accepted_proposal_cannot_be_deleted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let path = format!("/proposals/{}", user.proposal(&user.client("Client").await, "P").await);
    user.put(&path, json!({"status": "accepted"})).await.data(200);
    assert_eq!(user.delete(&path).await.error(409), "An accepted proposal cannot be deleted");
    user.get(&path).await.data(200);
}

#[tokio::test]
async fn its_amount_has_no_more_decimals_than_its_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let body = json!({"clientId": client, "title": "P", "amount": 0.5, "currency": "JPY"});
    let answer = user.post("/proposals", body).await;
    assert_eq!(answer.error(400), "amount must have no decimals in this currency");
}

#[tokio::test]
async fn a_new_proposal_is_a_draft_and_any_other_status_is_refused() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let new = |status| json!({"clientId": client, "title": "P", "status": status});
    user.post("/proposals", new("draft")).await.data(201);
    for status in ["sent", "accepted", "rejected"] {
        let answer = user.post("/proposals", new(status)).await;
        assert_eq!(answer.error(400), "status must be one of draft", "{status}");
    }
    assert_eq!(user.get("/proposals").await.body["total"], 1);
}

#[tokio::test]
async fn an_invalid_field_is_400_before_a_status_conflict_is_409() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    for (bad, error) in [
        (json!({"clientId": "client_1"}), "clientId does not exist"),
        (json!({"amount": 0.001}), "amount must have at most 2 decimals"),
    ] {
        let mut new = json!({"clientId": client, "title": "P"});
        new.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        assert_eq!(user.post("/proposals", new).await.error(400), error);

        let path = format!("/proposals/{}", user.proposal(&client, "P").await);
        let mut change = json!({"status": "sent"});
        change.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        assert_eq!(user.put(&path, change.clone()).await.error(400), error);
        user.put(&path, json!({"status": "accepted"})).await.data(200);
        assert_eq!(user.put(&path, change).await.error(400), error);
    }
}

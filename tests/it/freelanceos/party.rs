//! Clients as parties: their details, what new documents take from them, and who gets copies.

use serde_json::json;

use crate::support::spawn_app;

#[tokio::test]
async fn a_client_keeps_every_detail_and_null_clears_it() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let details = json!({
        "address": {
            "street": "ගාලු පාර 21", "street2": "2 වන මහල", "city": "කොළඹ", "region": "බස්නාහිර",
            "postalCode": "00300",
        },
        "countryCode": "LK", "taxId": "VAT 409", "registrationNumber": "PV 12", "currency": "XOF",
        "paymentTermsDays": 0, "ccEmails": ["finance@example.com", "cfo@example.com"],
        "buyerReference": "PO 7", "notes": "Pays late", "language": "fr",
        "peppolId": "0192:991825827",
    });
    let mut body = details.clone();
    body["name"] = json!("නිමල්");
    body["email"] = json!("nimal@example.com");
    let made = user.post("/clients", body).await.data(201).clone();
    for (field, value) in details.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    let path = format!("/clients/{}", made["id"].as_str().unwrap());
    assert_eq!(*user.get(&path).await.data(200), made);
    other.get(&path).await.error(404);
    other.put(&path, json!({"notes": "x"})).await.error(404);

    let moved = user.put(&path, json!({"address": {"city": "Kandy"}, "ccEmails": []})).await;
    assert_eq!(moved.data(200)["address"], json!({"city": "Kandy"}));
    assert_eq!(moved.data(200).get("ccEmails"), None);
    assert_eq!(moved.data(200)["buyerReference"], "PO 7");
    let nothing = details.as_object().unwrap().keys().map(|field| (field.clone(), json!(null)));
    let cleared = user.put(&path, json!(nothing.collect::<serde_json::Map<_, _>>())).await;
    for field in details.as_object().unwrap().keys() {
        assert_eq!(cleared.data(200).get(field), None, "{field}");
    }
}

#[tokio::test]
async fn a_country_code_follows_the_country_unless_it_is_given() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let path = format!("/clients/{}", user.client("C").await);
    for (change, code) in [
        (json!({"country": "NG"}), Some("NG")),
        (json!({"country": "The Gambia"}), Some("GM")),
        (json!({"country": "Deutschland"}), None),
        (json!({"countryCode": "de"}), Some("DE")),
        (json!({"country": "Deutschland", "phone": "1"}), Some("DE")),
        (json!({"country": "Sri Lanka", "countryCode": "IN"}), Some("IN")),
        (json!({"countryCode": null}), Some("LK")),
        (json!({"country": null}), None),
    ] {
        let changed = user.put(&path, change.clone()).await;
        let shown = changed.data(200).get("countryCode").and_then(|code| code.as_str());
        assert_eq!(shown, code, "{change}");
    }
}

#[tokio::test]
async fn every_invalid_detail_of_a_client_is_named() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let many: Vec<String> = (0..11).map(|n| format!("a{n}@example.com")).collect();
    let body = json!({
        "name": "A", "email": "a@example.com", "address": {"city": 7}, "countryCode": "XX",
        "currency": "EURO", "paymentTermsDays": -1, "ccEmails": ["x@example.com", "nobody"],
        "language": "si", "peppolId": "12",
    });
    assert_eq!(
        user.post("/clients", body).await.error(400),
        "address.city must be a string; \
         countryCode must be an ISO 3166-1 country code such as NG; \
         currency must be an ISO 4217 currency code such as USD; \
         paymentTermsDays must be a whole number from 0 to 365; \
         ccEmails[1] must be a valid email address; \
         language must be one of en, fr, es, pt, de, ar; \
         peppolId must be a Peppol participant such as 0192:991825827"
    );
    let body = json!({"name": "A", "email": "a@example.com", "ccEmails": many});
    let refused = user.post("/clients", body).await;
    assert_eq!(refused.error(400), "ccEmails must have at most 10 entries");
}

#[tokio::test]
async fn new_documents_take_currency_and_terms_from_request_then_client_then_settings() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let body = json!({"clientId": client, "amount": 500, "issueDate": "2026-03-01"});
    let refused = user.post("/invoices", body.clone()).await;
    assert_eq!(refused.error(400), "dueDate is required");

    user.put("/settings", json!({"invoicing": {"paymentTermsDays": 30}})).await.data(200);
    let made = user.post("/invoices", body.clone()).await.data(201).clone();
    assert_eq!(
        (&made["dueDate"], &made["currency"]),
        (&json!("2026-03-31T00:00:00Z"), &json!("USD"))
    );
    let terms = json!({"paymentTermsDays": 7, "currency": "XOF"});
    user.put(&format!("/clients/{client}"), terms).await.data(200);
    let made = user.post("/invoices", body.clone()).await.data(201).clone();
    assert_eq!(
        (&made["dueDate"], &made["currency"], &made["amount"]),
        (&json!("2026-03-08T00:00:00Z"), &json!("XOF"), &json!(500))
    );
    let mut given = body;
    given["dueDate"] = json!("2026-05-01");
    given["currency"] = json!("KWD");
    given["amount"] = json!(1.125);
    let made = user.post("/invoices", given).await.data(201).clone();
    assert_eq!(
        (&made["dueDate"], &made["currency"], &made["amount"]),
        (&json!("2026-05-01T00:00:00Z"), &json!("KWD"), &json!(1.125))
    );
    let project = user.post("/projects", json!({"clientId": client, "name": "P"})).await;
    assert_eq!(project.data(201)["currency"], "XOF");
    let proposal = user.post("/proposals", json!({"clientId": client, "title": "T"})).await;
    assert_eq!(proposal.data(201)["currency"], "XOF");
}

#[tokio::test]
async fn emails_to_a_client_go_to_its_copies_and_a_sent_invoice_keeps_its_address() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let path = format!("/clients/{client}");
    let details = json!({
        "ccEmails": ["finance@example.com", "C@example.com", "Finance@example.com"],
        "address": {"street": "Hauptstraße 7", "city": "Berlin", "postalCode": "10115"},
        "country": "DE",
    });
    user.put(&path, details).await.data(200);
    let invoice = user.sent_invoice(&client, json!(100)).await;
    let mails = app.mails().await;
    let mail = mails.iter().find(|mail| mail.to() == "c@example.com").unwrap();
    assert_eq!(mail.header("Cc"), "finance@example.com");

    user.put(&path, json!({"address": null, "ccEmails": null})).await.data(200);
    let shown = user.get(&format!("/invoices/{invoice}")).await.data(200)["client"].clone();
    assert_eq!(shown["address"]["postalCode"], "10115");
    app.clock.set("2026-03-20T12:00:00Z");
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    let mails = app.mails().await;
    assert!(!mails.last().unwrap().raw.contains("finance@example.com"));
}

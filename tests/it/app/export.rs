//! Data export.

use std::sync::Arc;

use freelanceos::{
    app::{exchange_rate::set_exchange_rate, export::Export, unit_of_work::Work},
    domain::{
        error::Kind, exchange_rate::NewRate, export::ExportList, image::ImagePurpose, input::Input,
    },
    store::{self, export::Cursor},
};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::image::png;
use crate::{
    store::recorder::{asked_by, assert_indexed},
    support::{PASSWORD, TestApp, User, spawn_app},
};

async fn text(app: &TestApp, export: Export) -> String {
    let pieces: Vec<Vec<u8>> =
        export.into_stream(Arc::clone(&app.app)).try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

pub async fn document(user: &User<'_>) -> Value {
    let export = user.app.app.export(user.claims(), None).await.unwrap();
    serde_json::from_str(&text(user.app, export).await).unwrap()
}

pub async fn table(user: &User<'_>, list: ExportList) -> String {
    let export = user.app.app.export(user.claims(), Some(list)).await.unwrap();
    text(user.app, export).await
}

/// Creates one of everything.
async fn fill(user: &User<'_>) {
    user.hub_put("/freelancer/profile", json!({"username": "ada", "bio": "I write"})).await;
    user.hub_post("/freelancer/portfolio", json!({"title": "Shop"})).await.bare(201);
    let message = json!({"name": "=Eve", "email": "eve@example.com", "message": "Hello,\nyou"});
    user.app.hub_post("/public/freelancers/ada/messages", message).await.bare(201);
    let client = user.client("Acme, \"the\" shop").await;
    let details = json!({
        "address": {"street": "1 Broad Street", "city": "Lagos"}, "countryCode": "NG",
        "taxId": "TIN 7", "currency": "XOF", "paymentTermsDays": 14, "notes": "=Late",
        "ccEmails": ["a@example.com", "b@example.com"],
    });
    user.put(&format!("/clients/{client}"), details).await.data(200);
    let business = json!({"address": {"city": "Lagos"}, "website": "https://ada.example"});
    let reminders = json!({"enabled": true, "steps": [{"days": 7, "lateFee": {"percent": 2.5}}]});
    let body = json!({"business": business, "reminders": reminders});
    user.put("/settings", body).await.data(200);
    let project = user.project(&client, "Site").await;
    user.milestone(&project, "Draft").await;
    let proposal = user.proposal(&client, "Offer").await;
    let offer = json!({
        "deposit": {"percent": 30}, "currency": "KWD",
        "items": [{"description": "=Work", "quantity": 2, "rate": 1.2505}],
    });
    user.put(&format!("/proposals/{proposal}"), offer).await.data(200);
    user.post(&format!("/proposals/{proposal}/send"), json!({})).await.data(200);
    let items = json!([
        {"description": "-cut", "quantity": 2.5, "rate": 100.25},
        {"description": "More", "quantity": 1, "rate": -0.5},
    ]);
    let body = json!({
        "clientId": client, "projectId": project, "items": items, "taxRate": 7.5,
        "currency": "USD", "dueDate": "2026-04-01", "notes": "Thanks",
    });
    let invoice = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    user.post(&format!("/invoices/{invoice}/remind"), json!({})).await.data(201);
    user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
    let body = json!({"amount": 26.89, "reason": "=Late"});
    user.post(&format!("/invoices/{invoice}/credit-notes"), body).await.data(201);
    let rate = json!({"from": "EUR", "rate": 1.0834});
    let rate = NewRate::read(rate.as_object().unwrap()).unwrap();
    let set = move |work: &mut Work| set_exchange_rate(work, &rate, None);
    user.app.app.run(user.claims(), set).await.unwrap();
}

#[tokio::test]
async fn an_export_ends_with_the_session_that_requested_it() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    ada.client("Acme").await;
    let mut document = app.app.export(ada.claims(), None).await.unwrap();
    let mut tables = Vec::new();
    for list in [ExportList::Clients, ExportList::Payments] {
        tables.push(app.app.export(ada.claims(), Some(list)).await.unwrap());
    }
    assert!(document.next(&app.app).await.unwrap().is_some());
    ada.post("/auth/logout", json!({})).await;
    assert_eq!(ada.get("/auth/me").await.status, 401);
    let error = document.next(&app.app).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Unauthenticated);
    for mut table in tables {
        assert_eq!(*table.next(&app.app).await.unwrap_err().kind(), Kind::Unauthenticated);
    }
    // An export by an admin needs no session.
    let of_admin = app.app.export_of("ada@example.com".to_owned(), None).await.unwrap();
    assert!(text(&app, of_admin).await.contains("Acme"));
}

#[tokio::test]
async fn the_export_holds_everything_of_an_account_and_nothing_of_others() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    fill(&ada).await;
    obi.client("Secret Ltd").await;
    app.app.upload_image(ada.claims(), ImagePurpose::Logo, png(4, 4)).await.unwrap();
    let export = document(&ada).await;
    let keys: Vec<_> = export.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "exportedAt",
            "account",
            "invoiceDefaults",
            "mailSettings",
            "paymentProviders",
            "taxes",
            "clients",
            "projects",
            "milestones",
            "proposals",
            "invoices",
            "creditNotes",
            "checkouts",
            "reminderSettings",
            "reminders",
            "exchangeRates",
            "profile",
            "portfolio",
            "messages",
            "activity",
        ]
    );
    assert_eq!(export["account"]["email"], "ada@example.com");
    for list in ["clients", "projects", "milestones", "proposals", "invoices", "exchangeRates"] {
        assert_eq!(export[list].as_array().unwrap().len(), 1, "{list}");
    }
    for list in ["portfolio", "messages"] {
        assert_eq!(export[list].as_array().unwrap().len(), 1, "{list}");
    }
    assert!(export["activity"].as_array().unwrap().len() >= 5);
    let invoice = &export["invoices"][0];
    assert_eq!(invoice["number"], "INV-2026-001");
    assert_eq!(invoice["clientName"], "Acme, \"the\" shop");
    for (field, amount) in
        [("subtotal", "250.13"), ("taxRate", "7.5"), ("taxAmount", "18.76"), ("amount", "268.89")]
    {
        assert_eq!(invoice[field].to_string(), amount);
    }
    assert_eq!(invoice["currency"], "USD");
    assert_eq!((&invoice["dueDate"], &invoice["status"]), (&json!("2026-04-01"), &json!("paid")));
    assert_eq!(invoice["sentAt"], "2026-03-18T12:00:00Z");
    assert_eq!(invoice["buyer"]["name"], "Acme, \"the\" shop");
    assert_eq!(invoice["items"][0]["quantity"].to_string(), "2.5");
    assert_eq!(invoice["items"][1]["amount"].to_string(), "-0.5");
    assert_eq!(invoice["payments"][0]["amount"].to_string(), "268.89");
    let note = &export["creditNotes"][0];
    assert_eq!(
        (&note["number"], &note["invoiceNumber"]),
        (&json!("CN-2026-001"), &json!("INV-2026-001"))
    );
    assert_eq!(
        (note["amount"].to_string(), note["tax"].to_string()),
        ("26.89".into(), "1.88".into())
    );
    assert_eq!(note["taxes"][0]["base"].to_string(), "25.01");
    let reminder = &export["reminders"][0];
    assert_eq!(
        (&reminder["invoiceNumber"], &reminder["reason"]),
        (&json!("INV-2026-001"), &json!("no_mail_server"))
    );
    let settings = &export["reminderSettings"];
    assert_eq!((&settings["enabled"], &settings["steps"][0]["days"]), (&json!(true), &json!(7)));
    assert_eq!(settings["steps"][0]["lateFee"], json!({"percent": "2.5"}));
    assert_eq!(export["clients"][0]["address"]["street"], "1 Broad Street");
    assert_eq!(export["clients"][0]["ccEmails"], json!(["a@example.com", "b@example.com"]));
    assert_eq!(export["invoiceDefaults"]["address"], json!({"city": "Lagos"}));
    assert_eq!(export["invoiceDefaults"]["website"], "https://ada.example");
    assert_eq!(export["exchangeRates"][0]["rate"].to_string(), "1.0834");
    assert_eq!(export["profile"]["bio"], "I write");
    assert_eq!(export["messages"][0]["content"], "Hello,\nyou");
    let proposal = &export["proposals"][0];
    assert_eq!(
        (&proposal["status"], &proposal["items"][0]["description"]),
        (&json!("sent"), &json!("=Work"))
    );
    assert_eq!(proposal["items"][0]["amount"].to_string(), "2.501");
    assert_eq!(proposal["depositPercent"].to_string(), "30");
    assert_eq!(invoice["kind"], "invoice");
    let whole = export.to_string();
    for secret in ["argon2", "Secret Ltd", PASSWORD, "hash", "/p/", "sealed"] {
        assert!(!whole.contains(secret), "{secret}");
    }
    // Repeated, it gives the same bytes.
    assert_eq!(document(&ada).await.to_string(), whole);
}

#[tokio::test]
async fn an_empty_account_can_be_exported_too() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let export = document(&ada).await;
    assert_eq!((&export["clients"], &export["invoices"]), (&json!([]), &json!([])));
    assert_eq!(export["invoiceDefaults"], Value::Null);
    for word in ExportList::WORDS {
        let list = ExportList::from_word(word).unwrap();
        assert_eq!(table(&ada, list).await.lines().count(), 1, "{word} has a head");
    }
}

#[tokio::test]
async fn lists_are_tables_without_formulas_for_spreadsheets() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    fill(&ada).await;
    let clients = table(&ada, ExportList::Clients).await;
    let head = "id,name,email,company,phone,country,createdAt,updatedAt,address,countryCode,taxId,\
                registrationNumber,currency,paymentTermsDays,ccEmails,buyerReference,notes,\
                language,peppolId,remindersOff\n";
    assert!(clients.strip_prefix('\u{feff}').unwrap().starts_with(head), "{clients}");
    assert!(clients.contains(",\"Acme, \"\"the\"\" shop\",c@example.com,,,,2026-03-18T12:00:00Z,"));
    let rest =
        "\"1 Broad Street, Lagos\",NG,TIN 7,,XOF,14,\"a@example.com, b@example.com\",,=Late,";
    assert!(clients.contains(&rest.replace(",=", ",'=")), "{clients}");
    let items = table(&ada, ExportList::InvoiceItems).await;
    let head = "invoiceId,invoiceNumber,clientName,id,position,description,quantity,unit,rate,\
                discountPercent,discountAmount,currency,amount,depositId\n";
    assert!(items.strip_prefix('\u{feff}').unwrap().starts_with(head), "{items}");
    assert!(items.contains(",1,'-cut,2.5,,100.25,,,USD,250.63,\n"), "{items}");
    assert!(items.contains(",2,More,1,,-0.5,,,USD,-0.5,\n"), "{items}");
    let messages = table(&ada, ExportList::Messages).await;
    assert!(messages.contains(",'=Eve,eve@example.com,\"Hello,\nyou\",,"), "{messages}");
    let payments = table(&ada, ExportList::Payments).await;
    assert!(payments.contains(",INV-2026-001,\"Acme, \"\"the\"\" shop\",pay_"), "{payments}");
    assert!(
        payments.contains(
            ",USD,268.89,USD,1,268.89,2026-03-18T12:00:00Z,payment,0,,,,,,2026-03-18T12:00:00Z,,,\n"
        ),
        "{payments}"
    );
    for (list, lines) in [
        (ExportList::Projects, 2),
        (ExportList::Milestones, 2),
        (ExportList::Proposals, 2),
        (ExportList::Invoices, 2),
        (ExportList::CreditNotes, 2),
    ] {
        assert_eq!(table(&ada, list).await.lines().count(), lines, "{list:?}");
    }
}

#[tokio::test]
async fn text_in_a_table_reads_back_as_typed() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let typed = ["+2348031234567", "0041", "1e5", "3-4", "'t Hooft", "0x1F", "Zoë & Søn", "=A1"];
    for (n, text) in typed.iter().enumerate() {
        let body = json!({
            "name": text, "email": format!("c{n}@example.com"), "phone": text, "country": "ගාල්ල",
        });
        ada.post("/clients", body).await.data(201);
    }
    let text = table(&ada, ExportList::Clients).await;
    let mut reader = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), typed.len());
    for (row, text) in rows.iter().zip(typed) {
        for column in [1, 4] {
            let cell = &row[column];
            assert!(cell.parse::<f64>().is_err(), "{cell} is a number");
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
        }
        assert_eq!((&row[5], &row[6]), ("ගාල්ල", "2026-03-18T12:00:00Z"));
    }
}

#[tokio::test]
async fn a_long_list_is_exported_completely_in_pages() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let client = ada.client("Acme").await;
    for n in 0..101 {
        ada.invoice(&client, json!(n + 1), "2026-04-01").await;
    }
    let export = app.app.export(ada.claims(), None).await.unwrap();
    let pieces: Vec<Vec<u8>> =
        export.into_stream(Arc::clone(&app.app)).try_collect().await.unwrap();
    assert!(pieces.len() > 13, "{}", pieces.len());
    let export: Value = serde_json::from_slice(&pieces.concat()).unwrap();
    let numbers: Vec<_> =
        export["invoices"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect();
    assert_eq!(numbers.len(), 101);
    assert!(numbers.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    assert_eq!(table(&ada, ExportList::InvoiceItems).await.lines().count(), 102);
}

#[tokio::test]
async fn every_page_of_an_export_uses_an_index() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    fill(&ada).await;
    let (account, database) = (ada.claims().account, app.database());
    let asked = asked_by(database, |tx| {
        use store::export;
        for section in [
            &export::CLIENTS,
            &export::PROJECTS,
            &export::MILESTONES,
            &export::PROPOSALS,
            &export::INVOICES,
            &export::CREDIT_NOTES,
            &export::MESSAGES,
            &export::PORTFOLIO,
            &export::ACTIVITY,
        ] {
            let (rows, next) = export::page(tx, section, account, &Cursor::Start)?;
            assert!(!rows.is_empty() && next.is_none());
        }
        let invoice = freelanceos::domain::id::Id::NIL;
        export::items(tx, invoice)?;
        export::payments(tx, invoice)?;
        export::mail_settings::mail_settings(tx, account)?;
        export::invoice_defaults(tx, account).map(drop)
    });
    assert_indexed(database, &asked);
}

//! `/freelancer/profile`.

use reqwest::Method;
use serde_json::{Value, json};

use super::freelancer::{freelancer, shown};
use crate::support::{User, pretty, spawn_app};

const PATH: &str = "/freelancer/profile";

async fn put(user: &User<'_>, change: Value) {
    let answer = user.hub_put(PATH, change).await;
    let said = r#"{"success":true,"message":"Profile updated successfully"}"#;
    assert_eq!(answer.bare(200).to_string(), said);
}

async fn profile(user: &User<'_>) -> Value {
    user.hub_get(PATH).await.bare(200).clone()
}

/// The messages of a failed update by field.
async fn details(user: &User<'_>, change: Value) -> Value {
    let answer = user.hub_put(PATH, change).await;
    assert_eq!(answer.refusal(400), "Validation failed");
    answer.body["details"].clone()
}

fn documented() -> Value {
    json!({
        "bio": "Experienced full-stack developer with 5+ years of experience in React, Node.js, \
                and MongoDB. Passionate about creating scalable web applications.",
        "title": "Full Stack Developer",
        "hourlyRate": { "amount": 50, "currency": "USD" },
        "skills": ["JavaScript", "TypeScript", "React", "Node.js", "MongoDB", "PostgreSQL", "AWS"],
        "availability": "available",
        "experience": "intermediate",
    })
}

#[tokio::test]
async fn the_documented_update_gets_the_documented_response_and_reads_back() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    insta::assert_snapshot!(shown(&profile(&user).await), @r#"
    {
      "id": "user_…",
      "email": "john.doe@example.com",
      "username": null,
      "firstName": "John",
      "lastName": "Doe",
      "phone": null,
      "avatar": null,
      "location": null,
      "dateOfBirth": null,
      "bio": null,
      "title": null,
      "hourlyRate": null,
      "skills": [],
      "availability": null,
      "experience": null,
      "profileCompletion": 0,
      "missing": [
        "avatar",
        "title",
        "bio",
        "hourlyRate",
        "skills",
        "availability",
        "experience",
        "location",
        "phone",
        "portfolio"
      ]
    }
    "#);
    put(&user, documented()).await;
    let after = profile(&user).await;
    for (field, value) in documented().as_object().unwrap() {
        assert_eq!(after[field], *value, "{field}");
    }
    assert_eq!(after["profileCompletion"], 60);
    assert_eq!(after["missing"], json!(["avatar", "location", "phone", "portfolio"]));
}

#[tokio::test]
async fn each_of_ten_things_completes_a_tenth_of_the_profile() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let mut percent = 0;
    for change in [
        json!({"avatar": "https://example.com/a.png"}),
        json!({"title": "T"}),
        json!({"bio": "B"}),
        json!({"hourlyRate": {"amount": 0}}),
        json!({"skills": ["S"]}),
        json!({"availability": "busy"}),
        json!({"experience": "expert"}),
        json!({"location": {"country": "Sri Lanka"}}),
        json!({"phone": "+94701234567"}),
    ] {
        let name = change.as_object().unwrap().keys().next().unwrap().clone();
        put(&user, change).await;
        percent += 10;
        let after = profile(&user).await;
        assert_eq!(after["profileCompletion"], percent);
        assert!(!after["missing"].as_array().unwrap().contains(&json!(name)), "{after}");
    }
    user.hub_post("/freelancer/portfolio", json!({"title": "Work"})).await.bare(201);
    let after = profile(&user).await;
    assert_eq!((&after["profileCompletion"], &after["missing"]), (&json!(100), &json!([])));
    put(&user, json!({"bio": " \n", "skills": []})).await;
    let after = profile(&user).await;
    assert_eq!((&after["bio"], &after["profileCompletion"]), (&json!(" \n"), &json!(80)));
    assert_eq!(after["missing"], json!(["bio", "skills"]));
}

#[tokio::test]
async fn missing_fields_stay_unchanged_and_null_clears() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    put(&user, documented()).await;
    let place =
        json!({"country": "Sri Lanka", "city": "Colombo", "coordinates": [79.8612, 6.9271]});
    let more = json!({
        "username": "johndoe123", "phone": "+94701234567", "location": place,
        "avatar": "https://example.com/a.png",
    });
    put(&user, more).await;
    let full = profile(&user).await;
    assert_eq!(full["location"], place);
    assert_eq!(full["title"], "Full Stack Developer");
    put(&user, json!({})).await;
    let patched = app.send(user.hub(Method::PATCH, PATH).json(&json!({"title": "Tester"}))).await;
    patched.bare(200);
    let mut expected = full.clone();
    expected["title"] = json!("Tester");
    assert_eq!(profile(&user).await, expected);

    let cleared = json!({
        "bio": null, "title": null, "hourlyRate": null, "skills": null, "availability": null,
        "experience": null, "phone": null, "location": null, "avatar": null,
    });
    put(&user, cleared.clone()).await;
    let after = profile(&user).await;
    for field in cleared.as_object().unwrap().keys() {
        let empty = if field == "skills" { json!([]) } else { Value::Null };
        assert_eq!(after[field], empty, "{field}");
    }
    assert_eq!(
        (&after["username"], &after["profileCompletion"]),
        (&json!("johndoe123"), &json!(0))
    );
    assert_eq!(details(&user, json!({"username": null})).await, json!(["Username is required"]));
}

#[tokio::test]
async fn an_hourly_rate_is_exact_and_defaults_to_the_accounts_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"currency": "XOF"})).await.data(200);
    put(&user, json!({"hourlyRate": {"amount": 25000}})).await;
    let rate = json!({"amount": 25000, "currency": "XOF"});
    assert_eq!(profile(&user).await["hourlyRate"], rate);
    let refused = details(&user, json!({"hourlyRate": {"amount": 0.5}})).await;
    assert_eq!(refused, json!(["Hourly rate amount must have no decimals in this currency"]));
    put(&user, json!({"hourlyRate": {"amount": 12.345, "currency": "KWD"}})).await;
    assert_eq!(
        profile(&user).await["hourlyRate"].to_string(),
        r#"{"amount":12.345,"currency":"KWD"}"#
    );
    for (rate, said) in [
        (
            json!({"amount": 12.345, "currency": "USD"}),
            "Hourly rate amount must have at most 2 decimals",
        ),
        (json!({"currency": "USD"}), "Hourly rate amount is required"),
        (json!({"amount": "50"}), "Hourly rate amount must be a number"),
        (
            json!({"amount": 50, "currency": "EURO"}),
            "Hourly rate currency must be an ISO 4217 currency code such as USD",
        ),
        (json!(50), "Hourly rate must be an object"),
    ] {
        assert_eq!(details(&user, json!({"hourlyRate": rate})).await, json!([said]));
    }
}

#[tokio::test]
async fn every_invalid_field_is_reported_in_the_documents_order() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let change = json!({
        "avatar": "javascript:alert(1)",
        "location": {"city": "Colombo"},
        "phone": "0701234567",
        "username": "a b",
        "experience": "guru",
        "availability": "maybe",
        "skills": ["Rust", "", "rust", 7],
        "hourlyRate": {"amount": -1},
        "title": "two\nlines",
        "bio": 5,
    });
    insta::assert_snapshot!(pretty(&details(&user, change).await), @r#"
    [
      "Bio must be a string",
      "Title must be one line without control characters",
      "Hourly rate amount must be between 0 and 1000000000000000 minor units",
      "Skills[1] must not be empty",
      "Skills[3] must be a string",
      "Availability must be one of available, busy, unavailable",
      "Experience must be one of beginner, intermediate, expert",
      "Username must contain only letters, numbers, underscores and hyphens",
      "Phone must be a phone number in E.164 form such as +94701234567",
      "Location country is required",
      "Avatar must be an http or https URL"
    ]
    "#);
    let twice = details(&user, json!({"skills": ["Rust", "Go", "RUST"]})).await;
    assert_eq!(twice, json!(["Skills[2] must not be given twice"]));
    let many: Vec<_> = (0..51).map(|n| format!("Skill {n}")).collect();
    let said = json!(["Skills must have at most 50 entries"]);
    assert_eq!(details(&user, json!({"skills": many})).await, said);
    put(&user, json!({"skills": many[..50]})).await;
    assert_eq!(profile(&user).await["skills"], json!(many[..50]));
    let long = json!({"skills": ["x".repeat(51)]});
    assert_eq!(details(&user, long).await, json!(["Skills[0] must be at most 50 characters long"]));
}

#[tokio::test]
async fn a_username_is_unique_regardless_of_case() {
    let app = spawn_app().await;
    let (one, two) = (freelancer(&app, "kumari").await, freelancer(&app, "nimal").await);
    let taken = two.hub_put(PATH, json!({"username": "KuMaRi", "title": "T"})).await;
    assert_eq!(taken.refusal(409), "Username already exists");
    let after = profile(&two).await;
    assert_eq!((&after["username"], &after["title"]), (&json!("nimal"), &Value::Null));
    put(&one, json!({"username": "Kumari"})).await;
    assert_eq!(profile(&one).await["username"], "Kumari");
    put(&one, json!({"username": "kumari2"})).await;
    put(&two, json!({"username": "kumari"})).await;
}

#[tokio::test]
async fn of_two_concurrent_accounts_one_gets_a_username() {
    let app = spawn_app().await;
    let (one, two) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let change = || json!({"username": "same"});
    let (a, b) = tokio::join!(one.hub_put(PATH, change()), two.hub_put(PATH, change()));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn text_comes_back_as_sent_and_only_to_its_own_account() {
    let app = spawn_app().await;
    let (one, two) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let text = json!({
        "bio": "ආයුබෝවන්!\n\n  <b>මම</b> මෘදුකාංග ඉංජිනේරුවෙක් 👩🏽‍💻 & \"ලේඛකයෙක්\"\n",
        "title": "මෘදුකාංග ඉංජිනේරු",
        "skills": ["රස්ට්", "ගෝ", "C++"],
        "location": {"country": "ශ්‍රී ලංකාව", "city": "කොළඹ", "coordinates": null},
    });
    put(&one, text.clone()).await;
    let after = profile(&one).await;
    for (field, value) in text.as_object().unwrap() {
        assert_eq!(after[field], *value, "{field}");
    }
    assert_eq!(profile(&two).await["profileCompletion"], 0);
}

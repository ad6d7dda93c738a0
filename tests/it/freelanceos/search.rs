//! Client search.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

use crate::support::spawn_app;

/// The path of a search.
fn found_by(text: &str) -> String {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/clients?pageSize=100&search={encoded}")
}

#[tokio::test]
async fn search_covers_name_email_and_company_regardless_of_case_and_accents() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for (name, email, company) in [
        ("Ada Okafor", "ada@techstart.ng", "TechStart Nigeria Ltd"),
        ("100% Cotton_Co", "cotton@example.com", "A\\B"),
        ("සිංහල නම", "sinhala@example.com", "ශ්‍රී ලංකා"),
        ("ΟΔΥΣΣΕΥΣ", "Greek@Example.COM", "Ｆｕｌｌ width"),
        ("Zoë Ångström", "zoe@example.com", "Müller & Söhne"),
    ] {
        user.post("/clients", json!({"name": name, "email": email, "company": company}))
            .await
            .data(201);
    }
    for (search, found) in [
        ("ada", 1),
        ("OKAFOR", 1),
        ("techstart", 1),
        ("example.com", 4),
        ("GREEK@", 1),
        ("%", 1),
        ("_", 1),
        ("\\", 1),
        ("100%", 1),
        ("n_C", 1),
        ("%%", 0),
        ("a_a", 0),
        ("සිංහල", 1),
        ("ලංකා", 1),
        ("οδυσσ", 1),
        ("οδυσσευς", 1),
        ("ΟΔΥΣ", 1),
        ("full", 1),
        ("zoË", 1),
        ("ångström", 1),
        ("MÜLLER", 1),
        ("muller", 1),
        ("angstrom", 1),
        ("ZOE", 1),
        ("  okafor  ", 1),
        ("", 5),
        ("   ", 5),
        ("nobody", 0),
        ("'; DROP TABLE clients; --", 0),
    ] {
        let request = user.request(Method::GET, &found_by(search));
        let answer = app.send(request).await;
        answer.data(200);
        assert_eq!(answer.body["total"], found, "{search:?} {}", answer.body);
    }
    let long = "x".repeat(101);
    for (search, error) in [
        (long.as_str(), "search must be at most 100 characters long"),
        ("a\0b", "search must not contain a NUL character"),
    ] {
        let request = user.request(Method::GET, &found_by(search));
        assert_eq!(app.send(request).await.error(400), error);
    }
}

#[test]
fn any_part_of_a_name_finds_it_regardless_of_case() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(spawn_app());
    let user = runtime.block_on(app.register("user@example.com"));
    let parts =
        ("[a-zA-Z%_\\\\ßéÅςΣđЖ字🙂]{0,8}", "[a-zA-Z%_\\\\ßéÅςΣđЖ字🙂]{1,8}", "[a-zA-Z%_ς]{0,8}");
    proptest!(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }, |((before, part, after) in parts)| {
        let name = format!("{before}{part}{after}");
        let found = runtime.block_on(async {
            let client = user.client(&name).await;
            let mut found = Vec::new();
            for search in [part.clone(), part.to_lowercase()] {
                let request = user.request(Method::GET, &found_by(&search));
                let answer = app.send(request).await;
                found.push(answer.data(200).as_array().unwrap().iter().any(|entry| entry["id"] == client.as_str()));
            }
            user.delete(&format!("/clients/{client}")).await.data(200);
            found
        });
        prop_assert_eq!(found, vec![true, true], "{} in {}", part, name);
    });
}

#[tokio::test]
async fn names_with_special_letters_are_found_by_their_plain_spelling() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let names = ["Große Straße", "Ade\u{301}ba\u{301}yo\u{323}\u{300}", "Łukasz Dąbrowski", "Işıl"];
    for name in names {
        user.client(name).await;
    }
    for (search, name) in [
        ("grosse", names[0]),
        ("STRASSE", names[0]),
        ("straße", names[0]),
        ("adebayo", names[1]),
        ("Adébáyọ̀", names[1]),
        ("lukasz dabrow", names[2]),
        ("isil", names[3]),
    ] {
        let answer = user.get(&found_by(search)).await;
        assert_eq!(answer.data(200)[0]["name"], name, "{search}");
        assert_eq!(answer.body["total"], 1, "{search}");
    }
}

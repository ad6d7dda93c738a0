//! Text of every field: names are one trimmed line, and free text is stored as sent.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;

use super::fields::targets;
use crate::support::{TestApp, spawn_app};

#[tokio::test]
async fn text_has_a_minimum_and_maximum_length_in_characters() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        for (field, schema) in target.fields() {
            let Some(max) = schema["maxLength"].as_u64().filter(|_| schema["format"] != "email")
            else {
                continue;
            };
            let max = usize::try_from(max).unwrap();
            let longest = match max {
                50 | 100 | 128 | 500 | 10_000 => "🦁".repeat(max),
                other => {
                    panic!("{field} may have {other} characters, which the contract does not say")
                }
            };
            let answer = target.with(field, format!("{longest}x").into()).await;
            target.refused(&answer, field, &format!("must be at most {max} characters long"));
            if target.operation.noun() != "auth" {
                let answer = target.with(field, longest.clone().into()).await;
                assert!(answer.status.is_success(), "{field} {}", answer.body);
                assert_eq!(answer.body["data"][field], longest);
            }
            match schema["minLength"].as_u64() {
                Some(1) => {
                    // In an optional field, an empty string means not given.
                    let nothing = (schema["nullable"] != true).then_some("");
                    for empty in [" ", "\t \n", "\u{3000}"].into_iter().chain(nothing) {
                        let answer = target.with(field, empty.into()).await;
                        target.refused(&answer, field, "must not be empty");
                    }
                }
                Some(min) => {
                    let answer = target.with(field, "🦁".repeat(min as usize - 1).into()).await;
                    target.refused(
                        &answer,
                        field,
                        &format!("must be at least {min} characters long"),
                    );
                }
                None => assert!(target.with(field, "".into()).await.status.is_success()),
            }
        }
    }
}

#[tokio::test]
async fn names_are_one_line_and_free_text_keeps_its_lines() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        for (field, schema) in target.fields() {
            match schema["maxLength"].as_u64() {
                Some(50 | 100) => {
                    for text in [
                        "a\nb",
                        "a\r\nb",
                        "a\tb",
                        "a\0b",
                        "a\u{7f}b",
                        "a\u{85}b",
                        "a\u{2028}b",
                        "\u{1b}[31m",
                    ] {
                        let answer = target.with(field, text.into()).await;
                        target.refused(
                            &answer,
                            field,
                            "must be one line without control characters",
                        );
                    }
                }
                Some(10_000) => {
                    let text = "  first\nsecond\r\n\tthird\u{2028} \u{7} <b>&amp;</b>\n\n";
                    let answer = target.with(field, text.into()).await;
                    assert!(answer.status.is_success(), "{field} {}", answer.body);
                    assert_eq!(answer.body["data"][field], text);
                    let answer = target.with(field, "a\0b".into()).await;
                    target.refused(&answer, field, "must not contain a NUL character");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn names_are_trimmed_and_otherwise_returned_as_sent() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await.iter().filter(|t| t.operation.path != "/auth/login") {
        let names = target
            .fields()
            .iter()
            .filter(|(_, s)| matches!(s["maxLength"].as_u64(), Some(50 | 100)));
        for (n, (field, _)) in names.enumerate() {
            for (m, name) in [
                "කමල් පෙරේරා",
                "عبد الله بن محمد",
                "山田 太郎",
                "O'Brien-Łukasiewicz",
                "👩🏾‍💻 Ada",
                "<script>alert(\"1\")</script>",
                "Tom & Jerry; DROP TABLE users",
                "e\u{301} is not é",
                "\u{202e}backwards",
                "a  b",
            ]
            .into_iter()
            .enumerate()
            {
                let mut body = target.good.clone();
                if target.operation.path == "/auth/register" {
                    body["email"] = format!("{n}-{m}@example.com").into();
                }
                body[field] = format!(" \t{name}\n ").into();
                let answer = target.send(&body).await;
                assert!(answer.status.is_success(), "{}", answer.body);
                let data = &answer.body["data"];
                let shown =
                    if target.operation.path == "/auth/register" { &data["user"] } else { data };
                assert_eq!(shown[field], name, "{}", target.operation.name());
            }
        }
    }
}

#[tokio::test]
async fn a_nul_character_in_a_search_is_refused_or_finds_nothing() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.client("Client").await;
    for zero in ["a\0@example.com", "\0", "user@example.com\0"] {
        no_failure(&app, zero).await;
    }
    for path in ["/clients?search=%00", "/clients/%00", "/invoices?status=%00"] {
        let status = user.get(path).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    for path in ["/public/freelancers/%00", "/public/proposals/%00"] {
        let status = app.send(app.hub(Method::GET, path)).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    for path in ["/i/%00", "/p/%00", "/u/%00", "/clients?search=%00"] {
        let status = app.http.get(format!("{}{path}", app.base)).send().await.unwrap().status();
        assert!(!status.is_server_error(), "{path}: {status}");
    }
}

/// Sends a text with a NUL to everything that looks up an account by it.
async fn no_failure(app: &TestApp, zero: &str) {
    for (path, body) in [
        ("/auth/login", json!({"email": zero, "password": "SecurePass123"})),
        ("/auth/verify-otp", json!({"email": zero, "otp": "123456"})),
        ("/auth/resend-otp", json!({"email": zero})),
    ] {
        let status = app.post(path, body).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    for (path, body) in [
        ("/auth/forgot-password", json!({"email": zero})),
        ("/auth/login", json!({"email": zero, "password": "SecurePass123"})),
        ("/auth/login/challenge", json!({"identifier": zero})),
        ("/auth/refresh", json!({"refreshToken": zero})),
    ] {
        let status = app.hub_post(path, body).await.status;
        assert!(!status.is_server_error(), "{path}: {status}");
    }
}

#[test]
fn any_text_is_refused_or_returned_as_sent() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(spawn_app());
    let user = runtime.block_on(app.register("user@example.com"));
    let client = runtime.block_on(user.client("Client"));
    let config =
        ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(name in any::<String>(), content in any::<String>())| {
        let body = json!({"clientId": client, "title": name, "content": content});
        let answer = runtime.block_on(user.post("/proposals", body));
        let trimmed = name.trim();
        let control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let is_name = (1..=100).contains(&trimmed.chars().count()) && !trimmed.contains(control);
        if is_name && !content.contains('\0') {
            prop_assert_eq!(&answer.data(201)["title"], trimmed);
            prop_assert_eq!(&answer.data(201)["content"], &content);
        } else {
            answer.error(400);
        }
    });
}

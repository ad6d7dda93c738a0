//! `admin`.

use freelanceos::app::environment::{Clock, SystemClock};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PASSWORD, Place, Server};
use crate::support::authenticator::Authenticator;

const NEW_PASSWORD: &str = "another password";

#[test]
fn users_are_created_listed_and_named_after_their_email() {
    let place = Place::migrated();
    assert!(place.create_user("ada.obi@example.com").starts_with("user_"));
    let arguments =
        ["admin", "create-user", "x@example.com", "--first-name", "Zoë", "--last-name", "Ñandú"];
    place.run_told(&arguments, PASSWORD).done();
    let users = place.users();
    let name = |index: usize| [&users[index]["firstName"], &users[index]["lastName"]];
    assert_eq!(name(0), ["Ada", "Obi"]);
    assert_eq!(name(1), ["Zoë", "Ñandú"]);
    assert_eq!(users[0]["email"], "ada.obi@example.com");
    assert!(users[0]["disabledAt"].is_null());
    let table = place.run(&["admin", "list-users"]);
    assert_eq!(table.done().lines().count(), 3, "{}", table.stdout);
}

#[test]
fn values_that_the_api_would_refuse_are_refused() {
    let place = Place::migrated();
    place.create_user("ada@example.com");
    for (arguments, password, said) in [
        (&["create-user", "ADA@example.com"][..], PASSWORD, "An account with this email already"),
        (&["create-user", "no-email"], PASSWORD, "must be a valid email address"),
        (&["create-user", "b@example.com"], "short", "the password must be at least 8"),
        (&["create-user", "b@example.com"], "", "no password given"),
        (&["create-user", "b@example.com", "--first-name", " "], PASSWORD, "firstName must not be"),
        (&["set-password", "b@example.com"], PASSWORD, "no account has the email b@example.com"),
        (&["set-password", "ada@example.com"], "short", "the password must be at least 8"),
        (&["disable", "b@example.com"], "", "no account has the email"),
        (&["enable", "b@example.com"], "", "no account has the email"),
        (&["revoke-sessions", "b@example.com"], "", "no account has the email"),
        (&["verify-email", "b@example.com"], "", "no account has the email"),
        (&["reset-2fa", "b@example.com"], "", "no account has the email"),
        (&["reset-2fa", "ada@example.com"], "", "Two-factor authentication is not on: ada@"),
    ] {
        let ended = place.run_told(&[&["admin"], arguments].concat(), password);
        assert!(ended.refused(1).contains(said), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(place.users().len(), 1);
}

#[test]
fn without_a_database_nothing_is_created() {
    let place = Place::new();
    let ended = place.run(&["admin", "list-users"]);
    let said = format!("there is no database at {};", place.shown_database());
    assert!(ended.refused(1).starts_with(&said), "{}", ended.stderr);
    assert!(!place.path("data").exists());
    assert_eq!(place.run(&["admin", "drop-everything"]).code, 2);
}

#[tokio::test]
async fn admin_commands_work_next_to_a_running_server() {
    let place = Place::new();
    let server = place.serve_with(&[("RATE_LIMIT", "off")]);
    place.create_user("ada@example.com");
    let token = server.login("ada@example.com", PASSWORD).await.unwrap();
    assert_eq!(server.get("/auth/me", &token).await.0, StatusCode::OK);

    place.run(&["admin", "disable", "Ada@Example.com"]).done();
    assert_eq!(server.get("/auth/me", &token).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        server.login("ada@example.com", PASSWORD).await,
        Err(StatusCode::UNAUTHORIZED),
        "a locked account cannot log in"
    );
    place.run(&["admin", "enable", "ada@example.com"]).done();
    assert_eq!(server.get("/auth/me", &token).await.0, StatusCode::UNAUTHORIZED);

    let token = server.login("ada@example.com", PASSWORD).await.unwrap();
    let ended = place.run(&["admin", "revoke-sessions", "ada@example.com"]);
    assert_eq!(ended.done(), "sessions ended: 1\n");
    assert_eq!(server.get("/auth/me", &token).await.0, StatusCode::UNAUTHORIZED);

    let token = server.login("ada@example.com", PASSWORD).await.unwrap();
    let arguments = ["admin", "set-password", "ada@example.com"];
    place.run_told(&arguments, &format!("{NEW_PASSWORD}\n")).done();
    assert_eq!(server.get("/auth/me", &token).await.0, StatusCode::UNAUTHORIZED);
    assert!(server.login("ada@example.com", PASSWORD).await.is_err());
    assert!(server.login("ada@example.com", NEW_PASSWORD).await.is_ok());
    server.stop();
}

#[test]
fn only_existing_waiting_mail_can_be_retried() {
    let place = Place::migrated();
    assert_eq!(place.run(&["admin", "list-mail", "--json"]).done(), "[]\n");
    assert_eq!(place.run(&["admin", "list-mail"]).done().lines().count(), 1);
    for id in ["mail_01h455vb4pex5vsknk084sn02q", "client_01h455vb4pex5vsknk084sn02q", "x"] {
        let ended = place.run(&["admin", "retry-mail", id]);
        assert!(ended.refused(1).contains(&format!("no email has the id {id}")));
    }
    assert!(place.run(&["admin", "retry-mail", "--all"]).done().contains("retry now: 0"));
    assert_eq!(place.run(&["admin", "retry-mail"]).code, 2);
    assert_eq!(place.run(&["admin", "retry-mail", "x", "--all"]).code, 2);
}

/// Posts to FreelanceHub.
async fn hub_post(server: &Server, path: &str, token: &str, body: &Value) -> Value {
    let url = server.base.replace("/api/v1", "/v1") + path;
    let response = server.http.post(url).bearer_auth(token).json(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn an_admin_turns_off_two_factor_sign_in_for_a_user_without_codes() {
    let place = Place::new();
    let server = place.serve_with(&[("RATE_LIMIT", "off")]);
    for email in ["ada@example.com", "ben@example.com"] {
        place.create_user(email);
        let token = server.login(email, PASSWORD).await.unwrap();
        let setup = hub_post(&server, "/auth/2fa/enable", &token, &json!({})).await;
        let authenticator = Authenticator::scan(setup["qrCode"].as_str().unwrap());
        let code = json!({"totpCode": authenticator.code(SystemClock.now(), 0)});
        hub_post(&server, "/auth/2fa/verify-setup", &token, &code).await;
    }
    let guarded = |place: &Place| -> Vec<bool> {
        place.users().iter().map(|user| user["twoFactor"].as_bool().unwrap()).collect()
    };
    assert_eq!(guarded(&place), [true, true]);
    assert_eq!(server.login("ada@example.com", PASSWORD).await, Err(StatusCode::UNAUTHORIZED));

    let ended = place.run(&["admin", "reset-2fa", "Ada@example.com"]);
    assert_eq!(
        ended.done(),
        "two-factor sign-in is off for Ada@example.com; its key and backup codes are deleted\n"
    );
    assert_eq!(guarded(&place), [false, true]);
    assert!(server.login("ada@example.com", PASSWORD).await.is_ok());
    assert!(server.login("ben@example.com", PASSWORD).await.is_err());
    let again = place.run(&["admin", "reset-2fa", "ada@example.com"]);
    assert_eq!(again.refused(1), "Two-factor authentication is not on: ada@example.com");
    server.stop();
}

#[tokio::test]
async fn an_admin_verifies_an_email_for_a_pending_account() {
    let place = Place::new();
    let server = place.serve_with(&[("RATE_LIMIT", "off")]);
    let new = json!({
        "firstName": "Ada", "lastName": "Obi", "email": "ada@example.com", "role": "client",
        "password": "SecurePass123!",
    });
    assert_eq!(server.post("/auth/register", None, &new).await.0, StatusCode::CREATED);
    let user = || place.users().remove(0);
    let said = |user: &Value| {
        ["role", "state", "emailVerified", "twoFactor"].map(|name| user[name].clone())
    };
    assert_eq!(said(&user()), [json!("client"), json!("pending"), json!(false), json!(false)]);
    assert!(server.login("ada@example.com", "SecurePass123!").await.is_err());

    let verified = "ada@example.com is verified, and the account is active\n";
    for _ in 0..2 {
        assert_eq!(place.run(&["admin", "verify-email", "ada@example.com"]).done(), verified);
    }
    assert_eq!(said(&user()), [json!("client"), json!("active"), json!(true), json!(false)]);
    assert!(server.login("ada@example.com", "SecurePass123!").await.is_ok());

    place.run(&["admin", "disable", "ada@example.com"]).done();
    assert_eq!(user()["state"], "locked");
    let ended = place.run(&["admin", "verify-email", "ada@example.com"]);
    assert_eq!(ended.done(), "ada@example.com is verified, and the account is locked\n");
    server.stop();
}

#[test]
fn the_list_of_users_fits_a_terminal() {
    let place = Place::migrated();
    let email = "someone.with.a.long@example.com";
    let long = "Maximiliana Constantina Alexandra";
    let arguments = ["admin", "create-user", email, "--first-name", long, "--last-name", "Ñandú"];
    place.run_told(&arguments, PASSWORD).done();
    let table = place.run(&["admin", "list-users"]);
    let lines: Vec<&str> = table.done().lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{}", table.stdout);
    let columns = |line: &str| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join("|")
    };
    assert_eq!(columns(lines[0]), "EMAIL|NAME|ROLE|LAST LOGIN|STATE|VERIFIED|2FA");
    assert_eq!(
        columns(lines[1]),
        format!("{email}|Maximiliana Constan…|freelancer|never|active|no|no")
    );
}

#[test]
fn an_account_is_exported_as_json_or_as_tables() {
    let place = Place::migrated();
    place.create_user("ada@example.com");
    let export = place.run(&["admin", "export", "ADA@example.com"]);
    let export: Value = serde_json::from_str(export.done()).unwrap();
    assert_eq!(export["account"]["email"], "ada@example.com");
    assert_eq!(export["invoices"], json!([]));

    let folder = place.path("tables");
    let shown = folder.to_str().unwrap();
    let arguments = ["admin", "export", "ada@example.com", "--csv", shown];
    assert_eq!(place.run(&arguments).done().lines().count(), 9);
    let file = folder.join("invoice-items.csv");
    assert!(
        std::fs::read_to_string(&file).unwrap().starts_with("\u{feff}invoiceId,invoiceNumber,")
    );
    assert_eq!((super::mode(&folder), super::mode(&file)), (0o700, 0o600));
    assert!(place.run(&arguments).refused(1).contains("already exists"));

    let nobody = place.run(&["admin", "export", "nobody@example.com"]);
    assert!(nobody.refused(1).contains("no account has the email"));
}

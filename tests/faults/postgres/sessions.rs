//! A session is valid on every server, and ends on every server.

use serde_json::{Value, json};

use super::servers::Servers;
use crate::program::{Caller, PASSWORD};

const EMAIL: &str = "ada@example.com";

/// Signs in and returns a caller with that session, and its refresh token.
async fn sign_in(at: &Caller, password: &str) -> Option<(Caller, Value)> {
    let body = json!({"email": EMAIL, "password": password});
    let answer = at.with("").post("/v1/auth/login", &body).await;
    let tokens = &answer.body["tokens"];
    Some((at.with(tokens["accessToken"].as_str()?), tokens["refreshToken"].clone()))
}

/// The status that every server returns for that session.
async fn seen(servers: &Servers, caller: &Caller) -> Vec<u16> {
    let mut seen = Vec::new();
    for caller in servers.each(caller) {
        seen.push(caller.get("/v1/auth/me").await.status);
        seen.push(caller.get("/clients").await.status);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_session_from_one_server_works_on_all_and_ends_on_all_at_once() {
    let servers = Servers::start(3, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let all = servers.each(&ada);
    assert_eq!(seen(&servers, &ada).await, [200; 6]);

    // Created, used and refreshed on three servers, then ended on each in turn.
    for ends in 0..3 {
        let (session, refresh) = sign_in(&all[(ends + 1) % 3], PASSWORD).await.unwrap();
        assert_eq!(seen(&servers, &session).await, [200; 6]);
        let body = json!({"refreshToken": refresh});
        assert_eq!(all[(ends + 2) % 3].post("/v1/auth/refresh", &body).await.status, 200);
        let session_there = session.at(servers.get(ends));
        assert_eq!(session_there.post("/v1/auth/logout", &json!({})).await.status, 200);
        assert_eq!(seen(&servers, &session).await, [401; 6]);
        for other in &all {
            assert_eq!(other.post("/v1/auth/refresh", &body).await.status, 401);
        }
        assert_eq!(seen(&servers, &ada).await, [200; 6], "another session ended with it");
    }

    let (one, _) = sign_in(&all[0], PASSWORD).await.unwrap();
    let (two, _) = sign_in(&all[1], PASSWORD).await.unwrap();
    assert_eq!(all[2].post("/v1/auth/logout-all", &json!({})).await.status, 200);
    for session in [&ada, &one, &two] {
        assert_eq!(seen(&servers, session).await, [401; 6]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn password_changes_and_account_locks_take_effect_on_all_servers_at_once() {
    const ANOTHER: &str = "Another1!pass";
    let servers = Servers::start(3, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let all = servers.each(&ada);
    all[1].post("/v1/auth/forgot-password", &json!({"email": EMAIL})).await;
    let otp = servers.code_of(EMAIL);
    let body = json!({"email": EMAIL, "otp": otp, "newPassword": ANOTHER});
    assert_eq!(all[2].post("/v1/auth/reset-password", &body).await.status, 200);
    assert_eq!(seen(&servers, &ada).await, [401; 6]);
    let mut sessions = Vec::new();
    for at in &all {
        assert!(sign_in(at, PASSWORD).await.is_none(), "the old password still opens");
        sessions.push(sign_in(at, ANOTHER).await.unwrap().0);
    }

    servers.places[1].run(&["admin", "disable", EMAIL]).done();
    for session in &sessions {
        assert_eq!(seen(&servers, session).await, [401; 6]);
    }
    for at in &all {
        assert!(sign_in(at, ANOTHER).await.is_none(), "a locked account opens");
    }
    servers.places[2].run(&["admin", "enable", EMAIL]).done();
    for at in &all {
        let (session, _) = sign_in(at, ANOTHER).await.unwrap();
        assert_eq!(seen(&servers, &session).await, [200; 6]);
    }
}

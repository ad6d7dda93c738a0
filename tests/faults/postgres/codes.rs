//! Challenges, codes and limits hold across all servers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PUBLIC_URL, servers::Servers, webauthn::Authenticator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_passkey_challenge_from_one_server_is_accepted_once_by_another() {
    let servers = Servers::start(3, &[("PUBLIC_URL", PUBLIC_URL)]).await;
    let ada = servers.get(0).register("ada").await;
    let at = servers.each(&ada);
    let mut authenticator = Authenticator::new();
    let asked = at[0].post("/v1/auth/passkey/registration-challenge", &json!({})).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let registration = json!({
        "name": "Key", "challenge": asked.body["challenge"],
        "registrationResponse": authenticator.create(&asked.body),
    });
    let register = "/v1/auth/passkey/register";
    let registered = at[1].post(register, &registration).await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    for at in &at {
        assert_eq!(at.post(register, &registration).await.status, 400, "it was used up");
    }

    let ask = json!({"identifier": "ada@example.com"});
    let asked = at[2].with("").post("/v1/auth/login/challenge", &ask).await;
    authenticator.counter += 1;
    let proof = json!({
        "identifier": "ada@example.com", "challenge": asked.body["challenge"],
        "authenticationResponse": authenticator.get(&asked.body),
    });
    let verify = "/v1/auth/login/verify";
    // Sent to all servers at once, it is accepted by one.
    let tries = futures_util::future::join_all(at.iter().map(|at| async {
        let answer = at.with("").post(verify, &proof).await;
        (answer.status, answer.body["tokens"]["accessToken"].clone())
    }));
    let mut tries: Vec<(u16, Value)> = tries.await;
    tries.sort_by_key(|(status, _)| *status);
    assert_eq!(tries.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 401, 401]);
    let token = tries[0].1.as_str().unwrap();
    for at in &at {
        assert_eq!(at.with(token).get("/v1/auth/me").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn wrong_codes_count_across_servers_and_the_fifth_voids_the_code() {
    const EMAIL: &str = "ada@example.com";
    let servers = Servers::start(3, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let at = servers.each(&ada.with(""));
    for (wrong_tries, status) in [(4, 200), (5, 400)] {
        at[0].post("/v1/auth/forgot-password", &json!({"email": EMAIL})).await;
        let otp = servers.code_of(EMAIL);
        let wrong = if otp == "000000" { "000001" } else { "000000" };
        let reset = |otp: &str| json!({"email": EMAIL, "otp": otp, "newPassword": "Another1!pass"});
        for number in 0..wrong_tries {
            let answer = at[number % 3].post("/v1/auth/reset-password", &reset(wrong)).await;
            assert_eq!(answer.status, 400, "{}", answer.body);
        }
        let answer = at[2].post("/v1/auth/reset-password", &reset(&otp)).await;
        assert_eq!(answer.status, status, "after {wrong_tries} wrong ones: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn hourly_limits_of_an_address_hold_across_servers() {
    let servers = Servers::start(3, &[("RATE_LIMIT", "on")]).await;
    let mut told = BTreeSet::new();
    for number in 0..6 {
        let body = json!({
            "email": format!("a{number}@example.com"), "password": "SecurePass123",
            "firstName": "Ada", "lastName": "Bell",
        });
        let answer = servers.get(number % 3).caller().post("/auth/register", &body).await;
        let expected = if number < 3 { 201 } else { 429 };
        assert_eq!(answer.status, expected, "{number}: {}", answer.body);
        if expected == 429 {
            assert_eq!(answer.headers["x-ratelimit-limit"], "3");
            told.insert(answer.headers["x-ratelimit-reset"].to_str().unwrap().to_owned());
        }
    }
    assert_eq!(told.len(), 1, "the hour ends at different times: {told:?}");
}

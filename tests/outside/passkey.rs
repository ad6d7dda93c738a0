//! Passkeys in a real browser, on a page of the program.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::{browser::Browser, program::Place};

/// Shared by the scripts below.
const COMMON: &str = r#"
    const post = async (path, body, token) => {
        const headers = { 'Content-Type': 'application/json' };
        if (token) headers.Authorization = `Bearer ${token}`;
        const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
    };
    const create = async (token) => {
        const { body } = await post('/v1/auth/passkey/registration-challenge', {}, token);
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(body);
        const made = await navigator.credentials.create({ publicKey });
        return post('/v1/auth/passkey/register', {
            name: 'Chromium', registrationResponse: made.toJSON(), challenge: body.challenge,
        }, token);
    };
    const login = async (identifier) => {
        const { body } = await post('/v1/auth/login/challenge', { identifier });
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(body);
        const signed = await navigator.credentials.get({ publicKey });
        return post('/v1/auth/login/verify', {
            identifier, authenticationResponse: signed.toJSON(), challenge: body.challenge,
        });
    };
    const attempt = async (work) => { try { return await work } catch (error) { return error.name } };
"#;

async fn run(browser: &Browser, script: &str, arguments: Value) -> Value {
    browser.run(&format!("{COMMON}{script}"), arguments).await
}

/// A port that was free a moment ago. Browsers block none of the ephemeral ports.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_browser_registers_a_passkey_and_signs_in_with_it() {
    let port = free_port();
    let url = format!("http://localhost:{port}");
    let place =
        Place::new(&[]).with("LISTEN", &format!("127.0.0.1:{port}")).with("PUBLIC_URL", &url);
    let server = place.serve();
    let browser = Browser::open().await;
    let authenticator = browser.add_authenticator().await;
    browser.go(&format!("{url}/v1/docs")).await;

    let register = r#"
        const account = await post('/api/v1/auth/register', {
            email: 'john.doe@example.com', password: 'SecurePass123',
            firstName: 'John', lastName: 'Doe',
        });
        const token = account.body.data.token;
        return { token, first: await create(token), again: await attempt(create(token)) };
    "#;
    let registered = run(&browser, register, json!([])).await;
    let first = &registered["first"];
    assert_eq!(first["status"], 200, "{first}");
    assert_eq!(first["body"]["message"], "Passkey registered successfully");
    // The browser recognises the existing passkey by `excludeCredentials`.
    assert_eq!(registered["again"], "InvalidStateError");

    for _ in 0..2 {
        let signed_in =
            run(&browser, "return login(...args)", json!(["John.Doe@example.com"])).await;
        assert_eq!(signed_in["status"], 200, "{signed_in}");
        assert_eq!(signed_in["body"]["user"]["email"], "john.doe@example.com");
        let token = &signed_in["body"]["tokens"]["accessToken"];
        let me = "return (await fetch('/v1/auth/me', \
                  { headers: { Authorization: `Bearer ${args[0]}` } })).status";
        assert_eq!(run(&browser, me, json!([token])).await, 200);
    }

    // No authenticator has the key in the options of an unknown user.
    let nobody = "return attempt(login(...args))";
    let refused = run(&browser, nobody, json!(["nobody@example.com"])).await;
    assert_eq!(refused, "NotAllowedError");
    // Without user verification it does not sign either.
    browser.set_user_verified(&authenticator, false).await;
    let refused = run(&browser, nobody, json!(["john.doe@example.com"])).await;
    assert_eq!(refused, "NotAllowedError");
    server.stop();
}

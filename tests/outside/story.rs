//! The whole story in a real browser.
use crate::{
    person::{Hand, Person},
    program::Place,
};

async fn clients(hand: Hand, scripts: bool) {
    let port = crate::passkey::free_port();
    let url = format!("http://localhost:{port}");
    let place =
        Place::new(&[]).with("LISTEN", &format!("127.0.0.1:{port}")).with("PUBLIC_URL", &url);
    let server = place.serve();
    let answer = reqwest::Client::new().post(format!("{url}/api/v1/auth/register")).json(&serde_json::json!({"email":"ada@example.com","password":"SecurePass123","firstName":"Ada","lastName":"Lovelace"})).send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    let ada = Person::new(&url, hand).await;
    if !scripts {
        ada.browser.without_scripts().await;
    }
    ada.go("/healthz").await;
    ada.browser
        .run(
            "document.cookie = 'fos_session=' + args[0] + '; path=/'",
            serde_json::json!([answer["data"]["token"]]),
        )
        .await;
    ada.go("/clients").await;
    ada.press("Add your first client").await;
    ada.fill("Name", "Kamala").await;
    ada.fill("E-mail", "kamala@example.com").await;
    ada.fill("Phone", "+94 70 123").await;
    ada.press("Add the client").await;
    ada.sees("The client was added.").await;
    ada.touch("Delete…").await;
    ada.press("Delete the client").await;
    ada.sees("No clients yet").await;
    ada.has_no_complaints().await;
    server.stop();
}
#[tokio::test]
async fn mouse() {
    clients(Hand::Mouse, true).await
}
#[tokio::test]
async fn keyboard() {
    clients(Hand::Keyboard, true).await
}
#[tokio::test]
async fn noscript() {
    clients(Hand::Mouse, false).await
}

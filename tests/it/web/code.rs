//! `/forgot` and `/reset`.

use super::{browser::Browser, session::sign_in};
use crate::support::{PASSWORD, spawn_app};

#[tokio::test]
async fn a_forgotten_password_is_reset_with_a_mailed_code() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::new(&app);
    let page = browser.open("/forgot").await.expect(200);
    let sent = browser.send(&page, "/forgot", &[("email", " A@example.com ")]).await.expect(200);
    sent.says("If there is an account for A@example.com");
    assert_eq!(sent.value("email").as_deref(), Some("A@example.com"));
    // The page does not reveal who has an account.
    let other = browser.send(&page, "/forgot", &[("email", "b@example.com")]).await.expect(200);
    assert_eq!(other.text().replace("b@", "A@"), sent.text());

    let code = app.code_of("a@example.com").await;
    let typed = [("email", "A@example.com"), ("otp", &*code), ("newPassword", "simple")];
    let again = browser.send(&sent, "/reset", &typed).await.expect(400);
    again.says("at least 8 characters");
    assert_eq!(again.value("otp").as_deref(), Some(&*code));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let fields = [("email", "a@example.com"), ("otp", wrong), ("newPassword", "Another-Pass1")];
    browser.send(&again, "/reset", &fields).await.expect(400).says("This code is wrong");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let fields = [("email", "a@example.com"), ("otp", &*spaced), ("newPassword", "Another-Pass1")];
    let done = browser.send(&again, "/reset", &fields).await.expect(200);
    done.says("Password changed.");
    assert_eq!(done.path, "/login");

    sign_in(&browser, "a@example.com", PASSWORD).await.expect(401);
    sign_in(&browser, "a@example.com", "Another-Pass1").await.expect(200);
    assert_eq!(Browser::of(&user).open("/clients").await.path, "/login?next=%2Fclients");
}

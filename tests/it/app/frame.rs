//! The data around every page.

use freelanceos::domain::error::Kind;
use reqwest::Method;
use serde_json::json;

use crate::{freelancehub::two_factor::Guarded, support::spawn_app};

#[tokio::test]
async fn the_frame_shows_ownership_unread_messages_and_whether_two_factor_sign_in_is_on() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    obi.hub_put("/freelancer/profile", json!({"username": "obi"})).await.bare(200);
    for _ in 0..2 {
        let message = json!({"name": "Eve", "email": "eve@example.com", "message": "Hello"});
        app.hub_post("/public/freelancers/obi/messages", message).await.bare(201);
    }
    app.app.make_owner("ada@example.com".to_owned()).await.unwrap();
    let frame = app.app.frame(ada.claims()).await.unwrap();
    assert_eq!((frame.account.email.as_str(), frame.unread_messages), ("ada@example.com", 0));
    assert!(frame.account.is_owner && !frame.two_factor);
    let frame = app.app.frame(obi.claims()).await.unwrap();
    assert_eq!((frame.account.email.as_str(), frame.unread_messages), ("obi@example.com", 2));
    assert!(!frame.account.is_owner && !frame.two_factor);
}

#[tokio::test]
async fn the_frame_counts_two_factor_sign_in_only_once_it_is_confirmed() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    app.send(ada.hub(Method::POST, "/auth/2fa/enable")).await.bare(200);
    assert!(!app.app.frame(ada.claims()).await.unwrap().two_factor);
    let obi = Guarded::new(&app, "obi@example.com").await;
    assert!(app.app.frame(obi.user.claims()).await.unwrap().two_factor);
}

#[tokio::test]
async fn a_signed_out_session_gets_no_frame() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let claims = ada.claims();
    app.app.logout(claims).await.unwrap();
    let refused = app.app.frame(claims).await.unwrap_err();
    assert_eq!(refused.kind(), &Kind::Unauthenticated);
}

//! `/freelancer/portfolio`.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::freelancer::{freelancer, shown};
use crate::support::{User, spawn_app};

const PATH: &str = "/freelancer/portfolio";

fn documented() -> Value {
    json!({
        "title": "E-commerce Platform",
        "description": "Built a full-stack e-commerce platform using React and Node.js with \
            integrated payment processing, user authentication, and admin dashboard.",
        "technologies": ["React", "Node.js", "MongoDB", "Stripe", "AWS S3", "Redis"],
        "images": [
            "https://example.com/portfolio/ecommerce-screenshot1.jpg",
            "https://example.com/portfolio/ecommerce-screenshot2.jpg"
        ],
        "links": [
            { "type": "live", "url": "https://myecommerce-demo.com" },
            { "type": "github", "url": "https://github.com/johndoe/ecommerce-platform" }
        ]
    })
}

async fn add(user: &User<'_>, title: &str) -> String {
    let added = user.hub_post(PATH, json!({"title": title})).await;
    added.bare(201)["item"]["id"].as_str().unwrap().to_owned()
}

async fn titles(user: &User<'_>) -> Vec<String> {
    let listed = user.hub_get(PATH).await;
    let items = listed.bare(200).as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_documented_item_gets_the_documented_response() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let added = user.hub_post(PATH, documented()).await;
    insta::assert_snapshot!(shown(added.bare(201)), @r#"
    {
      "success": true,
      "message": "Portfolio item added successfully",
      "item": {
        "id": "work_…",
        "title": "E-commerce Platform",
        "description": "Built a full-stack e-commerce platform using React and Node.js with integrated payment processing, user authentication, and admin dashboard.",
        "technologies": [
          "React",
          "Node.js",
          "MongoDB",
          "Stripe",
          "AWS S3",
          "Redis"
        ],
        "images": [
          "https://example.com/portfolio/ecommerce-screenshot1.jpg",
          "https://example.com/portfolio/ecommerce-screenshot2.jpg"
        ],
        "links": [
          {
            "type": "live",
            "url": "https://myecommerce-demo.com"
          },
          {
            "type": "github",
            "url": "https://github.com/johndoe/ecommerce-platform"
          }
        ],
        "createdAt": "2026-03-18T12:00:00Z"
      }
    }
    "#);
    let item = &added.bare(201)["item"];
    assert_eq!(*user.hub_get(PATH).await.bare(200), json!([item]));
}

#[tokio::test]
async fn the_portfolio_is_listed_newest_first_and_only_the_title_is_required() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    assert_eq!(*user.hub_get(PATH).await.bare(200), json!([]));
    for title in ["වෙබ් අඩවිය", "Second", "Third"] {
        add(&user, title).await;
    }
    assert_eq!(titles(&user).await, ["Third", "Second", "වෙබ් අඩවිය"]);
    let listed = user.hub_get(PATH).await;
    let item = &listed.bare(200)[0];
    assert_eq!(item["description"], "");
    for list in ["technologies", "images", "links"] {
        assert_eq!(item[list], json!([]));
    }
}

#[tokio::test]
async fn put_changes_any_subset_and_null_clears() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let added = user.hub_post(PATH, documented()).await;
    let mut item = added.bare(201)["item"].clone();
    let path = format!("{PATH}/{}", item["id"].as_str().unwrap());
    let said = r#"{"success":true,"message":"Portfolio item updated successfully"}"#;
    app.clock.advance(SignedDuration::from_secs(60));
    for change in [
        json!({}),
        json!({"title": "Online shop"}),
        json!({"technologies": ["Rust"], "links": []}),
        json!({"links": [{"type": "case-study", "url": "HTTPS://example.com/ශ්‍රී"}]}),
    ] {
        let changed = user.hub_put(&path, change.clone()).await;
        assert_eq!(changed.bare(200).to_string(), said);
        for (field, value) in change.as_object().unwrap() {
            item[field] = value.clone();
        }
        assert_eq!(*user.hub_get(PATH).await.bare(200), json!([item]));
    }
    let cleared = json!({"description": null, "technologies": null, "images": null, "links": null});
    app.send(user.hub(Method::PATCH, &path).json(&cleared)).await.bare(200);
    let listed = user.hub_get(PATH).await;
    let after = &listed.bare(200)[0];
    assert_eq!((&after["description"], &after["images"]), (&json!(""), &json!([])));
    assert_eq!(after["title"], "Online shop");
    let refused = user.hub_put(&path, json!({"title": null})).await;
    refused.refusal(400);
    assert_eq!(refused.body["details"], json!(["Title is required"]));
}

#[tokio::test]
async fn a_deleted_item_is_gone() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, _) = (add(&user, "One").await, add(&user, "Two").await);
    let path = format!("{PATH}/{one}");
    let said = r#"{"success":true,"message":"Portfolio item deleted successfully"}"#;
    assert_eq!(user.hub_delete(&path).await.bare(200).to_string(), said);
    assert_eq!(titles(&user).await, ["Two"]);
    for answer in [user.hub_delete(&path).await, user.hub_put(&path, json!({})).await] {
        assert_eq!(answer.refusal(404), "Portfolio item not found");
    }
}

#[tokio::test]
async fn an_item_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (one, two) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (of_one, of_two) = (add(&one, "Of one").await, add(&two, "Of two").await);
    for (user, id) in [(&one, &of_two), (&two, &of_one)] {
        let path = format!("{PATH}/{id}");
        user.hub_put(&path, json!({"title": "Stolen"})).await.refusal(404);
        user.hub_delete(&path).await.refusal(404);
    }
    assert_eq!(titles(&one).await, ["Of one"]);
    assert_eq!(titles(&two).await, ["Of two"]);
}

#[tokio::test]
async fn invalid_fields_are_named_with_their_path() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let https = "https://example.com/";
    for (item, said) in [
        (json!({}), json!(["Title is required"])),
        (
            json!({
                "title": "T", "technologies": ["Rust", " "], "images": [https, "ftp://a.b/c.png"],
                "links": [{"type": "live", "url": https}, {"type": "Git Hub"}, "x"],
            }),
            json!([
                "Technologies[1] must not be empty",
                "Images[1] must be an http or https URL",
                "Links[1] type must be a word of 1 to 30 lowercase letters, numbers and hyphens",
                "Links[1] url is required",
                "Links[2] must be an object",
            ]),
        ),
        (
            json!({
                "title": "x".repeat(101), "technologies": vec!["x"; 31],
                "images": vec![https; 21], "links": vec![json!({}); 21],
            }),
            json!([
                "Title must be at most 100 characters long",
                "Technologies must have at most 30 entries",
                "Images must have at most 20 entries",
                "Links must have at most 20 entries",
            ]),
        ),
    ] {
        let refused = user.hub_post(PATH, item).await;
        assert_eq!(refused.refusal(400), "Validation failed");
        assert_eq!(refused.body["details"], said);
    }
    assert_eq!(*user.hub_get(PATH).await.bare(200), json!([]));
}

#[tokio::test]
async fn a_portfolio_has_at_most_a_hundred_items_even_under_concurrent_requests() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    for n in 0..99 {
        add(&user, &format!("Item {n}")).await;
    }
    let new = || json!({"title": "One more"});
    let (a, b) = tokio::join!(user.hub_post(PATH, new()), user.hub_post(PATH, new()));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort();
    assert_eq!(statuses, [201, 409]);
    let full = user.hub_post(PATH, new()).await;
    assert_eq!(full.refusal(409), "A portfolio has at most 100 items; delete one first");
    assert_eq!(titles(&user).await.len(), 100);
    add(&other, "Room for others").await;
}

#[tokio::test]
async fn an_item_has_at_most_64_kib_of_text_and_the_newest_24_are_public() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let url = |length: usize| format!("https://example.com/{}", "ම".repeat(length));
    let large = json!({"title": "Large", "images": vec![url(1900); 12]});
    let refused = user.hub_post("/freelancer/portfolio", large.clone()).await;
    assert_eq!(refused.refusal(400), "Validation failed");
    assert_eq!(refused.body["details"], json!(["Description is too large"]));
    let made = user.hub_post("/freelancer/portfolio", json!({"title": "Work 0"})).await;
    let path = format!("/freelancer/portfolio/{}", made.bare(201)["item"]["id"].as_str().unwrap());
    user.hub_put(&path, large).await.refusal(400);
    for n in 1..30 {
        let work = json!({"title": format!("Work {n}")});
        user.hub_post("/freelancer/portfolio", work).await.bare(201);
    }
    let own = user.hub_get("/freelancer/portfolio").await;
    assert_eq!(own.bare(200).as_array().unwrap().len(), 30);
    let request = app.hub(Method::GET, "/public/freelancers/johndoe");
    let public = app.send(request).await;
    let shown = public.bare(200)["portfolio"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["title"]), (24, &json!("Work 29")));
}

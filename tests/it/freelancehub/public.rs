//! `/public/freelancers`: public profiles and their view counts.

use freelanceos::store::engine::Tx;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::freelancer::{change_rows, freelancer, shown, visit, visit_from};
use crate::store::rollup::assert_rollups;
use crate::support::{Options, TestApp, User, content, spawn_app, spawn_app_with};

const PATH: &str = "/public/freelancers/johndoe";

async fn behind_a_proxy() -> TestApp {
    spawn_app_with(Options { trust_proxy: true, ..Options::default() }).await
}

async fn views(user: &User<'_>) -> Value {
    user.hub_get("/freelancer/dashboard").await.bare(200)["stats"]["profileViews"].clone()
}

/// The number of rows in a table.
fn rows(app: &TestApp, sql: &'static str) -> Vec<(String, i64)> {
    app.database()
        .peek(|connection| Tx::new(connection).list(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))))
        .unwrap()
}

fn days(app: &TestApp) -> Vec<(String, i64)> {
    rows(app, "SELECT day, views FROM profile_views ORDER BY day")
}

#[tokio::test]
async fn anyone_sees_what_a_freelancer_shows_and_no_more() {
    let app = spawn_app().await;
    let user = freelancer(&app, "JohnDoe").await;
    let empty = visit(&app, PATH).await;
    insta::assert_snapshot!(shown(empty.bare(200)), @r#"
    {
      "username": "JohnDoe",
      "firstName": "John",
      "lastName": "Doe",
      "avatar": null,
      "title": null,
      "bio": null,
      "location": null,
      "hourlyRate": null,
      "skills": [],
      "availability": null,
      "experience": null,
      "portfolio": [],
      "memberSince": "2026-03-18T12:00:00Z"
    }
    "#);
    let change = json!({
        "avatar": "https://example.com/a.png",
        "title": "මෘදුකාංග ඉංජිනේරු",
        "bio": "<script>alert(1)</script>",
        "location": {"country": "Sri Lanka", "city": "Colombo", "coordinates": [79.8612, 6.9271]},
        "hourlyRate": {"amount": 12500, "currency": "XOF"},
        "skills": ["Rust"],
        "availability": "available",
        "experience": "expert",
        "phone": "+94701234567",
    });
    user.hub_put("/freelancer/profile", change).await.bare(200);
    for title in ["Older", "Newer"] {
        let item =
            json!({"title": title, "links": [{"type": "live", "url": "https://example.com"}]});
        user.hub_post("/freelancer/portfolio", item).await.bare(201);
    }
    app.clock.advance(SignedDuration::from_hours(1));
    let full = visit(&app, PATH).await;
    insta::assert_snapshot!(shown(full.bare(200)), @r#"
    {
      "username": "JohnDoe",
      "firstName": "John",
      "lastName": "Doe",
      "avatar": "https://example.com/a.png",
      "title": "මෘදුකාංග ඉංජිනේරු",
      "bio": "<script>alert(1)</script>",
      "location": {
        "country": "Sri Lanka",
        "city": "Colombo"
      },
      "hourlyRate": {
        "amount": 12500,
        "currency": "XOF"
      },
      "skills": [
        "Rust"
      ],
      "availability": "available",
      "experience": "expert",
      "portfolio": [
        {
          "id": "work_…",
          "title": "Newer",
          "description": "",
          "technologies": [],
          "images": [],
          "links": [
            {
              "type": "live",
              "url": "https://example.com"
            }
          ],
          "createdAt": "2026-03-18T12:00:00Z"
        },
        {
          "id": "work_…",
          "title": "Older",
          "description": "",
          "technologies": [],
          "images": [],
          "links": [
            {
              "type": "live",
              "url": "https://example.com"
            }
          ],
          "createdAt": "2026-03-18T12:00:00Z"
        }
      ],
      "memberSince": "2026-03-18T12:00:00Z"
    }
    "#);
    let text = full.body.to_string();
    for hidden in ["example.com/freelancer", "johndoe@", "70123", "79.86", "user_"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(full.headers.get("set-cookie"), None);
}

#[tokio::test]
async fn only_active_freelancers_have_a_public_profile() {
    let app = spawn_app().await;
    for name in ["client", "pending", "locked"] {
        freelancer(&app, name).await;
        visit(&app, &format!("/public/freelancers/{name}")).await.bare(200);
    }
    change_rows(&app, "UPDATE accounts SET role = 'client' WHERE username = 'client'");
    change_rows(&app, "UPDATE accounts SET activated_at = NULL WHERE username = 'pending'");
    app.app.set_disabled("locked@example.com".to_owned(), true).await.unwrap();
    for name in ["client", "pending", "locked", "nobody", "locked@example.com", "%E0%B6%B1"] {
        let refused = visit(&app, &format!("/public/freelancers/{name}")).await;
        assert_eq!(refused.refusal(404), "Freelancer not found", "{name}");
    }
    app.app.set_disabled("locked@example.com".to_owned(), false).await.unwrap();
    visit(&app, "/public/freelancers/LOCKED").await.bare(200);
}

#[tokio::test]
async fn a_visitor_counts_once_a_day() {
    let app = behind_a_proxy().await;
    let (user, other) = (freelancer(&app, "johndoe").await, freelancer(&app, "other").await);
    for (address, agent, count) in [
        ("203.0.113.7", "A", 1),
        ("203.0.113.7", "A", 1),
        ("203.0.113.7", "B", 2),
        ("203.0.113.8", "A", 3),
        ("::ffff:203.0.113.8", "A", 3),
        ("2001:db8::1", "A", 4),
        ("2001:db8::ffff:1", "A", 4),
        ("2001:db8:0:1::1", "A", 5),
    ] {
        visit_from(&app, PATH, address, agent).await.bare(200);
        assert_eq!(views(&user).await, count, "{address} {agent}");
    }
    assert_eq!(views(&other).await, 0);
    app.clock.advance(SignedDuration::from_hours(24));
    visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
    assert_eq!(views(&user).await, 6);
    assert_eq!(days(&app), [("2026-03-18".to_owned(), 5), ("2026-03-19".to_owned(), 1)]);
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_day_of_views_starts_at_the_freelancers_midnight() {
    let app = behind_a_proxy().await;
    let user = freelancer(&app, "johndoe").await;
    user.put("/auth/me", json!({"timezone": "Asia/Colombo"})).await.data(200);
    for (at, count) in [
        ("2026-03-31T18:29:58Z", 1),
        ("2026-03-31T18:29:59Z", 1),
        ("2026-03-31T18:30:00Z", 2),
        ("2026-03-31T23:59:59Z", 2),
        ("2026-04-01T00:00:00Z", 2),
        ("2026-04-01T18:29:59Z", 2),
    ] {
        app.clock.set(at);
        visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
        assert_eq!(
            rows(&app, "SELECT 'all', CAST(sum(views) AS BIGINT) FROM profile_views"),
            [("all".to_owned(), count)],
            "{at}"
        );
    }
    assert_eq!(days(&app), [("2026-03-31".to_owned(), 1), ("2026-04-01".to_owned(), 1)]);
}

#[tokio::test]
async fn concurrent_requests_of_one_visitor_count_once() {
    let app = behind_a_proxy().await;
    let user = freelancer(&app, "johndoe").await;
    let looks = (0..8).map(|_| visit_from(&app, PATH, "203.0.113.7", "A"));
    for answer in futures_util::future::join_all(looks).await {
        answer.bare(200);
    }
    assert_eq!(views(&user).await, 1);
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_repeated_view_writes_nothing() {
    let app = behind_a_proxy().await;
    freelancer(&app, "johndoe").await;
    visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
    let before = content::state(app.database());
    for _ in 0..5 {
        visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
    }
    assert_eq!(content::state(app.database()), before);
}

#[tokio::test]
async fn the_database_contains_no_address_or_device_of_a_visitor() {
    let app = behind_a_proxy().await;
    let user = freelancer(&app, "johndoe").await;
    let agent = "Mozilla/5.0 (Recognisable)";
    for address in ["203.0.113.77", "2001:db8:1234:5678::9"] {
        visit_from(&app, PATH, address, agent).await.bare(200);
        let body = json!({"name": "A", "email": "a@example.com", "message": "Hello"});
        let request = app.hub(reqwest::Method::POST, &format!("{PATH}/messages"));
        let request = request.header("X-Forwarded-For", address).header("User-Agent", agent);
        app.send(request.json(&body)).await.bare(201);
    }
    assert_eq!(views(&user).await, 2);
    let holds = |needle: &[u8]| content::holds(app.database(), needle);
    assert!(holds(b"a@example.com"), "the test looks into the wrong database");
    let network = [0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78];
    for needle in [&b"203.0.113.77"[..], b"2001:db8", b"Recognisable", &[203, 0, 113, 77], &network]
    {
        assert!(!holds(needle), "{needle:?}");
    }
}

#[tokio::test]
async fn visitors_are_deleted_after_two_days_and_the_counts_stay() {
    let app = behind_a_proxy().await;
    let user = freelancer(&app, "johndoe").await;
    let known =
        || rows(&app, "SELECT day, count(*) FROM profile_visitors GROUP BY day ORDER BY day");
    for day in 18..=21 {
        app.clock.set(&format!("2026-03-{day}T12:00:00Z"));
        visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
    }
    assert_eq!(known().len(), 4);
    assert!(!app.app.sweep().await.unwrap());
    let kept: Vec<String> = known().into_iter().map(|(day, _)| day).collect();
    assert_eq!(kept, ["2026-03-19", "2026-03-20", "2026-03-21"]);
    assert_eq!(views(&user).await, 4);
    assert_eq!(days(&app).len(), 4);
    assert_rollups(app.database());
}

#[tokio::test]
async fn views_are_limited_by_address() {
    let options = Options { rate_limit: true, trust_proxy: true, ..Options::default() };
    let app = spawn_app_with(options).await;
    freelancer(&app, "johndoe").await;
    for _ in 0..120 {
        visit_from(&app, PATH, "203.0.113.7", "A").await.bare(200);
    }
    let refused = visit_from(&app, PATH, "203.0.113.7", "A").await;
    assert_eq!(refused.refusal(429), "Too many requests, please try again later");
    assert_eq!(refused.headers["retry-after"], "60");
    visit_from(&app, PATH, "203.0.113.8", "A").await.bare(200);
}

#[tokio::test]
async fn a_head_request_counts_towards_the_same_limit() {
    let app =
        spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await;
    freelancer(&app, "johndoe").await;
    let look = async |method: Method| {
        let request = app.hub(method, "/public/freelancers/johndoe");
        request.header("X-Forwarded-For", "203.0.113.1").send().await.unwrap().status().as_u16()
    };
    for n in 0..120 {
        let method = if n % 2 == 0 { Method::HEAD } else { Method::GET };
        assert_eq!(look(method).await, 200, "{n}");
    }
    assert_eq!((look(Method::HEAD).await, look(Method::GET).await), (429, 429));
}

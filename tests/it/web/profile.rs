//! `/profile` and `/profile/portfolio`.

use freelanceos::domain::image::ImagePurpose;
use reqwest::header;
use serde_json::{Value, json};

use super::{browser::Browser, picture::png};
use crate::{
    freelancehub::freelancer::change_rows,
    support::{User, spawn_app},
};

async fn kept(user: &User<'_>) -> Value {
    user.hub_get("/freelancer/profile").await.bare(200).clone()
}

async fn works(user: &User<'_>) -> Value {
    user.hub_get("/freelancer/portfolio").await.bare(200).clone()
}

const TYPED: [(&str, &str); 11] = [
    ("username", "JohnDoe"),
    ("title", "<b>Developer</b>"),
    ("bio", "First line\r\nSecond line"),
    ("hourlyRate.amount", "12,500.50"),
    ("hourlyRate.currency", "ngn"),
    ("skills", "Rust, SQL\r\nUI design"),
    ("availability", "available"),
    ("experience", "expert"),
    ("phone", "+94701234567"),
    ("location.country", "Sri Lanka"),
    ("location.city", "Colombo"),
];

#[tokio::test]
async fn a_profile_can_be_filled_in_and_shows_what_is_missing() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/profile").await.expect(200);
    page.says("0% complete")
        .says("Choose a username to get a public profile")
        .hides("View public profile");
    // A profile is valid without a username.
    let saved = browser.send(&page, "/profile", &[("title", "Developer")]).await;
    saved.expect(200).says("Profile saved.").says("10% complete");

    let page = browser.open("/profile").await;
    let saved = browser.send(&page, "/profile", &TYPED).await.expect(200);
    saved.says("80% complete").says("Still missing: Photo Portfolio");
    assert_eq!(saved.link("/u/"), "/u/JohnDoe");
    assert_eq!(saved.value("hourlyRate.amount").as_deref(), Some("12500.5"));
    let profile = kept(&user).await;
    assert_eq!(profile["bio"], "First line\nSecond line");
    assert_eq!(profile["hourlyRate"], json!({"amount": 12500.5, "currency": "NGN"}));
    assert_eq!(profile["skills"], json!(["Rust", "SQL", "UI design"]));
    assert_eq!(profile["location"]["city"], "Colombo");

    // Emptied fields are cleared, but a username stays.
    let emptied = TYPED.map(|(name, _)| (name, ""));
    let refused = browser.send(&saved, "/profile", &emptied).await.expect(400);
    refused.says("Check the field below.");
    let emptied = TYPED.map(|(name, text)| (name, if name == "username" { text } else { "" }));
    browser.send(&saved, "/profile", &emptied).await.expect(200).says("0% complete");
    assert_eq!(kept(&user).await["hourlyRate"], Value::Null);
}

#[tokio::test]
async fn profile_errors_are_shown_at_their_fields() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    other.hub_put("/freelancer/profile", json!({"username": "Taken"})).await.bare(200);
    let browser = Browser::of(&user);
    let page = browser.open("/profile").await;
    let wrong = [
        ("username", "a b"),
        ("hourlyRate.amount", "much"),
        ("skills", "Rust, rust"),
        ("availability", "always"),
        ("phone", "0701234567"),
        ("location.city", "Colombo"),
        ("bio", "</textarea><script>"),
    ];
    let again = browser.send(&page, "/profile", &wrong).await.expect(400);
    again.says("Check the 6 fields below.").says("This is listed twice.");
    again.says("Use only letters, digits, _ and -.").says("</textarea><script>");
    assert_eq!(again.html.matches("aria-invalid").count(), 6, "{}", again.html);
    assert_eq!(again.value("phone").as_deref(), Some("0701234567"));
    let rate = [("hourlyRate.amount", "1.5"), ("hourlyRate.currency", "XOF")];
    browser.send(&page, "/profile", &rate).await.expect(400).says("This currency has no decimals.");
    let taken = browser.send(&page, "/profile", &[("username", "taken")]).await.expect(400);
    taken.says("This is already taken.");
    assert_eq!(kept(&user).await["username"], Value::Null);
}

#[tokio::test]
async fn values_that_the_form_cannot_show_are_kept_unless_overwritten() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let location =
        json!({"country": "Sri Lanka", "city": "Colombo", "coordinates": [79.8612, 6.9271]});
    let change = json!({"skills": ["HTML, CSS"], "location": location});
    user.hub_put("/freelancer/profile", change).await.bare(200);
    let browser = Browser::of(&user);
    let page = browser.open("/profile").await;
    let same = [
        ("title", "Developer"),
        ("skills", "HTML, CSS"),
        ("location.country", "Sri Lanka"),
        ("location.city", "Colombo"),
    ];
    browser.send(&page, "/profile", &same).await.expect(200);
    let profile = kept(&user).await;
    assert_eq!(profile["skills"], json!(["HTML, CSS"]));
    assert_eq!(profile["location"], location);
}

#[tokio::test]
async fn a_picture_is_uploaded_replaced_and_removed() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/profile").await;
    let uploaded = browser.upload(&page, "/profile/picture", &[], &png(50, 30)).await.expect(200);
    uploaded.says("Photo saved.").says("10% complete");
    let first = uploaded.tag("img", "class=\"avatar\"");
    let src = first.split("src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(kept(&user).await["avatar"], format!("http://localhost:5000{src}"));
    browser.open(&src).await.expect(200);

    let second = browser.upload(&page, "/profile/picture", &[], &png(30, 50)).await;
    assert_ne!(second.tag("img", "class=\"avatar\""), first);
    browser.open(&src).await.expect(404);
    let refused = browser.upload(&page, "/profile/picture", &[], b"GIF89a").await.expect(400);
    refused.says("Choose a PNG, JPEG or WebP image.");
    browser
        .upload(&page, "/profile/picture", &[], b"")
        .await
        .expect(400)
        .says("Fill in this field");
    let gone = browser.send(&second, "/profile/picture/delete", &[]).await.expect(200);
    gone.says("Photo removed.");
    assert_eq!(kept(&user).await["avatar"], Value::Null);
}

#[tokio::test]
async fn a_work_is_added_with_a_picture_edited_and_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/profile/portfolio").await.expect(200).says("No work yet");
    let page = browser.open("/profile/portfolio/new").await.expect(200);
    let typed = [
        ("title", "<i>Shop</i>"),
        ("description", "Cloth\r\nof Kano"),
        ("technologies", "Rust, SQL"),
        ("links.0.type", ""),
        ("links.0.url", ""),
        ("links.1.type", "Live"),
        ("links.1.url", "https://cloth.example.com/x"),
    ];
    let list = browser.upload(&page, "/profile/portfolio", &typed, &png(40, 30)).await.expect(200);
    list.says("Work added.").says("<i>Shop</i>").hides("No image");
    // Submitted again after going back, it adds nothing.
    browser.upload(&page, "/profile/portfolio", &typed, &png(40, 30)).await.expect(200);
    let item = works(&user).await;
    assert_eq!(item.as_array().unwrap().len(), 1);
    assert_eq!(item[0]["description"], "Cloth\nof Kano");
    let link = json!([{"type": "live", "url": "https://cloth.example.com/x"}]);
    assert_eq!(item[0]["links"], link);
    let url = item[0]["images"][0].as_str().unwrap().to_owned();
    let picture = url.strip_prefix("http://localhost:5000").unwrap().to_owned();
    browser.open(&picture).await.expect(200);

    let edit = list.link("/profile/portfolio/work_");
    let base = edit.strip_suffix("/edit").unwrap();
    let page = browser.open(&edit).await.expect(200);
    assert_eq!(page.value("links.0.url").as_deref(), Some("https://cloth.example.com/x"));
    // A form always sends its rows; empty ones are not links.
    let typed = [
        ("title", "Shop"),
        ("description", ""),
        ("technologies", "Rust"),
        ("links.0.type", ""),
        ("links.0.url", ""),
    ];
    browser.send(&page, &edit, &typed).await.expect(200).says("Work saved.");
    let item = works(&user).await;
    assert_eq!((&item[0]["links"], &item[0]["technologies"]), (&json!([]), &json!(["Rust"])));

    let pictures = format!("{base}/pictures");
    let page = browser.upload(&page, &pictures, &[], &png(20, 20)).await.expect(200);
    page.says("Image added.");
    let remove = format!("{pictures}/delete");
    let page = browser.send(&page, &remove, &[("image", &url)]).await.expect(200);
    page.says("Image removed.");
    browser.open(&picture).await.expect(404);
    let left = works(&user).await[0]["images"][0].as_str().unwrap().to_owned();
    let left = left.strip_prefix("http://localhost:5000").unwrap().to_owned();
    let gone = browser.send(&page, &format!("{base}/delete"), &[]).await.expect(200);
    gone.says("Work deleted.").says("No work yet");
    browser.open(&left).await.expect(404);
    browser.open(&edit).await.expect(404);
}

#[tokio::test]
async fn portfolio_errors_are_shown_at_their_fields() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/profile/portfolio/new").await;
    let typed = [
        ("title", ""),
        ("links.1.type", "two words"),
        ("links.1.url", "https://example.com"),
        ("links.3.type", "live"),
        ("links.3.url", "javascript:alert(1)"),
    ];
    let again = browser.upload(&page, "/profile/portfolio", &typed, &png(9, 9)).await.expect(400);
    again.says("choose the image again").says("Use one short lowercase word");
    again.says("Enter a link that starts with https://");
    assert_eq!(again.value("links.1.url").as_deref(), Some("javascript:alert(1)"));
    let broken = [("title", "Shop")];
    let again = browser.upload(&page, "/profile/portfolio", &broken, b"no").await.expect(400);
    again.says("Choose a PNG, JPEG or WebP image.");
    assert_eq!(works(&user).await, json!([]));
}

#[tokio::test]
async fn pages_load_no_external_pictures() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let change = json!({"username": "ada", "avatar": "https://example.com/me.png"});
    user.hub_put("/freelancer/profile", change).await.bare(200);
    let item = json!({"title": "Shop", "images": ["https://www.example.com/shop.png"]});
    user.hub_post("/freelancer/portfolio", item).await.bare(201);
    let browser = Browser::of(&user);
    let list = browser.open("/profile/portfolio").await;
    let edit = list.link("/profile/portfolio/work_");
    for path in ["/profile", "/profile/portfolio", &edit, "/u/ada"] {
        let page = browser.open(path).await.expect(200);
        assert!(!page.html.contains("<img"), "{path}: {}", page.html);
    }
    let page = browser.open(&edit).await;
    assert_eq!(page.link("https://"), "https://www.example.com/shop.png");
    let remove = format!("{}/pictures/delete", edit.strip_suffix("/edit").unwrap());
    browser.send(&page, &remove, &[]).await.expect(200).says("No images yet.");
}

#[tokio::test]
async fn work_and_pictures_of_another_account_are_not_found() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let id = app.app.upload_image(ada.claims(), ImagePurpose::Portfolio, png(9, 9)).await.unwrap();
    let url = app.app.image_url(id);
    let item = json!({"title": "Shop", "images": [url]});
    ada.hub_post("/freelancer/portfolio", item).await.bare(201);
    let work = works(&ada).await[0]["id"].as_str().unwrap().to_owned();
    let browser = Browser::of(&eve);
    let page = browser.open("/profile/portfolio/new").await;
    let token = page.value("_token").unwrap();
    let base = format!("/profile/portfolio/{work}");
    browser.open(&format!("{base}/edit")).await.expect(404);
    let fields = [("_token", &*token), ("title", "Eve's"), ("image", &url)];
    for act in ["edit", "delete", "pictures/delete", "pictures"] {
        browser.post(&format!("{base}/{act}"), &fields).await.expect(404);
    }
    // Deleting a piece of work does not delete a picture of another account shown in it.
    eve.hub_post("/freelancer/portfolio", json!({"title": "Mine", "images": [url]}))
        .await
        .bare(201);
    let own = works(&eve).await[0]["id"].as_str().unwrap().to_owned();
    let fields = [("_token", &*token)];
    browser.post(&format!("/profile/portfolio/{own}/delete"), &fields).await.expect(200);
    browser.open(&format!("/images/{id}")).await.expect(200);
    assert_eq!(works(&ada).await[0]["title"], "Shop");
}

#[tokio::test]
async fn a_client_account_has_no_profile_form() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    change_rows(&app, "UPDATE accounts SET role = 'client'");
    let browser = Browser::of(&user);
    for path in ["/profile", "/profile/portfolio", "/profile/portfolio/new"] {
        browser.open(path).await.expect(403).says("Only freelancers may do this");
    }
}

#[tokio::test]
async fn only_signed_in_users_can_upload() {
    let app = spawn_app().await;
    let stranger = Browser::new(&app);
    let large = vec![0; 2 << 20];
    let answer = stranger.send_file("/profile/picture", &[], &large).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert!(answer.headers[header::LOCATION].to_str().unwrap().starts_with("/login"));
    let answer = stranger.send_file("/verify-email", &[], &large).await;
    answer.expect(413);
    let answer = stranger.send_file("/u/ada/messages", &[("name", "Eve")], b"x").await;
    answer.expect(400);
}

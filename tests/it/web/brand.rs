//! Whose pages they are: what clients see is the freelancer's, and so is a server of one business.

use freelanceos::{
    app::{
        invoice_defaults::{set_logo, update_invoice_defaults},
        unit_of_work::Work,
    },
    domain::{image::ImagePurpose, input::Input, invoice_defaults::InvoiceDefaultsChange},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    browser::{Browser, Page},
    picture::png,
};
use crate::support::{PUBLIC_URL, User, spawn_app};

const OWNER: [(&str, &str); 7] = [
    ("name", "Amara Okafor"),
    ("email", "amara@example.com"),
    ("password", crate::support::PASSWORD),
    ("currency", "NGN"),
    ("timezone", "Africa/Lagos"),
    ("businessName", "Studio Okafor"),
    ("swatch", "#b5411c"),
];

async fn change_defaults(user: &User<'_>, fields: Value) {
    let change = InvoiceDefaultsChange::read(fields.as_object().unwrap()).unwrap();
    let update = move |work: &mut Work| update_invoice_defaults(work, &change, None);
    user.app.app.run(user.claims(), update).await.unwrap();
}

/// The pages that clients and visitors of somebody open.
async fn client_pages(user: &User<'_>) -> [String; 3] {
    let client = user.client("Nordlicht").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let own = Browser::of(user).open(&format!("/invoices/{id}")).await.expect(200);
    let invoice = own.link(&format!("{PUBLIC_URL}/i/")).replace(PUBLIC_URL, "");
    let id = user.proposal(&client, "Website").await;
    let answer = user.post(&format!("/proposals/{id}/send"), json!({})).await;
    let proposal = answer.data(200)["publicLink"].as_str().unwrap().replace(PUBLIC_URL, "");
    user.hub_put("/freelancer/profile", json!({"username": "amara"})).await.bare(200);
    [invoice, proposal, "/u/amara".to_owned()]
}

fn title(page: &Page) -> &str {
    let (_, rest) = page.html.split_once("<title>").unwrap();
    rest.split("</title>").next().unwrap()
}

/// Where the icon of the browser's tab comes from.
fn icon(page: &Page) -> String {
    page.tag("link", "rel=\"icon\"")
}

#[tokio::test]
async fn client_pages_carry_the_name_the_icon_and_the_colour_of_the_freelancer() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    change_defaults(&user, json!({"businessName": "'Ärzte' & Co", "accent": "#f0b429"})).await;
    let paths = client_pages(&user).await;
    let stranger = Browser::new(&app);
    for (path, initial) in paths.iter().zip(["%C3%84", "%C3%84", "J"]) {
        let page = stranger.open(path).await.expect(200);
        let icon = icon(&page);
        assert!(icon.contains("fill='%23f0b429'") && icon.contains("fill='%23000'"), "{icon}");
        assert!(icon.contains(&format!("%3E{initial}%3C/text")), "{icon}");
        assert!(!title(&page).contains("FreelanceOS"), "{}", title(&page));
        assert!(page.html.contains("/assets/brand.css?f0b429"), "{path}");
        assert_eq!(page.html.matches("FreelanceOS").count(), 1, "{path}: {}", page.html);
        page.says("Made with FreelanceOS");
    }
    let logo = app.app.upload_image(user.claims(), ImagePurpose::Logo, png(40, 40)).await.unwrap();
    app.app.run(user.claims(), move |work| set_logo(work, Some(logo))).await.unwrap();
    let [invoice, proposal, _] = client_pages(&user).await;
    for path in [invoice, proposal] {
        let icon = icon(&stranger.open(&path).await.expect(200));
        assert!(icon.contains(&format!("href=\"/images/{logo}\"")), "{icon}");
    }
}

#[tokio::test]
async fn a_dead_link_of_a_client_speaks_of_nobody() {
    let app = spawn_app().await;
    app.register("amara@example.com").await;
    let stranger = Browser::new(&app);
    for path in ["/i/x", "/p/x", "/u/nobody"] {
        let page = stranger.open(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(page.html.matches("FreelanceOS").count(), 1, "{path}: {}", page.html);
        assert!(!page.html.contains("<a "), "{path}: {}", page.html);
    }
    let page = stranger.open("/nowhere").await.expect(404);
    assert!(title(&page).ends_with("FreelanceOS"), "{}", title(&page));
}

#[tokio::test]
async fn the_first_visit_takes_name_and_colour_and_the_sign_in_shows_them_while_it_is_closed() {
    let app = spawn_app().await;
    let owner = Browser::new(&app);
    let page = owner.open("/welcome").await.expect(200);
    page.says("Business name").says("Your colour");
    assert!(page.tag("input", "#0b5c46").contains("checked"), "pine is the default");
    let wrong = [&OWNER[..], &[("email", "amara"), ("closed", "on")]].concat();
    let again = owner.send(&page, "/welcome", &wrong).await.expect(400);
    assert!(again.tag("input", "#b5411c").contains("checked"));
    assert_eq!(again.value("businessName").as_deref(), Some("Studio Okafor"));
    let typed = [&OWNER[..], &[("closed", "on")]].concat();
    owner.send(&again, "/welcome", &typed).await.expect(200).says("Studio Okafor");
    let settings = owner.open("/settings/invoices").await.expect(200);
    assert_eq!(settings.value("accent").as_deref(), Some("#b5411c"));

    let stranger = Browser::new(&app);
    let page = stranger.open("/login").await.expect(200);
    page.says("Studio Okafor").says("Made with FreelanceOS");
    assert_eq!(title(&page), "Sign in · Studio Okafor");
    assert!(page.html.contains("/assets/brand.css?b5411c"), "{}", page.html);
    assert!(icon(&page).contains("%3EO%3C") || icon(&page).contains("%3ES%3C"), "{}", icon(&page));

    // Where anybody may have an account, it is nobody's alone.
    let data = owner.open("/settings/data").await;
    owner.send(&data, "/settings/data/registration", &[]).await.expect(200);
    let page = stranger.open("/login").await.expect(200);
    page.hides("Studio Okafor");
    assert_eq!(title(&page), "Sign in · FreelanceOS");
}

#[tokio::test]
async fn an_owner_without_a_business_name_is_not_named_to_strangers() {
    let app = spawn_app().await;
    let owner = Browser::new(&app);
    let page = owner.open("/welcome").await.expect(200);
    let typed = [&OWNER[..], &[("businessName", ""), ("closed", "on")]].concat();
    owner.send(&page, "/welcome", &typed).await.expect(200);
    let page = Browser::new(&app).open("/login").await.expect(200);
    page.hides("Okafor").hides("Amara");
    assert_eq!(title(&page), "Sign in · FreelanceOS");
}

#[tokio::test]
async fn a_sample_invoice_stands_beside_the_settings_it_follows() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    let set = json!({"businessName": "Studio Okafor", "notes": "Thank you!", "taxRate": 7.5});
    change_defaults(&user, set).await;
    let page = Browser::of(&user).open("/settings/invoices").await.expect(200);
    let (_, sample) = page.html.split_once("<aside class=\"settings__view\"").unwrap();
    let (sample, _) = sample.split_once("</aside>").unwrap();
    for shown in ["Studio Okafor", "Thank you!", "INV-2026-001", "7.5", "Sample Client Ltd"] {
        assert!(sample.contains(shown), "{shown}: {sample}");
    }
    for followed in ["businessName", "notes"] {
        assert!(sample.contains(&format!("data-mirror=\"{followed}\"")), "{sample}");
        assert!(page.html.contains(&format!("name=\"{followed}\"")), "{followed}");
    }
}

//! `/images/<id>`, and pictures for upload tests.

use std::io::Cursor;

use freelanceos::{app::image::delete_image, domain::image::ImagePurpose};
use image::{ImageFormat, Rgba, RgbaImage};
use reqwest::{Method, header};

use crate::support::spawn_app;

/// A PNG file of that size.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let image = RgbaImage::from_pixel(width, height, Rgba([200, 40, 40, 255]));
    image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

#[tokio::test]
async fn anyone_with_its_address_can_see_and_cache_a_picture() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let id = app.app.upload_image(user.claims(), ImagePurpose::Avatar, png(40, 40)).await.unwrap();
    let url = format!("{}/images/{id}", app.base);
    let seen = app.http.get(&url).send().await.unwrap();
    assert_eq!(seen.status(), 200);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("cross-origin-resource-policy", "cross-origin"),
        (
            "content-security-policy",
            "default-src 'none'; object-src 'none'; base-uri 'none'; sandbox; \
             frame-ancestors 'none'",
        ),
    ] {
        assert_eq!(seen.headers()[name], value, "{name}");
    }
    assert_eq!(seen.headers().get(header::SET_COOKIE), None);
    let etag = seen.headers()[header::ETAG].clone();
    let content = seen.bytes().await.unwrap();
    assert_eq!(image::guess_format(&content).unwrap(), ImageFormat::Jpeg);

    let head = app.http.head(&url).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(head.headers()[header::CONTENT_LENGTH], content.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());

    let again = app.http.get(&url).header(header::IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
    let changed = app.http.request(Method::DELETE, &url).send().await.unwrap();
    assert_eq!(changed.status(), 405);
}

#[tokio::test]
async fn a_missing_picture_is_an_error_page() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let id = app.app.upload_image(user.claims(), ImagePurpose::Avatar, png(8, 8)).await.unwrap();
    app.app.run(user.claims(), move |work| delete_image(work, id)).await.unwrap();
    for name in [&*id.to_string(), "img_01h455vb4pex5vsknk084sn02q", "x", "%2e%2e%2fschema.sql"] {
        let url = format!("{}/images/{name}", app.base);
        let gone = app.http.get(url).send().await.unwrap();
        assert_eq!(gone.status(), 404, "{name}");
        assert_eq!(gone.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(gone.headers()["cache-control"], "no-store");
    }
}

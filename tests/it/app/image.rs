//! Uploaded pictures.

use std::io::Cursor;

use freelanceos::{
    app::{
        account::find_account,
        image::{delete_image, set_avatar},
        portfolio::list_portfolio,
    },
    domain::{
        error::{Error, Kind, Result},
        id::ImageId,
        image::{Image, ImagePurpose},
    },
};
use image::{
    DynamicImage, ExtendedColorType, GenericImageView, ImageEncoder, ImageFormat, Rgba, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use jiff::SignedDuration;
use moxcms::{ColorProfile, Layout, TransformOptions};
use serde_json::json;

use crate::support::{TestApp, User, spawn_app};

const RED: Rgba<u8> = Rgba([220, 30, 30, 255]);
const BLUE: Rgba<u8> = Rgba([20, 40, 200, 255]);
const DAY: SignedDuration = SignedDuration::from_hours(25);

/// A picture with a red left half and a blue right half.
fn halves(width: u32, height: u32) -> DynamicImage {
    let half = |x, _| if x < width / 2 { RED } else { BLUE };
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, half))
}

fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let image = match format {
        ImageFormat::Jpeg => DynamicImage::ImageRgb8(image.to_rgb8()),
        _ => image.clone(),
    };
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

async fn delete(user: &User<'_>, id: ImageId) -> Result<()> {
    user.app.app.run(user.claims(), move |work| delete_image(work, id)).await
}

async fn show(user: &User<'_>, id: Option<ImageId>) -> Result<()> {
    user.app.app.run(user.claims(), move |work| set_avatar(work, id)).await
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    file(&halves(width, height), ImageFormat::Png)
}

/// A JPEG file with EXIF data after its first marker.
fn with_exif(jpeg: &[u8], orientation: u8, note: &str) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    // Orientation: one SHORT.
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // ImageDescription: its text follows the directory.
    tiff.extend([0x01, 0x0e, 0, 2, 0, 0, 0, note.len() as u8 + 1, 0, 0, 0, 38, 0, 0, 0, 0]);
    tiff.extend(note.as_bytes());
    tiff.push(0);
    let length = (2 + 6 + tiff.len()) as u16;
    let mut exif = vec![0xff, 0xe1];
    exif.extend(length.to_be_bytes());
    exif.extend(b"Exif\0\0");
    exif.extend(tiff);
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

async fn upload(user: &User<'_>, purpose: ImagePurpose, bytes: Vec<u8>) -> Image {
    let id = user.app.app.upload_image(user.claims(), purpose, bytes).await.unwrap();
    user.app.app.public_image(id).await.unwrap()
}

async fn refused(user: &User<'_>, bytes: Vec<u8>) -> String {
    let purpose = ImagePurpose::Portfolio;
    user.app.app.upload_image(user.claims(), purpose, bytes).await.unwrap_err().to_string()
}

fn pixels(image: &Image) -> DynamicImage {
    let pixels = image::load_from_memory(&image.content).unwrap();
    assert_eq!(pixels.dimensions(), (image.width, image.height));
    pixels
}

/// Whether two colours are close, allowing for JPEG loss.
#[track_caller]
fn assert_near(found: Rgba<u8>, expected: Rgba<u8>) {
    let is_near = found.0.iter().zip(expected.0).all(|(a, b)| a.abs_diff(b) < 24);
    assert!(is_near, "{found:?} is not {expected:?}");
}

async fn exists(app: &TestApp, id: ImageId) -> bool {
    app.app.public_image(id).await.is_ok()
}

#[tokio::test]
async fn each_purpose_has_its_own_size_and_format() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    for (purpose, sent, size, content_type) in [
        (ImagePurpose::Logo, png(1500, 500), (600, 200), "image/png"),
        (ImagePurpose::Avatar, png(1000, 600), (400, 400), "image/jpeg"),
        (ImagePurpose::Portfolio, png(2000, 1000), (1600, 800), "image/jpeg"),
        (ImagePurpose::Portfolio, png(300, 200), (300, 200), "image/jpeg"),
    ] {
        let image = upload(&ada, purpose, sent).await;
        assert_eq!((image.width, image.height), size);
        assert_eq!((image.content_type.as_str(), image.purpose), (content_type, purpose));
        let shown = pixels(&image);
        assert_near(shown.get_pixel(2, image.height / 2), RED);
        assert_near(shown.get_pixel(image.width - 3, image.height / 2), BLUE);
    }
}

#[tokio::test]
async fn a_picture_with_transparency_stays_a_png() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let mut image = halves(500, 500).into_rgba8();
    image.put_pixel(250, 250, Rgba([0, 0, 0, 0]));
    image.put_pixel(251, 250, Rgba([0, 0, 0, 0]));
    let sent = file(&DynamicImage::ImageRgba8(image), ImageFormat::WebP);
    for purpose in [ImagePurpose::Avatar, ImagePurpose::Portfolio] {
        assert_eq!(upload(&ada, purpose, sent.clone()).await.content_type, "image/png");
    }
}

#[tokio::test]
async fn a_photo_is_rotated_upright_and_loses_its_exif_data() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let jpeg = file(&halves(300, 200), ImageFormat::Jpeg);
    // 6: the stored left edge is the top.
    let sent = with_exif(&jpeg, 6, "at home, 6.9271 79.8612");
    assert!(String::from_utf8_lossy(&sent).contains("6.9271"));
    let image = upload(&ada, ImagePurpose::Portfolio, sent).await;
    assert_eq!((image.width, image.height), (200, 300));
    let shown = pixels(&image);
    assert_near(shown.get_pixel(100, 5), RED);
    assert_near(shown.get_pixel(100, 294), BLUE);
    let content = String::from_utf8_lossy(&image.content);
    assert!(!content.contains("6.9271") && !content.contains("Exif"));
}

#[tokio::test]
async fn colours_of_transparent_pixels_do_not_bleed_when_a_picture_is_scaled_down() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    // A disc surrounded by transparent pixels whose colour must not show.
    for (hidden, size) in [([0, 0, 0, 0], 900), ([255, 255, 255, 0], 3000)] {
        let disc = |x: u32, y: u32| {
            let from_middle = |at: u32| f64::from(at) - f64::from(size) / 2.0;
            let is_inside = from_middle(x).hypot(from_middle(y)) < f64::from(size) * 0.4;
            if is_inside { Rgba([250, 200, 20, 255]) } else { Rgba(hidden) }
        };
        let sent = DynamicImage::ImageRgba8(RgbaImage::from_fn(size, size, disc));
        let image = upload(&ada, ImagePurpose::Logo, file(&sent, ImageFormat::Png)).await;
        assert!(image.width < size);
        let shown = pixels(&image).into_rgba8();
        let mut edge = 0;
        for Rgba([red, green, blue, alpha]) in shown.pixels().copied() {
            if alpha > 40 {
                assert_near(Rgba([red, green, blue, 255]), Rgba([250, 200, 20, 255]));
            }
            edge += u32::from((41..250).contains(&alpha));
        }
        assert!(edge > 100, "{edge} pixels at the edge");
    }
}

#[tokio::test]
async fn other_colour_spaces_are_converted_to_srgb() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    // The same red in each colour space.
    let red = Rgba([200, 50, 50, 255]);
    let srgb = ColorProfile::new_srgb();
    for profile in [ColorProfile::new_display_p3(), ColorProfile::new_adobe_rgb()] {
        let options = TransformOptions::default();
        let transform =
            srgb.create_transform_8bit(Layout::Rgba, &profile, Layout::Rgba, options).unwrap();
        let mut written = [0; 4];
        transform.transform(&red.0, &mut written).unwrap();
        assert_ne!(written, red.0);
        let icc = profile.encode().unwrap();
        let sent = RgbaImage::from_pixel(700, 400, Rgba(written));
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_icc_profile(icc.clone()).unwrap();
        encoder.write_image(&sent, 700, 400, ExtendedColorType::Rgba8).unwrap();
        let rgb = DynamicImage::ImageRgba8(sent).into_rgb8();
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_icc_profile(icc).unwrap();
        encoder.write_image(&rgb, 700, 400, ExtendedColorType::Rgb8).unwrap();
        for (sent, purpose) in [(png, ImagePurpose::Logo), (jpeg, ImagePurpose::Portfolio)] {
            let shown = pixels(&upload(&ada, purpose, sent).await);
            let found = shown.get_pixel(20, 20);
            let is_near = found.0.iter().zip(red.0).all(|(a, b)| a.abs_diff(b) < 5);
            assert!(is_near, "{found:?} is not {red:?}");
        }
    }
}

#[tokio::test]
async fn a_truncated_file_is_refused_wherever_it_was_cut() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let noise = RgbaImage::from_fn(160, 120, |x, y| {
        let value = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 3;
        Rgba([value as u8, (value >> 8) as u8, (value >> 16) as u8, 255])
    });
    let noise = DynamicImage::ImageRgba8(noise);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = file(&noise, format);
        upload(&ada, ImagePurpose::Portfolio, whole.clone()).await;
        // Some programs append data, which does no harm.
        let more = [&whole[..], b"trailing"].concat();
        upload(&ada, ImagePurpose::Portfolio, more).await;
        for percent in [20, 50, 80, 95, 99] {
            let cut = whole[..whole.len() * percent / 100].to_vec();
            let said = refused(&ada, cut).await;
            let expected = "Validation failed: image is damaged and cannot be read";
            assert_eq!(said, expected, "{format:?} cut at {percent} %");
        }
        let said = refused(&ada, whole[..whole.len() - 1].to_vec()).await;
        assert!(said.ends_with("is damaged and cannot be read"), "{format:?}: {said}");
    }
}

#[tokio::test]
async fn invalid_pictures_are_refused_with_clear_messages() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let is = |text: &str| format!("Validation failed: image {text}");
    assert_eq!(refused(&ada, Vec::new()).await, is("is required"));
    for other in
        [&b"GIF89a\x01\0\x01\0"[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
    {
        assert_eq!(refused(&ada, other.to_vec()).await, is("must be a PNG, JPEG or WebP picture"));
    }
    let whole = png(300, 300);
    let damaged = is("is damaged and cannot be read");
    assert_eq!(refused(&ada, whole[..whole.len() / 2].to_vec()).await, damaged);
    assert_eq!(refused(&ada, whole[..20].to_vec()).await, damaged);
    assert_eq!(refused(&ada, vec![0; (5 << 20) + 1]).await, is("must be at most 5 MiB"));
}

#[tokio::test]
async fn a_decompression_bomb_is_recognised_by_its_header() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let mut bomb = png(1, 1);
    // The width and height in IHDR, and the checksum.
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let said = refused(&ada, bomb).await;
    assert_eq!(said, "Validation failed: image must have at most 40 million pixels");
}

#[tokio::test]
async fn anyone_can_see_a_picture_and_only_its_owner_can_delete_it() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let image = upload(&ada, ImagePurpose::Portfolio, png(10, 10)).await;
    let missing = |error: Error| assert_eq!(error.kind(), &Kind::NotFound, "{error}");
    missing(delete(&obi, image.id).await.unwrap_err());
    assert!(exists(&app, image.id).await);
    delete(&ada, image.id).await.unwrap();
    missing(app.app.public_image(image.id).await.unwrap_err());
    missing(delete(&ada, image.id).await.unwrap_err());

    let logo = upload(&ada, ImagePurpose::Logo, png(10, 10)).await;
    let kept = delete(&ada, logo.id).await.unwrap_err();
    assert!(matches!(kept.kind(), Kind::Conflict), "{kept}");

    let shown = upload(&ada, ImagePurpose::Portfolio, png(10, 10)).await;
    app.app.set_disabled("ada@example.com".to_owned(), true).await.unwrap();
    assert!(!exists(&app, shown.id).await);
}

#[tokio::test]
async fn a_new_avatar_replaces_the_previous_one() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let first = upload(&ada, ImagePurpose::Avatar, png(50, 50)).await;
    show(&ada, Some(first.id)).await.unwrap();
    let avatar = app.app.query(ada.claims(), find_account).await.unwrap().avatar.unwrap();
    assert_eq!(avatar, format!("http://localhost:5000/images/{}", first.id));
    // The same request again.
    show(&ada, Some(first.id)).await.unwrap();
    assert!(exists(&app, first.id).await);

    let second = upload(&ada, ImagePurpose::Avatar, png(50, 50)).await;
    show(&ada, Some(second.id)).await.unwrap();
    assert!(!exists(&app, first.id).await && exists(&app, second.id).await);

    let logo = upload(&ada, ImagePurpose::Logo, png(50, 50)).await;
    for (user, id) in [(&obi, second.id), (&ada, logo.id), (&ada, first.id)] {
        let refused = show(user, Some(id)).await.unwrap_err();
        assert_eq!(refused.to_string(), "Validation failed: image does not exist");
    }
    show(&ada, None).await.unwrap();
    assert!(!exists(&app, second.id).await);
    assert_eq!(app.app.query(ada.claims(), find_account).await.unwrap().avatar, None);
}

#[tokio::test]
async fn a_deleted_picture_disappears_wherever_it_was_shown() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let picture = upload(&ada, ImagePurpose::Portfolio, png(50, 50)).await;
    let avatar = upload(&ada, ImagePurpose::Avatar, png(50, 50)).await;
    show(&ada, Some(avatar.id)).await.unwrap();
    let urls = json!([app.app.image_url(picture.id), "https://other.example/a.png"]);
    let work = json!({"title": "Shop", "images": urls});
    ada.hub_post("/freelancer/portfolio", work).await.bare(201);
    delete(&ada, picture.id).await.unwrap();
    delete(&ada, avatar.id).await.unwrap();
    let items = app.app.query(ada.claims(), list_portfolio).await.unwrap();
    assert_eq!(items[0].work.images, ["https://other.example/a.png"]);
    assert_eq!(app.app.query(ada.claims(), find_account).await.unwrap().avatar, None);
}

#[tokio::test]
async fn an_unused_picture_is_deleted_after_a_day_unless_it_is_a_logo() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let [shown, unused, avatar, logo] = [
        ImagePurpose::Portfolio,
        ImagePurpose::Portfolio,
        ImagePurpose::Avatar,
        ImagePurpose::Logo,
    ]
    .map(|purpose| upload(&ada, purpose, png(20, 20)));
    let (shown, unused) = (shown.await.id, unused.await.id);
    let (avatar, logo) = (avatar.await.id, logo.await.id);
    // The server's public URL has changed meanwhile.
    let work = json!({"title": "Shop", "images": [format!("https://old.example/images/{shown}")]});
    ada.hub_post("/freelancer/portfolio", work).await.bare(201);
    show(&ada, Some(avatar)).await.unwrap();
    app.app.sweep().await.unwrap();
    assert!(exists(&app, unused).await, "it may still be used");
    app.clock.advance(DAY);
    let young = upload(&ada, ImagePurpose::Portfolio, png(20, 20)).await.id;
    app.app.sweep().await.unwrap();
    assert!(!exists(&app, unused).await);
    for kept in [shown, avatar, logo, young] {
        assert!(exists(&app, kept).await);
    }
}

#[tokio::test]
async fn an_account_has_at_most_200_pictures() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    let mut last = None;
    for _ in 0..200 {
        last = Some(upload(&ada, ImagePurpose::Portfolio, png(1, 1)).await.id);
    }
    let said = refused(&ada, png(1, 1)).await;
    assert!(said.starts_with("You have 200 images"), "{said}");
    delete(&ada, last.unwrap()).await.unwrap();
    upload(&ada, ImagePurpose::Portfolio, png(1, 1)).await;
}

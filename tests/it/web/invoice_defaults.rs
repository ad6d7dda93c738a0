//! `/settings/invoices`.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use reqwest::{Method, header};

use super::browser::Browser;
use crate::{
    pdf::read::File,
    support::{User, spawn_app},
};

const PLACE: &str = "/settings/invoices";

#[tokio::test]
async fn defaults_of_new_invoices_are_set_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    page.says("INV-2026-001, INV-2026-002, INV-2026-003");
    let typed = [
        ("businessName", "Ada & <Sons>"),
        ("address.street", "1 Broad Street"),
        ("address.street2", ""),
        ("address.city", "ලාගෝස්"),
        ("address.postalCode", ""),
        ("address.region", ""),
        ("countryCode", "NG"),
        ("taxId", ""),
        ("numberPattern", "ADA{YY}/{NNNN}"),
        ("nextNumber", "12"),
        ("_numberPattern", "INV-{YYYY}-{NNN}"),
        ("_nextNumber", "1"),
        ("paymentTermsDays", "14"),
        ("taxRate", "7.5"),
        ("notes", "Thank you"),
    ];
    let wrong = [("numberPattern", "A{MM}"), ("paymentTermsDays", "a week"), ("taxRate", "much")];
    let again = browser.send(&page, PLACE, &[&typed[..], &wrong].concat()).await.expect(400);
    again.says("Check the 3 fields below.");
    assert_eq!(again.value("businessName").as_deref(), Some("Ada & <Sons>"));
    let saved = browser.send(&again, PLACE, &typed).await.expect(200);
    saved.says("ADA26/0012, ADA26/0013, ADA26/0014").says("Thank you");
    saved.says("1 Broad Street").says("ලාගෝස්").says("Nigeria");
    assert_eq!(saved.value("taxRate").as_deref(), Some("7.5"));

    // Numbers that were used in the meantime do not prevent another change.
    let client = user.client("Kamala").await;
    user.invoice(&client, 100.into(), "2026-04-01").await;
    let rest = [("paymentTermsDays", "7"), ("taxRate", "0"), ("businessName", "")];
    let same = [
        ("numberPattern", "ADA{YY}/{NNNN}"),
        ("nextNumber", "12"),
        ("_numberPattern", "ADA{YY}/{NNNN}"),
        ("_nextNumber", "12"),
    ];
    let saved = browser.send(&saved, PLACE, &[&rest[..], &same].concat()).await.expect(200);
    saved.says("ADA26/0013");
    assert_eq!(saved.value("paymentTermsDays").as_deref(), Some("7"));
    let used = [("nextNumber", "12"), ("_nextNumber", "13")];
    let refused = browser.send(&saved, PLACE, &[&rest[..], &used].concat()).await.expect(409);
    refused.says("ADA26/0012 is already used");

    // Credit notes have their own pattern and number.
    let page = browser.open(PLACE).await.expect(200);
    page.says("Your next credit notes: CN-2026-001, CN-2026-002, CN-2026-003");
    let wrong = [("creditNotePattern", "CN"), ("nextCreditNoteNumber", "0")];
    let again = browser.send(&page, PLACE, &[&rest[..], &wrong].concat()).await.expect(400);
    again.says("Check the 2 fields below.");
    assert_eq!(again.value("creditNotePattern").as_deref(), Some("CN"));
    let own = [("creditNotePattern", "GS-{YY}-{NN}"), ("nextCreditNoteNumber", "7")];
    let saved = browser.send(&again, PLACE, &[&rest[..], &own].concat()).await.expect(200);
    saved.says("Your next credit notes: GS-26-07, GS-26-08, GS-26-09").says("ADA26/0013");
    let note = user.credit_note(&client).await;
    let note = user.get(&format!("/credit-notes/{note}")).await;
    assert_eq!(note.data(200)["number"], "GS-26-07");
    // The number that the form showed does not reset the series.
    let same = [("creditNotePattern", "GS-{YY}-{NN}"), ("nextCreditNoteNumber", "7")];
    let saved = browser.send(&saved, PLACE, &[&rest[..], &same].concat()).await.expect(200);
    saved.says("Your next credit notes: GS-26-08");
}

#[tokio::test]
async fn a_logo_is_uploaded_shown_and_removed() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    let token = page.value("_token").unwrap();
    let mut picture = Vec::new();
    let canvas = RgbImage::new(40, 20);
    canvas.write_to(&mut Cursor::new(&mut picture), ImageFormat::Png).unwrap();
    assert_eq!(upload(&user, &token, b"no picture".to_vec()).await, 400);
    assert_eq!(upload(&user, &token, Vec::new()).await, 400);
    assert_eq!(upload(&user, "wrong", picture.clone()).await, 403);
    browser.open(PLACE).await.hides("Remove logo");
    assert_eq!(upload(&user, &token, picture).await, 200);
    let shown = browser.open(PLACE).await;
    assert!(shown.html.contains("src=\"/images/img_"), "{}", shown.html);
    let off = browser.send(&shown, "/settings/invoices/logo/remove", &[]).await.expect(200);
    off.says("Logo removed.").hides("Remove logo");
}

#[tokio::test]
async fn colour_template_and_paper_can_be_chosen_and_a_sample_shows_them() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    page.says("White text is easy to read on this colour (contrast 8.0:1)");
    let typed = |own: &'static str, swatch: &'static str| {
        [("paymentTermsDays", "14"), ("taxRate", "0"), ("accent", own), ("swatch", swatch)]
    };
    // The selected swatch counts unless another colour was typed.
    let saved = browser.send(&page, PLACE, &typed("#0b5c46", "#f0b429")).await.expect(200);
    saved.says("Black text is easy to read on this colour (contrast 11.3:1)");
    assert_eq!(saved.value("accent").as_deref(), Some("#f0b429"));
    let saved = browser.send(&saved, PLACE, &typed("B5411C", "#f0b429")).await.expect(200);
    assert_eq!(saved.value("accent").as_deref(), Some("#b5411c"));
    let wrong = browser.send(&saved, PLACE, &typed("red", "#b5411c")).await.expect(400);
    wrong.says("Enter a hex colour code, such as #0b5c46.");

    for (template, paper, size) in [("modern", "letter", (612, 792)), ("classic", "a4", (595, 841))]
    {
        let chosen = [("template", template), ("paper", paper)];
        let typed = [&typed("#b5411c", "#b5411c")[..], &chosen].concat();
        browser.send(&browser.open(PLACE).await, PLACE, &typed).await.expect(200);
        let path = format!("{}{PLACE}/sample.pdf", app.base);
        let request = app.http.get(path).header("Cookie", format!("fos_session={}", user.token));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        let file = File::read(&answer.bytes().await.unwrap());
        assert_eq!(file.size(), size);
        assert!(file.text().contains("INV-2026-001"), "{}", file.text());
    }
    // A sample uses up no number.
    browser.open(PLACE).await.says("INV-2026-001, INV-2026-002");
}

/// Uploads a logo and returns the status of the response.
async fn upload(user: &User<'_>, token: &str, picture: Vec<u8>) -> u16 {
    const BOUNDARY: &str = "--------------------------------7d3";
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\n{token}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; \
         filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let body = [head.as_bytes(), &picture, end.as_bytes()].concat();
    let url = format!("{}/settings/invoices/logo", user.app.base);
    let request = user.app.http.request(Method::POST, url).body(body);
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = request.header(header::CONTENT_TYPE, kind);
    let cookie = format!("fos_session={}", user.token);
    request.header(header::COOKIE, cookie).send().await.unwrap().status().into()
}

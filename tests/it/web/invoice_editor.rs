//! `/invoices/new` and `/invoices/:id/edit`.

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{
    browser::{Browser, Page},
    numbers::write_numbers,
};
use crate::support::spawn_app;

/// The value of a field in the form for `action`.
fn typed_in(page: &Page, action: &str, name: &str) -> String {
    let field = page.fields(action).into_iter().find(|(known, _)| known == name);
    field.unwrap_or_else(|| panic!("{action} has no {name}: {}", page.html)).1
}

#[tokio::test]
async fn an_invoice_can_be_edited_line_by_line_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/invoices").await.expect(200).says("No invoices yet");
    browser.open("/invoices/new").await.expect(200).says("Who is this invoice for?");
    let client = user.client("Kamala").await;

    let asked = format!("/invoices/new?clientId={client}&description=Logo&amount=1,250.50");
    let page = browser.open(&asked).await.expect(200);
    assert!(page.html.contains(&format!("value=\"{client}\" selected")), "{}", page.html);
    assert_eq!(typed_in(&page, "/invoices", "items.0.description"), "Logo");
    assert_eq!(page.value("issueDate").as_deref(), Some("2026-03-18"));
    assert_eq!(page.value("dueDate").as_deref(), Some("2026-04-17"));
    page.says("Total 1,250.50 USD");

    let typed = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-04-01"),
        ("currency", "USD"),
        ("taxRate", "7.5"),
        ("items.0.description", ""),
        ("items.0.rate", ""),
        ("items.1.description", "Words"),
        ("items.1.quantity", "1237"),
        ("items.1.rate", "0.085"),
        ("items.2.description", "<i>Logo</i>"),
        ("items.2.quantity", ""),
        ("items.2.rate", "1,250.50"),
    ];
    let mut sums = typed.to_vec();
    sums.push(("_action", "up.2"));
    let again = browser.send(&page, "/invoices", &sums).await.expect(200);
    again.says("Subtotal 1,355.65 Discount % 0.00 Tax % 101.67 Total 1,457.32 USD");
    assert_eq!(typed_in(&again, "/invoices", "items.1.description"), "<i>Logo</i>");
    assert_eq!(user.get("/invoices").await.body["total"], 0);

    let shown = browser.send(&again, "/invoices", &typed).await.expect(200);
    shown.says("Draft saved.").says("INV-2026-001").says("<i>Logo</i>");
    shown.says("Tax 7.5% 101.67 Total US$1,457.32");
    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await.expect(200);
    assert_eq!(page.value("items.0.rate").as_deref(), Some("0.085"));
    assert_eq!(page.value("items.1.quantity").as_deref(), Some("1"));
    let mut less = typed.to_vec();
    less.extend([("items.1.description", ""), ("items.1.quantity", ""), ("items.1.rate", "")]);
    let changed = browser.send(&page, &edit, &less).await.expect(200);
    changed.says("Invoice saved.").hides("Words");
}

#[tokio::test]
async fn line_errors_are_shown_at_their_line() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await;
    let typed = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-03-17"),
        ("currency", "USD"),
        ("items.0.description", ""),
        ("items.1.description", "Logo"),
        ("items.1.rate", "100"),
        ("items.2.description", "Words"),
        ("items.2.quantity", "many"),
        ("items.2.rate", "0.085"),
    ];
    let again = browser.send(&page, "/invoices", &typed).await.expect(400);
    again.says("Check the 2 fields below.").says("The due date can’t be before the issue date.");
    again.says("Enter a number, such as 1250.50.");
    // The empty line was dropped, so the invalid one is now the second.
    assert_eq!(again.value("items.1.quantity").as_deref(), Some("many"));
    assert!(again.html.contains("id=\"f-items.1.quantity-error\""), "{}", again.html);
    assert_eq!(again.html.matches("aria-invalid").count(), 2);

    let page = browser.open("/invoices/new").await;
    let none = [("clientId", &*client), ("dueDate", "2026-04-01"), ("currency", "USD")];
    browser.send(&page, "/invoices", &none).await.expect(400).says("Fill in this field.");
    let discount =
        [none[0], none[1], none[2], ("items.0.description", "x"), ("items.0.rate", "-1")];
    let again = browser.send(&page, "/invoices", &discount).await.expect(400);
    again.says("Total can’t be negative.");
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

/// The response to the editor's script for lines with these quantities and rates.
async fn totals(
    browser: &Browser<'_>,
    token: &str,
    currency: &str,
    tax_rate: &str,
    lines: &[(&str, &str)],
) -> Value {
    let mut fields = vec![
        ("_token".to_owned(), token),
        ("currency".to_owned(), currency),
        ("taxRate".to_owned(), tax_rate),
    ];
    for (row, (quantity, rate)) in lines.iter().enumerate() {
        fields.push((format!("items.{row}.quantity"), quantity));
        fields.push((format!("items.{row}.rate"), rate));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (&**name, *text)).collect();
    let answer = browser.once(&Method::POST, "/invoices/totals", &fields).await.expect(200);
    let mut told: Value = serde_json::from_str(&answer.html).unwrap();
    // The preview exists only with a valid total.
    let sheet = told.as_object_mut().unwrap().remove("sheet").unwrap();
    assert_eq!(sheet.is_null(), told["total"] == "–", "{told}");
    for other in ["discount", "deposits", "offer", "taxes", "below", "preset"] {
        told.as_object_mut().unwrap().remove(other).unwrap();
    }
    told
}

#[tokio::test]
async fn totals_have_the_readers_number_format() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    let token = page.value("_token").unwrap();
    let told = |amounts: &[&str], [subtotal, tax, total]: [&str; 3], currency: &str| {
        let lines: Vec<_> = amounts.iter().map(|amount| (amount, "")).collect();
        json!({
            "lines": lines, "subtotal": subtotal, "tax": tax, "total": total,
            "currency": currency,
        })
    };
    let none = ["–"; 3];
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);
    let cases: [Case<'_>; 14] = [
        // A line may be empty or incomplete; the quantity defaults to one.
        (
            "USD",
            "7.5",
            &[("1237", "0.085"), ("", ""), ("5", " "), ("", "1,250.50")],
            told(&["105.15", "", "", "1,250.50"], ["1,355.65", "101.67", "1,457.32"], "USD"),
        ),
        // Half away from zero, in the decimals of the currency.
        ("USD", "", &[("1", "0.005")], told(&["0.01"], ["0.01", "0.00", "0.01"], "USD")),
        ("XOF", "33.3333", &[("0.5", "1")], told(&["1"], ["1", "0", "1"], "XOF")),
        ("KWD", "0", &[(".5", "1.005")], told(&["0.503"], ["0.503", "0.000", "0.503"], "KWD")),
        (
            "USD",
            "0",
            &[("2", "20"), ("1", "-5")],
            told(&["40.00", "-5.00"], ["35.00", "0.00", "35.00"], "USD"),
        ),
        ("USD", "0", &[], told(&[], ["0.00"; 3], "USD")),
        // Invalid input gives no total.
        ("USD", "0", &[("ten", "1"), ("1", "1")], told(&["–", "1.00"], none, "USD")),
        ("USD", "0", &[("0", "1")], told(&["–"], none, "USD")),
        ("USD", "0", &[("1", "2,17")], told(&["–"], none, "USD")),
        ("USD", "0", &[("1", "-1")], told(&["-1.00"], none, "USD")),
        ("USD", "101", &[("1", "1")], told(&["1.00"], none, "USD")),
        ("USD", "x", &[("1", "1")], told(&["1.00"], none, "USD")),
        ("USD", "0", &[("999999999999999", "999999999999.99")], told(&["–"], none, "USD")),
        // The account's currency, if the form has none.
        ("", "0", &[("1", "1")], told(&["1.00"], ["1.00", "0.00", "1.00"], "USD")),
    ];
    for (currency, tax, lines, expected) in cases {
        let totals = totals(&browser, &token, currency, tax, lines).await;
        assert_eq!(totals, expected, "{currency} {tax} {lines:?}");
    }
    write_numbers(&browser, "1.234,56").await;
    let told_so = told(&["1.250,50"], ["1.250,50", "93,79", "1.344,29"], "USD");
    assert_eq!(totals(&browser, &token, "USD", "7,5", &[("", "1.250,5")]).await, told_so);
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

#[tokio::test]
async fn totals_require_a_signed_in_reader_and_a_form_token() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let fields = [("items.0.rate", "1")];
    let browser = Browser::of(&user);
    browser.once(&Method::POST, "/invoices/totals", &fields).await.expect(403);
    let stranger = Browser::new(&app).once(&Method::POST, "/invoices/totals", &fields).await;
    assert_eq!(stranger.headers[header::LOCATION], "/login");
}

/// A valid form with one line. `client` is an id or `new`.
fn one_line<'a>(client: &'a str, description: &'a str, action: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("clientId", client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-04-01"),
        ("currency", "USD"),
        ("taxRate", ""),
        ("items.0.description", description),
        ("items.0.quantity", ""),
        ("items.0.rate", "500"),
        ("_action", action),
    ]
}

#[tokio::test]
async fn the_first_client_can_be_added_with_the_first_invoice_and_no_input_is_lost() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    page.says("Who is this invoice for?");
    assert_eq!(typed_in(&page, "/invoices", "clientId"), "new");

    let mut typed = one_line("new", "Logo", "review");
    typed.extend([("name", "Kamala"), ("email", "kamala"), ("company", "")]);
    let again = browser.send(&page, "/invoices", &typed).await.expect(400);
    again.says("Enter a valid email");
    assert_eq!(typed_in(&again, "/invoices", "name"), "Kamala");
    assert_eq!(typed_in(&again, "/invoices", "items.0.description"), "Logo");
    assert_eq!(user.get("/clients").await.body["total"], 0);

    typed.extend([("email", "kamala@example.com")]);
    let shown = browser.send(&again, "/invoices", &typed).await.expect(200);
    shown.says("Billed to Kamala").says("Total US$500.00");
    assert_eq!(user.get("/clients").await.body["total"], 1);

    // An edited draft can get a new client too. Either both are saved or neither.
    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await.expect(200);
    let mut typed = one_line("new", "", "save");
    typed.extend([("name", "Nimal"), ("email", "nimal@example.com")]);
    browser.send(&page, &edit, &typed).await.expect(400);
    assert_eq!(user.get("/clients").await.body["total"], 1);
    typed.extend([("items.0.description", "Card")]);
    let saved = browser.send(&page, &edit, &typed).await.expect(200);
    assert_eq!(saved.path, edit);
    saved.says("Invoice saved.").says("Billed to Nimal");
}

#[tokio::test]
async fn lines_are_duplicated_and_due_dates_chosen_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    let typed = one_line(&client, "Logo\r\nand card", "copy.0");
    let again = browser.send(&page, "/invoices", &typed).await.expect(200);
    again.says("Subtotal 1,000.00");
    assert_eq!(again.html.matches("Logo\r\nand card").count(), 4);

    let typed = one_line(&client, "Logo\r\nand card", "due.7");
    let again = browser.send(&page, "/invoices", &typed).await.expect(200);
    assert_eq!(again.value("dueDate").as_deref(), Some("2026-03-25"));
    again.tag("button", "value=\"due.7\" formnovalidate aria-current=\"true\"");

    // A saved draft stays in the editor, and a description is one line.
    let typed = one_line(&client, "Logo\r\nand card", "save");
    let saved = browser.send(&page, "/invoices", &typed).await.expect(200);
    assert!(saved.path.ends_with("/edit"), "{}", saved.path);
    assert_eq!(typed_in(&saved, &saved.path, "items.0.description"), "Logo and card");
}

#[tokio::test]
async fn a_form_offers_the_projects_of_its_client() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (kamala, nimal) = (user.client("Kamala").await, user.client("Nimal").await);
    let (site, shop) = (user.project(&kamala, "Site").await, user.project(&nimal, "Shop").await);
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await;
    page.says("Site · Kamala").says("Shop · Nimal");
    let page = browser.open(&format!("/invoices/new?clientId={nimal}")).await;
    page.says("Shop").hides("Site");
    // What is chosen stays, and is refused, until another is chosen.
    let mut typed = one_line(&nimal, "Logo", "review");
    typed.push(("projectId", &site));
    let again = browser.send(&page, "/invoices", &typed).await.expect(400);
    again.says("This belongs to another client.").says("Site").says("Shop");

    let told = async |client: &str| {
        let told = browser.open(&format!("/invoices/projects?clientId={client}")).await.expect(200);
        serde_json::from_str::<Value>(&told.html).unwrap()
    };
    assert_eq!(told(&nimal).await, json!([[shop, "Shop"]]));
    assert_eq!(told("new").await, json!([]));
    assert_eq!(told("").await, json!([[shop, "Shop · Nimal"], [site, "Site · Kamala"]]));
    let other = app.register("b@example.com").await;
    let found = Browser::of(&other).open(&format!("/invoices/projects?clientId={nimal}")).await;
    assert_eq!(found.html, "[]");
}

#[tokio::test]
async fn a_page_does_not_carry_all_clients_and_each_is_found() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let body = json!({"name": "Kamala <i>", "email": "k@example.com", "company": "Perera & Sons"});
    let kamala = user.post("/clients", body).await.data(201)["id"].clone();
    let kamala = kamala.as_str().unwrap();
    for number in 1..=25 {
        user.client(&format!("Client {number}")).await;
    }
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    let offered = |page: &Page| page.html.matches("<option value=\"client_").count();
    assert_eq!(offered(&page), 20);
    page.says("Client 25").hides("Kamala");
    // Without scripts, by a button of the form, which keeps what is typed.
    let mut typed = one_line("", "Logo", "find");
    typed.push(("_find", "SONS"));
    let found = browser.send(&page, "/invoices", &typed).await.expect(200);
    assert_eq!(offered(&found), 1);
    found.says("Kamala <i> · Perera & Sons");
    assert_eq!(typed_in(&found, "/invoices", "items.0.description"), "Logo");
    let shown = browser.send(&found, "/invoices", &one_line(kamala, "Logo", "review")).await;
    shown.expect(200).says("Billed to Perera & Sons Kamala <i>");

    // With scripts, while typing.
    let list = browser.open("/invoices/clients").await.expect(200);
    assert_eq!(list.html.matches("role=\"option\"").count(), 7);
    list.says("Client 25").hides("Client 19");
    let list = browser.open("/invoices/clients?q=sons").await.expect(200);
    assert!(list.html.contains(&format!("data-value=\"{kamala}\"")), "{}", list.html);
    assert_eq!(list.text(), "Kamala <i> Perera & Sons New client “ sons ”");
    let list = browser.open("/invoices/clients?q=Nimal%20%3Cnimal@example.com%3E").await;
    let new = list.tag("div", "data-value=\"new\"");
    assert!(new.ends_with("data-name=\"Nimal\" data-email=\"nimal@example.com\""), "{new}");
    let other = app.register("b@example.com").await;
    Browser::of(&other).open("/invoices/clients?q=sons").await.expect(200).hides("Kamala");
}

#[tokio::test]
async fn the_preview_shows_the_input() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await;
    let token = page.value("_token").unwrap();
    let mut typed = one_line(&client, "<i>Logo</i>", "");
    typed.extend([("_token", &*token), ("notes", "Thank you")]);
    let told = browser.once(&Method::POST, "/invoices/totals", &typed).await.expect(200);
    let told: Value = serde_json::from_str(&told.html).unwrap();
    let sheet = told["sheet"].as_str().unwrap();
    for wanted in ["Kamala", "&#60;i&#62;Logo&#60;/i&#62;", "1 Apr 2026", "500.00", "Thank you"] {
        assert!(sheet.contains(wanted), "{wanted}: {sheet}");
    }
}

#[tokio::test]
async fn a_draft_is_saved_while_edited_but_never_over_another_version() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
    let browser = Browser::of(&user);
    let edit = format!("/invoices/{invoice}/edit");
    let page = browser.open(&edit).await.expect(200);
    let (token, version) = (page.value("_token").unwrap(), page.value("_version").unwrap());
    let keep = async |version: &str, description: &str| {
        let mut typed = one_line(&client, description, "keep");
        typed.extend([("_token", &*token), ("_version", version)]);
        let answer = browser.once(&Method::POST, &edit, &typed).await;
        (answer.status.as_u16(), serde_json::from_str::<Value>(&answer.html).unwrap())
    };
    let stored = async || {
        user.get(&format!("/invoices/{invoice}")).await.data(200)["items"][0]["description"].clone()
    };
    let (status, kept) = keep(&version, "Logo").await;
    assert_eq!((status, &kept["said"]), (200, &json!("Saved at 13:00")));
    assert_eq!(stored().await, "Logo");
    // Invalid input is not saved and shows no error.
    let now = kept["version"].as_str().unwrap();
    assert_eq!(keep(now, "").await, (400, json!({"version": "", "said": ""})));
    let (status, kept) = keep(now, "Card").await;
    assert_eq!(status, 200);
    assert_ne!(kept["version"], now);
    let (status, told) = keep(now, "Poster").await;
    assert_eq!((status, &told["version"]), (409, &json!("")));
    assert!(told["said"].as_str().unwrap().contains("changed elsewhere"), "{told}");
    assert_eq!(stored().await, "Card");
}

#[tokio::test]
async fn lines_have_taxes_a_unit_and_a_discount_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/taxes").await.expect(200);
    page.says("No taxes yet.");
    let vat = [("name", "VAT"), ("rate", "15"), ("category", "S"), ("isDefault", "on")];
    let page = browser.send(&page, "/settings/taxes", &vat).await.expect(200);
    page.says("Tax added.");
    let levy = [("name", "NHIL"), ("rate", "2.5"), ("category", "S"), ("isDefault", "")];
    browser.send(&page, "/settings/taxes", &levy).await.expect(200).says("NHIL");

    let page = browser.open("/invoices/new").await.expect(200);
    // The default tax is chosen, and the line has no rate of its own.
    assert_eq!(page.html.matches("checked>").count(), 1);
    assert!(!page.html.contains("name=\"taxRate\""));
    let tax = |name, rate: &str| {
        format!(r#"{{"name":"{name}","rate":{rate},"category":"S","note":null}}"#)
    };
    let (vat, levy) = (tax("VAT", "15"), tax("NHIL", "2.5"));
    let typed = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-04-01"),
        ("currency", "USD"),
        ("items.0.description", "Design"),
        ("items.0.quantity", "10"),
        ("items.0.unit", "hour"),
        ("items.0.rate", "100"),
        ("items.0.discount.percent", "10"),
        ("items.0.taxes", ""),
        ("items.0.taxes", &vat),
        ("items.0.taxes", &levy),
        ("items.1.description", "Books"),
        ("items.1.rate", "50"),
        ("items.1.taxes", ""),
        ("withholding.rate", "5"),
        ("reference", "PO 7"),
    ];
    let shown = browser.send_several(&page, "/invoices", &typed).await.expect(200);
    shown.says("Draft saved.");
    shown.says("Design per hour · 10% off · VAT 15%, NHIL 2.5%").says("Books No tax");
    shown.says("Subtotal 950.00 VAT 15% on 900.00 135.00 NHIL 2.5% on 900.00 22.50 Total");
    shown.says("US$1,107.50 Withholding tax 5% −47.50 To pay after withholding 1,060.00");
    shown.says("Reference PO 7");

    let edit = browser.open(&format!("{}/edit", shown.path)).await.expect(200);
    assert_eq!(edit.html.matches("checked>").count(), 2);
    let mut emptied = typed.to_vec();
    emptied[16].1 = "";
    let again = browser.send_several(&edit, &edit.path, &emptied).await.expect(200);
    assert!(!again.html.contains("PO 7"));
    let answer = user.get(&again.path).await;
    assert_eq!(answer.data(200)["items"][1]["taxes"], json!([]));
    assert_eq!(answer.data(200)["amount"].to_string(), "1107.5");
}

#[tokio::test]
async fn a_client_chosen_later_presets_what_nobody_has_touched() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let body = json!({"name": "Max", "email": "max@example.com", "currency": "EUR", "paymentTermsDays": 7});
    let max = user.post("/clients", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let kamala = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    let is = |page: &Page| {
        let of = |name: &str| typed_in(page, "/invoices", name);
        format!("{} {}", of("currency"), of("dueDate"))
    };
    assert_eq!(is(&page), "USD 2026-04-17");
    // All values of the form, with these changes.
    let send = async |page: &Page, changes: &[(&str, &str)]| {
        let mut all = page.fields("/invoices");
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let all: Vec<_> = all.iter().map(|(name, value)| (&**name, &**value)).collect();
        browser.post("/invoices", &all).await.expect(200)
    };
    let chosen = send(&page, &[("clientId", &max), ("_action", "totals")]).await;
    assert_eq!(is(&chosen), "EUR 2026-03-25");
    // Back to a client without terms, with another issue date.
    let other = [("clientId", &*kamala), ("issueDate", "2026-03-20"), ("_action", "totals")];
    assert_eq!(is(&send(&chosen, &other).await), "USD 2026-04-19");
    // Typed values stay, even with another client.
    let typed = [("currency", "NGN"), ("dueDate", "2026-05-01"), ("_action", "totals")];
    let typed = send(&page, &typed).await;
    let chosen = send(&typed, &[("clientId", &max), ("_action", "totals")]).await;
    assert_eq!(is(&chosen), "NGN 2026-05-01");
    // So do values from a link.
    let page = browser.open("/invoices/new?currency=KES").await.expect(200);
    let chosen = send(&page, &[("clientId", &max), ("_action", "totals")]).await;
    assert_eq!(is(&chosen), "KES 2026-03-25");
    // Choosing the same client again reverts nothing.
    let chosen = send(&chosen, &[("dueDate", "2026-04-30"), ("_action", "totals")]).await;
    assert_eq!(is(&chosen), "KES 2026-04-30");

    // The script gets the changed fields with the totals.
    let page = browser.open("/invoices/new").await.expect(200);
    let preset = async |client: &str| {
        let mut all = page.fields("/invoices");
        all.retain(|(name, _)| name != "clientId");
        all.push(("clientId".to_owned(), client.to_owned()));
        let all: Vec<_> = all.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = browser.post("/invoices/totals", &all).await.expect(200);
        serde_json::from_str::<Value>(&answer.html).unwrap()["preset"].clone()
    };
    assert_eq!(
        preset(&max).await,
        json!([
            ["_client", max],
            ["currency", "EUR"],
            ["_currency", "EUR"],
            ["dueDate", "2026-03-25"],
            ["_due", "2026-03-25"],
        ])
    );
    assert_eq!(preset("").await, json!([]));
    // A stored draft keeps what it has.
    let draft = user.invoice(&kamala, json!(5), "2026-04-01").await;
    let page = browser.open(&format!("/invoices/{draft}/edit")).await.expect(200);
    assert_eq!(page.value("_client"), None);
}

#[tokio::test]
async fn taxes_of_the_same_name_and_rate_are_told_apart() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("Kamala").await;
    for tax in [
        json!({"name": "VAT", "rate": 20}),
        json!({"name": "VAT", "rate": 0, "category": "AE", "note": "Article 196"}),
        json!({"name": "VAT", "rate": 0, "category": "G", "note": "Article 146"}),
        json!({"name": "VAT", "rate": 0, "category": "G", "note": "Article 147"}),
    ] {
        user.tax(tax).await;
    }
    let page = Browser::of(&user).open("/invoices/new").await.expect(200);
    page.says("VAT 20% VAT 0% · Reverse charge VAT 0% · Export outside the country · Article 146");
    page.says("VAT 0% · Export outside the country · Article 147");
}

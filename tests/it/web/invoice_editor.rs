//! `/invoices/new` and `/invoices/:id/edit`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use freelanceos::{
    domain::{money::Currency, number_format::NumberFormat},
    web::invoice_editor::Sums,
};
use serde_json::{Value, json};

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn an_invoice_is_written_line_by_line_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/invoices").await.expect(200).says("No invoices yet");
    browser.open("/invoices/new").await.expect(200).says("Whom do you bill?");
    let client = user.client("Kamala").await;

    let asked = format!("/invoices/new?clientId={client}&description=Logo&amount=1,250.50");
    let page = browser.open(&asked).await.expect(200);
    assert!(page.html.contains(&format!("value=\"{client}\" selected")), "{}", page.html);
    assert_eq!(page.value("items.0.description").as_deref(), Some("Logo"));
    assert_eq!(page.value("issueDate").as_deref(), Some("2026-03-18"));
    assert_eq!(page.value("dueDate").as_deref(), Some("2026-04-17"));
    page.says("Total in USD 1,250.50");

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
    again.says("Subtotal 1,355.65 Tax 101.67 Total in USD 1,457.32");
    assert_eq!(again.value("items.1.description").as_deref(), Some("<i>Logo</i>"));
    assert_eq!(user.get("/invoices").await.body["total"], 0);

    let shown = browser.send(&again, "/invoices", &typed).await.expect(200);
    shown.says("The invoice was written.").says("INV-2026-001 Draft").says("<i>Logo</i>");
    shown.says("Tax 7.5 % USD 101.67");
    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await.expect(200);
    assert_eq!(page.value("items.0.rate").as_deref(), Some("0.085"));
    assert_eq!(page.value("items.1.quantity").as_deref(), Some("1"));
    let mut less = typed.to_vec();
    less.extend([("items.1.description", ""), ("items.1.quantity", ""), ("items.1.rate", "")]);
    let changed = browser.send(&page, &edit, &less).await.expect(200);
    changed.says("The invoice was changed.").hides("Words");
}

#[tokio::test]
async fn what_is_wrong_with_a_line_stands_at_that_line() {
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
    again.says("2 fields need another look.").says("This lies before the day of issue.");
    again.says("Please type a number, such as 1250.50.");
    // The empty line is gone, and the wrong one is the second.
    assert_eq!(again.value("items.1.quantity").as_deref(), Some("many"));
    assert!(again.html.contains("id=\"f-items.1.quantity-error\""), "{}", again.html);
    assert_eq!(again.html.matches("aria-invalid").count(), 2);

    let page = browser.open("/invoices/new").await;
    let none = [("clientId", &*client), ("dueDate", "2026-04-01"), ("currency", "USD")];
    browser.send(&page, "/invoices", &none).await.expect(400).says("Please fill this in.");
    let discount =
        [none[0], none[1], none[2], ("items.0.description", "x"), ("items.0.rate", "-1")];
    let again = browser.send(&page, "/invoices", &discount).await.expect(400);
    again.says("The lines add up to less than nothing.");
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

/// Runs the script's calculator over cases; nothing where there is no Node.js.
fn scripted(cases: &[Value]) -> Option<Vec<Value>> {
    let script = "const source = require('fs').readFileSync('assets/js/invoice.js', 'utf8'); \
        import(`data:text/javascript,${encodeURIComponent(source)}`).then(({ sums }) => { \
        const cases = JSON.parse(require('fs').readFileSync(0, 'utf8')); \
        console.log(JSON.stringify(cases.map((c) => sums(c.lines, c.taxRate, c.exponent, c.format)))); });";
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(cases).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_script_adds_up_as_the_server_does() {
    let quantities = [
        "",
        "1",
        "0.5",
        "1237",
        "0",
        "-1",
        "1,000",
        "12,5",
        "ten",
        "0.000000000000000001",
        "1e3",
        "999999999999999",
        "1000000000000000.0",
        "7 000",
        "0.3333333333333333333",
        ".5",
        "1_0",
        "1 250,5",
        "2,179",
        "60,28",
        "5.",
    ];
    let rates = [
        "",
        "0.085",
        "0.005",
        "-0.005",
        "1",
        "-20",
        "1,250.50",
        "0.1",
        "999999999999.99",
        "1.005",
        "10000000000000",
        "1,25,0",
        "0,085",
        "5000000000000000",
        "-",
        "1'000",
        "2.5",
        "0.45",
        "1234567890123456789012345678901234567890",
        "0.0000000000000000001",
        "1.50000000000000000000",
        "1.250",
        "1.250,00",
        "1.250.000",
        ",5",
        "1\u{2019}250.5",
        "\u{2212}20",
        "1\u{a0}250",
        "1 25",
    ];
    let taxes = ["", "0", "7.5", "100", "19", "0.0001", "0.00001", "101", "-1", "x", "33.3333"];
    let currencies = ["USD", "XOF", "KWD"].map(|code| Currency::from_code(code).unwrap());
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    let mut place = 0_usize;
    let mut next = |most: usize| {
        place =
            place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (place >> 33) % most
    };
    for round in 0..6000 {
        let currency = currencies[round % 3];
        let lines: Vec<(&str, &str)> = (0..1 + next(3))
            .map(|_| (quantities[next(quantities.len())], rates[next(rates.len())]))
            .collect();
        let tax = taxes[next(taxes.len())];
        let word = NumberFormat::WORDS[next(NumberFormat::WORDS.len())];
        let sums = Sums::new(&lines, tax, currency, NumberFormat::from_word(word).unwrap());
        let line = |(quantity, rate): &(&str, &str)| json!({"quantity": quantity, "rate": rate});
        cases.push(json!({
            "lines": lines.iter().map(line).collect::<Vec<_>>(),
            "taxRate": tax, "exponent": currency.exponent(), "format": word,
        }));
        expected.push(json!({
            "amounts": sums.amounts, "subtotal": sums.subtotal, "tax": sums.tax, "total": sums.total,
        }));
    }
    let Some(computed) = scripted(&cases) else {
        eprintln!("left out: there is no Node.js to run the script");
        return;
    };
    for ((case, computed), expected) in cases.iter().zip(&computed).zip(&expected) {
        assert_eq!(computed, expected, "{case}");
    }
}

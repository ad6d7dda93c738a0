//! What only a browser can check about the stylesheet.

use std::process::Command;

use serde_json::{Value, json};

use crate::{browser::Browser, story::begin};

/// The colour of the first element that matches a selector.
async fn colour(browser: &Browser, selector: &str) -> Value {
    let script = "const found = document.querySelector(args[0]);
        return found && getComputedStyle(found).color";
    browser.run(script, json!([selector])).await
}

/// The text of each sheet of paper that the page is printed on.
async fn sheets(browser: &Browser) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.pdf");
    std::fs::write(&path, browser.print().await).unwrap();
    let told = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    told.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

#[tokio::test]
async fn pages_use_their_part_of_the_stylesheet_and_print_on_one_sheet() {
    let (server, url, place) = begin();
    let demo = place.run(&["demo"]);
    assert!(demo.status.success(), "{demo:?}");
    let said = String::from_utf8(demo.stdout).unwrap();
    let password = said.split_once("password:").unwrap().1.split_whitespace().next().unwrap();
    let api = format!("{url}/api/v1");
    let http = reqwest::Client::new();
    let body = json!({"email": "demo@example.com", "password": password});
    let answer = http.post(format!("{api}/auth/login")).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["data"]["token"].as_str().unwrap();
    let browser = Browser::open().await;
    browser.look(1280, "light").await;
    browser.go(&format!("{url}/login")).await;
    browser.run("document.cookie = `fos_session=${args[0]}; path=/`", json!([token])).await;

    // Overdue is red, whatever the colour of small text around it.
    let red = json!("rgb(179, 38, 30)");
    browser.go(&format!("{url}/invoices?status=overdue")).await;
    assert_eq!(colour(&browser, "td .late").await, red);
    browser.go(&format!("{url}/")).await;
    assert_eq!(colour(&browser, ".late").await, red);

    // A single rule above the total, a double one below it.
    let invoices = format!("{api}/invoices?status=overdue");
    let answer = http.get(invoices).bearer_auth(token).send().await.unwrap();
    let invoices: Value = answer.json().await.unwrap();
    let id = invoices["data"][0]["id"].as_str().unwrap();
    browser.go(&format!("{url}/invoices/{id}")).await;
    let script = "const style = getComputedStyle(document.querySelector('.total__sum'));
        return [style.borderTopStyle, style.borderBottomStyle]";
    assert_eq!(browser.run(script, json!([])).await, json!(["solid", "double"]));

    // A row of links is as wide as its fieldset.
    browser.go(&format!("{url}/profile/portfolio/new")).await;
    let script = "const row = document.querySelector('[data-link]');
        return row.clientWidth / row.parentElement.clientWidth";
    let share = browser.run(script, json!([])).await.as_f64().unwrap();
    assert!(share > 0.9, "{share}");

    // A client prints the invoice without an empty sheet.
    browser.go(&format!("{url}/invoices/{id}")).await;
    let script = "return document.querySelector('#public-link').value";
    let link = browser.run(script, json!([])).await;
    browser.go(link.as_str().unwrap()).await;
    assert_eq!(sheets(&browser).await.len(), 1);

    // A list and a client's page are printed with their title, and without what is for the screen.
    for (path, title) in [
        ("/", "Home"),
        ("/invoices", "Invoices"),
        ("/clients", "Clients"),
        ("/projects?view=board", "Projects"),
    ] {
        browser.go(&format!("{url}{path}")).await;
        let sheets = sheets(&browser).await;
        assert!(sheets[0].trim_start().starts_with(title), "{path}: {}", sheets[0]);
        for sheet in &sheets {
            assert!(sheet.trim().len() > 20, "{path}: an empty sheet of {}", sheets.len());
            assert!(!sheet.contains("New invoice") && !sheet.contains("Settings"), "{sheet}");
        }
    }
    drop(server);
}

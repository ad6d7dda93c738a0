//! Accessibility of every page, narrow and wide, light and dark: axe-core finds no violation,
//! nothing is wider than the window, nothing moves while a page loads, and no request is refused.

use std::env;

use serde_json::{Value, json};

use crate::{browser::Browser, story::begin};

/// The path to axe-core, installed by `tests/run`, with the rules of WCAG.
fn axe() -> String {
    let path = env::var("AXE_CORE").expect("AXE_CORE names no axe.min.js; tests/run installs it");
    std::fs::read_to_string(path).unwrap()
}

const CHECK: &str = r#"
    const found = await axe.run(document, { resultTypes: ['violations'] });
    const wide = document.documentElement.scrollWidth > innerWidth
        ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    const shifts = await new Promise((done) => {
        const all = [];
        const observer = new PerformanceObserver((list) => all.push(...list.getEntries()));
        observer.observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(all), 50);
    });
    const moved = shifts.map(({ value, sources }) => `moves by ${value}: ` +
        sources.map(({ node }) => (node?.outerHTML ?? node?.data ?? '').slice(0, 80)).join(', '));
    return wide.concat(moved, found.violations.map(({ impact, id, nodes }) =>
        `${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`));
"#;

/// The first target of a link on this page that has this prefix.
async fn first(browser: &Browser, start: &str) -> String {
    let script = "const found = [...document.querySelectorAll('main a[href]')]
        .map((link) => new URL(link.href).pathname)
        .find((path) => path.startsWith(args[0]) && !path.endsWith('/new') && !path.includes('.'));
        return found || null";
    let found = browser.run(script, json!([start])).await;
    found.as_str().unwrap_or_else(|| panic!("no link to {start}…")).to_owned()
}

#[tokio::test]
async fn every_page_is_accessible() {
    let (axe, (server, url, place)) = (axe(), begin());
    let browser = Browser::open().await;
    let mut findings: Vec<String> = Vec::new();
    let mut check = async |path: &str| {
        for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")] {
            browser.look(width, scheme).await;
            browser.go(&format!("{url}{path}")).await;
            let script = format!("{axe}; {CHECK}");
            let found: Value = browser.run(&script, json!([])).await;
            let found = found.as_array().unwrap().iter().map(|text| text.as_str().unwrap());
            findings.extend(found.map(|text| format!("{path} {width} {scheme}: {text}")));
        }
    };
    check("/welcome").await;

    let demo = place.run(&["demo"]);
    assert!(demo.status.success(), "{demo:?}");
    let said = String::from_utf8(demo.stdout).unwrap();
    let after = |word: &str| {
        let (_, rest) = said.split_once(word).unwrap_or_else(|| panic!("no {word} in {said}"));
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let (email, password) = ("demo@example.com", after("password:"));
    for path in ["/login", "/register", "/forgot", "/reset", "/nothing"] {
        check(path).await;
    }
    let body = json!({ "email": email, "password": password });
    let login = format!("{url}/api/v1/auth/login");
    let answer = reqwest::Client::new().post(login).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    browser.go(&format!("{url}/login")).await;
    let sign_in = "document.cookie = `fos_session=${args[0]}; path=/`";
    browser.run(sign_in, json!([answer["data"]["token"]])).await;

    let mut pages: Vec<String> = [
        "/",
        "/clients",
        "/clients/new",
        "/clients?search=nobody-at-all",
        "/projects",
        "/projects?view=board",
        "/projects/new",
        "/proposals",
        "/proposals/new",
        "/invoices",
        "/invoices?status=overdue",
        "/invoices/new",
        "/messages",
        "/profile",
        "/profile/portfolio",
        "/profile/portfolio/new",
        "/search",
        "/search?q=invoice",
        "/settings",
        "/settings/money",
        "/settings/invoices",
        "/settings/security",
        "/settings/data",
        "/settings/data/delete",
        "/invoices/inv_nothing",
        "/i/nothing",
        "/u/amara",
    ]
    .map(str::to_owned)
    .to_vec();
    for list in ["/clients", "/projects", "/proposals", "/invoices", "/messages"] {
        browser.go(&format!("{url}{list}")).await;
        let page = first(&browser, &format!("{list}/")).await;
        if !matches!(list, "/messages") {
            pages.push(format!("{page}/edit"));
        }
        pages.push(page);
    }
    for list in ["/invoices?status=draft", "/invoices?status=overdue", "/invoices?status=paid"] {
        browser.go(&format!("{url}{list}")).await;
        pages.push(first(&browser, "/invoices/inv_").await);
    }
    // What clients see.
    for list in ["/invoices?status=overdue", "/proposals?status=sent"] {
        browser.go(&format!("{url}{list}")).await;
        let page = first(
            &browser,
            if list.starts_with("/i") { "/invoices/inv_" } else { "/proposals/prop_" },
        );
        browser.go(&format!("{url}{}", page.await)).await;
        let script =
            "return new URL(document.querySelector('main input[readonly]').value).pathname";
        let link = browser.run(script, json!([])).await;
        pages.push(link.as_str().unwrap().to_owned());
    }
    for page in &pages {
        check(page).await;
    }
    assert!(findings.is_empty(), "{findings:#?}");
    let complaints = browser.complaints().await;
    let unexpected: Vec<_> = complaints.iter().filter(|text| !text.contains("404")).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    server.stop();
}

//! Stylesheet, icons and scripts: all of them are served, and pages and stylesheet use the same
//! classes.

use std::{collections::BTreeSet, fs, io::Write};

use super::browser::Browser;
use crate::support::{TestApp, spawn_app};

/// The classes in a stylesheet.
fn styled(css: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for head in css.split('{').filter_map(|piece| piece.rsplit(['}', ';']).next()) {
        for rest in head.split('.').skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
            let name = &rest[..end.unwrap_or(rest.len())];
            if name.starts_with(|c: char| c.is_ascii_lowercase()) {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// The classes in a template or in code.
fn named(source: &str) -> BTreeSet<String> {
    let values = source.split("class=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let words = values.flat_map(|value| value.split_whitespace());
    words.map(str::to_owned).collect()
}

fn read_all(folder: &str, end: &str, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read_all(path.to_str().unwrap(), end, into);
        } else if path.extension().is_some_and(|own| own == end) {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_class_has_a_style_and_every_style_is_used() {
    let (mut css, mut pages) = (String::new(), String::new());
    read_all(&format!("{ASSETS}/css"), "css", &mut css);
    read_all(&format!("{ASSETS}/pages"), "html", &mut pages);
    // Code creates icons, and the catalogue contains markup.
    read_all(&format!("{ASSETS}/locales"), "ftl", &mut pages);
    read_all(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web"), "rs", &mut pages);
    let styled = styled(&without_comments(&css));
    // This page only shows what others use.
    let parts = fs::read_to_string(format!("{ASSETS}/pages/design_system.html")).unwrap();
    let used = named(&pages.replace(&parts, "").replace('\\', ""));
    let named = named(&pages.replace('\\', ""));
    let naked: Vec<_> = named.difference(&styled).collect();
    let unused: Vec<_> = styled.difference(&used).collect();
    assert!(naked.is_empty(), "classes without a style: {naked:?}");
    assert!(unused.is_empty(), "styles that nothing uses: {unused:?}");
}

fn without_comments(css: &str) -> String {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain + rest
}

#[tokio::test]
async fn the_stylesheet_is_small() {
    let css = asset(&spawn_app().await, "app.css").await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(css.as_bytes()).unwrap();
    let weight = packed.finish().unwrap().len();
    assert!(weight <= 12 * 1024, "{weight} bytes compressed");
}

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");

async fn asset(app: &TestApp, name: &str) -> String {
    let answer = app.http.get(format!("{}/assets/{name}", app.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{name}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_stylesheet_contains_all_its_parts() {
    let app = spawn_app().await;
    let style = asset(&app, "app.css").await;
    assert!(!style.contains("; ") && !style.contains(" {"), "spaces are left out");
    let unspaced = |css: &str| css.replace(char::is_whitespace, "");
    let style = unspaced(&style);
    for part in fs::read_dir(format!("{ASSETS}/css")).unwrap() {
        let css = fs::read_to_string(part.unwrap().path()).unwrap();
        let lines = css.lines().map(str::trim);
        let is_comment = |line: &str| line.starts_with("/*") && line.ends_with("*/");
        let rules: String = lines.filter(|line| !is_comment(line)).map(unspaced).collect();
        assert!(style.contains(&rules), "{rules}");
    }
}

#[tokio::test]
async fn the_script_of_a_page_begins_with_that_of_all_pages() {
    let app = spawn_app().await;
    let all = asset(&app, "app.js").await;
    assert!(!all.contains("\n//") && !all.contains("\n "), "{all}");
    let files = fs::read_dir(format!("{ASSETS}/js")).unwrap().map(Result::unwrap);
    for entry in files.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "js")) {
        let (name, source) = (entry.file_name(), fs::read_to_string(entry.path()).unwrap());
        // Comments and indentation are left out line by line.
        let is_whole =
            |line: &str| line.matches('`').count().is_multiple_of(2) && !line.contains("/*");
        assert!(source.lines().all(is_whole), "{name:?} has a text of several lines");
        let is_own = name != "app.js" && name != "palette.js";
        let script = asset(&app, name.to_str().unwrap()).await;
        assert_eq!(script.starts_with(&format!("{{\n{all}}}\n{{\n")), is_own, "{name:?}");
    }
}

/// Adds the assets that the templates in a folder reference.
fn find_named(folder: &str, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path().display().to_string();
        if entry.file_type().unwrap().is_dir() {
            find_named(&path, names);
            continue;
        }
        let html = fs::read_to_string(&path).unwrap();
        let found = html.split("asset::path(\"").skip(1);
        names.extend(found.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
}

#[tokio::test]
async fn pages_reference_only_existing_assets() {
    let app = spawn_app().await;
    let mut names = BTreeSet::new();
    find_named(&format!("{ASSETS}/pages"), &mut names);
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        asset(&app, &name).await;
    }
}

#[tokio::test]
async fn the_stylesheet_contains_the_colour_of_the_account() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/invoices").await.expect(200);
    assert!(!page.html.contains("/assets/brand.css"), "{}", page.html);
    let typed = [("paymentTermsDays", "14"), ("taxRate", "0"), ("accent", "#F0B429")];
    browser.send(&page, "/settings/invoices", &typed).await.expect(200);
    let page = browser.open("/clients").await.expect(200);
    let at = page.html.find("/assets/brand.css").unwrap();
    let path = page.html[at..].split('"').next().unwrap();
    assert_eq!(path, "/assets/brand.css?f0b429");
    let answer = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(answer.headers()["content-type"], "text/css; charset=utf-8");
    let own = "@layer tokens { [data-brand] { --accent: #f0b429; --accent-on: #000 } }\n";
    assert_eq!(answer.text().await.unwrap(), own);
    for wrong in ["", "red", "F0B429", "f0b429}", "%23f0b429", "f0b429&x"] {
        let path = format!("{}/assets/brand.css?{wrong}", app.base);
        assert_eq!(app.http.get(path).send().await.unwrap().status(), 404, "{wrong}");
    }
}

//! Stylesheet and scripts: all of them are served. The parts of the stylesheet are one file in the
//! end, so no part may style what another has named.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::support::{TestApp, spawn_app};

/// Parts that each style pages of their own; the others are for all pages.
const PARTS: [&str; 5] = ["account", "dashboard", "invoice", "profile", "project"];

/// The selectors of a stylesheet.
fn selectors(css: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let heads = plain.split(['{', '}']).filter_map(|piece| piece.rsplit(';').next());
    let heads = heads.map(str::trim).filter(|head| !head.is_empty() && !head.starts_with('@'));
    heads.flat_map(|head| head.split(',')).map(|one| one.trim().to_owned()).collect()
}

/// The classes that a selector names.
fn classes(selector: &str) -> impl Iterator<Item = &str> {
    let end = |rest: &str| {
        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len())
    };
    selector.split('.').skip(1).map(move |rest| &rest[..end(rest)])
}

#[test]
fn no_part_of_the_stylesheet_styles_a_class_of_another_part() {
    let mut of_part: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for part in PARTS {
        let path = format!("{}/assets/css/{part}.css", env!("CARGO_MANIFEST_DIR"));
        of_part.insert(part, selectors(&fs::read_to_string(path).unwrap()));
    }
    let mut clashes = BTreeSet::new();
    for (part, selectors) in &of_part {
        // A class that stands alone is styled wherever it is used.
        let alone = selectors.iter().filter_map(|selector| selector.strip_prefix('.'));
        let owned: BTreeSet<&str> = alone
            .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
            .collect();
        for (other, selectors) in of_part.iter().filter(|(other, _)| *other != part) {
            for class in selectors.iter().flat_map(|selector| classes(selector)) {
                if owned.contains(class) {
                    clashes.insert(format!(".{class} of {part}.css is styled in {other}.css"));
                }
            }
        }
    }
    assert!(clashes.is_empty(), "{clashes:#?}");
}

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");

async fn asset(app: &TestApp, name: &str) -> String {
    let answer = app.http.get(format!("{}/assets/{name}", app.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{name}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_stylesheet_is_all_of_its_parts() {
    let app = spawn_app().await;
    let style = asset(&app, "app.css").await;
    for part in fs::read_dir(format!("{ASSETS}/css")).unwrap() {
        let path = part.unwrap().path();
        assert!(style.contains(&fs::read_to_string(&path).unwrap()), "{}", path.display());
    }
}

/// Adds the assets that the templates in a folder name.
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
async fn pages_name_no_asset_that_is_not_there() {
    let app = spawn_app().await;
    let mut names = BTreeSet::new();
    find_named(&format!("{ASSETS}/pages"), &mut names);
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        asset(&app, &name).await;
    }
}

//! The stylesheet: its parts are one file in the end, so no part may style what another has named.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

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

//! `licenses`: everything that is shipped is listed with its licence.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use super::Place;

/// The platforms of the releases.
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// Every crate that is compiled into the program according to cargo: name and version.
fn compiled_in() -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["tree", "--locked", "--prefix", "none"]);
    cargo.args(["--edges", "normal,no-proc-macro", "--format", "{p}"]);
    TARGETS.iter().for_each(|target| {
        cargo.args(["--target", target]);
    });
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    let crates = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        (name != "freelanceos").then(|| format!("{name} {version}"))
    });
    crates.collect()
}

#[test]
fn every_crate_is_listed_with_its_version_and_licence_texts() {
    let place = Place::new();
    let ended = place.run(&["licenses"]);
    let told = ended.done();
    let mut named = BTreeMap::new();
    for line in told.lines() {
        let Some((of, texts)) = line.split_once(" (texts ") else { continue };
        let (name, licence) = of.split_once(": ").unwrap();
        assert!(!licence.is_empty(), "{line}");
        named.insert(name.to_owned(), texts.strip_suffix(')').unwrap().to_owned());
    }
    let expected = compiled_in();
    assert!(expected.len() > 200, "cargo knows only {} crates", expected.len());
    let names: BTreeSet<String> = named.keys().cloned().collect();
    let missing: Vec<_> = expected.difference(&names).collect();
    let gone: Vec<_> = names.difference(&expected).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "run assets/licenses/update: {missing:?} are not named, {gone:?} are not there any more"
    );
    let texts: Vec<&str> = told.split("-------------------- text ").skip(1).collect();
    for (name, numbers) in &named {
        let is_whole = |number: &str| {
            let text = texts[number.parse::<usize>().unwrap() - 1];
            text.strip_prefix(number).expect(name).len() > 400
        };
        // Some name their licences in one file and keep the texts in others.
        assert!(numbers.split(", ").any(is_whole), "{name} has no text");
    }
}

#[test]
fn the_program_and_its_other_parts_are_listed_too() {
    let place = Place::new();
    let ended = place.run(&["licenses"]);
    for text in [
        "FreelanceOS is available under the MIT License or the Apache License 2.0",
        "Permission is hereby granted, free of charge",
        "Version 2.0, January 2004",
        "SQLite is in the public domain",
        "Swagger UI, (c) SmartBear Software",
        "SIL OPEN FONT LICENSE Version 1.1",
        "NotoSansCJK-Regular: © 2014-2021 Adobe",
        "NotoEmoji-Regular: Copyright 2013-2026 Google LLC",
    ] {
        assert!(ended.done().contains(text), "{text}");
    }
    assert!(!place.path("data").exists());
    let manifest = include_str!("../../../Cargo.toml");
    assert!(manifest.contains("\nlicense = \"MIT OR Apache-2.0\"\n"));
}

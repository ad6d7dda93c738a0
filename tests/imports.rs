//! Imports run one way: `metrics ← locale ← domain ← outbound ← {store, mail, pdf, provider} ← app ←
//! http ← {api, web} ← config ← net ← server ← cli`. A file may import from its own layer and those below, and one API
//! must not import from another. Every dependency also states its purpose.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::{fs, path::Path};

/// The layers, lowest first. `config` is just below the sockets, since only they, the server and
/// the command line read settings.
const LAYERS: &[&str] = &[
    "metrics", "locale", "domain", "outbound", "store", "mail", "pdf", "provider", "app", "http",
    "api", "web", "config", "net", "server", "cli",
];

/// Layers of the same level, which must not import each other.
const STRANGERS: &[&[&str]] = &[&["store", "mail", "pdf", "provider"], &["api", "web"]];

#[test]
fn no_file_imports_a_higher_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    visit(&root, &mut |path| {
        let relative = path.strip_prefix(&root).unwrap();
        let first = relative.iter().next().unwrap().to_str().unwrap();
        let layer = first.strip_suffix(".rs").unwrap_or(first);
        let Some(own) = rank(layer) else { return };
        seen += 1;
        let text = fs::read_to_string(path).unwrap();
        for used in uses(&text) {
            let Some(other) = rank(&used) else { continue };
            let strangers =
                STRANGERS.iter().any(|group| group.contains(&layer) && group.contains(&&*used));
            if other > own || (used != layer && strangers) {
                wrong.push(format!("{} names {used}", relative.display()));
            }
        }
    });
    assert!(seen > 50, "only {seen} files were looked at");
    assert!(wrong.is_empty(), "imports that point upwards:\n{}", wrong.join("\n"));
}

#[test]
fn only_an_engine_names_its_database_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&root, &mut |path| {
        let text = fs::read_to_string(path).unwrap();
        for (engine, libraries) in [
            ("store/sqlite", &["rusqlite"][..]),
            ("store/postgres", &["tokio_postgres", "tokio_postgres_rustls"]),
        ] {
            let names = libraries.iter().any(|library| text.contains(library));
            let is_engine = path.parent().is_some_and(|folder| folder.ends_with(engine));
            assert!(!names || is_engine, "{} names the library of {engine}", path.display());
        }
    });
}

#[test]
fn every_dependency_states_its_purpose() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let reasons = fs::read_to_string(root.join("docs/dependencies.md")).unwrap();
    let mut of_dependencies = false;
    let mut expected = Vec::new();
    for line in manifest.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            of_dependencies = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (of_dependencies, line.split_once(" = ")) {
            expected.push(name);
        }
    }
    expected.sort_unstable();
    expected.dedup();
    assert!(expected.len() > 50, "only {expected:?} are seen");
    let told: Vec<&str> = reasons
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(_, reason)| reason.len() > 10)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(told, expected, "docs/dependencies.md has one line for each, in their order");
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// The first segments after `crate::`, in plain paths and in braces.
fn uses(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        if text[..start].ends_with('$') {
            continue;
        }
        let rest = &text[start + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut segment = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                match c {
                    ',' if depth == 1 => used.push(first_word(&std::mem::take(&mut segment))),
                    _ => segment.push(c),
                }
            }
            used.push(first_word(&segment));
        } else {
            used.push(first_word(rest));
        }
    }
    used
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn visit(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path);
        }
    }
}

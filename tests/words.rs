//! Every text for people is in the catalogue, `assets/locales`: no template, page handler or error
//! contains a sentence, each key exists and is used, and each text gets the values it names. The
//! tests that `docs/asvs.md` names exist.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Strings that are not translated, such as names of products and files.
const NAMES: &[&str] =
    &["FreelanceOS", "Ctrl K", "Alt ↑", "Alt ↓", "; Secure", "index, follow", "UTC", "PAGE {}"];
/// A page of debug builds only, which shows all components.
const OF_DEBUG_BUILDS: &str = "design_system.html";
/// Keyboard keys, selectors and internal messages of scripts.
const KEYS: &[&str] = &[
    "ArrowLeft",
    "ArrowRight",
    "Enter",
    "Escape",
    "Tab",
    "no board",
    ".error, .stored",
    "input, textarea, select, [contenteditable]",
];
/// Constructors of errors that take the key of a text.
const ERRORS: &[&str] = &[
    "conflict",
    "forbidden",
    "malformed",
    "not_found",
    "second_factor",
    "unauthenticated",
    "unavailable",
    "unwritable",
];
/// Attributes that people read or hear.
const SPOKEN: &[&str] = &["alt", "aria-label", "content", "data-label", "placeholder", "title"];
/// Values of these attributes that browsers read.
const TECHNICAL: &[&str] = &["noindex", "width=device-width", "light dark", "profile"];

#[test]
fn no_template_contains_a_sentence() {
    let mut found = Vec::new();
    let pages = files("assets/pages", "html").into_iter();
    let pages = pages.filter(|path| !path.ends_with(OF_DEBUG_BUILDS));
    for path in pages.chain(files("assets/mail", "html")) {
        let template = fs::read_to_string(&path).unwrap();
        let texts = texts_of(&template);
        found.extend(texts.into_iter().map(|text| format!("{}: {text}", path.display())));
    }
    for path in files("assets/mail", "txt") {
        let template = without(&fs::read_to_string(&path).unwrap(), "{", "}");
        if has_words(&template) {
            found.push(format!("{}: {}", path.display(), template.trim()));
        }
    }
    assert!(found.is_empty(), "move these into assets/locales:\n{}", found.join("\n"));
}

#[test]
fn no_code_of_pages_emails_and_documents_contains_a_sentence() {
    let mut found = Vec::new();
    let printing = ["invoice", "proposal", "letterhead", "modern", "classic"]
        .map(|name| format!("src/pdf/{name}.rs"));
    let printing = printing.map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let composing = files("src/mail/compose", "rs");
    for path in files("src/web", "rs").into_iter().chain(composing).chain(printing) {
        let sentences = literals(&code(&path)).into_iter().filter(|literal| is_sentence(literal));
        found.extend(sentences.map(|literal| format!("{}: {literal}", path.display())));
    }
    assert!(found.is_empty(), "move these into assets/locales:\n{}", found.join("\n"));
}

#[test]
fn no_error_contains_a_sentence() {
    let mut found = Vec::new();
    for path in files("src", "rs") {
        let code = code(&path);
        for call in ERRORS.iter().map(|name| format!("Error::{name}(")) {
            let given = code.match_indices(&call).map(|(start, _)| &code[start + call.len()..]);
            let texts = given.flat_map(|rest| literals(&rest[..length(rest)]));
            let sentences = texts.filter(|literal| is_sentence(literal));
            found.extend(sentences.map(|literal| format!("{}: {literal}", path.display())));
        }
    }
    assert!(found.is_empty(), "move these into assets/locales/en/error.ftl:\n{}", found.join("\n"));
}

#[test]
fn no_script_contains_a_sentence() {
    let mut found = Vec::new();
    for path in files("assets/js", "js") {
        let script = fs::read_to_string(&path).unwrap().replace('`', "\"");
        let is_for_people = |literal: &String| is_sentence(literal) && !KEYS.contains(&&**literal);
        let sentences = literals(&script).into_iter().filter(is_for_people);
        found.extend(sentences.map(|literal| format!("{}: {literal}", path.display())));
    }
    assert!(found.is_empty(), "hand these over by data attributes:\n{}", found.join("\n"));
}

#[test]
fn each_key_is_defined_once_exists_and_is_used() {
    let catalogue = catalogue();
    let mut used = BTreeSet::new();
    for (path, source) in sources() {
        for (key, _) in uses(&source) {
            assert!(catalogue.contains_key(&key), "{}: there is no text {key}", path.display());
            used.insert(key);
        }
    }
    let known: BTreeSet<String> = catalogue.into_keys().collect();
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

#[test]
fn each_text_is_defined_once() {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for (key, text) in catalogue() {
        if let Some(other) = keys.insert(text.clone(), key.clone()) {
            panic!("{key} and {other} are the same text: {text}");
        }
    }
}

#[test]
fn each_text_gets_the_values_it_names() {
    let catalogue = catalogue();
    for (path, source) in sources() {
        for (key, given) in uses(&source) {
            let Some(text) = catalogue.get(&key) else { continue };
            let named = placeables(text);
            // Without values here, the text gets them where it is shown, and is checked there.
            if !given.is_empty() || key.starts_with("error-") {
                assert_eq!(given, named, "{}: {key}", path.display());
            }
        }
    }
}

#[test]
fn only_html_keys_contain_markup() {
    for (key, text) in catalogue() {
        assert_eq!(text.contains('<'), key.ends_with("-html"), "{key} = {text}");
        assert!(
            !text.contains("&#") && !text.contains("&amp;"),
            "{key}: write the character itself"
        );
    }
}

/// Keys and texts of the English catalogue.
#[test]
fn the_security_review_names_only_tests_that_exist() {
    let review = fs::read_to_string("docs/asvs.md").unwrap();
    let tests: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    // Names of tests are sentences; shorter names are functions and modules.
    let named = review.split('`').filter(|name| name.matches('_').count() > 2);
    let is_name = |name: &&str| {
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    for name in named.filter(is_name) {
        let test = format!("fn {name}(");
        assert!(tests.iter().any(|source| source.contains(&test)), "no test is named {name}");
    }
}

fn catalogue() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for path in files("assets/locales/en", "ftl") {
        let mut key = None;
        for line in fs::read_to_string(&path).unwrap().lines() {
            let entry = line.split_once(" = ").filter(|(key, _)| is_key(key));
            if let Some((name, text)) = entry {
                let is_new = texts.insert(name.to_owned(), text.to_owned()).is_none();
                assert!(is_new, "{name} is written twice");
                key = Some(name.to_owned());
            } else if let Some(key) = &key
                && !line.starts_with('#')
            {
                texts.get_mut(key).unwrap().push_str(line);
            }
        }
    }
    assert!(texts.len() > 500, "only {} texts are seen", texts.len());
    texts
}

fn is_key(text: &str) -> bool {
    let is_of_keys = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(is_of_keys)
}

/// Every file that uses keys.
fn sources() -> Vec<(PathBuf, String)> {
    let templates = files("assets/pages", "html").into_iter();
    let mails = files("assets/mail", "html").into_iter().chain(files("assets/mail", "txt"));
    let read = |path: PathBuf| (path.clone(), code(&path));
    templates.chain(mails).chain(files("src", "rs")).map(read).collect()
}

/// A file without its tests.
fn code(path: &Path) -> String {
    fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap().to_owned()
}

/// The keys that a file uses in `t("…")`, in `html("…")` and for errors, each with the values it
/// gets there.
fn uses(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for call in ["t(", "html("] {
        for (start, _) in source.match_indices(call) {
            // Part of a longer name, or a method such as `get("…")`.
            if source[..start].ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c)) {
                continue;
            }
            let rest = source[start + call.len()..].trim_start();
            let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let Some((key, rest)) = quoted else { continue };
            if is_key(key) {
                found.push((key.to_owned(), values(rest.trim_start_matches(','))));
            }
        }
    }
    for (start, _) in source.match_indices("\"error-") {
        let (key, rest) = source[start + 1..].split_once('"').unwrap();
        found.push((key.to_owned(), values(rest.trim_start_matches(','))));
    }
    // A key that is chosen before it is looked up.
    for (start, _) in source.match_indices("let key = ") {
        let statement = source[start..].split(';').next().unwrap();
        let keys = literals(statement)
            .into_iter()
            .filter(|key| key.contains('-') && is_key(key) && key != "idempotency-key");
        found.extend(keys.map(|key| (key, BTreeSet::new())));
    }
    found
}

/// The names in `.with("name", …)` and similar calls that follow.
fn values(rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = rest.trim_start().strip_prefix(')').unwrap_or_default();
    loop {
        rest = rest.trim_start();
        let call = ["with", "count", "bdi", "strong"]
            .iter()
            .find_map(|name| rest.strip_prefix('.')?.strip_prefix(name)?.strip_prefix('('));
        let Some(arguments) = call else { return names };
        let name = arguments.trim_start().trim_start_matches('"').split('"').next().unwrap();
        names.insert(name.to_owned());
        rest = arguments.get(length(arguments) + 1..).unwrap_or_default();
    }
}

/// The length of the arguments of a call.
fn length(arguments: &str) -> usize {
    let mut depth = 1;
    let end = arguments.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.unwrap_or(arguments.len())
}

/// The names of the values in a text.
fn placeables(text: &str) -> BTreeSet<String> {
    let names = text.split('$').skip(1);
    names
        .map(|name| name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// The literal texts and text attributes of a template.
fn texts_of(template: &str) -> Vec<String> {
    let mut template = template.to_owned();
    // These blocks contain classes.
    for block in ["{% block width %}", "{% block kind %}", "{% block robots %}"] {
        template = without(&template, block, "{% endblock %}");
    }
    for (open, close) in [("{#", "#}"), ("{{", "}}"), ("{%", "%}"), ("<!--", "-->")] {
        template = without(&template, open, close);
    }
    let mut found = Vec::new();
    for tag in template.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or((tag, ""));
        if !tag.starts_with("style") && has_words(text) {
            found.push(text.trim().to_owned());
        }
        for name in SPOKEN {
            let value = tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest);
            let value = value.and_then(|value| value.split('"').next()).unwrap_or_default();
            if has_words(value) && !TECHNICAL.iter().any(|known| value.starts_with(known)) {
                found.push(format!("{name}=\"{value}\""));
            }
        }
    }
    found
}

fn has_words(text: &str) -> bool {
    let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    text.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1)
}

/// Whether a literal reads like text for people: two adjacent words, or a capitalised one.
fn is_sentence(literal: &str) -> bool {
    let literal = NAMES.iter().fold(literal.to_owned(), |text, name| text.replace(name, ""));
    let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_alphabetic);
    let is_capitalised = |word: &str| {
        word.starts_with(char::is_uppercase) && word.chars().skip(1).any(char::is_lowercase)
    };
    let trimmed = |word| str::trim_matches(word, ['.', ',', '?', '!', ':']);
    let words: Vec<&str> = literal.split(' ').map(trimmed).collect();
    words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)))
        || words.iter().any(|word| is_word(word) && is_capitalised(word))
}

/// The string literals of code, without comments and attributes.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = code.lines().filter(|line| {
        let line = line.trim_start();
        let is_for_people = !["//", "#["].iter().any(|start| line.starts_with(start));
        // Log messages are not in the catalogue.
        is_for_people && !["tracing::", "Error::internal("].iter().any(|call| line.contains(call))
    });
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut rest = code.as_str();
    while let Some(start) = rest.find('"') {
        // A '"' character literal is not a string.
        if rest[..start].ends_with('\'') {
            rest = &rest[start + 1..];
            continue;
        }
        let inner = &rest[start + 1..];
        let mut is_escaped = false;
        let end = inner.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let Some(end) = end else { break };
        found
            .push(inner[..end].split_whitespace().collect::<Vec<_>>().join(" ").replace("\\ ", ""));
        rest = &inner[end + 1..];
    }
    found
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        left.push_str(before);
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    left + rest
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    visit(&root.join(folder), extension, &mut found);
    found
}

fn visit(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
}

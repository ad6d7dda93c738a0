//! Variables such as `{number}` in texts that freelancers write.

use std::borrow::Cow;

/// Fills in the variables of a text. A variable without a value stays as it is, and what is filled
/// in is not searched for variables again.
pub fn fill<'a>(text: &'a str, value_of: impl Fn(&str) -> Option<Cow<'a, str>>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, name)) = next(rest) {
        let end = start + name.len() + 2;
        filled.push_str(&rest[..start]);
        match value_of(name) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    filled.push_str(rest);
    filled
}

/// Returns the first variable of a text that is not among the `known` names.
pub fn unknown<'a>(text: &'a str, known: &[&str]) -> Option<&'a str> {
    let mut rest = text;
    while let Some((start, name)) = next(rest) {
        if !known.contains(&name) {
            return Some(name);
        }
        rest = &rest[start + name.len() + 2..];
    }
    None
}

/// Returns the next variable: where its brace opens, and its name of lowercase letters.
fn next(text: &str) -> Option<(usize, &str)> {
    text.match_indices('{').find_map(|(start, _)| {
        let (name, _) = text[start + 1..].split_once('}')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name.then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_are_filled_in_once() {
        let value_of = |name: &str| match name {
            "number" => Some("INV-7 {client}".into()),
            "client" => Some("ශ්‍රී".into()),
            _ => None,
        };
        for (text, filled) in [
            ("", ""),
            ("{number}", "INV-7 {client}"),
            ("Dear {client}, {number}{client}.", "Dear ශ්‍රී, INV-7 {client}ශ්‍රී."),
            ("{{client}} {other} {Client} {} { client }", "{ශ්‍රී} {other} {Client} {} { client }"),
            ("{client", "{client"),
            ("} {", "} {"),
        ] {
            assert_eq!(fill(text, value_of), filled, "{text}");
        }
    }

    #[test]
    fn the_first_unknown_variable_is_named() {
        let known = ["client", "number"];
        assert_eq!(unknown("{client} {number} {Name} {", &known), None);
        assert_eq!(unknown("{client} {due} {days}", &known), Some("due"));
    }
}

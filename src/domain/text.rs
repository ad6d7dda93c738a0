//! Text as people write it: names on one line, free text with its lines, e-mail addresses.

use email_address::{EmailAddress, Options};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::{error::Result, rule::Rule};

/// Longest name of a person, client, project …, in characters.
pub const NAME_MAX: usize = 100;
/// Longest first or last name.
pub const PERSON_NAME_MAX: usize = 50;
/// Longest description, note or content.
pub const FREE_MAX: usize = 10_000;
/// Longest description of an invoice line.
pub const LINE_MAX: usize = 500;
const EMAIL_MAX: usize = 254;

/// A string of any content.
pub fn raw(value: &Value) -> Result<&str, Rule> {
    value.as_str().ok_or(Rule::NotText)
}

/// One trimmed line of 1 to `max` characters without control characters.
pub fn line(max: usize) -> impl Fn(&Value) -> Result<String, Rule> {
    move |value| {
        let text = raw(value)?.trim();
        if text.is_empty() {
            return Err(Rule::Empty);
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(Rule::ControlCharacters);
        }
        within(max, text).map(str::to_owned)
    }
}

/// Free text: kept as sent with its lines, at most `max` characters, without NUL.
pub fn free(max: usize) -> impl Fn(&Value) -> Result<String, Rule> {
    move |value| {
        let text = raw(value)?;
        if text.contains('\0') {
            return Err(Rule::Nul);
        }
        within(max, text).map(str::to_owned)
    }
}

/// A password for a new account: 8 to 128 characters, nothing more is asked of it.
pub fn new_password(value: &Value) -> Result<String, Rule> {
    let text = raw(value)?;
    if text.chars().count() < 8 {
        return Err(Rule::TooShort { min: 8 });
    }
    within(128, text).map(str::to_owned)
}

/// An e-mail address, kept as typed.
pub fn email(value: &Value) -> Result<String, Rule> {
    parse_email(raw(value)?)
}

/// An e-mail address, kept as typed but for surrounding space.
pub fn parse_email(text: &str) -> Result<String, Rule> {
    let text = text.trim();
    let options =
        Options::default().with_required_tld().without_display_text().without_domain_literal();
    let sound = text.len() <= EMAIL_MAX
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && EmailAddress::parse_with_options(text, options).is_ok();
    if sound { Ok(text.to_owned()) } else { Err(Rule::Email) }
}

/// The form in which text is compared without regard to case, and searched.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Letter by letter, since a whole word would end in another sigma than a part of it.
    text.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

fn within(max: usize, text: &str) -> Result<&str, Rule> {
    // Bytes bound characters from above, so short text needs no counting.
    if text.len() > max && text.chars().count() > max {
        return Err(Rule::TooLong { max });
    }
    Ok(text)
}

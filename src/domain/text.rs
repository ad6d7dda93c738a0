//! Text input: names on one line, free text, email addresses.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::{
    account::Password,
    input::{Scalar, Shape, kinds},
    rule::Rule,
};

/// The maximum length of a first or last name.
pub const PERSON_NAME_MAX: usize = 50;
/// The maximum length of a description, note or content.
const FREE_MAX: usize = 10_000;
const EMAIL_MAX: usize = 254;
/// Characters that need no escaping in a URL query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A string with any content.
pub fn raw(value: &Value) -> Result<&str, Rule> {
    value.as_str().ok_or(Rule::NotText)
}

/// Returns text escaped for a URL query.
pub fn in_url(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The name of a client, a project, a place …
pub type Name = Line<100>;
/// A first or last name.
pub type PersonName = Line<PERSON_NAME_MAX>;
/// A description, a note.
pub type FreeText = Free<FREE_MAX>;

/// One trimmed line of 1 to `MAX` characters without control characters.
#[derive(Debug, Clone, Copy)]
pub struct Line<const MAX: usize>;

impl<const MAX: usize> Scalar for Line<MAX> {
    type Value = String;
    const SHAPE: Shape = Shape::Text { min: 1, max: MAX };

    fn parse(value: &Value) -> Result<String, Rule> {
        let text = raw(value)?.trim();
        if text.chars().all(is_invisible) {
            return Err(Rule::Empty);
        }
        if text.chars().any(|c| c.is_control() || ends_line(c)) {
            return Err(Rule::ControlCharacters);
        }
        within(MAX, text).map(str::to_owned)
    }
}

/// Free text: stored with its lines as sent, at most `MAX` characters, without NUL.
#[derive(Debug, Clone, Copy)]
pub struct Free<const MAX: usize>;

impl<const MAX: usize> Scalar for Free<MAX> {
    type Value = String;
    const SHAPE: Shape = Shape::Text { min: 0, max: MAX };

    fn parse(value: &Value) -> Result<String, Rule> {
        let text = raw(value)?;
        if text.contains('\0') {
            return Err(Rule::Nul);
        }
        within(MAX, text).map(str::to_owned)
    }
}

kinds! {
    /// A first and a last name in one line; the first word is the first name.
    FullName = (String, String), Shape::Text { min: 1, max: 2 * PERSON_NAME_MAX + 1 }, |value| {
        let text = Line::<{ 2 * PERSON_NAME_MAX + 1 }>::parse(value)?;
        let (first, last) = text.split_once(char::is_whitespace).ok_or(Rule::FullName)?;
        Ok((PersonName::parse(&first.into())?, PersonName::parse(&last.into())?))
    };
    /// Text with any content, unchanged.
    AnyText = String, Shape::Any, |value| raw(value).map(str::to_owned);
    /// Free text that is not blank.
    SaidText = String, Shape::Text { min: 1, max: FREE_MAX }, |value| {
        let text = FreeText::parse(value)?;
        if text.trim().is_empty() { Err(Rule::Empty) } else { Ok(text) }
    };
    /// A short identifier: 1 to 30 of a–z, 0–9 and `-`, case-insensitive.
    ShortWord = String, Shape::ShortWord, |value| {
        let text = raw(value)?.to_ascii_lowercase();
        let fits = (1..=30).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(text) } else { Err(Rule::ShortWord) }
    };
    /// A username: 3 to 50 letters, digits, `_` and `-`.
    Username = String, Shape::Username, |value| {
        let text = raw(value)?;
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return Err(Rule::Username);
        }
        if text.len() < 3 {
            return Err(Rule::TooShort { min: 3 });
        }
        within(50, text).map(str::to_owned)
    };
    /// A phone number in E.164 form: `+94701234567`.
    Phone = String, Shape::Phone, |value| {
        let text = raw(value)?;
        let digits = text.strip_prefix('+').ok_or(Rule::Phone)?.as_bytes();
        // The longest E.164 number has 15 digits; the shortest is a country code and 4 digits.
        let fits = (6..=15).contains(&digits.len())
            && digits[0] != b'0'
            && digits.iter().all(u8::is_ascii_digit);
        if fits { Ok(text.to_owned()) } else { Err(Rule::Phone) }
    };
    /// An http or https address of at most 2,000 characters, stored as typed.
    Url = String, Shape::Url, |value| {
        let text = raw(value)?.trim();
        let (scheme, rest) = text.split_once("://").ok_or(Rule::Url)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || "\\<>\"".contains(c);
        let is_plain = !text.contains(is_odd) && !text.contains(turns);
        // A name before an @ disguises the real address.
        let has_host = host.contains(|c: char| c.is_alphanumeric()) && !host.contains('@');
        if !(is_web && is_plain && has_host) {
            return Err(Rule::Url);
        }
        within(2000, text).map(str::to_owned)
    };
    /// An email address to send mail to.
    Email = String, Shape::Email, |value| parse_email(raw(value)?);
    /// An email address for a lookup. Before database version 4, some were accepted that no longer
    /// are; their accounts still work.
    KnownEmail = String, Shape::Email, |value| parse_known_email(raw(value)?);
    /// A search text, folded; `None` if it is blank.
    Search = Option<String>, Shape::Text { min: 0, max: 100 }, |value| {
        let text = Free::<100>::parse(value)?;
        Ok(Some(search_key(text.trim())).filter(|text| !text.is_empty()))
    };
    /// A password for a new account: 8 to 128 characters, no other rules.
    NewPassword = Password, NEW_SECRET, |value| new_password(value, check_password);
    /// A password by FreelanceHub's rule: 8 to 128 characters with upper case, lower case, digit
    /// and special character.
    VariedPassword = Password, NEW_SECRET, |value| new_password(value, check_varied_password);
    /// A password by FreelanceHub Auth's pattern.
    PatternedPassword = Password, NEW_SECRET, |value| new_password(value, check_patterned_password);
}

const NEW_SECRET: Shape = Shape::Secret { min: 8, max: Some(128) };

fn new_password(value: &Value, check: fn(&str) -> Result<(), Rule>) -> Result<Password, Rule> {
    let text = raw(value)?;
    check(text)?;
    Ok(Password::new(text.to_owned()))
}

/// Returns the form in which passwords are hashed, where composed and decomposed letters are equal.
pub fn normal_password(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Checks a password by FreelanceOS's rule.
pub fn check_password(text: &str) -> Result<(), Rule> {
    let normal = normal_password(text);
    if normal.chars().count() < 8 {
        return Err(Rule::TooShort { min: 8 });
    }
    within(128, &normal).map(drop)
}

/// Checks a password by FreelanceHub's rule.
pub fn check_varied_password(text: &str) -> Result<(), Rule> {
    check_password(text)?;
    let has = |class: fn(char) -> bool| text.chars().any(class);
    let is_varied = has(char::is_uppercase)
        && has(char::is_lowercase)
        && has(|c| c.is_ascii_digit())
        && has(|c| !c.is_alphanumeric());
    if is_varied { Ok(()) } else { Err(Rule::PasswordClasses) }
}

/// Checks a password against FreelanceHub Auth's pattern literally: upper case is optional, only
/// the first character is restricted, and its dots match no line ends.
pub fn check_patterned_password(text: &str) -> Result<(), Rule> {
    const SPECIAL: &str = "@$!%*?&";
    check_password(text)?;
    let line = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default();
    let fits = line.contains(|c: char| c.is_ascii_lowercase())
        && line.contains(|c: char| c.is_ascii_digit())
        && line.contains(|c| SPECIAL.contains(c))
        && line.starts_with(|c: char| c.is_ascii_alphanumeric() || SPECIAL.contains(c));
    if fits { Ok(()) } else { Err(Rule::PasswordPattern) }
}

/// Parses and trims an email address to send mail to. The part before the `@` must be ASCII, as
/// most mail servers require; a domain in another script must be valid in DNS, and is normalised.
pub fn parse_email(text: &str) -> Result<String, Rule> {
    let text = parse_known_email(text)?;
    let (local, domain) = text.rsplit_once('@').ok_or(Rule::Email)?;
    let is_deliverable = domain.is_ascii() && !has_ascii_form(domain)
        || idna::domain_to_ascii_strict(domain).is_ok();
    if local.is_ascii() && is_deliverable { Ok(text) } else { Err(Rule::Email) }
}

/// Returns the key for comparing email addresses: case-insensitive, with a domain in another script
/// equal to its ASCII form.
pub fn email_key(text: &str) -> String {
    fold(&with_normal_domain(text, |domain| !domain.is_ascii() || has_ascii_form(domain)))
}

/// Trims an address, and normalises its domain if `is_other` finds it in another script.
fn with_normal_domain(text: &str, is_other: fn(&str) -> bool) -> Cow<'_, str> {
    let text = text.trim();
    match text.rsplit_once('@') {
        Some((local, domain)) if is_other(domain) => {
            let (domain, _) = idna::domain_to_unicode(domain);
            Cow::Owned(format!("{local}@{domain}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Whether part of a domain is the ASCII form of another script.
fn has_ascii_form(domain: &str) -> bool {
    domain
        .split('.')
        .any(|part| part.get(..4).is_some_and(|mark| mark.eq_ignore_ascii_case("xn--")))
}

/// Refuses quoted addresses: few mail servers accept them, and they can imitate other addresses.
fn parse_known_email(text: &str) -> Result<String, Rule> {
    let text = &*with_normal_domain(text, |domain| !domain.is_ascii());
    let options =
        Options::default().with_required_tld().without_display_text().without_domain_literal();
    let sound = text.len() <= EMAIL_MAX
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"')
        && EmailAddress::parse_with_options(text, options).is_ok();
    if sound { Ok(text.to_owned()) } else { Err(Rule::Email) }
}

/// Returns the form of text for case-insensitive comparison and search.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Fold each character separately, since a final sigma differs from one within a word.
    text.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// Returns the search key of a name: folded, without marks that a keyboard may lack. `strasse`
/// finds Straße, `adebayo` finds Adébáyọ̀.
pub fn search_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let letters = text.nfkd().filter(|c| !is_diacritic(*c)).flat_map(char::to_lowercase);
    let mut key = String::with_capacity(text.len());
    for letter in letters {
        match letter {
            'ß' => key.push_str("ss"),
            'æ' => key.push_str("ae"),
            'œ' => key.push_str("oe"),
            'þ' => key.push_str("th"),
            'ø' => key.push('o'),
            'ł' => key.push('l'),
            'đ' | 'ð' | 'ɖ' => key.push('d'),
            'ħ' => key.push('h'),
            'ı' => key.push('i'),
            'ŧ' => key.push('t'),
            'ŋ' => key.push('n'),
            'ɓ' => key.push('b'),
            'ɗ' => key.push('d'),
            'ƙ' => key.push('k'),
            'ƴ' => key.push('y'),
            'ɛ' => key.push('e'),
            'ɔ' => key.push('o'),
            'ς' => key.push('σ'),
            // Lower case may have added a mark: İ.
            letter if is_diacritic(letter) => {}
            letter => key.push(letter),
        }
    }
    // Recompose Hangul syllables, and letters with their own marks.
    key.nfc().collect()
}

/// Marks above, below and through Latin, Greek and Cyrillic letters. In other scripts such marks
/// are vowels.
fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// Whether a character is invisible by itself, except for joiners, which are part of words in some
/// scripts.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether a character changes the direction of the text after it.
pub fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn ends_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

fn within(max: usize, text: &str) -> Result<&str, Rule> {
    // Characters never outnumber bytes, so short text needs no counting.
    if text.len() > max && text.chars().count() > max {
        return Err(Rule::TooLong { max });
    }
    Ok(text)
}

/// Whether the address of a link leads to a website or a mailbox.
pub fn leads_outside(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::search_key;

    #[test]
    fn names_are_found_by_what_any_keyboard_can_type() {
        for (name, typed) in [
            ("Straße", "strasse"),
            ("GROẞE", "grosse"),
            ("Ad\u{e9}b\u{e1}y\u{1ecd}\u{300}", "adebayo"),
            ("Ade\u{301}ba\u{301}yo\u{323}\u{300}", "adebayo"),
            ("Søren Ærø", "soren aero"),
            ("Łódź", "lodz"),
            ("Đặng", "dang"),
            ("IŞIK Işık İstanbul", "isik isik istanbul"),
            ("Œuvre", "oeuvre"),
            ("Þór", "thor"),
            ("Ɗan Ƙano", "dan kano"),
            ("ﬁnance", "finance"),
            ("Ёлка", "елка"),
            ("ΟΔΟΣ", "οδος"),
        ] {
            assert_eq!(search_key(name), search_key(typed), "{name}");
        }
        // Distinct letters stay distinct.
        for (one, other) in [("काम", "किम"), ("が", "か"), ("한", "하")] {
            assert!(!search_key(one).contains(&search_key(other)), "{one} {other}");
        }
    }
}

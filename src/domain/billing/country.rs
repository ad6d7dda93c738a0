//! Countries, by code and by English name.

use std::{collections::HashMap, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    input::{Scalar, Shape},
    rule::Rule,
    text,
};

/// A line for each country: both ISO 3166-1 codes, and its English names. The first name is
/// printed.
const LIST: &str = include_str!("../../../assets/countries.txt");

/// The countries that write the postal code before the city.
const CODE_FIRST: &str = "AD AF AL AM AR AT AX AZ BA BE BF BG BJ BL BY CH CL CM CR CU CV CY CZ DE DK \
    DO DZ EE EH ES ET FI FO FR GA GE GF GL GN GP GR GT GW HR HT HU IS IT KG KW LA LI LR LT LU MA \
    MC MD ME MF MG MK ML MQ MX MY MZ NC NE NL NO PF PH PL PM PT PY RE RO RS SE SI SJ SK SM SN SV \
    TG TJ TM TN TR UA UY UZ VA WF YT ZM";
/// The countries that write it on a line of its own.
const CODE_BELOW: &str = "BR EG FK GB GG GI GS IE IM IO JE KE PN RU SH SZ TC";

struct Entry {
    code: &'static str,
    name: &'static str,
}

/// A country of ISO 3166-1.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country(&'static Entry);

/// The position of the postal code in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostalCode {
    BeforeCity,
    AfterCity,
    /// On a line of its own.
    BelowCity,
}

static ALL: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let name = |line: &'static str| line.get(7..)?.split('|').next();
    let entries =
        LIST.lines().filter_map(|line| Some(Entry { code: &line[..2], name: name(line)? }));
    let mut all: Vec<_> = entries.map(|entry| Country(Box::leak(Box::new(entry)))).collect();
    all.sort_by_cached_key(|country| key(country.name()));
    all
});

/// Every country by its codes and folded names.
static KNOWN: LazyLock<HashMap<String, Country>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for country in ALL.iter() {
        let lines = LIST.lines().filter(|line| line.starts_with(country.code()));
        for name in lines.flat_map(|line| line.splitn(3, ' ')).flat_map(|names| names.split('|')) {
            known.insert(key(name), *country);
        }
    }
    known
});

fn key(name: &str) -> String {
    let name = text::search_key(name.trim()).replace('.', "").replace('’', "'").replace('&', "and");
    name.strip_prefix("the ").map(str::to_owned).unwrap_or(name)
}

impl Country {
    /// Returns every country by name.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// Parses a two-letter code in upper case.
    pub fn from_code(code: &str) -> Option<Self> {
        let country = Self::named(code)?;
        (country.code() == code).then_some(country)
    }

    /// Returns the country with this English name or two- or three-letter code.
    pub fn named(text: &str) -> Option<Self> {
        KNOWN.get(&key(text)).copied()
    }

    /// Returns the two-letter code.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Returns its usual English name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the position of the postal code.
    pub fn postal_code(self) -> PostalCode {
        let is_in = |list: &str| list.split_whitespace().any(|code| code == self.code());
        if is_in(CODE_FIRST) {
            PostalCode::BeforeCity
        } else if is_in(CODE_BELOW) {
            PostalCode::BelowCity
        } else {
            PostalCode::AfterCity
        }
    }
}

impl Scalar for Country {
    type Value = Self;
    const SHAPE: Shape = Shape::Country;

    fn parse(value: &Value) -> Result<Self, Rule> {
        Self::from_code(&text::raw(value)?.trim().to_ascii_uppercase()).ok_or(Rule::Country)
    }
}

impl PartialEq for Country {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Country {}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl TryFrom<String> for Country {
    type Error = Rule;

    fn try_from(code: String) -> Result<Self, Rule> {
        Self::from_code(&code).ok_or(Rule::Country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_its_codes_and_its_english_names() {
        assert_eq!(LIST.lines().count(), 249);
        for (text, code) in [
            ("NG", "NG"),
            (" nigeria ", "NG"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("The United States", "US"),
            ("Côte d’Ivoire", "CI"),
            ("Ivory Coast", "CI"),
            ("Bosnia & Herzegovina", "BA"),
            ("türkiye", "TR"),
            ("The Netherlands", "NL"),
            ("Sri Lanka", "LK"),
        ] {
            assert_eq!(Country::named(text).map(Country::code), Some(code), "{text}");
        }
        for text in ["", "XX", "Atlantis", "South America", "Deutschland"] {
            assert_eq!(Country::named(text), None, "{text}");
        }
    }

    #[test]
    fn every_listed_country_exists_and_is_listed_once() {
        let codes: Vec<_> =
            [CODE_FIRST, CODE_BELOW].iter().flat_map(|list| list.split_whitespace()).collect();
        for code in &codes {
            assert!(Country::from_code(code).is_some(), "{code}");
            assert_eq!(codes.iter().filter(|other| *other == code).count(), 1, "{code}");
        }
    }

    #[test]
    fn a_code_is_read_in_any_case_and_nothing_else_is() {
        use serde_json::json;
        assert_eq!(Country::parse(&json!("lk")).unwrap().name(), "Sri Lanka");
        for value in [json!("USA"), json!("Nigeria"), json!(""), json!("UK")] {
            assert_eq!(Country::parse(&value), Err(Rule::Country), "{value}");
        }
        assert_eq!(Country::parse(&json!(7)), Err(Rule::NotText));
    }
}

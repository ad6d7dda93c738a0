//! The numbers of invoices and credit notes: their patterns and periods.

use std::fmt;

use jiff::civil::Date;
use serde_json::Value;

use crate::domain::{
    input::{Scalar, Shape},
    rule::Rule,
    text,
    word::words,
};

const PATTERN_MAX: usize = 40;
/// The maximum length of a run of N.
const PAD_MAX: usize = 9;

words! {
    /// The kinds of documents with their own series.
    SeriesKind {
        Invoice "invoice",
        CreditNote "credit_note",
    }
}

impl SeriesKind {
    /// Returns the default pattern.
    pub fn default_pattern(self) -> NumberPattern {
        let prefix = match self {
            Self::Invoice => "INV-",
            Self::CreditNote => "CN-",
        };
        let text = |text: &str| Part::Text(text.to_owned());
        let parts = vec![text(prefix), Part::Year, text("-"), Part::Sequence(3), text("")];
        NumberPattern { text: format!("{prefix}{{YYYY}}-{{NNN}}"), parts }
    }
}

/// How a number is written, such as `INV-{YYYY}-{NNN}`. No two numbers of a series are equal: all
/// parts but one have a fixed length and identify the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberPattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Year,
    ShortYear,
    Month,
    MonthName,
    Quarter,
    /// The number, with at least as many digits.
    Sequence(usize),
}

impl Part {
    fn of_token(token: &str) -> Option<Self> {
        Some(match token {
            "YYYY" => Self::Year,
            "YY" => Self::ShortYear,
            "MM" => Self::Month,
            "MMM" => Self::MonthName,
            "Q" => Self::Quarter,
            _ => {
                let is_run = token.bytes().all(|byte| byte == b'N');
                let fits = is_run && (1..=PAD_MAX).contains(&token.len());
                return fits.then_some(Self::Sequence(token.len()));
            }
        })
    }

    fn write(&self, day: Date, number: i64) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Year => format!("{:04}", day.year()),
            Self::ShortYear => format!("{:02}", day.year() % 100),
            Self::Month => format!("{:02}", day.month()),
            Self::MonthName => day.strftime("%b").to_string().to_uppercase(),
            Self::Quarter => quarter(day).to_string(),
            Self::Sequence(digits) => format!("{number:0digits$}"),
        }
    }
}

impl NumberPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// The rule that it breaks, or [`Rule::RepeatedNumber`] if two periods would share a number.
    pub fn parse_text(text: &str) -> Result<Self, Rule> {
        if text.len() > PATTERN_MAX {
            return Err(Rule::TooLong { max: PATTERN_MAX });
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-/._# ".contains(&byte);
        let mut parts = Vec::new();
        let mut pieces = text.split('{');
        let before = pieces.next().unwrap_or_default();
        let mut plain = vec![before];
        parts.push(Part::Text(before.to_owned()));
        for piece in pieces {
            let (token, after) = piece.split_once('}').ok_or(Rule::NumberPattern)?;
            parts.push(Part::of_token(token).ok_or(Rule::NumberPattern)?);
            parts.push(Part::Text(after.to_owned()));
            plain.push(after);
        }
        if !plain.iter().all(|text| text.bytes().all(is_plain)) {
            return Err(Rule::NumberPattern);
        }
        let has = |wanted: &[Part]| parts.iter().any(|part| wanted.contains(part));
        let runs = parts.iter().filter(|part| matches!(part, Part::Sequence(_))).count();
        if runs != 1 || text.trim() != text {
            return Err(Rule::NumberPattern);
        }
        let has_year = has(&[Part::Year, Part::ShortYear]);
        if has(&[Part::Month, Part::MonthName, Part::Quarter]) && !has_year {
            return Err(Rule::RepeatedNumber);
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Returns the period that contains a day: the shortest that the pattern names.
    pub fn period(&self, day: Date) -> Period {
        let has = |wanted: &[Part]| self.parts.iter().any(|part| wanted.contains(part));
        let span = if has(&[Part::Month, Part::MonthName]) {
            Span::Month
        } else if has(&[Part::Quarter]) {
            Span::Quarter
        } else if has(&[Part::Year, Part::ShortYear]) {
            Span::Year
        } else {
            Span::Ever
        };
        span.around(day)
    }

    /// Writes a number of that day.
    pub fn write(&self, day: Date, number: i64) -> String {
        self.parts.iter().map(|part| part.write(day, number)).collect()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Scalar for NumberPattern {
    type Value = Self;
    const SHAPE: Shape = Shape::Text { min: 1, max: PATTERN_MAX };

    fn parse(value: &Value) -> Result<Self, Rule> {
        Self::parse_text(text::raw(value)?.trim())
    }
}

fn quarter(day: Date) -> i8 {
    (day.month() + 2) / 3
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Month,
    Quarter,
    Year,
    Ever,
}

impl Span {
    fn around(self, day: Date) -> Period {
        let year = day.year();
        Period(match self {
            Self::Month => format!("{year:04}-{:02}", day.month()),
            Self::Quarter => format!("{year:04}-Q{}", quarter(day)),
            Self::Year => format!("{year:04}"),
            Self::Ever => String::new(),
        })
    }
}

/// The period in which numbers count up from 1: `2026-04`, `2026-Q2`, `2026`, or empty for a single
/// endless one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period(String);

impl Period {
    /// Reads a stored period.
    pub fn of_key(key: &str) -> Self {
        Self(key.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        let span = match self.0.len() {
            0 => Span::Ever,
            4 => Span::Year,
            _ if self.0.contains('Q') => Span::Quarter,
            _ => Span::Month,
        };
        span.around(day) == *self
    }
}

/// A drawn number, and the period it was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnNumber {
    pub text: String,
    pub period: Period,
}

/// The next numbers in the period of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberSeries {
    pub pattern: NumberPattern,
    pub day: Date,
    /// The next number to use.
    pub next: i64,
}

impl NumberSeries {
    /// Returns the next number as written.
    pub fn next_number(&self) -> String {
        self.pattern.write(self.day, self.next)
    }

    /// Returns each token of a date with its text.
    pub fn tokens(&self) -> [(&'static str, String); 5] {
        ["YYYY", "YY", "MM", "MMM", "Q"].map(|token| {
            let text = Part::of_token(token).map(|part| part.write(self.day, self.next));
            (token, text.unwrap_or_default())
        })
    }

    /// Returns the next numbers as written.
    pub fn coming(&self, count: i64) -> Vec<String> {
        (self.next..self.next + count).map(|number| self.pattern.write(self.day, number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> NumberPattern {
        NumberPattern::parse_text(text).unwrap()
    }

    #[test]
    fn a_pattern_names_dates_and_one_number() {
        let day = date(2026, 11, 30);
        for (text, written, period) in [
            ("INV-{YYYY}-{NNN}", "INV-2026-007", "2026"),
            ("{NNNN}", "0007", ""),
            ("RE{YY}/{MM}/{N}", "RE26/11/7", "2026-11"),
            ("{MMM} {YYYY} #{NN}", "NOV 2026 #07", "2026-11"),
            ("{N}.{Q}.{YYYY}", "7.4.2026", "2026-Q4"),
            ("{Q}{MM}{YY}{NNNNN}", "4112600007", "2026-11"),
        ] {
            let pattern = pattern(text);
            assert_eq!(pattern.write(day, 7), written);
            assert_eq!(pattern.period(day).as_str(), period, "{text}");
        }
        assert_eq!(pattern("{NN}").write(day, 1234), "1234");
        for kind in [SeriesKind::Invoice, SeriesKind::CreditNote] {
            assert_eq!(kind.default_pattern(), pattern(kind.default_pattern().as_str()));
        }
    }

    #[test]
    fn a_pattern_without_one_run_of_n_or_with_unknown_parts_is_refused() {
        for text in [
            "",
            "INV",
            "INV-{YYYY}",
            "{N}{N}",
            "{NNN}-{NN}",
            "{DD}{N}",
            "{n}",
            "{N",
            "N}",
            "{}{N}",
            "{{N}}",
            "A\u{e9}{N}",
            "<{N}>",
            " {N}",
            "{NNNNNNNNNN}",
            "{YYYYY}{N}",
            "INV\n{N}",
        ] {
            assert_eq!(NumberPattern::parse_text(text), Err(Rule::NumberPattern), "{text}");
        }
        let long = format!("{}{{N}}", "A".repeat(PATTERN_MAX));
        assert_eq!(NumberPattern::parse_text(&long), Err(Rule::TooLong { max: PATTERN_MAX }));
    }

    #[test]
    fn a_pattern_that_would_give_a_number_twice_is_refused() {
        for text in ["{MM}-{N}", "{MMM}{N}", "Q{Q}-{NNN}"] {
            assert_eq!(NumberPattern::parse_text(text), Err(Rule::RepeatedNumber), "{text}");
        }
    }

    #[test]
    fn a_period_contains_its_own_days() {
        let day = date(2026, 5, 31);
        for (key, inside, outside) in [
            ("2026-05", date(2026, 5, 1), date(2026, 6, 1)),
            ("2026-Q2", date(2026, 4, 1), date(2026, 7, 1)),
            ("2026", date(2026, 12, 31), date(2027, 1, 1)),
        ] {
            let period = Period::of_key(key);
            assert!(period.contains(day) && period.contains(inside) && !period.contains(outside));
        }
        assert!(Period::default().contains(date(2099, 1, 1)));
    }

    fn token() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "{YYYY}", "{YY}", "{MM}", "{MMM}", "{Q}", "-", "/", "1", "20", "JAN", "A", " ", "{N}",
            "{NN}", "{NNN}",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn no_two_dates_or_numbers_give_the_same_number(
            tokens in prop::collection::vec(token(), 1..7),
            draws in prop::collection::vec((0..36_524i64, 1..12_000i64), 2..60),
        ) {
            let Ok(pattern) = NumberPattern::parse_text(tokens.concat().trim()) else { return Ok(()) };
            let mut known: HashMap<String, (Period, i64)> = HashMap::new();
            for (days, number) in draws {
                // Two-digit years repeat after a century.
                let day = date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
                let place = (pattern.period(day), number);
                let before = known.insert(pattern.write(day, number), place.clone());
                prop_assert!(before.is_none_or(|before| before == place), "{pattern}");
            }
        }
    }
}

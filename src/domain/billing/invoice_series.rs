//! Invoice numbers: one series per account and year.

use crate::domain::{
    error::{Error, Result},
    input::{Shape, kinds},
    rule::Rule,
    text,
};

/// The default prefix of invoice numbers.
pub const DEFAULT_PREFIX: &str = "INV";

const PREFIX_MAX: usize = 12;

/// The invoice numbers of one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceSeries {
    pub year: i16,
    pub prefix: String,
    /// The first number of the series.
    pub first: i64,
    /// The next number to use.
    pub next: i64,
}

impl InvoiceSeries {
    /// Creates a series in which no number has been used.
    pub fn new(year: i16, prefix: String) -> Self {
        Self { year, prefix, first: 1, next: 1 }
    }

    /// Whether a number has been used.
    pub fn is_begun(&self) -> bool {
        self.next > self.first
    }

    /// Returns the next number: `INV-2026-004`.
    pub fn next_number(&self) -> String {
        number(&self.prefix, self.year, self.next)
    }

    /// Sets prefix and start; allowed until a number has been used. Setting the current value is
    /// always allowed.
    pub fn choose(&mut self, prefix: Option<&str>, next: Option<i64>) -> Result<()> {
        let moves = prefix.is_some_and(|prefix| prefix != self.prefix)
            || next.is_some_and(|next| next != self.next);
        if !moves {
            return Ok(());
        }
        if self.is_begun() {
            return Err(Error::conflict("error-invoice-numbers-begun")
                .with("year", self.year)
                .with("next", self.next_number()));
        }
        if let Some(prefix) = prefix {
            prefix.clone_into(&mut self.prefix);
        }
        if let Some(next) = next {
            (self.first, self.next) = (next, next);
        }
        Ok(())
    }
}

/// Formats a number, with at least three digits.
pub fn number(prefix: &str, year: i16, number: i64) -> String {
    format!("{prefix}-{year}-{number:03}")
}

kinds! {
    /// A prefix: 1 to 12 letters, digits and hyphens, with no hyphen at either end.
    Prefix = String, Shape::Text { min: 1, max: PREFIX_MAX }, |value| {
        let text = text::raw(value)?.trim();
        let fits = (1..=PREFIX_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits { Ok(text.to_owned()) } else { Err(Rule::InvoicePrefix) }
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::input::Scalar;

    #[test]
    fn a_prefix_is_short_and_simple() {
        for text in ["INV", "a", "7", "Obi-2", "ABCDEFGHIJKL"] {
            assert_eq!(Prefix::parse(&json!(text)).unwrap(), text);
        }
        for text in ["", "-", "-A", "A-", "A B", "A/B", "É", "ABCDEFGHIJKLM"] {
            assert_eq!(Prefix::parse(&json!(text)), Err(Rule::InvoicePrefix), "{text}");
        }
    }

    #[test]
    fn prefix_and_start_can_only_be_set_before_the_first_number() {
        let mut series = InvoiceSeries::new(2026, DEFAULT_PREFIX.to_owned());
        series.choose(Some("OBI"), Some(40)).unwrap();
        assert_eq!(series.next_number(), "OBI-2026-040");
        series.choose(None, Some(4)).unwrap();
        assert_eq!((series.next_number().as_str(), series.is_begun()), ("OBI-2026-004", false));
        series.next += 1;
        series.choose(Some("OBI"), Some(5)).unwrap();
        let refused = series.choose(None, Some(6)).unwrap_err();
        assert!(refused.to_string().contains("continues with OBI-2026-005"), "{refused}");
        series.choose(Some("INV"), None).unwrap_err();
        assert_eq!(series.next_number(), "OBI-2026-005");
    }
}

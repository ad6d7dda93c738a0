//! The number format of an account, and the parsing of typed numbers.
//!
//! `1,250` is a thousand or just over one, depending on who types it. The account's format decides;
//! if it does not settle the meaning, the user is asked.

use rust_decimal::Decimal;

use super::word::words;

words! {
    /// A number format, named by an example.
    #[derive(Default)]
    NumberFormat {
        #[default]
        CommaPoint "1,234.56",
        PointComma "1.234,56",
        SpaceComma "1 234,56",
        ApostrophePoint "1'234.56",
    }
}

/// Why typed text is not a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    NotNumber,
    /// It can mean any of these, or is written in another format.
    Ambiguous(Vec<String>),
}

impl NumberFormat {
    /// Returns the thousands separator and the decimal mark.
    fn signs(self) -> (char, char) {
        match self {
            Self::CommaPoint => (',', '.'),
            Self::PointComma => ('.', ','),
            Self::SpaceComma => ('\u{a0}', ','),
            Self::ApostrophePoint => ('\'', '.'),
        }
    }

    /// Formats a plain decimal for a field: `1250.5` is `1250,5`.
    pub fn plain(self, number: &str) -> String {
        number.replace('.', &self.signs().1.to_string())
    }

    /// Formats a number with its thousands grouped and its decimals unchanged: `1.237,085`.
    pub fn grouped(self, number: Decimal) -> String {
        let (separator, mark) = self.signs();
        let swap = |c| match c {
            ',' => separator,
            '.' => mark,
            other => other,
        };
        super::money::grouped(number).chars().map(swap).collect()
    }

    /// Parses typed text as a plain decimal, exactly: `1,250.50` is `1250.50`.
    ///
    /// # Errors
    ///
    /// [`Unread`] if it is not a number, or could be several.
    pub fn parse(self, typed: &str) -> Result<String, Unread> {
        let (separator, mark) = self.signs();
        let text: String = typed.trim().chars().map(usual).collect();
        let (sign, digits) = text.strip_prefix('-').map_or(("", &*text), |rest| ("-", rest));
        let marks: Vec<char> = digits.chars().filter(|c| ".,".contains(*c)).collect();
        let is_spaced = digits.contains([' ', '\'', '_']);
        let number = |mark: Option<char>| joined(sign, digits, mark).ok_or(Unread::NotNumber);
        match *marks {
            [] => number(None),
            [only] if only == mark || is_spaced || digits.ends_with(only) => number(Some(only)),
            [only] => {
                let decimal = number(Some(only))?;
                let groups = joined(sign, digits, None);
                match (only == separator, groups) {
                    (true, Some(groups)) => Ok(groups),
                    // Invalid as groups; as decimals it is in another format.
                    (true, None) => Err(Unread::Ambiguous(self.readings(&decimal))),
                    (false, Some(groups)) => {
                        Err(Unread::Ambiguous(vec![self.plain(&decimal), groups]))
                    }
                    // This format does not separate thousands here, and could not.
                    (false, None) => Ok(decimal),
                }
            }
            [first, .., last] if first == last => number(None),
            [.., last] => number(Some(last)),
        }
    }

    /// Returns the possible meanings of a number with the wrong decimal mark.
    fn readings(self, decimal: &str) -> Vec<String> {
        let whole = decimal.replace('.', "");
        let digits = whole.trim_start_matches(['-', '0']);
        let mut readings = vec![self.plain(decimal)];
        // No number with thousands begins with a zero.
        if digits.len() == whole.trim_start_matches('-').len() {
            readings.push(whole);
        }
        readings
    }
}

/// Replaces look-alike characters.
fn usual(c: char) -> char {
    match c {
        '\u{2019}' | '\u{2bc}' => '\'',
        '\u{2212}' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Returns the plain decimal of these digits. The only `mark` comes before the decimals; all other
/// separators must be between groups of three.
fn joined(sign: &str, digits: &str, mark: Option<char>) -> Option<String> {
    let (whole, fraction) = match mark {
        Some(mark) => digits.split_once(mark)?,
        None => (digits, ""),
    };
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let is_grouped = match separators.first() {
        None => true,
        Some(first) => {
            let mut groups = whole.split(*first);
            let start = groups.next().unwrap_or_default();
            " \'_.,".contains(*first)
                && separators.iter().all(|c| c == first)
                && (1..=3).contains(&start.len())
                && !start.starts_with('0')
                && groups.all(|group| group.len() == 3)
        }
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let is_number = is_grouped
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && !(whole.is_empty() && fraction.is_empty());
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    is_number.then(|| format!("{sign}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::{NumberFormat::*, *};

    fn reads(format: NumberFormat, typed: &str) -> String {
        match format.parse(typed) {
            Ok(number) => number,
            Err(Unread::NotNumber) => "none".to_owned(),
            Err(Unread::Ambiguous(readings)) => format!("{}?", readings.join(" or ")),
        }
    }

    #[test]
    fn the_format_decides_the_meaning_of_a_separator() {
        for (typed, [comma_point, point_comma, space_comma, apostrophe_point]) in [
            ("1250.50", ["1250.50", "1250,50 or 125050?", "1250.50", "1250.50"]),
            ("1,250.50", ["1250.50"; 4]),
            ("1.250,50", ["1250.50"; 4]),
            ("1.250,00", ["1250.00"; 4]),
            ("1.250", ["1.250", "1250", "1,250 or 1250?", "1.250"]),
            ("2,179", ["2179", "2.179", "2.179", "2.179 or 2179?"]),
            ("1,125", ["1125", "1.125", "1.125", "1.125 or 1125?"]),
            ("60,28", ["60.28 or 6028?", "60.28", "60.28", "60.28"]),
            ("1,25", ["1.25 or 125?", "1.25", "1.25", "1.25"]),
            ("0,085", ["0.085?", "0.085", "0.085", "0.085"]),
            (",5", ["0.5?", "0.5", "0.5", "0.5"]),
            ("0.500", ["0.500", "0,500?", "0.500", "0.500"]),
            ("-12.5", ["-12.5", "-12,5 or -125?", "-12.5", "-12.5"]),
            ("1 250,5", ["1250.5"; 4]),
            ("1\u{202f}250.5", ["1250.5"; 4]),
            ("1\u{2019}250", ["1250"; 4]),
            ("\u{2212}20", ["-20"; 4]),
            ("1,250,000", ["1250000"; 4]),
            ("1.250.000", ["1250000"; 4]),
            ("1,250,000.5", ["1250000.5"; 4]),
            ("007", ["7"; 4]),
            ("5.", ["5"; 4]),
            ("1,25,0", ["none"; 4]),
            ("1.2.3", ["none"; 4]),
            ("1,250.5.5", ["none"; 4]),
            ("1 25", ["none"; 4]),
            ("1 250 5", ["none"; 4]),
            ("ten", ["none"; 4]),
            ("1e3", ["none"; 4]),
            (".", ["none"; 4]),
            ("-", ["none"; 4]),
            ("", ["none"; 4]),
        ] {
            let read = [CommaPoint, PointComma, SpaceComma, ApostrophePoint]
                .map(|format| reads(format, typed));
            assert_eq!(read, [comma_point, point_comma, space_comma, apostrophe_point], "{typed}");
        }
    }

    #[test]
    fn a_displayed_number_parses_back() {
        for word in NumberFormat::WORDS {
            let format = NumberFormat::from_word(word).unwrap();
            for number in ["1250.5", "0.085", "1.250", "-0.125", "1234567.891", "7", "0"] {
                let decimal: Decimal = number.parse().unwrap();
                for shown in [format.plain(number), format.grouped(decimal)] {
                    assert_eq!(format.parse(&shown).as_deref(), Ok(number), "{word} {shown}");
                }
            }
        }
    }
}

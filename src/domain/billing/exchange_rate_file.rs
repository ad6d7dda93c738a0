//! Exchange rate files: lines of `day,from,to,rate`, or the European Central Bank's table of euro
//! rates. Columns are separated by commas, semicolons or tabs.

use csv::{ReaderBuilder, Trim};
use jiff::civil::Date;

use crate::domain::{exchange_rate::ExchangeRate, money::Currency};

/// A rate and its line number.
pub type Line = (usize, ExchangeRate);

/// An error in a file, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongLine {
    /// Counted from 1.
    pub number: usize,
    pub reason: String,
}

/// A line that is not empty.
struct Row<'t> {
    number: usize,
    text: &'t str,
    cells: Vec<String>,
}

impl Row<'_> {
    fn wrong(&self, reason: impl Into<String>) -> WrongLine {
        WrongLine { number: self.number, reason: reason.into() }
    }

    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map(String::as_str).unwrap_or_default()
    }
}

/// Parses every rate of a file, in line order.
///
/// # Errors
///
/// The first line that is invalid or ambiguous.
pub fn parse(text: &str) -> Result<Vec<Line>, WrongLine> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines: Vec<(usize, &str)> =
        (1..).zip(lines).filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
    let Some((_, first)) = lines.first() else { return Ok(Vec::new()) };
    let delimiter = [';', '\t'].into_iter().find(|c| first.contains(*c)).unwrap_or(',');
    let rows = lines.into_iter().map(|(number, text)| {
        let cells = cells(text, delimiter).map_err(|reason| WrongLine { number, reason })?;
        Ok(Row { number, text, cells })
    });
    let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    match rows.split_first() {
        Some((head, rows)) if head.cell(0).eq_ignore_ascii_case("date") => table(head, rows),
        Some((head, rows)) if head.cell(0).eq_ignore_ascii_case("day") => list(rows, delimiter),
        _ => list(&rows, delimiter),
    }
}

fn cells(line: &str, delimiter: char) -> Result<Vec<String>, String> {
    // A quotation mark counts only if no space precedes it.
    let parts: Vec<&str> = line.split(delimiter).map(str::trim).collect();
    let line = parts.join(delimiter.to_string().as_str());
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .from_reader(line.as_bytes());
    let record = reader.records().next().transpose().map_err(|error| error.to_string())?;
    Ok(record.map(|record| record.iter().map(str::to_owned).collect()).unwrap_or_default())
}

/// Lines of `day,from,to,rate`.
fn list(rows: &[Row], delimiter: char) -> Result<Vec<Line>, WrongLine> {
    if let Some(row) = rows.iter().find(|row| row.cells.len() != 4) {
        return Err(row.wrong(format!("{:?} is not day,from,to,rate", row.text)));
    }
    let mark = Mark::of(rows.iter().map(|row| (row, row.cell(3))), delimiter)?;
    let rates = rows.iter().map(|row| {
        let rate = mark.plain(row.cell(3)).map_err(|reason| row.wrong(reason))?;
        let read = ExchangeRate::parse(row.cell(0), row.cell(1), row.cell(2), &rate);
        read.map(|rate| (row.number, rate)).map_err(|error| row.wrong(error.to_string()))
    });
    rates.collect()
}

/// The ECB table: `Date, USD, JPY, …`, one day per line.
fn table(head: &Row, rows: &[Row]) -> Result<Vec<Line>, WrongLine> {
    let euro = Currency::from_code("EUR").ok_or_else(|| head.wrong("there is no euro"))?;
    let mut currencies = Vec::new();
    for (column, code) in head.cells.iter().enumerate().skip(1) {
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        match Currency::from_code(code) {
            Some(currency) => currencies.push((column, currency)),
            // Lines end with a separator; abolished currencies still have columns.
            None if code.is_empty() || is_code => {}
            None => return Err(head.wrong(format!("{code:?} is no currency"))),
        }
    }
    let rate_cells = rows
        .iter()
        .flat_map(|row| currencies.iter().map(move |(column, _)| (row, row.cell(*column))));
    let mark = Mark::of(rate_cells, '\0')?;
    let mut rates = Vec::new();
    for row in rows {
        let day = row.cell(0);
        let written = Date::strptime("%d %B %Y", day).or_else(|_| day.parse());
        // The file begins before the supported years.
        if written.as_ref().is_ok_and(|day| day.year() < 2000) {
            continue;
        }
        let day = written.map_or_else(|_| day.to_owned(), |day| day.to_string());
        for (column, currency) in &currencies {
            let cell = row.cell(*column);
            if cell.is_empty() || cell == "N/A" {
                continue;
            }
            let rate = mark.plain(cell).map_err(|reason| row.wrong(reason))?;
            let read = ExchangeRate::parse(&day, euro.code(), currency.code(), &rate);
            rates.push((row.number, read.map_err(|error| row.wrong(error.to_string()))?));
        }
    }
    rates.sort_by_key(|(number, rate)| (*number, rate.into));
    Ok(rates)
}

/// The decimal mark of a file's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Point,
    Comma,
    /// The file does not show which.
    Unknown,
}

impl Mark {
    /// Returns the mark that a file's numbers agree on.
    fn of<'r>(
        numbers: impl Iterator<Item = (&'r Row<'r>, &'r str)>,
        delimiter: char,
    ) -> Result<Self, WrongLine> {
        // If commas separate the columns, a number with a point has decimals; the ECB writes
        // points.
        let is_plain = matches!(delimiter, ',' | '\0');
        let mut mark = Self::Unknown;
        for (row, number) in numbers {
            let told = match Self::told_by(number) {
                Self::Unknown if is_plain && number.contains('.') => Self::Point,
                told => told,
            };
            match (mark, told) {
                (_, Self::Unknown) => {}
                (Self::Unknown, told) => mark = told,
                (mark, told) if mark == told => {}
                _ => {
                    return Err(row.wrong(format!(
                        "{number:?} writes its decimals otherwise than lines before it"
                    )));
                }
            }
        }
        Ok(mark)
    }

    /// Returns the decimal mark that one number shows: 1.234,5 and 0,92 have a comma, 1,234 may be
    /// either.
    fn told_by(number: &str) -> Self {
        let Some(last) = number.rfind(['.', ',']) else { return Self::Unknown };
        let (whole, mark) = (&number[..last], &number[last..=last]);
        let (this, other) = match mark {
            "." => (Self::Point, Self::Comma),
            _ => (Self::Comma, Self::Point),
        };
        if whole.contains(mark) {
            // It occurs twice, so it groups thousands.
            other
        } else if whole.contains(['.', ',']) {
            this
        } else {
            let decimals = number.len() - last - 1;
            let groups = decimals == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            if groups { Self::Unknown } else { this }
        }
    }

    /// Returns the number with a point before its decimals and no other separators.
    fn plain(self, number: &str) -> Result<String, String> {
        let (point, group) = match self {
            Self::Point => ('.', ','),
            Self::Comma => (',', '.'),
            Self::Unknown if !number.contains(['.', ',']) => return Ok(number.to_owned()),
            Self::Unknown => {
                return Err(format!(
                    "{number:?} can be read in two ways: write its decimals with a point, \
                     such as 1.6500"
                ));
            }
        };
        let (whole, decimals) = number.split_once(point).unwrap_or((number, ""));
        let mut groups = whole.split(group);
        let first = groups.next().unwrap_or_default();
        let mut is_grouped = true;
        let mut plain = first.to_owned();
        for digits in groups {
            is_grouped &= digits.len() == 3 && (1..=3).contains(&first.len());
            plain.push_str(digits);
        }
        if !is_grouped || decimals.contains([point, group]) {
            return Err(format!("{number:?} is not a number"));
        }
        if number.contains(point) {
            plain.push('.');
            plain.push_str(decimals);
        }
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<String>, String> {
        let told = |wrong: WrongLine| format!("{}: {}", wrong.number, wrong.reason);
        let rates = parse(text).map_err(told)?;
        let shown = |(line, rate): (usize, ExchangeRate)| {
            format!("{line} {} {} {} {}", rate.day, rate.from, rate.into, rate.rate)
        };
        Ok(rates.into_iter().map(shown).collect())
    }

    #[test]
    fn columns_and_decimals_are_parsed_in_the_files_format() {
        for (text, expected) in [
            ("2026-03-18;EUR;NGN;1.650,25\n2026-03-18;EUR;USD;1,083", ["1650.25", "1.083"]),
            (
                "day\tfrom\tto\trate\n2026-03-18\tEUR\tNGN\t1,650.5\n2026-03-18\tEUR\tUSD\t1.083",
                ["1650.5", "1.083"],
            ),
            ("2026-03-18,EUR,NGN,\"1650,25\"\n2026-03-18, EUR, USD, \"0,92\"", ["1650.25", "0.92"]),
            ("2026-03-18,EUR,NGN,1.650\n2026-03-18,EUR,USD,2", ["1.65", "2"]),
            ("2026-03-18;EUR;NGN;1.234.567,5\n2026-03-18;EUR;XOF;655", ["1234567.5", "655"]),
        ] {
            let rates = parse(text).unwrap();
            let rates: Vec<_> = rates.iter().map(|(_, rate)| rate.rate.to_string()).collect();
            assert_eq!(rates, expected, "{text}");
        }
    }

    #[test]
    fn an_ambiguous_number_is_refused_with_its_line() {
        for (text, said) in [
            ("2026-03-18;EUR;USD;2\n2026-03-18;EUR;NGN;1.650", "2: \"1.650\" can be read in two"),
            ("# x\n2026-03-18;EUR;NGN;1,650", "2: \"1,650\" can be read in two"),
            ("2026-03-18,EUR,NGN,\"1,650\"", "1: \"1,650\" can be read in two"),
            ("2026-03-18;EUR;USD;1,08\n2026-03-18;EUR;NGN;1650.25", "2: \"1650.25\" writes its"),
            ("2026-03-18;EUR;USD;1,0,8\n", "1: \"1,0,8\" is not a number"),
            ("Date,USD,Dollars\n2026-03-18,1,2", "1: \"Dollars\" is no currency"),
            ("Date,USD\n18. Mai,1", "2: day must be"),
        ] {
            let error = shown(text).unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }

    #[test]
    fn files_of_the_european_central_bank_are_parsed() {
        let daily = "Date, USD, JPY, BGN, \n18 March 2026, 1.0834, 162.45, N/A, \n";
        let rates = shown(daily).unwrap();
        assert_eq!(rates, ["2 2026-03-18 EUR JPY 162.45", "2 2026-03-18 EUR USD 1.0834"]);
        let history = "Date,USD,JPY,CYP,\n2026-03-18,1.0834,162.45,N/A,\n\
                       2026-03-17,1.1,N/A,N/A,\n1999-01-04,1.1789,133.73,0.58231,\n";
        // Payments convert at the rate for their day. Abolished currencies have no pair.
        let rates = shown(history).unwrap();
        let expected = [
            "2 2026-03-18 EUR JPY 162.45",
            "2 2026-03-18 EUR USD 1.0834",
            "3 2026-03-17 EUR USD 1.1",
        ];
        assert_eq!(rates, expected);
    }
}

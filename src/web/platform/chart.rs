//! The payments of a year as bars, next to those of the previous year.

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    domain::{
        home::{Month, Year},
        money::{Currency, grouped},
    },
    locale::t,
    web::figure,
};

/// The heights of the top and bottom lines, in tenths of a pixel.
const TOP: i128 = 300;
const BOTTOM: i128 = 1720;
/// The number of steps on the scale.
const STEPS: i128 = 3;
/// The minimum height of a non-zero bar, so that it is visible.
const LEAST: i128 = 15;
/// In hundredths of a percent of the width: the total, the width of a character of the scale, and
/// the shares of a month's slot for its bar and for last year's mark.
const FULL: i128 = 10_000;
const CHARACTER: i128 = 180;
const BAR: i128 = 56;
const MARK: i128 = 76;

/// A line of the scale.
struct Line {
    y: String,
    /// The height of its label.
    label_y: String,
    /// Empty for the bottom line.
    label: String,
}

/// A part of a bar.
struct Bar {
    y: String,
    height: String,
}

/// One month, with its lengths as SVG attributes.
struct Slot {
    /// `Mar`.
    name: String,
    /// The complete description.
    read: String,
    is_current: bool,
    x: String,
    middle: String,
    bar_x: String,
    paid: Option<Bar>,
    expected: Option<Bar>,
    /// Last year's mark: its start, its end, and its height.
    last_year: Option<(String, String, String)>,
    row: Row,
}

/// The figures of one month, as in the table.
struct Row {
    paid: String,
    last_year: String,
    expected: String,
}

/// The chart of a year, with its figures in a table.
#[derive(Template)]
#[template(path = "pages/dashboard/chart.html")]
pub struct Chart {
    year: i16,
    lines: Vec<Line>,
    slots: Vec<Slot>,
    width: String,
    bar_width: String,
    total: Row,
    has_last_year: bool,
    has_expected: bool,
}

impl HtmlSafe for Chart {}

impl Chart {
    /// Creates the chart of a year in a currency; None if it has nothing to show.
    pub fn new(year: &Year, today: Date, currency: Currency) -> Option<Self> {
        let highest = |month: &Month| (month.paid + month.expected).max(month.last_year);
        let most = year.months.iter().map(highest).max().filter(|most| *most > 0)?;
        let step = step(most);
        let lines: Vec<_> = (0..=STEPS).map(|number| line(number, step, currency)).collect();
        let letters = lines.iter().map(|line| line.label.chars().count()).max().unwrap_or(0);
        let left = CHARACTER * i128::try_from(letters).ok()?;
        let width = (FULL - left) / 12;
        let total = |of: fn(&Month) -> i128| -> i128 { year.months.iter().map(of).sum() };
        let (last_year, expected) = (total(|month| month.last_year), total(|month| month.expected));
        let chart = Plot {
            left,
            width,
            highest: step * STEPS,
            currency,
            today,
            has_last_year: last_year > 0,
        };
        Some(Self {
            year: year.year,
            slots: (0..).zip(&year.months).map(|(place, month)| chart.slot(place, month)).collect(),
            lines,
            width: percent(width),
            bar_width: percent(width * BAR / 100),
            total: row(currency, year.paid, last_year, expected),
            has_last_year: chart.has_last_year,
            has_expected: expected > 0,
        })
    }
}

/// The dimensions of a chart.
struct Plot {
    left: i128,
    /// The width of a month's slot.
    width: i128,
    /// The amount at the top line.
    highest: i128,
    currency: Currency,
    today: Date,
    has_last_year: bool,
}

impl Plot {
    fn slot(&self, place: i128, month: &Month) -> Slot {
        let x = self.left + place * self.width;
        let middle = x + self.width / 2;
        let half_mark = self.width * MARK / 200;
        let paid = self.height(month.paid);
        let expected = self.height(month.expected);
        let mark = || {
            let y = tenths(BOTTOM - self.height(month.last_year));
            (percent(middle - half_mark), percent(middle + half_mark), y)
        };
        let bar = |from: i128, height: i128| {
            let bar = || Bar { y: tenths(BOTTOM - from - height), height: tenths(height) };
            (height > 0).then(bar)
        };
        Slot {
            name: month.start.strftime("%b").to_string(),
            read: self.read(month),
            is_current: month.start == self.today.first_of_month(),
            x: percent(x),
            middle: percent(middle),
            bar_x: percent(middle - self.width * BAR / 200),
            paid: bar(0, paid),
            expected: bar(paid, expected),
            last_year: self.has_last_year.then(mark),
            row: row(self.currency, month.paid, month.last_year, month.expected),
        }
    }

    fn height(&self, amount: i128) -> i128 {
        let height = amount.max(0) * (BOTTOM - TOP) / self.highest;
        if amount > 0 { height.max(LEAST) } else { 0 }
    }

    /// Returns a description of the month: paid, expected, and last year's amount.
    fn read(&self, month: &Month) -> String {
        let shown = |minor: &i128| figure::text(self.currency, minor);
        let is_ahead = month.start > self.today;
        let paid = (!is_ahead || month.paid > 0)
            .then(|| t("home-month-paid").with("amount", shown(&month.paid)));
        let expected = (month.expected > 0 || is_ahead)
            .then(|| t("home-month-expected").with("amount", shown(&month.expected)));
        let last = self
            .has_last_year
            .then(|| t("home-month-last-year").with("amount", shown(&month.last_year)));
        let parts = [paid, expected, last].into_iter().flatten().map(String::from);
        let parts = parts.collect::<Vec<_>>().join(", ");
        format!("{}: {parts}", month.start.strftime("%B"))
    }
}

fn row(currency: Currency, paid: i128, last_year: i128, expected: i128) -> Row {
    let shown = |minor| figure::number(currency, minor);
    Row { paid: shown(&paid), last_year: shown(&last_year), expected: shown(&expected) }
}

fn line(number: i128, step: i128, currency: Currency) -> Line {
    let y = BOTTOM - number * (BOTTOM - TOP) / STEPS;
    Line {
        y: tenths(y),
        label_y: tenths(y - 50),
        label: if number == 0 { String::new() } else { short(number * step, currency) },
    }
}

/// Returns the smallest round number such that [`STEPS`] of it reach `most`.
fn step(most: i128) -> i128 {
    let mut unit = 1;
    loop {
        for step in [10, 12, 15, 20, 25, 30, 40, 50, 60, 80].map(|digits| digits * unit) {
            if step * STEPS >= most {
                return step;
            }
        }
        unit *= 10;
    }
}

/// Returns an amount in short form for the scale: `2.5k`, `12M`.
fn short(minor: i128, currency: Currency) -> String {
    let units = [(1_000_000_000_000_i64, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1000, "k")];
    let amount =
        Decimal::try_from_i128_with_scale(minor, currency.exponent()).unwrap_or(Decimal::MAX);
    let unit = units.into_iter().find(|(size, _)| amount >= Decimal::from(*size));
    let (size, sign) = unit.unwrap_or((1, ""));
    format!("{}{sign}", grouped((amount / Decimal::from(size)).normalize()))
}

/// Returns hundredths of a percent as a length.
fn percent(hundredths: i128) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Returns tenths of a pixel as a length.
fn tenths(tenths: i128) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_steps() {
        for (most, expected) in [(1, 10), (30, 10), (31, 12), (1_090_210, 400_000), (2_500, 1_000)]
        {
            assert_eq!(step(most), expected, "{most}");
        }
    }

    #[test]
    fn scale_labels_are_short() {
        let shown = |minor| short(minor, Currency::USD);
        assert_eq!(shown(200_000), "2k");
        assert_eq!(shown(250_000), "2.5k");
        assert_eq!(shown(50_000), "500");
        assert_eq!(shown(50), "0.5");
        assert_eq!(shown(100_000_000_000_000), "1T");
    }

    #[test]
    fn bar_heights_are_proportional() {
        let months = (0..12).map(|by| Month {
            start: crate::domain::date::month_start("2026-01-01".parse().unwrap(), by).unwrap(),
            paid: if by == 1 { 150_000 } else { 0 },
            last_year: 0,
            expected: if by == 2 { 300_000 } else { 0 },
        });
        let mut year = Year {
            year: 2026,
            paid: 150_000,
            last_so_far: 0,
            months: months.collect(),
            last_month: 0,
        };
        let today = "2026-02-20".parse().unwrap();
        let chart = Chart::new(&year, today, Currency::USD).unwrap();
        let height = |bar: &Option<Bar>| bar.as_ref().map(|bar| bar.height.clone());
        let heights = chart.slots.iter().map(|slot| (height(&slot.paid), height(&slot.expected)));
        let heights: Vec<_> = heights.take(3).collect();
        assert_eq!(
            heights,
            [(None, None), (Some("71.0".to_owned()), None), (None, Some("142.0".to_owned()))]
        );
        assert_eq!(chart.lines[3].label, "3k");
        assert!(chart.slots[1].is_current && !chart.has_last_year);
        assert_eq!(chart.slots[1].read, "February: US$1,500.00 paid");
        assert_eq!(chart.slots[2].read, "March: US$3,000.00 expected");
        year.months.iter_mut().for_each(|month| (month.paid, month.expected) = (0, 0));
        assert!(Chart::new(&year, today, Currency::USD).is_none());
    }
}

//! Amounts over time as bars.

use askama::{Template, filters::HtmlSafe};
use rust_decimal::Decimal;

use crate::domain::{
    dashboard::EarningsPoint,
    money::{Currency, grouped},
};

/// The share of its slot that a bar fills, and its offset, in hundredths of a percent.
const FILL: i128 = 62;
const FULL: i128 = 10_000;
/// The minimum height of a non-zero bar, so that it is visible.
const LEAST: i128 = 80;

/// One bar, with its lengths as SVG attributes.
struct Bar {
    label: String,
    /// The label without its year, for the axis.
    short: String,
    amount: String,
    x: String,
    y: String,
    width: String,
    height: String,
}

/// The chart of earnings, with its figures in a table.
#[derive(Template)]
#[template(path = "pages/dashboard/chart.html")]
pub struct Chart {
    bars: Vec<Bar>,
    /// The labels at the top and the middle of the scale.
    top: String,
    half: String,
    sum: String,
    best: String,
}

impl HtmlSafe for Chart {}

impl Chart {
    /// Creates a chart of amounts in a currency, oldest first; None if nothing was earned.
    pub fn new(points: &[EarningsPoint], currency: Currency) -> Option<Self> {
        let best = points.iter().max_by_key(|point| point.amount)?;
        if best.amount <= 0 {
            return None;
        }
        let top = scale(best.amount);
        let slot = FULL / i128::try_from(points.len()).ok()?;
        let width = slot * FILL / 100;
        let bars = (0..).zip(points).map(|(place, point)| {
            let part = point.amount.max(0) * FULL / top;
            let height = if part == 0 { 0 } else { part.max(LEAST) };
            Bar {
                label: point.label.clone(),
                short: point.label.split(' ').next().unwrap_or_default().to_owned(),
                amount: currency.show(point.amount),
                x: percent(place * slot + (slot - width) / 2),
                y: percent(FULL - height),
                width: percent(width),
                height: percent(height),
            }
        });
        Some(Self {
            bars: bars.collect(),
            top: short(top, currency),
            half: short(top / 2, currency),
            sum: currency.show(points.iter().map(|point| point.amount).sum()),
            best: format!("{} in {}", currency.show(best.amount), best.label),
        })
    }
}

/// Returns the next round number whose half is round too.
fn scale(most: i128) -> i128 {
    let mut unit = 2;
    loop {
        for step in [1, 2, 5] {
            if unit * step >= most {
                return unit * step;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers_with_round_halves() {
        for (most, top) in [(1, 2), (2, 2), (3, 4), (11, 20), (20, 20), (21, 40), (99_000, 100_000)]
        {
            assert_eq!(scale(most), top, "{most}");
        }
    }

    #[test]
    fn scales_are_short() {
        let shown = |minor| short(minor, Currency::USD);
        assert_eq!(shown(200_000), "2k");
        assert_eq!(shown(250_000), "2.5k");
        assert_eq!(shown(50_000), "500");
        assert_eq!(shown(50), "0.5");
        assert_eq!(shown(100_000_000_000_000), "1T");
    }

    #[test]
    fn bars_are_as_high_as_their_part_of_the_scale() {
        let point = |label: &str, amount| EarningsPoint {
            label: label.to_owned(),
            start: "2026-01-01".parse().unwrap(),
            amount,
        };
        let points = [point("Jan 2026", 0), point("Feb 2026", 500), point("Mar 2026", 2000)];
        let chart = Chart::new(&points, Currency::USD).unwrap();
        let heights: Vec<&str> = chart.bars.iter().map(|bar| &*bar.height).collect();
        assert_eq!(heights, ["0.00%", "25.00%", "100.00%"]);
        assert_eq!((&*chart.top, &*chart.best), ("20", "USD\u{a0}20.00 in Mar 2026"));
        assert!(Chart::new(&points[..1], Currency::USD).is_none());
    }
}

//! Rows of sums on the right, with a total between rules.

use krilla::tagging::Tag;
use rust_decimal::Decimal;

use super::{
    canvas::{Align, Area, BODY, Canvas, INK, MM, MUTED, Mark, Slot},
    text::Style,
};
use crate::domain::money::{self, Money};

const TOTAL: Style = Style { size: 12.0, leading: 17.0, is_bold: true, color: INK };
const WIDTH: f32 = 80.0 * MM;
const LEADING: f32 = 15.6;
/// Space between the rows and the rules of the total.
const GAP: f32 = 1.5 * MM;
/// Space above and below the total, between its rules.
const ABOVE: f32 = 2.0 * MM;
const BELOW: f32 = 1.6 * MM;
const RULE: f32 = 0.7;

/// A label and a text.
pub type Row = (String, String);

/// A total, the rows that lead to it, and those that explain it.
pub struct Sums {
    pub above: Vec<Row>,
    pub total: Row,
    pub below: Vec<Row>,
}

impl Sums {
    /// Returns the height that it takes.
    pub fn height(&self) -> f32 {
        let total = ABOVE + TOTAL.leading + BELOW + 4.0 * RULE;
        let rows = (self.above.len() + self.below.len()) as f32 * LEADING;
        let after = if self.below.is_empty() { 0.0 } else { GAP };
        4.0 * MM + rows + GAP + total + after
    }

    /// Draws it; the caller has reserved its height.
    pub fn draw(&self, canvas: &mut Canvas) {
        let slot = Slot { x: canvas.frame.right() - WIDTH, width: WIDTH, align: Align::Start };
        canvas.y += 4.0 * MM;
        let plain = Style { leading: LEADING, ..BODY };
        let muted = Style { color: MUTED, ..plain };
        for (label, text) in &self.above {
            row(canvas, slot, (label, muted), (text, plain));
        }
        // The double rule marks the sum.
        canvas.y += GAP;
        let rule = |canvas: &mut Canvas, y| {
            canvas.rule(Area { x: slot.x, y, width: slot.width, height: RULE }, INK);
        };
        rule(canvas, canvas.y);
        canvas.y += ABOVE;
        let (label, text) = &self.total;
        row(canvas, slot, (label, TOTAL), (text, TOTAL));
        canvas.y += BELOW;
        rule(canvas, canvas.y);
        rule(canvas, canvas.y + 3.0 * RULE);
        canvas.y += 4.0 * RULE;
        if !self.below.is_empty() {
            canvas.y += GAP;
        }
        for (label, text) in &self.below {
            row(canvas, slot, (label, muted), (text, plain));
        }
    }
}

/// Draws a label and an amount, which shrinks if it is too long.
fn row(canvas: &mut Canvas, slot: Slot, label: (&str, Style), value: (&str, Style)) {
    let mark = Mark::Node(canvas.node(None, Tag::P));
    let (text, style) = label;
    let label = canvas.typesetter.line(text, style);
    let most = slot.width - label.width - 4.0 * MM;
    let (text, style) = value;
    let mut value = canvas.typesetter.line(text, style);
    if value.width > most {
        value =
            canvas.typesetter.line(text, Style { size: style.size * most / value.width, ..style });
    }
    canvas.line(label, slot, canvas.y, mark);
    canvas.line(value, Slot { align: Align::Right, ..slot }, canvas.y, mark);
    canvas.y += style.leading;
}

/// Returns an amount without its currency, with all its decimals.
pub fn plain(amount: Money) -> String {
    signed(&money::grouped(Decimal::new(amount.minor, amount.currency.exponent())))
}

/// Returns a number with a true minus sign.
pub fn signed(number: &str) -> String {
    number.replace('-', "\u{2212}")
}

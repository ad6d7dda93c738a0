//! The modern head: a band in the accent colour with parties, amount and dates.

use krilla::tagging::{ArtifactType, Tag};

use super::{
    canvas::{Align, Area, BODY, Canvas, INK, MM, Mark, Op, Slot, WHITE},
    letterhead::{self, Fact, Head},
    text::{Color, Style},
};
use crate::domain::accent::Accent;
use crate::locale::t;

const TOP: f32 = 18.0 * MM;
const MARK: f32 = 10.0 * MM;
/// The padding around a logo, so that it is visible on any colour.
const PLATE: f32 = 1.5 * MM;
const FIGURE: f32 = 38.0;

/// Draws the band and the parties below it.
pub fn head(canvas: &mut Canvas, accent: Accent, head: Head) {
    let frame = canvas.frame;
    let on = if accent.takes_black() { INK } else { WHITE };
    let [first, second, right] = frame.thirds().map(Slot::of_names);
    let left = Slot { width: right.x - first.x - 5.0 * MM, ..first };
    let body = Style { color: on, ..BODY };

    // The band is drawn first, and is as high as its content.
    let (page, band) = (canvas.pages.len() - 1, canvas.pages.last().map_or(0, Vec::len));
    let mut y = brand(canvas, &head, left, on);
    let title = Mark::Node(canvas.node(None, letterhead::heading(1, &head.title)));
    let mut beside = letterhead::lines(canvas, &head.title, body, right, TOP + 2.0, title);
    if let Some(state) = &head.state {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let strong = Style { is_bold: true, ..body };
        beside = letterhead::lines(canvas, state, strong, right, beside, mark);
    }
    y = y.max(beside) + 6.0 * MM;
    if head.figure.is_some() || head.until.is_some() {
        y = y.max(46.0 * MM);
    }
    let mut end = y;
    if let Some(sum) = &head.figure {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let label =
            letterhead::lines(canvas, &sum.label.to_string(), body, left, y - 2.5 * MM, mark);
        figure(canvas, &sum.text, left, label + 31.0, on, mark);
        end = label + 31.0;
    }
    if let Some(until) = &head.until {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let top = if head.figure.is_some() { end - 27.0 } else { y };
        let label = until.label.to_string();
        let below = letterhead::lines(canvas, &label, body, right, top, mark);
        let strong = Style { size: 12.0, leading: 15.0, is_bold: true, color: on };
        end = end.max(letterhead::lines(canvas, &until.text, strong, right, below, mark));
    }
    let height = end + 10.0 * MM;
    let boxes = vec![Area { x: 0.0, y: 0.0, width: frame.width, height }];
    let mark = Mark::Artifact(ArtifactType::Layout);
    if let Some(page) = canvas.pages.get_mut(page) {
        page.insert(band, Op::Boxes { boxes, color: accent.rgb(), mark });
    }

    canvas.y = height + 11.0 * MM;
    let mut facts: Vec<(Fact, Style)> = Vec::new();
    if let Some(number) = head.number {
        facts.push((Fact::new(t("number"), number), BODY));
    }
    facts.extend(head.facts.into_iter().map(|fact| (fact, BODY)));
    let (label, buyer) = &head.buyer;
    let columns = vec![
        letterhead::party(canvas, Some(label), buyer, first),
        letterhead::party(canvas, Some(&t("from")), head.seller, second),
    ];
    let below = letterhead::facts(canvas, facts, right, canvas.y);
    canvas.columns(columns, BODY.leading, |_| {});
    canvas.y = canvas.y.max(if canvas.pages.len() == page + 1 { below } else { 0.0 }) + 10.0 * MM;
}

/// Draws the logo and the name. Returns where they end.
fn brand(canvas: &mut Canvas, head: &Head, left: Slot, on: Color) -> f32 {
    let name = head.seller.heading();
    let (mut slot, mut end) = (left, TOP + MARK);
    if let Some(image) = &head.logo {
        let is_wordmark = letterhead::is_wordmark(image);
        let most = if is_wordmark { 52.0 * MM } else { MARK };
        let (width, height) = letterhead::fitting(image, most, MARK);
        let y = TOP + (MARK - height) / 2.0;
        let plate = Area {
            x: left.x,
            y: y - PLATE,
            width: width + 2.0 * PLATE,
            height: height + 2.0 * PLATE,
        };
        canvas.rule(plate, WHITE);
        let area = Area { x: left.x + PLATE, y, width, height };
        letterhead::logo(canvas, image.clone(), area, name);
        if is_wordmark {
            return end;
        }
        let beside = plate.width + 3.0 * MM;
        slot = Slot { x: left.x + beside, width: left.width - beside, align: Align::Left };
    }
    let style = Style { size: 13.0, leading: 17.0, is_bold: true, color: on };
    let mark = Mark::Node(canvas.node(None, Tag::P));
    let top = if head.logo.is_some() { TOP + (MARK - style.leading) / 2.0 } else { TOP };
    end = end.max(letterhead::lines(canvas, name, style, slot, top, mark));
    end
}

/// Draws an amount with a small currency. The number is one piece, so that programs read it whole.
fn figure(canvas: &mut Canvas, text: &str, slot: Slot, baseline: f32, on: Color, mark: Mark) {
    let (sign, number) = text.split_at(text.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
    let style = |size, is_bold| Style { size, leading: size, is_bold, color: on };
    let parts = [(sign, style(FIGURE * 0.55, false)), (number, style(FIGURE, true))];
    let space = |text: &str| if text.ends_with('\u{a0}') { 0.25 } else { 0.0 };
    let mut width = 0.0;
    for (text, style) in parts {
        width += canvas.typesetter.line(text, style).width + space(text) * style.size;
    }
    let scale = (slot.width / width).min(1.0);
    let mut x = slot.x;
    for (text, style) in parts {
        let style = Style { size: style.size * scale, ..style };
        let line = canvas.typesetter.line(text, style);
        if line.runs.is_empty() {
            continue;
        }
        let step = line.width + space(text) * style.size;
        canvas.put(Op::Line { x, baseline, line, mark });
        x += step;
    }
}

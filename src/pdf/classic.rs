//! The classic head: a business letter, with the address in the window of an envelope.

use krilla::tagging::{ArtifactType, Tag};

use super::{
    canvas::{Align, Area, BODY, Canvas, INK, LABEL, MM, MUTED, Mark, SMALL, STRONG, Slot},
    letterhead::{self, Fact, Head},
    text::{Color, Style},
};
use crate::domain::{accent::Accent, invoice::Party};

const TOP: f32 = 17.0 * MM;
const NAME: Style = Style { size: 21.0, leading: 24.0, is_bold: false, color: INK };
const TITLE: Style = Style { size: 17.0, leading: 21.0, is_bold: false, color: INK };
/// The width of the right column.
const SIDE: f32 = 53.0 * MM;
/// The window of an envelope, and the maximum width of a line in it.
const WINDOW: f32 = 48.0 * MM;
const LINE: f32 = 85.0 * MM;
/// The top of the letter itself.
const LETTER: f32 = 96.0 * MM;

/// Draws the letterhead, both parties and the title.
pub fn head(canvas: &mut Canvas, accent: Accent, head: Head) {
    let frame = canvas.frame;
    let side = Slot { x: frame.right() - SIDE, width: SIDE, align: Align::Left };
    let left = Slot { width: frame.measure - SIDE - 8.0 * MM, ..frame.full().of_names() };
    let mut y = brand(canvas, accent, &head, left, side);
    y = reached(canvas, head.seller, left, y);

    folds(canvas);
    let window = y.max(WINDOW - 7.0 * MM) + 7.0 * MM;
    let mut facts: Vec<(Fact, Style)> = Vec::new();
    facts.extend(head.facts.into_iter().map(|fact| (fact, BODY)));
    facts.extend(head.until.into_iter().chain(head.figure).map(|fact| (fact, STRONG)));
    canvas.y = window;
    return_address(canvas, head.seller, left);
    let page = canvas.pages.len();
    let (_, buyer) = head.buyer;
    let slot = Slot { width: LINE.min(left.width), ..left };
    let column = letterhead::party(canvas, None, buyer, slot);
    let below = letterhead::facts(canvas, facts, side, window);
    canvas.columns(vec![column], BODY.leading, |_| {});
    if canvas.pages.len() == page {
        canvas.y = (canvas.y.max(below) + 8.0 * MM).max(LETTER);
    } else {
        canvas.y += 8.0 * MM;
    }

    let mark = Mark::Node(canvas.node(None, letterhead::heading(1, &head.title)));
    let lines = canvas.typesetter.lines(&head.title, TITLE, frame.measure);
    canvas.flow(lines, mark);
    if let Some(state) = &head.state {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let style = Style { color: readable(accent), ..STRONG };
        let lines = canvas.typesetter.lines(state, style, frame.measure);
        canvas.flow(lines, mark);
    }
    canvas.y += 6.0 * MM;
}

/// Returns the accent if it is readable on paper, and ink otherwise.
pub fn readable(accent: Accent) -> Color {
    if accent.contrast_with_paper() >= 4.5 { accent.rgb() } else { INK }
}

/// Draws the name and the logo. Returns where they end.
fn brand(canvas: &mut Canvas, accent: Accent, head: &Head, left: Slot, side: Slot) -> f32 {
    let name = head.seller.heading();
    if let Some(image) = &head.logo {
        let is_wordmark = letterhead::is_wordmark(image);
        let (slot, most) = if is_wordmark { (left, 70.0 * MM) } else { (side, SIDE) };
        let (width, height) = letterhead::fitting(image, most, 16.0 * MM);
        let area = Area { x: slot.x, y: TOP, width, height };
        letterhead::logo(canvas, image.clone(), area, name);
        if is_wordmark {
            return TOP + height + 2.0 * MM;
        }
    }
    let mark = Mark::Node(canvas.node(None, Tag::P));
    let lines = canvas.typesetter.lines(name, NAME, left.width);
    // The last word gets the colour.
    if let ([line], Some((start, end))) = (&*lines, name.trim().rsplit_once(' '))
        && !line.is_rtl
        && !start.trim().is_empty()
    {
        let gap = NAME.size * 0.26;
        let color = readable(accent);
        let start = canvas.typesetter.line(start, NAME);
        let end = canvas.typesetter.line(end, Style { color, ..NAME });
        let x = left.x + start.width + gap;
        canvas.line(start, left, TOP, mark);
        canvas.line(end, Slot { x, ..left }, TOP, mark);
        return TOP + NAME.leading;
    }
    let mut y = TOP;
    for line in lines {
        canvas.line(line, left, y, mark);
        y += NAME.leading;
    }
    y
}

/// Draws the seller's contact details. Returns where they end.
fn reached(canvas: &mut Canvas, seller: &Party, slot: Slot, y: f32) -> f32 {
    let mark = Mark::Node(canvas.node(None, Tag::P));
    let style = Style { leading: 11.0, ..LABEL };
    let place = seller.place().join(", ");
    let contact = [seller.numbers(), seller.contact()].concat().join(" · ");
    let mut y = y + 1.0;
    for text in [seller.person().unwrap_or_default(), place, contact] {
        if !text.is_empty() {
            y = letterhead::lines(canvas, &text, style, slot, y, mark);
        }
    }
    y
}

/// Draws the sender above the recipient if it fits on one line: the post office returns letters
/// there.
fn return_address(canvas: &mut Canvas, seller: &Party, slot: Slot) {
    let address = seller.address_lines();
    if address.is_empty() {
        return;
    }
    let text = format!("{}, {}", seller.heading(), address.join(", "));
    let style = Style { size: 6.5, ..SMALL };
    let line = canvas.typesetter.line(&text, style);
    let width = line.width;
    if width > LINE {
        return;
    }
    let y = canvas.y - style.leading - 1.0;
    canvas.line(line, slot, y, Mark::Artifact(ArtifactType::Layout));
    canvas.rule(Area { x: slot.x, y: y + style.leading, width, height: 0.35 }, MUTED);
    canvas.y += 1.5;
}

/// Draws the marks for folding the sheet into thirds.
fn folds(canvas: &mut Canvas) {
    let frame = canvas.frame;
    let third = if frame.height > 800.0 { 105.0 * MM } else { frame.height / 3.0 };
    for y in [third, 2.0 * third] {
        canvas.rule(Area { x: 5.0 * MM, y, width: 4.0 * MM, height: 0.4 }, MUTED);
    }
}

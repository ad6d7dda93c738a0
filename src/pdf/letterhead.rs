//! The head of an invoice or a proposal: sender, recipient and title.

use krilla::{
    image::Image,
    tagging::{Tag, TagKind},
};

use super::{
    canvas::{
        ACCENT, Align, Area, BODY, Canvas, Column, LABEL, MARGIN, MEASURE, MUTED, Mark, Op, STRONG,
        Slot,
    },
    text::{Style, told},
};
use crate::domain::invoice::Party;
use crate::locale::{Text, t};

const TITLE: Style = Style { size: 22.0, leading: 28.0, is_bold: true, ..BODY };
const NAME: Style = Style { size: 15.0, leading: 20.0, is_bold: true, ..BODY };
const NUMBER: Style = Style { size: 11.0, leading: 16.0, color: MUTED, ..BODY };
/// 60 mm × 22 mm.
const LOGO: (f32, f32) = (170.0, 62.4);
/// The width of the title and the lines below it.
const RIGHT: f32 = 220.0;
const GAP: f32 = 14.0;

/// The title at the top right.
pub struct Title<'a> {
    pub kind: Text,
    pub number: Option<&'a str>,
    /// The status, in a few words.
    pub state: Option<String>,
}

/// A fact beside the addresses.
pub struct Fact {
    pub label: String,
    pub text: String,
    pub style: Style,
}

/// Returns the heading of a whole document, for readers that jump between headings.
pub fn heading(level: u16, title: &str) -> TagKind {
    let level = std::num::NonZeroU16::new(level).unwrap_or(std::num::NonZeroU16::MIN);
    Tag::Hn(level, Some(told(title, t("pdf-untitled")))).into()
}

/// Draws the logo or the name of the seller, and the title.
pub fn head(canvas: &mut Canvas, title: &Title, seller: &Party, logo: Option<Image>) {
    let top = canvas.y;
    let right = Slot { x: MARGIN + MEASURE - RIGHT, width: RIGHT, align: Align::Right };
    let name = seller.heading();
    let left = match logo {
        Some(image) => {
            let (width, height) = (image.size().0 as f32, image.size().1 as f32);
            let scale = (LOGO.0 / width).min(LOGO.1 / height);
            let area = Area { x: MARGIN, y: top, width: width * scale, height: height * scale };
            let alt = told(&t("pdf-logo-of").with("name", name).to_string(), t("logo"));
            let node = canvas.node(None, Tag::Figure(Some(alt)));
            canvas.put(Op::Image { image, area, mark: Mark::Node(node) });
            top + area.height
        }
        None => {
            let slot = Slot { width: MEASURE - RIGHT - GAP, ..Slot::FULL };
            let mark = Mark::Node(canvas.node(None, Tag::P));
            let mut y = top + 3.0;
            for line in canvas.typesetter.lines(name, NAME, slot.width) {
                canvas.line(line, slot, y, mark);
                y += NAME.leading;
            }
            y
        }
    };
    let kind = title.kind.to_string();
    let shown = match title.number {
        Some(number) => format!("{kind} {number}"),
        None => kind.clone(),
    };
    let mark = Mark::Node(canvas.node(None, heading(1, &shown)));
    let mut y = top;
    let state = Style { is_bold: true, color: ACCENT, size: 9.5, ..NUMBER };
    let parts =
        [(Some(kind.as_str()), TITLE), (title.number, NUMBER), (title.state.as_deref(), state)];
    for (text, style) in parts {
        let Some(text) = text else { continue };
        for line in canvas.typesetter.lines(text, style, RIGHT) {
            canvas.line(line, right, y, mark);
            y += style.leading;
        }
    }
    canvas.y = left.max(y) + 26.0;
}

/// Draws sender, recipient, and facts such as dates.
pub fn parties(canvas: &mut Canvas, from: (Text, &Party), to: (Text, &Party), facts: Vec<Fact>) {
    let wide = 178.0;
    let narrow = MEASURE - 2.0 * (wide + GAP);
    let mut columns = Vec::new();
    let mut slot = Slot { width: wide, ..Slot::FULL };
    for (label, party) in [from, to] {
        let node = canvas.node(None, Tag::P);
        let mut lines = canvas.typesetter.lines(&label.to_string(), LABEL, wide);
        lines.extend(canvas.typesetter.lines(party.heading(), STRONG, wide));
        for text in party.details() {
            lines.extend(canvas.typesetter.lines(text, BODY, wide));
        }
        columns.push(slot.column(lines, Mark::Node(node)));
        slot.x += wide + GAP;
    }
    let mut lines = Vec::new();
    for fact in facts {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let label = canvas.typesetter.lines(&fact.label, LABEL, narrow);
        let text = canvas.typesetter.lines(&fact.text, fact.style, narrow);
        lines.extend(label.into_iter().chain(text).map(|line| (line, mark)));
    }
    let slot = Slot { x: MARGIN + MEASURE - narrow, width: narrow, align: Align::Start };
    columns.push(Column { slot, lines });
    canvas.columns(columns, BODY.leading, |_| {});
    canvas.y += 24.0;
}

/// Returns a logo if its bytes look like a picture.
pub fn picture(bytes: Option<&[u8]>) -> Option<Image> {
    let bytes = bytes?;
    let is_png = bytes.starts_with(b"\x89PNG");
    let read = if is_png { Image::from_png } else { Image::from_jpeg };
    let image = read(bytes.to_vec().into(), false);
    image.ok().filter(|image| image.size().0 > 0 && image.size().1 > 0)
}

/// Draws a small label and a text below it. The label is never alone at the foot of a page.
pub fn section(canvas: &mut Canvas, label: &Text, text: &str) {
    let node = canvas.node(None, Tag::P);
    let mut lines = canvas.typesetter.lines(&label.to_string(), LABEL, MEASURE);
    let body = canvas.typesetter.lines(text.trim_end(), BODY, MEASURE);
    canvas.reserve((lines.len() + body.len().min(2)) as f32 * BODY.leading);
    lines.extend(body);
    canvas.flow(lines, Mark::Node(node));
    canvas.y += 16.0;
}

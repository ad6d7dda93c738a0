//! The head of an invoice or a proposal: parties, amount, dates.

use krilla::{
    image::Image,
    tagging::{Tag, TagKind},
};

use super::{
    canvas::{Area, BODY, Canvas, Column, LABEL, Mark, Op, STRONG, Slot},
    classic, modern,
    text::{Style, told},
};
use crate::domain::{accent::Accent, invoice::Party, paper::Template};
use crate::locale::{Text, t};

/// A label and its value.
pub struct Fact {
    pub label: Text,
    pub text: String,
}

impl Fact {
    pub fn new(label: Text, text: impl Into<String>) -> Self {
        Self { label, text: text.into() }
    }
}

/// The content of a document's head.
pub struct Head<'a> {
    /// The kind of document, with its number.
    pub title: String,
    /// The status, in a few words.
    pub state: Option<String>,
    /// The number of an invoice.
    pub number: Option<&'a str>,
    /// The amount.
    pub figure: Option<Fact>,
    /// The last day to pay or to answer.
    pub until: Option<Fact>,
    pub facts: Vec<Fact>,
    pub seller: &'a Party,
    /// The role of the buyer, and its details.
    pub buyer: (Text, &'a Party),
    pub logo: Option<Image>,
}

/// Draws the head.
pub fn head(canvas: &mut Canvas, template: Template, accent: Accent, head: Head) {
    match template {
        Template::Modern => modern::head(canvas, accent, head),
        Template::Classic => classic::head(canvas, accent, head),
    }
}

/// Returns the left margin of a template, in millimetres.
pub fn margin(template: Template) -> f32 {
    match template {
        Template::Modern => 20.0,
        Template::Classic => 25.0,
    }
}

/// Returns the heading of a whole document, for readers that jump between headings.
pub fn heading(level: u16, title: &str) -> TagKind {
    let level = std::num::NonZeroU16::new(level).unwrap_or(std::num::NonZeroU16::MIN);
    Tag::Hn(level, Some(told(title, t("pdf-untitled")))).into()
}

/// Whether a logo is so wide that it contains the name itself.
pub fn is_wordmark(image: &Image) -> bool {
    image.size().0 >= image.size().1 * 2
}

/// Returns the size of a logo within this width and height.
pub fn fitting(image: &Image, width: f32, height: f32) -> (f32, f32) {
    let (own_width, own_height) = (image.size().0 as f32, image.size().1 as f32);
    let scale = (width / own_width).min(height / own_height);
    (own_width * scale, own_height * scale)
}

/// Draws a logo.
pub fn logo(canvas: &mut Canvas, image: Image, area: Area, name: &str) {
    let alt = told(&t("pdf-logo-of").with("name", name).to_string(), t("logo"));
    let node = canvas.node(None, Tag::Figure(Some(alt)));
    canvas.put(Op::Image { image, area, mark: Mark::Node(node) });
}

/// Draws lines, one below the other. Returns where they end.
pub fn lines(
    canvas: &mut Canvas,
    text: &str,
    style: Style,
    slot: Slot,
    mut y: f32,
    mark: Mark,
) -> f32 {
    for line in canvas.typesetter.lines(text, style, slot.width) {
        canvas.line(line, slot, y, mark);
        y += style.leading;
    }
    y
}

/// Draws facts, one below the other. Returns where they end.
pub fn facts(canvas: &mut Canvas, facts: Vec<(Fact, Style)>, slot: Slot, mut y: f32) -> f32 {
    for (fact, style) in facts {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let label = Style { leading: 11.0, ..LABEL };
        y = lines(canvas, &fact.label.to_string(), label, slot, y, mark);
        y = lines(canvas, &fact.text, style, slot, y, mark) + 4.5;
    }
    y
}

/// Returns the lines of a sender or a recipient.
pub fn party(canvas: &mut Canvas, label: Option<&Text>, party: &Party, slot: Slot) -> Column {
    let node = canvas.node(None, Tag::P);
    let label = label.map(ToString::to_string);
    let mut lines = Vec::new();
    if let Some(label) = label {
        lines.extend(canvas.typesetter.lines(&label, LABEL, slot.width));
    }
    lines.extend(canvas.typesetter.lines(party.heading(), STRONG, slot.width));
    for text in party.details() {
        lines.extend(canvas.typesetter.lines(&text, BODY, slot.width));
    }
    slot.column(lines, Mark::Node(node))
}

/// Draws the footers of all pages with the seller's contact details.
pub fn footers(canvas: &mut Canvas, seller: &Party, title: &str) {
    let name = seller.heading().to_owned();
    let columns = [vec![name, seller.place().join(", ")], seller.contact(), seller.numbers()];
    let columns = columns.map(|mut texts| {
        texts.retain(|text| !text.trim().is_empty());
        texts
    });
    canvas.footers(columns, title, seller.heading());
}

/// Returns a logo if its bytes look like a picture.
pub fn picture(bytes: Option<&[u8]>) -> Option<Image> {
    let bytes = bytes?;
    let is_png = bytes.starts_with(b"\x89PNG");
    let read = if is_png { Image::from_png } else { Image::from_jpeg };
    let image = read(bytes.to_vec().into(), false);
    image.ok().filter(|image| image.size().0 > 0 && image.size().1 > 0)
}

/// Draws a small label and a text below it. The label is never alone at the bottom of a page.
pub fn section(canvas: &mut Canvas, label: &Text, text: &str) {
    let node = canvas.node(None, Tag::P);
    let width = canvas.frame.measure;
    let mut lines = canvas.typesetter.lines(&label.to_string(), LABEL, width);
    let body = canvas.typesetter.lines(text.trim_end(), BODY, width);
    canvas.reserve((lines.len() + body.len().min(2)) as f32 * BODY.leading);
    lines.extend(body);
    canvas.flow(lines, Mark::Node(node));
    canvas.y += 14.0;
}

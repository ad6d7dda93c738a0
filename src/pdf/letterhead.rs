//! What an invoice and a proposal begin with: who writes, to whom, and what it is.

use krilla::{
    image::Image,
    tagging::{Tag, TagKind},
};

use super::{
    canvas::{
        ACCENT, Align, Area, BODY, Canvas, Column, LABEL, MARGIN, MEASURE, MUTED, Mark, NodeId, Op,
        STRONG,
    },
    text::{Line, Style, Typesetter, told},
};
use crate::domain::invoice::Party;

const TITLE: Style = Style { size: 22.0, leading: 28.0, is_bold: true, ..BODY };
const NAME: Style = Style { size: 15.0, leading: 20.0, is_bold: true, ..BODY };
const NUMBER: Style = Style { size: 11.0, leading: 16.0, color: MUTED, ..BODY };
/// 60 mm × 22 mm.
const LOGO: (f32, f32) = (170.0, 62.4);
/// The title and what stands below it.
const RIGHT: f32 = 220.0;
const GAP: f32 = 14.0;

/// What stands at the top right.
pub struct Title<'a> {
    pub kind: &'a str,
    pub number: Option<&'a str>,
    /// Where it stands, in a few words.
    pub state: Option<String>,
}

/// A fact beside the addresses.
pub struct Fact {
    pub label: &'static str,
    pub text: String,
    pub style: Style,
}

/// The heading of a whole document, for readers that jump from one to the next.
pub fn heading(level: u16, title: &str) -> TagKind {
    let level = std::num::NonZeroU16::new(level).unwrap_or(std::num::NonZeroU16::MIN);
    Tag::Hn(level, Some(told(title, "Untitled"))).into()
}

/// The logo or the name of who writes, and what it is.
pub fn head(
    canvas: &mut Canvas,
    typesetter: &mut Typesetter,
    title: &Title,
    seller: &Party,
    logo: Option<Image>,
) {
    let top = canvas.y;
    let right = MARGIN + MEASURE - RIGHT;
    let left_width = MEASURE - RIGHT - GAP;
    let name = seller.heading();
    let left = match logo {
        Some(image) => {
            let (width, height) = image.size();
            let scale = (LOGO.0 / width as f32).min(LOGO.1 / height as f32);
            let area = Area {
                x: MARGIN,
                y: top,
                width: width as f32 * scale,
                height: height as f32 * scale,
            };
            let node =
                canvas.node(None, Tag::Figure(Some(told(&format!("Logo of {name}"), "Logo"))));
            canvas.put(Op::Image { image, area, mark: Mark::Node(node) });
            top + area.height
        }
        None => {
            let node = canvas.node(None, Tag::P);
            let mut y = top + 3.0;
            for line in typesetter.lines(name, NAME, left_width) {
                canvas.line(line, MARGIN, y, left_width, Align::Start, Mark::Node(node));
                y += NAME.leading;
            }
            y
        }
    };
    let shown = match title.number {
        Some(number) => format!("{} {number}", title.kind),
        None => title.kind.to_owned(),
    };
    let node = canvas.node(None, heading(1, &shown));
    let mut y = top;
    let state = Style { is_bold: true, color: ACCENT, size: 9.5, ..NUMBER };
    let parts =
        [(Some(title.kind), TITLE), (title.number, NUMBER), (title.state.as_deref(), state)];
    for (text, style) in parts {
        for line in typesetter.lines(text.unwrap_or_default(), style, RIGHT) {
            if text.is_some() {
                let leading = line.style.leading;
                canvas.line(line, right, y, RIGHT, Align::Right, Mark::Node(node));
                y += leading;
            }
        }
    }
    canvas.y = left.max(y) + 26.0;
}

/// Who writes, to whom, and facts such as days.
pub fn parties(
    canvas: &mut Canvas,
    typesetter: &mut Typesetter,
    from: (&str, &Party),
    to: (&str, &Party),
    facts: Vec<Fact>,
) {
    let wide = 178.0;
    let narrow = MEASURE - 2.0 * (wide + GAP);
    let mut columns = Vec::new();
    for (place, (label, party)) in [from, to].into_iter().enumerate() {
        let node = canvas.node(None, Tag::P);
        let mut lines = typesetter.lines(label, LABEL, wide);
        lines.extend(address(typesetter, party, wide));
        let x = MARGIN + place as f32 * (wide + GAP);
        columns.push(column(x, wide, lines, node));
    }
    let x = MARGIN + MEASURE - narrow;
    let mut lines = Vec::new();
    for fact in facts {
        let node = canvas.node(None, Tag::P);
        let label = typesetter.lines(fact.label, LABEL, narrow);
        let text = typesetter.lines(&fact.text, fact.style, narrow);
        lines.extend(label.into_iter().chain(text).map(|line| (line, Mark::Node(node))));
    }
    columns.push(Column { x, width: narrow, align: Align::Start, lines });
    canvas.columns(columns, BODY.leading, |_| {});
    canvas.y += 24.0;
}

fn column(x: f32, width: f32, lines: Vec<Line>, node: NodeId) -> Column {
    let lines = lines.into_iter().map(|line| (line, Mark::Node(node))).collect();
    Column { x, width, align: Align::Start, lines }
}

fn address(typesetter: &mut Typesetter, party: &Party, width: f32) -> Vec<Line> {
    let mut lines = typesetter.lines(party.heading(), STRONG, width);
    for text in party.details() {
        lines.extend(typesetter.lines(text, BODY, width));
    }
    lines
}

/// A logo, if its bytes look like those of a picture.
pub fn picture(bytes: Option<&[u8]>) -> Option<Image> {
    let bytes = bytes?;
    let data = bytes.to_vec().into();
    let image = if bytes.starts_with(b"\x89PNG") {
        Image::from_png(data, false)
    } else {
        Image::from_jpeg(data, false)
    };
    image.ok().filter(|image| image.size().0 > 0 && image.size().1 > 0)
}

/// A label in small letters and a text below it, the label never alone at the foot of a page.
pub fn section(canvas: &mut Canvas, typesetter: &mut Typesetter, label: &str, text: &str) {
    let node = canvas.node(None, Tag::P);
    let mut lines = typesetter.lines(label, LABEL, MEASURE);
    let body = typesetter.lines(text.trim_end(), BODY, MEASURE);
    canvas.reserve((lines.len() + body.len().min(2)) as f32 * BODY.leading);
    lines.extend(body);
    canvas.flow(lines, Mark::Node(node));
    canvas.y += 16.0;
}

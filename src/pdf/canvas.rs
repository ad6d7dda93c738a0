//! The content of pages: positions, and the structure for screen readers. Lengths are in points,
//! from the top left corner.

use krilla::{
    image::Image,
    tagging::{ArtifactType, TagKind},
};

use super::{
    font::Fonts,
    shape::Typesetter,
    text::{Color, Line, Style},
};
use crate::domain::paper::PaperSize;
use crate::locale::{Text, t};

/// Points in a millimetre.
pub const MM: f32 = 72.0 / 25.4;

pub const INK: Color = [22, 27, 25];
pub const MUTED: Color = [92, 104, 99];
pub const HAIRLINE: Color = [217, 223, 219];
/// Space above the footer.
const STRONGER: Color = [185, 194, 189];
pub const WHITE: Color = [255, 255, 255];
const PALE: Color = [234, 239, 236];

pub const BODY: Style = Style { size: 9.0, leading: 12.75, is_bold: false, color: INK };
pub const STRONG: Style = Style { is_bold: true, ..BODY };
pub const LABEL: Style = Style { size: 7.5, color: MUTED, ..BODY };
pub const SMALL: Style = Style { size: 7.0, leading: 10.2, is_bold: false, color: MUTED };

/// The size of the pages, and the part of them that text may fill.
#[derive(Clone, Copy)]
pub struct Frame {
    pub width: f32,
    pub height: f32,
    pub left: f32,
    /// The width between the margins.
    pub measure: f32,
    top: f32,
    /// Where the footer begins.
    bottom: f32,
    /// The lines of the footer.
    foot: f32,
}

impl Frame {
    /// `left` is the left margin in millimetres; the right one is 20 mm.
    pub fn new(size: PaperSize, left: f32) -> Self {
        let (width, height) = match size {
            PaperSize::A4 => (595.28, 841.89),
            PaperSize::Letter => (612.0, 792.0),
        };
        let left = left * MM;
        let foot = height - 10.0 * MM - 3.0 * SMALL.leading;
        let (measure, bottom) = (width - left - 20.0 * MM, foot - 7.0 * MM);
        Self { width, height, left, measure, top: 20.0 * MM, bottom, foot }
    }

    /// Returns the right margin.
    pub fn right(&self) -> f32 {
        self.left + self.measure
    }

    /// Returns the area between the margins.
    pub fn full(&self) -> Slot {
        Slot { x: self.left, width: self.measure, align: Align::Start }
    }

    /// Returns three columns between the margins.
    pub fn thirds(&self) -> [Slot; 3] {
        let step = self.measure * 57.5 / 170.0;
        [0.0, 1.0, 2.0].map(|place: f32| {
            let x = self.left + place * step;
            let width = if place < 2.0 { step - 5.0 * MM } else { self.right() - x };
            Slot { x, width, align: Align::Start }
        })
    }
}

/// The alignment of lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The left edge, or the right one for right-to-left lines.
    Start,
    /// The left edge, for names next to labels.
    Left,
    Right,
}

/// The area of a column of lines.
#[derive(Clone, Copy)]
pub struct Slot {
    pub x: f32,
    pub width: f32,
    pub align: Align,
}

impl Slot {
    /// Returns the same area with names at its left edge.
    pub fn of_names(self) -> Self {
        Self { align: Align::Left, ..self }
    }

    /// Returns lines in this area that share one meaning.
    pub fn column(self, lines: Vec<Line>, mark: Mark) -> Column {
        Column { slot: self, lines: lines.into_iter().map(|line| (line, mark)).collect() }
    }
}

/// Lines, one below the other.
pub struct Column {
    pub slot: Slot,
    pub lines: Vec<(Line, Mark)>,
}

/// The meaning of an element, for screen readers.
#[derive(Clone, Copy)]
pub enum Mark {
    /// Nothing: decoration or repetition.
    Artifact(ArtifactType),
    /// Part of this node.
    Node(NodeId),
}

/// A node of the document's structure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NodeId(pub usize);

/// A node of the structure with its child nodes.
pub struct Node {
    pub tag: TagKind,
    pub children: Vec<NodeId>,
}

/// A rectangle.
#[derive(Clone, Copy)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// An element of a page.
pub enum Op {
    /// Text that starts here.
    Line { x: f32, baseline: f32, line: Line, mark: Mark },
    /// Filled rectangles.
    Boxes { boxes: Vec<Area>, color: Color, mark: Mark },
    /// A picture.
    Image { image: Image, area: Area, mark: Mark },
    /// Large words across the page around a point, behind everything else.
    Stamp { line: Line, x: f32, y: f32 },
    /// An area that links to an address.
    Link { area: Area, address: String, node: NodeId },
}

/// The pages, and the current position.
pub struct Canvas<'a> {
    pub frame: Frame,
    pub typesetter: Typesetter<'a>,
    pub pages: Vec<Vec<Op>>,
    pub nodes: Vec<Node>,
    pub roots: Vec<NodeId>,
    pub y: f32,
}

impl<'a> Canvas<'a> {
    /// `is_japanese` draws Han characters in their Japanese forms.
    pub fn new(fonts: &'a Fonts, frame: Frame, is_japanese: bool) -> Self {
        Self {
            frame,
            typesetter: Typesetter::new(fonts, is_japanese),
            pages: vec![Vec::new()],
            nodes: Vec::new(),
            roots: Vec::new(),
            y: frame.top,
        }
    }

    /// Returns the drawn characters that no font has, in code point order.
    pub fn missing(&self) -> Vec<char> {
        self.typesetter.missing.iter().copied().collect()
    }

    /// Adds a node below another, or to the document itself.
    pub fn node(&mut self, parent: Option<NodeId>, tag: impl Into<TagKind>) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node { tag: tag.into(), children: Vec::new() });
        match parent.and_then(|parent| self.nodes.get_mut(parent.0)) {
            Some(parent) => parent.children.push(id),
            None => self.roots.push(id),
        }
        id
    }

    pub fn put(&mut self, op: Op) {
        if let Some(page) = self.pages.last_mut() {
            page.push(op);
        }
    }

    /// Returns the height left on the page.
    pub fn room(&self) -> f32 {
        self.frame.bottom - self.y
    }

    pub fn break_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = self.frame.top;
    }

    /// Breaks the page if less than this height is left, unless no page has that height. Returns
    /// whether it did.
    pub fn reserve(&mut self, height: f32) -> bool {
        let Frame { top, bottom, .. } = self.frame;
        let is_tight = height > self.room() && height <= bottom - top && self.y > top;
        if is_tight {
            self.break_page();
        }
        is_tight
    }

    /// Draws one line, its top at `y`.
    pub fn line(&mut self, line: Line, slot: Slot, y: f32, mark: Mark) {
        if line.runs.is_empty() {
            return;
        }
        let (x, baseline) = start(&line, slot, y);
        self.put(Op::Line { x, baseline, line, mark });
    }

    /// Draws one line whose parts mean different things: each has its own mark and colour. Returns
    /// what area each part covers.
    pub fn parts(
        &mut self,
        line: &Line,
        slot: Slot,
        y: f32,
        parts: &[(Mark, Color)],
    ) -> Vec<(usize, Area)> {
        let (mut x, baseline) = start(line, slot, y);
        let mut areas = Vec::new();
        for runs in line.runs.chunk_by(|a, b| a.look.part == b.look.part) {
            let Some(part) = runs.first().map(|run| run.look.part) else { continue };
            let Some((mark, color)) = parts.get(part).copied() else { continue };
            let width = runs.iter().map(|run| run.width).sum();
            let style = Style { color, ..line.style };
            let piece = Line { runs: runs.to_vec(), style, width, ..line.clone() };
            self.put(Op::Line { x, baseline, line: piece, mark });
            areas.push((part, Area { x, y, width, height: line.style.leading }));
            x += width;
        }
        areas
    }

    /// Draws columns side by side with the same leading, continuing on the next page.
    pub fn columns(
        &mut self,
        mut columns: Vec<Column>,
        leading: f32,
        on_break: impl Fn(&mut Self),
    ) {
        loop {
            let rows = columns.iter().map(|column| column.lines.len()).max().unwrap_or(0);
            // Add a little, since sums of heights are not exact.
            let fitting = (((self.room() + 0.01) / leading).max(0.0) as usize).min(rows);
            let top = self.y;
            // One column after the other, in reading order.
            for column in &mut columns {
                let fitting = fitting.min(column.lines.len());
                for (place, (line, mark)) in column.lines.drain(..fitting).enumerate() {
                    let y = top + place as f32 * leading;
                    self.line(line, column.slot, y, mark);
                }
            }
            self.y += fitting as f32 * leading;
            if fitting == rows {
                return;
            }
            self.break_page();
            on_break(self);
        }
    }

    /// Draws lines over the full width, leaving no single line at the bottom of a page.
    pub fn flow(&mut self, lines: Vec<Line>, mark: Mark) {
        let mut left = lines.len();
        for line in lines {
            let leading = line.style.leading;
            let needed = if left == 2 { 2.0 * leading } else { leading };
            if self.room() < needed {
                self.break_page();
            }
            self.line(line, self.frame.full(), self.y, mark);
            self.y += leading;
            left -= 1;
        }
    }

    /// Draws a thin line.
    pub fn hairline(&mut self, y: f32, x: f32, width: f32) {
        self.rule(Area { x, y, width, height: 0.5 }, HAIRLINE);
    }

    /// Draws a filled area without meaning.
    pub fn rule(&mut self, area: Area, color: Color) {
        let mark = Mark::Artifact(ArtifactType::Layout);
        self.put(Op::Boxes { boxes: vec![area], color, mark });
    }

    /// Draws a large pale word across every page.
    pub fn stamp(&mut self, word: &Text) {
        let word = &word.to_string().to_uppercase();
        let style = Style { size: 120.0, leading: 120.0, is_bold: true, color: PALE };
        let width = self.typesetter.line(word, style).width;
        let size = (style.size * 520.0 / width).min(style.size);
        let line = self.typesetter.line(word, Style { size, ..style });
        let (x, y) = (self.frame.width / 2.0, self.frame.height / 2.0);
        for page in &mut self.pages {
            page.insert(0, Op::Stamp { line: line.clone(), x, y });
        }
    }

    /// Draws the footer of every page: three columns and, if there are several pages, page numbers.
    /// Later pages have a title and an author at the top.
    pub fn footers(&mut self, columns: [Vec<String>; 3], title: &str, author: &str) {
        let mark = Mark::Artifact(ArtifactType::Footer);
        let frame = self.frame;
        let [left, _, right] = frame.thirds();
        let columns: Vec<(Slot, Vec<Line>)> = (frame.thirds().into_iter().zip(columns))
            .map(|(slot, texts)| {
                let mut lines = Vec::new();
                for text in texts {
                    lines.extend(self.typesetter.lines(&text, SMALL, slot.width));
                }
                lines.truncate(3);
                (slot.of_names(), lines)
            })
            .collect();
        let wide = Slot { width: right.x - left.x - 5.0 * MM, ..left.of_names() };
        let [title, author] = [(title, wide), (author, right.of_names())]
            .map(|(text, slot)| (self.typesetter.lines(text, SMALL, slot.width), slot));
        let pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (place, page) in pages.into_iter().enumerate() {
            // The last page is the current one.
            self.pages.push(page);
            let top = frame.foot - 3.0 * MM;
            self.rule(Area { x: frame.left, y: top, width: frame.measure, height: 0.5 }, STRONGER);
            for (slot, lines) in &columns {
                for (place, line) in lines.iter().enumerate() {
                    let y = frame.foot + place as f32 * SMALL.leading;
                    self.line(line.clone(), *slot, y, mark);
                }
            }
            if count == 1 {
                continue;
            }
            if place > 0 {
                for (lines, slot) in [&title, &author] {
                    if let Some(line) = lines.first() {
                        self.line(line.clone(), *slot, 11.0 * MM, mark);
                    }
                }
            }
            let number = t("pdf-page-of").with("page", place + 1).with("pages", count);
            let number = self.typesetter.line(&number.to_string(), SMALL);
            let slot = Slot { align: Align::Right, ..frame.full() };
            self.line(number, slot, frame.foot + 2.0 * SMALL.leading, mark);
        }
    }
}

/// Returns where a line begins, its top at `y`.
fn start(line: &Line, slot: Slot, y: f32) -> (f32, f32) {
    let is_right = match slot.align {
        Align::Start => line.is_rtl,
        Align::Left => false,
        Align::Right => true,
    };
    let room = if is_right { slot.width - line.width } else { 0.0 };
    // Capitals, 0.71 em high, are centred.
    let baseline = y + line.style.leading / 2.0 + line.style.size * 0.355;
    (slot.x + room - line.overhang, baseline)
}

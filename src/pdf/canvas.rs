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
use crate::locale::{Text, t};

/// A4, portrait.
pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
/// 20 mm.
pub const MARGIN: f32 = 56.7;
/// The width between the margins.
pub const MEASURE: f32 = WIDTH - 2.0 * MARGIN;
const TOP: f32 = 51.0;
/// Where the footer begins.
const BOTTOM: f32 = HEIGHT - 68.0;
const FOOTER: f32 = HEIGHT - 48.0;

pub const INK: Color = [17, 24, 39];
pub const MUTED: Color = [91, 99, 114];
pub const HAIRLINE: Color = [219, 223, 230];
pub const ACCENT: Color = [26, 86, 219];
const PALE: Color = [234, 237, 243];

pub const BODY: Style = Style { size: 9.5, leading: 14.0, is_bold: false, color: INK };
pub const STRONG: Style = Style { is_bold: true, ..BODY };
pub const LABEL: Style = Style { size: 8.0, color: MUTED, ..BODY };
const SMALL: Style = Style { size: 8.0, leading: 11.5, is_bold: false, color: MUTED };

/// The edge at which lines are aligned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The left edge, or the right one for right-to-left lines.
    Start,
    Right,
}

/// The place of a column of lines.
#[derive(Clone, Copy)]
pub struct Slot {
    pub x: f32,
    pub width: f32,
    pub align: Align,
}

impl Slot {
    /// Between the margins.
    pub const FULL: Self = Self { x: MARGIN, width: MEASURE, align: Align::Start };

    /// Returns lines in this place, all with one meaning.
    pub fn column(self, lines: Vec<Line>, mark: Mark) -> Column {
        Column { slot: self, lines: lines.into_iter().map(|line| (line, mark)).collect() }
    }
}

/// Lines, one below the other.
pub struct Column {
    pub slot: Slot,
    pub lines: Vec<(Line, Mark)>,
}

/// The meaning of something on a page.
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

/// A node of the structure, with the nodes below it.
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
    /// Large words across the page, behind everything.
    Stamp { line: Line },
    /// An area that links to an address.
    Link { area: Area, address: String, node: NodeId },
}

/// The pages, and the current position.
pub struct Canvas<'a> {
    pub typesetter: Typesetter<'a>,
    pub pages: Vec<Vec<Op>>,
    pub nodes: Vec<Node>,
    pub roots: Vec<NodeId>,
    pub y: f32,
}

impl<'a> Canvas<'a> {
    /// `is_japanese` draws Han characters in their Japanese forms.
    pub fn new(fonts: &'a Fonts, is_japanese: bool) -> Self {
        Self {
            typesetter: Typesetter::new(fonts, is_japanese),
            pages: vec![Vec::new()],
            nodes: Vec::new(),
            roots: Vec::new(),
            y: TOP,
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
        BOTTOM - self.y
    }

    pub fn break_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Breaks the page if less than this height is left, unless that is more than a page; returns
    /// whether it did.
    pub fn reserve(&mut self, height: f32) -> bool {
        let is_tight = height > self.room() && height <= BOTTOM - TOP && self.y > TOP;
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
        let is_right = slot.align == Align::Right || line.is_rtl;
        let indent = if is_right { slot.width - line.width - line.overhang } else { 0.0 };
        let x = slot.x + indent;
        // Capitals, 0.71 em high, are centred.
        let baseline = y + line.style.leading / 2.0 + line.style.size * 0.355;
        self.put(Op::Line { x, baseline, line, mark });
    }

    /// Draws columns side by side, with the same leading, continuing on the next page.
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

    /// Draws lines over the full width, leaving no single line at the foot of a page.
    pub fn flow(&mut self, lines: Vec<Line>, mark: Mark) {
        let mut left = lines.len();
        for line in lines {
            let leading = line.style.leading;
            let needed = if left == 2 { 2.0 * leading } else { leading };
            if self.room() < needed {
                self.break_page();
            }
            self.line(line, Slot::FULL, self.y, mark);
            self.y += leading;
            left -= 1;
        }
    }

    /// Draws a thin line.
    pub fn hairline(&mut self, y: f32, x: f32, width: f32) {
        self.put(Op::Boxes {
            boxes: vec![Area { x, y, width, height: 0.6 }],
            color: HAIRLINE,
            mark: Mark::Artifact(ArtifactType::Layout),
        });
    }

    /// Draws a large pale word across every page.
    pub fn stamp(&mut self, word: &Text) {
        let word = &word.to_string().to_uppercase();
        let style = Style { size: 120.0, leading: 120.0, is_bold: true, color: PALE };
        let width = self.typesetter.line(word, style).width;
        let size = (style.size * 520.0 / width).min(style.size);
        let line = self.typesetter.line(word, Style { size, ..style });
        for page in &mut self.pages {
            page.insert(0, Op::Stamp { line: line.clone() });
        }
    }

    /// Draws the footer of every page: the document's name and the page number.
    pub fn footers(&mut self, belongs_to: &str) {
        let mark = Mark::Artifact(ArtifactType::Footer);
        let pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (place, page) in pages.into_iter().enumerate() {
            // The last page is the current one.
            self.pages.push(page);
            let number = self.typesetter.line(
                &t("pdf-page-of").with("page", place + 1).with("pages", count).to_string(),
                SMALL,
            );
            let slot = Slot { width: MEASURE - number.width - 12.0, ..Slot::FULL };
            let name = self.typesetter.lines(belongs_to, SMALL, slot.width).into_iter().next();
            self.hairline(FOOTER - 6.0, MARGIN, MEASURE);
            if let Some(name) = name {
                self.line(name, slot, FOOTER, mark);
            }
            self.line(number, Slot { align: Align::Right, ..Slot::FULL }, FOOTER, mark);
        }
    }
}

//! Pages as they are put together: what stands where, and what it means to a reader that cannot
//! see it. Lengths are points, from the top left corner.

use krilla::{
    image::Image,
    tagging::{ArtifactType, TagKind},
};

use super::text::{Color, Line, Style, Typesetter};

/// A4, upright.
pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
/// 20 mm.
pub const MARGIN: f32 = 56.7;
/// What stands between the margins.
pub const MEASURE: f32 = WIDTH - 2.0 * MARGIN;
const TOP: f32 = 51.0;
/// Below it stands the footer.
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

/// Which edge lines stand at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The left edge, or the right one where the line is read from the right.
    Start,
    Right,
}

/// What something on a page means.
#[derive(Clone, Copy)]
pub enum Mark {
    /// Nothing: it only looks nice, or repeats what is told elsewhere.
    Artifact(ArtifactType),
    /// It is part of this node.
    Node(NodeId),
}

/// A node of the document's structure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NodeId(pub usize);

/// A node: its kind, and the nodes below it. Nodes hold nodes, or what stands on pages.
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

/// Something on a page.
pub enum Op {
    Line {
        x: f32,
        baseline: f32,
        line: Line,
        mark: Mark,
    },
    /// Filled rectangles.
    Boxes {
        boxes: Vec<Area>,
        color: Color,
        mark: Mark,
    },
    Image {
        image: Image,
        area: Area,
        mark: Mark,
    },
    /// Large words across the page, behind everything.
    Stamp {
        line: Line,
    },
    Link {
        area: Area,
        address: String,
        node: NodeId,
    },
}

/// The pages, and the place that is written at.
pub struct Canvas {
    pub pages: Vec<Vec<Op>>,
    pub nodes: Vec<Node>,
    pub roots: Vec<NodeId>,
    pub y: f32,
}

impl Canvas {
    pub fn new() -> Self {
        Self { pages: vec![Vec::new()], nodes: Vec::new(), roots: Vec::new(), y: TOP }
    }

    /// A new node below another, or of the document itself.
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

    /// How much of the page is left.
    pub fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    pub fn break_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Makes sure of so much room, on another page if need be. What is higher than a page gets
    /// none of its own.
    pub fn reserve(&mut self, height: f32) -> bool {
        let is_tight = height > self.room() && height <= BOTTOM - TOP && self.y > TOP;
        if is_tight {
            self.break_page();
        }
        is_tight
    }

    /// One line in a column, its top at `y`.
    pub fn line(&mut self, line: Line, x: f32, y: f32, width: f32, align: Align, mark: Mark) {
        let is_right = align == Align::Right || line.is_rtl;
        let x = if is_right { x + width - line.width - line.overhang } else { x };
        if line.runs.is_empty() {
            return;
        }
        // The capitals, 0.71 em high, stand in the middle.
        let baseline = y + line.style.leading / 2.0 + line.style.size * 0.355;
        self.put(Op::Line { x, baseline, line, mark });
    }

    /// Columns side by side, all of one leading, going on together on the next page.
    pub fn columns(
        &mut self,
        mut columns: Vec<Column>,
        leading: f32,
        on_break: impl Fn(&mut Self),
    ) {
        loop {
            let rows = columns.iter().map(|column| column.lines.len()).max().unwrap_or(0);
            // A hair more, since sums of heights are not exact.
            let fitting = (((self.room() + 0.01) / leading).max(0.0) as usize).min(rows);
            let top = self.y;
            // One column after the other, as they are read.
            for column in &mut columns {
                let fitting = fitting.min(column.lines.len());
                for (place, (line, mark)) in column.lines.drain(..fitting).enumerate() {
                    let y = top + place as f32 * leading;
                    self.line(line, column.x, y, column.width, column.align, mark);
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

    /// Lines over the whole measure, never one of them alone at the foot of a page.
    pub fn flow(&mut self, lines: Vec<Line>, mark: Mark) {
        let mut left = lines.len();
        for line in lines {
            let leading = line.style.leading;
            let needed = if left == 2 { 2.0 * leading } else { leading };
            if self.room() < needed {
                self.break_page();
            }
            self.line(line, MARGIN, self.y, MEASURE, Align::Start, mark);
            self.y += leading;
            left -= 1;
        }
    }

    /// A thin line over the whole measure.
    pub fn hairline(&mut self, y: f32, x: f32, width: f32) {
        self.put(Op::Boxes {
            boxes: vec![Area { x, y, width, height: 0.6 }],
            color: HAIRLINE,
            mark: Mark::Artifact(ArtifactType::Layout),
        });
    }

    /// Writes a large pale word across every page.
    pub fn stamp(&mut self, typesetter: &mut Typesetter, word: &str) {
        let style = Style { size: 120.0, leading: 120.0, is_bold: true, color: PALE };
        let mut line = typesetter.line(word, style);
        let size = (style.size * 520.0 / line.width).min(style.size);
        line = typesetter.line(word, Style { size, ..style });
        for page in &mut self.pages {
            page.insert(0, Op::Stamp { line: line.clone() });
        }
    }

    /// Writes at the foot of every page what it belongs to, and which page it is.
    pub fn footers(&mut self, typesetter: &mut Typesetter, belongs_to: &str) {
        let mark = Mark::Artifact(ArtifactType::Footer);
        let count = self.pages.len();
        for page in 0..count {
            let number = typesetter.line(&format!("Page {} of {count}", page + 1), SMALL);
            let width = MEASURE - number.width - 12.0;
            let name = typesetter.lines(belongs_to, SMALL, width).into_iter().next();
            // The page that is written on is the last one.
            let last = self.pages.len() - 1;
            self.pages.swap(page, last);
            self.hairline(FOOTER - 6.0, MARGIN, MEASURE);
            if let Some(name) = name {
                self.line(name, MARGIN, FOOTER, width, Align::Start, mark);
            }
            self.line(number, MARGIN, FOOTER, MEASURE, Align::Right, mark);
            self.pages.swap(page, last);
        }
    }
}

/// Lines below each other, each with its meaning.
pub struct Column {
    pub x: f32,
    pub width: f32,
    pub align: Align,
    pub lines: Vec<(Line, Mark)>,
}

//! Typed text with headings, lists, emphasis and links (Markdown), as the client's page shows it.

use krilla::tagging::{ArtifactType, ListNumbering, Tag, TagKind};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag as Markup, TagEnd};

use super::{
    canvas::{Align, Area, BODY, Canvas, INK, Mark, NodeId, Op, Slot},
    letterhead,
    text::{Color, Look, Rich, Style},
};
use crate::domain::text::leads_outside;

const TEXT: Style = Style { size: 9.5, leading: 14.5, ..BODY };
/// The highest headings of a text, and those below them.
const HEADINGS: [Style; 2] = [
    Style { size: 13.0, leading: 18.0, is_bold: true, ..BODY },
    Style { size: 11.0, leading: 16.0, is_bold: true, ..BODY },
];
/// How far lists and quotes stand from the edge.
const INDENT: f32 = 15.0;
/// How many nodes stand in each other at most.
const DEEPEST: usize = 30;
/// Between a bullet and its text.
const GAP: f32 = 5.0;

/// Draws a text over the full width; its links have a colour.
pub fn draw(canvas: &mut Canvas, text: &str, link: Color) {
    let events: Vec<Event> = Parser::new(text).collect();
    let mut levels: Vec<HeadingLevel> = events
        .iter()
        .filter_map(|event| match event {
            Event::Start(Markup::Heading { level, .. }) => Some(*level),
            _ => None,
        })
        .collect();
    levels.sort();
    levels.dedup();
    let mut writer = Writer::new(canvas, link, levels);
    for event in events {
        writer.write(event);
    }
    writer.finish_block();
}

/// A part of a paragraph: text, or a link with its address.
type Part = Option<String>;

struct Writer<'w, 'c> {
    canvas: &'w mut Canvas<'c>,
    link: Color,
    /// The levels of headings in use, highest first.
    levels: Vec<HeadingLevel>,
    /// The nodes that are open: lists, items, quotes.
    nodes: Vec<NodeId>,
    /// The open lists: the number of their next item, or a bullet.
    lists: Vec<Option<u64>>,
    /// How far each open list or quote stands from the one around it.
    indents: Vec<f32>,
    /// What stands before the next block, and its node.
    marker: Option<(String, NodeId)>,
    bold: usize,
    slanted: usize,
    /// The rank of the heading being read.
    heading: Option<usize>,
    lines: Vec<Rich>,
    parts: Vec<Part>,
    has_begun: bool,
}

impl<'w, 'c> Writer<'w, 'c> {
    fn new(canvas: &'w mut Canvas<'c>, link: Color, levels: Vec<HeadingLevel>) -> Self {
        Self {
            canvas,
            link,
            levels,
            nodes: Vec::new(),
            lists: Vec::new(),
            indents: Vec::new(),
            marker: None,
            bold: 0,
            slanted: 0,
            heading: None,
            lines: vec![Rich::default()],
            parts: vec![None],
            has_begun: false,
        }
    }

    fn write(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text(&text)
            }
            Event::SoftBreak | Event::HardBreak => self.lines.push(Rich::default()),
            Event::Rule => {
                self.finish_block();
                self.canvas.reserve(TEXT.leading * 2.0);
                let frame = self.canvas.frame;
                self.canvas.y += TEXT.leading * 0.8;
                self.canvas.hairline(self.canvas.y, frame.left, frame.measure);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Markup) {
        match tag {
            Markup::Emphasis => return self.slanted += 1,
            Markup::Strong => return self.bold += 1,
            Markup::Link { dest_url, .. } => {
                self.parts.push(leads_outside(&dest_url).then(|| dest_url.to_string()));
                return;
            }
            Markup::Image { .. } => return,
            _ => self.finish_block(),
        }
        match tag {
            Markup::Heading { level, .. } => {
                // Within lists and quotes they are text in bold.
                self.bold += 1;
                let rank = self.levels.iter().position(|known| *known == level);
                self.heading = rank.filter(|_| self.nodes.is_empty());
            }
            Markup::List(first) => {
                let numbering = match first {
                    Some(_) => ListNumbering::Decimal,
                    None => ListNumbering::Disc,
                };
                self.open(Tag::L(numbering));
                let widest = first.map(|first| marker_of(Some(first.saturating_add(9))));
                let width =
                    widest.map_or(0.0, |text| self.canvas.typesetter.line(&text, TEXT).width);
                self.indents.push((width + GAP).max(INDENT));
                self.lists.push(first);
            }
            Markup::Item => {
                self.open(Tag::LI);
                let item = self.nodes.last().copied();
                let label = self.canvas.node(item, Tag::Lbl);
                self.open(Tag::LBody);
                if let Some(next) = self.lists.last_mut() {
                    self.marker = Some((marker_of(*next), label));
                    *next = next.map(|number| number.saturating_add(1));
                }
            }
            Markup::BlockQuote(_) => {
                self.open(Tag::BlockQuote);
                self.indents.push(INDENT);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => return self.slanted -= 1,
            TagEnd::Strong => return self.bold -= 1,
            TagEnd::Link => return self.parts.push(None),
            TagEnd::Image => return,
            _ => self.finish_block(),
        }
        match tag {
            TagEnd::Heading(_) => {
                self.bold -= 1;
                self.heading = None;
            }
            TagEnd::List(_) => {
                self.nodes.pop();
                self.lists.pop();
                self.indents.pop();
            }
            TagEnd::Item => {
                self.nodes.truncate(self.nodes.len().saturating_sub(2));
                self.marker = None;
            }
            TagEnd::BlockQuote(_) => {
                self.nodes.pop();
                self.indents.pop();
            }
            _ => {}
        }
    }

    /// Opens a node below the open one; deeper ones than anybody writes are one.
    fn open(&mut self, tag: impl Into<TagKind>) {
        let last = self.nodes.last().copied();
        let node = match last.filter(|_| self.nodes.len() >= DEEPEST) {
            Some(last) => last,
            None => self.canvas.node(last, tag),
        };
        self.nodes.push(node);
    }

    fn text(&mut self, text: &str) {
        let look = Look {
            is_bold: self.bold > 0,
            is_slanted: self.slanted > 0,
            part: self.parts.len().saturating_sub(1),
        };
        // Blocks of code have line ends.
        for (index, text) in text.split('\n').enumerate() {
            if index > 0 {
                self.lines.push(Rich::default());
            }
            if let Some(line) = self.lines.last_mut() {
                self.canvas.typesetter.append(line, text, look);
            }
        }
    }

    /// Draws the block that was read, if it says anything.
    fn finish_block(&mut self) {
        let mut lines = std::mem::replace(&mut self.lines, vec![Rich::default()]);
        let parts = std::mem::replace(&mut self.parts, vec![None]);
        while lines.pop_if(|line| line.is_blank()).is_some() {}
        if lines.iter().all(Rich::is_blank) {
            return;
        }
        let rank = self.heading;
        let (style, tag) = match rank {
            Some(rank) => {
                let title: Vec<&str> = lines.iter().map(Rich::text).collect();
                // The title of the document and the one of the proposal stand above.
                let level = u16::try_from(rank + 3).unwrap_or(u16::MAX);
                let tag = letterhead::heading(level, &title.join(" "));
                (HEADINGS.get(rank).copied().unwrap_or(Style { is_bold: true, ..TEXT }), tag)
            }
            None => (TEXT, Tag::P.into()),
        };
        let node = self.canvas.node(self.nodes.last().copied(), tag);
        let parts = self.parts(node, &parts);

        let frame = self.canvas.frame;
        let indent = self.indents.iter().sum::<f32>().min(frame.measure / 2.0);
        let mut slot =
            Slot { x: frame.left + indent, width: frame.measure - indent, align: Align::Start };
        let typesetter = &mut self.canvas.typesetter;
        let lines: Vec<_> =
            lines.iter().flat_map(|line| typesetter.rich(line, style, slot.width)).collect();
        if lines.first().is_some_and(|line| line.is_rtl) {
            slot.x = frame.left;
        }
        if self.has_begun {
            let above = match (rank, &self.marker) {
                (Some(_), _) => 1.3,
                (None, Some(_)) => 0.3,
                (None, None) => 0.6,
            };
            self.canvas.y += TEXT.leading * above;
        }
        self.has_begun = true;
        if rank.is_some() {
            // A heading is never alone at the foot of a page.
            self.canvas.reserve(lines.len() as f32 * style.leading + 3.0 * TEXT.leading);
        }
        let count = lines.len();
        for (index, line) in lines.iter().enumerate() {
            let needed = if count - index == 2 { 2.0 * style.leading } else { style.leading };
            if self.canvas.room() < needed {
                self.canvas.break_page();
            }
            let y = self.canvas.y;
            if let Some((marker, label)) = self.marker.take() {
                let marker = self.canvas.typesetter.line(&marker, style);
                let x = match line.is_rtl {
                    true => slot.x + slot.width + GAP,
                    false => slot.x - GAP - marker.width,
                };
                let slot = Slot { x, width: marker.width, align: Align::Left };
                self.canvas.line(marker, slot, y, Mark::Node(label));
            }
            let marks: Vec<_> = parts.iter().map(|(mark, color, _)| (*mark, *color)).collect();
            for (part, area) in self.canvas.parts(line, slot, y, &marks) {
                if let Some((Mark::Node(node), color, Some(address))) = parts.get(part) {
                    let under = Area { y: y + style.leading * 0.82, height: 0.4, ..area };
                    let layout = Mark::Artifact(ArtifactType::Layout);
                    self.canvas.put(Op::Boxes { boxes: vec![under], color: *color, mark: layout });
                    self.canvas.put(Op::Link { area, address: address.clone(), node: *node });
                }
            }
            self.canvas.y += style.leading;
        }
    }

    /// Returns the mark, colour and address of each part. Where there are links, all parts have
    /// nodes of their own, which keeps them in order.
    fn parts(&mut self, block: NodeId, parts: &[Part]) -> Vec<(Mark, Color, Part)> {
        let has_links = parts.iter().any(Option::is_some);
        let mark = |part: &Part| match part {
            Some(address) => {
                let node = self.canvas.node(Some(block), Tag::Link);
                (Mark::Node(node), self.link, Some(address.clone()))
            }
            None if has_links => (Mark::Node(self.canvas.node(Some(block), Tag::Span)), INK, None),
            None => (Mark::Node(block), INK, None),
        };
        parts.iter().map(mark).collect()
    }
}

/// Returns what stands before an item.
fn marker_of(number: Option<u64>) -> String {
    number.map_or_else(|| "•".to_owned(), |number| format!("{number}."))
}

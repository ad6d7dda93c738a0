//! Writes pages as a file: PDF/A-2a for archives, and PDF/UA-1 for screen readers.

use jiff::{Timestamp, tz::TimeZone};
use krilla::{
    Document, SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::{Path, PathBuilder, Point, Rect, Size, Transform},
    metadata::{DateTime, Metadata},
    outline::{Outline, OutlineNode},
    page::{Page, PageSettings},
    paint::{Fill, Stroke},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TagGroup, TagTree},
    text::KrillaGlyph,
};

use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::{
    canvas::{Area, Canvas, Mark, NodeId, Op},
    text::{Color, Line, told},
};
use crate::domain::error::{Error, Result};
use crate::locale::t;

/// How far slanted letters lean for each point of their height.
const SLANT: f32 = 0.2;

/// The metadata of a file.
pub struct About {
    /// Stays the same however often the file is written.
    pub id: String,
    pub title: String,
    pub author: String,
    pub created: Timestamp,
}

/// The content of each node.
type Contents = Vec<Vec<Identifier>>;

/// Why the pages could not be written.
pub enum Refusal {
    /// A picture that cannot be decoded.
    Picture,
    Other(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Writes the pages to a file; the same pages give the same bytes.
pub fn write(canvas: &Canvas, about: About) -> Result<Vec<u8>, Refusal> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| internal(&error))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let mut contents: Contents = vec![Vec::new(); canvas.nodes.len()];
    for ops in &canvas.pages {
        let settings = PageSettings::from_wh(canvas.frame.width, canvas.frame.height)
            .ok_or_else(|| Error::internal("a page without a size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for op in ops {
            draw(&mut surface, op, &mut contents);
        }
        surface.finish();
        for op in ops {
            link(&mut page, op, &mut contents);
        }
        page.finish();
    }
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    for root in &canvas.roots {
        if let Some(group) = group(canvas, *root, &mut contents) {
            tree.push(group);
        }
    }
    document.set_tag_tree(tree);
    let title = told(&about.title, t("pdf-untitled"));
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(title.clone(), top));
    document.set_outline(outline);
    document.set_metadata(metadata(about, title));
    document.finish().map_err(|error| match error {
        KrillaError::Image(..) => Refusal::Picture,
        error => internal(&error).into(),
    })
}

fn internal(error: &impl std::fmt::Debug) -> Error {
    Error::internal(format!("{error:?}"))
}

fn metadata(about: About, title: String) -> Metadata {
    let at = TimeZone::UTC.to_datetime(about.created);
    // Months, days and hours are never negative.
    let part = |part: i8| part.unsigned_abs();
    let created = DateTime::new(at.year().unsigned_abs())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(title)
        .authors(vec![told(&about.author, t("pdf-unnamed"))])
        .language("en".to_owned())
        .creator("FreelanceOS".to_owned())
        .document_id(about.id)
        .creation_date(created)
}

/// Returns a node with everything below it; `None` if it has no content.
fn group(canvas: &Canvas, id: NodeId, contents: &mut Contents) -> Option<TagGroup> {
    let node = canvas.nodes.get(id.0)?;
    let mut group = TagGroup::new(node.tag.clone());
    for content in contents.get_mut(id.0).map(std::mem::take).unwrap_or_default() {
        group.push(content);
    }
    for child in &node.children {
        if let Some(child) = self::group(canvas, *child, contents) {
            group.push(child);
        }
    }
    (!group.children.is_empty()).then_some(group)
}

/// Draws an element with its mark.
fn marked(
    surface: &mut Surface,
    mark: Mark,
    contents: &mut Contents,
    tag: ContentTag,
    draw: impl FnOnce(&mut Surface),
) {
    match mark {
        Mark::Artifact(kind) => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
        }
        Mark::Node(node) => {
            let content = surface.start_tagged(tag);
            if let Some(contents) = contents.get_mut(node.0) {
                contents.push(content);
            }
        }
    }
    draw(surface);
    surface.end_tagged();
}

fn draw(surface: &mut Surface, op: &Op, contents: &mut Contents) {
    match op {
        Op::Line { x, baseline, line, mark } => {
            let tag = ContentTag::Span(SpanTag::empty());
            marked(surface, *mark, contents, tag, |surface| glyphs(surface, line, *x, *baseline));
        }
        Op::Boxes { boxes, color, mark } => {
            let Some(path) = path(boxes) else { return };
            marked(surface, *mark, contents, ContentTag::Other, |surface| {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(*color)));
                surface.draw_path(&path);
            });
        }
        Op::Image { image, area, mark } => {
            let Some(size) = Size::from_wh(area.width, area.height) else { return };
            marked(surface, *mark, contents, ContentTag::Other, |surface| {
                surface.push_transform(&Transform::from_translate(area.x, area.y));
                surface.draw_image(image.clone(), size);
                surface.pop();
            });
        }
        Op::Stamp { line, x, y } => {
            let (mark, x, y) = (Mark::Artifact(ArtifactType::Watermark), *x, *y);
            marked(surface, mark, contents, ContentTag::Other, |surface| {
                surface.push_transform(&Transform::from_rotate_at(-52.0, x, y));
                glyphs(surface, line, x - line.width / 2.0, y + line.style.size * 0.35);
                surface.pop();
            });
        }
        Op::Link { .. } => {}
    }
}

fn link(page: &mut Page, op: &Op, contents: &mut Contents) {
    let Op::Link { area, address, node } = op else { return };
    let Some(rect) = Rect::from_xywh(area.x, area.y, area.width, area.height) else { return };
    // Addresses in files are ASCII.
    let plain = utf8_percent_encode(address.trim(), CONTROLS).to_string();
    let target = Target::Action(Action::Link(LinkAction::new(plain.clone())));
    let annotation = Annotation::new_link(LinkAnnotation::new(rect, target), Some(plain));
    let content = page.add_tagged_annotation(annotation);
    if let Some(contents) = contents.get_mut(node.0) {
        contents.push(content);
    }
}

fn glyphs(surface: &mut Surface, line: &Line, x: f32, baseline: f32) {
    let style = line.style;
    let mut x = x;
    surface.set_fill(Some(fill(style.color)));
    for run in &line.runs {
        if let Some(face) = &run.face {
            let is_thick = run.look.is_bold && face.lacks_bold;
            surface.set_stroke(is_thick.then(|| Stroke {
                paint: color(style.color).into(),
                width: style.size * 0.035,
                ..Stroke::default()
            }));
            // No font is italic.
            if run.look.is_slanted {
                let slant = Transform::from_row(1.0, 0.0, -SLANT, 1.0, SLANT * baseline, 0.0);
                surface.push_transform(&slant);
            }
            let mut start = Point::from_xy(x, baseline);
            for piece in pieces(&run.glyphs) {
                let font = face.drawn.clone();
                surface.draw_glyphs(start, piece, font, &line.text, style.size, false);
                start.x += piece.iter().map(|glyph| glyph.x_advance).sum::<f32>() * style.size;
            }
            if run.look.is_slanted {
                surface.pop();
            }
        }
        x += run.width;
    }
    surface.set_stroke(None);
}

/// Splits right-to-left glyphs where several represent the same text: the writer marks a piece as
/// reversed only if each glyph has its own text.
fn pieces(glyphs: &[KrillaGlyph]) -> Vec<&[KrillaGlyph]> {
    let is_rtl = glyphs
        .first()
        .zip(glyphs.last())
        .is_some_and(|(first, last)| first.text_range.start > last.text_range.start);
    if !is_rtl {
        return vec![glyphs];
    }
    let (mut pieces, mut single) = (Vec::new(), 0..0);
    for cluster in glyphs.chunk_by(|a, b| a.text_range == b.text_range) {
        let end = single.end + cluster.len();
        if cluster.len() > 1 {
            pieces.push(&glyphs[single.clone()]);
            pieces.push(cluster);
            single.start = end;
        }
        single.end = end;
    }
    pieces.push(&glyphs[single]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn path(boxes: &[Area]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for area in boxes {
        path.push_rect(Rect::from_xywh(area.x, area.y, area.width, area.height)?);
    }
    path.finish()
}

fn fill(of: Color) -> Fill {
    Fill { paint: color(of).into(), ..Fill::default() }
}

fn color([red, green, blue]: Color) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

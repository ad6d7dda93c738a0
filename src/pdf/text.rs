//! Text layout: cleans text and breaks it into lines of glyphs, from left to right.

use std::{collections::BTreeSet, ops::Range, rc::Rc, sync::Arc};

use krilla::text::{GlyphId, KrillaGlyph};
use unicode_bidi::ParagraphBidiInfo;
use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::{
    font::{Face, Fonts},
    shape::{Item, Shaped, Typesetter},
};
use crate::locale::Text;

/// The style of text.
#[derive(Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    /// The distance between lines.
    pub leading: f32,
    pub is_bold: bool,
    pub color: Color,
}

/// Red, green, blue.
pub type Color = [u8; 3];

/// How part of a paragraph differs from the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    pub is_bold: bool,
    pub is_slanted: bool,
    /// Which part it is: a link is one of its own.
    pub part: usize,
}

/// A line of text in several looks, before it is broken.
#[derive(Debug, Default)]
pub struct Rich {
    text: String,
    /// Where each look ends.
    looks: Vec<(usize, Look)>,
}

impl Rich {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// One line of text.
#[derive(Clone)]
pub struct Line {
    /// The whole paragraph, which the glyphs refer to.
    pub text: Rc<str>,
    pub runs: Vec<Run>,
    pub style: Style,
    /// The width without trailing spaces.
    pub width: f32,
    /// How far trailing spaces extend to the left, if the line is right-to-left.
    pub overhang: f32,
    pub is_rtl: bool,
}

/// Glyphs of one font.
#[derive(Clone)]
pub struct Run {
    pub face: Option<Arc<Face>>,
    pub glyphs: Vec<KrillaGlyph>,
    pub width: f32,
    pub look: Look,
}

impl Typesetter<'_> {
    /// Cleans text, and records private characters as missing.
    fn clean(&mut self, text: &str) -> String {
        self.missing.extend(text.chars().filter(|c| is_private(*c)));
        clean(text)
    }

    /// Breaks a text into lines of a width. A word that does not fit breaks anywhere.
    pub fn lines(&mut self, text: &str, style: Style, width: f32) -> Vec<Line> {
        let text = self.clean(text);
        text.split('\n').flat_map(|text| self.paragraph(text, style, width)).collect()
    }

    /// Returns a text as one line of any length.
    pub fn line(&mut self, text: &str, style: Style) -> Line {
        let text = self.clean(text).replace('\n', " ");
        self.paragraph(&text, style, f32::INFINITY).swap_remove(0)
    }

    /// Adds text to a line.
    pub fn append(&mut self, rich: &mut Rich, text: &str, look: Look) {
        let text = self.clean(text).replace('\n', " ");
        rich.text.push_str(&text);
        rich.looks.push((rich.text.len(), look));
    }

    /// Breaks a line in several looks like [`Typesetter::lines`].
    pub fn rich(&mut self, rich: &Rich, style: Style, width: f32) -> Vec<Line> {
        self.broken(&rich.text, &rich.looks, style, width)
    }

    fn paragraph(&mut self, text: &str, style: Style, width: f32) -> Vec<Line> {
        let look = Look { is_bold: style.is_bold, ..Look::default() };
        self.broken(text, &[(text.len(), look)], style, width)
    }

    fn broken(
        &mut self,
        text: &str,
        looks: &[(usize, Look)],
        style: Style,
        width: f32,
    ) -> Vec<Line> {
        let text: Rc<str> = text.trim_end().into();
        let bidi = ParagraphBidiInfo::new(&text, None);
        let items = self.items(&text, &bidi.levels, looks);
        let whole: Vec<Shaped> = (items.iter())
            .map(|item| self.shape(&text, item, item.level, item.range.clone()))
            .collect();
        let breaks = break_lines(&text, &whole, width / style.size);
        let mut lines = Vec::with_capacity(breaks.len());
        // The whole shaped text is the line if nothing is cut or reordered.
        if breaks.len() == 1 && !bidi.has_rtl() {
            lines.push(line(&text, whole, style, false, 0..text.len()));
            return lines;
        }
        for range in breaks {
            let shaped = self.cut(&text, &items, &bidi, range.clone());
            lines.push(line(&text, shaped, style, bidi.paragraph_level.is_rtl(), range));
        }
        lines
    }

    /// Returns the glyphs of part of a paragraph, in visual order.
    fn cut(
        &mut self,
        text: &str,
        items: &[Item],
        bidi: &ParagraphBidiInfo,
        range: Range<usize>,
    ) -> Vec<Shaped> {
        let mut shaped = Vec::new();
        let (levels, runs) =
            if range.is_empty() { (Vec::new(), Vec::new()) } else { bidi.visual_runs(range) };
        for run in runs {
            let level = levels[run.start];
            let first = items.partition_point(|item| item.range.end <= run.start);
            let within = items[first..].iter().take_while(|item| item.range.start < run.end);
            let start = shaped.len();
            for item in within {
                let part = item.range.start.max(run.start)..item.range.end.min(run.end);
                shaped.push(self.shape(text, item, level, part));
            }
            if level.is_rtl() {
                shaped[start..].reverse();
            }
        }
        shaped
    }
}

/// Returns where the lines of a paragraph begin and end; `width` is in ems.
fn break_lines(text: &str, shaped: &[Shaped], width: f32) -> Vec<Range<usize>> {
    let mut allowed = linebreaks(text)
        .filter(|(_, kind)| *kind == BreakOpportunity::Allowed)
        .map(|(place, _)| place)
        .peekable();
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0.0);
    // The last place where the line may end, and the width up to there.
    let mut last: Option<(usize, f32)> = None;
    for (place, end, advance) in shaped.iter().flat_map(Shaped::clusters) {
        while allowed.next_if(|at| *at < place).is_some() {}
        if allowed.peek() == Some(&place) && place > start {
            last = Some((place, used));
        }
        // Trailing spaces may extend over the edge.
        if used + advance > width && place > start && !text[place..end].trim().is_empty() {
            let (at, reached) = last.take().unwrap_or((place, used));
            lines.push(start..at);
            start = at;
            used -= reached;
            // The rest of a long word may still be too wide.
            if used + advance > width && place > start {
                lines.push(start..place);
                start = place;
                used = 0.0;
            }
        }
        used += advance;
    }
    lines.push(start..text.len());
    lines
}

fn line(
    text: &Rc<str>,
    shaped: Vec<Shaped>,
    style: Style,
    is_rtl: bool,
    range: Range<usize>,
) -> Line {
    let visible = range.start + text[range.clone()].trim_end().len();
    let (mut width, mut overhang) = (0.0, 0.0);
    let mut runs = Vec::with_capacity(shaped.len());
    for part in shaped {
        let mut run = Run { face: part.face, glyphs: Vec::new(), width: 0.0, look: part.look };
        for glyph in part.glyphs {
            let advance = glyph.advance * style.size;
            run.width += advance;
            if glyph.range.start < visible {
                width += advance
            } else {
                overhang += advance
            }
            run.glyphs.push(KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance,
                glyph.offset.0,
                glyph.offset.1,
                0.0,
                glyph.range,
                None,
            ));
        }
        runs.push(run);
    }
    let overhang = if is_rtl { overhang } else { 0.0 };
    Line { text: text.clone(), runs, style, width, overhang, is_rtl }
}

/// Returns text for a file's metadata: one line, or `otherwise` if it is empty.
pub fn told(text: &str, otherwise: Text) -> String {
    let text = clean(text).replace('\n', " ");
    let text = text.trim();
    if text.is_empty() { otherwise.into() } else { text.to_owned() }
}

/// Returns text with one kind of line end and without unprintable characters.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let keep = |c: char| match c {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        '\n' => Some('\n'),
        c if is_private(c) => Some('\u{fffd}'),
        '\u{feff}' | '\u{fdd0}'..='\u{fdef}' => None,
        c if c.is_control() || u32::from(c) & 0xfffe == 0xfffe => None,
        c => Some(c),
    };
    text.chars().filter_map(keep).collect()
}

/// Returns the characters of these texts that no font has, in code point order.
pub fn missing(fonts: &Fonts, texts: Vec<String>) -> Vec<char> {
    let lacks = |c: &char| fonts.choose(*c, false, None).drawn != *c;
    let mut missing = BTreeSet::new();
    for text in &texts {
        missing.extend(text.chars().filter(|c| is_private(*c)));
        for line in clean(text).split('\n') {
            missing.extend(line.trim_end().chars().filter(lacks));
        }
    }
    missing.into_iter().collect()
}

/// Private characters have no shared meaning.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

//! The fonts inside the program. Each is parsed once, when it is first needed.

use std::sync::OnceLock;

use harfrust::{FontRef, ShaperData};
use krilla::text::Font;
use skrifa::{GlyphId, charmap::Charmap};

/// Latin, Greek and Cyrillic come in two weights, the other scripts in one.
const REGULAR: usize = 0;
const BOLD: usize = 1;
const OTHERS: [&[u8]; 20] = include!(concat!(env!("OUT_DIR"), "/fonts.rs"));
const COUNT: usize = 2 + OTHERS.len();

/// Stands for whatever no font has.
const BOX: char = '□';

/// A font, ready to look characters up in.
pub struct Face {
    bytes: &'static [u8],
    font: FontRef<'static>,
    charmap: Charmap<'static>,
    shaping: OnceLock<ShaperData>,
    drawing: OnceLock<Option<Font>>,
    /// Whether bold text must be made bold by drawing it thicker.
    pub lacks_bold: bool,
}

impl Face {
    fn parse(index: usize) -> Option<Self> {
        let bytes = match index {
            REGULAR => notosans::REGULAR_TTF,
            BOLD => notosans::BOLD_TTF,
            _ => OTHERS.get(index - 2)?,
        };
        let font = FontRef::new(bytes).ok()?;
        Some(Self {
            bytes,
            charmap: Charmap::new(&font),
            font,
            shaping: OnceLock::new(),
            drawing: OnceLock::new(),
            lacks_bold: index > BOLD,
        })
    }

    /// Whether it has a glyph for this character.
    pub fn has(&self, c: char) -> bool {
        self.charmap.map(c).is_some_and(|glyph| glyph != GlyphId::NOTDEF)
    }

    /// The glyph for what it cannot draw, the first of these that it has.
    pub fn missing(&self) -> u32 {
        [BOX, '◌', ' '].iter().find_map(|c| self.charmap.map(*c)).map_or(1, GlyphId::to_u32)
    }

    pub fn shaper(&self) -> harfrust::Shaper<'_> {
        let data = self.shaping.get_or_init(|| ShaperData::new(&self.font));
        data.shaper(&self.font).build()
    }

    /// The same font as the PDF writer knows it.
    pub fn drawn(&self) -> Option<Font> {
        self.drawing.get_or_init(|| Font::new(self.bytes.into(), 0)).clone()
    }
}

/// A font by its index, which [`choose`] tells.
pub fn face(index: usize) -> Option<&'static Face> {
    static FACES: [OnceLock<Option<Face>>; COUNT] = [const { OnceLock::new() }; COUNT];
    FACES.get(index)?.get_or_init(|| Face::parse(index)).as_ref()
}

/// What to draw a character with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub face: usize,
    /// The character itself, or the box that stands for it.
    pub drawn: char,
}

/// The font for a character; `before` is that of the character before it.
pub fn choose(c: char, is_bold: bool, before: Option<usize>) -> Choice {
    let first = if is_bold { BOLD } else { REGULAR };
    let has = |index: &usize| face(*index).is_some_and(|face| face.has(c));
    let found = (clings(c).then_some(before).flatten().filter(has))
        .or(Some(first).filter(has))
        .or(before.filter(has))
        .or_else(|| (2..COUNT).find(has));
    match found {
        Some(face) => Choice { face, drawn: c },
        // It shows nothing, so any font will do.
        None if is_ignorable(c) => Choice { face: before.unwrap_or(first), drawn: c },
        None => Choice { face: first, drawn: BOX },
    }
}

/// Whether a character goes with the one before it: a mark, a joiner, a space.
fn clings(c: char) -> bool {
    use unicode_script::{Script, UnicodeScript};
    c.script() == Script::Inherited || c.is_whitespace() || is_ignorable(c)
}

/// Characters that have an effect on others and no look of their own.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

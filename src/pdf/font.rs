//! The fonts of documents: built-in ones first, then those of a folder.
//!
//! A font's characters are known without opening it. It is unpacked and parsed when text needs it;
//! small fonts then stay in memory, large ones only while a document uses them.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};

use harfrust::{FontRef, ShaperData};
use krilla::text::Font;
use rust_embed::Embed;
use skrifa::MetadataProvider;

use crate::domain::error::{Error, Result};

/// Latin, Greek and Cyrillic come in two weights, the other scripts in one.
const REGULAR: usize = 0;
const BOLD: usize = 1;

/// The built-in compressed fonts. A debug build reads them from disk.
#[derive(Embed)]
#[folder = "assets/fonts"]
struct Packed;

/// The list written by `assets/fonts/fetch`: a line per font, in the order in which glyphs are
/// searched.
const LIST: &str = include_str!("../../assets/fonts/fonts.tsv");

/// The size in bytes up to which a font stays in memory after use.
const KEPT_MAX: usize = 512 << 10;
/// The maximum size of a font file in the folder, in bytes.
const FILE_MAX: u64 = 64 << 20;

/// Replaces characters that no font has.
const BOX: char = '□';

/// A font, ready for shaping and drawing.
pub struct Face {
    bytes: Arc<Vec<u8>>,
    shaping: ShaperData,
    /// The same font in the PDF writer's form.
    pub drawn: Font,
    /// Whether bold text must be drawn thicker.
    pub lacks_bold: bool,
    /// The glyph for characters that the font lacks.
    pub missing: u32,
}

impl Face {
    fn parse(bytes: Vec<u8>, lacks_bold: bool) -> Option<Self> {
        let bytes = Arc::new(bytes);
        let font = FontRef::new(&bytes).ok()?;
        let charmap = font.charmap();
        let missing = [BOX, '◌', ' '].iter().find_map(|c| charmap.map(*c));
        let missing = missing.map_or(1, |glyph| glyph.to_u32());
        let shaping = ShaperData::new(&font);
        let drawn = Font::new(Arc::clone(&bytes).into(), 0)?;
        Some(Self { bytes, shaping, drawn, lacks_bold, missing })
    }

    /// Calls `use_it` with the font's shaper.
    pub fn shape<T>(&self, use_it: impl FnOnce(&harfrust::Shaper) -> T) -> Option<T> {
        let font = FontRef::new(&self.bytes).ok()?;
        Some(use_it(&self.shaping.shaper(&font).build()))
    }
}

/// The location of a font's bytes.
enum Source {
    /// In the program, under this name.
    Packed(&'static str),
    File(PathBuf),
}

impl Source {
    fn read(&self) -> io::Result<Vec<u8>> {
        let name = match self {
            Self::File(path) => return fs::read(path),
            Self::Packed(name) => name,
        };
        let packed = Packed::get(&format!("{name}.zst")).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        ruzstd::decoding::StreamingDecoder::new(&*packed.data)
            .map_err(io::Error::other)?
            .read_to_end(&mut bytes)?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }
}

struct Slot {
    source: Source,
    /// The first and last code points of the ranges it has, in order.
    ranges: Vec<(u32, u32)>,
    /// The font, once read. It is dropped with the last document that needs it.
    used: Mutex<Weak<Face>>,
    /// A small font stays in memory.
    kept: OnceLock<Arc<Face>>,
}

impl Slot {
    fn new(source: Source, ranges: Vec<(u32, u32)>) -> Self {
        Self { source, ranges, used: Mutex::default(), kept: OnceLock::new() }
    }

    fn has(&self, c: char) -> bool {
        let c = u32::from(c);
        let next = self.ranges.partition_point(|(first, _)| *first <= c);
        next.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|(_, last)| c <= *last)
    }
}

/// The fonts, by their indices.
pub struct Fonts(Vec<Slot>);

impl Default for Fonts {
    /// The fonts inside the program.
    fn default() -> Self {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        let slots = lines.filter_map(|line| {
            let (name, facts) = line.split_once('\t')?;
            let (_, characters) = facts.rsplit_once('\t')?;
            let ranges = characters.split(' ').filter_map(range).collect();
            Some(Slot::new(Source::Packed(name), ranges))
        });
        Self(slots.collect())
    }
}

/// `a` or `a-z`, in hexadecimal.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((u32::from_str_radix(first, 16).ok()?, u32::from_str_radix(last, 16).ok()?))
}

impl Fonts {
    /// Adds the TrueType and OpenType files of a folder, in name order, and returns the unusable
    /// ones. A missing folder adds nothing.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn add_folder(&mut self, folder: &Path) -> Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::internal)?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::internal)?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if extension.is_some_and(|of| ["otf", "ttf"].contains(&&*of.to_ascii_lowercase())) {
                paths.push(path);
            }
        }
        paths.sort();
        let mut unusable = Vec::new();
        for path in paths {
            match characters(&path) {
                Some(ranges) => self.0.push(Slot::new(Source::File(path), ranges)),
                None => unusable.push(path),
            }
        }
        Ok(unusable)
    }

    /// Returns a font by its index from [`Fonts::choose`].
    pub fn face(&self, index: usize) -> Option<Arc<Face>> {
        let slot = self.0.get(index)?;
        // Held while the font is unpacked, so that others wait for it and share it.
        let mut used = slot.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(face) = used.upgrade() {
            return Some(face);
        }
        let face = Arc::new(Face::parse(slot.source.read().ok()?, index > BOLD)?);
        *used = Arc::downgrade(&face);
        if face.bytes.len() <= KEPT_MAX {
            slot.kept.get_or_init(|| Arc::clone(&face));
        }
        Some(face)
    }

    /// Returns the font for a character; `before` is the font of the previous character.
    pub fn choose(&self, c: char, is_bold: bool, before: Option<usize>) -> Choice {
        let first = if is_bold { BOLD } else { REGULAR };
        let has = |index: &usize| self.0.get(*index).is_some_and(|slot| slot.has(c));
        let found = (clings(c).then_some(before).flatten().filter(has))
            .or(Some(first).filter(has))
            .or(before.filter(has))
            .or_else(|| (2..self.0.len()).find(has));
        match found {
            Some(face) => Choice { face, drawn: c },
            // It is invisible, so any font will do.
            None if is_ignorable(c) => Choice { face: before.unwrap_or(first), drawn: c },
            None => Choice { face: first, drawn: BOX },
        }
    }
}

/// Returns the characters of a font file; `None` if it is unusable.
fn characters(path: &Path) -> Option<Vec<(u32, u32)>> {
    if fs::metadata(path).ok()?.len() > FILE_MAX {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let font = FontRef::new(&bytes).ok()?;
    let mut codes: Vec<u32> = font.charmap().mappings().map(|(code, _)| code).collect();
    codes.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some((_, last)) if code <= *last + 1 => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    Face::parse(bytes, true).is_some_and(|_| !ranges.is_empty()).then_some(ranges)
}

/// How to draw a character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub face: usize,
    /// The character itself, or the box that replaces it.
    pub drawn: char,
}

/// Whether a character belongs to the previous one: a mark, a joiner, a space.
fn clings(c: char) -> bool {
    use unicode_script::{Script, UnicodeScript};
    c.script() == Script::Inherited || c.is_whitespace() || is_ignorable(c)
}

/// Whether a character only affects others and is itself invisible.
pub fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

//! Shapes characters into glyphs, in pieces of one font, script and direction.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    ops::Range,
    sync::Arc,
};

use harfrust::{BufferFlags, Direction, Language, Script, ShapePlan, Tag, UnicodeBuffer};
use unicode_bidi::Level;
use unicode_script::UnicodeScript;

use super::{
    font::{self, Face, Fonts},
    text::Look,
};

/// A piece of text that is shaped as a whole.
#[derive(Clone)]
pub struct Item {
    pub range: Range<usize>,
    pub face: usize,
    pub level: Level,
    script: Script,
    look: Look,
}

/// A shaped piece of text.
pub struct Shaped {
    /// `None` if its file has disappeared meanwhile.
    pub face: Option<Arc<Face>>,
    /// From left to right.
    pub glyphs: Vec<Glyph>,
    pub look: Look,
    is_rtl: bool,
}

/// A glyph; lengths are in ems.
pub struct Glyph {
    pub id: u32,
    /// The text it represents, together with its neighbours of the same range.
    pub range: Range<usize>,
    pub advance: f32,
    pub offset: (f32, f32),
}

impl Shaped {
    /// Returns the start, end and width of each indivisible cluster, in reading order.
    pub fn clusters(&self) -> Vec<(usize, usize, f32)> {
        let mut clusters: Vec<(usize, usize, f32)> = Vec::with_capacity(self.glyphs.len());
        for glyph in &self.glyphs {
            match clusters.last_mut() {
                Some(last) if last.0 == glyph.range.start => last.2 += glyph.advance,
                _ => clusters.push((glyph.range.start, glyph.range.end, glyph.advance)),
            }
        }
        if self.is_rtl {
            clusters.reverse();
        }
        clusters
    }
}

/// Shapes text; caches the fonts it uses and the plans, which are costly to make.
pub struct Typesetter<'a> {
    fonts: &'a Fonts,
    faces: HashMap<usize, Arc<Face>>,
    plans: HashMap<(usize, Script, bool), ShapePlan>,
    buffer: Option<UnicodeBuffer>,
    /// The language that chooses between forms of one character.
    language: Option<Language>,
    /// The shaped characters that no font has.
    pub missing: BTreeSet<char>,
    /// Whether kana occurred, which only Japanese uses.
    pub has_kana: bool,
}

impl<'a> Typesetter<'a> {
    /// `is_japanese` draws Han characters in their Japanese forms.
    pub fn new(fonts: &'a Fonts, is_japanese: bool) -> Self {
        Self {
            fonts,
            faces: HashMap::new(),
            plans: HashMap::new(),
            buffer: None,
            language: if is_japanese { "ja".parse().ok() } else { None },
            missing: BTreeSet::new(),
            has_kana: false,
        }
    }

    fn face(&mut self, index: usize) -> Option<Arc<Face>> {
        if let Entry::Vacant(place) = self.faces.entry(index) {
            place.insert(self.fonts.face(index)?);
        }
        self.faces.get(&index).cloned()
    }

    /// Splits a paragraph into pieces with one font, script, level and look. `looks` says where
    /// each look ends.
    pub fn items(&mut self, text: &str, levels: &[Level], looks: &[(usize, Look)]) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        let mut before = None;
        for ((place, c), level) in text.char_indices().map(|at| (at, levels[at.0])) {
            let look = looks.partition_point(|(end, _)| *end <= place);
            let look = looks.get(look).map_or_else(Look::default, |(_, look)| *look);
            let choice = self.fonts.choose(c, look.is_bold, before);
            if choice.drawn != c {
                self.missing.insert(c);
            }
            let face = choice.face;
            before = Some(face);
            let script = script(c);
            use harfrust::script::{HIRAGANA, KATAKANA};
            self.has_kana |= [HIRAGANA, KATAKANA].contains(&script);
            let end = place + c.len_utf8();
            match items.last_mut() {
                Some(last)
                    if last.face == face
                        && last.level == level
                        && last.look == look
                        && (is_neutral(script)
                            || is_neutral(last.script)
                            || last.script == script) =>
                {
                    last.range.end = end;
                    if is_neutral(last.script) {
                        last.script = script;
                    }
                }
                _ => items.push(Item { range: place..end, face, level, script, look }),
            }
        }
        items
    }

    /// Shapes part of an item. At the end of a line, `level` may differ from the item's.
    pub fn shape(&mut self, text: &str, item: &Item, level: Level, range: Range<usize>) -> Shaped {
        let is_rtl = level.is_rtl();
        let face = self.face(item.face);
        let nothing = Shaped { face: face.clone(), glyphs: Vec::new(), look: item.look, is_rtl };
        let Some(face) = face else {
            self.missing.extend(text[range].chars());
            return nothing;
        };
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES);
        for (place, c) in text[range.clone()].char_indices() {
            let drawn = self.fonts.choose(c, item.look.is_bold, Some(item.face)).drawn;
            // No text is longer than 4 GiB.
            buffer.add(drawn, (range.start + place) as u32);
        }
        let direction = if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight };
        buffer.set_direction(direction);
        buffer.set_script(item.script);
        let key = (item.face, item.script, is_rtl);
        let shaped = face.shape(|shaper| {
            let (script, language) = (Some(item.script), self.language.as_ref());
            let plan = || ShapePlan::new(shaper, direction, script, language, &[]);
            let plan = self.plans.entry(key).or_insert_with(plan);
            (shaper.shape_with_plan(plan, buffer, &[]), shaper.units_per_em() as f32)
        });
        let Some((shaped, em)) = shaped else { return nothing };

        let mut starts: Vec<usize> =
            shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        // Characters removed at the front belong to the first glyph.
        if let Some(first) = starts.first_mut() {
            *first = range.start;
        }
        let glyphs = (shaped.glyph_infos().iter().zip(shaped.glyph_positions()))
            .map(|(info, position)| {
                let next = starts.partition_point(|start| *start <= info.cluster as usize);
                let end = starts.get(next).copied().unwrap_or(range.end);
                let start = next.checked_sub(1).and_then(|at| starts.get(at).copied());
                let range = start.unwrap_or(range.start)..end;
                let mut id = info.glyph_id;
                if id == 0 {
                    id = face.missing;
                    let visible = text[range.clone()].chars().filter(|c| !font::is_ignorable(*c));
                    self.missing.extend(visible);
                }
                Glyph {
                    id,
                    range,
                    advance: position.x_advance as f32 / em,
                    offset: (position.x_offset as f32 / em, position.y_offset as f32 / em),
                }
            })
            .collect();
        self.buffer = Some(shaped.clear());
        Shaped { glyphs, ..nothing }
    }
}

fn script(c: char) -> Script {
    let tag = Tag::from_be_bytes(c.script().as_iso15924_tag().to_be_bytes());
    Script::from_iso15924_tag(tag).unwrap_or(harfrust::script::COMMON)
}

/// Whether characters of this script combine with any other script.
fn is_neutral(script: Script) -> bool {
    use harfrust::script::{COMMON, INHERITED, UNKNOWN};
    [COMMON, INHERITED, UNKNOWN].contains(&script)
}

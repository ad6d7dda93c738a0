//! A table that may span pages.

use krilla::tagging::{ArtifactType, TableHeaderScope, Tag};

use super::{
    canvas::{Align, Area, BODY, Canvas, INK, LABEL, MM, Mark, Slot},
    shape::Typesetter,
    text::{Line, Style},
};

const HEADER: Style = Style { leading: 11.0, ..LABEL };
/// Space between columns.
const GAP: f32 = 6.0 * MM;
/// Space above and below the text of a row.
const PADDING: f32 = 2.2 * MM;
/// Space below the header.
const UNDER: f32 = 1.6 * MM;
/// The maximum width of a number column; longer numbers break.
const NUMBERS_MAX: f32 = 128.0;

/// A table with one text column and number columns, `N` in all.
pub struct Table<const N: usize> {
    pub header: [String; N],
    pub rows: Vec<[String; N]>,
}

/// A column of numbers aligned at their decimals.
#[derive(Clone, Copy)]
struct Decimals {
    /// The largest number of decimals in the column.
    most: usize,
    point: f32,
    digit: f32,
}

impl Decimals {
    /// Returns the distance of a number from the end of the column.
    fn indent(self, number: &str) -> f32 {
        match (self.most, decimals(number)) {
            (0, _) => 0.0,
            (most, 0) => self.point + most as f32 * self.digit,
            (most, own) => (most - own) as f32 * self.digit,
        }
    }
}

fn decimals(number: &str) -> usize {
    number.rsplit_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// The area of a column.
struct Place {
    slot: Slot,
    /// `None` if the column holds text, or numbers too long for it.
    decimals: Option<Decimals>,
}

impl<const N: usize> Table<N> {
    /// Draws the table. `after` is the height that must fit below the last row.
    pub fn draw(self, canvas: &mut Canvas, after: f32) {
        let places = self.places(canvas);
        let typesetter = &mut canvas.typesetter;
        let header = cells(typesetter, &self.header, &places, HEADER);
        let rows = self.rows.iter().map(|row| cells(typesetter, row, &places, BODY));
        let rows: Vec<_> = rows.collect();
        let row_height = |row: &Vec<Vec<Line>>| height(row, BODY.leading) + 2.0 * PADDING;
        let above = height(&header, HEADER.leading) + UNDER;
        let first = rows.first().map_or(0.0, row_height);
        canvas.reserve(above + first + if rows.len() < 2 { after } else { 0.0 });

        let table = canvas.node(None, Tag::Table);
        let head = canvas.node(Some(table), Tag::THead);
        let line = canvas.node(Some(head), Tag::TR);
        let marks = places
            .iter()
            .map(|_| Mark::Node(canvas.node(Some(line), Tag::TH(TableHeaderScope::Column))))
            .collect();
        draw_header(canvas, &header, &places, marks);
        let again = |canvas: &mut Canvas| {
            let marks = vec![Mark::Artifact(ArtifactType::PaginationOther); N];
            draw_header(canvas, &header, &places, marks);
        };
        let body = canvas.node(Some(table), Tag::TBody);
        let count = rows.len();
        for (place, (row, texts)) in rows.into_iter().zip(&self.rows).enumerate() {
            let below = if place + 1 == count { after } else { 0.0 };
            if canvas.reserve(row_height(&row) + below) {
                again(canvas);
            }
            let line = canvas.node(Some(body), Tag::TR);
            let columns = (places.iter().zip(row).zip(texts))
                .map(|((place, lines), text)| {
                    let indent = place.decimals.map_or(0.0, |decimals| decimals.indent(text));
                    let slot = Slot { width: place.slot.width - indent, ..place.slot };
                    slot.column(lines, Mark::Node(canvas.node(Some(line), Tag::TD)))
                })
                .collect();
            canvas.y += PADDING;
            canvas.columns(columns, BODY.leading, again);
            canvas.y += PADDING;
            canvas.hairline(canvas.y, canvas.frame.left, canvas.frame.measure);
        }
    }

    /// Number columns are as wide as their longest number; the text column gets the rest.
    fn places(&self, canvas: &mut Canvas) -> Vec<Place> {
        let frame = canvas.frame;
        let typesetter = &mut canvas.typesetter;
        let [point, digit] = [".", "0"].map(|text| typesetter.line(text, BODY).width);
        let mut right = frame.right();
        let mut places = Vec::with_capacity(N);
        for column in (1..N).rev() {
            let most = self.rows.iter().map(|row| decimals(&row[column])).max().unwrap_or(0);
            let decimals = Decimals { most, point, digit };
            let (mut width, mut aligned) = (0.0_f32, 0.0_f32);
            for row in &self.rows {
                let own = typesetter.line(&row[column], BODY).width;
                width = width.max(own);
                aligned = aligned.max(own + decimals.indent(&row[column]));
            }
            let fits = aligned <= NUMBERS_MAX;
            let numbers = if fits { aligned } else { width.min(NUMBERS_MAX) };
            let header = typesetter.line(&self.header[column], HEADER).width;
            // Add a little, so that rounding breaks no line.
            let width = numbers.max(header).max(36.0) + 0.1;
            let slot = Slot { x: right - width, width, align: Align::Right };
            places.push(Place { slot, decimals: fits.then_some(decimals) });
            right -= width + GAP;
        }
        let slot = Slot { x: frame.left, width: right - frame.left, align: Align::Start };
        places.push(Place { slot, decimals: None });
        places.reverse();
        places
    }
}

fn cells<const N: usize>(
    typesetter: &mut Typesetter,
    row: &[String; N],
    places: &[Place],
    style: Style,
) -> Vec<Vec<Line>> {
    let cells = row.iter().zip(places);
    cells.map(|(text, place)| typesetter.lines(text, style, place.slot.width)).collect()
}

fn height(row: &[Vec<Line>], leading: f32) -> f32 {
    row.iter().map(Vec::len).max().unwrap_or(0) as f32 * leading
}

fn draw_header(canvas: &mut Canvas, header: &[Vec<Line>], places: &[Place], marks: Vec<Mark>) {
    let columns = (header.iter().zip(places).zip(marks))
        .map(|((lines, place), mark)| place.slot.column(lines.clone(), mark))
        .collect();
    canvas.columns(columns, HEADER.leading, |_| {});
    canvas.y += UNDER;
    let (x, width) = (canvas.frame.left, canvas.frame.measure);
    canvas.rule(Area { x, y: canvas.y, width, height: 0.7 }, INK);
}

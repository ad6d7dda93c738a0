//! A table that may span pages.

use krilla::tagging::{ArtifactType, TableHeaderScope, Tag};

use super::{
    canvas::{Align, BODY, Canvas, LABEL, MARGIN, MEASURE, Mark, Slot},
    shape::Typesetter,
    text::{Line, Style},
};

const HEADER: Style = Style { is_bold: true, leading: 12.0, ..LABEL };
/// Between columns.
const GAP: f32 = 14.0;
/// Above and below the text of a row.
const PADDING: f32 = 4.5;
/// The maximum width of a number column; longer numbers break.
const NUMBERS_MAX: f32 = 128.0;

/// A table with one text column and `N` number columns.
pub struct Table<const N: usize> {
    pub header: [String; N],
    pub rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// Draws the table. `after` is the height that must fit below the last row.
    pub fn draw(self, canvas: &mut Canvas, after: f32) {
        let slots = self.slots(&mut canvas.typesetter);
        let mut set = |row, style| cells(&mut canvas.typesetter, row, &slots, style);
        let header = set(&self.header, HEADER);
        let rows: Vec<_> = self.rows.iter().map(|row| set(row, BODY)).collect();
        let row_height = |row: &Vec<Vec<Line>>| height(row, BODY.leading) + 2.0 * PADDING;
        let above = height(&header, HEADER.leading) + PADDING;
        let first = rows.first().map_or(0.0, row_height);
        canvas.reserve(above + first + if rows.len() < 2 { after } else { 0.0 });

        let table = canvas.node(None, Tag::Table);
        let head = canvas.node(Some(table), Tag::THead);
        let line = canvas.node(Some(head), Tag::TR);
        let marks = slots
            .iter()
            .map(|_| Mark::Node(canvas.node(Some(line), Tag::TH(TableHeaderScope::Column))))
            .collect();
        draw_header(canvas, &header, &slots, marks);
        let again = |canvas: &mut Canvas| {
            let marks = vec![Mark::Artifact(ArtifactType::PaginationOther); N];
            draw_header(canvas, &header, &slots, marks);
        };
        let body = canvas.node(Some(table), Tag::TBody);
        let count = rows.len();
        for (place, row) in rows.into_iter().enumerate() {
            let below = if place + 1 == count { after } else { 0.0 };
            if canvas.reserve(row_height(&row) + below) {
                again(canvas);
            }
            let line = canvas.node(Some(body), Tag::TR);
            let columns = (slots.iter().zip(row))
                .map(|(slot, lines)| {
                    slot.column(lines, Mark::Node(canvas.node(Some(line), Tag::TD)))
                })
                .collect();
            canvas.y += PADDING;
            canvas.columns(columns, BODY.leading, again);
            canvas.y += PADDING;
            canvas.hairline(canvas.y, MARGIN, MEASURE);
        }
    }

    /// Number columns are as wide as their longest number; the text gets the rest.
    fn slots(&self, typesetter: &mut Typesetter) -> Vec<Slot> {
        let mut right = MARGIN + MEASURE;
        let mut slots = Vec::with_capacity(N);
        for column in (1..N).rev() {
            let mut width = typesetter.line(&self.header[column], HEADER).width.max(44.0);
            for row in &self.rows {
                width = width.max(typesetter.line(&row[column], BODY).width);
            }
            // Add a little, so that rounding breaks no line.
            let width = width.min(NUMBERS_MAX) + 0.1;
            slots.push(Slot { x: right - width, width, align: Align::Right });
            right -= width + GAP;
        }
        slots.push(Slot { x: MARGIN, width: right - MARGIN, align: Align::Start });
        slots.reverse();
        slots
    }
}

fn cells<const N: usize>(
    typesetter: &mut Typesetter,
    row: &[String; N],
    slots: &[Slot],
    style: Style,
) -> Vec<Vec<Line>> {
    row.iter().zip(slots).map(|(text, slot)| typesetter.lines(text, style, slot.width)).collect()
}

fn height(row: &[Vec<Line>], leading: f32) -> f32 {
    row.iter().map(Vec::len).max().unwrap_or(0) as f32 * leading
}

fn draw_header(canvas: &mut Canvas, header: &[Vec<Line>], slots: &[Slot], marks: Vec<Mark>) {
    let columns = (header.iter().zip(slots).zip(marks))
        .map(|((lines, slot), mark)| slot.column(lines.clone(), mark))
        .collect();
    canvas.columns(columns, HEADER.leading, |_| {});
    canvas.y += PADDING;
    canvas.hairline(canvas.y, MARGIN, MEASURE);
}

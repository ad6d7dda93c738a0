//! QR codes as squares.

use krilla::tagging::Tag;
use qrcodegen::{QrCode, QrCodeEcc};

use super::canvas::{Area, Canvas, INK, MM, Mark, Op};

/// 26 mm.
pub const SIDE: f32 = 26.0 * MM;

/// Returns a text as a QR code; `None` if it is too long.
pub fn encode(text: &str) -> Option<QrCode> {
    QrCode::encode_text(text, QrCodeEcc::Medium).ok()
}

/// Draws a QR code.
pub fn draw(canvas: &mut Canvas, code: &QrCode, alt: &str, x: f32, y: f32) {
    let module = SIDE / code.size() as f32;
    let mut boxes = Vec::new();
    for row in 0..code.size() {
        let mut column = 0;
        while column < code.size() {
            // Merge neighbours into one box, so that readers see no gaps.
            let length = (column..code.size()).take_while(|at| code.get_module(*at, row)).count();
            if length > 0 {
                boxes.push(Area {
                    x: x + column as f32 * module,
                    y: y + row as f32 * module,
                    width: length as f32 * module,
                    height: module,
                });
            }
            column += length as i32 + 1;
        }
    }
    let node = canvas.node(None, Tag::Figure(Some(alt.to_owned())));
    canvas.put(Op::Boxes { boxes, color: INK, mark: Mark::Node(node) });
}

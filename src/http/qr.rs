//! QR codes as images.

use base64::{Engine, engine::general_purpose::STANDARD};
use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::domain::error::{Error, Result};

/// Pixels per side of a module.
const SCALE: usize = 6;
/// White modules around the code; readers need them to find it.
const QUIET: usize = 4;

/// Returns the QR code of a text as PNG, ready for the `src` of an image.
pub fn data_url(text: &str) -> Result<String> {
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png(text)?)))
}

fn png(text: &str) -> Result<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let modules = code.size() + 2 * QUIET as i32;
    let side = modules as usize * SCALE;
    let mut pixels = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..modules {
        // One bit per pixel, 0 is black; bits past the end of a row are ignored.
        let mut row = vec![0xff_u8; side.div_ceil(8)];
        for x in 0..side {
            let module = (x / SCALE) as i32 - QUIET as i32;
            if code.get_module(module, y - QUIET as i32) {
                row[x / 8] &= !(0x80 >> (x % 8));
            }
        }
        (0..SCALE).for_each(|_| pixels.extend_from_slice(&row));
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(Compression::High);
    // Most rows repeat the previous one.
    encoder.set_filter(Filter::Up);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&pixels).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(file)
}

//! Converts uploaded pictures into the stored form: resized, upright, and without metadata.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Pixel, Rgba,
    RgbaImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, FilterType},
    metadata::Orientation,
};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::whole::is_whole;
use crate::domain::{
    error::{Error, Result},
    image::{FILE_MIB_MAX, ImagePurpose, MEGAPIXELS_MAX},
    rule::Rule,
};

const JPEG_QUALITY: u8 = 82;
/// The maximum size of a decoded picture in bytes: four per pixel.
const DECODED_MAX: u64 = 4 * MEGAPIXELS_MAX * 1_000_000;

/// The field under which a bad picture is reported.
const FIELD: &str = "image";

fn refused(rule: Rule) -> Error {
    Error::field(FIELD, rule)
}

/// A picture ready to be stored.
pub struct Encoded {
    pub content_type: &'static str,
    pub width: u32,
    pub height: u32,
    pub content: Vec<u8>,
}

/// Returns the number of pixels a file declares; refuses one that is too large or not a picture.
/// Very cheap.
pub fn check(bytes: &[u8]) -> Result<u64> {
    if bytes.is_empty() {
        return Err(refused(Rule::Required));
    }
    if bytes.len() > FILE_MIB_MAX << 20 {
        return Err(refused(Rule::FileTooLarge { mib: FILE_MIB_MAX }));
    }
    let decoder = decoder(bytes)?;
    if !is_whole(bytes) {
        return Err(refused(Rule::BrokenPicture));
    }
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MEGAPIXELS_MAX * 1_000_000 || decoder.total_bytes() > DECODED_MAX {
        return Err(refused(Rule::TooManyPixels { megapixels: MEGAPIXELS_MAX }));
    }
    Ok(pixels)
}

/// Encodes a checked picture for storage.
pub fn encode(bytes: &[u8], purpose: ImagePurpose) -> Result<Encoded> {
    let mut decoder = decoder(bytes)?;
    // A file with broken EXIF data is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or_default();
    let (width, height) = decoder.dimensions();
    let is_turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let turned = |(width, height)| if is_turned { (height, width) } else { (width, height) };
    let decoded = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    let size = turned(target(turned((width, height)), purpose));
    // Rotate last, while the picture is small.
    let mut image = shrunk(decoded, size);
    if let Some(profile) = profile {
        bring_to_srgb(&mut image, &profile);
    }
    let mut image = DynamicImage::ImageRgba8(image);
    image.apply_orientation(orientation);
    if purpose == ImagePurpose::Avatar {
        image = square(&image);
    }
    write(image.into_rgba8(), purpose)
}

fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_> {
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(Error::internal)?;
    let known = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(refused(Rule::Picture));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * DECODED_MAX);
    reader.limits(limits);
    reader.into_decoder().map_err(unreadable)
}

fn unreadable(error: ImageError) -> Error {
    refused(Rule::BrokenPicture).caused_by(error)
}

/// Returns the target size of a picture, never larger than its own.
fn target((width, height): (u32, u32), purpose: ImagePurpose) -> (u32, u32) {
    let (wide, high) = match purpose {
        ImagePurpose::Logo => (600, 300),
        ImagePurpose::Avatar => (400, 400),
        ImagePurpose::Portfolio => (1600, 1200),
    };
    let by_width = f64::from(wide) / f64::from(width.max(1));
    let by_height = f64::from(high) / f64::from(height.max(1));
    let scale = match purpose {
        // The excess is cropped.
        ImagePurpose::Avatar => by_width.max(by_height),
        ImagePurpose::Logo | ImagePurpose::Portfolio => by_width.min(by_height),
    };
    let scaled = |side: u32| ((f64::from(side) * scale.min(1.0)).round() as u32).max(1);
    (scaled(width), scaled(height))
}

/// Returns the picture in that size.
fn shrunk(image: DynamicImage, (width, height): (u32, u32)) -> RgbaImage {
    if (image.width(), image.height()) == (width, height) {
        return image.into_rgba8();
    }
    let has_alpha = image.color().has_alpha();
    // Otherwise the invisible colour of transparent pixels would bleed into their neighbours.
    let image = if has_alpha {
        let mut image = image.into_rgba8();
        image.pixels_mut().for_each(premultiply);
        DynamicImage::ImageRgba8(image)
    } else {
        image
    };
    // A fine filter works on floats, so first bring a large picture close to its size.
    let image = if u64::from(image.width()) > 3 * u64::from(width) {
        image.thumbnail_exact(2 * width, 2 * height)
    } else {
        image
    };
    let mut image = imageops::resize(&image.into_rgba8(), width, height, FilterType::CatmullRom);
    if has_alpha {
        image.pixels_mut().for_each(unmultiply);
    }
    image
}

/// Multiplies a pixel's colour by its alpha.
fn premultiply(pixel: &mut Rgba<u8>) {
    let [.., alpha] = pixel.0;
    let weighed = |colour: u8| (u16::from(colour) * u16::from(alpha) + 127) / 255;
    // A product of two bytes over 255 is a byte.
    pixel.apply_without_alpha(|colour| weighed(colour) as u8);
}

/// Reverts [`premultiply`].
fn unmultiply(pixel: &mut Rgba<u8>) {
    let [.., alpha] = pixel.0;
    let alpha = u16::from(alpha);
    let plain = |colour: u8| match alpha {
        0 => 0,
        // The filter may have overshot the range.
        alpha => (u16::from(colour).min(alpha) * 255 + alpha / 2) / alpha,
    };
    pixel.apply_without_alpha(|colour| plain(colour) as u8);
}

/// Converts colours from another space, such as Display P3, to sRGB, the default without a profile.
/// An unusable profile changes nothing.
fn bring_to_srgb(image: &mut RgbaImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options)
    else {
        return;
    };
    let mut converted = vec![0; image.as_raw().len()];
    if transform.transform(image.as_raw(), &mut converted).is_ok() {
        image.copy_from_slice(&converted);
    }
}

/// Returns the central square of a picture.
fn square(image: &DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    image.crop_imm((width - side) / 2, (height - side) / 2, side, side)
}

/// Writes a PNG if the picture is a logo or has transparency, else a JPEG.
fn write(image: RgbaImage, purpose: ImagePurpose) -> Result<Encoded> {
    let (width, height) = image.dimensions();
    let is_opaque = image.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let image = DynamicImage::ImageRgba8(image);
    let image = if is_opaque { image.into_rgb8().into() } else { image };
    let mut content = Vec::new();
    let (written, content_type) = if is_opaque && purpose != ImagePurpose::Logo {
        let encoder = JpegEncoder::new_with_quality(&mut content, JPEG_QUALITY);
        (image.write_with_encoder(encoder), "image/jpeg")
    } else {
        (image.write_to(&mut Cursor::new(&mut content), ImageFormat::Png), "image/png")
    };
    written.map_err(Error::internal)?;
    Ok(Encoded { content_type, width, height, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_scaled_to_fit_and_never_enlarged() {
        for (size, purpose, expected) in [
            ((4000, 3000), ImagePurpose::Portfolio, (1600, 1200)),
            ((3000, 4000), ImagePurpose::Portfolio, (900, 1200)),
            ((800, 600), ImagePurpose::Portfolio, (800, 600)),
            ((1200, 1200), ImagePurpose::Logo, (300, 300)),
            ((6000, 1), ImagePurpose::Logo, (600, 1)),
            ((1000, 500), ImagePurpose::Avatar, (800, 400)),
            ((300, 900), ImagePurpose::Avatar, (300, 900)),
        ] {
            assert_eq!(target(size, purpose), expected, "{size:?} as {purpose:?}");
        }
    }
}

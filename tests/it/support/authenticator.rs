//! An authenticator app: scans QR codes, and computes codes by RFC 6238 independently.

use std::{collections::HashMap, io::Cursor};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use png::{BitDepth, ColorType};
use rqrr::PreparedImage;
use sha1::Sha1;

/// One account in the app's list.
pub struct Authenticator {
    pub uri: String,
    /// The label in the list.
    pub label: String,
    pub parameters: HashMap<String, String>,
    pub secret: Vec<u8>,
}

impl Authenticator {
    /// Scans the QR code in the `src` of an image.
    #[track_caller]
    pub fn scan(data_url: &str) -> Self {
        Self::read(scan(data_url))
    }

    #[track_caller]
    fn read(uri: String) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let rest = uri.strip_prefix("otpauth://totp/").unwrap_or_else(|| panic!("{uri}"));
        let (label, query) = rest.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let parameters: HashMap<String, String> =
            pairs.map(|(name, value)| (decode(name), decode(value))).collect();
        Self { label: decode(label), secret: base32(&parameters["secret"]), parameters, uri }
    }

    /// The code for a number of steps after this instant.
    pub fn code(&self, at: Timestamp, steps: i64) -> String {
        code(&self.secret, u64::try_from(at.as_second() / 30 + steps).unwrap())
    }

    /// A six-digit code that is wrong at all steps around this instant.
    pub fn wrong_code(&self, at: Timestamp) -> String {
        let shown: Vec<String> = (-3..=3).map(|steps| self.code(at, steps)).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

/// Reads the QR code in the `src` of an image.
#[track_caller]
pub fn scan(data_url: &str) -> String {
    let (width, height, pixels) = picture(data_url);
    let grey = |x, y| if is_white(&pixels, width, x, y) { 255 } else { 0 };
    let mut image = PreparedImage::prepare_from_greyscale(width, height, grey);
    let codes = image.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

/// Width, height and packed bits of a black-and-white PNG.
#[track_caller]
pub fn picture(data_url: &str) -> (usize, usize, Vec<u8>) {
    let data = data_url.strip_prefix("data:image/png;base64,").unwrap();
    let decoder = png::Decoder::new(Cursor::new(STANDARD.decode(data).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (ColorType::Grayscale, BitDepth::One));
    (info.width as usize, info.height as usize, pixels)
}

pub fn is_white(pixels: &[u8], width: usize, x: usize, y: usize) -> bool {
    pixels[y * width.div_ceil(8) + x / 8] & (0x80 >> (x % 8)) != 0
}

fn code(secret: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0xf);
    let number = hash[offset..offset + 4].iter().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut rest) = (Vec::new(), 0, 0_u32);
    for letter in text.bytes() {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter);
        rest = rest << 5 | u32::try_from(digit.unwrap()).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((rest >> bits) as u8);
            rest &= (1 << bits) - 1;
        }
    }
    bytes
}

#[test]
fn codes_match_rfc_6238() {
    let secret = base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(secret, b"12345678901234567890");
    for (second, shown) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
        assert_eq!(code(&secret, second / 30), shown);
    }
}

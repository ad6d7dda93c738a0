//! Uploaded pictures: checked, decoded, and encoded again for display.

#![no_main]

use freelanceos::{app::image::encode, domain::image::ImagePurpose};
use libfuzzer_sys::fuzz_target;

/// Larger pictures are valid too but take long.
const PIXELS: u64 = 256 * 256;

fuzz_target!(|data: &[u8]| {
    let Ok(pixels) = encode::check(data) else { return };
    if pixels > PIXELS {
        return;
    }
    for purpose in [ImagePurpose::Avatar, ImagePurpose::Logo] {
        if let Ok(made) = encode::encode(data, purpose) {
            assert!(encode::check(&made.content).is_ok(), "what is kept can be read");
            assert!(made.width > 0 && made.height > 0);
        }
    }
});

//! The colour of a freelancer's documents and client pages.

use std::fmt;

use serde_json::Value;

use crate::domain::{
    input::{Scalar, Shape},
    rule::Rule,
};

/// A colour, written as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

impl Accent {
    /// The colour of FreelanceOS, used until another is chosen.
    pub const PINE: Self = Self([0x0b, 0x5c, 0x46]);

    /// Parses six hexadecimal digits, with or without a `#` before them.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Returns red, green and blue as shares of 1.
    pub fn rgb(self) -> [u8; 3] {
        self.0
    }

    /// Returns the six digits.
    pub fn digits(self) -> String {
        let [red, green, blue] = self.0;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    /// Returns the colour of text on it: white or black, whichever has more contrast.
    pub fn on(self) -> &'static str {
        if self.takes_black() { "#000" } else { "#fff" }
    }

    /// Whether black text has more contrast than white text.
    pub fn takes_black(self) -> bool {
        self.contrast_with(0.0) > self.contrast_with(1.0)
    }

    /// Returns its contrast with the text on it, from 4.58 to 21 (WCAG 2).
    pub fn contrast(self) -> f64 {
        self.contrast_with(0.0).max(self.contrast_with(1.0))
    }

    /// Returns its contrast with white, from 1 to 21.
    pub fn contrast_with_paper(self) -> f64 {
        self.contrast_with(1.0)
    }

    fn contrast_with(self, luminance: f64) -> f64 {
        let own = self.luminance();
        (own.max(luminance) + 0.05) / (own.min(luminance) + 0.05)
    }

    /// Returns its relative luminance, from 0 to 1 (WCAG 2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|share| {
            let share = f64::from(share) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl Default for Accent {
    fn default() -> Self {
        Self::PINE
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "#{}", self.digits())
    }
}

impl Scalar for Accent {
    type Value = Self;
    const SHAPE: Shape = Shape::Text { min: 6, max: 7 };

    fn parse(value: &Value) -> Result<Self, Rule> {
        value.as_str().and_then(Self::parse).ok_or(Rule::Color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accent(text: &str) -> Accent {
        Accent::parse(text).unwrap()
    }

    #[test]
    fn only_six_hexadecimal_digits_are_a_colour() {
        assert_eq!(accent(" #B5411C ").to_string(), "#b5411c");
        assert_eq!(accent("0b5c46"), Accent::PINE);
        for text in
            ["", "#", "#fff", "#b5411", "#b5411cc", "##5411c", "#b5411g", "+12345", "ünicod"]
        {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_on_a_colour_has_the_better_contrast() {
        for (color, on, contrast) in [
            ("#000000", "#fff", "21.00"),
            ("#ffffff", "#000", "21.00"),
            ("#0b5c46", "#fff", "7.97"),
            ("#b5411c", "#fff", "5.62"),
            ("#f0b429", "#000", "11.27"),
            ("#767676", "#000", "4.62"),
            ("#757575", "#fff", "4.61"),
        ] {
            let color = accent(color);
            assert_eq!((color.on(), format!("{:.2}", color.contrast()).as_str()), (on, contrast));
        }
    }

    #[test]
    fn black_or_white_text_is_always_readable() {
        let shades = (0..=255).flat_map(|shade| [[shade; 3], [shade, 0, 0], [0, shade, 0]]);
        let least = shades.map(|shade| Accent(shade).contrast()).fold(f64::MAX, f64::min);
        assert!(least >= 4.5, "{least}");
    }
}

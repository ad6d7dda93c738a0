//! Unprintable characters: their names, and the refusal of documents that use them.

use crate::{
    domain::error::{Error, Result},
    locale::t,
};

/// The maximum number of characters to name.
const NAMED_MAX: usize = 10;

/// Names up to ten of the characters so that the user can find them: `“𒀀” (U+12000), U+E000`.
pub fn named(characters: &[char]) -> String {
    let name = |c: &char| {
        let code = u32::from(*c);
        let is_private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
        // Printed alone, it would be invisible or misleading.
        if is_private || c.is_control() || c.is_whitespace() {
            format!("U+{code:04X}")
        } else {
            format!("“{c}” (U+{code:04X})")
        }
    };
    let names: Vec<String> = characters.iter().take(NAMED_MAX).map(name).collect();
    match characters.len().saturating_sub(NAMED_MAX) {
        0 => names.join(", "),
        more => {
            t("characters-and-more").with("characters", names.join(", ")).count("more", more).into()
        }
    }
}

/// # Errors
///
/// A conflict that names the characters, if there are any.
pub fn refuse(characters: &[char]) -> Result<()> {
    if characters.is_empty() {
        return Ok(());
    }
    Err(Error::conflict("error-characters-unprintable").with("characters", named(characters)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_named_with_their_code_points() {
        assert_eq!(named(&['𒀀', '\u{e001}']), "“𒀀” (U+12000), U+E001");
        let many: Vec<char> = ('\u{13000}'..='\u{1300c}').collect();
        let said = named(&many);
        assert!(said.ends_with("“\u{13009}” (U+13009) and 3 more"), "{said}");
        assert!(refuse(&[]).is_ok());
    }
}

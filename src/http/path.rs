//! Request paths.

/// Whether a path is text once its `%XX` are decoded; the router fails on others.
pub fn is_text(path: &str) -> bool {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decodes_to_text_is_text() {
        for path in ["/", "/clients/%E0%B6%B1", "/%", "/%2", "/%zz", "/a%00b", "/100%25"] {
            assert!(is_text(path), "{path}");
        }
        for path in ["/%ff", "/%E0%B6", "/a%C3/b", "/%80"] {
            assert!(!is_text(path), "{path}");
        }
    }
}

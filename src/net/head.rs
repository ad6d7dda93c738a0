//! Scans request heads as they arrive: hyper keeps one body length even if several were sent.

/// Length of the longest relevant header name.
const NAME_MAX: usize = 17;

/// The head that is being received.
#[derive(Debug, Default)]
pub struct HeadScan {
    /// The line so far, while it may still be one of those names.
    name: [u8; NAME_MAX],
    length: usize,
    is_in_value: bool,
    lengths: usize,
    has_begun: bool,
    is_over: bool,
}

impl HeadScan {
    /// Scans the next bytes.
    pub fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_over {
                return;
            }
            match byte {
                b'\r' => {}
                b'\n' => {
                    // Line breaks may precede the first line.
                    self.is_over = self.has_begun && self.length == 0;
                    self.has_begun |= self.length > 0;
                    (self.length, self.is_in_value) = (0, false);
                }
                b':' if !self.is_in_value => {
                    let name = self.name.get(..self.length).unwrap_or_default();
                    let is_length = name == b"content-length" || name == b"transfer-encoding";
                    self.lengths += usize::from(is_length);
                    (self.length, self.is_in_value) = (self.length + 1, true);
                }
                _ => {
                    if let Some(place) = self.name.get_mut(self.length) {
                        *place = byte.to_ascii_lowercase();
                    }
                    self.length = self.length.saturating_add(1);
                }
            }
        }
    }

    /// Returns whether the head gives the body length more than once.
    pub fn has_two_lengths(&self) -> bool {
        self.lengths > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_two(head: &str) -> bool {
        // In one piece, then byte by byte.
        let mut all = HeadScan::default();
        all.read(head.as_bytes());
        let mut each = HeadScan::default();
        head.as_bytes().iter().for_each(|byte| each.read(&[*byte]));
        assert_eq!(all.has_two_lengths(), each.has_two_lengths(), "{head:?}");
        all.has_two_lengths()
    }

    #[test]
    fn duplicate_lengths_are_only_detected_in_the_head() {
        let post = "POST /a:b HTTP/1.1\r\nHost: a\r\n";
        for (lines, expected) in [
            ("Content-Length: 5\r\n\r\n", false),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", true),
            ("TRANSFER-ENCODING:chunked\nX: y\ncontent-length:5\n\n", true),
            ("Content-Length: 5\r\nContent-Length: 5\r\n\r\n", true),
            ("Content-Length: 5\r\n\r\nContent-Length: 5\r\n\r\n", false),
            ("Content-Length: 5\r\nX: Transfer-Encoding: chunked\r\n\r\n", false),
            ("Content-Length: 5\r\nX-Content-Length: 5\r\n\r\n", false),
        ] {
            assert_eq!(has_two(&format!("{post}{lines}")), expected, "{lines:?}");
            assert_eq!(has_two(&format!("\r\n\r\n{post}{lines}")), expected, "{lines:?}");
        }
    }
}

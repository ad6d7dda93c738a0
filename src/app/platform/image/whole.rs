//! Detects truncated picture files: decoders fill in what an upload has lost.

/// Returns whether a PNG, JPEG or WebP file has all its parts up to the end marker.
pub fn is_whole(bytes: &[u8]) -> bool {
    let end = match bytes {
        [0x89, b'P', b'N', b'G', ..] => png(bytes),
        [0xff, 0xd8, ..] => jpeg(bytes),
        _ => webp(bytes),
    };
    end.is_some()
}

/// Walks the chunks: length, name, content, checksum.
fn png(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (head, more) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, name @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        rest = more.get(length.checked_add(4)?..)?;
        if name == *b"IEND" {
            return Some(());
        }
    }
}

/// Walks the segments, and the data after some of them, to the end marker.
fn jpeg(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(2..)?;
    loop {
        // Anything that is not a marker is data; so is a first marker byte followed by zero.
        let at = rest.windows(2).position(|two| two[0] == 0xff && !matches!(two[1], 0 | 0xff))?;
        let marker = *rest.get(at + 1)?;
        rest = rest.get(at + 2..)?;
        match marker {
            0xd9 => return Some(()),
            // These have no content.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let (length, _) = rest.split_first_chunk::<2>()?;
                rest = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
            }
        }
    }
}

/// The header gives the length of the rest.
fn webp(bytes: &[u8]) -> Option<()> {
    let (length, rest) = bytes.get(4..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (rest.len() >= length).then_some(())
}

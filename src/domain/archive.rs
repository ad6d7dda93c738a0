//! ZIP archives of files that are compressed already.

use flate2::Crc;

use crate::domain::error::{Error, Result};

/// The version of the format: files, UTF-8 names.
const VERSION: u16 = 20;
const NAMES_ARE_UTF8: u16 = 1 << 11;
/// 1 January 1980, the first day that the format knows.
const DAY: u16 = 1 << 5 | 1;

/// An archive in progress.
#[derive(Debug, Default)]
pub struct Archive {
    files: Vec<u8>,
    /// The table of contents.
    contents: Vec<u8>,
    entries: u16,
}

impl Archive {
    /// Adds a file.
    ///
    /// # Errors
    ///
    /// The archive becomes larger than the format allows.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let start = size(self.files.len())?;
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut about = Vec::new();
        for number in [VERSION, NAMES_ARE_UTF8, 0, 0, DAY] {
            about.extend(number.to_le_bytes());
        }
        for number in [crc.sum(), size(bytes.len())?, size(bytes.len())?] {
            about.extend(number.to_le_bytes());
        }
        about.extend(u16::try_from(name.len()).map_err(Error::internal)?.to_le_bytes());
        // No extra fields.
        about.extend([0; 2]);

        self.files.extend(b"PK\x03\x04");
        self.files.extend(&about);
        self.files.extend(name.as_bytes());
        self.files.extend(bytes);

        self.contents.extend(b"PK\x01\x02");
        self.contents.extend(VERSION.to_le_bytes());
        self.contents.extend(&about);
        // No comment, the first disk, no attributes.
        self.contents.extend([0; 10]);
        self.contents.extend(start.to_le_bytes());
        self.contents.extend(name.as_bytes());
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    /// Returns the archive.
    ///
    /// # Errors
    ///
    /// It is larger than the format allows.
    pub fn finish(self) -> Result<Vec<u8>> {
        let Self { files, contents, entries } = self;
        let (start, length) = (size(files.len())?, size(contents.len())?);
        let mut archive = files;
        archive.extend(contents);
        archive.extend(b"PK\x05\x06");
        // This disk, and the one that the table begins on.
        archive.extend([0; 4]);
        for _ in 0..2 {
            archive.extend(entries.to_le_bytes());
        }
        archive.extend(length.to_le_bytes());
        archive.extend(start.to_le_bytes());
        // No comment.
        archive.extend([0; 2]);
        Ok(archive)
    }
}

fn size(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| too_large())
}

fn too_large() -> Error {
    Error::conflict("error-archive-too-large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_its_files_and_a_table_of_them() {
        let mut archive = Archive::default();
        archive.add("a.txt", b"hello").unwrap();
        archive.add("é.txt", b"").unwrap();
        let bytes = archive.finish().unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // As other programs read it.
        let expected = [
            "504b03041400000800000000210086a61036050000000500000005000000612e74787468656c6c6f",
            "504b03041400000800000000210000000000000000000000000006000000c3a92e747874504b0102",
            "14001400000800000000210086a61036050000000500000005000000000000000000000000000000",
            "0000612e747874504b01021400140000080000000021000000000000000000000000000600000000",
            "00000000000000000028000000c3a92e747874504b05060000000002000200670000004c00000000",
            "00",
        ];
        assert_eq!(hex, expected.concat());
    }
}

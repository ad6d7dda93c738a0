//! PDF files of documents.

use std::fmt;

use jiff::civil::Date;

/// A PDF with its file name.
#[derive(Clone, PartialEq, Eq)]
pub struct PdfFile {
    /// Contains only letters, digits, dots and hyphens.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl PdfFile {
    /// `INV-2026-001.pdf`: the number of an invoice or a credit note. Other characters become
    /// hyphens.
    pub fn of_number(number: &str, bytes: Vec<u8>) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = number.chars().map(plain).collect();
        Self { name: format!("{}.pdf", name.trim_matches('-')), bytes }
    }

    /// `receipt-INV-2026-001.pdf`.
    pub fn of_receipt(number: &str, bytes: Vec<u8>) -> Self {
        Self::of_number(&format!("receipt-{number}"), bytes)
    }

    /// `statement-2026-01-01-2026-12-31.pdf`: its first and last day.
    pub fn of_statement(from: Date, to: Date, bytes: Vec<u8>) -> Self {
        Self::of_number(&format!("statement-{from}-{to}"), bytes)
    }

    /// `proposal-website-redesign.pdf`: the title in characters that every file system accepts.
    pub fn of_proposal(title: &str, bytes: Vec<u8>) -> Self {
        Self { name: Self::name_of_proposal(title), bytes }
    }

    pub fn name_of_proposal(title: &str) -> String {
        let words = title.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
        let name = ["proposal".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join("-");
        format!("{name}.pdf")
    }
}

impl fmt::Debug for PdfFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfFile")
            .field("name", &self.name)
            .field("length", &self.bytes.len())
            .finish()
    }
}

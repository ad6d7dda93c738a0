//! PDF files: invoices and proposals to store or print.

use std::fmt;

/// A PDF with its file name.
#[derive(Clone, PartialEq, Eq)]
pub struct PdfFile {
    /// Contains only letters, digits, dots and hyphens.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl PdfFile {
    /// `INV-2026-001.pdf`; what a number has of other characters becomes a hyphen.
    pub fn of_invoice(number: &str, bytes: Vec<u8>) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = number.chars().map(plain).collect();
        Self { name: format!("{}.pdf", name.trim_matches('-')), bytes }
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

//! Layout and paper size of documents.

use crate::domain::{text, word::words};

words! {
    /// The layout of invoices as PDF.
    #[derive(Default)]
    Template {
        /// A letter that uses little ink.
        #[default]
        Classic "classic",
        /// With a band in the accent colour.
        Modern "modern",
    }
}

words! {
    /// The chosen paper size.
    #[derive(Default)]
    Paper {
        /// The usual size in the client's country.
        #[default]
        ByCountry "country",
        A4 "a4",
        Letter "letter",
    }
}

/// The size of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperSize {
    A4,
    Letter,
}

/// The countries that use US Letter (according to CLDR), by code and by common names. The names are
/// folded.
const LETTER: &[&str] = &[
    "bz",
    "belize",
    "ca",
    "can",
    "canada",
    "cl",
    "chl",
    "chile",
    "co",
    "col",
    "colombia",
    "cr",
    "costa rica",
    "gt",
    "guatemala",
    "mx",
    "mex",
    "mexico",
    "ni",
    "nicaragua",
    "pa",
    "panama",
    "ph",
    "phl",
    "philippines",
    "the philippines",
    "pr",
    "puerto rico",
    "sv",
    "el salvador",
    "us",
    "usa",
    "united states",
    "united states of america",
    "the united states",
    "america",
    "ve",
    "venezuela",
];

impl Paper {
    /// Returns the size for a client in this country.
    pub fn size(self, country: Option<&str>) -> PaperSize {
        match self {
            Self::A4 => PaperSize::A4,
            Self::Letter => PaperSize::Letter,
            Self::ByCountry => {
                let country = text::search_key(country.unwrap_or_default()).replace('.', "");
                let is_letter = LETTER.contains(&country.trim());
                if is_letter { PaperSize::Letter } else { PaperSize::A4 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_country_decides_unless_a_size_is_chosen() {
        let letter = ["US", "U.S.A.", " united states ", "Canada", "México", "Panamá", "ph"];
        for country in letter {
            assert_eq!(Paper::ByCountry.size(Some(country)), PaperSize::Letter, "{country}");
            assert_eq!(Paper::A4.size(Some(country)), PaperSize::A4);
        }
        for country in [None, Some(""), Some("Nigeria"), Some("Germany"), Some("South America")] {
            assert_eq!(Paper::ByCountry.size(country), PaperSize::A4, "{country:?}");
            assert_eq!(Paper::Letter.size(country), PaperSize::Letter);
        }
    }
}

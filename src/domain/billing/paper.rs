//! Layout and paper size of documents.

use crate::domain::{country::Country, word::words};

words! {
    /// The layout of invoice PDFs.
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

/// The countries that use US Letter (according to CLDR).
const LETTER: &[&str] =
    &["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"];

impl Paper {
    /// Returns the size for a client in this country.
    pub fn size(self, country: Option<Country>) -> PaperSize {
        match self {
            Self::A4 => PaperSize::A4,
            Self::Letter => PaperSize::Letter,
            Self::ByCountry => {
                let is_letter = country.is_some_and(|country| LETTER.contains(&country.code()));
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
        for name in letter {
            let country = Country::named(name);
            assert_eq!(Paper::ByCountry.size(country), PaperSize::Letter, "{name}");
            assert_eq!(Paper::A4.size(country), PaperSize::A4);
        }
        for name in ["", "Nigeria", "Germany", "South America"] {
            let country = Country::named(name);
            assert_eq!(Paper::ByCountry.size(country), PaperSize::A4, "{name}");
            assert_eq!(Paper::Letter.size(country), PaperSize::Letter);
        }
    }
}

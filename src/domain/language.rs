//! The languages of documents and pages.

use crate::domain::word::words;

words! {
    /// A language that a client reads.
    Language {
        English "en",
        French "fr",
        Spanish "es",
        Portuguese "pt",
        German "de",
        Arabic "ar",
    }
}

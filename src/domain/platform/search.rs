//! The search over everything.

use crate::domain::{
    input::{OrDefault, input},
    text::Search,
};

input! {
    /// The input of a search.
    #[derive(Debug, Clone, Default)]
    pub new Query;

    /// Text to find in the names of clients, projects and proposals and in the numbers of invoices.
    text "q": OrDefault<Search>,
}

//! One search over everything.

use crate::domain::{
    input::{OrDefault, input},
    text::Search,
};

input! {
    /// What is looked for.
    #[derive(Debug, Clone, Default)]
    pub new Query;

    /// Looked for in the names of clients, projects and proposals and in the numbers of invoices.
    text "q": OrDefault<Search>,
}

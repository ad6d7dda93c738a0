//! Tabs above a list, one for each status.

use askama::{Template, filters::HtmlSafe};
use poem::Request;

use crate::{
    locale::Text,
    web::{fields::Fields, pager},
};

/// The tabs of a list.
#[derive(Default, Template)]
#[template(path = "pages/parts/tabs.html")]
pub struct Tabs {
    tabs: Vec<Tab>,
    /// Whether the tabs have sums, which need space.
    has_sums: bool,
}

impl HtmlSafe for Tabs {}

/// One tab.
struct Tab {
    label: Text,
    href: String,
    is_current: bool,
    entries: u64,
    sum: Option<String>,
    is_late: bool,
}

impl Tabs {
    /// Adds a tab of the requested list, which keeps its other parameters. An empty status stands
    /// for all entries.
    #[must_use]
    pub fn with(mut self, request: &Request, status: &str, label: Text, entries: u64) -> Self {
        let asked = (!status.is_empty()).then_some(("status", status));
        self.tabs.push(Tab {
            label,
            href: pager::link(request, &["page", "status"], asked),
            is_current: Fields::of_query(request).get("status") == status,
            entries,
            sum: None,
            is_late: false,
        });
        self
    }

    /// Adds the sum of the last tab's entries, and whether they are late.
    #[must_use]
    pub fn with_sum(mut self, sum: Option<String>, is_late: bool) -> Self {
        self.has_sums = true;
        if let Some(tab) = self.tabs.last_mut() {
            (tab.sum, tab.is_late) = (sum, is_late);
        }
        self
    }
}

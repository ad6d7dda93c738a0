//! The frame of a signed-in reader's pages: position, navigation, notices.

use crate::{
    app::page_context::PageContext,
    locale::{Text, t},
    web::cookie::Notice,
};

/// The parts of the web app, as its navigation names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Dashboard,
    Clients,
    Projects,
    Proposals,
    Invoices,
    Messages,
    Profile,
    Settings,
}

/// Each part with its address and its name, in order of use.
const SECTIONS: [(Section, &str, Text); 8] = [
    (Section::Dashboard, "/", t("dashboard")),
    (Section::Invoices, "/invoices", t("invoices")),
    (Section::Clients, "/clients", t("clients")),
    (Section::Projects, "/projects", t("projects")),
    (Section::Proposals, "/proposals", t("proposals")),
    (Section::Messages, "/messages", t("messages")),
    (Section::Profile, "/profile", t("profile")),
    (Section::Settings, "/settings", t("settings")),
];

/// A navigation link.
pub struct Link {
    pub href: &'static str,
    pub label: Text,
    pub is_current: bool,
    /// The number of waiting items; 0 if none.
    pub count: u64,
}

/// An address that is not verified yet.
pub struct Unproven {
    pub email: String,
    /// Whether the account is restricted until then.
    pub is_limited: bool,
}

/// The frame of every page.
pub struct Shell {
    /// The reader's name.
    pub name: String,
    /// Proves that a form is ours.
    pub token: String,
    pub notice: Option<Notice>,
    /// Set while the reader's address is unverified.
    pub unproven: Option<Unproven>,
    section: Section,
    unread: u64,
}

impl Shell {
    pub fn new(
        frame: &PageContext,
        section: Section,
        token: String,
        notice: Option<Notice>,
    ) -> Self {
        let (name, unread) = (frame.account.name(), frame.unread_messages);
        let is_unproven = frame.account.email_verified_at.is_none();
        let unproven = is_unproven
            .then(|| Unproven { email: frame.account.email.clone(), is_limited: frame.is_limited });
        Self { name, token, notice, unproven, section, unread }
    }

    /// Returns the title of the current part.
    pub fn title(&self) -> Text {
        let own = SECTIONS.into_iter().find(|(section, ..)| *section == self.section);
        own.map_or_else(|| t("dashboard"), |(_, _, label)| label)
    }

    /// Returns a link to every part, in order of use.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        SECTIONS.into_iter().map(|(section, href, label)| {
            let count = if section == Section::Messages { self.unread } else { 0 };
            Link { href, label, is_current: section == self.section, count }
        })
    }
}

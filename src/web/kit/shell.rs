//! The frame of a signed-in reader's pages: where one is, where one can go, what was just done.

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

impl Section {
    const ALL: [Self; 8] = [
        Self::Dashboard,
        Self::Invoices,
        Self::Clients,
        Self::Projects,
        Self::Proposals,
        Self::Messages,
        Self::Profile,
        Self::Settings,
    ];

    fn place(self) -> (&'static str, Text) {
        match self {
            Self::Dashboard => ("/", t("dashboard")),
            Self::Clients => ("/clients", t("clients")),
            Self::Projects => ("/projects", t("projects")),
            Self::Proposals => ("/proposals", t("proposals")),
            Self::Invoices => ("/invoices", t("invoices")),
            Self::Messages => ("/messages", t("messages")),
            Self::Profile => ("/profile", t("profile")),
            Self::Settings => ("/settings", t("settings")),
        }
    }
}

/// A way out of the page.
pub struct Link {
    pub href: &'static str,
    pub label: Text,
    pub is_current: bool,
    /// What waits there; 0 for nothing.
    pub count: u64,
}

/// An address that is still to be proven.
pub struct Unproven {
    pub email: String,
    /// Whether the account can do little until then.
    pub is_limited: bool,
}

/// What stands around every page.
pub struct Shell {
    /// The reader's name.
    pub name: String,
    /// Proves that a form is ours.
    pub token: String,
    pub notice: Option<Notice>,
    /// Set while the reader's address is unproven.
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
        let unproven = frame
            .account
            .email_verified_at
            .is_none()
            .then(|| Unproven { email: frame.account.email.clone(), is_limited: frame.is_limited });
        Self { name, token, notice, unproven, section, unread }
    }

    /// What the part is called where one is.
    pub fn title(&self) -> Text {
        self.section.place().1
    }

    /// Every part, in the order of use.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        Section::ALL.into_iter().map(|section| {
            let (href, label) = section.place();
            let count = if section == Section::Messages { self.unread } else { 0 };
            Link { href, label, is_current: section == self.section, count }
        })
    }
}

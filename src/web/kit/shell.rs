//! The frame of a signed-in reader's pages: current part, navigation, notices.

use std::{ops::Deref, sync::Arc};

use crate::{
    app::{notice::COUNTED, page_context::PageContext},
    domain::{accent::Accent, id::ImageId},
    locale::{Text, t},
    web::{
        avatar::{initial, initials},
        cookie::Notice,
        theme::Theme,
    },
};

/// The parts of the web app, as its navigation names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Dashboard,
    Invoices,
    Clients,
    Proposals,
    Projects,
    Profile,
    Messages,
    Notices,
    Settings,
    Search,
}

impl Section {
    /// Returns the part that a page belongs to.
    pub fn of(path: &str) -> Self {
        match path.split('/').nth(1).unwrap_or_default() {
            "invoices" | "payments" | "credit-notes" | "reminders" => Self::Invoices,
            "clients" => Self::Clients,
            "proposals" => Self::Proposals,
            "projects" => Self::Projects,
            "profile" => Self::Profile,
            "messages" => Self::Messages,
            "notices" => Self::Notices,
            "settings" => Self::Settings,
            _ => Self::Dashboard,
        }
    }
}

/// A navigation link.
pub struct Link {
    pub href: &'static str,
    pub label: Text,
    /// The name of its icon.
    pub icon: &'static str,
    pub is_current: bool,
    pub waits: Option<Waiting>,
}

/// What waits behind a link.
pub struct Waiting {
    pub count: u64,
    pub what: Text,
    /// Whether it is late.
    pub is_late: bool,
}

/// Links under one heading; the first group has none.
pub struct Group {
    pub label: Option<Text>,
    pub links: Vec<Link>,
}

/// An unverified address.
pub struct Unproven {
    pub email: String,
    /// Whether the account is restricted until then.
    pub is_limited: bool,
}

/// What the frames of all pages of a visit show.
pub struct Surroundings {
    /// The reader's name.
    pub name: String,
    /// The name of the business, or the reader's.
    pub office: String,
    pub logo: Option<ImageId>,
    pub accent: Accent,
    theme: Theme,
    /// The address of this page, to come back to.
    pub here: String,
    /// Proves that a form is ours.
    pub token: String,
    pub notice: Option<Notice>,
    /// Set while the reader's address is unverified.
    pub unproven: Option<Unproven>,
    unread: u64,
    notices: u64,
    overdue: u64,
    proposals: u64,
}

impl Surroundings {
    pub fn new(
        frame: &PageContext,
        token: String,
        notice: Option<Notice>,
        theme: Theme,
        here: String,
    ) -> Self {
        let name = frame.account.name();
        let is_unproven = frame.account.email_verified_at.is_none();
        let unproven = is_unproven
            .then(|| Unproven { email: frame.account.email.clone(), is_limited: frame.is_limited });
        Self {
            office: frame.defaults.business.name.clone().unwrap_or_else(|| name.clone()),
            logo: frame.defaults.logo,
            accent: frame.defaults.accent,
            theme,
            here,
            name,
            token,
            notice,
            unproven,
            unread: frame.unread_messages,
            notices: frame.unread_notices,
            overdue: frame.overdue_invoices,
            proposals: frame.sent_proposals,
        }
    }
}

/// The frame of a page.
pub struct Shell {
    around: Arc<Surroundings>,
    section: Section,
    /// The number of unread messages, after this page.
    pub unread: u64,
    /// The number of unread notices, after this page.
    pub notices: u64,
}

impl Deref for Shell {
    type Target = Surroundings;

    fn deref(&self) -> &Surroundings {
        &self.around
    }
}

impl Shell {
    pub fn new(around: &Arc<Surroundings>, section: Section) -> Self {
        let (unread, notices) = (around.unread, around.notices);
        Self { around: Arc::clone(around), section, unread, notices }
    }

    /// Returns the number on the bell; None without unread notices.
    pub fn bell(&self) -> Option<Text> {
        match self.notices {
            0 => None,
            notices @ 1..=COUNTED => Some(t("notice-bell").with("count", notices)),
            _ => Some(t("notice-bell-many").with("count", COUNTED)),
        }
    }

    /// Returns the title of the current part.
    pub fn title(&self) -> Text {
        self.link(self.section).label
    }

    /// Returns the link to the current part.
    pub fn current(&self) -> Link {
        self.link(self.section)
    }

    /// Returns the groups of the sidebar.
    pub fn groups(&self) -> [Group; 4] {
        let group = |label, sections: &[Section]| Group {
            label,
            links: sections.iter().map(|section| self.link(*section)).collect(),
        };
        [
            group(None, &[Section::Dashboard]),
            group(Some(t("nav-money")), &[Section::Invoices]),
            group(Some(t("work")), &[Section::Clients, Section::Proposals, Section::Projects]),
            group(Some(t("nav-public")), &[Section::Profile, Section::Messages]),
        ]
    }

    /// Returns the links of the bar at the bottom of a narrow screen.
    pub fn short_links(&self) -> [Link; 3] {
        [Section::Dashboard, Section::Invoices, Section::Clients].map(|section| self.link(section))
    }

    /// Returns the links that this bar has no room for.
    pub fn other_links(&self) -> [Link; 5] {
        [
            Section::Proposals,
            Section::Projects,
            Section::Profile,
            Section::Messages,
            Section::Settings,
        ]
        .map(|section| self.link(section))
    }

    /// Returns the link to the settings.
    pub fn settings(&self) -> Link {
        self.link(Section::Settings)
    }

    /// Returns the reader's theme; None to follow the system.
    pub fn chosen_theme(&self) -> Option<&'static str> {
        (self.theme != Theme::System).then(|| self.theme.as_str())
    }

    /// Returns whether this is the reader's theme.
    pub fn has_theme(&self, theme: &Theme) -> bool {
        *theme == self.theme
    }

    /// Returns the themes to choose from.
    pub fn other_themes(&self) -> impl Iterator<Item = Theme> {
        Theme::ALL.into_iter().filter(|theme| *theme != self.theme)
    }

    /// Returns the initials of the reader.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }

    /// Returns the initial shown in place of a missing logo.
    pub fn office_initial(&self) -> String {
        initial(&self.office)
    }

    fn link(&self, section: Section) -> Link {
        let (href, label, icon) = match section {
            Section::Dashboard => ("/", t("home"), "home"),
            Section::Invoices => ("/invoices", t("invoices"), "invoice"),
            Section::Clients => ("/clients", t("clients"), "clients"),
            Section::Proposals => ("/proposals", t("proposals"), "proposal"),
            Section::Projects => ("/projects", t("projects"), "project"),
            Section::Profile => ("/profile", t("profile"), "profile"),
            Section::Messages => ("/messages", t("messages"), "message"),
            Section::Notices => ("/notices", t("notices"), "bell"),
            Section::Settings => ("/settings", t("settings"), "settings"),
            Section::Search => ("/search", t("search"), "search"),
        };
        let waits = match section {
            Section::Invoices => Some((self.overdue, t("overdue-inline"))),
            Section::Proposals => Some((self.proposals, t("app-unanswered"))),
            Section::Messages => Some((self.unread, t("app-unread"))),
            _ => None,
        };
        let waits = waits.filter(|(count, _)| *count > 0).map(|(count, what)| Waiting {
            count,
            what,
            is_late: section == Section::Invoices,
        });
        Link { href, label, icon, is_current: section == self.section, waits }
    }
}

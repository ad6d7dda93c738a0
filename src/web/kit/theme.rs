//! The theme of the pages: light, dark, or like the system. Each browser has its own.

use crate::locale::{Text, t};

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Follows the system.
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the theme with this name, or the system's if there is none.
    pub fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name).unwrap_or(Self::System)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub const fn label(self) -> Text {
        match self {
            Self::System => t("theme-system"),
            Self::Light => t("theme-light"),
            Self::Dark => t("theme-dark"),
        }
    }

    /// The name of its icon.
    pub const fn icon(self) -> &'static str {
        match self {
            Self::System => "eye",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }
}

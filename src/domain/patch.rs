//! A change to an optional field.

/// A PUT's change to an optional field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Missing in the request.
    #[default]
    Keep,
    /// `null`.
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// The field after the change.
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Patch::Keep => current,
            Patch::Clear => None,
            Patch::Set(value) => Some(value),
        }
    }
}

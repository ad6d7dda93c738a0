//! The version that a change expects, so that no one overwrites changes they have not seen.

use std::{fmt, sync::Arc};

use super::error::{Error, Result};

/// Computes the version of a value.
type VersionOf<T> = Arc<dyn Fn(&T) -> String + Send + Sync>;

/// The version of a stored value that a client saw before it sent a change. For a page, this covers
/// the fields of a form; for an API, the body of a response.
#[derive(Clone)]
pub struct Expected<T> {
    version: String,
    version_of: VersionOf<T>,
}

impl<T> Expected<T> {
    pub fn new(
        version: impl Into<String>,
        version_of: impl Fn(&T) -> String + Send + Sync + 'static,
    ) -> Self {
        Self { version: version.into(), version_of: Arc::new(version_of) }
    }

    /// Compares the version with the stored value, in the transaction that changes it.
    ///
    /// # Errors
    ///
    /// Stale, if the value has changed since.
    pub fn check(&self, stored: &T) -> Result<()> {
        if (self.version_of)(stored) == self.version { Ok(()) } else { Err(Error::stale()) }
    }
}

impl<T> fmt::Debug for Expected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expected").field(&self.version).finish()
    }
}

/// Calls [`Expected::check`] if the change expects a version.
///
/// # Errors
///
/// Stale, if the value has changed since the client saw it.
pub fn check<T>(expected: Option<&Expected<T>>, stored: &T) -> Result<()> {
    expected.map_or(Ok(()), |expected| expected.check(stored))
}

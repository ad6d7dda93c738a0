//! What a change expects to find: nobody overwrites what they never saw.

use std::{fmt, sync::Arc};

use super::error::{Error, Result};

/// How the version of a thing is worked out from the thing itself.
type VersionOf<T> = Arc<dyn Fn(&T) -> String + Send + Sync>;

/// The version of a stored thing that somebody saw before they changed it. What counts as a
/// version is up to the caller: the fields of a form for a page, the body of an answer for an API.
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

    /// Compares the version with the stored thing. Only a call within the transaction that writes
    /// keeps two changes from both succeeding.
    ///
    /// # Errors
    ///
    /// Stale, if the thing has changed since.
    pub fn check(&self, stored: &T) -> Result<()> {
        if (self.version_of)(stored) == self.version { Ok(()) } else { Err(Error::stale()) }
    }
}

impl<T> fmt::Debug for Expected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expected").field(&self.version).finish()
    }
}

/// [`Expected::check`], where a change expects anything at all.
///
/// # Errors
///
/// Stale, if the thing has changed since it was seen.
pub fn check<T>(expected: Option<&Expected<T>>, stored: &T) -> Result<()> {
    expected.map_or(Ok(()), |expected| expected.check(stored))
}

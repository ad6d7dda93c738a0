//! `/`: how things stand.

use poem::Response;

use super::{page::redirect, visit::Visit};
use crate::domain::error::Result;

/// The reader's first page.
pub async fn show(_: Visit) -> Result<Response> {
    Ok(redirect("/clients"))
}

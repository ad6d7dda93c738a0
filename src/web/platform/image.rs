//! `/images/<id>`: uploaded pictures, for anyone who knows their address.

use poem::{
    Response,
    http::{StatusCode, header},
};

use crate::{
    domain::{error::Result, id::ImageId},
    http::page::is_known,
    web::visit::Guest,
};

/// A picture never changes: a new one has a new id.
const KEPT: &str = "public, max-age=31536000, immutable";
/// The policy of a picture that is opened directly: it may only display itself.
const POLICY: &str = "default-src 'none'; object-src 'none'; base-uri 'none'; sandbox; \
     frame-ancestors 'none'";

/// Returns a picture. Front ends on other origins may show it too, since the APIs return its
/// address.
pub async fn show(guest: Guest) -> Result<Response> {
    let image = guest.app.public_image(ImageId::parse(guest.param("id"))).await?;
    let etag = format!("\"{}\"", image.id);
    let response = Response::builder()
        .header(header::ETAG, &etag)
        .header(header::CACHE_CONTROL, KEPT)
        .header("cross-origin-resource-policy", "cross-origin");
    if is_known(&guest.request, &etag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let response = response
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CONTENT_DISPOSITION, "inline")
        .header(header::CONTENT_LENGTH, image.content.len());
    Ok(response.content_type(&image.content_type).body(image.content))
}

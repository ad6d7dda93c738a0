//! `/images/<id>`: pictures that were uploaded, for whoever knows their address.

use poem::{
    Response,
    http::{StatusCode, header},
};

use crate::{
    domain::{error::Result, id::ImageId},
    http::page::is_known,
    web::visit::Guest,
};

/// A picture never changes: another one has another id.
const KEPT: &str = "public, max-age=31536000, immutable";
/// What a browser may do with a picture that is opened by itself: look at it.
const POLICY: &str = "default-src 'none'; object-src 'none'; base-uri 'none'; sandbox; \
     frame-ancestors 'none'";

/// Shows a picture. Front ends of other origins may show it too: the APIs give them its address.
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

//! Processing common to all pages.

use std::{io::Write, net::IpAddr, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode, header, uri::Authority},
};

use crate::{
    app::App,
    http::page::takes_gzip,
    web::{page::with_header, signed_out},
};

/// Smaller pages fit into one packet uncompressed.
const GZIP_FROM: usize = 1400;
/// Pages get much smaller than with the fastest level, at a cost of a fraction of a millisecond
/// each.
const GZIP_LEVEL: Compression = Compression::new(4);
/// From this size on, compressing a page would block other requests.
const GZIP_APART: usize = 64 * 1024;

/// Answers a page request. Redirects a request to a loopback address to the address that cookies,
/// passkeys and links are made for, and compresses long pages.
pub async fn pass(
    app: &Arc<App>,
    pages: &impl Endpoint<Output = Response>,
    request: Request,
) -> poem::Result<Response> {
    if let Some(address) = better_address(app, &request) {
        let response = StatusCode::TEMPORARY_REDIRECT.into_response();
        return Ok(with_header(response, header::LOCATION, &address));
    }
    let takes_gzip = takes_gzip(&request);
    let response = signed_out::returned(pages, pages.call(request).await?).await;
    let is_page = response.content_type().is_some_and(|kind| kind.starts_with("text/html"));
    if takes_gzip && is_page { compressed(app, response).await } else { Ok(response) }
}

/// Headers that show that a proxy forwarded a request.
const PASSED_ON: [&str; 4] = ["x-forwarded-for", "x-forwarded-proto", "forwarded", "via"];

/// Returns the same page at `PUBLIC_URL`, for a request to a loopback address that is not in it. A
/// proxy may use that address for readers who opened `PUBLIC_URL`: redirecting them would loop.
fn better_address(app: &App, request: &Request) -> Option<String> {
    let host: Authority = request.header(header::HOST)?.parse().ok()?;
    let number: IpAddr = host.host().trim_matches(['[', ']']).parse().ok()?;
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let public = app.public_url();
    let names_host = public.split("://").nth(1).is_some_and(|rest| rest.starts_with(host.as_str()));
    let path = request.original_uri().path_and_query()?;
    let is_asset = path.path().starts_with("/assets/");
    let is_passed_on = PASSED_ON.iter().any(|name| request.headers().contains_key(*name));
    let is_lost = number.is_loopback() && !names_host && !is_passed_on;
    (is_lost && is_get && !is_asset).then(|| format!("{public}{path}"))
}

async fn compressed(app: &App, mut response: Response) -> poem::Result<Response> {
    let body = response.take_body().into_bytes().await?;
    let gzip = match body.len() {
        ..GZIP_FROM => None,
        GZIP_FROM..GZIP_APART => gzip(&body),
        // Send the page uncompressed if too much work is waiting.
        _ => {
            let body = body.clone();
            app.offload(move || gzip(&body)).await.ok().flatten()
        }
    };
    let Some(gzip) = gzip else {
        response.set_body(body);
        return Ok(response);
    };
    response.set_body(gzip);
    let response = with_header(response, header::CONTENT_ENCODING, "gzip");
    Ok(with_header(response, header::VARY, "Accept-Encoding"))
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), GZIP_LEVEL);
    encoder.write_all(body).and_then(|()| encoder.finish()).ok()
}

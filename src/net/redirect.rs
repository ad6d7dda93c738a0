//! Plain HTTP responses where the program speaks HTTPS.

use poem::{
    Request, Response,
    endpoint::{BoxEndpoint, EndpointExt, make_sync},
    http::{HeaderValue, StatusCode, header},
};

/// Redirects to the same path under the public URL, with the same method.
pub fn to(public_url: &str) -> BoxEndpoint<'static> {
    let public_url = public_url.to_owned();
    make_sync(move |request: Request| {
        let place = request.original_uri().path_and_query().map_or("/", |place| place.as_str());
        // `OPTIONS *` has no path.
        let place = if place.starts_with('/') { place } else { "/" };
        let mut response: Response = StatusCode::PERMANENT_REDIRECT.into();
        if let Ok(location) = HeaderValue::try_from(format!("{public_url}{place}")) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    })
    .map_to_response()
    .boxed()
}

/// Reports that the server is full.
pub fn busy() -> BoxEndpoint<'static> {
    make_sync(|_: Request| {
        Response::builder()
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, "5")
            .header(header::CONNECTION, "close")
            .content_type("text/plain; charset=utf-8")
            .body("The server has too many connections, please try again in a few seconds.\n")
    })
    .map_to_response()
    .boxed()
}

//! `/hooks/:provider/:token`: the webhooks of payment providers.

use std::sync::Arc;

use poem::{
    Body, IntoEndpoint, Request, Response, Route, handler,
    http::StatusCode,
    post,
    web::{Data, Path},
};

use super::freelanceos::error::shape as envelope;
use crate::{
    app::App,
    domain::{error::Error, provider::ProviderKind},
    http::{
        body::{BODY_MAX, read_whole},
        problem::{Problem, into_poem},
    },
    provider::signature_header,
};

/// Writes a problem in FreelanceOS's format.
pub fn shape(path: &str, problem: &Problem) -> Response {
    envelope(path, problem)
}

/// The routes under `/hooks`. The last part of the path is secret.
pub fn routes() -> impl IntoEndpoint {
    Route::new().at("/:provider/:token", post(receive))
}

#[handler]
async fn receive(
    Data(app): Data<&Arc<App>>,
    Path((provider, token)): Path<(String, String)>,
    request: &Request,
    body: Body,
) -> poem::Result<Response> {
    let kind = ProviderKind::from_word(&provider);
    let kind = kind.ok_or_else(|| into_poem(Error::not_found("error-webhook-not-found")))?;
    let signature = request.header(signature_header(kind)).unwrap_or_default();
    let body = read_whole(request.headers(), body, BODY_MAX).await?;
    app.receive_webhook(kind, &token, signature, &body).await.map_err(into_poem)?;
    Ok(Response::builder()
        .status(StatusCode::OK)
        .content_type("application/json")
        .body(r#"{"success":true,"data":null}"#))
}

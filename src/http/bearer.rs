//! The bearer token of a request.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, SecurityScheme, auth, registry::Registry,
};

use super::{middleware::request_id::CurrentRequest, problem::into_poem};
use crate::{
    app::App,
    domain::{error::Error, session::Claims},
};

/// An access token of any of the APIs
// The use case checks that the session is still valid, in its own transaction.
#[derive(Debug, Clone, Copy, SecurityScheme)]
#[oai(ty = "bearer", rename = "bearer", bearer_format = "JWT", checker = "verified")]
pub struct Bearer(pub Claims);

async fn verified(request: &Request, token: auth::Bearer) -> poem::Result<Claims> {
    let claims = app(request)?.verify_token(token.token.trim()).map_err(into_poem)?;
    CurrentRequest::is_of(claims);
    Ok(claims)
}

/// The token of a sign-out request if it is one of ours, even if expired.
#[derive(Debug, Clone, Copy)]
pub struct LastBearer(pub Option<Claims>);

impl<'a> ApiExtractor<'a> for LastBearer {
    const TYPES: &'static [ApiExtractorType] = Bearer::TYPES;
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Bearer::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Bearer::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = app(request)?;
        Ok(Self(token(request).and_then(|token| app.verify_old_token(token).ok())))
    }
}

/// The verified token of a request that does not need one; its session may have ended.
#[derive(Debug, Clone, Copy)]
pub struct OptionalBearer(pub Option<Claims>);

impl<'a> FromRequest<'a> for OptionalBearer {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let app = app(request)?;
        Ok(Self(token(request).and_then(|token| app.verify_token(token).ok())))
    }
}

/// The bearer token of a request, valid or not.
pub fn token(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn app(request: &Request) -> poem::Result<&Arc<App>> {
    request.data().ok_or_else(|| into_poem(Error::internal("no app stands behind this route")))
}

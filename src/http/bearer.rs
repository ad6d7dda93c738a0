//! Who asks: the bearer token of a request.

use std::sync::Arc;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{middleware::request_id::CurrentRequest, problem::into_poem};
use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        session::Claims,
    },
};

/// A verified token. Whether its session still stands is read by the use case, in the same
/// transaction as what it does.
#[derive(Debug, Clone, Copy)]
pub struct Bearer(pub Claims);

const SCHEME: &str = "bearer";

impl<'a> ApiExtractor<'a> for Bearer {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some("An access token of any of the APIs"),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: Some("JWT"),
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        read(request).map(Self).map_err(into_poem)
    }
}

/// The token of a request to sign out, where one of ours comes with it, expired or not.
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
        let app = app(request).map_err(into_poem)?;
        Ok(Self(token(request).and_then(|token| app.verify_old_token(token).ok())))
    }
}

/// The verified token of a request that needs none; its session may have ended.
#[derive(Debug, Clone, Copy)]
pub struct OptionalBearer(pub Option<Claims>);

impl<'a> ApiExtractor<'a> for OptionalBearer {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = app(request).map_err(into_poem)?;
        Ok(Self(token(request).and_then(|token| app.verify_token(token).ok())))
    }
}

fn read(request: &Request) -> Result<Claims> {
    let token = token(request).ok_or_else(|| Error::unauthenticated("Authentication required"))?;
    let claims = app(request)?.verify_token(token)?;
    CurrentRequest::is_of(claims);
    Ok(claims)
}

/// The bearer token that comes with a request, whatever it is worth.
pub fn token(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn app(request: &Request) -> Result<&Arc<App>> {
    request.data().ok_or_else(|| Error::internal("no app stands behind this route"))
}

//! Who asks: the bearer token of a request.

use std::sync::Arc;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::problem::into_poem;
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
                description: Some("The token of POST /auth/register or POST /auth/login"),
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

fn read(request: &Request) -> Result<Claims> {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Error::unauthenticated("Authentication required"))?;
    let app = request
        .data::<Arc<App>>()
        .ok_or_else(|| Error::internal("no app stands behind this route"))?;
    app.verify_token(token)
}

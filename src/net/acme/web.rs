//! The HTTPS client for certificate authorities.

use std::{pin::Pin, time::Duration};

use hyper::{Request, body::Bytes};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tokio::time::timeout;

use crate::outbound::{self, Failed};

/// The timeout of a request.
const TIME: Duration = Duration::from_secs(30);

/// Asks certificate authorities over HTTPS.
#[derive(Clone)]
pub struct Web(outbound::Web);

impl Web {
    pub fn new() -> Result<Self, Failed> {
        outbound::Web::new().map(Self)
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Failed> {
        let uri = request.uri();
        if uri.scheme_str() != Some("https") {
            return Err(format!("{uri} is not https").into());
        }
        Ok(self.0.send(request).await?.into())
    }
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (web, host) = (self.clone(), request.uri().host().unwrap_or_default().to_owned());
        Box::pin(async move {
            let failed = |why: &dyn std::fmt::Display| {
                Error::Other(format!("{host} cannot be asked: {why}").into())
            };
            match timeout(TIME, web.send(request)).await {
                Ok(answer) => answer.map_err(|error| failed(&error)),
                Err(_) => Err(failed(&"it does not answer")),
            }
        })
    }
}

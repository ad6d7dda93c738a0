//! Where a request comes from: its address, and what its program calls itself.

use std::net::IpAddr;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::domain::session::Device;

/// The address that counts, found once at the edge.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

/// Who sends a request, as far as a request tells.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub address: Option<IpAddr>,
    pub device: Device,
}

impl<'a> ApiExtractor<'a> for Visitor {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let user_agent = request.headers().get(header::USER_AGENT);
        Ok(Self {
            address: request.data::<Address>().map(|address| address.0),
            device: Device::new(user_agent.and_then(|value| value.to_str().ok())),
        })
    }
}

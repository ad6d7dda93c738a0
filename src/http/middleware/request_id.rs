//! The id and address of a request, determined once and available to all its work.

use std::{
    cell::Cell,
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
};

use poem::{
    Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};
use tokio::task_local;

use super::{
    super::visitor::{Address, HeadOnly},
    Layer, Next,
};
use crate::domain::{id::AccountId, session::Claims};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

task_local! {
    static CURRENT: CurrentRequest;
}

/// The request that the current task handles.
pub struct CurrentRequest {
    pub id: String,
    pub address: Option<IpAddr>,
    /// The signed-in account, once known.
    pub account: Cell<Option<AccountId>>,
}

impl CurrentRequest {
    /// Runs the work of a request, so that its log lines carry the request's id and address.
    pub async fn scope<T>(id: String, address: Option<IpAddr>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Self { id, address, account: Cell::default() }, work).await
    }

    /// Calls `each` with the current request, if any.
    pub fn with<T>(each: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(each).ok()
    }

    /// Records whose request this is, for the access log.
    pub fn is_of(claims: Claims) {
        Self::with(|current| current.account.set(Some(claims.account)));
    }
}

/// Generates the request ids of one process.
pub struct RequestIds {
    trust_proxy: bool,
    /// Differs between processes.
    process: String,
    count: AtomicU64,
}

impl Layer for RequestIds {
    async fn call(&self, mut request: Request, next: &impl Next) -> Result<Response> {
        let id = self.id(request.headers());
        let address = self.address(&request);
        if let Some(address) = address {
            request.extensions_mut().insert(Address(address));
        }
        if *request.method() == Method::HEAD {
            request.extensions_mut().insert(HeadOnly);
        }
        // All layers inside, which are large: boxed, so that they are moved only once.
        let work = Box::pin(async {
            let mut response = next.call(request).await?;
            if let Some(Ok(id)) = CurrentRequest::with(|current| HeaderValue::from_str(&current.id))
            {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(response)
        });
        CurrentRequest::scope(id, address, work).await
    }
}

impl RequestIds {
    /// With `trust_proxy`, ids and addresses come from the headers of a proxy.
    pub fn new(process: String, trust_proxy: bool) -> Self {
        Self { trust_proxy, process, count: AtomicU64::new(0) }
    }

    /// Returns the request id from a trusted proxy if it is well-formed, or else a new one.
    fn id(&self, headers: &HeaderMap) -> String {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        match given {
            Some(id) if self.trust_proxy && is_request_id(id) => id.to_owned(),
            _ => {
                format!("{}-{}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
            }
        }
    }

    /// Returns the client's address: the peer's, or the one that a trusted proxy reports.
    fn address(&self, request: &Request) -> Option<IpAddr> {
        let forwarded = || {
            let value = request.headers().get_all("x-forwarded-for").iter().next_back()?;
            let address = value.to_str().ok()?.rsplit(',').next()?.trim();
            // Some proxies append the port.
            let with_port = || Some(address.parse::<SocketAddr>().ok()?.ip());
            address.parse().ok().or_else(with_port)
        };
        let peer = || request.remote_addr().as_socket_addr().map(|address| address.ip());
        if self.trust_proxy { forwarded().or_else(peer) } else { peer() }
    }
}

fn is_request_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
}

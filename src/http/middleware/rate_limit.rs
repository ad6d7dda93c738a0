//! Counts requests, rejects those over a limit, and writes the state of the limit into responses.

use std::sync::Arc;

use poem::{
    Request, Response, Result,
    http::{HeaderMap, HeaderName, Method},
};

use super::{
    super::{path, problem::into_poem, visitor::Address},
    Knows, Layer, Next,
};
use crate::{
    app::{App, limit::Limit},
    domain::{
        error::{self, Error},
        limit::LimitState,
    },
};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A limit of one route: its method, its path including the mount (`*` matches one segment), and
/// the limit.
pub type RouteLimit = (Method, &'static str, Limit);

/// The limits of one mount.
pub struct RateLimit {
    pub app: Arc<App>,
    /// The limit that counts every request.
    pub limit: Option<Limit>,
    /// Additional limits of single routes.
    pub route_limits: &'static [RouteLimit],
    pub knows: Option<Knows>,
}

impl Layer for RateLimit {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let state = self.count(&request).await.map_err(into_poem)?;
        let mut answer = next.call(request).await;
        match (&mut answer, state) {
            // A limit that rejected the request has already written its own headers.
            (Ok(response), Some(state)) if !response.headers().contains_key(LIMIT) => {
                write(response.headers_mut(), state.limit, state.remaining, state.reset);
            }
            // Written together with the error.
            (Err(error), Some(state)) => error.set_data(state),
            _ => {}
        }
        answer
    }
}

impl RateLimit {
    /// Counts a request, and rejects it if it is over the limit. Requests to unknown routes are
    /// counted but never rejected.
    async fn count(&self, request: &Request) -> error::Result<Option<LimitState>> {
        let Some(&Address(address)) = request.data() else { return Ok(None) };
        let (method, path) = (request.method(), path::asked(request));
        let state = match self.limit {
            Some(limit) => self.app.count_address(limit, address).await?,
            None => None,
        };
        let known = || self.knows.as_ref().is_none_or(|knows| knows(method, path));
        if let Some(refusal) = state.and_then(LimitState::refusal)
            && known()
        {
            return Err(Error::too_many(refusal));
        }
        // HEAD costs as much as GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        for (of_method, of_path, limit) in self.route_limits {
            if of_method == method && path::matches(of_path, path) {
                let counted = self.app.count_address(*limit, address).await?;
                if let Some(refusal) = counted.and_then(LimitState::refusal) {
                    return Err(Error::too_many(refusal));
                }
            }
        }
        Ok(state)
    }
}

/// Writes the limit, the requests left, and the epoch second of the reset.
pub(super) fn write(headers: &mut HeaderMap, limit: u32, remaining: u32, reset: i64) {
    headers.insert(LIMIT, limit.into());
    headers.insert(REMAINING, remaining.into());
    headers.insert(RESET, reset.into());
}

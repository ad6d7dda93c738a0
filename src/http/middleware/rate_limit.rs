//! Counts requests, refuses those over a limit, and writes the state of the limit into answers.

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

/// A limit of one route: its method, its path with the mount before it (`*` stands for one
/// segment), and what counts it.
pub type RouteLimit = (Method, &'static str, Limit);

/// The limits of one mount.
pub struct RateLimit {
    pub app: Arc<App>,
    /// What counts every request.
    pub limit: Option<Limit>,
    /// What counts the requests of single routes on top.
    pub route_limits: &'static [RouteLimit],
    pub knows: Option<Knows>,
}

impl Layer for RateLimit {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let state = self.count(&request).await.map_err(into_poem)?;
        let mut answer = next.call(request).await;
        match (&mut answer, state) {
            // A limit that refused has written its own.
            (Ok(response), Some(state)) if !response.headers().contains_key(LIMIT) => {
                write(response.headers_mut(), state.limit, state.remaining, state.reset);
            }
            // Written together with the failure.
            (Err(error), Some(state)) => error.set_data(state),
            _ => {}
        }
        answer
    }
}

impl RateLimit {
    /// Counts a request, and refuses it where it is one too many. Routes that do not exist are
    /// counted, but never refused.
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
        // HEAD does the work of GET.
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

/// Writes how many requests are allowed, how many are left, and the epoch second of the reset.
pub(super) fn write(headers: &mut HeaderMap, limit: u32, remaining: u32, reset: i64) {
    headers.insert(LIMIT, limit.into());
    headers.insert(REMAINING, remaining.into());
    headers.insert(RESET, reset.into());
}

//! The layers around every route, each of which can be tested alone.

pub mod access_log;
pub mod asker;
pub mod body_limit;
pub mod cors;
pub mod failures;
pub mod rate_limit;
pub mod request_id;
pub mod security_headers;
pub mod time_limit;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result, http::Method};

use self::{
    access_log::AccessLog,
    asker::OnBehalf,
    body_limit::BodyLimit,
    cors::{Cors, Preflight},
    failures::Failures,
    rate_limit::{RateLimit, RouteLimit},
    request_id::RequestIds,
    security_headers::SecurityHeaders,
    time_limit::TimeLimit,
};
use super::{body_budget::BodyBudget, discard::DiscardBody, framing::Framing, problem::Shape};
use crate::app::{App, limit::Limit};

/// Something that is done around an endpoint.
pub trait Layer: Send + Sync {
    /// Answers a request, by calling `next` or itself.
    fn call(
        &self,
        request: Request,
        next: &impl Next,
    ) -> impl Future<Output = Result<Response>> + Send;
}

/// What is inside a layer: further layers, and the routes.
pub trait Next: Endpoint<Output = Response> + Sized {
    fn layer<L: Layer>(self, layer: L) -> Layered<L, Self> {
        Layered { layer, next: self }
    }
}

impl<E: Endpoint<Output = Response>> Next for E {}

/// An endpoint with a layer around it.
pub struct Layered<L, E> {
    layer: L,
    next: E,
}

impl<L: Layer, E: Next> Endpoint for Layered<L, E> {
    type Output = Response;

    // No future of its own: a dozen layers are nested.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.layer.call(request, &self.next)
    }
}

/// Which routes an API has: unknown ones are not refused by limits, and 405 names the methods.
pub type Knows = Arc<dyn Fn(&Method, &str) -> bool + Send + Sync>;

/// What differs between the mounts of the program.
#[derive(Clone)]
pub struct Rules {
    /// Writes a failure in the shape of this API.
    pub shape: Shape,
    /// What counts every request, and is written into every answer.
    pub limit: Option<Limit>,
    /// What counts the requests of single routes on top.
    pub route_limits: &'static [RouteLimit],
    /// Whether front ends of the known origins may read answers. They may not read pages: a front
    /// end may be of the same site, and then browsers send cookies.
    pub is_shared: bool,
    pub knows: Option<Knows>,
}

impl Rules {
    /// Those of routes without limits that other origins may not read.
    pub fn new(shape: Shape) -> Self {
        Self { shape, limit: None, route_limits: &[], is_shared: false, knows: None }
    }
}

/// What stands around the routes, and is shared by all mounts.
pub struct Middleware {
    pub app: Arc<App>,
    pub request_ids: Arc<RequestIds>,
    pub bodies: Arc<BodyBudget>,
    /// Of front ends, as browsers write them.
    pub origins: Arc<[String]>,
    /// Whether browsers reach it by HTTPS alone, and are told to keep to that.
    pub is_secure: bool,
}

impl Middleware {
    /// The routes of a mount with everything around them, the innermost first.
    pub fn around<E: IntoEndpoint>(
        &self,
        routes: E,
        rules: Rules,
    ) -> impl Endpoint<Output = Response> + use<E> {
        let Rules { shape, limit, route_limits, is_shared, knows } = rules;
        let origins = if is_shared { Arc::clone(&self.origins) } else { Arc::default() };
        let app = Arc::clone(&self.app);
        (routes.into_endpoint().map_to_response())
            .layer(TimeLimit)
            .layer(OnBehalf)
            .layer(BodyLimit { knows: knows.clone() })
            .layer(RateLimit { app, limit, route_limits, knows: knows.clone() })
            .layer(Preflight)
            .layer(Framing)
            .layer(Failures { shape, knows })
            .layer(Arc::clone(&self.bodies))
            .layer(DiscardBody)
            .layer(Cors { origins })
            .layer(SecurityHeaders { is_secure: self.is_secure })
            .layer(AccessLog)
            .layer(Arc::clone(&self.request_ids))
    }
}

impl<L: Layer> Layer for Arc<L> {
    fn call(
        &self,
        request: Request,
        next: &impl Next,
    ) -> impl Future<Output = Result<Response>> + Send {
        L::call(self, request, next)
    }
}

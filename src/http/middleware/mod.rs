//! The middleware around every route. Each layer can be tested alone.

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

/// A layer around an endpoint.
pub trait Layer: Send + Sync {
    /// Answers a request, by calling `next` or directly.
    fn call(
        &self,
        request: Request,
        next: &impl Next,
    ) -> impl Future<Output = Result<Response>> + Send;
}

/// The inside of a layer: further layers, and the routes.
pub trait Next: Endpoint<Output = Response> + Sized {
    fn layer<L: Layer>(self, layer: L) -> Layered<L, Self> {
        Layered { layer, next: self }
    }
}

impl<E: Endpoint<Output = Response>> Next for E {}

/// An endpoint wrapped in a layer.
pub struct Layered<L, E> {
    layer: L,
    next: E,
}

impl<L: Layer, E: Next> Endpoint for Layered<L, E> {
    type Output = Response;

    // Adds no future of its own: a dozen layers are nested.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.layer.call(request, &self.next)
    }
}

/// The routes of an API: limits do not reject unknown routes, and 405 lists the allowed methods.
pub type Knows = Arc<dyn Fn(&Method, &str) -> bool + Send + Sync>;

/// The settings that differ between mounts.
#[derive(Clone)]
pub struct Rules {
    /// Writes an error in the format of this API.
    pub shape: Shape,
    /// The limit that counts every request; every response shows its state.
    pub limit: Option<Limit>,
    /// Additional limits of single routes.
    pub route_limits: &'static [RouteLimit],
    /// Whether front ends on the known origins may read responses. They may not read pages: a front
    /// end on the same site would have the browser's cookies.
    pub is_shared: bool,
    pub knows: Option<Knows>,
}

impl Rules {
    /// Rules for routes without limits that other origins may not read.
    pub fn new(shape: Shape) -> Self {
        Self { shape, limit: None, route_limits: &[], is_shared: false, knows: None }
    }
}

/// The middleware that all mounts share.
pub struct Middleware {
    pub app: Arc<App>,
    pub request_ids: Arc<RequestIds>,
    pub bodies: Arc<BodyBudget>,
    /// The origins of front ends, in the form that browsers send.
    pub origins: Arc<[String]>,
    /// Whether browsers reach this server over HTTPS only, and are told to stay on it.
    pub is_secure: bool,
}

impl Middleware {
    /// Wraps the routes of a mount in all layers, innermost first. The routes are boxed, so that all
    /// mounts share one type of layers.
    pub fn around<E: IntoEndpoint<Endpoint: 'static>>(
        &self,
        routes: E,
        rules: Rules,
    ) -> impl Endpoint<Output = Response> + use<E> {
        let Rules { shape, limit, route_limits, is_shared, knows } = rules;
        let origins = if is_shared { Arc::clone(&self.origins) } else { Arc::default() };
        let app = Arc::clone(&self.app);
        (routes.into_endpoint().map_to_response().boxed())
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

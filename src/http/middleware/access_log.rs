//! Request metrics and the access log.

use std::{sync::Arc, time::Instant};

use hyper::body::Body;
use poem::{PathPattern, Request, Response, Result, http::Method};
use tracing::{Level, field};

use super::{super::path, Layer, Next, request_id::CurrentRequest};
use crate::metrics::{self, Present};

/// The target of the access log: `LOG=info,access=debug`.
const ACCESS: &str = "access";
/// Maximum number of characters logged of a path.
const PATH_SHOWN: usize = 200;

/// Counts every request, and logs it if the access log is on.
pub struct AccessLog;

impl Layer for AccessLog {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let present = metrics::on().map(|metrics| Present::new(&metrics.in_flight));
        if present.is_none() && !is_logged() {
            return next.call(request).await;
        }
        let mut seen = Seen {
            begun: Instant::now(),
            mount: request.data().cloned(),
            method: word(request.method()),
            is_answered: false,
            _present: present,
        };
        let (method, uri) = (request.method().clone(), request.original_uri().clone());
        let mut response = next.call(request).await?;
        seen.end(&method, path::without_slash(uri.path()), &mut response);
        Ok(response)
    }
}

fn is_logged() -> bool {
    tracing::enabled!(target: ACCESS, Level::DEBUG)
}

/// A request from its first line to its response.
struct Seen {
    begun: Instant,
    /// Where the request was routed: a full route, or the mount of an API.
    mount: Option<PathPattern>,
    /// `other` if the client made up the method.
    method: &'static str,
    is_answered: bool,
    _present: Option<Present>,
}

impl Seen {
    /// Counts and logs the response.
    fn end(&mut self, method: &Method, path: &str, response: &mut Response) {
        self.is_answered = true;
        let (time, status) = (self.begun.elapsed(), response.status().as_u16());
        let route = response.data::<PathPattern>().cloned().or(self.mount.take());
        let route = route.and_then(template);
        if let Some(metrics) = metrics::on() {
            metrics.answered(self.method, route.clone(), status, time);
        }
        if !is_logged() {
            return;
        }
        let route = route.as_deref();
        let shown = match route {
            Some(route) if route.contains(":token") => route.into(),
            _ => path::without_secret(path),
        };
        let path: String = shown.chars().take(PATH_SHOWN).collect();
        let ms = time.as_micros() as f64 / 1000.0;
        let bytes = size(response);
        CurrentRequest::with(|current| {
            let (request_id, account) = (&current.id, current.account.get().map(field::display));
            tracing::debug!(target: ACCESS, request_id, %method, path, route, status, ms, bytes, account, "answered");
        });
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        if !self.is_answered
            && let Some(metrics) = metrics::on()
        {
            metrics.answered(self.method, None, metrics::DROPPED, self.begun.elapsed());
        }
    }
}

/// The template of a route, without the router's internal suffix.
fn template(PathPattern(pattern): PathPattern) -> Option<Arc<str>> {
    let template = match pattern.strip_suffix("/*--poem-rest") {
        Some(mount) => mount.into(),
        None => pattern,
    };
    (!template.is_empty()).then_some(template)
}

/// The size of a response body in bytes, if known in advance.
fn size(response: &mut Response) -> Option<u64> {
    let whole = hyper::Response::from(Response::from(response.take_body()));
    let size = whole.body().size_hint().exact();
    response.set_body(whole.into_body());
    size
}

fn word(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|word| *method == *word).unwrap_or("other")
}

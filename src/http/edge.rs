//! The outermost layer of every route: request id, limits, time-out, CORS, security headers,
//! and failures put into the shape of their API.

use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use futures_util::FutureExt;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    web::headers::{ContentLength, HeaderMapExt},
};

use super::{
    bearer,
    body::BODY_MAX,
    body_budget::BodyBudget,
    framing,
    problem::{Problem, Shape},
    unread::Unread,
    visitor::{Address, HeadOnly},
    watch::{self, Watch, without_secret},
};
use crate::{
    app::{App, asker::Asker, limit::Limit, security_log::SECURITY},
    domain::{
        error::{Error, Kind, Result},
        limit::Standing,
    },
};

/// How long a request may take, once its body is there.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a body that buy another second: no more than the pace it has to keep at the socket.
const BODY_RATE: u64 = 8 * 1024;
/// No body that is read is larger.
const BODY_LARGEST: u64 = 8 << 20;
/// How long browsers go nowhere but to https://, in seconds.
const STRICT_TRANSPORT: &str = "max-age=31536000";
/// How long a browser may remember what a preflight allowed, in seconds.
const PREFLIGHT_AGE: &str = "600";

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE, PATCH, OPTIONS";
const ALLOWED_HEADERS: &str = "Content-Type, Authorization, Accept, Idempotency-Key, If-Match";
const EXPOSED_HEADERS: &str = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
     Retry-After, X-Total-Count, X-Request-Id, Content-Disposition, ETag";

/// Headers of every answer.
const SECURITY_HEADERS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    // A page that is made to be found says so by itself.
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// What an answer may load unless it says otherwise: nothing.
const NO_CONTENT_POLICY: &str = "default-src 'none'; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// What every edge of the program shares.
pub struct Gate {
    pub app: Arc<App>,
    /// As browsers write them.
    pub origins: Vec<String>,
    pub trust_proxy: bool,
    /// Whether browsers reach it by HTTPS alone, and are told to keep to that.
    pub is_secure: bool,
    /// Tells this process's request ids from those of others.
    pub boot: String,
    pub requests: AtomicU64,
    pub bodies: BodyBudget,
}

/// Which routes an API has: to tell an unknown one apart when the limit is reached, and to name
/// the methods of one that was asked for by another.
pub type Knows = Arc<dyn Fn(&Method, &str) -> bool + Send + Sync>;

/// Wraps the routes of one API.
pub struct Edge<E> {
    pub inner: E,
    pub gate: Arc<Gate>,
    /// Writes a failure in the shape of this API.
    pub shape: Shape,
    /// What counts every request, and is told with every answer.
    pub limit: Option<Limit>,
    /// Whether front ends of the known origins may read what is answered. Pages are for nobody
    /// but their reader: such a front end may be of the same site, and browsers send it cookies.
    pub is_shared: bool,
    /// What counts the requests of single routes on top.
    pub route_limits: &'static [RouteLimit],
    pub knows: Option<Knows>,
}

/// A limit of one route: its method, its path with the mount before it (`*` stands for one
/// segment), and what counts it.
pub type RouteLimit = (Method, &'static str, Limit);

impl<E: Endpoint> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let watch = Watch::begin(&request);
        let id = self.gate.request_id(request.headers());
        let origin = request.headers().get(header::ORIGIN).cloned();
        // As the router compares it: with its `%XX`, but without a slash at its end.
        let path = request.original_uri().path();
        let path = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
        let (method, path) = (request.method().clone(), path.to_owned());
        let is_preflight = method == Method::OPTIONS;

        let address = self.gate.address(&request);
        if let Some(address) = address {
            request.extensions_mut().insert(Address(address));
        }
        if method == Method::HEAD {
            request.extensions_mut().insert(HeadOnly);
        }
        let unread = Unread::of(&mut request);
        // Held until the answer is made: so long its work may hold the body.
        let room = self.gate.bodies.meter(&mut request, address);
        let is_clear = framing::check(&request);
        let (mut response, standing) = if let Err(error) = is_clear {
            let refused = async { self.fail(error.into(), &path, &id) };
            let mut response = watch::named(&id, address, refused).await;
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            (response, None)
        } else if is_preflight {
            (StatusCode::NO_CONTENT.into_response(), None)
        } else {
            match self.count(address, &method, &path).await {
                Ok(standing) => {
                    let mut response = if self.is_too_large(&request, &method, &path) {
                        let status = StatusCode::PAYLOAD_TOO_LARGE;
                        self.fail(poem::Error::from_status(status).into(), &path, &id)
                    } else {
                        let token = bearer::token(&request).map(str::to_owned);
                        let asker = Asker { address, token, ..Asker::default() };
                        // Boxed, so that whoever is refused does not hold room for an answer.
                        let answer = asker.ask(Box::pin(self.answer(request, &path, &id)));
                        watch::named(&id, address, answer).await
                    };
                    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                        self.name_methods(response.headers_mut(), &path);
                    }
                    (response, standing)
                }
                Err(error) => {
                    let refused = async { self.fail(error.into(), &path, &id) };
                    (watch::named(&id, address, refused).await, None)
                }
            }
        };
        drop(room);
        if let Some(unread) = unread {
            unread.discard().await;
        }

        watch.end(&id, &method, &path, &mut response);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(REQUEST_ID, id);
        }
        // A limit that refused has told of itself.
        if let Some(standing) = standing
            && !headers.contains_key(LIMIT)
        {
            tell(headers, standing.limit, standing.remaining, standing.reset);
        }
        let origin = origin.filter(|_| self.is_shared);
        self.gate.allow_origin(headers, origin.as_ref(), is_preflight);
        secure(headers);
        if self.gate.is_secure {
            let value = HeaderValue::from_static(STRICT_TRANSPORT);
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
        Ok(response)
    }
}

impl<E: Endpoint> Edge<E> {
    /// Counts a request, and refuses it where it is one too many. Routes that do not exist are
    /// counted, but never refused.
    async fn count(
        &self,
        address: Option<IpAddr>,
        method: &Method,
        path: &str,
    ) -> Result<Option<Standing>> {
        let Some(address) = address else { return Ok(None) };
        let app = &self.gate.app;
        let standing = match self.limit {
            Some(limit) => app.count_address(limit, address).await?,
            None => None,
        };
        let known = || self.knows.as_ref().is_none_or(|knows| knows(method, path));
        if let Some(refusal) = standing.and_then(Standing::refusal)
            && known()
        {
            return Err(Error::too_many(refusal));
        }
        // HEAD does the work of GET.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        for (of_method, of_path, limit) in self.route_limits {
            if of_method == method && matches(of_path, path) {
                let counted = app.count_address(*limit, address).await?;
                if let Some(refusal) = counted.and_then(Standing::refusal) {
                    return Err(Error::too_many(refusal));
                }
            }
        }
        Ok(standing)
    }

    /// Whether a known route is sent more than any takes, be it one that takes nothing.
    fn is_too_large(&self, request: &Request, method: &Method, path: &str) -> bool {
        let length = request.headers().typed_get::<ContentLength>();
        length.is_some_and(|length| length.0 > BODY_MAX as u64)
            && self.knows.as_ref().is_some_and(|knows| knows(method, path))
    }

    fn name_methods(&self, headers: &mut HeaderMap, path: &str) {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        // What belongs to no document is there to be looked at.
        let known = |method: &&Method| match &self.knows {
            Some(knows) => knows(method, path),
            None => **method == Method::GET,
        };
        let allowed: Vec<&str> = methods.iter().filter(known).map(Method::as_str).collect();
        if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
            headers.insert(header::ALLOW, allowed);
        }
    }

    async fn answer(&self, request: Request, path: &str, id: &str) -> Response {
        let time = TIMEOUT + body_time(request.headers());
        let method = request.method().clone();
        let call = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        match tokio::time::timeout(time, call).await {
            Ok(Ok(Ok(response))) => response.into_response(),
            Ok(Ok(Err(error))) => {
                let (cause, route) = (error.to_string(), watch::Route::of(&error));
                let problem = Problem::from(error);
                if problem.status.is_server_error() && problem.error.is_none() {
                    tracing::error!(request_id = id, cause, "request failed");
                }
                let mut response = self.fail(problem, path, id);
                route.keep(&mut response);
                response
            }
            Ok(Err(_)) => {
                tracing::error!(request_id = id, "request panicked");
                self.fail(Problem::internal(), path, id)
            }
            Err(_) => {
                tracing::warn!(request_id = id, "request took too long");
                self.fail(Problem::timed_out(&method), path, id)
            }
        }
    }

    fn fail(&self, problem: Problem, path: &str, id: &str) -> Response {
        match &problem.error {
            Some(error) if *error.kind() == Kind::Internal => {
                tracing::error!(request_id = id, cause = error.cause(), "request failed");
            }
            // The database says once that it cannot be written, not with every request.
            Some(error) if *error.kind() == Kind::Unwritable => {
                tracing::debug!(request_id = id, cause = error.cause(), "not saved");
            }
            Some(error) if problem.status.is_server_error() => {
                tracing::warn!(request_id = id, cause = error.cause(), "too busy");
            }
            _ => {}
        }
        if is_suspicious(problem.status) {
            let (status, path) = (problem.status.as_u16(), without_secret(path));
            tracing::info!(target: SECURITY, status, %path, "refused");
        }
        let mut response = problem.shape.unwrap_or(self.shape)(path, &problem);
        response.set_status(problem.status);
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(Kind::TooMany(refusal)) = problem.error.as_ref().map(Error::kind) {
            tell(headers, refusal.limit, 0, refusal.reset);
        }
        if problem.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl Gate {
    /// A foreign origin gets the normal answer without these headers.
    fn allow_origin(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>, preflight: bool) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return };
        let known = |known: &String| known.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
        if !self.origins.iter().any(known) {
            return;
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        if preflight {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            set(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
        } else {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

/// How long a body may be on its way; none that matters for small ones.
fn body_time(headers: &HeaderMap) -> Duration {
    let length = match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok().and_then(|length| length.parse().ok()).unwrap_or(0),
        None if headers.contains_key(header::TRANSFER_ENCODING) => BODY_MAX as u64,
        None => return Duration::ZERO,
    };
    Duration::from_secs(length.min(BODY_LARGEST) / BODY_RATE)
}

/// Whether somebody asked for what is not theirs, or too often.
fn is_suspicious(status: StatusCode) -> bool {
    let suspicious =
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    suspicious.contains(&status)
}

fn tell(headers: &mut HeaderMap, limit: u32, remaining: u32, reset: i64) {
    headers.insert(LIMIT, limit.into());
    headers.insert(REMAINING, remaining.into());
    headers.insert(RESET, reset.into());
}

/// Whether a path is of that pattern, whose `*` stands for one segment.
fn matches(pattern: &str, path: &str) -> bool {
    let mut asked = path.split('/');
    let fits = pattern.split('/').all(|known| {
        asked.next().is_some_and(|asked| known == asked || (known == "*" && !asked.is_empty()))
    });
    fits && asked.next().is_none()
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static(NO_CONTENT_POLICY));
    let caching = headers.entry(header::CACHE_CONTROL);
    caching.or_insert(HeaderValue::from_static("no-store"));
}

//! Writes errors in the format of their API, and logs those an operator should know about.

use poem::{
    PathPattern, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use super::{
    super::{
        path,
        problem::{Problem, Shape},
    },
    Knows, Layer, Next, rate_limit,
};
use crate::{
    app::security_log::SECURITY,
    domain::{
        error::{Error, Kind},
        limit::LimitState,
    },
};

/// Marks an error after which the connection is closed.
#[derive(Clone, Copy)]
pub struct EndsConnection;

/// The errors of one mount.
pub struct Failures {
    pub shape: Shape,
    pub knows: Option<Knows>,
}

impl Layer for Failures {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let uri = request.original_uri().clone();
        match next.call(request).await {
            Ok(response) => Ok(response),
            Err(error) => Ok(self.answer(error, path::without_slash(uri.path()))),
        }
    }
}

impl Failures {
    fn answer(&self, error: poem::Error, path: &str) -> Response {
        let route = error.data::<PathPattern>().cloned();
        let state = error.data::<LimitState>().copied();
        let ends_connection = error.data::<EndsConnection>().is_some();
        let (cause, is_told) = (error.to_string(), error.is::<Problem>());
        let problem = Problem::from(error);
        if problem.status.is_server_error() && problem.error.is_none() && !is_told {
            tracing::error!(cause, "request failed");
        }
        log(&problem, path);
        let mut response = problem.shape.unwrap_or(self.shape)(path, &problem);
        response.set_status(problem.status);
        if let Some(route) = route {
            response.set_data(route);
        }
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        match (problem.error.as_ref().map(Error::kind), state) {
            (Some(Kind::TooMany(refusal)), _) => {
                rate_limit::write(headers, refusal.limit, 0, refusal.reset);
            }
            (_, Some(state)) => {
                rate_limit::write(headers, state.limit, state.remaining, state.reset);
            }
            _ => {}
        }
        match problem.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::METHOD_NOT_ALLOWED => self.name_methods(headers, path),
            _ => {}
        }
        if ends_connection {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn name_methods(&self, headers: &mut HeaderMap, path: &str) {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        // Routes without a document are read-only.
        let known = |method: &&Method| match &self.knows {
            Some(knows) => knows(method, path),
            None => **method == Method::GET,
        };
        let allowed: Vec<&str> = methods.iter().filter(known).map(Method::as_str).collect();
        if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
            headers.insert(header::ALLOW, allowed);
        }
    }
}

fn log(problem: &Problem, path: &str) {
    match &problem.error {
        Some(error) if *error.kind() == Kind::Internal => {
            tracing::error!(cause = error.cause(), "request failed");
        }
        // The database logs once that it is read-only; do not repeat that for every request.
        Some(error) if *error.kind() == Kind::Unwritable => {
            tracing::debug!(cause = error.cause(), "not saved");
        }
        Some(error) if problem.status.is_server_error() => {
            tracing::warn!(cause = error.cause(), "too busy");
        }
        _ => {}
    }
    // Unauthorized, forbidden or rate-limited requests.
    if let StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS =
        problem.status
    {
        let (status, path) = (problem.status.as_u16(), path::without_secret(path));
        tracing::info!(target: SECURITY, status, %path, "request rejected");
    }
}

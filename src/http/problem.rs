//! Errors before they become a response body: each API writes them in its own format.

use std::io;

use poem::{
    Response,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError, ResponseError},
    http::{Method, StatusCode},
};

use crate::{
    domain::error::{Error, Kind},
    locale::{Text, t},
};

/// Seconds after which to retry when the disk is full, since someone must free space first.
const UNWRITABLE_FOR: u64 = 60;
/// Seconds after which memory for a body may be available again.
const NO_ROOM_FOR: u64 = 5;

/// Writes an error in the format of an API. The path tells apart formats that share a mount.
pub type Shape = fn(path: &str, &Problem) -> Response;

/// What went wrong with a request.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub status: StatusCode,
    /// For users. Contains neither a cause nor a value from the request.
    pub message: Text,
    /// Seconds after which to retry.
    pub retry_after: Option<u64>,
    /// The error below HTTP, if it came from there.
    pub error: Option<Error>,
    /// The format that the request body selected, if different from that of its path.
    pub shape: Option<Shape>,
}

impl Problem {
    fn new(status: StatusCode, key: &'static str) -> Self {
        Self { status, message: t(key), retry_after: None, error: None, shape: None }
    }

    /// The request timed out.
    pub fn timed_out(method: &Method) -> Self {
        let key = if method.is_safe() { "error-timed-out" } else { "error-timed-out-saving" };
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, key) }
    }

    /// An internal error whose cause appears only in the log.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "error-internal")
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }
}

/// The status of an error: the only place that maps kinds to statuses.
pub fn status(kind: &Kind) -> StatusCode {
    match kind {
        Kind::Invalid(_) | Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Unauthenticated | Kind::SecondFactor(_) => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict | Kind::Stale | Kind::Unsaved => StatusCode::CONFLICT,
        Kind::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable { .. } | Kind::Unwritable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let retry_after = match error.kind() {
            Kind::TooMany(refusal) => Some(refusal.retry_after),
            Kind::Unavailable { retry_after } => Some(*retry_after),
            Kind::Unwritable => Some(UNWRITABLE_FOR),
            _ => None,
        };
        Self {
            status: status(error.kind()),
            message: error.message().clone(),
            retry_after,
            error: Some(error),
            shape: None,
        }
    }
}

impl From<poem::Error> for Problem {
    fn from(error: poem::Error) -> Self {
        if error.is::<NotFoundError>() {
            return Self::new(StatusCode::NOT_FOUND, "error-route-not-found");
        }
        if error.is::<MethodNotAllowedError>() {
            return Self::new(StatusCode::METHOD_NOT_ALLOWED, "error-method-not-allowed");
        }
        match body_failure(&error) {
            Some(io::ErrorKind::TimedOut) => {
                return Self::new(StatusCode::REQUEST_TIMEOUT, "error-body-slow");
            }
            Some(io::ErrorKind::ResourceBusy) => {
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "error-busy-bodies");
                return Self { retry_after: Some(NO_ROOM_FOR), ..problem };
            }
            _ => {}
        }
        let error = match error.downcast::<Self>() {
            Ok(problem) => return problem,
            Err(error) => error,
        };
        let (status, shape) = (error.status(), error.data::<Shape>().copied());
        match error.downcast::<Error>() {
            Ok(error) => Self { shape, ..error.into() },
            Err(_) => match status {
                StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "error-payload-too-large"),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(status, "error-content-type"),
                StatusCode::UNAUTHORIZED => Self::new(status, "error-authentication-required"),
                status if status.is_client_error() => {
                    Self::new(StatusCode::BAD_REQUEST, "error-malformed")
                }
                _ => Self::internal(),
            },
        }
    }
}

/// Returns why reading a body failed, however deep the cause is nested.
fn body_failure(error: &poem::Error) -> Option<io::ErrorKind> {
    let Some(ReadBodyError::Io(error)) = error.downcast_ref() else { return None };
    let mut error = Some(error);
    while let Some(known) = error {
        if matches!(known.kind(), io::ErrorKind::TimedOut | io::ErrorKind::ResourceBusy) {
            return Some(known.kind());
        }
        error = known.get_ref().and_then(|inner| inner.downcast_ref());
    }
    None
}

/// Converts an error for poem.
pub fn into_poem(error: Error) -> poem::Error {
    let status = status(error.kind());
    poem::Error::new(error, status)
}

/// An error written in a different format than that of its path.
pub fn shaped(error: Error, shape: Shape) -> poem::Error {
    let mut error = into_poem(error);
    error.set_data(shape);
    error
}

//! `{"success": false, "error": "…"}` around everything that did not.

use std::marker::PhantomData;

use poem::Response;
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use super::envelope::{bytes, json};
use crate::{
    domain::error::{Error, Kind},
    http::{
        problem::{Problem, into_poem},
        wire::wire,
    },
};

wire! {
    /// What went wrong.
    struct ErrorBody "Error" example r#"{"success": false, "error": "Human-readable error message"}"# {
        /// Always false.
        success "success": bool,
        /// For people; every failing field of the input, separated by "; ".
        error "error": String,
    }
}

/// Writes a problem in FreelanceOS's shape.
pub fn shape(problem: &Problem) -> Response {
    let error = match problem.error.as_ref().map(Error::kind) {
        Some(Kind::Invalid(fields)) => {
            fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        _ => problem.message.to_string(),
    };
    json(problem.status, bytes(&ErrorBody { success: false, error }))
}

/// A failure of a route that can fail with these statuses.
pub struct Failed<S> {
    error: Error,
    statuses: PhantomData<fn() -> S>,
}

/// The statuses a route can fail with.
pub trait Statuses: 'static {
    const CODES: &'static [u16];
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident: $($code:literal)*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl Statuses for $name {
            const CODES: &'static [u16] = &[$($code),*];
        }
    )*};
}

statuses! {
    /// Registration.
    Registering: 400 409 413 415 429 500 503;
    /// Login.
    LoggingIn: 400 401 413 415 429 500 503;
    /// Reading without parameters.
    Reading: 401 429 500 503;
    /// Reading with query parameters.
    Listing: 400 401 429 500 503;
    /// Reading one thing.
    Finding: 401 404 429 500 503;
    /// Making something.
    Creating: 400 401 409 413 415 429 500 503;
    /// Changing one's own account.
    ChangingSelf: 400 401 413 415 429 500 503;
    /// Changing something.
    Changing: 400 401 404 409 413 415 429 500 503;
    /// Changing something that no state forbids.
    ChangingFreely: 400 401 404 413 415 429 500 503;
    /// Deleting something.
    Deleting: 401 404 409 429 500 503;
    /// Deleting something that no state forbids.
    DeletingFreely: 401 404 429 500 503;
}

impl<S> From<Error> for Failed<S> {
    fn from(error: Error) -> Self {
        Self { error, statuses: PhantomData }
    }
}

impl<S> From<Failed<S>> for poem::Error {
    fn from(failed: Failed<S>) -> Self {
        into_poem(failed.error)
    }
}

impl<S: Statuses> ApiResponse for Failed<S> {
    fn meta() -> MetaResponses {
        let response = |code: &u16| MetaResponse {
            description: describe(*code),
            status: Some(*code),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: ErrorBody::schema_ref(),
            }],
            headers: Vec::new(),
        };
        MetaResponses { responses: S::CODES.iter().map(response).collect() }
    }

    fn register(registry: &mut Registry) {
        ErrorBody::register(registry);
    }
}

fn describe(code: u16) -> &'static str {
    match code {
        400 => "The request is malformed or a field is invalid",
        401 => "No token, a bad or expired one, an ended session, or wrong credentials",
        404 => "Not there",
        409 => "It exists already, or its state forbids this",
        413 => "The body is larger than 1 MiB",
        415 => "The body is not JSON",
        429 => "Too many requests; see Retry-After",
        503 => "Too busy, or it took too long; see Retry-After",
        _ => "A fault of the server, logged with the X-Request-Id",
    }
}

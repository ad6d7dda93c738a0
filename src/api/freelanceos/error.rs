//! `{"success": false, "error": "…"}`: the envelope of errors.

use poem::Response;

use crate::{
    domain::error::{Error, Kind},
    http::{
        answer::{bytes, json},
        failed::{self, statuses},
        problem::Problem,
        schema::schema,
    },
};

schema! {
    /// What went wrong.
    struct ErrorBody "Error" example r#"{"success": false, "error": "Human-readable error message"}"# {
        /// Always false.
        success "success": bool,
        /// A readable message with every invalid field, separated by "; ".
        error "error": String,
    }
}

/// Writes a problem in FreelanceOS's format.
pub fn shape(_path: &str, problem: &Problem) -> Response {
    let body = ErrorBody { success: false, error: message(problem) };
    json(problem.status, bytes(&body))
}

/// The message of a problem, in one string.
pub fn message(problem: &Problem) -> String {
    match problem.error.as_ref().map(Error::kind) {
        Some(Kind::Invalid(fields)) => {
            fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        _ => problem.message.to_string(),
    }
}

/// An error of a route that can fail with these statuses.
pub type Failed<S> = failed::Failed<S, ErrorBody>;

statuses! {
    /// Reading without parameters.
    Reading: 401 429 500 503;
    /// Reading with query parameters.
    Listing: 400 401 429 500 503;
    /// Reading the parts of an item, with query parameters.
    ListingOf: 400 401 404 429 500 503;
    /// Reading a single item.
    Finding: 401 404 429 500 503;
    /// Reading a document that exists only in some states.
    FindingIf: 401 404 409 429 500 503;
    /// Creating an item.
    Creating: 400 401 403 409 413 415 429 500 503;
    /// Changing the caller's account.
    ChangingSelf: 400 401 403 413 415 429 500 503;
    /// Changing the caller's settings.
    ChangingSettings: 400 401 403 409 413 415 429 500 503;
    /// Changing an item.
    Changing: 400 401 403 404 409 413 415 429 500 503;
    /// Changing an item in any state.
    ChangingFreely: 400 401 403 404 413 415 429 500 503;
    /// Deleting an item.
    Deleting: 401 403 404 409 429 500 503;
    /// Deleting an item in any state.
    DeletingFreely: 401 403 404 429 500 503;
}

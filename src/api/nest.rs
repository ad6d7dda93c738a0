//! The error body that both FreelanceHub documents share: `{"statusCode", "message", "error"}`.

use poem::http::StatusCode;

use crate::{
    domain::{
        error::{Error, Kind},
        rule::FieldError,
    },
    http::{problem::Problem, schema::Either},
};

/// One message, or one for each invalid field.
pub type Said = Either<String, Vec<String>>;

/// The name of a status: `Bad Request`.
pub fn phrase(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").to_owned()
}

/// The invalid fields of a problem in the words of a document, if any.
pub fn fields(problem: &Problem, say: fn(&FieldError) -> String) -> Option<Vec<String>> {
    match problem.error.as_ref().map(Error::kind) {
        Some(Kind::Invalid(fields)) => Some(fields.iter().map(say).collect()),
        _ => None,
    }
}

/// Whether a second factor is required.
pub fn asks_second_factor(problem: &Problem) -> Option<bool> {
    matches!(problem.error.as_ref().map(Error::kind), Some(Kind::SecondFactor(_))).then_some(true)
}

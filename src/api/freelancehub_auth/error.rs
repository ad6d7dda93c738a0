//! Errors in FreelanceHub Auth's format and wording.

use poem::Response;

use crate::{
    api::nest::{Said, asks_second_factor, fields, phrase},
    domain::rule::{FieldError, Rule},
    http::{
        answer::{bytes, json},
        failed::{self, statuses},
        problem::Problem,
        schema::{Either, schema},
    },
};

schema! {
    /// What went wrong. If fields are invalid, one message for each.
    struct ErrorBody "AuthError" example r#"{
        "statusCode": 400,
        "message": ["firstName should not be empty", "email must be a valid email"],
        "error": "Bad Request"
    }"# {
        status_code "statusCode": u16,
        message "message": Said,
        error "error": String,
        /// True if the request must also have a `totpCode`.
        two_factor_required "twoFactorRequired": Option<bool>,
    }
}

/// Writes a problem in FreelanceHub Auth's format.
pub fn shape(_path: &str, problem: &Problem) -> Response {
    let message = match fields(problem, say) {
        Some(messages) => Either::B(messages),
        None => Either::A(problem.message.to_string()),
    };
    let body = ErrorBody {
        status_code: problem.status.as_u16(),
        message,
        error: phrase(problem.status),
        two_factor_required: asks_second_factor(problem),
    };
    json(problem.status, bytes(&body))
}

fn say(failed: &FieldError) -> String {
    let FieldError { field, rule } = failed;
    match rule {
        _ if field == "email" => format!("{field} must be a valid email"),
        Rule::Required | Rule::Empty => format!("{field} should not be empty"),
        Rule::TooShort { min } => {
            format!("{field} must be longer than or equal to {min} characters")
        }
        Rule::TooLong { max } => {
            format!("{field} must be shorter than or equal to {max} characters")
        }
        Rule::OneOf(values) => {
            format!("{field} must be one of the following values: {}", values.join(", "))
        }
        _ => format!("{field} {rule}"),
    }
}

/// An error of a route that can fail with these statuses.
pub type Failed<S> = failed::Failed<S, ErrorBody>;

statuses! {
    /// Verifying an email address.
    Verifying: 400 401 413 415 429 500 503;
    /// Requesting a code.
    Asking: 400 413 415 429 500 503;
    /// Refreshing a token.
    Refreshing: 400 401 413 415 429 500 503;
    /// Changing data that only the caller may change.
    Changing: 400 401 413 415 429 500 503;
    /// Signing out.
    SigningOut: 429 500 503;
    /// Reading the caller's account.
    Reading: 401 429 500 503;
}

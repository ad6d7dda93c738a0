//! Errors in FreelanceHub's format and wording.

use poem::Response;

use crate::{
    api::nest::{Said, asks_second_factor, fields, phrase},
    domain::rule::FieldError,
    http::{
        answer::{bytes, json},
        failed::{self, statuses},
        problem::Problem,
        schema::{Either, schema},
    },
};

schema! {
    /// What went wrong. If fields are invalid, `details` has one message for each.
    struct ErrorBody "Error" example r#"{
        "statusCode": 400,
        "message": "Validation failed",
        "error": "Bad Request",
        "details": ["Email must be a valid email address"]
    }"# {
        status_code "statusCode": u16,
        message "message": Said,
        error "error": String,
        details "details": Option<Vec<String>>,
        /// True if the request must also have a `totpCode`.
        two_factor_required "twoFactorRequired": Option<bool>,
    }
}

/// The route that also lists validation messages in `message`, as in the document.
const REGISTER: &str = "/v1/auth/register";

/// Writes a problem in FreelanceHub's format.
pub fn shape(path: &str, problem: &Problem) -> Response {
    let details = fields(problem, say);
    let message = match &details {
        Some(details) if path == REGISTER => Either::B(details.clone()),
        _ => Either::A(problem.message.to_string()),
    };
    let body = ErrorBody {
        status_code: problem.status.as_u16(),
        message,
        error: phrase(problem.status),
        details,
        two_factor_required: asks_second_factor(problem),
    };
    json(problem.status, bytes(&body))
}

fn say(failed: &FieldError) -> String {
    let FieldError { field, rule } = failed;
    match field.as_ref() {
        "email" => "Email must be a valid email address".to_owned(),
        "otp" => format!("OTP {rule}"),
        "totpCode" => format!("TOTP code {rule}"),
        field => format!("{} {rule}", label(field)),
    }
}

/// The readable name of a field: `dateOfBirth` is "Date of birth", `location.city` "Location city".
fn label(field: &str) -> String {
    let mut label = String::with_capacity(field.len() + 4);
    let mut was_upper = false;
    for letter in field.chars() {
        match letter {
            _ if label.is_empty() => label.extend(letter.to_uppercase()),
            '.' => label.push(' '),
            letter if letter.is_uppercase() => {
                // An acronym counts as one word: `clientDataJSON`.
                if !was_upper {
                    label.push(' ');
                }
                label.extend(letter.to_lowercase());
            }
            letter => label.push(letter),
        }
        was_upper = letter.is_uppercase();
    }
    label
}

/// An error of a route that can fail with these statuses.
pub type Failed<S> = failed::Failed<S, ErrorBody>;

statuses! {
    /// Registration.
    Registering: 400 403 409 413 415 429 500 503;
    /// Checking a username.
    Checking: 400 429 500 503;
    /// Requesting or using a code.
    Proving: 400 413 415 429 500 503;
    /// Signing in.
    SigningIn: 400 401 413 415 429 500 503;
    /// Refreshing a token.
    Refreshing: 400 401 413 415 500 503;
    /// Signing out.
    SigningOut: 400 401 413 415 500 503;
    /// Reading or ending the caller's own data.
    Reading: 401 500 503;
    /// Starting something that the current state may forbid.
    Beginning: 401 403 409 500 503;
    /// Registering a passkey, or turning the second factor on.
    Enrolling: 400 401 403 409 413 415 500 503;
    /// Requesting a sign-in with a passkey.
    Asking: 400 409 413 415 429 500 503;
    /// Signing in with a passkey.
    Verifying: 400 401 409 413 415 429 500 503;
    /// Ending a single item of the caller.
    Ending: 401 404 500 503;
    /// Reading data that only freelancers have.
    Showing: 401 403 500 503;
    /// Reading a page of such data.
    Listing: 400 401 403 500 503;
    /// Adding an item.
    Adding: 400 401 403 409 413 415 500 503;
    /// Changing an item.
    Changing: 400 401 403 404 413 415 500 503;
    /// Deleting an item.
    Removing: 401 403 404 500 503;
    /// Reading public data.
    Viewing: 404 429 500 503;
    /// Writing to a freelancer.
    Writing: 400 403 404 413 415 429 500 503;
    /// Answering a freelancer.
    Answering: 400 404 409 413 415 429 500 503;
    /// Turning the second factor off.
    TurningOff: 400 401 409 413 415 429 500 503;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_readable_names() {
        for (field, named) in [
            ("email", "Email"),
            ("dateOfBirth", "Date of birth"),
            ("location.city", "Location city"),
            ("response.clientDataJSON", "Response client data json"),
            ("links[2].url", "Links[2] url"),
        ] {
            assert_eq!(label(field), named);
        }
    }
}

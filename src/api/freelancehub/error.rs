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
    /// What went wrong; on validation `details` has one message of each failing field.
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
        /// True where the request must carry a `totpCode` too.
        two_factor_required "twoFactorRequired": Option<bool>,
    }
}

/// The route whose validation messages stand in `message` too, as the document shows it.
const REGISTER: &str = "/v1/auth/register";

/// Writes a problem in FreelanceHub's shape.
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

/// A field as people name it: `dateOfBirth` is "Date of birth", `location.city` "Location city".
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

/// A failure of a route that can fail with these statuses.
pub type Failed<S> = failed::Failed<S, ErrorBody>;

statuses! {
    /// Registration.
    Registering: 400 403 409 413 415 429 500 503;
    /// Asking whether a name is free.
    Checking: 400 429 500 503;
    /// Asking for or using a code.
    Proving: 400 413 415 429 500 503;
    /// Signing in.
    SigningIn: 400 401 413 415 429 500 503;
    /// Refreshing a token.
    Refreshing: 400 401 413 415 500 503;
    /// Signing out.
    SigningOut: 400 401 413 415 500 503;
    /// Reading, or ending what is one's own.
    Reading: 401 500 503;
    /// Beginning what the state may forbid.
    Beginning: 401 403 409 500 503;
    /// Registering a passkey, or turning the second factor on.
    Enrolling: 400 401 403 409 413 415 500 503;
    /// Asking to sign in with a passkey.
    Asking: 400 409 413 415 429 500 503;
    /// Signing in with a passkey.
    Verifying: 400 401 409 413 415 429 500 503;
    /// Ending one thing of one's own.
    Ending: 401 404 500 503;
    /// Reading what only freelancers have.
    Showing: 401 403 500 503;
    /// Reading a page of it.
    Listing: 400 401 403 500 503;
    /// Adding to it.
    Adding: 400 401 403 409 413 415 500 503;
    /// Changing one thing of it.
    Changing: 400 401 403 404 413 415 500 503;
    /// Removing one thing of it.
    Removing: 401 403 404 500 503;
    /// Reading what everybody may see.
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
    fn fields_are_named_as_people_name_them() {
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

//! Errors, in a form that APIs and pages can render.

use std::{borrow::Cow, error::Error as StdError, fmt};

use super::{
    limit::Refusal,
    rule::{FieldError, Rule},
};
use crate::locale::{Text, t};

/// The result type of everything below HTTP.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of a failure. Each API maps it to its own status and shape in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks rules. Lists every failing field, in document order.
    Invalid(Vec<FieldError>),
    /// The input cannot be parsed.
    Malformed,
    /// This kind of input is not accepted here.
    Unsupported,
    /// No one is signed in, or the credentials are wrong.
    Unauthenticated,
    /// The password is right, but a code is also needed: none was sent, or it breaks this rule.
    SecondFactor(Option<Rule>),
    /// Signed in, but not allowed.
    Forbidden,
    /// It does not exist, or is another account's: callers cannot tell which.
    NotFound,
    /// It already exists, or its state forbids the change.
    Conflict,
    /// It has changed since the caller saw it.
    Stale,
    /// The change was not saved, since it must be reviewed first.
    Unsaved,
    /// A limit was reached.
    TooMany(Refusal),
    /// The server is busy; try again after this many seconds.
    Unavailable { retry_after: u64 },
    /// Nothing can be saved now: the disk is full or read-only. Reading still works.
    Unwritable,
    /// An internal error. The source is logged and never part of a response.
    Internal,
}

/// A failure: its kind, a message for the user, and the cause for the log. Each constructor takes
/// the key of the message.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: Text,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(kind: Kind, key: &'static str) -> Self {
        Self { kind, message: t(key), source: None }
    }

    /// Inserts a value into the message.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl ToString) -> Self {
        Self { message: self.message.with(name, value), ..self }
    }

    /// Returns both values, or the failing fields of both.
    pub fn both<A, B>(a: Result<A>, b: Result<B>) -> Result<(A, B)> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(Error { kind: Kind::Invalid(mut fields), .. }), Err(other)) => match other.kind {
                Kind::Invalid(more) => {
                    fields.extend(more);
                    Err(Error::invalid(fields))
                }
                _ => Err(other),
            },
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Turns "not found" into `None`; other errors stay errors.
    pub fn optional<T>(found: Result<T>) -> Result<Option<T>> {
        match found {
            Err(Self { kind: Kind::NotFound, .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Several fields are wrong.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self::new(Kind::Invalid(fields), "error-invalid")
    }

    /// One field is wrong.
    pub fn field(field: impl Into<Cow<'static, str>>, rule: Rule) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), rule }])
    }

    pub fn malformed(key: &'static str) -> Self {
        Self::new(Kind::Malformed, key)
    }

    /// The input is not JSON.
    pub fn unsupported() -> Self {
        Self::new(Kind::Unsupported, "error-content-type")
    }

    pub fn unauthenticated(key: &'static str) -> Self {
        Self::new(Kind::Unauthenticated, key)
    }

    pub fn forbidden(key: &'static str) -> Self {
        Self::new(Kind::Forbidden, key)
    }

    pub fn not_found(key: &'static str) -> Self {
        Self::new(Kind::NotFound, key)
    }

    /// The state forbids it; the message says what to do instead.
    pub fn conflict(key: &'static str) -> Self {
        Self::new(Kind::Conflict, key)
    }

    pub fn stale() -> Self {
        Self::new(Kind::Stale, "error-stale")
    }

    /// The change was not saved, since its session had ended.
    pub fn unsaved() -> Self {
        Self::new(Kind::Unsaved, "error-unsaved")
    }

    /// The password is right, but a code is also needed; `wrong` says what is wrong with the code
    /// that was sent.
    pub fn second_factor(wrong: Option<Rule>, key: &'static str) -> Self {
        Self::new(Kind::SecondFactor(wrong), key)
    }

    pub fn too_many(refusal: Refusal) -> Self {
        Self::new(Kind::TooMany(refusal), "error-too-many-requests")
    }

    /// Changes the message of errors of these kinds.
    #[must_use]
    pub fn reworded(self, kinds: impl FnOnce(&Kind) -> bool, key: &'static str) -> Self {
        if kinds(&self.kind) { Self { message: t(key), ..self } } else { self }
    }

    /// Replaces "not found" with `other`.
    #[must_use]
    pub fn if_missing(self, other: impl FnOnce() -> Self) -> Self {
        if self.kind == Kind::NotFound { other() } else { self }
    }

    pub fn unavailable(retry_after: u64, key: &'static str) -> Self {
        Self::new(Kind::Unavailable { retry_after }, key)
    }

    /// Nothing can be saved now.
    pub fn unwritable(key: &'static str) -> Self {
        Self::new(Kind::Unwritable, key)
    }

    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Kind::Internal, "error-internal") }
    }

    /// Attaches the technical cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The message for the user; never contains a cause or an input value.
    pub fn message(&self) -> &Text {
        &self.message
    }

    /// The cause in one line, for the log.
    pub fn cause(&self) -> String {
        let mut text = self.message.to_string();
        let mut next = self.source.as_deref().map(|e| e as &dyn StdError);
        while let Some(error) = next {
            text.push_str(": ");
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Kind::Invalid(fields) = &self.kind {
            for (n, field) in fields.iter().enumerate() {
                write!(f, "{} {field}", if n == 0 { ":" } else { ";" })?;
            }
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

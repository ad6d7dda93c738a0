//! Errors of handlers: the statuses a route can answer with, in the body format of its API.

use std::marker::PhantomData;

use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
    types::Type,
};

use super::{
    answer::response,
    problem::{Shape, into_poem, shaped},
};
use crate::domain::error::Error;

/// An error of a route that can fail with these statuses, documented as this body.
pub struct Failed<S, B> {
    error: Error,
    shape: Option<Shape>,
    documented_as: PhantomData<fn() -> (S, B)>,
}

impl<S, B> Failed<S, B> {
    /// An error written in a different format than that of its path.
    pub fn shaped(error: Error, shape: Shape) -> Self {
        Self { error, shape: Some(shape), documented_as: PhantomData }
    }
}

/// The statuses a route can fail with.
pub trait Statuses: 'static {
    const CODES: &'static [u16];
}

/// Declares sets of statuses: `Name: 400 401;`.
macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident: $($code:literal)*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl $crate::http::failed::Statuses for $name {
            const CODES: &'static [u16] = &[$($code),*];
        }
    )*};
}

pub(crate) use statuses;

impl<S, B> From<Error> for Failed<S, B> {
    fn from(error: Error) -> Self {
        Self { error, shape: None, documented_as: PhantomData }
    }
}

impl<S, B> From<Failed<S, B>> for poem::Error {
    fn from(failed: Failed<S, B>) -> Self {
        match failed.shape {
            Some(shape) => shaped(failed.error, shape),
            None => into_poem(failed.error),
        }
    }
}

impl<S: Statuses, B: Type> ApiResponse for Failed<S, B> {
    fn meta() -> MetaResponses {
        // On a route without sign-in, only registration can be forbidden.
        let is_registration = !S::CODES.contains(&401);
        let describe = |code| match code {
            403 if is_registration => "Registration is closed",
            _ => describe(code),
        };
        let responses = S::CODES.iter().map(|code| response::<B>(*code, describe(*code)));
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        B::register(registry);
    }
}

fn describe(code: u16) -> &'static str {
    match code {
        400 => "The request is malformed or a field is invalid",
        401 => "No token, a bad or expired one, an ended session, or wrong credentials",
        403 => {
            "Signed in, but this is not allowed: it is for freelancers, or for accounts whose e-mail \
             address is verified"
        }
        404 => "Not there",
        409 => "It exists already, or its state forbids this",
        413 => "The body is larger than 1 MiB",
        415 => "The body is not JSON",
        429 => "Too many requests; see Retry-After",
        503 => "Too busy, it took too long, or the disk is full; see Retry-After",
        _ => "A fault of the server, logged with the X-Request-Id",
    }
}

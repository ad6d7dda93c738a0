//! A request as those see it who watch the server: what it is counted and logged as, and the id
//! that every line about it carries.

use std::{borrow::Cow, cell::Cell, net::IpAddr, time::Instant};

use hyper::body::Body;
use poem::{PathPattern, Request, Response, http::Method};
use tokio::task_local;
use tracing::Level;

use crate::{
    domain::{id::AccountId, session::Claims},
    metrics::{self, Present},
};

/// What lines of the access log are written for: `LOG=info,access=debug`.
const ACCESS: &str = "access";
/// Characters of a path that are logged.
const PATH_SHOWN: usize = 200;

task_local! {
    static CURRENT: Current;
}

/// The request that a task is at work on.
struct Current {
    id: String,
    address: Option<IpAddr>,
    account: Cell<Option<AccountId>>,
}

/// Whose request it was, kept with the answer.
#[derive(Clone, Copy)]
struct Caller(AccountId);

/// Hands the id of the request in hand, and the address it came from, to `each`, if there is one.
pub fn with_request<T>(each: impl FnOnce(&str, Option<IpAddr>) -> T) -> Option<T> {
    CURRENT.try_with(|current| each(&current.id, current.address)).ok()
}

/// Remembers whose request it is, for the access log.
pub fn caller(claims: Claims) {
    // Nothing is remembered where nobody watches.
    let _ = CURRENT.try_with(|current| current.account.set(Some(claims.account)));
}

/// Runs the work of a request, so that what it logs carries its id and address.
pub async fn named(
    id: &str,
    address: Option<IpAddr>,
    work: impl Future<Output = Response>,
) -> Response {
    let current = Current { id: id.to_owned(), address, account: Cell::new(None) };
    let work = async {
        let mut response = work.await;
        if is_logged()
            && let Ok(Some(account)) = CURRENT.try_with(|current| current.account.get())
        {
            response.set_data(Caller(account));
        }
        response
    };
    CURRENT.scope(current, work).await
}

/// The route that failed, which the answer made of its failure does not know by itself.
pub struct Route(Option<PathPattern>);

impl Route {
    pub fn of(failure: &poem::Error) -> Self {
        Self(failure.data().cloned())
    }

    pub fn keep(self, response: &mut Response) {
        if let Some(route) = self.0 {
            response.set_data(route);
        }
    }
}

fn is_logged() -> bool {
    tracing::enabled!(target: ACCESS, Level::DEBUG)
}

/// A request from its first line to its answer.
pub struct Watch {
    begun: Option<Instant>,
    /// Where the request was sent on to the edge: a whole route, or the mount of an API.
    mount: Option<PathPattern>,
    method: metrics::Method,
    is_answered: bool,
    _present: Option<Present<'static>>,
}

impl Watch {
    pub fn begin(request: &Request) -> Self {
        let present = metrics::on().map(|metrics| metrics.in_flight.enter());
        let begun = (present.is_some() || is_logged()).then(Instant::now);
        Self {
            begun,
            mount: begun.and_then(|_| request.data().cloned()),
            method: word(request.method()),
            is_answered: false,
            _present: present,
        }
    }

    /// Counts and logs the answer.
    pub fn end(mut self, id: &str, method: &Method, path: &str, response: &mut Response) {
        self.is_answered = true;
        let Some(begun) = self.begun else { return };
        let (time, status) = (begun.elapsed(), response.status().as_u16());
        let route = response.data::<PathPattern>().cloned().or(self.mount.take());
        let route = route.as_ref().and_then(|route| template(&route.0));
        if let Some(metrics) = metrics::on() {
            metrics.routes.add(self.method, route, status, time);
        }
        if !is_logged() {
            return;
        }
        let account = response.data::<Caller>().map(|caller| tracing::field::display(caller.0));
        let is_secret = route.is_some_and(|route| route.contains(":token"));
        let shown = match route {
            Some(route) if is_secret => route.into(),
            _ => without_secret(path),
        };
        let path: String = shown.chars().take(PATH_SHOWN).collect();
        let ms = time.as_micros() as f64 / 1000.0;
        let bytes = size(response);
        tracing::debug!(target: ACCESS, request_id = id, %method, path, route, status, ms, bytes, account, "answered");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_answered
            && let (Some(metrics), Some(begun)) = (metrics::on(), self.begun)
        {
            metrics.routes.add(self.method, None, metrics::DROPPED, begun.elapsed());
        }
    }
}

/// The template of a route, without what the router appends to it for its own use; none of what
/// is no route.
fn template(pattern: &str) -> Option<&str> {
    let pattern = pattern.strip_suffix("/*--poem-rest").unwrap_or(pattern);
    (!pattern.is_empty()).then_some(pattern)
}

/// Bytes of an answer's body, where that is known beforehand.
fn size(response: &mut Response) -> Option<u64> {
    let whole = hyper::Response::from(Response::from(response.take_body()));
    let size = whole.body().size_hint().exact();
    response.set_body(whole.into_body());
    size
}

fn word(method: &Method) -> metrics::Method {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A path as it may be logged: the token of a public link gives away what it leads to.
pub fn without_secret(path: &str) -> Cow<'_, str> {
    for mount in ["/p/", "/i/", "/v1/public/proposals/"] {
        if let Some(rest) = path.strip_prefix(mount) {
            let end = rest.find('/').unwrap_or(rest.len());
            return format!("{mount}…{}", &rest[end..]).into();
        }
    }
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_public_links_are_not_logged() {
        for (path, shown) in [
            ("/i/abc", "/i/…"),
            ("/i/abc/pdf", "/i/…/pdf"),
            ("/p/abc", "/p/…"),
            ("/v1/public/proposals/abc/accept", "/v1/public/proposals/…/accept"),
            ("/invoices/inv_1", "/invoices/inv_1"),
        ] {
            assert_eq!(without_secret(path), shown);
        }
    }
}

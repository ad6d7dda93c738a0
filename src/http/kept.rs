//! Answers that are given again while they cannot have changed: to the same token, for the same
//! address, as long as nobody has written to the database and no day has begun anywhere.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hyper::body::Bytes;
use poem::{
    Request, Response,
    http::{HeaderMap, Method, StatusCode, Uri},
};

use super::bearer;
use crate::app::{App, moment::Moment};

/// Answers larger than this part of all are not kept: one of them would push out the others.
const LARGEST_PART: usize = 16;
/// What an answer takes beside its texts, in bytes.
const OVERHEAD: usize = 512;

/// The answers of one program.
pub struct KeptAnswers {
    /// Bytes that they may take; 0 keeps none.
    most: usize,
    table: Mutex<Table>,
    given_again: AtomicU64,
}

#[derive(Default)]
struct Table {
    /// All are of one moment: the next one makes them worthless together.
    moment: Option<Moment>,
    bytes: usize,
    /// By token, then by path and query.
    answers: HashMap<Box<str>, HashMap<Box<str>, Answer>>,
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

/// Where an answer belongs that is still to be made.
pub struct Place {
    moment: Moment,
    token: Box<str>,
    asked: Box<str>,
}

impl KeptAnswers {
    /// Keeps up to so many bytes of them; with 0, none.
    pub fn new(most: usize) -> Self {
        Self { most, table: Mutex::default(), given_again: AtomicU64::new(0) }
    }

    /// How many requests were answered with what was kept.
    pub fn given_again(&self) -> u64 {
        self.given_again.load(Ordering::Relaxed)
    }

    /// The answer to a request, or where it would be kept; neither for what is never kept.
    pub fn find(
        &self,
        app: &App,
        request: &Request,
        is_kept: impl FnOnce() -> bool,
    ) -> Result<Response, Option<Place>> {
        if self.most == 0 || *request.method() != Method::GET {
            return Err(None);
        }
        let Some(token) = bearer::token(request) else { return Err(None) };
        let asked = path_and_query(request.original_uri());
        let found = self.answer(token, asked);
        // Asking for the moment costs more than all the rest, and most routes are never kept.
        if found.is_none() && !is_kept() {
            return Err(None);
        }
        let Some(moment) = app.moment() else { return Err(None) };
        if let Some((kept_at, headers, body)) = found
            && kept_at == Some(moment)
        {
            self.given_again.fetch_add(1, Ordering::Relaxed);
            let mut response = Response::from(body);
            *response.headers_mut() = headers;
            return Ok(response);
        }
        // What is given again is not checked again, so a token must be good to the moment's end.
        let place = || Place { moment, token: token.into(), asked: asked.into() };
        Err(app.is_good_throughout(token, moment).then(place))
    }

    /// What is kept of an answer, and when it held.
    fn answer(&self, token: &str, asked: &str) -> Option<(Option<Moment>, HeaderMap, Bytes)> {
        let table = self.table();
        let answer = table.answers.get(token)?.get(asked)?;
        Some((table.moment, answer.headers.clone(), answer.body.clone()))
    }

    /// Keeps an answer at its place, if it is one of success that is not too large.
    pub async fn keep(&self, place: Place, mut response: Response) -> Response {
        if response.status() != StatusCode::OK {
            return response;
        }
        let Ok(body) = response.take_body().into_bytes().await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into();
        };
        response.set_body(body.clone());
        let Place { moment, token, asked } = place;
        let bytes = body.len() + asked.len() + OVERHEAD;
        if bytes > self.most / LARGEST_PART {
            return response;
        }
        let headers = response.headers().clone();
        let mut table = self.table();
        if table.moment != Some(moment) || table.bytes + bytes > self.most {
            *table = Table { moment: Some(moment), ..Table::default() };
        }
        table.bytes += bytes;
        table.answers.entry(token).or_default().insert(asked, Answer { headers, body });
        response
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or_else(|| uri.path(), |asked| asked.as_str())
}

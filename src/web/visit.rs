//! Who opens a page: a signed-in reader with a cookie, or anybody. All that a page's function
//! needs comes with its visit; what every form must prove is checked before it is called.

use std::{future::Future, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{
    Endpoint, Request, Response, RouteMethod,
    endpoint::make,
    get,
    http::{StatusCode, header},
};

use super::{
    cookie::{self, Notice},
    fields::Fields,
    form::Form,
    form_body::Pictures,
    page::redirect,
    shell::{Section, Shell},
    signed_out::{self, Sent},
};
use crate::{
    app::{App, asker::Asker, frame::Frame, held_form::HeldForm, limit::Limit},
    domain::{
        date::{self, DateFormat},
        error::{Error, Kind, Result},
        id::{Id, Named},
        idempotency::{Once, Outcome, RequestKey},
        limit::Standing,
        session::{Claims, Device},
    },
    http::{
        middleware::request_id::CurrentRequest,
        problem::{self, into_poem},
    },
};

pub use super::guest::Guest;

/// A signed-in reader opens a page or sends a form of it.
pub struct Visit {
    pub app: Arc<App>,
    pub claims: Claims,
    pub frame: Frame,
    pub request: Request,
    token: String,
    /// What is said above a form that came back after its session had ended.
    restored: Option<String>,
}

/// The ways to the pages of one program.
pub struct Pages<'a>(pub &'a Arc<App>);

impl Pages<'_> {
    /// A page of a signed-in reader.
    pub fn show<F, Fut>(&self, show: F) -> RouteMethod
    where
        F: Fn(Visit) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        let app = Arc::clone(self.0);
        get(make(move |request| {
            let app = Arc::clone(&app);
            async move {
                match Visit::open(app, request).await? {
                    Ok(visit) => visit.told(show).await,
                    Err((_, elsewhere)) => Ok(elsewhere),
                }
            }
        }))
    }

    /// A form that a signed-in reader sends.
    pub fn act<F, Fut>(&self, act: F) -> RouteMethod
    where
        F: Fn(Visit, Fields) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        RouteMethod::new().post(self.taking(act))
    }

    /// A page with its form.
    pub fn page<F, Fut, G, Gut>(&self, show: F, act: G) -> RouteMethod
    where
        F: Fn(Visit) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
        G: Fn(Visit, Fields) -> Gut + Send + Sync + Copy + 'static,
        Gut: Future<Output = Result<Response>> + Send + 'static,
    {
        self.show(show).post(self.taking(act))
    }

    fn taking<F, Fut>(&self, act: F) -> impl Endpoint<Output = Response> + use<F, Fut>
    where
        F: Fn(Visit, Fields) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        let app = Arc::clone(self.0);
        make(move |mut request: Request| {
            let app = Arc::clone(&app);
            async move {
                // Put there by the program alone, once the form's owner has signed in.
                let held = request.extensions_mut().remove::<HeldForm>();
                if held.is_none() {
                    check_origin(&app, &request).map_err(into_poem)?;
                }
                let mut visit = match Visit::open(Arc::clone(&app), request).await? {
                    Ok(visit) => visit,
                    Err((request, elsewhere)) => {
                        count_open_form(&app).await.map_err(into_poem)?;
                        return Box::pin(signed_out::hold_unread(app, request, elsewhere)).await;
                    }
                };
                if let Some(held) = held {
                    return Box::pin(signed_out::show_again(visit, held, act)).await;
                }
                let fields = Fields::read(&mut visit.request, Pictures::Taken).await?;
                let fields = fields.typed_in(visit.frame.number_format);
                let session = visit.form_session(&fields).map_err(into_poem)?;
                let claims = visit.claims;
                match session {
                    Some(session) if session == claims => {}
                    // Made in an earlier session of the same person.
                    Some(session) if session.account == claims.account => {
                        if !signed_out::is_logout(&visit.request) {
                            let sent = Sent::new(&visit.request, &fields);
                            return Box::pin(signed_out::show_again(visit, sent.form, act)).await;
                        }
                    }
                    _ => return Err(into_poem(Error::forbidden(STALE))),
                }
                let sent = Sent::new(&visit.request, &fields);
                let asker = asker(&app, &visit.request);
                // The work of a page is large: here it would take its place on the stack for each
                // of the ways through this function.
                match asker.ask(Box::pin(act(visit, fields))).await {
                    // The session ended while the form was being saved.
                    Err(error) if *error.kind() == Kind::Unauthenticated => {
                        let guest = Guest::new(app, Request::default());
                        Box::pin(signed_out::hold(guest, claims.account, sent)).await
                    }
                    answered => answered.map_err(into_poem),
                }
            }
        })
    }

    /// A page that is open to all.
    pub fn open<F, Fut>(&self, show: F) -> RouteMethod
    where
        F: Fn(Guest) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        let app = Arc::clone(self.0);
        get(make(move |request| {
            let app = Arc::clone(&app);
            async move { show(Guest::new(app, request)).await.map_err(into_poem) }
        }))
    }

    /// A page that is open to all, with its form.
    pub fn open_page<F, Fut, G, Gut>(&self, show: F, act: G) -> RouteMethod
    where
        F: Fn(Guest) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
        G: Fn(Guest, Fields) -> Gut + Send + Sync + Copy + 'static,
        Gut: Future<Output = Result<Response>> + Send + 'static,
    {
        self.open(show).post(self.open_taking(act))
    }

    /// A form that anybody may send.
    pub fn open_act<F, Fut>(&self, act: F) -> RouteMethod
    where
        F: Fn(Guest, Fields) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        RouteMethod::new().post(self.open_taking(act))
    }

    fn open_taking<F, Fut>(&self, act: F) -> impl Endpoint<Output = Response> + use<F, Fut>
    where
        F: Fn(Guest, Fields) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        let app = Arc::clone(self.0);
        make(move |mut request| {
            let app = Arc::clone(&app);
            async move {
                check_origin(&app, &request).map_err(into_poem)?;
                // Here, so that no form can be forgotten; many have a limit of their own besides.
                count_open_form(&app).await.map_err(into_poem)?;
                let fields = Fields::read(&mut request, Pictures::Refused).await?;
                let asker = asker(&app, &request);
                asker.ask(act(Guest::new(app, request), fields)).await.map_err(into_poem)
            }
        })
    }
}

/// Who sends a form, with what the browser's cookies say.
fn asker(app: &App, request: &Request) -> Asker {
    Asker {
        token: cookie::session(app, request).map(str::to_owned),
        marks: cookie::marks(app, request),
        ..Asker::current()
    }
}

/// Counts a form that anybody may send.
async fn count_open_form(app: &App) -> Result<()> {
    let Some(address) = Asker::current().address else { return Ok(()) };
    let standing = app.count_address(Limit::OpenForm, address).await?;
    standing.and_then(Standing::refusal).map_or(Ok(()), |refusal| Err(Error::too_many(refusal)))
}

/// What is said of a form without its token.
const STALE: &str = "This page is out of date; open it again and send it once more";

/// Where forms without a token's name send one: scripts.
const TOKEN_HEADER: &str = "x-form-token";

impl Visit {
    /// Finds out who reads; others are sent to sign in.
    async fn open(
        app: Arc<App>,
        request: Request,
    ) -> poem::Result<std::result::Result<Self, (Request, Response)>> {
        let claims = cookie::session(&app, &request).map(|token| app.verify_token(token));
        let opened = match claims {
            Some(Ok(claims)) => {
                CurrentRequest::is_of(claims);
                app.frame(claims).await.map(|frame| (claims, frame))
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::unauthenticated("Nobody is signed in")),
        };
        match opened {
            Ok((claims, frame)) => {
                let token = app.form_token(claims).map_err(into_poem)?;
                Ok(Ok(Self { app, claims, frame, request, token, restored: None }))
            }
            Err(error) if *error.kind() == Kind::Unauthenticated => {
                let back = wanted(&request);
                let mut response = redirect(&format!("/login{back}"));
                cookie::clear_session(&app, &mut response);
                Ok(Err((request, response)))
            }
            Err(error) => Err(into_poem(error)),
        }
    }

    /// Shows a page, and forgets the notice on it.
    async fn told<F, Fut>(self, show: F) -> poem::Result<Response>
    where
        F: Fn(Visit) -> Fut,
        Fut: Future<Output = Result<Response>>,
    {
        let (app, has_notice) =
            (Arc::clone(&self.app), cookie::notice(&self.app, &self.request).is_some());
        let mut response = show(self).await.or_else(|error| ended(&app, error))?;
        let is_page = response.content_type().is_some_and(|kind| kind.starts_with("text/html"));
        if has_notice && is_page {
            cookie::clear_notice(&app, &mut response);
        }
        Ok(response)
    }

    /// The session that a form was made for.
    fn form_session(&self, fields: &Fields) -> Result<Option<Claims>> {
        let header = self.request.header(TOKEN_HEADER).unwrap_or_default();
        self.app.form_session(if header.is_empty() { fields.get("_token") } else { header })
    }

    /// The same visit, by a form that came back after its session had ended; `alert` says so.
    #[must_use]
    pub fn restored(self, alert: String) -> Self {
        Self { restored: Some(alert), ..self }
    }

    /// A segment of the path.
    pub fn param(&self, name: &str) -> &str {
        self.request.raw_path_param(name).unwrap_or_default()
    }

    /// The id in the path; of nothing where it is none.
    pub fn id<K: Named>(&self) -> Id<K> {
        Id::parse(self.param("id"))
    }

    /// The query, without empty parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(&self.request)
    }

    /// What the frame of a page shows.
    pub fn shell(&self, section: Section) -> Shell {
        Shell::new(
            &self.frame,
            section,
            self.token.clone(),
            cookie::notice(&self.app, &self.request),
        )
    }

    /// A form that begins with what is known.
    pub fn form(&self, fields: Fields) -> Form {
        Form::new(fields).marked(&self.token, self.app.form_key(), self.frame.number_format)
    }

    /// The form again with what was wrong, and the status that says so.
    pub fn refused(&self, fields: Fields, error: Error) -> Result<(StatusCode, Form)> {
        let status = problem::status(error.kind());
        let form = Form::refused(fields, error)?;
        let form = form.marked(&self.token, self.app.form_key(), self.frame.number_format);
        Ok((status, self.restored.iter().fold(form, Form::alerted)))
    }

    /// Like [`Visit::refused`], for a form that changes something stored, whose fields hold
    /// `stored` now.
    pub fn refused_change(
        &self,
        fields: Fields,
        error: Error,
        stored: Fields,
    ) -> Result<(StatusCode, Form)> {
        if *error.kind() != Kind::Stale {
            return self.refused(fields, error);
        }
        let form = Form::stale(&fields, stored, self.request.original_uri().path());
        Ok((
            problem::status(error.kind()),
            form.marked(&self.token, self.app.form_key(), self.frame.number_format),
        ))
    }

    /// Makes a form count once, however often it is sent; `location` is the page that follows.
    pub fn once<T>(&self, fields: &Fields, location: fn(&T) -> Vec<u8>) -> Once<T> {
        let given = fields.get("_once");
        let hash = fields.hash();
        // Who goes back and types something else sends another form.
        let key = format!("{given}.{}", URL_SAFE_NO_PAD.encode(hash));
        let is_one = !given.is_empty() && RequestKey::is_valid(key.as_bytes());
        let route = || format!("PAGE {}", self.request.uri().path());
        let key = is_one.then(|| RequestKey { key, route: route(), body_hash: hash });
        Once { key, render: location }
    }

    /// Goes on to a page, and says there what was done.
    pub fn done(&self, location: &str, text: impl Into<String>) -> Response {
        self.leave(location, Notice { text: text.into(), is_error: false })
    }

    /// Like [`Visit::done`], for what counts once: `location` as in [`Visit::once`].
    pub fn went<T>(
        &self,
        outcome: &Outcome<T>,
        location: fn(&T) -> Vec<u8>,
        text: impl Into<String>,
    ) -> Response {
        let location = match outcome {
            Outcome::Done(value) => location(value),
            Outcome::Replayed(location) => location.clone(),
        };
        self.done(&String::from_utf8_lossy(&location), text)
    }

    /// Goes back to a page and says there why something could not be done; what is no answer to
    /// the reader stays a failure.
    pub fn sorry(&self, location: &str, error: Error) -> Result<Response> {
        match error.kind() {
            Kind::Conflict
            | Kind::Stale
            | Kind::Unsaved
            | Kind::TooMany(_)
            | Kind::Unavailable { .. }
            | Kind::Unwritable
            | Kind::Forbidden => {
                let text = format!("{}.", error.message());
                Ok(self.leave(location, Notice { text, is_error: true }))
            }
            Kind::Invalid(errors) => {
                let said = errors.first().map(|error| super::say::say(&error.rule));
                let text = said.unwrap_or_else(|| "This could not be done.".to_owned());
                Ok(self.leave(location, Notice { text, is_error: true }))
            }
            _ => Err(error),
        }
    }

    fn leave(&self, location: &str, notice: Notice) -> Response {
        let mut response = redirect(location);
        cookie::set_notice(&self.app, &mut response, &notice);
        response
    }

    /// How this reader has days written.
    pub fn dates(&self) -> DateFormat {
        self.frame.account.date_format
    }

    /// Today in the reader's timezone.
    pub fn today(&self) -> Result<jiff::civil::Date> {
        Ok(date::day_in(self.app.now(), &self.frame.account.zone.rules()?))
    }

    /// What the reader's browser says of itself.
    pub fn device(&self) -> Device {
        Device::new(self.request.header(header::USER_AGENT))
    }
}

/// The page a reader wanted, as the sign-in page takes it.
fn wanted(request: &Request) -> String {
    let is_get = request.method() == poem::http::Method::GET;
    match request.original_uri().path_and_query() {
        Some(wanted) if is_get && wanted.as_str() != "/" => {
            let set = percent_encoding::NON_ALPHANUMERIC;
            format!("?next={}", percent_encoding::utf8_percent_encode(wanted.as_str(), set))
        }
        _ => String::new(),
    }
}

/// A session that ended while the page was made leads to sign in; other failures stay.
fn ended(app: &App, error: Error) -> poem::Result<Response> {
    if *error.kind() != Kind::Unauthenticated {
        return Err(into_poem(error));
    }
    let mut response = redirect("/login");
    cookie::clear_session(app, &mut response);
    Ok(response)
}

/// Refuses a form that another site sends. Browsers say where a form comes from; programs that
/// say nothing act for nobody but themselves.
fn check_origin(app: &App, request: &Request) -> Result<()> {
    let is_ours = match (request.header("sec-fetch-site"), request.header(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = request.header(header::HOST).unwrap_or_default();
            let of_host = origin.split_once("://").is_some_and(|(_, rest)| rest == host);
            of_host
                || app
                    .public_url()
                    .strip_prefix(origin)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (None, None) => true,
    };
    if is_ours { Ok(()) } else { Err(Error::forbidden("This form was sent by another site")) }
}

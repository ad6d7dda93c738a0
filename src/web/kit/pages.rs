//! Page routes: who may open a page, and the checks of every form before it runs.

use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use askama::Template;
use poem::{
    Request, Response, RouteMethod,
    endpoint::make,
    get,
    http::{HeaderName, HeaderValue, StatusCode, header},
};

use crate::{
    app::{App, asker::Asker, held::HeldForm, limit::Limit},
    domain::{
        error::{Error, Kind, Result},
        limit::LimitState,
    },
    http::problem::into_poem,
    web::{
        asset, cookie,
        fields::Fields,
        form_body::Pictures,
        guest::Guest,
        page::{CLEAR_SITE_DATA, answer, redirect, with_header},
        shell::{Section, Shell},
        signed_out,
        visit::Visit,
    },
};

/// Names what a browser may fetch while a reader points at its link.
const SPECULATION_RULES: HeaderName = HeaderName::from_static("speculation-rules");

/// A page being created; boxed, since it is large.
type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;
/// The function that shows a page.
pub type Show<R> = Arc<dyn Fn(R) -> Answer + Send + Sync>;
/// The function that processes a form.
pub type Act<R> = Arc<dyn Fn(R, Fields) -> Answer + Send + Sync>;

/// The future of such a function.
pub trait Work: Future<Output = Result<Response>> + Send + 'static {}

impl<W: Future<Output = Result<Response>> + Send + 'static> Work for W {}

/// The sender of requests: a [`Visit`] or a [`Guest`].
pub trait Reader: Sized + 'static {
    /// Shows this reader a page.
    fn show(
        app: Arc<App>,
        request: Request,
        show: Show<Self>,
    ) -> impl Future<Output = poem::Result<Response>> + Send;

    /// Processes a form of this reader.
    fn act(
        app: Arc<App>,
        request: Request,
        act: Act<Self>,
    ) -> impl Future<Output = poem::Result<Response>> + Send;
}

/// Shown if an object does not exist or is not the reader's.
#[derive(Template)]
#[template(path = "pages/missing.html")]
struct Missing {
    shell: Shell,
}

/// The page routes of one program for such readers.
pub struct Pages<R> {
    app: Arc<App>,
    reader: PhantomData<R>,
}

impl<R: Reader> Pages<R> {
    pub fn of(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app), reader: PhantomData }
    }

    /// Routes a page.
    pub fn show<W: Work>(&self, show: impl Fn(R) -> W + Send + Sync + 'static) -> RouteMethod {
        let app = Arc::clone(&self.app);
        let show: Show<R> = Arc::new(move |reader| Box::pin(show(reader)));
        get(make(move |request| R::show(Arc::clone(&app), request, Arc::clone(&show))))
    }

    /// Routes a form.
    pub fn act<W: Work>(
        &self,
        act: impl Fn(R, Fields) -> W + Send + Sync + 'static,
    ) -> RouteMethod {
        self.with_form(
            RouteMethod::new(),
            Arc::new(move |reader, form| Box::pin(act(reader, form))),
        )
    }

    /// Routes a page with its form.
    pub fn page<W: Work, V: Work>(
        &self,
        show: impl Fn(R) -> W + Send + Sync + 'static,
        act: impl Fn(R, Fields) -> V + Send + Sync + 'static,
    ) -> RouteMethod {
        self.with_form(self.show(show), Arc::new(move |reader, form| Box::pin(act(reader, form))))
    }

    fn with_form(&self, route: RouteMethod, act: Act<R>) -> RouteMethod {
        let app = Arc::clone(&self.app);
        route.post(make(move |request| R::act(Arc::clone(&app), request, Arc::clone(&act))))
    }
}

impl Reader for Visit {
    /// Shows a page, and clears its notice. A missing object is reported within the frame.
    async fn show(app: Arc<App>, request: Request, show: Show<Visit>) -> poem::Result<Response> {
        let visit = match Visit::open(Arc::clone(&app), request).await? {
            Ok(visit) => visit,
            Err((_, elsewhere)) => return Ok(elsewhere),
        };
        let around = Arc::clone(&visit.around);
        let mut response = match show(visit).await {
            Err(error) if *error.kind() == Kind::NotFound => {
                let shell = Shell::new(&around, Section::of(&around.here));
                answer(StatusCode::NOT_FOUND, &Missing { shell })
            }
            answered => answered.or_else(|error| ended(&app, error))?,
        };
        let is_page = response.content_type().is_some_and(|kind| kind.starts_with("text/html"));
        if is_page && around.notice.is_some() {
            cookie::clear_notice(&app, &mut response);
        }
        if is_page {
            let rules = format!("\"{}\"", asset::path(asset::RULES));
            response = with_header(response, SPECULATION_RULES, &rules);
        }
        Ok(response)
    }

    async fn act(app: Arc<App>, mut request: Request, act: Act<Visit>) -> poem::Result<Response> {
        // Set only by the program, once the form's owner has signed in.
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
            return signed_out::show_again(visit, held, &act).await;
        }
        let fields = Fields::read(&mut visit.request, Pictures::Taken).await?;
        let fields = fields.typed_in(visit.frame.defaults.number_format);
        let claims = visit.claims;
        match visit.form_session(&fields).map_err(into_poem)? {
            Some(session) if session == claims => {}
            // The form is from an earlier session of the same person.
            Some(session) if session.account == claims.account => {
                if !signed_out::is_logout(&visit.request) {
                    let sent = signed_out::sent(&visit.request, &fields);
                    return signed_out::show_again(visit, sent, &act).await;
                }
            }
            _ => return Err(into_poem(Error::forbidden("error-page-out-of-date"))),
        }
        let sent = signed_out::sent(&visit.request, &fields);
        let asker = asker(&app, &visit.request);
        match asker.ask(act(visit, fields)).await {
            // The session ended while the form was processed.
            Err(error) if *error.kind() == Kind::Unauthenticated => {
                let guest = Guest::new(app, Request::default());
                Box::pin(signed_out::hold(guest, claims.account, sent)).await
            }
            answered => {
                let mut response = answered.map_err(into_poem)?;
                let forget = HeaderValue::from_static("\"prefetchCache\"");
                response.headers_mut().entry(CLEAR_SITE_DATA).or_insert(forget);
                Ok(response)
            }
        }
    }
}

impl Reader for Guest {
    async fn show(app: Arc<App>, request: Request, show: Show<Guest>) -> poem::Result<Response> {
        show(Guest::new(app, request)).await.map_err(into_poem)
    }

    async fn act(app: Arc<App>, mut request: Request, act: Act<Guest>) -> poem::Result<Response> {
        check_origin(&app, &request).map_err(into_poem)?;
        // Counted here, so that no form is missed. Many have their own limit too.
        count_open_form(&app).await.map_err(into_poem)?;
        let fields = Fields::read(&mut request, Pictures::Refused).await?;
        let asker = asker(&app, &request);
        asker.ask(act(Guest::new(app, request), fields)).await.map_err(into_poem)
    }
}

/// Returns the sender of a form, with the cookies of the browser.
fn asker(app: &App, request: &Request) -> Asker {
    Asker {
        token: cookie::session(app, request).map(str::to_owned),
        marks: cookie::marks(app, request),
        ..Asker::current()
    }
}

/// Counts a form that anyone may send.
async fn count_open_form(app: &App) -> Result<()> {
    let Some(address) = Asker::current().address else { return Ok(()) };
    let standing = app.count_address(Limit::OpenForm, address).await?;
    standing.and_then(LimitState::refusal).map_or(Ok(()), |refusal| Err(Error::too_many(refusal)))
}

/// Redirects to sign-in if the session ended while the page was created; other failures stay.
fn ended(app: &App, error: Error) -> poem::Result<Response> {
    if *error.kind() != Kind::Unauthenticated {
        return Err(into_poem(error));
    }
    let mut response = redirect("/login");
    cookie::clear_session(app, &mut response);
    Ok(response)
}

/// Refuses a form sent by another site. Browsers name the origin of a form; programs that name none
/// act only for themselves.
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
    if is_ours { Ok(()) } else { Err(Error::forbidden("error-form-foreign")) }
}

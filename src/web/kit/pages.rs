//! The ways to pages: who may open one, and what every form must prove before it is carried out.

use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use poem::{Request, Response, RouteMethod, endpoint::make, get, http::header};

use crate::{
    app::{App, asker::Asker, held::HeldForm, limit::Limit},
    domain::{
        error::{Error, Kind, Result},
        limit::LimitState,
    },
    http::problem::into_poem,
    locale::{Text, t},
    web::{
        cookie, fields::Fields, form_body::Pictures, guest::Guest, page::redirect, signed_out,
        visit::Visit,
    },
};

/// What is said of a form without its token.
const OUT_OF_DATE: Text = t("page-out-of-date");

/// A page in the making: on the heap, since it is large.
type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;
/// The function that shows a page.
pub type Show<R> = Arc<dyn Fn(R) -> Answer + Send + Sync>;
/// The function that carries out a form.
pub type Act<R> = Arc<dyn Fn(R, Fields) -> Answer + Send + Sync>;

/// What such a function does.
pub trait Work: Future<Output = Result<Response>> + Send + 'static {}

impl<W: Future<Output = Result<Response>> + Send + 'static> Work for W {}

/// Whoever opens pages and sends forms: a [`Visit`] or a [`Guest`].
pub trait Reader: Sized + 'static {
    /// Shows them a page.
    fn show(
        app: Arc<App>,
        request: Request,
        show: Show<Self>,
    ) -> impl Future<Output = poem::Result<Response>> + Send;

    /// Carries out a form of theirs.
    fn act(
        app: Arc<App>,
        request: Request,
        act: Act<Self>,
    ) -> impl Future<Output = poem::Result<Response>> + Send;
}

/// The ways to the pages of one program that are for such readers.
pub struct Pages<R> {
    app: Arc<App>,
    reader: PhantomData<R>,
}

impl<R: Reader> Pages<R> {
    pub fn of(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app), reader: PhantomData }
    }

    /// A page.
    pub fn show<W: Work>(&self, show: impl Fn(R) -> W + Send + Sync + 'static) -> RouteMethod {
        let app = Arc::clone(&self.app);
        let show: Show<R> = Arc::new(move |reader| Box::pin(show(reader)));
        get(make(move |request| R::show(Arc::clone(&app), request, Arc::clone(&show))))
    }

    /// A form.
    pub fn act<W: Work>(
        &self,
        act: impl Fn(R, Fields) -> W + Send + Sync + 'static,
    ) -> RouteMethod {
        self.with_form(
            RouteMethod::new(),
            Arc::new(move |reader, form| Box::pin(act(reader, form))),
        )
    }

    /// A page with its form.
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
    /// Shows a page, and forgets the notice on it.
    async fn show(app: Arc<App>, request: Request, show: Show<Visit>) -> poem::Result<Response> {
        let visit = match Visit::open(Arc::clone(&app), request).await? {
            Ok(visit) => visit,
            Err((_, elsewhere)) => return Ok(elsewhere),
        };
        let has_notice = cookie::notice(&app, &visit.request).is_some();
        let mut response = show(visit).await.or_else(|error| ended(&app, error))?;
        let is_page = response.content_type().is_some_and(|kind| kind.starts_with("text/html"));
        if has_notice && is_page {
            cookie::clear_notice(&app, &mut response);
        }
        Ok(response)
    }

    async fn act(app: Arc<App>, mut request: Request, act: Act<Visit>) -> poem::Result<Response> {
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
            return signed_out::show_again(visit, held, &act).await;
        }
        let fields = Fields::read(&mut visit.request, Pictures::Taken).await?;
        let fields = fields.typed_in(visit.frame.number_format);
        let claims = visit.claims;
        match visit.form_session(&fields).map_err(into_poem)? {
            Some(session) if session == claims => {}
            // Made in an earlier session of the same person.
            Some(session) if session.account == claims.account => {
                if !signed_out::is_logout(&visit.request) {
                    let sent = signed_out::sent(&visit.request, &fields);
                    return signed_out::show_again(visit, sent, &act).await;
                }
            }
            _ => return Err(into_poem(Error::forbidden(OUT_OF_DATE.to_string()))),
        }
        let sent = signed_out::sent(&visit.request, &fields);
        let asker = asker(&app, &visit.request);
        match asker.ask(act(visit, fields)).await {
            // The session ended while the form was being saved.
            Err(error) if *error.kind() == Kind::Unauthenticated => {
                let guest = Guest::new(app, Request::default());
                Box::pin(signed_out::hold(guest, claims.account, sent)).await
            }
            answered => answered.map_err(into_poem),
        }
    }
}

impl Reader for Guest {
    async fn show(app: Arc<App>, request: Request, show: Show<Guest>) -> poem::Result<Response> {
        show(Guest::new(app, request)).await.map_err(into_poem)
    }

    async fn act(app: Arc<App>, mut request: Request, act: Act<Guest>) -> poem::Result<Response> {
        check_origin(&app, &request).map_err(into_poem)?;
        // Here, so that no form can be forgotten; many have a limit of their own besides.
        count_open_form(&app).await.map_err(into_poem)?;
        let fields = Fields::read(&mut request, Pictures::Refused).await?;
        let asker = asker(&app, &request);
        asker.ask(act(Guest::new(app, request), fields)).await.map_err(into_poem)
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
    standing.and_then(LimitState::refusal).map_or(Ok(()), |refusal| Err(Error::too_many(refusal)))
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

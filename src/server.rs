//! The route tree.

use std::sync::{Arc, OnceLock};

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, RouteMethod,
    endpoint::{BoxEndpoint, make, make_sync},
    error::NotFoundError,
    get,
    http::StatusCode,
};
use poem_openapi::OpenApi;

use crate::{
    api::{api_v1, v1},
    app::{App, limit::Limit},
    http::{
        figures::{self, Process},
        middleware::{Knows, Middleware, Rules, rate_limit::RouteLimit},
        openapi::{self, About, Document},
        page::Page,
        path,
        problem::{Shape, into_poem},
    },
    metrics,
    web::{self, page},
};

/// Every route of the program.
pub fn routes(app: &Arc<App>, middleware: &Middleware) -> BoxEndpoint<'static> {
    let os = Mount::new::<api_v1::Routes>(middleware, &api_v1::ABOUT, api_v1::shape);
    let hub = Mount::new::<v1::Routes>(middleware, &v1::ABOUT, v1::shape);
    let os_routes = openapi::service(api_v1::routes(app), &api_v1::ABOUT);
    let hub_routes = openapi::service(v1::routes(app), &v1::ABOUT);
    let pages = Rules { route_limits: web::LIMITS, ..Rules::new(page::shape) };

    // The router fails on what is no path before any middleware is reached.
    let garbled = Arc::new([os.free(make_sync(unknown)), hub.free(make_sync(unknown))]);
    Route::new()
        .at("/healthz", os.free(health(app)))
        .nest("/api/v1", os.around(os_routes, Some(Limit::Api), api_v1::LIMITS))
        .nest("/v1", hub.around(hub_routes, None, v1::LIMITS))
        .at("/api/*path", os.free(make_sync(unknown)))
        .nest("/", middleware.around(web::routes(app), pages))
        .around(move |routes, mut request| {
            let garbled = Arc::clone(&garbled);
            async move {
                if let Some(uri) = path::without_end_slash(request.uri()) {
                    *request.uri_mut() = uri;
                }
                if path::decoded(request.uri().path()).is_some() {
                    routes.call(request).await
                } else {
                    let [of_os, of_hub] = &*garbled;
                    let is_hub = request.uri().path().starts_with("/v1/");
                    if is_hub { of_hub.call(request).await } else { of_os.call(request).await }
                }
            }
        })
        .data(Arc::clone(app))
        .map_to_response()
        .boxed()
}

/// One API at its place: its document, and what stands around its routes.
struct Mount<'m> {
    middleware: &'m Middleware,
    rules: Rules,
    document: Documented,
}

impl<'m> Mount<'m> {
    fn new<Routes: OpenApi>(
        middleware: &'m Middleware,
        about: &'static About,
        shape: Shape,
    ) -> Self {
        let document = Documented::new::<Routes>(about, middleware.app.public_url());
        Self { middleware, rules: Rules { is_shared: true, ..Rules::new(shape) }, document }
    }

    /// Routes that nothing counts.
    fn free<E: IntoEndpoint>(&self, routes: E) -> impl Endpoint<Output = Response> + use<E> {
        self.middleware.around(routes, self.rules.clone())
    }

    /// The API with its documentation, which is free of limits.
    fn around<E: IntoEndpoint<Endpoint: 'static> + 'static>(
        &self,
        routes: E,
        limit: Option<Limit>,
        route_limits: &'static [RouteLimit],
    ) -> Route {
        let knows = Some(self.document.knows());
        let rules = Rules { limit, route_limits, knows, ..self.rules.clone() };
        Route::new()
            .at("/docs", self.free(get(self.document.page())))
            .at("/openapi.json", self.free(get(self.document.json())))
            .nest("/", self.middleware.around(routes, rules))
    }
}

/// An API's document, made when it is first asked for: start-up need not wait for it.
struct Documented {
    document: Arc<OnceLock<Document>>,
    make: fn(&About, &str) -> Document,
    about: &'static About,
    public_url: String,
}

impl Documented {
    fn new<Routes: OpenApi>(about: &'static About, public_url: &str) -> Self {
        let (make, public_url) = (Document::new::<Routes>, public_url.to_owned());
        Self { document: Arc::default(), make, about, public_url }
    }

    fn get(&self) -> impl Fn() -> Arc<OnceLock<Document>> + use<> {
        let (document, make, about) = (Arc::clone(&self.document), self.make, self.about);
        let public_url = self.public_url.clone();
        move || {
            document.get_or_init(|| make(about, &public_url));
            Arc::clone(&document)
        }
    }

    fn knows(&self) -> Knows {
        let get = self.get();
        Arc::new(move |method, path| get().get().is_some_and(|known| known.knows(method, path)))
    }

    fn page(&self) -> impl Endpoint<Output = Response> + use<> {
        self.shown(|Document { page, policy, .. }| {
            Page::new("text/html; charset=utf-8", page.as_bytes(), Some(policy))
        })
    }

    fn json(&self) -> impl Endpoint<Output = Response> + use<> {
        self.shown(|Document { json, .. }| Page::new("application/json", json.as_bytes(), None))
    }

    fn shown(&self, write: fn(&Document) -> Page) -> impl Endpoint<Output = Response> + use<> {
        let (get, page) = (self.get(), OnceLock::new());
        make_sync(move |request: Request| {
            let page = page.get_or_init(|| {
                let document = get();
                document.get().map(write)
            });
            match page {
                Some(page) => page.answer(&request),
                None => StatusCode::INTERNAL_SERVER_ERROR.into(),
            }
        })
    }
}

/// What is served to those who watch the server, beside its own routes and never among them.
pub fn metrics_routes(app: &Arc<App>, process: Process) -> BoxEndpoint<'static> {
    let health = health(app);
    let app = Arc::clone(app);
    let show = make(move |_| {
        let (app, process) = (Arc::clone(&app), process.clone());
        async move { figures::show(&app, metrics::switch_on(), &process).await }
    });
    Route::new().at("/metrics", get(show)).at("/healthz", health).map_to_response().boxed()
}

fn unknown(_: Request) -> poem::Result<Response> {
    Err(NotFoundError.into())
}

/// Whether this server can serve: who stands before several leads requests to another while it
/// cannot.
fn health(app: &Arc<App>) -> RouteMethod {
    let app = Arc::clone(app);
    get(make(move |_| {
        let app = Arc::clone(&app);
        async move {
            app.ready().await.map_err(into_poem)?;
            Ok::<_, poem::Error>(
                Response::builder().content_type("application/json").body(r#"{"status":"ok"}"#),
            )
        }
    }))
}

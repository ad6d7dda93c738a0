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
        edge::{Edge, Gate, Knows, RouteLimit},
        figures::{self, Process},
        openapi::{self, About, Document},
        page::Page,
        path,
        problem::{Shape, into_poem},
    },
    metrics,
    web::{self, page},
};

/// Every route of the program.
pub fn routes(app: &Arc<App>, gate: &Arc<Gate>) -> BoxEndpoint<'static> {
    let os = Mount::new::<api_v1::Routes>(gate, &api_v1::ABOUT, api_v1::shape);
    let hub = Mount::new::<v1::Routes>(gate, &v1::ABOUT, v1::shape);
    let os_routes = openapi::service(api_v1::routes(app), &api_v1::ABOUT);
    let hub_routes = openapi::service(v1::routes(app), &v1::ABOUT);

    // The router fails on what is no path before any edge is reached.
    let garbled = Arc::new([os.free(make_sync(unknown)), hub.free(make_sync(unknown))]);
    Route::new()
        .at("/healthz", os.free(health(app)))
        .nest("/api/v1", os.around(os_routes, Some(Limit::Api), api_v1::LIMITS))
        .nest("/v1", hub.around(hub_routes, None, v1::LIMITS))
        .at("/api/*path", os.free(make_sync(unknown)))
        .nest("/", web_pages(gate, web::routes(app)))
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

/// One API at its place: its document, and the edges around its routes.
struct Mount {
    gate: Arc<Gate>,
    shape: Shape,
    document: Documented,
}

impl Mount {
    fn new<Routes: OpenApi>(gate: &Arc<Gate>, about: &'static About, shape: Shape) -> Self {
        Self {
            gate: Arc::clone(gate),
            shape,
            document: Documented::new::<Routes>(about, gate.app.public_url()),
        }
    }

    /// An edge that counts nothing.
    fn free<E: IntoEndpoint>(&self, inner: E) -> Edge<E::Endpoint> {
        Edge {
            inner: inner.into_endpoint(),
            gate: Arc::clone(&self.gate),
            shape: self.shape,
            limit: None,
            is_shared: true,
            route_limits: &[],
            knows: None,
        }
    }

    /// The API with its documentation, which is free of limits.
    fn around<E: IntoEndpoint>(
        &self,
        inner: E,
        limit: Option<Limit>,
        route_limits: &'static [RouteLimit],
    ) -> Route
    where
        E::Endpoint: 'static,
    {
        let knows = Some(self.document.knows());
        let edge = Edge { limit, route_limits, knows, ..self.free(inner) };
        Route::new()
            .at("/docs", self.free(get(self.document.page())))
            .at("/openapi.json", self.free(get(self.document.json())))
            .nest("/", edge)
    }
}

/// The edge around the web app, for whatever belongs to no API.
fn web_pages<E: IntoEndpoint>(gate: &Arc<Gate>, inner: E) -> Edge<E::Endpoint> {
    Edge {
        inner: inner.into_endpoint(),
        gate: Arc::clone(gate),
        shape: page::shape,
        limit: None,
        is_shared: false,
        route_limits: web::LIMITS,
        knows: None,
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

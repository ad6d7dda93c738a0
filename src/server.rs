//! The route tree.

use std::sync::{Arc, LazyLock};

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    error::NotFoundError,
    get, handler,
    web::Data,
};
use poem_openapi::OpenApi;

use crate::{
    api::{api_v1, hook, v1},
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

/// All routes of the program.
pub fn routes(app: &Arc<App>, middleware: &Middleware) -> BoxEndpoint<'static> {
    let os = Mount::new::<api_v1::Routes>(middleware, &api_v1::ABOUT, api_v1::shape);
    let hub = Mount::new::<v1::Routes>(middleware, &v1::ABOUT, v1::shape);
    let os_routes = openapi::service(api_v1::routes(app), &api_v1::ABOUT);
    let hub_routes = openapi::service(v1::routes(app), &v1::ABOUT);
    let hooks = Rules { limit: Some(Limit::Webhook), ..Rules::new(hook::shape) };
    let pages = Rules { route_limits: web::LIMITS, ..Rules::new(page::shape) };

    // The router rejects invalid paths before any middleware runs.
    let garbled = Arc::new([os.free(make_sync(unknown)), hub.free(make_sync(unknown))]);
    Route::new()
        .at("/healthz", os.free(get(health)))
        .nest("/api/v1", os.around(os_routes, Some(Limit::Api), api_v1::LIMITS))
        .nest("/v1", hub.around(hub_routes, None, v1::LIMITS))
        .nest("/hooks", middleware.around(hook::routes(), hooks))
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

/// A mounted API: its documentation, and the middleware around its routes.
struct Mount<'m> {
    middleware: &'m Middleware,
    rules: Rules,
    documentation: Arc<LazyLock<Documentation, Box<dyn FnOnce() -> Documentation + Send>>>,
}

impl<'m> Mount<'m> {
    fn new<Routes: OpenApi>(
        middleware: &'m Middleware,
        about: &'static About,
        shape: Shape,
    ) -> Self {
        let public_url = middleware.app.public_url().to_owned();
        let make = move || Documentation::new(Document::new::<Routes>(about, &public_url));
        let rules = Rules { is_shared: true, ..Rules::new(shape) };
        Self { middleware, rules, documentation: Arc::new(LazyLock::new(Box::new(make))) }
    }

    /// Routes without limits.
    fn free<E: IntoEndpoint<Endpoint: 'static>>(
        &self,
        routes: E,
    ) -> impl Endpoint<Output = Response> + use<E> {
        self.middleware.around(routes, self.rules.clone())
    }

    /// The API with its documentation, which has no limits.
    fn around<E: IntoEndpoint<Endpoint: 'static> + 'static>(
        &self,
        routes: E,
        limit: Option<Limit>,
        route_limits: &'static [RouteLimit],
    ) -> Route {
        let documentation = Arc::clone(&self.documentation);
        let knows: Knows = Arc::new(move |method, path| documentation.api.knows(method, path));
        let rules = Rules { limit, route_limits, knows: Some(knows), ..self.rules.clone() };
        Route::new()
            .at("/docs", self.page(|documentation| &documentation.page))
            .at("/openapi.json", self.page(|documentation| &documentation.json))
            .nest("/", self.middleware.around(routes, rules))
    }

    fn page(&self, page: fn(&Documentation) -> &Page) -> impl Endpoint<Output = Response> + use<> {
        let documentation = Arc::clone(&self.documentation);
        self.free(get(make_sync(move |request: Request| page(&documentation).answer(&request))))
    }
}

/// An API's documentation, built on first use so that it does not delay startup.
struct Documentation {
    api: Document,
    page: Page,
    json: Page,
}

impl Documentation {
    fn new(api: Document) -> Self {
        let page = Page::new("text/html; charset=utf-8", api.page.as_bytes(), Some(&api.policy));
        let json = Page::new("application/json", api.json.as_bytes(), None);
        Self { api, page, json }
    }
}

/// Routes for monitoring, served next to the public routes and never among them.
pub fn metrics_routes(app: &Arc<App>, process: Process) -> BoxEndpoint<'static> {
    Route::new()
        .at("/metrics", get(show_figures))
        .at("/healthz", get(health))
        .data(Arc::clone(app))
        .data(process)
        .map_to_response()
        .boxed()
}

#[handler]
async fn show_figures(Data(app): Data<&Arc<App>>, Data(process): Data<&Process>) -> Response {
    figures::show(app, metrics::switch_on(), process).await
}

/// Whether this server is ready. Load balancers send requests elsewhere while it is not.
#[handler]
async fn health(Data(app): Data<&Arc<App>>) -> poem::Result<Response> {
    app.ready().await.map_err(into_poem)?;
    Ok(Response::builder().content_type("application/json").body(r#"{"status":"ok"}"#))
}

fn unknown(_: Request) -> poem::Result<Response> {
    Err(NotFoundError.into())
}

//! The route tree, the listeners, and how they end.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    error::NotFoundError,
    get,
    http::{StatusCode, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use poem_openapi::OpenApi;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    api::{api_v1, v1},
    app::{App, limit::Limit},
    http::{
        edge::{Edge, Gate, Knows, RouteLimit},
        openapi::{self, About, Document},
        page::Page,
        path,
        problem::Shape,
    },
    web::{self, page},
};

/// How long a client may take to send a request's head, and a connection be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest request head, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// How long running requests may take to end at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Every route of the program.
pub fn routes(app: &Arc<App>, gate: &Arc<Gate>) -> BoxEndpoint<'static> {
    let os = Mount::new::<api_v1::Routes>(gate, &api_v1::ABOUT, api_v1::shape);
    let hub = Mount::new::<v1::Routes>(gate, &v1::ABOUT, v1::shape);
    let os_routes = openapi::service(api_v1::routes(app), &api_v1::ABOUT);
    let hub_routes = openapi::service(v1::routes(app), &v1::ABOUT);

    // The router fails on what is no path before any edge is reached.
    let garbled = Arc::new([os.free(make_sync(unknown)), hub.free(make_sync(unknown))]);
    Route::new()
        .at("/healthz", os.free(get(make_sync(|_| healthy()))))
        .nest("/api/v1", os.around(os_routes, Some(Limit::Api), api_v1::LIMITS, api_v1::KEPT))
        .nest("/v1", hub.around(hub_routes, None, v1::LIMITS, v1::KEPT))
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
        Self { gate: Arc::clone(gate), shape, document: Documented::new::<Routes>(about) }
    }

    /// An edge that counts nothing.
    fn free<E: IntoEndpoint>(&self, inner: E) -> Edge<E::Endpoint> {
        Edge {
            inner: inner.into_endpoint(),
            gate: Arc::clone(&self.gate),
            shape: self.shape,
            limit: None,
            route_limits: &[],
            kept: &[],
            knows: None,
        }
    }

    /// The API with its documentation, which is free of limits.
    fn around<E: IntoEndpoint>(
        &self,
        inner: E,
        limit: Option<Limit>,
        route_limits: &'static [RouteLimit],
        kept: &'static [&'static str],
    ) -> Route
    where
        E::Endpoint: 'static,
    {
        let knows = Some(self.document.knows());
        let edge = Edge { limit, route_limits, kept, knows, ..self.free(inner) };
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
        route_limits: web::LIMITS,
        kept: &[],
        knows: None,
    }
}

/// An API's document, made when it is first asked for: start-up need not wait for it.
struct Documented {
    document: Arc<OnceLock<Document>>,
    make: fn(&About) -> Document,
    about: &'static About,
}

impl Documented {
    fn new<Routes: OpenApi>(about: &'static About) -> Self {
        Self { document: Arc::default(), make: Document::new::<Routes>, about }
    }

    fn get(&self) -> impl Fn() -> Arc<OnceLock<Document>> + use<> {
        let (document, make, about) = (Arc::clone(&self.document), self.make, self.about);
        move || {
            document.get_or_init(|| make(about));
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

fn unknown(_: Request) -> poem::Result<Response> {
    Err(NotFoundError.into())
}

fn healthy() -> Response {
    Response::builder().content_type("application/json").body(r#"{"status":"ok"}"#)
}

/// Serves the routes on every listener until `stop` changes, then lets running requests end.
pub async fn serve(
    listeners: Vec<TcpListener>,
    routes: BoxEndpoint<'static>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let routes = Arc::new(routes);
    let graceful = Arc::new(GracefulShutdown::new());
    let mut accepting = tokio::task::JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&routes), Arc::clone(&graceful), stop.clone()));
    }
    while accepting.join_next().await.is_some() {}
    if let Some(graceful) = Arc::into_inner(graceful)
        && timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err()
    {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    Ok(())
}

async fn accept(
    listener: TcpListener,
    routes: Arc<BoxEndpoint<'static>>,
    graceful: Arc<GracefulShutdown>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(local) = listener.local_addr() else { return };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => connect(stream, local, peer, &routes, &graceful),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors: give running requests time to return some.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn connect(
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
    routes: &Arc<BoxEndpoint<'static>>,
    graceful: &GracefulShutdown,
) {
    // Without it an answer written in pieces waits for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let routes = Arc::clone(routes);
    let service = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move {
            let (local, peer) = (LocalAddr(local.into()), RemoteAddr(peer.into()));
            let request = Request::from((request, local, peer, Scheme::HTTP));
            Ok::<_, std::convert::Infallible>(hyper::Response::from(
                routes.get_response(request).await,
            ))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, %peer, "connection ended");
        }
    });
}

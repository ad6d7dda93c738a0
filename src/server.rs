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
    Endpoint, EndpointExt, IntoResponse, Request, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    error::NotFoundError,
    get,
    http::{Method, StatusCode, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    api::freelanceos::{self, openapi::Document},
    app::App,
    http::{
        edge::{Edge, Gate, Knows},
        limit::{Limiter, Rate},
        page::Page,
        path,
    },
};

/// FreelanceOS: 100 requests in 15 minutes from one address.
const API_RATE: Rate = Rate { requests: 100, seconds: 15 * 60 };
/// How long a client may take to send a request's head, and a connection be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest request head, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// How long running requests may take to end at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Every route of the program.
pub fn routes(app: &Arc<App>, gate: &Arc<Gate>, rate_limit: bool) -> BoxEndpoint<'static> {
    let documented = Documented::default();
    let free = Edges { gate: Arc::clone(gate), limiter: None, knows: None };
    let limited = Edges {
        gate: Arc::clone(gate),
        limiter: rate_limit.then(|| Arc::new(Limiter::new(API_RATE))),
        knows: Some(documented.knows()),
    };

    // The router fails on what is no path before any edge is reached.
    let garbled = Arc::new(limited.around(make_sync(unknown)));
    let api = Route::new()
        .at("/docs", free.around(get(documented.page())))
        .at("/openapi.json", free.around(get(documented.json())))
        .nest("/", limited.around(freelanceos::service(app)));
    Route::new()
        .at("/healthz", free.around(get(make_sync(|_| healthy()))))
        .nest("/api/v1", api)
        // The router gives `/` to this one too, whatever else stands there.
        .at("/*path", free.around(make_sync(front_door)))
        .around(move |routes, mut request| {
            let garbled = Arc::clone(&garbled);
            async move {
                if let Some(uri) = path::without_end_slash(request.uri()) {
                    *request.uri_mut() = uri;
                }
                if path::is_text(request.uri().path()) {
                    routes.call(request).await
                } else {
                    garbled.call(request).await
                }
            }
        })
        .data(Arc::clone(app))
        .map_to_response()
        .boxed()
}

/// Puts edges around routes.
struct Edges {
    gate: Arc<Gate>,
    limiter: Option<Arc<Limiter>>,
    knows: Option<Knows>,
}

impl Edges {
    fn around<E>(&self, inner: E) -> Edge<E::Endpoint>
    where
        E: poem::IntoEndpoint,
    {
        Edge {
            inner: inner.into_endpoint(),
            gate: Arc::clone(&self.gate),
            shape: freelanceos::error::shape,
            limiter: self.limiter.clone(),
            knows: self.knows.clone(),
        }
    }
}

/// The API's document, made when it is first asked for: start-up need not wait for it.
#[derive(Default)]
struct Documented(Arc<OnceLock<Document>>);

impl Documented {
    fn knows(&self) -> Knows {
        let document = Arc::clone(&self.0);
        Arc::new(move |method, path| document.get_or_init(Document::new).knows(method, path))
    }

    fn page(&self) -> impl Endpoint<Output = Response> + use<> {
        let (document, page) = (Arc::clone(&self.0), OnceLock::new());
        make_sync(move |request: Request| {
            let page = page.get_or_init(|| {
                let Document { page, policy, .. } = document.get_or_init(Document::new);
                Page::new("text/html; charset=utf-8", page.as_bytes(), Some(policy))
            });
            page.answer(&request)
        })
    }

    fn json(&self) -> impl Endpoint<Output = Response> + use<> {
        let (document, page) = (Arc::clone(&self.0), OnceLock::new());
        make_sync(move |request: Request| {
            let page = page.get_or_init(|| {
                let json = &document.get_or_init(Document::new).json;
                Page::new("application/json", json.as_bytes(), None)
            });
            page.answer(&request)
        })
    }
}

/// What is outside of the API: its documentation for who opens the address alone.
fn front_door(request: Request) -> poem::Result<Response> {
    let opens = matches!(*request.method(), Method::GET | Method::HEAD);
    if opens && request.original_uri().path() == "/" {
        Ok(redirect("/api/v1/docs"))
    } else {
        unknown(request)
    }
}

fn unknown(_: Request) -> poem::Result<Response> {
    Err(NotFoundError.into())
}

fn healthy() -> Response {
    Response::builder().content_type("application/json").body(r#"{"status":"ok"}"#)
}

fn redirect(to: &'static str) -> Response {
    StatusCode::TEMPORARY_REDIRECT.with_header(header::LOCATION, to).into_response()
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

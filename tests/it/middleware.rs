//! Each middleware alone, around a small endpoint.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use freelanceos::{
    api::api_v1,
    app::{asker::Asker, limit::Limit},
    domain::{error::Kind, limit::LimitState},
    http::{
        discard::DiscardBody,
        framing::Framing,
        middleware::{
            Layer, Next,
            access_log::AccessLog,
            asker::OnBehalf,
            body_limit::BodyLimit,
            cors::{Cors, Preflight},
            failures::{EndsConnection, Failures},
            rate_limit::RateLimit,
            request_id::{CurrentRequest, RequestIds},
            security_headers::SecurityHeaders,
            time_limit::TimeLimit,
        },
        problem::Problem,
        visitor::Address,
    },
};
use futures_util::StreamExt;
use poem::{
    Body, Endpoint, Request, Response,
    endpoint::make_sync,
    error::{MethodNotAllowedError, NotFoundError},
    http::{Method, StatusCode, request::Builder, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tracing::instrument::WithSubscriber;

use crate::support::{Options, spawn_app_with};

/// The client address of these requests.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn get(path: &str) -> Builder {
    Builder::new().uri(path).header("host", "localhost")
}

/// A request with addresses as from a socket, which poem's builder does not set.
fn sent(request: Builder, body: Body) -> Request {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let parts = (parts, LocalAddr::default(), RemoteAddr::default(), Scheme::HTTP);
    Request::from_parts(parts.into(), body)
}

fn bare(request: Builder) -> Request {
    sent(request, Body::empty())
}

/// An endpoint that returns 200.
fn fine() -> impl Endpoint<Output = Response> {
    make_sync(|_| Response::default())
}

/// The response of a layer around an endpoint that returns 200.
async fn through(layer: impl Layer, request: Builder) -> Response {
    fine().layer(layer).call(bare(request)).await.unwrap()
}

#[tokio::test]
async fn a_request_has_an_id_in_its_log_and_its_response() {
    let endpoint = make_sync(|request: Request| {
        let id = CurrentRequest::with(|current| current.id.clone()).unwrap();
        let address = request.data::<Address>().map(|address| address.0);
        Response::builder().header("seen", format!("{id} {address:?}")).finish()
    });
    let endpoint = endpoint.layer(RequestIds::new("boot".to_owned(), true));
    let seen = async |request: Builder| {
        let response = endpoint.call(bare(request)).await.unwrap();
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        (header("x-request-id"), header("seen"))
    };
    assert_eq!(seen(get("/")).await, ("boot-0".into(), "boot-0 None".into()));
    let forwarded = get("/").header("x-forwarded-for", "192.0.2.1, 192.0.2.2:80");
    assert_eq!(seen(forwarded).await, ("boot-1".into(), "boot-1 Some(192.0.2.2)".into()));
    let named = get("/").header("x-request-id", "theirs");
    assert_eq!(seen(named).await, ("theirs".into(), "theirs None".into()));
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_access_log_has_one_line_without_secrets_from_the_url() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("access=debug")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let endpoint = fine().layer(AccessLog).layer(RequestIds::new("boot".to_owned(), false));
    let answer = endpoint.call(bare(get("/i/Qm9keQ?a=needle")));
    answer.with_subscriber(subscriber).await.unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in ["answered", "method=GET", "path=\"/i/…\"", "status=200", "request_id=\"boot-0\""]
    {
        assert!(log.contains(part), "no {part} in {log}");
    }
    assert!(!log.contains("Qm9keQ") && !log.contains("needle"), "{log}");
}

#[tokio::test]
async fn security_headers_do_not_override_those_of_the_response() {
    let endpoint =
        make_sync(|_| Response::builder().header("cache-control", "max-age=60").finish());
    for is_secure in [false, true] {
        let layered = (&endpoint).layer(SecurityHeaders { is_secure });
        let response = layered.call(bare(get("/"))).await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "max-age=60");
        assert_eq!(response.headers().contains_key("strict-transport-security"), is_secure);
    }
}

#[tokio::test]
async fn only_known_origins_may_read_responses() {
    let cors = Arc::new(Cors { origins: ["https://ours.example".to_owned()].into() });
    for (origin, is_allowed) in [("https://OURS.example", true), ("https://theirs.example", false)]
    {
        let response = through(Arc::clone(&cors), get("/").header("origin", origin)).await;
        let headers = response.headers();
        assert_eq!(headers.contains_key("access-control-allow-origin"), is_allowed, "{origin}");
        assert_eq!(headers.contains_key("access-control-expose-headers"), is_allowed);
        assert_eq!(headers["vary"], "Origin");
        let preflight = get("/").method(Method::OPTIONS).header("origin", origin);
        let response = through(Arc::clone(&cors), preflight).await;
        assert_eq!(response.headers().contains_key("access-control-allow-methods"), is_allowed);
    }
}

#[tokio::test]
async fn a_preflight_goes_no_further() {
    let preflight = through(Preflight, get("/").method(Method::OPTIONS)).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(through(Preflight, get("/")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused_and_its_connection_closed() {
    let twice = bare(get("/").header("host", "elsewhere"));
    let error = fine().layer(Framing).call(twice).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    assert!(error.data::<EndsConnection>().is_some());
    assert_eq!(through(Framing, get("/")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused_and_all_others_report_the_limit() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let limit = RateLimit {
        app: Arc::clone(&app.app),
        limit: Some(Limit::Api),
        route_limits: &[(Method::GET, "/counted/*", Limit::Register)],
        knows: Some(Arc::new(|_, path| path != "/unknown")),
    };
    let endpoint = fine().layer(limit);
    let call = async |path: &str| {
        let mut request = bare(get(path));
        request.extensions_mut().insert(Address(ADDRESS));
        endpoint.call(request).await
    };
    let left = |response: Response| response.headers()["x-ratelimit-remaining"].clone();
    for number in 1..=3 {
        assert_eq!(left(call("/counted/one").await.unwrap()), (100 - number).to_string());
    }
    let refused = call("/counted/two").await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    for number in 5..=100 {
        assert_eq!(left(call("/else").await.unwrap()), (100 - number).to_string());
    }
    let refused = call("/else").await.unwrap_err();
    let refused: freelanceos::domain::error::Error = refused.downcast().unwrap();
    assert!(matches!(refused.kind(), Kind::TooMany(refusal) if refusal.limit == 100));
    assert_eq!(left(call("/unknown").await.unwrap()), "0");
}

#[tokio::test]
async fn a_known_route_has_a_maximum_body_size() {
    let limit = || BodyLimit { knows: Some(Arc::new(|_, path| path == "/known")) };
    let sent = |path, length: u32| bare(get(path).header("content-length", length));
    let refused = fine().layer(limit()).call(sent("/known/", (1 << 20) + 1)).await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for request in [sent("/known", 1 << 20), sent("/unknown", (1 << 20) + 1)] {
        assert!(fine().layer(limit()).call(request).await.is_ok());
    }
}

#[tokio::test]
async fn work_knows_on_whose_behalf_it_runs() {
    let endpoint = make_sync(|_| {
        let Asker { address, token, .. } = Asker::current();
        Response::builder().body(format!("{address:?} {token:?}"))
    });
    let mut request = bare(get("/").header("authorization", "bearer abc"));
    request.extensions_mut().insert(Address(ADDRESS));
    let response = endpoint.layer(OnBehalf).call(request).await.unwrap();
    let body = response.into_body().into_string().await.unwrap();
    assert_eq!(body, "Some(127.0.0.1) Some(\"abc\")");
}

#[tokio::test]
async fn a_panic_fails_only_one_request() {
    let endpoint = make_sync(|request: Request| {
        assert_ne!(request.uri().path(), "/panics");
        Response::default()
    });
    let endpoint = endpoint.layer(TimeLimit);
    let error = endpoint.call(bare(get("/panics"))).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(error.to_string(), Problem::internal().to_string());
    assert!(endpoint.call(bare(get("/"))).await.is_ok());
}

#[tokio::test]
async fn errors_have_the_format_of_their_api_and_their_headers() {
    let endpoint = make_sync(|request: Request| -> poem::Result<Response> {
        let mut error: poem::Error = match request.uri().path() {
            "/wrong-method" => MethodNotAllowedError.into(),
            "/no-token" => StatusCode::UNAUTHORIZED.into(),
            _ => NotFoundError.into(),
        };
        error.set_data(LimitState { limit: 100, remaining: 7, reset: 60, refused: None });
        error.set_data(EndsConnection);
        Err(error)
    });
    let knows = |method: &Method, _: &str| matches!(*method, Method::GET | Method::POST);
    let failures = Failures { shape: api_v1::shape, knows: Some(Arc::new(knows)) };
    let endpoint = endpoint.layer(failures);
    for (path, status, name, value) in [
        ("/nowhere", StatusCode::NOT_FOUND, "x-ratelimit-remaining", "7"),
        ("/nowhere", StatusCode::NOT_FOUND, "connection", "close"),
        ("/no-token", StatusCode::UNAUTHORIZED, "www-authenticate", "Bearer"),
        ("/wrong-method", StatusCode::METHOD_NOT_ALLOWED, "allow", "GET, POST"),
    ] {
        let response = endpoint.call(bare(get(path))).await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()[name]),
            (status, &value.parse().unwrap())
        );
        let body = response.into_body().into_string().await.unwrap();
        assert!(body.starts_with("{\"success\":false,\"error\":\""), "{body}");
    }
}

#[tokio::test]
async fn the_rest_of_a_body_is_read_before_the_response() {
    static IS_READ: AtomicBool = AtomicBool::new(false);
    let chunks = futures_util::stream::iter(0..3).map(|number| {
        IS_READ.store(number == 2, Ordering::Relaxed);
        Ok::<_, std::io::Error>(vec![b'x'; 10])
    });
    let request = get("/").method(Method::POST).header("content-length", 30);
    let request = sent(request, Body::from_bytes_stream(chunks));
    fine().layer(DiscardBody).call(request).await.unwrap();
    assert!(IS_READ.load(Ordering::Relaxed));
}

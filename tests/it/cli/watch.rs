//! Monitoring: metrics and the log.

use std::{collections::HashSet, io::Read, process::Stdio, time::Instant};

use reqwest::{StatusCode, redirect::Policy};
use serde_json::{Value, json};

use super::{PASSWORD, PATIENCE, Place, Server};

/// Waits for a log line that contains this text, and returns the rest of the line.
async fn logged(server: &Server, mark: &str) -> String {
    let begun = Instant::now();
    loop {
        let found = server.log.lock().unwrap().split_once(mark).map(|(_, rest)| rest.to_owned());
        if let Some(line) = found.as_deref().and_then(|rest| rest.split_once('\n')) {
            return line.0.to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "no {mark} in\n{}", server.log.lock().unwrap());
        tokio::task::yield_now().await;
    }
}

async fn get(url: &str) -> (StatusCode, String) {
    // Pages redirect to the public host name, where nothing listens.
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let response = http.get(url).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

fn account() -> Value {
    json!({"email": "a@example.com", "password": PASSWORD, "firstName": "A", "lastName": "B"})
}

/// Checks that a page is valid for Prometheus: each metric is declared once, before its values,
/// which are numbers, and the buckets of a histogram add up to its count.
fn check(page: &str) {
    let (mut known, mut bucket) = (HashSet::new(), (String::new(), 0.0));
    for line in page.lines() {
        if let Some(introduced) = line.strip_prefix("# TYPE ") {
            assert!(known.insert(introduced.split(' ').next().unwrap()), "{line}");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().expect(line);
        let name = sample.split('{').next().unwrap();
        let of = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        assert!(known.contains(name) || known.contains(of.unwrap_or_default()), "{line}");
        let labels = sample.split_once("le=").map_or(sample, |(labels, _)| labels);
        if name.ends_with("_bucket") {
            assert!(bucket.0 != labels || bucket.1 <= value, "{line}");
            bucket = (labels.to_owned(), value);
        } else if name.ends_with("_count") {
            assert_eq!(bucket.1, value, "{line}");
        }
    }
}

#[tokio::test]
async fn metrics_are_served_on_their_own_address() {
    let place = Place::new();
    let server = place.serve_with(&[("METRICS_LISTEN", "127.0.0.1:0")]);
    let figures = logged(&server, "metrics are at ").await;
    let (status, answer) = server.post("/auth/register", None, &account()).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = answer["data"]["token"].as_str().unwrap();
    assert_eq!(server.get("/clients", token).await.0, StatusCode::OK);
    for id in ["one", "two"] {
        server.get(&format!("/clients/{id}"), token).await;
        server.get(&format!("/{id}"), token).await;
    }

    let (status, page) = get(&figures).await;
    assert_eq!(status, StatusCode::OK);
    check(&page);
    for line in [
        concat!("freelanceos_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        r#"freelanceos_http_requests_total{method="POST",route="/api/v1/auth/register",status="2xx"} 1"#,
        r#"freelanceos_http_requests_total{method="GET",route="/api/v1/clients",status="2xx"} 1"#,
        r#"freelanceos_http_requests_total{method="GET",route="/api/v1/clients/:param0",status="4xx"} 2"#,
        r#"freelanceos_http_requests_total{method="GET",route="/api/v1",status="4xx"} 2"#,
        "freelanceos_http_requests_in_flight 0",
        r#"freelanceos_database_queue_length{queue="write"} 0"#,
        r#"freelanceos_passwords{state="running"} 0"#,
        r#"freelanceos_mail{state="failed"} 0"#,
        "freelanceos_log_lines_lost_total 0",
    ] {
        assert!(page.lines().any(|written| written == line), "{line} is not in\n{page}");
    }
    let value = |name: &str| -> f64 {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} "))).expect(name);
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    // At least the account, and what every start writes.
    assert!(value("freelanceos_database_batch_jobs_sum") >= 2.0);
    assert!(value("freelanceos_database_commit_seconds_sum") > 0.0);
    for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
        assert!(value(name) > 0.0, "{name}");
    }
    assert!(!page.contains("/one"), "a path that a visitor made up became a name");

    let base = figures.strip_suffix("/metrics").unwrap();
    assert_eq!(
        get(&format!("{base}/healthz")).await,
        (StatusCode::OK, r#"{"status":"ok"}"#.into())
    );
    assert_eq!(get(&format!("{base}/api/v1/docs")).await.0, StatusCode::NOT_FOUND);
    let (status, _) = get(&server.base.replace("/api/v1", "/metrics")).await;
    assert_ne!(status, StatusCode::OK, "everybody can read the figures");
    server.stop();
}

#[tokio::test]
async fn every_request_is_one_line_of_the_access_log_without_its_secrets() {
    let place = Place::new();
    let settings = [("LOG", "info,access=debug"), ("LOG_FORMAT", "json")];
    let server = place.serve_with(&settings);
    let (_, answer) = server.post("/auth/register", None, &account()).await;
    let token = answer["data"]["token"].as_str().unwrap();
    let id = answer["data"]["user"]["id"].as_str().unwrap();
    let origin = server.base.strip_suffix("/api/v1").unwrap();
    let request = server.http.get(format!("{}/clients?search=needle", server.base));
    let response = request.bearer_auth(token).send().await.unwrap();
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let bytes = response.text().await.unwrap().len();
    for path in ["/i/Qm9keQ", "/p/Qm9keQ?x=Qm9keQ", "/v1/public/proposals/Qm9keQ/accept?a=Qm9keQ"] {
        get(&format!("{origin}{path}")).await;
    }
    logged(&server, "/v1/public/proposals/").await;
    let log = server.log.lock().unwrap().clone();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["request_id"] == *request_id).expect(&log);
    assert_eq!((&line["target"], &line["level"]), (&"access".into(), &"DEBUG".into()));
    assert_eq!((&line["method"], &line["path"]), (&"GET".into(), &"/api/v1/clients".into()));
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &bytes.into()));
    assert_eq!((&line["route"], &line["account"]), (&"/api/v1/clients".into(), &id.into()));
    assert!(line["ms"].as_f64().is_some_and(|ms| ms > 0.0), "{line}");
    for secret in [token, PASSWORD, "needle", "Qm9keQ"] {
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
    server.stop();
}

#[tokio::test]
async fn the_default_log_has_no_line_per_request() {
    let place = Place::new();
    let server = place.serve();
    server.post("/auth/register", None, &account()).await;
    let log = std::sync::Arc::clone(&server.log);
    server.stop();
    assert!(!log.lock().unwrap().contains("answered"));
}

/// Sends requests until far more is logged than a pipe holds.
async fn ask_often(base: &str) {
    let http = reqwest::Client::new();
    for _ in 0..3000 {
        let response = http.get(format!("{base}/healthz")).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), r#"{"status":"ok"}"#);
    }
}

/// A free port, since the test cannot read the address from the log.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_log_that_nobody_reads_blocks_nothing() {
    for is_closed in [false, true] {
        let place = Place::new();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = place.command(&["serve"]);
        command.env("LISTEN", &address).env("LOG", "trace").stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = child.stderr.take().unwrap();
        // It logs something before it listens.
        log.read_exact(&mut [0; 16]).unwrap();
        let log = if is_closed { None } else { Some(log) };
        let base = format!("http://{address}");
        let begun = Instant::now();
        while reqwest::get(format!("{base}/healthz")).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "the server does not listen");
            tokio::task::yield_now().await;
        }
        ask_often(&base).await;
        let server =
            Server { child, base, http: reqwest::Client::new(), log: std::sync::Arc::default() };
        server.stop();
        drop(log);
    }
}

//! The scenarios and how they are measured.

use std::panic;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde_json::json;

use crate::Failure;
use crate::fill::{self, Account};
use crate::http::{COUNTER, Connection, Request};
use crate::server::{SETTLE_LIMIT, Server};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// GET /healthz: the cost of the HTTP stack alone on this machine
    Floor,
    /// GET /api/v1/clients/:id
    Client,
    /// GET /api/v1/clients?pageSize=20
    Clients,
    /// GET /api/v1/invoices?pageSize=20
    Invoices,
    /// GET /api/v1/dashboard/stats
    Stats,
    /// POST /api/v1/clients
    CreateClient,
    /// POST /api/v1/invoices with two items
    CreateInvoice,
    /// POST /api/v1/auth/login
    Login,
}

impl Scenario {
    /// The default scenarios, between the two floors.
    pub const STANDARD: [Self; 7] = [
        Self::Client,
        Self::Clients,
        Self::Invoices,
        Self::Stats,
        Self::CreateClient,
        Self::CreateInvoice,
        Self::Login,
    ];

    /// The scenarios that must stay flat as the number of invoices grows.
    pub const GROWTH: [Self; 4] = [Self::Stats, Self::Clients, Self::Invoices, Self::CreateInvoice];

    /// The scenarios compared with another program.
    pub const COMPARED: [Self; 6] = [
        Self::Client,
        Self::Clients,
        Self::Invoices,
        Self::Stats,
        Self::CreateClient,
        Self::CreateInvoice,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Client => "client",
            Self::Clients => "clients",
            Self::Invoices => "invoices",
            Self::Stats => "stats",
            Self::CreateClient => "create-client",
            Self::CreateInvoice => "create-invoice",
            Self::Login => "login",
        }
    }

    /// The requests to send in turn.
    pub fn requests(self, account: &Account) -> Vec<Request> {
        match self {
            Self::Floor => vec![Request::get("/healthz", None)],
            Self::Client => {
                account.clients.iter().map(|id| account.get(&format!("/clients/{id}"))).collect()
            }
            Self::Clients => vec![account.get("/clients?pageSize=20")],
            Self::Invoices => vec![account.get("/invoices?pageSize=20")],
            Self::Stats => vec![account.get("/dashboard/stats")],
            Self::CreateClient => vec![account.post("/clients", &fill::client(COUNTER))],
            Self::CreateInvoice => (0..account.clients.len())
                .map(|n| account.post("/invoices", &account.invoice(n)))
                .collect(),
            Self::Login => {
                let body = json!({ "email": fill::EMAIL, "password": fill::PASSWORD });
                vec![account.post("/auth/login", &body)]
            }
        }
    }
}

/// The result of one scenario.
pub struct Measurement {
    pub scenario: Scenario,
    /// Number of 2xx responses.
    pub answers: usize,
    pub elapsed: Duration,
    /// Time between two responses on a connection: median and 99th percentile.
    pub p50: Duration,
    pub p99: Duration,
    /// The server's processor time per request.
    pub processor: Duration,
    /// Responses other than 2xx and broken connections, including the warm-up.
    pub failures: usize,
    pub first_failure: Option<String>,
}

impl Measurement {
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.elapsed.as_secs_f64()
    }
}

/// Requests that all connections take in turn.
struct Work {
    requests: Vec<Request>,
    next: AtomicUsize,
    failures: AtomicUsize,
    first_failure: OnceLock<String>,
}

impl Work {
    fn fail(&self, what: impl FnOnce() -> String) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.first_failure.get_or_init(what);
    }

    /// Keeps a connection busy for `length`, and returns the duration of each 2xx response in
    /// microseconds.
    fn drive(&self, connection: &mut Connection, length: Duration) -> Vec<u32> {
        let mut latencies = Vec::with_capacity(1 << 16);
        let begin = Instant::now();
        let mut last = begin;
        while last - begin < length {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let request = &self.requests[number % self.requests.len()];
            match connection.send(request, number) {
                Ok(answer) => {
                    // One clock reading ends a request and starts the next.
                    let now = Instant::now();
                    if answer.is_success() {
                        let micros = (now - last).as_micros();
                        latencies.push(u32::try_from(micros).unwrap_or(u32::MAX));
                    } else {
                        self.fail(|| answer.summary());
                    }
                    last = now;
                }
                Err(error) => {
                    self.fail(|| error.to_string());
                    break;
                }
            }
        }
        latencies
    }

    fn drive_all(&self, connections: &mut [Connection], length: Duration) -> Vec<u32> {
        thread::scope(|scope| {
            let workers: Vec<_> = connections
                .iter_mut()
                .map(|connection| scope.spawn(move || self.drive(connection, length)))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap_or_else(|p| panic::resume_unwind(p)))
                .collect()
        })
    }
}

/// Drives `scenario` with `connections` connections for `length`; each sends its next request as
/// soon as it has a response.
pub fn measure(
    scenario: Scenario,
    server: &Server,
    requests: Vec<Request>,
    connections: usize,
    length: Duration,
) -> Result<Measurement, Failure> {
    let work = Work {
        requests,
        next: AtomicUsize::new(0),
        failures: AtomicUsize::new(0),
        first_failure: OnceLock::new(),
    };
    server.settle(SETTLE_LIMIT)?;
    let mut connections = (0..connections)
        .map(|_| Connection::open(server.address))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("cannot connect to the server: {error}"))?;
    work.drive_all(&mut connections, (length / 5).min(Duration::from_secs(1)));

    let processor_before = server.processor_time()?;
    let begin = Instant::now();
    let mut latencies = work.drive_all(&mut connections, length);
    // Up to the last response, not the planned end. Slow requests that are still running count as
    // responses, so their time must count too.
    let elapsed = begin.elapsed();
    let processor = server.processor_time()? - processor_before;

    latencies.sort_unstable();
    Ok(Measurement {
        scenario,
        answers: latencies.len(),
        elapsed,
        p50: percentile(&latencies, 50),
        p99: percentile(&latencies, 99),
        processor: processor.div_f64(latencies.len().max(1) as f64),
        failures: work.failures.into_inner(),
        first_failure: work.first_failure.into_inner(),
    })
}

/// The smallest value that `percent` of all values do not exceed. `sorted` is in microseconds.
fn percentile(sorted: &[u32], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    Duration::from_micros(micros.into())
}

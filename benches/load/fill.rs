//! Fills a new server with an account, clients and invoices: through its API, or with `freelanceos
//! demo` before it starts.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::panic;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::http::{Answer, Connection, Request};
use crate::report::status;
use crate::server::{Folder, command};

pub const EMAIL: &str = "load@example.com";
pub const PASSWORD: &str = "SecurePass123";

/// Timeout for filling.
const FILL_LIMIT: Duration = Duration::from_secs(3600);

/// The registered account and the ids of its clients.
pub struct Account {
    token: String,
    pub clients: Vec<String>,
}

impl Account {
    pub fn register(address: SocketAddr) -> Result<Self, Failure> {
        let body = json!({
            "email": EMAIL,
            "password": PASSWORD,
            "firstName": "Load",
            "lastName": "Test",
        });
        let request = Request::post("/api/v1/auth/register", None, &body);
        let mut connection = Connection::open(address)?;
        Ok(Self { token: text_of(&mut connection, &request, "token")?, clients: Vec::new() })
    }

    /// Signs in to the account created by [`demo`].
    pub fn sign_in(address: SocketAddr) -> Result<Self, Failure> {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let request = Request::post("/api/v1/auth/login", None, &body);
        let mut connection = Connection::open(address)?;
        let token = text_of(&mut connection, &request, "token")?;
        let mut account = Self { token, clients: Vec::new() };
        let listed = account.get("/clients?pageSize=100");
        let listed: Value = serde_json::from_slice(send(&mut connection, &listed)?.body)?;
        let ids = listed["data"].as_array().into_iter().flatten();
        account.clients =
            ids.filter_map(|client| Some(client["id"].as_str()?.to_owned())).collect();
        Ok(account)
    }

    pub fn get(&self, path: &str) -> Request {
        Request::get(&format!("/api/v1{path}"), Some(&self.token))
    }

    pub fn post(&self, path: &str, body: &Value) -> Request {
        Request::post(&format!("/api/v1{path}"), Some(&self.token), body)
    }

    pub fn add_clients(
        &mut self,
        address: SocketAddr,
        connections: usize,
        count: usize,
    ) -> Result<(), Failure> {
        let added = in_parallel("clients", address, connections, count, |connection, n| {
            let body = client(&format!("{n:06}"));
            text_of(connection, &self.post("/clients", &body), "id")
        })?;
        self.clients = added;
        Ok(())
    }

    /// Adds `count` drafts. With `mixed`, sends the second of every three, and sends and pays the
    /// third.
    pub fn add_invoices(
        &self,
        address: SocketAddr,
        connections: usize,
        count: usize,
        mixed: bool,
    ) -> Result<(), Failure> {
        in_parallel("invoices", address, connections, count, |connection, n| {
            let draft = self.post("/invoices", &self.invoice(n));
            let id = text_of(connection, &draft, "id")?;
            let steps: &[&str] = match n % 3 {
                1 if mixed => &["send"],
                2 if mixed => &["send", "mark-paid"],
                _ => &[],
            };
            for step in steps {
                let request = self.post(&format!("/invoices/{id}/{step}"), &json!({}));
                send(connection, &request)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The body of the `n`th invoice: two items for one of the clients, due on a day in 2026 or
    /// 2027, so that some sent invoices are overdue and some are not.
    pub fn invoice(&self, n: usize) -> Value {
        let (year, month, day) = (2026 + n / 12 % 2, 1 + n % 12, 1 + n % 28);
        json!({
            "clientId": self.clients[n % self.clients.len()],
            "currency": "USD",
            "dueDate": format!("{year}-{month:02}-{day:02}"),
            "items": [
                { "description": "UI Design", "quantity": 1, "rate": 1500 },
                { "description": "Development", "quantity": 1, "rate": 750 },
            ],
            "notes": "Payment due within 15 days",
        })
    }
}

/// Runs `freelanceos demo` to create its account with that many additional invoices.
pub fn demo(binary: &Path, folder: &Folder, invoices: usize) -> Result<(), Failure> {
    let log = || File::options().create(true).append(true).open(folder.log());
    let data = folder.data();
    command(binary).arg("migrate").env("DATA_DIR", &data).stdout(log()?).status()?;
    let mut child = command(binary)
        .args(["demo", "--email", EMAIL, "--invoices", &invoices.to_string()])
        .env("DATA_DIR", &data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log()?)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{PASSWORD}")?;
    }
    let ended = child.wait()?;
    if ended.success() {
        Ok(())
    } else {
        Err(format!("freelanceos demo ended with {ended}").into())
    }
}

/// The body of a client; `tag` makes it unique.
pub fn client(tag: &str) -> Value {
    json!({
        "name": "TechStart Nigeria",
        "email": format!("client-{tag}@example.com"),
        "company": "TechStart Nigeria Ltd",
        "phone": "+234 802 345 6789",
        "country": "NG",
    })
}

/// Sends a request that must succeed.
fn send<'a>(connection: &'a mut Connection, request: &Request) -> Result<Answer<'a>, Failure> {
    let answer = connection.send(request, 0)?;
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(format!("refused with {}", answer.summary()).into())
    }
}

/// Sends a request that must succeed, and returns the text at `data.<key>` of the response.
fn text_of(connection: &mut Connection, request: &Request, key: &str) -> Result<String, Failure> {
    let answer = send(connection, request)?;
    let body: Value = serde_json::from_slice(answer.body)?;
    let text = body["data"][key].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("no data.{key} in {}", answer.summary()).into())
}

/// Runs `job` for every number below `count`, spread over the connections, and shows progress on a
/// terminal. Returns the results in order.
fn in_parallel<T: Send>(
    what: &str,
    address: SocketAddr,
    connections: usize,
    count: usize,
    job: impl Fn(&mut Connection, usize) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let worker = || -> Result<Vec<(usize, T)>, Failure> {
        let mut connection = Connection::open(address)?;
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            match job(&mut connection, number) {
                Ok(result) => done.push((number, result)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(format!("adding {what}: {error}").into());
                }
            }
        }
        Ok(done)
    };

    let begin = Instant::now();
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(worker)).collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            thread::sleep(Duration::from_millis(20));
            let taken = next.load(Ordering::Relaxed).min(count);
            status(&format!("adding {what}: {taken} of {count}"));
            if begin.elapsed() > FILL_LIMIT {
                stop.store(true, Ordering::Relaxed);
            }
        }
        let mut done = Vec::with_capacity(count);
        for worker in workers {
            done.extend(worker.join().unwrap_or_else(|p| panic::resume_unwind(p))?);
        }
        Ok::<_, Failure>(done)
    })?;
    status("");
    if done.len() < count {
        return Err(format!("adding {what}: only {} in an hour", done.len()).into());
    }
    done.sort_unstable_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

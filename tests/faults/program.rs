//! The program as it is installed, run as a process in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "SecurePass123";

/// A data folder, and the program run on it.
pub struct Place {
    pub data: PathBuf,
    _folder: Option<TempDir>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed, having done its work.
    #[track_caller]
    pub fn done(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        &self.stdout
    }

    /// The one line with which it failed.
    #[track_caller]
    pub fn refused(&self) -> &str {
        assert_eq!(self.code, 1, "{}{}", self.stdout, self.stderr);
        let last = self.stderr.trim_end().lines().last().unwrap_or_default();
        last.strip_prefix("freelanceos: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// Runs a command until it prints this: what is logged is in the database a moment later.
pub fn run_until(what: &str, mut run: impl FnMut() -> Ended) -> Ended {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ended = run();
        if ended.done().contains(what) {
            return ended;
        }
        assert!(Instant::now() < deadline, "{what:?} is not in {ended:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Place {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { data: folder.path().join("data"), _folder: Some(folder) }
    }

    /// A place in a folder that somebody else looks after.
    pub fn at(data: &Path) -> Self {
        Self { data: data.to_owned(), _folder: None }
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("freelanceos.db")
    }

    /// A command with the usual settings, and none of the machine's own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        command.args(arguments).stdin(Stdio::null());
        self.settle(&mut command);
        command
    }

    /// Gives a command the usual settings.
    pub fn settle(&self, command: &mut Command) {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LISTEN", "127.0.0.1:0").env("RATE_LIMIT", "off").env("DATA_DIR", &self.data);
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    pub fn serve(&self) -> Server {
        Server::start(self.command(&["serve"]))
    }

    pub fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["serve"]);
        Server::start({
            command.envs(variables.iter().copied());
            command
        })
    }
}

/// The lines a server has logged so far, and a bell that rings with each.
#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    bell: Condvar,
}

/// A server in a process of its own; killed when it is dropped.
pub struct Server {
    child: Child,
    log: Arc<Log>,
    pub address: String,
}

impl Server {
    /// Starts a command that serves, and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Log::default());
        let kept = Arc::clone(&log);
        // Reads on to the end, so that the server never waits for its log to be read.
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lines.lock().unwrap().0.push(line);
                kept.bell.notify_all();
            }
            kept.lines.lock().unwrap().1 = true;
            kept.bell.notify_all();
        });
        let mut server = Self { child, log, address: String::new() };
        let line = server.wait_for("listening on http://");
        let (_, address) = line.split_once("http://").unwrap();
        server.address = address.split(',').next().unwrap().to_owned();
        server
    }

    /// Starts a command that serves at an address and whose log goes elsewhere.
    pub fn start_unheard(mut command: Command, address: &str) -> Self {
        let child = command.spawn().unwrap();
        let server = Self { child, log: Arc::default(), address: address.to_owned() };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "nobody listens at {address}");
            thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// The first line of the log that says this.
    pub fn wait_for(&self, what: &str) -> String {
        self.wait_for_more(what, 1)
    }

    /// The line of the log that says this for the `count`th time.
    pub fn wait_for_more(&self, what: &str, count: usize) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut log = self.log.lines.lock().unwrap();
        loop {
            let found = log.0.iter().filter(|line| line.contains(what)).nth(count - 1);
            if let Some(line) = found {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!log.1 && !left.is_zero(), "{what:?} is not in {:#?}", log.0);
            log = self.log.bell.wait_timeout(log, left).unwrap().0;
        }
    }

    /// How often the log says this.
    pub fn said(&self, what: &str) -> usize {
        self.log.lines.lock().unwrap().0.iter().filter(|line| line.contains(what)).count()
    }

    pub fn log(&self) -> String {
        self.log.lines.lock().unwrap().0.join("\n")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`: no farewell.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Asks it to stop, and answers how it ended and how long that took.
    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        self.terminate();
        (self.wait(), begun.elapsed())
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn caller(&self) -> Caller {
        Caller {
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            server: format!("http://{}", self.address),
            token: String::new(),
        }
    }

    /// Makes an account and answers a caller that is signed in.
    pub async fn register(&self, name: &str) -> Caller {
        let body = json!({
            "email": format!("{name}@example.com"), "password": PASSWORD,
            "firstName": "Ada", "lastName": "Bell",
        });
        let mut caller = self.caller();
        let answer = caller.post("/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        caller.token = answer.body["data"]["token"].as_str().unwrap().to_owned();
        caller
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer, its body understood.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub took: Duration,
}

impl Answer {
    /// The data of an answer that succeeded.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        &self.body["data"]
    }
}

/// A client of the API, of one account.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    pub server: String,
    pub token: String,
}

impl Caller {
    /// The same account, on connections of its own.
    pub fn apart(&self) -> Self {
        Self { http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(), ..self.clone() }
    }

    /// The same account at a server that was started again.
    pub fn at(&self, server: &Server) -> Self {
        Self { token: self.token.clone(), ..server.caller() }
    }

    /// Sends a request of FreelanceOS (or, with its whole path, of another face); nothing where
    /// no answer came.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Option<Answer> {
        let begun = Instant::now();
        let mount =
            if path.starts_with("/v1/") || path.starts_with("/u/") { "" } else { "/api/v1" };
        let url = format!("{}{mount}{path}", self.server);
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some(Answer { status, headers, body, took: begun.elapsed() })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_send("GET", path, None, None).await.expect("no answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_send("POST", path, Some(body), None).await.expect("no answer")
    }

    /// Makes a client and answers its id.
    pub async fn client(&self, name: &str) -> String {
        let body = json!({"name": name, "email": "client@example.com"});
        let answer = self.post("/clients", &body).await;
        answer.data()["id"].as_str().unwrap().to_owned()
    }

    /// Makes an invoice and answers its id.
    pub async fn invoice(&self, client: &str, amount: i64) -> String {
        let body = json!({"clientId": client, "amount": amount, "dueDate": "2099-12-31"});
        let answer = self.post("/invoices", &body).await;
        answer.data()["id"].as_str().unwrap().to_owned()
    }
}

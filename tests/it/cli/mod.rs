//! The command line: the installed program, run in its own folder.

#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

mod admin;
mod backup;
mod demo;
mod doctor;
mod files;
mod first;
mod licenses;
mod net;
mod output;
mod postgres;
mod rates;
mod secret;
mod settings;
mod watch;

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use freelanceos::store::{Database, engine as store};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::TestDatabase;

const PASSWORD: &str = "SecurePass123";
/// Timeout for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The secrets, which must be set if the database is on a server.
const SECRETS: [(&str, &str); 2] = [
    ("SECRET_KEY", "3f1c0d7a9b2e8f4655aa10c7d4e29b806c1f37d2e5a84b9013c6f7d8e2a4b590"),
    ("JWT_SECRET", "a secret of the command line's tests, long enough"),
];

/// A folder to run the program in, and its database, in the folder or on a server.
struct Place {
    // Dropped first: a database on a server is named after the folder.
    database: TestDatabase,
    folder: TempDir,
}

/// The result of a command.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The output of a successful command.
    #[track_caller]
    fn done(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        &self.stdout
    }

    /// The single line of a refusal.
    #[track_caller]
    fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let line = self.stderr.strip_prefix("freelanceos: ").expect(&self.stderr);
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
        line.trim_end()
    }
}

impl Place {
    /// An empty folder, and no tables anywhere.
    fn new() -> Self {
        Self::with(TestDatabase::empty)
    }

    /// An empty folder with a database file in `data`, for tests of files.
    fn with_file() -> Self {
        Self::with(TestDatabase::file)
    }

    fn with(make: impl FnOnce(&Path) -> TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        Self { database: make(&folder.path().join("data/freelanceos.db")), folder }
    }

    /// A folder with an empty database.
    fn migrated() -> Self {
        let place = Self::new();
        place.run(&["migrate"]).done();
        place
    }

    fn database(&self) -> &Database {
        self.database.database()
    }

    /// The database as messages name it.
    fn shown_database(&self) -> String {
        match self.database() {
            Database::Sqlite(_) => "./data/freelanceos.db".to_owned(),
            Database::Postgres(server) => server.to_string(),
        }
    }

    /// Changes the database without the program.
    fn change(&self, sql: &'static str, values: &[store::Value]) {
        self.database().change(|connection| connection.execute(sql, values)).unwrap();
    }

    /// The secrets in use: `SECRET_KEY` and `JWT_SECRET`.
    fn secrets(&self) -> [String; 2] {
        match self.database.url() {
            Some(_) => SECRETS.map(|(_, secret)| secret.to_owned()),
            None => ["secret.key", "jwt.secret"].map(|name| {
                let secret = std::fs::read_to_string(self.path("data").join(name)).unwrap();
                secret.trim().to_owned()
            }),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        // None of the machine's own settings may leak in.
        command.env_clear().env("LISTEN", "127.0.0.1:0").current_dir(&self.folder).args(arguments);
        if let Some(url) = self.database.url() {
            command.env("DATABASE_URL", url).envs(SECRETS);
        }
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.command(arguments);
        Ended::of(command.envs(variables.iter().copied()).output().unwrap())
    }

    /// Runs it with this text on standard input.
    fn run_told(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may fail before it has read anything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Creates an account and returns the output.
    fn create_user(&self, email: &str) -> String {
        let ended = self.run_told(&["admin", "create-user", email], PASSWORD);
        ended.done().to_owned()
    }

    fn users(&self) -> Vec<Value> {
        let ended = self.run(&["admin", "list-users", "--json"]);
        serde_json::from_str(ended.done()).unwrap()
    }

    fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Starts a server and waits until it listens.
    fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["serve"]);
        command.envs(variables.iter().copied());
        Server::start(command)
    }
}

/// A server process.
struct Server {
    child: Child,
    base: String,
    http: reqwest::Client,
    /// Everything it has written to standard error so far.
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts it with that command and waits until it listens.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (found, url) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        // Reads to the end, so that the server never blocks on its log.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let url = rest.split(',').next().unwrap();
                    let _ = found.send(url.to_owned());
                }
            }
        });
        let mut server = Server { child, base: String::new(), http: reqwest::Client::new(), log };
        let url = url.recv_timeout(PATIENCE);
        let url =
            url.unwrap_or_else(|_| panic!("it does not listen: {}", server.log.lock().unwrap()));
        server.base = format!("{url}/api/v1");
        server
    }

    /// Stops it and waits until it has exited.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Waits until it has logged that text so many times.
    fn logged(&self, text: &str, times: usize) -> String {
        let start = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            if log.matches(text).count() >= times {
                return log;
            }
            assert!(start.elapsed() < PATIENCE, "it never logged {text:?}:\n{log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> (StatusCode, Value) {
        let mut request = self.http.post(format!("{}{path}", self.base)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Signs in and returns the token, or the status of the refusal.
    async fn login(&self, email: &str, password: &str) -> Result<String, StatusCode> {
        let body = json!({"email": email, "password": password});
        let (status, answer) = self.post("/auth/login", None, &body).await;
        answer["data"]["token"].as_str().map(str::to_owned).ok_or(status)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mode(file: &Path) -> u32 {
    file.metadata().unwrap().permissions().mode() & 0o777
}

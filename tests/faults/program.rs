//! The installed program, run as a process in its own folder.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use freelanceos::store::Database;
use tempfile::TempDir;

pub use super::caller::{Answer, Caller};
use super::database::TestDatabase;

/// Timeout for anything, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "SecurePass123";
/// The secrets, which must be set if the database is on a server.
const SECRETS: [(&str, &str); 2] = [
    ("SECRET_KEY", "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2"),
    ("JWT_SECRET", "a secret that only these tests sign with"),
];

/// A data folder, and the program run on it.
pub struct Place {
    pub data: PathBuf,
    /// The database, unless it is a file in that folder.
    url: Option<String>,
    _made: Option<TestDatabase>,
    _folder: Option<TempDir>,
}

/// The result of a command.
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

    /// The output of a successful command.
    #[track_caller]
    pub fn done(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        &self.stdout
    }

    /// The single line with which it failed.
    #[track_caller]
    pub fn refused(&self) -> &str {
        assert_eq!(self.code, 1, "{}{}", self.stdout, self.stderr);
        let last = self.stderr.trim_end().lines().last().unwrap_or_default();
        last.strip_prefix("freelanceos: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// Repeats a command until it prints this text, since log lines reach the database with a delay.
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
    /// A place whose database is a file.
    pub fn new() -> Self {
        Self::with(None, None)
    }

    /// A place whose database uses the engine under test.
    pub fn of_tested_engine() -> Self {
        let database = TestDatabase::empty(Path::new("no file is made"));
        Self::with(database.url().map(str::to_owned), Some(database))
    }

    /// A place on a database that belongs to the caller and may be shared.
    pub fn on(url: &str) -> Self {
        Self::with(Some(url.to_owned()), None)
    }

    fn with(url: Option<String>, made: Option<TestDatabase>) -> Self {
        let folder = TempDir::new().unwrap();
        Self { data: folder.path().join("data"), url, _made: made, _folder: Some(folder) }
    }

    /// A place in a folder that belongs to the caller.
    pub fn at(data: &Path) -> Self {
        Self { data: data.to_owned(), url: None, _made: None, _folder: None }
    }

    pub fn database(&self) -> Database {
        match &self.url {
            Some(url) => Database::parse(url).unwrap(),
            None => self.file().into(),
        }
    }

    /// The database file.
    pub fn file(&self) -> PathBuf {
        assert_eq!(self.url, None, "its database is no file");
        self.data.join("freelanceos.db")
    }

    /// A command with the usual settings and without the machine's own.
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
        if let Some(url) = &self.url {
            command.env("DATABASE_URL", url).envs(SECRETS);
        }
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

/// The lines that a server has logged so far, with a signal for each new one.
#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    bell: Condvar,
}

/// A server process, killed when dropped.
pub struct Server {
    child: Child,
    log: Arc<Log>,
    pub address: String,
}

impl Server {
    /// Starts a command that serves, and waits until it listens.
    pub fn start(command: Command) -> Self {
        let mut server = Self::begin(command);
        server.listens();
        server
    }

    /// Starts a command that serves.
    pub fn begin(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Log::default());
        let kept = Arc::clone(&log);
        // Reads to the end, so that the server never blocks on its log.
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lines.lock().unwrap().0.push(line);
                kept.bell.notify_all();
            }
            kept.lines.lock().unwrap().1 = true;
            kept.bell.notify_all();
        });
        Self { child, log, address: String::new() }
    }

    /// Waits until it listens.
    pub fn listens(&mut self) {
        let line = self.wait_for("listening on http://");
        let (_, address) = line.split_once("http://").unwrap();
        self.address = address.split(',').next().unwrap().to_owned();
    }

    /// Starts a command that serves at an address and logs elsewhere.
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

    /// The first log line that contains this text.
    pub fn wait_for(&self, what: &str) -> String {
        self.wait_for_more(what, 1)
    }

    /// The `count`th log line that contains this text.
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

    /// How many log lines contain this text.
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

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Stops it, and returns its exit status and how long that took.
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
        Caller::of(&self.address)
    }

    /// Registers an account and returns a caller that is signed in.
    pub async fn register(&self, name: &str) -> Caller {
        self.caller().register(name).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The installed program, run in its own folder.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use freelanceos::store::Database;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::TestDatabase;

/// Timeout for anything, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The secrets, which must be set if the database is on a server.
const SECRETS: [(&str, &str); 2] = [
    ("SECRET_KEY", "9a4be07c1d5f8236e4a97b20cf13d856b8e1720f4c96ad3515fe80729dc4b63a"),
    ("JWT_SECRET", "a secret of the tests outside, long enough"),
];

/// A folder to run the program in, its database (in the folder or on a server), and its settings.
pub struct Place {
    database: TestDatabase,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    pub fn new(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let folder = TempDir::new().unwrap();
        let database = TestDatabase::empty(&folder.path().join("data/freelanceos.db"));
        Self { database, folder, variables: variables.collect() }
    }

    /// The same place with another setting.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    pub fn database(&self) -> &Database {
        self.database.database()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        // None of the machine's own settings may leak in.
        command.env_clear().env("LISTEN", "127.0.0.1:0").env("RATE_LIMIT", "off");
        if let Some(url) = self.database.url() {
            command.env("DATABASE_URL", url).envs(SECRETS);
        }
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The entries that a command lists as JSON.
    pub fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    /// Starts a server and waits until it listens.
    pub fn serve(&self) -> Server {
        let mut command = self.command(&["serve"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (found, url) = mpsc::channel();
        // Reads to the end, so that the server never blocks on its log.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let _ = found.send(rest.split(',').next().unwrap().to_owned());
                }
            }
        });
        let mut server = Server { child, base: String::new(), http: reqwest::Client::new() };
        server.base = url.recv_timeout(PATIENCE).expect("the server does not listen");
        server
    }
}

/// A server process.
pub struct Server {
    child: Child,
    base: String,
    http: reqwest::Client,
}

impl Server {
    /// Kills it, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it and waits until it has exited.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its address: host and port.
    pub fn address(&self) -> &str {
        self.base.split_once("://").unwrap().1
    }

    /// Registers an account that must verify its email address, which mails a code.
    pub async fn register(&self, email: &str) {
        let body = json!({
            "firstName": "Kamala", "lastName": "Perera", "email": email,
            "password": "securepass1!", "role": "freelancer",
        });
        let url = format!("{}/api/v1/auth/register", self.base);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201, "{}", answer.text().await.unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

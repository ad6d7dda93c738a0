//! The program as it is installed, run in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A folder in which the program is run, and the settings it gets there.
pub struct Place {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    pub fn new(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self { folder: TempDir::new().unwrap(), variables: variables.collect() }
    }

    /// The same place with another setting.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        // Nothing of the machine's own settings may reach it.
        command.env_clear().env("LISTEN", "127.0.0.1:0").env("RATE_LIMIT", "off");
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command lists as JSON.
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
        // Reads on to the end, so that the server never waits for its log to be read.
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

/// A server in a process of its own.
pub struct Server {
    child: Child,
    base: String,
    http: reqwest::Client,
}

impl Server {
    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens: host and port.
    pub fn address(&self) -> &str {
        self.base.split_once("://").unwrap().1
    }

    /// Registers somebody who has to prove the e-mail address, which mails a code.
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
        // A test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

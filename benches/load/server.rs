//! The server under test as a child process: start, stop, and its figures from `/proc`.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Failure;
use crate::http::{Connection, Request};

/// Timeout for a start or stop.
const CHANGE_LIMIT: Duration = Duration::from_secs(20);

/// How long a scenario waits for background work of the previous one.
pub const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// Linux reports processor time in `/proc` in hundredths of a second on every architecture.
const TICK: Duration = Duration::from_millis(10);

/// A temporary folder with a server's data and log, removed when dropped.
pub struct Folder(TempDir);

impl Folder {
    pub fn create(parent: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(parent)?;
        let folder = tempfile::Builder::new().prefix("freelanceos-load-").tempdir_in(parent)?;
        fs::create_dir(folder.path().join("data"))?;
        Ok(Self(folder))
    }

    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.0.path().join("server.log")
    }

    /// The last lines of the server's log, for messages.
    pub fn log_tail(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// The file system type of the folder. On `tmpfs`, durable writes are free, so requests that
    /// write look faster than on a disk.
    pub fn file_system(&self) -> String {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let path = self.0.path().canonicalize().unwrap_or_default();
        mounts
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(' ').skip(1);
                Some((fields.next()?, fields.next()?))
            })
            .filter(|(mount, _)| path.starts_with(mount))
            // A later mount hides an earlier one on the same path; max_by_key keeps the last.
            .max_by_key(|(mount, _)| mount.len())
            .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
    }
}

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From just before the process starts to the first 200 of `/healthz`.
    pub start_up: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts FreelanceOS.
    pub fn start(binary: &Path, folder: &Folder) -> Result<Self, Failure> {
        Self::start_on(binary, folder, None)
    }

    /// Starts it with a database on a PostgreSQL server.
    pub fn start_on(
        binary: &Path,
        folder: &Folder,
        database: Option<&str>,
    ) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut command = command(binary);
        command
            .arg("serve")
            .env("DATA_DIR", folder.data())
            .env("LISTEN", address.to_string())
            .env("RATE_LIMIT", "off")
            .env("LOG", "warn");
        if let Some(url) = database {
            command.env("DATABASE_URL", url);
            command.env("SECRET_KEY", "5".repeat(64)).env("JWT_SECRET", "s".repeat(64));
        }
        Self::spawn(command, address, folder, "/healthz")
    }

    /// Starts a server, which is ready once GET `health` returns 200.
    pub fn spawn(
        mut command: Command,
        address: SocketAddr,
        folder: &Folder,
        health: &str,
    ) -> Result<Self, Failure> {
        let log = File::options().create(true).append(true).open(folder.log())?;
        let begin = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
        let mut server = Self { child, address, start_up: Duration::ZERO };
        server.wait_until_ready(begin, health)?;
        server.start_up = begin.elapsed();
        Ok(server)
    }

    fn wait_until_ready(&mut self, begin: Instant, health: &str) -> Result<(), Failure> {
        let request = Request::get(health, None);
        loop {
            let ready = Connection::open(self.address)
                .and_then(|mut connection| Ok(connection.send(&request, 0)?.status == 200))
                .unwrap_or(false);
            if ready {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended at its start: {status}").into());
            }
            if begin.elapsed() > CHANGE_LIMIT {
                return Err("the server did not become ready".into());
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// Stops the server cleanly, so that the next start in the same folder is not a crash recovery.
    pub fn stop(mut self) -> Result<(), Failure> {
        let pid = self.child.id().to_string();
        // The standard library can only send SIGKILL; every POSIX shell has `kill`.
        Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status()?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > CHANGE_LIMIT {
                return Err("the server did not stop when told to".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until the server has used almost no processor time for a second. Returns false if it
    /// is still busy after `limit`.
    pub fn settle(&self, limit: Duration) -> Result<bool, Failure> {
        let begin = Instant::now();
        let mut quiet = 0;
        while quiet < 4 {
            if begin.elapsed() > limit {
                return Ok(false);
            }
            let before = self.processor_time()?;
            thread::sleep(Duration::from_millis(250));
            let used = self.processor_time()? - before;
            quiet = if used <= TICK { quiet + 1 } else { 0 };
        }
        Ok(true)
    }

    /// Processor time of all threads so far, user and system.
    pub fn processor_time(&self) -> Result<Duration, Failure> {
        let stat = self.proc_file("stat")?;
        // The second field is the program's name and may contain spaces, but no other `)`.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/…/stat")?;
        let ticks: Vec<u32> =
            fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(TICK * ticks.iter().sum())
    }

    /// Current resident memory, in bytes.
    pub fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = self.proc_file("status")?;
        let kib: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.trim().strip_suffix(" kB"))
            .ok_or("no VmRSS in /proc/…/status")?
            .parse()?;
        Ok(kib * 1024)
    }

    fn proc_file(&self, name: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{name}", self.child.id());
        fs::read_to_string(&path)
            .map_err(|error| format!("the server is gone ({path}: {error})").into())
    }
}

/// A command without the caller's settings. In particular, no SMTP host may leak in.
pub fn command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear();
    command
}

pub fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

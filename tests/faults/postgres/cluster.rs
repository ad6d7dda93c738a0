//! A PostgreSQL server of one test, which may stop, break and freeze it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// The server refuses to run as root.
const USER: &str = "postgres";

pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// Stops the server when its input closes, so also when this process ends.
    holder: Child,
    pub url: String,
}

impl Cluster {
    /// A running server.
    pub fn start() -> Self {
        let programs = programs().expect("PostgreSQL's initdb and pg_ctl are installed");
        let folder = TempDir::new().unwrap();
        if is_root() {
            let id = |flag| {
                let output = Command::new("id").args([flag, USER]).output().unwrap();
                String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
            };
            chown(folder.path(), Some(id("-u")), Some(id("-g"))).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = folder.path().join("data");
        let mut initdb = as_user(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]);
        let output = initdb.arg("--no-sync").arg(&data).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        // Settings for durability keep their defaults.
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nmax_connections = 200\n\
             unix_socket_directories = '{}'\n",
            folder.path().display()
        );
        let file = fs::File::options().append(true).open(data.join("postgresql.conf"));
        file.unwrap().write_all(settings.as_bytes()).unwrap();

        let script = "\"$0\" -D \"$1\" -l \"$1/log\" -w start > \"$1/start\" 2>&1 || exit 1
            echo started; cat > /dev/null
            kill -CONT \"$(head -n 1 \"$1/postmaster.pid\")\"
            \"$0\" -D \"$1\" -m immediate -w stop > /dev/null";
        let mut holder = as_user(Path::new("/bin/sh"));
        holder.args(["-c", script]).arg(programs.join("pg_ctl")).arg(&data);
        holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = holder.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = || fs::read_to_string(data.join("log")).unwrap_or_default();
        assert_eq!(line, "started\n", "{}", log());
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable");
        Self { folder, programs, holder, url }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs `pg_ctl` and waits for it.
    fn control(&self, arguments: &[&str]) {
        let mut command = as_user(&self.programs.join("pg_ctl"));
        command.arg("-D").arg(self.data()).arg("-l").arg(self.data().join("log")).arg("-w");
        // The server would inherit the output and keep the pipe open.
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let log = || fs::read_to_string(self.data().join("log")).unwrap_or_default();
        assert!(command.status().unwrap().success(), "{arguments:?}: {}", log());
    }

    /// Restarts it: "fast" ends its sessions first, "immediate" does not and needs crash recovery.
    pub fn restart(&self, mode: &str) {
        self.control(&["-m", mode, "restart"]);
    }

    /// Turns on TLS with this certificate and key.
    pub fn encrypt(&self, certificate: &str, key: &str) {
        let owner = fs::metadata(self.data()).unwrap();
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = self.data().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let file = fs::File::options().append(true).open(self.data().join("postgresql.conf"));
        file.unwrap().write_all(b"ssl = on\n").unwrap();
        self.restart("fast");
    }

    pub fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    pub fn start_again(&self) {
        self.control(&["start"]);
    }

    /// Stops its processes until [`Cluster::thaw`]: connections stay open but get no answer.
    pub fn freeze(&self) {
        let first = self.first();
        // From now on it starts no other processes.
        signal("-STOP", std::slice::from_ref(&first));
        signal("-STOP", &children(&first));
    }

    pub fn thaw(&self) {
        let first = self.first();
        signal("-CONT", &children(&first));
        signal("-CONT", &[first]);
    }

    fn first(&self) -> String {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn signal(which: &str, ids: &[String]) {
    let status = Command::new("kill").arg(which).args(ids).stderr(Stdio::null()).status();
    // A process that ended meanwhile needs no signal.
    assert!(status.unwrap().success() || ids.len() > 1, "{which} {ids:?}");
}

fn children(id: &str) -> Vec<String> {
    let file = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    file.split_whitespace().map(str::to_owned).collect()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

/// A command run as a user that the server accepts.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new(if is_root() { Path::new("runuser") } else { program });
    if is_root() {
        command.args(["-u", USER, "--"]).arg(program);
    }
    command.current_dir("/");
    command
}

/// The folder of the server's programs.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().find(|folder| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists())
    })
}

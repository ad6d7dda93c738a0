//! A small disk that a test can fill without affecting others: a tmpfs in its own namespace. It
//! needs no root if the kernel allows user namespaces.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::program::{Ended, Place, Server};

pub struct SmallDisk {
    /// Holds the namespace until its input closes.
    holder: Child,
    folder: TempDir,
    pub place: Place,
}

impl SmallDisk {
    /// A disk of that size in its own namespace.
    pub fn mount(kib: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let script =
            format!("mount -t tmpfs -o size={kib}k none \"$0\" && echo mounted && exec cat");
        let holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut holder = holder.unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "unshare and mount must be allowed");
        let place = Place::at(&folder.path().join("data"));
        Self { holder, folder, place }
    }

    /// The path of a file on the disk as seen from outside.
    pub fn outside(&self, path: &Path) -> PathBuf {
        let path = path.strip_prefix("/").unwrap();
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(path)
    }

    /// A command run inside the namespace.
    pub fn command(&self, program: &[&str]) -> Command {
        let holder = self.holder.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder, "--user", "--mount", "--preserve-credentials", "--"]);
        command.args(program).stdin(Stdio::null());
        self.place.settle(&mut command);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(&[env!("CARGO_BIN_EXE_freelanceos")]);
        Ended::of(command.args(arguments).output().unwrap())
    }

    pub fn serve(&self, variables: &[(&str, &str)]) -> Server {
        let mut command = self.command(&[env!("CARGO_BIN_EXE_freelanceos"), "serve"]);
        command.envs(variables.iter().copied());
        Server::start(command)
    }

    /// Remounts it as "rw" or "ro".
    pub fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mut command = self.command(&["mount", "-o", &options]);
        assert!(command.arg(self.folder.path()).status().unwrap().success());
    }

    fn ballast(&self) -> PathBuf {
        self.outside(&self.folder.path().join("ballast"))
    }

    /// Fills the disk completely.
    pub fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn clear(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

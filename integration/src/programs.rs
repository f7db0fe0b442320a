//! The built programs, started and ended as an operator would: the demo and the fault tests use what is shipped.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::http;

/// Why a program did not do its part.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Not built.
    #[error("{0} is not there: build it with `cargo build` for the same profile")]
    NotBuilt(PathBuf),
    /// Not started.
    #[error("cannot start {program}")]
    Start {
        /// Which.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Ended badly.
    #[error("{program} ended with {status}: {output}")]
    Ended {
        /// Which.
        program: PathBuf,
        /// How.
        status: String,
        /// What it said.
        output: String,
    },
    /// Did not become ready.
    #[error("{address} was not ready within {seconds} s; the log is {log}")]
    NotReady {
        /// Where.
        address: SocketAddr,
        /// How long it was given.
        seconds: u64,
        /// What it said.
        log: PathBuf,
    },
    /// A file or a port.
    #[error("cannot prepare {0}")]
    Prepare(String, #[source] io::Error),
}

/// The folder of the built programs: that of this one.
pub fn folder() -> Result<PathBuf, ProgramError> {
    let here = std::env::current_exe().map_err(|source| ProgramError::Prepare("this program".to_owned(), source))?;
    // A test program lies one folder deeper.
    let folder = here.parent().filter(|folder| !folder.ends_with("deps")).or(here.parent().and_then(Path::parent));
    Ok(folder.unwrap_or(Path::new("/")).to_owned())
}

/// The path of a built program.
pub fn path(name: &str) -> Result<PathBuf, ProgramError> {
    let path = folder()?.join(name);
    if path.exists() { Ok(path) } else { Err(ProgramError::NotBuilt(path)) }
}

/// A running program that ends with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts a program, its output going to `log`.
    #[expect(clippy::disallowed_methods, reason = "starts the programs under test")]
    pub fn start(name: &str, arguments: &[&str], log: &Path) -> Result<Self, ProgramError> {
        let program = path(name)?;
        let prepare = |source| ProgramError::Prepare(log.display().to_string(), source);
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).map_err(prepare)?;
        let copy = file.try_clone().map_err(prepare)?;
        let mut command = Command::new(&program);
        command.args(arguments).env_remove("AVOW_CONFIG").stdin(Stdio::null()).stdout(file).stderr(copy);
        let child = command.spawn().map_err(|source| ProgramError::Start { program, source })?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it has had so far, in bytes (`VmHWM`).
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes << 10)
    }

    /// Waits until `GET path` at `address` answers 200.
    pub fn wait_ready(&mut self, address: SocketAddr, path: &str, seconds: u64) -> Result<(), ProgramError> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) {
            if http::get(address, path).is_ok() {
                return Ok(());
            }
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(ProgramError::NotReady { address, seconds, log: self.log.clone() })
    }

    /// Kills it at once, as a power cut of the process would, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and kills it when it does not within `grace`.
    pub fn stop(&mut self, grace: Duration) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < grace {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(3));
    }
}

/// Runs a program to its end; its standard output.
#[expect(clippy::disallowed_methods, reason = "starts the programs under test")]
pub fn run(name: &str, arguments: &[&str]) -> Result<Output, ProgramError> {
    let program = path(name)?;
    let output = Command::new(&program).args(arguments).stdin(Stdio::null()).output();
    output.map_err(|source| ProgramError::Start { program, source })
}

/// As [`run`]; anything but success is an error.
pub fn succeed(name: &str, arguments: &[&str]) -> Result<String, ProgramError> {
    let output = run(name, arguments)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ProgramError::Ended { program: path(name)?, status: output.status.to_string(), output: said })
}

/// Makes a join token for a node, as an operator does, into a file that only its owner can read.
pub fn token(config: &str, node: &str, path: &Path) -> Result<(), ProgramError> {
    let token = succeed("avow-collector", &["--config", config, "token", "create", "--node", node])?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(token.trim().as_bytes()));
    written.map_err(|source| ProgramError::Prepare(path.display().to_string(), source))
}

/// A free port on loopback: the wanted one where it is free.
pub fn free_port(wanted: u16) -> Result<u16, ProgramError> {
    let bind = |port| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr());
    let address = bind(wanted).or_else(|_| bind(0));
    Ok(address.map_err(|source| ProgramError::Prepare("a port on loopback".to_owned(), source))?.port())
}

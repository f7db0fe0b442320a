//! The only place that runs a program: by its absolute path, without a shell, in an empty environment, and under a
//! deadline.
//!
//! A call into a C library can hang for ever, and a thread that hangs cannot be ended; a process can. The program is
//! killed when it is late or says too much, with all that it started, and it is always reaped. What its output means is
//! not known here.
//!
//! Whoever controls the program can at most answer wrongly, or use up the deadline.

use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

/// How often a program that has closed its output is asked whether it has ended.
const EXIT_POLL: Duration = Duration::from_millis(1);

/// What to run, and within which bounds.
#[derive(Debug, Clone)]
pub struct Program<'a> {
    /// Absolute path of the program.
    pub path: &'a Path,
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// Most bytes that it may write to its standard output.
    pub output_bytes_max: usize,
    /// Time from its start to its end.
    pub deadline: Duration,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The path would be looked up somewhere.
    #[error("`{0}` is not an absolute path")]
    NotAbsolute(PathBuf),
    /// Not there, not executable, or no process to be had.
    #[error("cannot start {path}")]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its output or its end could not be waited for.
    #[error("cannot follow {path}")]
    Follow {
        /// The program.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The deadline passed; it was killed.
    #[error("{path} was killed after {} ms", deadline.as_millis())]
    Late {
        /// The program.
        path: PathBuf,
        /// The time it had.
        deadline: Duration,
    },
    /// It wrote more than it may; it was killed.
    #[error("{path} was killed after writing more than {bytes_max} bytes")]
    Flooded {
        /// The program.
        path: PathBuf,
        /// What it may write.
        bytes_max: usize,
    },
    /// It ended with another status than 0.
    #[error("{path} ended with {status}")]
    Failed {
        /// The program.
        path: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
}

/// Runs a program to its end and gives what it wrote to its standard output; what it says on standard error is dropped.
pub fn run(program: &Program<'_>) -> Result<Vec<u8>, ExecError> {
    let started = Instant::now();
    let path = || program.path.to_path_buf();
    if !program.path.is_absolute() {
        return Err(ExecError::NotAbsolute(path()));
    }
    let mut running = Running::start(program).map_err(|source| ExecError::Start { path: path(), source })?;
    let late = || ExecError::Late { path: path(), deadline: program.deadline };
    let follow = |source: io::Error| ExecError::Follow { path: path(), source };

    let mut output = Vec::new();
    if let Some(mut stdout) = running.child.stdout.take() {
        let mut chunk = [0; 16 * 1024];
        loop {
            let left = program.deadline.saturating_sub(started.elapsed());
            let timeout = Timespec::try_from(left).map_err(|_| late())?;
            let ready = poll(&mut [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)], Some(&timeout));
            match ready {
                Ok(0) => return Err(late()),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(errno) => return Err(follow(errno.into())),
            }
            let length = stdout.read(&mut chunk).map_err(follow)?;
            if length == 0 {
                break;
            }
            output.extend_from_slice(&chunk[..length]);
            if output.len() > program.output_bytes_max {
                return Err(ExecError::Flooded { path: path(), bytes_max: program.output_bytes_max });
            }
            if started.elapsed() >= program.deadline {
                return Err(late());
            }
        }
    }
    match running.wait_until(started + program.deadline).map_err(follow)? {
        Some(status) if status.success() => Ok(output),
        Some(status) => Err(ExecError::Failed { path: path(), status }),
        None => Err(late()),
    }
}

/// A process that does not outlive this value.
struct Running {
    child: Child,
    reaped: bool,
}

impl Running {
    fn start(program: &Program<'_>) -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that runs programs")]
        let mut command = std::process::Command::new(program.path);
        let child = command
            .args(program.arguments)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, reaped: false })
    }

    fn wait_until(&mut self, end: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.reaped = true;
                return Ok(Some(status));
            }
            if Instant::now() >= end {
                return Ok(None);
            }
            std::thread::sleep(EXIT_POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // Its own group, so that what it started ends with it. Until it is reaped its number is not given to another.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> Result<Vec<u8>, ExecError> {
        let path = Path::new("/bin/sh");
        run(&Program { path, arguments: &["-c", script], output_bytes_max: 64 * 1024, deadline })
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn what_a_program_writes_is_the_answer() {
        assert_eq!(shell("echo one; echo two >&2", LONG).unwrap(), b"one\n");
    }

    #[test]
    fn a_program_gets_neither_environment_nor_input() {
        let output = shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=; cat; pwd", LONG).unwrap();
        assert_eq!(String::from_utf8(output).unwrap(), "/\n");
    }

    #[test]
    fn a_program_that_sleeps_is_killed_and_reaped() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let started = Instant::now();
        for sleep in ["exec sleep 60", "exec >&-; exec sleep 60", "sleep 60 & sleep 60"] {
            let script = format!("echo $$ > {}; {sleep}", file.display());
            assert!(matches!(shell(&script, Duration::from_secs(1)), Err(ExecError::Late { .. })), "{script}");
            let pid = std::fs::read_to_string(&file).unwrap();
            assert!(!Path::new("/proc").join(pid.trim()).exists(), "{pid} was not reaped");
        }
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn what_a_late_program_started_ends_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        assert!(matches!(shell(&script, Duration::from_secs(1)), Err(ExecError::Late { .. })));
        let pid: i32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        let gone = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        });
        assert!(gone, "{pid} still runs");
    }

    #[test]
    fn a_program_that_floods_is_killed() {
        assert!(matches!(shell("exec cat /dev/zero", LONG), Err(ExecError::Flooded { bytes_max: 65_536, .. })));
    }

    #[test]
    fn a_program_that_trickles_for_ever_is_killed() {
        let script = "while true; do echo x; sleep 0.01; done";
        assert!(matches!(shell(script, Duration::from_millis(200)), Err(ExecError::Late { .. })));
    }

    #[test]
    fn a_program_that_fails_gives_no_answer() {
        assert!(
            matches!(shell("echo half; exit 3", LONG), Err(ExecError::Failed { status, .. }) if status.code() == Some(3))
        );
        let missing = Program { path: Path::new("/no/such"), arguments: &[], output_bytes_max: 1, deadline: LONG };
        assert!(
            matches!(run(&missing), Err(ExecError::Start { source, .. }) if source.kind() == io::ErrorKind::NotFound)
        );
        let relative = Program { path: Path::new("sh"), ..missing };
        assert!(matches!(run(&relative), Err(ExecError::NotAbsolute(_))));
    }
}

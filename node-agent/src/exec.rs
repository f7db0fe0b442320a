//! The only place that runs a program: by its absolute path, without a shell, in an empty environment, and under a
//! deadline.
//!
//! A call into a C library can hang for ever, and a thread that hangs cannot be ended; a process can. The program is
//! killed when it is late or says too much, with all that it started, and it is always reaped. One whose start is dear can be
//! kept, and asked again. What its output means is not known here.
//!
//! Whoever controls the program can at most answer wrongly, or use up the deadline.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
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
    /// Time from its start to its end; of one that is kept, from a question to its answer.
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
    /// It ended with another status than 0, or before it had answered.
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
    let bounds = Bounds::new(program)?;
    let mut running = bounds.start(program, Stdio::null())?;
    let mut output = Vec::new();
    if let Some(mut stdout) = running.child.stdout.take() {
        let mut chunk = [0; 16 * 1024];
        loop {
            let length = bounds.read(&mut stdout, &mut chunk)?;
            if length == 0 {
                break;
            }
            output.extend_from_slice(&chunk[..length]);
            if output.len() > bounds.output_bytes_max {
                return Err(bounds.flooded());
            }
        }
    }
    match running.wait_until(bounds.end).map_err(|source| bounds.follow(source))? {
        Some(status) if status.success() => Ok(output),
        Some(status) => Err(ExecError::Failed { path: bounds.path, status }),
        None => Err(bounds.late()),
    }
}

/// What a program that is kept reads before each answer.
pub const QUESTION: u8 = b'\n';

/// Bytes before each answer of a program that is kept: its length, the largest first.
pub const LENGTH_BYTES: usize = 4;

/// A program that is kept between questions. It reads a [`QUESTION`] from its standard input and writes its answer after the
/// answer's length; at the end of its input it ends. After an error it is of no more use; when it is dropped, it is killed.
pub struct Kept {
    running: Running,
    input: ChildStdin,
    output: ChildStdout,
}

impl Kept {
    /// Starts a program.
    pub fn start(program: &Program<'_>) -> Result<Self, ExecError> {
        let bounds = Bounds::new(program)?;
        let mut running = bounds.start(program, Stdio::piped())?;
        match (running.child.stdin.take(), running.child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { running, input, output }),
            // Unreachable: both were asked for.
            _ => Err(bounds.follow(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Its next answer. `program` is what it was started as; its deadline begins now.
    pub fn ask(&mut self, program: &Program<'_>) -> Result<Vec<u8>, ExecError> {
        let bounds = Bounds::new(program)?;
        match self.input.write_all(&[QUESTION]) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(self.ended(&bounds)),
            Err(error) => return Err(bounds.follow(error)),
        }
        let mut length = [0; LENGTH_BYTES];
        self.fill(&bounds, &mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > bounds.output_bytes_max {
            return Err(bounds.flooded());
        }
        let mut answer = vec![0; length];
        self.fill(&bounds, &mut answer)?;
        Ok(answer)
    }

    /// Lets it end by itself; it is killed when the deadline of `program` passes first.
    pub fn end(mut self, program: &Program<'_>) {
        drop(self.input);
        let _ = self.running.wait_until(Instant::now() + program.deadline);
    }

    fn fill(&mut self, bounds: &Bounds, bytes: &mut [u8]) -> Result<(), ExecError> {
        let mut at = 0;
        while at < bytes.len() {
            match bounds.read(&mut self.output, &mut bytes[at..])? {
                0 => return Err(self.ended(bounds)),
                length => at += length,
            }
        }
        Ok(())
    }

    fn ended(&mut self, bounds: &Bounds) -> ExecError {
        match self.running.wait_until(bounds.end) {
            Ok(Some(status)) => ExecError::Failed { path: bounds.path.clone(), status },
            Ok(None) => bounds.late(),
            Err(source) => bounds.follow(source),
        }
    }
}

/// How long a program has from now on, and how much it may say.
struct Bounds {
    path: PathBuf,
    output_bytes_max: usize,
    deadline: Duration,
    end: Instant,
}

impl Bounds {
    fn new(program: &Program<'_>) -> Result<Self, ExecError> {
        let Program { path, output_bytes_max, deadline, .. } = *program;
        if !path.is_absolute() {
            return Err(ExecError::NotAbsolute(path.to_path_buf()));
        }
        Ok(Self { path: path.to_path_buf(), output_bytes_max, deadline, end: Instant::now() + deadline })
    }

    fn start(&self, program: &Program<'_>, stdin: Stdio) -> Result<Running, ExecError> {
        Running::start(program, stdin).map_err(|source| ExecError::Start { path: self.path.clone(), source })
    }

    /// What comes next, as far as it is there, within the deadline; nothing at the end.
    fn read(&self, output: &mut ChildStdout, bytes: &mut [u8]) -> Result<usize, ExecError> {
        loop {
            let left = self.end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.late());
            }
            let timeout = Timespec::try_from(left).map_err(|_| self.late())?;
            match poll(&mut [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return Err(self.late()),
                Ok(_) => return output.read(bytes).map_err(|source| self.follow(source)),
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(self.follow(errno.into())),
            }
        }
    }

    fn late(&self) -> ExecError {
        ExecError::Late { path: self.path.clone(), deadline: self.deadline }
    }

    fn flooded(&self) -> ExecError {
        ExecError::Flooded { path: self.path.clone(), bytes_max: self.output_bytes_max }
    }

    fn follow(&self, source: io::Error) -> ExecError {
        ExecError::Follow { path: self.path.clone(), source }
    }
}

/// A process that does not outlive this value.
struct Running {
    child: Child,
    reaped: bool,
}

impl Running {
    fn start(program: &Program<'_>, stdin: Stdio) -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that runs programs")]
        let mut command = std::process::Command::new(program.path);
        let child = command
            .args(program.arguments)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(stdin)
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

    fn kept<T>(script: &str, deadline: Duration, with: impl FnOnce(&mut Kept, &Program<'_>) -> T) -> T {
        let arguments = ["-c", script];
        let path = Path::new("/bin/sh");
        let program = Program { path, arguments: &arguments, output_bytes_max: 1024, deadline };
        with(&mut Kept::start(&program).unwrap(), &program)
    }

    #[test]
    fn a_kept_program_answers_question_after_question_and_ends_with_its_input() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ended");
        let script = format!(
            "n=0; while read -r _; do n=$((n+1)); printf '\\000\\000\\000\\004no %d' $n; done; echo $$ > {}",
            file.display()
        );
        let arguments = ["-c", script.as_str()];
        let program =
            Program { path: Path::new("/bin/sh"), arguments: &arguments, output_bytes_max: 4, deadline: LONG };
        let mut kept = Kept::start(&program).unwrap();
        for expect in [b"no 1", b"no 2", b"no 3"] {
            assert_eq!(kept.ask(&program).unwrap(), expect);
        }
        kept.end(&program);
        let pid = std::fs::read_to_string(&file).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "{pid} was not reaped");
    }

    #[test]
    fn a_kept_program_that_ends_fails_and_one_that_hangs_is_late() {
        let second =
            |script: &str, deadline| kept(script, deadline, |kept, program| (kept.ask(program), kept.ask(program)));
        let one = "read -r _; printf '\\000\\000\\000\\001x'";
        let (first, then) = second(&format!("{one}; exit 7"), LONG);
        assert_eq!(first.unwrap(), b"x");
        assert!(matches!(then, Err(ExecError::Failed { status, .. }) if status.code() == Some(7)));
        let (first, then) = second(&format!("{one}; exec sleep 60"), Duration::from_secs(1));
        assert_eq!(first.unwrap(), b"x");
        assert!(matches!(then, Err(ExecError::Late { .. })));
        for (script, ends) in
            [("read -r _; printf '\\000\\000'", true), ("printf '\\000\\000\\000\\005abc'", true), ("exit 0", true)]
        {
            let answer = kept(script, LONG, |kept, program| kept.ask(program));
            assert_eq!(matches!(answer, Err(ExecError::Failed { .. })), ends, "{script}");
        }
    }

    #[test]
    fn a_kept_program_cannot_make_us_take_more_than_it_may_say() {
        let answer = kept("read -r _; printf '\\377\\377\\377\\377'; exec cat /dev/zero", LONG, |kept, program| {
            kept.ask(program)
        });
        assert!(matches!(answer, Err(ExecError::Flooded { bytes_max: 1024, .. })));
    }

    #[test]
    fn a_kept_program_does_not_outlive_its_value() {
        let pid = kept("echo; exec sleep 60", LONG, |kept, _| kept.running.child.id());
        assert!(!Path::new("/proc").join(pid.to_string()).exists(), "{pid} still runs");
    }
}

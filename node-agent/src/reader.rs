//! Programs of ours that ask in the agent's stead, so that what hangs can be killed and what a foreign library does stays
//! out of the agent.
//!
//! A reader prints one JSON document and ends; one whose start is dear is kept, and prints one for each question. Why it gave none
//! becomes an absence here; what the document means is known to its source alone.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use descriptors::fact::{AbsenceReason, Reading};

use crate::exec::{self, ExecError, Kept, Program};

/// Last argument of a reader that is kept.
pub const KEPT: &str = "kept";

/// How to run one of them.
pub(crate) struct Reader<'a> {
    /// Name of the program, which is looked for beside the agent's own.
    pub(crate) name: &'a str,
    /// The path that the operator set.
    pub(crate) path: Option<&'a Path>,
    /// Name of the setting that sets it.
    pub(crate) setting: &'a str,
    /// What it needs of the system, as the package that brings it.
    pub(crate) library: &'a str,
    /// Most bytes that it may print.
    pub(crate) output_bytes_max: usize,
    /// Time from its start to its end, or from a question to its answer.
    pub(crate) deadline: Duration,
}

/// A reader that is there between rounds.
pub(crate) struct Standing {
    process: Kept,
    /// What it was started as.
    path: PathBuf,
    arguments: Vec<String>,
    /// Questions that it may still be asked.
    left: u32,
}

impl Reader<'_> {
    /// What it prints, and the path that it is called by in absences.
    pub(crate) fn ask(&self, arguments: &[&str]) -> (String, Reading<Vec<u8>>) {
        self.with_program(arguments, exec::run)
    }

    /// What one that is kept prints next. It is replaced after `rounds` questions, which bounds what a foreign library may lose
    /// of its memory, and when it was started as another; one that has ended since it was asked last is started again.
    pub(crate) fn ask_kept(
        &self,
        standing: &mut Option<Standing>,
        rounds: NonZeroU32,
        arguments: &[&str],
    ) -> (String, Reading<Vec<u8>>) {
        let arguments: Vec<&str> = arguments.iter().copied().chain([KEPT]).collect();
        self.with_program(&arguments, |program| {
            if let Some(kept) = standing.take().filter(|kept| kept.is(program)) {
                match kept.ask(program, standing) {
                    Err(ExecError::Failed { .. }) => {}
                    outcome => return outcome,
                }
            }
            Standing {
                process: Kept::start(program)?,
                path: program.path.to_path_buf(),
                arguments: program.arguments.iter().map(|argument| (*argument).to_owned()).collect(),
                left: rounds.get(),
            }
            .ask(program, standing)
        })
    }

    fn with_program(
        &self,
        arguments: &[&str],
        run: impl FnOnce(&Program<'_>) -> Result<Vec<u8>, ExecError>,
    ) -> (String, Reading<Vec<u8>>) {
        let Some(path) = program(self.name, self.path) else {
            let detail = format!("the agent's own directory is not known; set {}", self.setting);
            return (self.name.to_owned(), Reading::absent(AbsenceReason::NotPresent, detail));
        };
        let program =
            Program { path: &path, arguments, output_bytes_max: self.output_bytes_max, deadline: self.deadline };
        let reading = match run(&program) {
            Ok(bytes) => Reading::Present(bytes),
            Err(error) => self.refused(&path, &error),
        };
        (path.display().to_string(), reading)
    }

    fn refused<T>(&self, path: &Path, error: &ExecError) -> Reading<T> {
        let path = path.display();
        match error {
            ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                let detail = format!("{path}: not there; install {}, or switch the source off", self.name);
                Reading::absent(AbsenceReason::NotPresent, detail)
            }
            ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Reading::absent(AbsenceReason::NotPermitted, path.to_string())
            }
            // The dynamic linker's word for a library that is not there.
            ExecError::Failed { status, .. } if status.code() == Some(127) => {
                let detail = format!("{path}: does not start; install {}", self.library);
                Reading::absent(AbsenceReason::NotPresent, detail)
            }
            ExecError::Late { .. } => Reading::absent(AbsenceReason::TimedOut, error.to_string()),
            ExecError::Flooded { .. } | ExecError::Failed { .. } => {
                Reading::absent(AbsenceReason::Malformed, error.to_string())
            }
            ExecError::NotAbsolute(_) | ExecError::Start { .. } | ExecError::Follow { .. } => {
                Reading::absent(AbsenceReason::NotSupported, error.to_string())
            }
        }
    }
}

impl Standing {
    fn is(&self, program: &Program<'_>) -> bool {
        self.path == program.path && self.arguments == program.arguments
    }

    /// Its next answer; then it is put back, unless it failed or that was its last.
    fn ask(mut self, program: &Program<'_>, back: &mut Option<Self>) -> Result<Vec<u8>, ExecError> {
        let answer = self.process.ask(program)?;
        self.left -= 1;
        if self.left == 0 {
            self.process.end(program);
        } else {
            *back = Some(self);
        }
        Ok(answer)
    }
}

/// The program: where the operator says, else beside the agent's own.
pub(crate) fn program(name: &str, set: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = set {
        return Some(path.to_owned());
    }
    let agent = std::env::current_exe().ok()?;
    Some(agent.parent()?.join(name))
}

//! Programs of ours that ask in the agent's stead, so that what hangs can be killed and what a foreign library does stays
//! out of the agent.
//!
//! A reader prints one JSON document and ends. Why it gave none becomes an absence here; what the document means is known
//! to its source alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use descriptors::fact::{AbsenceReason, Reading};

use crate::exec::{self, ExecError, Program};

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
    /// Time from its start to its end.
    pub(crate) deadline: Duration,
}

impl Reader<'_> {
    /// What it prints, and the path that it is called by in absences.
    pub(crate) fn ask(&self, arguments: &[&str]) -> (String, Reading<Vec<u8>>) {
        let Some(path) = program(self.name, self.path) else {
            let detail = format!("the agent's own directory is not known; set {}", self.setting);
            return (self.name.to_owned(), Reading::absent(AbsenceReason::NotPresent, detail));
        };
        let program =
            Program { path: &path, arguments, output_bytes_max: self.output_bytes_max, deadline: self.deadline };
        let reading = match exec::run(&program) {
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

/// The program: where the operator says, else beside the agent's own.
pub(crate) fn program(name: &str, set: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = set {
        return Some(path.to_owned());
    }
    let agent = std::env::current_exe().ok()?;
    Some(agent.parent()?.join(name))
}

//! `avow`: checks what a provider claims, from documents alone.

use std::io::Write as _;
use std::process::ExitCode;

use auditor::command::{self, Arguments};
use clap::Parser as _;

fn main() -> ExitCode {
    match command::run(Arguments::parse()) {
        Ok((text, ending)) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::from(ending),
            // Who reads no further has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(ending),
            Err(error) => fail(&anyhow::Error::new(error).context("cannot write to standard output"), 5),
        },
        Err(error) => fail(&error, command::ending(&error)),
    }
}

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::from(code)
}

//! What each command of `avow-agent` does, and how it ends.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, ConfigError};
use crate::gather::Gatherer;
use crate::render::{self, Format, PrintError};
use crate::root::Root;
use crate::source::{self, Context};

/// Why a command ended early; each kind has its exit code.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CommandError {
    /// The configuration is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),
    /// The directory that stands for `/` cannot be opened.
    #[error("cannot read below {}", path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The output was not written.
    #[error(transparent)]
    Print(#[from] PrintError),
}

impl CommandError {
    /// 2 for usage and configuration, 5 for output.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Root { .. } => 2,
            Self::Print(_) => 5,
        })
    }
}

/// Arguments of `avow-agent gather`.
#[derive(Debug, clap::Args)]
pub struct Gather {
    /// Read a capture in this directory instead of the machine.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Gather {
    /// Reads every source once and prints the facts.
    pub fn run(self, config: Config) -> Result<(), CommandError> {
        let path = self.root.unwrap_or(config.node.root);
        let root = Root::at(&path).map_err(|source| CommandError::Root { path, source })?;
        let gathered = Gatherer::new(Context { root, settings: config.sources }, source::all()).gather();
        Ok(render::print(&gathered, self.output)?)
    }
}

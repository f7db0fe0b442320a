//! What each command of `avow-agent` does, and how it ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use descriptors::report::Origin;

use crate::config::{self, Config, ConfigError};
use crate::examination;
use crate::gather::Gatherer;
use crate::peers;
use crate::render::{self, Format, PrintError};
use crate::root::Root;
use crate::run::{self, RunError, Settings};
use crate::source::entropy::Entropy;
use crate::source::{self, Context, Source as _};

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
    /// The thread of the examination does not start.
    #[error("cannot start the examination of the sources of random numbers")]
    Examination(#[source] std::io::Error),
    /// The agent could not go on.
    #[error("the agent does not run")]
    Run(#[from] RunError),
}

impl CommandError {
    /// 2 for usage and configuration, 5 for input and output.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::Root { .. } => 2,
            Self::Print(_) | Self::Examination(_) | Self::Run(_) => 5,
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
        let path = self.root.unwrap_or_else(|| config.node.root.clone());
        let root = Root::at(&path).map_err(|source| CommandError::Root { path, source })?;
        let gathered = Gatherer::new(Context { root, settings: sources(&config) }, source::all()).gather();
        Ok(render::print(&gathered, self.output)?)
    }
}

/// Arguments of `avow-agent run`.
#[derive(Debug, clap::Args)]
pub struct Run {}

impl Run {
    /// Enrols with the join token if need be, then reports round after round until SIGTERM or SIGINT.
    pub fn run(self, config: Config) -> Result<(), CommandError> {
        let path = config.node.root.clone();
        let root = Root::at(&path).map_err(|source| CommandError::Root { path, source })?;
        let origin = if root.is_live() { Origin::Real } else { Origin::Captured };
        let mut settings = settings(&config)?;
        settings.origin = origin;
        let sources = sources(&config);
        if let Some(file) = sources.examination.clone()
            && root.is_live()
            && !sources.disabled.iter().any(|name| name.as_str() == Entropy.name())
        {
            examination::keep(file, Duration::from_secs(sources.entropy_every_seconds.get()))
                .map_err(CommandError::Examination)?;
        }
        let mut gatherer = Gatherer::new(Context { root, settings: sources }, source::all());
        let gather = move || {
            let gathered = gatherer.gather();
            (gathered.facts, gathered.boot_id)
        };
        Ok(run::start(settings, gather)?)
    }
}

/// The settings of sources, with what follows from other sections.
fn sources(config: &Config) -> config::Sources {
    let examination = Some(config.state.directory.join(examination::FILE));
    config::Sources { examination, ..config.sources.clone() }
}

fn settings(config: &Config) -> Result<Settings, CommandError> {
    let mut settings = Settings::new(config.state.directory.clone(), config.join_token_file()?.to_owned());
    settings.interval = Duration::from_secs(config.report.interval_seconds.get());
    settings.full_every = Duration::from_secs(config.report.full_every_seconds.get());
    settings.spool_bytes_max = config.spool.bytes_max.get();
    settings.peers = peers::Settings {
        listen: config.peers.listen,
        nodes: config.peers.nodes.clone(),
        every: Duration::from_secs(config.peers.measure_every_seconds.get()),
    };
    settings.node = config.node.name.clone();
    settings.address = config.collector.address.as_ref().map(|address| address.as_str().to_owned());
    Ok(settings)
}

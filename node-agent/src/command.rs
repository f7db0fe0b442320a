//! What each command of `avow-agent` does, and how it ends.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use descriptors::fact::agent::Confinement;
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::report::Origin;
use tracing::warn;

use crate::config::{self, Config, ConfigError};
use crate::confine::{self, Account, AccountError, ConfineError, Plan};
use crate::examination;
use crate::gather::Gatherer;
use crate::peers;
use crate::render::{self, Format, PrintError};
use crate::root::Root;
use crate::run::{self, RunError, Settings};
use crate::source::entropy::Entropy;
use crate::source::{self, Context, Source as _};
use crate::state;
use crate::supervisor::Supervisor;
use crate::tpm::{self, Tpm};

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
    /// The account that the agent is to run under is not there.
    #[error("the agent cannot be confined")]
    Account(#[from] AccountError),
    /// The state directory could not be made.
    #[error("cannot make the state directory {}", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The chip that is configured is not there.
    #[error("the node's key cannot be bound to its TPM")]
    #[diagnostic(help("correct `device` in `[tpm]`, or leave it out"))]
    Tpm(#[from] tpm::OpenError),
    /// The agent is not confined as asked.
    #[error("the agent is not confined")]
    Confine(#[from] ConfineError),
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
            Self::Config(_) | Self::Root { .. } | Self::Account(_) | Self::Tpm(_) => 2,
            Self::State { .. } | Self::Confine(_) | Self::Examination(_) | Self::Print(_) | Self::Run(_) => 5,
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
    /// Give up rights first, as `run` does: shows what the service reads.
    #[arg(long)]
    confined: bool,
    /// Read so many times, and print the last: shows what a round costs.
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN)]
    rounds: NonZeroU32,
}

impl Gather {
    /// Reads every source once and prints the facts. A person runs it, with that person's rights and nothing from the
    /// network, so that it confines itself only when asked to.
    pub fn run(self, mut config: Config) -> Result<(), CommandError> {
        config.node.root = self.root.unwrap_or(config.node.root);
        // A reader that would outlive the last round has nobody to answer to.
        let kept = &mut config.sources.libvirt_reader_rounds;
        *kept = self.rounds.min(*kept);
        let context = match self.confined {
            true => confined(config)?,
            false => Context::unconfined(root(&config)?, sources(&config)),
        };
        let mut gatherer = Gatherer::new(context, source::all());
        let mut gathered = gatherer.gather();
        for _ in 1..self.rounds.get() {
            gathered = gatherer.gather();
        }
        Ok(render::print(&gathered, self.output)?)
    }
}

/// Arguments of `avow-agent run`.
#[derive(Debug, clap::Args)]
pub struct Run {}

impl Run {
    /// Enrols with the join token if need be, then reports round after round until SIGTERM or SIGINT.
    pub fn run(self, config: Config) -> Result<(), CommandError> {
        let mut settings = settings(&config)?;
        settings.supervisor = Arc::new(Supervisor::from_environment());
        make_state_directory(&config)?;
        // A capture is of a machine whose chip is elsewhere.
        if config.node.root == Path::new("/") {
            settings.tpm = Tpm::open(&config.tpm.device)?;
        }
        let context = confined(config)?;
        settings.origin = if context.root.is_live() { Origin::Real } else { Origin::Captured };
        if let Some(file) = context.settings.examination.clone()
            && context.root.is_live()
            && !context.settings.disabled.iter().any(|name| name.as_str() == Entropy.name())
        {
            let every = Duration::from_secs(context.settings.entropy_every_seconds.get());
            examination::keep(context.root.clone(), file, every).map_err(CommandError::Examination)?;
        }
        let mut gatherer = Gatherer::new(context, source::all());
        let gather = move || {
            let gathered = gatherer.gather();
            (gathered.facts, gathered.boot_id)
        };
        Ok(run::start(settings, gather)?)
    }
}

fn root(config: &Config) -> Result<Root, CommandError> {
    let path = &config.node.root;
    Root::at(path).map_err(|source| CommandError::Root { path: path.clone(), source })
}

/// Opens what is privileged, gives up the rights, and says what sources may use from here on.
fn confined(config: Config) -> Result<Context, CommandError> {
    let all = source::all();
    let on = |source: &&&dyn source::Source| config.sources.disabled.iter().all(|name| name.as_str() != source.name());
    let privileged = all.iter().filter(on).flat_map(|source| source.privileged().iter().copied());
    let root = root(&config)?.keeping(privileged);
    let confinement = match config.confinement.enabled {
        true => Reading::Present(confine(&config)?),
        false => {
            warn!("the agent is not confined: `enabled = false` in `[confinement]`");
            Reading::absent(AbsenceReason::Disabled, "switched off in the configuration")
        }
    };
    Ok(Context { root, settings: sources(&config), confinement })
}

/// Before rights are given up: rules of Landlock are about files that are there, and only root can make this one.
fn make_state_directory(config: &Config) -> Result<(), CommandError> {
    let user = config.confinement.user.as_deref().filter(|_| config.confinement.enabled);
    let account = user.map(Account::find).transpose()?;
    let owner = account.map(|account| (account.uid, account.gid)).filter(|_| rustix::process::geteuid().is_root());
    let path = &config.state.directory;
    state::create_directory_for(path, owner).map_err(|source| CommandError::State { path: path.clone(), source })
}

fn confine(config: &Config) -> Result<Confinement, CommandError> {
    let plan = Plan::new(config, source::all())?;
    if plan.account.is_none() && rustix::process::geteuid().is_root() {
        warn!(
            "the agent runs as root, without capabilities: set `user` in `[confinement]`, or start it as a user of its own"
        );
    }
    Ok(confine::apply(&plan, config.confinement.required)?)
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

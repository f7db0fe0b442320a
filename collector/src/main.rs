//! The collector's program: arguments, log, configuration, and then the library.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Parser as _;
use collector::command::{self, Arguments, Command, Token};
use collector::config::Config;
use collector::run;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long streams and connections may take to end.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("AVOW_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return command::misconfigured(error),
    };
    let mut out = std::io::stdout();
    let done = match arguments.command {
        Command::Run => run(&config).await,
        Command::Token(Token::Create(create)) => command::create_token(&config, create, &mut out).await,
        Command::Node(node) => command::node(&config, node, &mut out).await,
        Command::Credential(credential) => command::credential(&config, credential, &mut out).await,
        Command::Declaration(declaration) => return command::declaration(declaration, &mut out),
        Command::Openapi => command::openapi(&mut out),
        Command::ExampleConfig => command::example_config(&mut out).map_err(Into::into),
    };
    if let Err(error) = done {
        tracing::error!("{error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run(config: &Config) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = run::start(config).await?;
    tracing::info!(address = %running.nodes.ingest_address, "nodes connect here");
    tracing::info!(address = %running.http_address, "people read here");
    let failed = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = running.nodes.failed() => true,
    };
    tracing::info!(drained = running.shutdown(GRACE).await, "stopped");
    if failed { bail!("the store failed: start again to recover what was committed") } else { Ok(()) }
}

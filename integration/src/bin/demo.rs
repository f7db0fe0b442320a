//! `./dev demo`: shows the whole plane on one machine.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use integration::demo::Demo;
use tokio::signal::unix::{SignalKind, signal};

/// Starts a collector, an agent for this machine and 24 simulated nodes, and shows what they find.
#[derive(Parser)]
struct Arguments {
    /// Print the screen, leave the bundle and the credentials in the data directory, and end.
    #[arg(long)]
    once: bool,
    /// Keep everything here; a new or empty directory. Without it: a fresh temporary one.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Where the page is, unless something else is there already.
const PORT: u16 = 7070;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let directory = match arguments.data_dir {
        Some(directory) => std::path::absolute(directory)?,
        None => tempfile::Builder::new().prefix("avow-demo-").tempdir()?.keep(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(show(directory, arguments.once))
}

async fn show(directory: PathBuf, once: bool) -> anyhow::Result<()> {
    let demo = Demo::start(&directory, PORT).await?;
    demo.export().await?;
    let screen = demo.screen().await?;
    let place = directory.display();
    let end = if once { String::new() } else { "stop   Ctrl-C\n".to_owned() };
    let text = format!("{screen}data   {place}\n{end}");
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    if !once {
        told_to_end().await?;
    }
    demo.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for whoever else ends programs: the collector and the agent must not be left behind.
async fn told_to_end() -> std::io::Result<()> {
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}

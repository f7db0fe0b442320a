//! What `avow-collector` can be asked to do, apart from running: each command opens the same state as a running collector, and
//! works beside it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use descriptors::id::NodeId;

use crate::api;
use crate::clock;
use crate::config::{self, Config};
use crate::declaration;
use crate::enrol;
use crate::plane::{self, Opened};

/// Takes the reports of nodes, and makes of them what a provider publishes.
#[derive(Debug, Parser)]
#[command(name = "avow-collector", version)]
pub struct Arguments {
    /// The configuration; default: /etc/avow/collector.toml, if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run until told to stop
    Run,
    /// Join tokens
    #[command(subcommand)]
    Token(Token),
    /// Enrolled nodes
    #[command(subcommand)]
    Node(Node),
    /// The provider's declaration
    #[command(subcommand)]
    Declaration(Declaration),
    /// Show the description of the HTTP API (OpenAPI 3.1)
    Openapi,
    /// Show every setting with its default
    ExampleConfig,
}

/// Join tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token that admits one machine, once; it is printed and is a secret
    Create(Create),
}

/// How to make a token.
#[derive(Debug, Args)]
pub struct Create {
    /// The node that the machine becomes
    #[arg(long)]
    pub node: NodeId,
    /// How long it can be used: 90s, 10m, 24h
    #[arg(long, default_value = "10m", value_parser = seconds)]
    pub ttl: i64,
    /// Where the machine reaches this collector, https://host:port; default: the first public name, or where it listens
    #[arg(long)]
    pub address: Option<String>,
}

/// Enrolled nodes.
#[derive(Debug, Subcommand)]
pub enum Node {
    /// List them
    List,
    /// Shut a node out: its next message is refused
    Deny {
        /// The node
        node: NodeId,
    },
    /// Forget a node's key, so that it, or the machine that replaces it, can enrol again with a new token
    Forget {
        /// The node
        node: NodeId,
    },
}

/// The provider's declaration.
#[derive(Debug, Subcommand)]
pub enum Declaration {
    /// Show every mistake in a declaration with its line; exit code 2 when there is one
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show the JSON Schema of declarations, for editors
    Schema,
}

/// Checks a declaration, or shows the schema.
pub fn declaration(declaration: Declaration, out: &mut dyn Write) -> ExitCode {
    let text = match declaration {
        Declaration::Schema => format!("{:#}", declaration::schema()),
        Declaration::Check { file } => match declaration::read(&file) {
            Ok(declared) => format!("{}: {} claims, no mistakes", file.display(), declared.claims.len()),
            Err(error) => {
                return misconfigured(error);
            }
        },
    };
    writeln!(out, "{text}").map_or(ExitCode::from(5), |()| ExitCode::SUCCESS)
}

/// Shows a person what is wrong, with the place and the help; exit code 2.
pub fn misconfigured(error: impl miette::Diagnostic + Send + Sync + 'static) -> ExitCode {
    // Not through the log: it would escape the picture.
    let _ = writeln!(io::stderr(), "{:?}", miette::Report::new(error));
    ExitCode::from(2)
}

/// Writes the description of the API.
pub fn openapi(out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}", api::description()?).context("the description could not be written")
}

/// Makes a token and writes it.
pub async fn create_token(config: &Config, create: Create, out: &mut dyn Write) -> anyhow::Result<()> {
    let address = create.address.unwrap_or_else(|| address(&config.ingest));
    let Opened { store, authority } = plane::open(config).await?;
    let expires_at = clock::now().plus_seconds(create.ttl);
    let token = enrol::create_token(&*store, &authority, create.node, address, expires_at).await?;
    writeln!(out, "{token}").context("the token could not be written")
}

/// Lists, denies or forgets.
pub async fn node(config: &Config, node: Node, out: &mut dyn Write) -> anyhow::Result<()> {
    let Opened { store, .. } = plane::open(config).await?;
    match node {
        Node::List => {
            for enrolled in store.all_enrolled().await? {
                let state = match enrolled.denied_at {
                    None => format!("enrolled {}", enrolled.enrolled_at),
                    Some(at) => format!("denied   {at}"),
                };
                writeln!(out, "{:<24} {state}  {}", enrolled.node, enrolled.report_key)?;
            }
        }
        Node::Deny { node } => {
            if !store.deny(&node, clock::now()).await? {
                bail!("the node `{node}` is not enrolled");
            }
            writeln!(out, "{node} is shut out")?;
        }
        Node::Forget { node } => {
            if !store.forget(&node).await? {
                bail!("the node `{node}` is not enrolled");
            }
            writeln!(out, "{node} is forgotten; its statements stay")?;
        }
    }
    Ok(())
}

/// Writes the example configuration.
pub fn example_config(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(config::EXAMPLE.as_bytes())
}

/// Where nodes reach this collector, as far as the configuration tells.
fn address(ingest: &config::Ingest) -> String {
    let port = ingest.listen.port();
    match ingest.public_names.first() {
        Some(name) if name.contains(':') => format!("https://[{name}]:{port}"),
        Some(name) => format!("https://{name}:{port}"),
        // Listening everywhere without a name: at least this machine can reach it.
        None if ingest.listen.ip().is_unspecified() => {
            format!("https://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        }
        None => format!("https://{}", ingest.listen),
    }
}

/// Seconds of `90s`, `10m`, `24h`.
fn seconds(text: &str) -> Result<i64, String> {
    let refuse = || format!("`{text}` is not a time such as 90s, 10m or 24h");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(refuse)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(refuse()),
    };
    let number: u32 = number.parse().map_err(|_| refuse())?;
    if number == 0 { Err(refuse()) } else { Ok(i64::from(number) * factor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_a_unit() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(seconds(text).ok(), expect, "{text:?}");
        for (text, expect) in [("90s", 90), ("10m", 600), ("24h", 86_400)] {
            check(text, Some(expect));
        }
        for text in ["", "s", "10", "0m", "-1m", "10d", "1.5h", "10µ", "99999999999h"] {
            check(text, None);
        }
    }

    #[test]
    fn a_token_leads_to_where_the_collector_listens() {
        let check = |listen: &str, names: &[&str], expect: &str| {
            let public_names = names.iter().map(|name| (*name).to_owned()).collect();
            let ingest = config::Ingest { listen: listen.parse().unwrap(), public_names, ..config::Ingest::default() };
            assert_eq!(address(&ingest), expect);
        };
        check("127.0.0.1:7071", &[], "https://127.0.0.1:7071");
        check("[::1]:7071", &[], "https://[::1]:7071");
        check("0.0.0.0:7071", &[], "https://127.0.0.1:7071");
        check("0.0.0.0:7071", &["collector.example", "b"], "https://collector.example:7071");
        check("[::]:7071", &["fd00::1"], "https://[fd00::1]:7071");
    }
}

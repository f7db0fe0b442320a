//! What `avow-collector` can be asked to do, apart from running: each command opens the same state as a running collector, and
//! works beside it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use descriptors::canonical;
use descriptors::id::NodeId;
use descriptors::presentation::Contained;
use descriptors::target::Target;

use crate::api;
use crate::api::shape::status as status_of;
use crate::clock;
use crate::config::{self, Config};
use crate::declaration;
use crate::enrol;
use crate::plane::{self, Opened};
use crate::present::{Wanted, present};
use crate::run;
use crate::sign::Issuer;
use crate::status;
use crate::store::{Change, Changed, StatusChange};

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
    /// Issued credentials
    #[command(subcommand)]
    Credential(Credential),
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

/// Issued credentials.
#[derive(Debug, Subcommand)]
pub enum Credential {
    /// List the current ones
    List,
    /// Withdraw a credential for good: it says something that is not true
    Revoke {
        /// Which, and why
        #[command(flatten)]
        withdrawal: Withdrawal,
        /// Let what it says be issued again at the next audit; else that happens once it changes
        #[arg(long)]
        reissue: bool,
    },
    /// Withdraw a credential for the time being
    Suspend(Withdrawal),
    /// Let a suspended credential hold again
    Reinstate(Withdrawal),
    /// Print a signed presentation of credentials with everything that they refer to, fit to be posted
    Present {
        /// Subjects: what stands behind /subjects/ in their ids, such as service-offering/compute; none: all of Gaia-X
        subjects: Vec<String>,
        /// For whom: danube, loire, xfsc, w3c-rdfc, w3c-jcs
        #[arg(long, default_value = "danube")]
        target: Target,
        /// A credential of somebody else to show with them, such as a notary's; may be repeated
        #[arg(long, value_name = "FILE")]
        with: Vec<PathBuf>,
    },
    /// Show what was changed of a credential, when and why
    History {
        /// Its id, or the last segment of it
        credential: String,
    },
}

/// Which credential, and why.
#[derive(Debug, Args)]
pub struct Withdrawal {
    /// Its id, or the last segment of it
    pub credential: String,
    /// Why; kept with the store and never published
    #[arg(long)]
    pub reason: String,
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
    let Opened { store, authority, .. } = plane::open(config).await?;
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

/// Lists credentials, or changes how one stands and publishes the status lists at once.
pub async fn credential(config: &Config, credential: Credential, out: &mut dyn Write) -> anyhow::Result<()> {
    let Opened { store, .. } = plane::open(config).await?;
    let issuer = run::issuer(config)?;
    let now = clock::now();
    let (change, Withdrawal { credential, reason }) = match credential {
        Credential::List => {
            for issued in store.credentials().await? {
                let status = status_of(&issued, now);
                writeln!(out, "{:<14} {:<34} {}  {}", status, issued.class, issued.id, issued.subject)?;
            }
            return Ok(());
        }
        Credential::Present { subjects, target, with } => {
            let others = with.iter().map(|path| read_credential(path)).collect::<anyhow::Result<Vec<_>>>()?;
            let wanted = Wanted { subjects: &subjects, others: &others, target, now };
            let presented = present(&issuer, &store.credentials().await?, wanted)?;
            writeln!(out, "{}", presented.text)?;
            tracing::info!(credentials = presented.credentials.len(), media_type = presented.media_type, "presented");
            return Ok(());
        }
        Credential::History { credential } => {
            let changes = store.status_changes(&full_id(&issuer, credential)).await?;
            for StatusChange { change, at, reason, .. } in changes {
                writeln!(out, "{at}  {:<10} {}", change.as_str(), printable(&reason))?;
            }
            return Ok(());
        }
        Credential::Revoke { withdrawal, reissue: false } => (Change::Revoke, withdrawal),
        Credential::Revoke { withdrawal, reissue: true } => (Change::Replace, withdrawal),
        Credential::Suspend(withdrawal) => (Change::Suspend, withdrawal),
        Credential::Reinstate(withdrawal) => (Change::Reinstate, withdrawal),
    };
    if reason.trim().is_empty() {
        bail!("say why, with --reason: it is kept for whoever asks later");
    }
    let credential = full_id(&issuer, credential);
    let asked = StatusChange { credential: credential.clone(), change, at: now, reason };
    match store.change_status(asked).await? {
        Changed::Done => {
            tracing::info!(%credential, change = change.as_str(), "the status of a credential was changed")
        }
        Changed::AsBefore => writeln!(out, "{credential} stood so before")?,
        Changed::Unknown => bail!("there is no credential `{credential}`; `credential list` shows the current ones"),
        Changed::NoPlace => bail!(
            "`{credential}` was issued before there were status lists: nobody would learn of it; it runs out by itself"
        ),
        Changed::Revoked => bail!("`{credential}` is revoked, and that is for good"),
    }
    // Also when nothing changed: an earlier call may have ended before it published.
    let lists = status::publish(store.as_ref(), &issuer, now).await?;
    writeln!(out, "{lists} status lists published")?;
    Ok(())
}

/// A credential of somebody else: a JWS, or JSON with a proof inside.
fn read_credential(path: &Path) -> anyhow::Result<Contained> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !text.trim_start().starts_with('{') {
        return Ok(Contained::Jwt(text.trim().to_owned()));
    }
    let document =
        canonical::parse(text.as_bytes()).with_context(|| format!("{} is not strict JSON", path.display()))?;
    Ok(Contained::Embedded(document))
}

/// The id of a credential by its last segment.
fn full_id(issuer: &Issuer, credential: String) -> String {
    if credential.contains(['/', ':']) { credential } else { issuer.base.credential_called(&credential) }
}

/// What an operator wrote must not speak to the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
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
    use descriptors::digest::Digest;
    use descriptors::proof::vc_jwt;
    use descriptors::report::Origin;
    use descriptors::status_list::{BYTES_MAX, Entry, List, Place, Purpose};

    use super::*;
    use crate::store::Issued;

    #[tokio::test]
    async fn a_withdrawal_is_published_at_once_and_its_reason_is_kept() {
        let data = tempfile::tempdir().unwrap();
        let state = config::State { directory: data.path().to_owned() };
        let config = Config { state, ..Config::default() };
        let Opened { store, .. } = plane::open(&config).await.unwrap();
        let name = "0123456789abcdef0123456789abcdef";
        let id = run::issuer(&config).unwrap().base.credential_called(name);
        let issued = Issued {
            id: id.clone(),
            class: "gx:Region".to_owned(),
            subject: "urn:s".to_owned(),
            content: Digest::of(b""),
            origin: Origin::Real,
            valid_from: clock::now(),
            valid_until: clock::now().plus_seconds(600),
            jwt: "jwt".to_owned(),
            forms: [].into(),
            place: Some(Place { list: 1, index: 7 }),
            revoked_at: None,
            suspended_at: None,
        };
        store.put_credentials(vec![issued]).await.unwrap();
        let withdrawal = |reason: &str| Withdrawal { credential: name.to_owned(), reason: reason.to_owned() };
        let run = async |command| {
            let mut out = Vec::new();
            credential(&config, command, &mut out).await.map(|()| String::from_utf8(out).unwrap())
        };
        let bit = async |purpose| {
            let list = store.status_list(purpose, 1).await.unwrap().unwrap();
            let verified = vc_jwt::verify(&list.jwt, clock::now(), |_| None).unwrap();
            let list = List::parse(&verified.credential["credentialSubject"], 1, BYTES_MAX).unwrap();
            list.status(&Entry { purpose, index: 7, list: String::new(), size: 1 }).unwrap()
        };
        assert!(run(Credential::Suspend(withdrawal(" "))).await.is_err(), "without a reason");
        assert_eq!(
            run(Credential::Suspend(withdrawal("a\u{1b}[31mlarm"))).await.unwrap(),
            "2 status lists published\n"
        );
        assert_eq!((bit(Purpose::Revocation).await, bit(Purpose::Suspension).await), (0, 1));
        assert!(run(Credential::List).await.unwrap().starts_with("suspended "));
        run(Credential::Reinstate(withdrawal("over"))).await.unwrap();
        assert_eq!(bit(Purpose::Suspension).await, 0);
        run(Credential::Revoke { withdrawal: withdrawal("wrong"), reissue: true }).await.unwrap();
        assert_eq!(bit(Purpose::Revocation).await, 1);
        assert_eq!(run(Credential::List).await.unwrap(), "", "it makes room for another");
        let again = run(Credential::Revoke { withdrawal: withdrawal("twice"), reissue: false }).await.unwrap();
        assert!(again.starts_with(&format!("{id} stood so before")), "{again}");
        assert!(run(Credential::Reinstate(withdrawal("no"))).await.is_err(), "revoked for good");
        let history = run(Credential::History { credential: id }).await.unwrap();
        let words: Vec<&str> = history.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(words, ["suspend", "reinstate", "replace"]);
        assert!(history.contains("a\u{fffd}[31mlarm"), "a reason does not speak to the terminal: {history}");
    }

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

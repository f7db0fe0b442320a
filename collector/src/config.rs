//! The configuration of the collector: one TOML file, then the environment (`AVOW_SECTION__KEY`), both read strictly.
//!
//! A key that is not known is an error, because a misspelt setting would otherwise silently be the default. Every setting
//! has a default, so that a collector starts on loopback without a file. Whether a value works (a port that is free, a
//! file that is there) is not known here.
//!
//! Whoever controls this file can name another authority, declaration or issuer address, and cannot forge a node's report.

use std::io;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use descriptors::target::Target;
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::{Deserialize, Deserializer};
use toml::de::{DeTable, DeValue};

/// Where the configuration is unless the command line says otherwise.
pub const PATH: &str = "/etc/avow/collector.toml";

/// Every setting with its default, for `avow-collector example-config`.
pub const EXAMPLE: &str = include_str!("../collector.example.toml");

/// Begins the name of every environment variable that overrides a setting.
const ENVIRONMENT_PREFIX: &str = "AVOW_";

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What the collector keeps.
    pub state: State,
    /// Where nodes put their reports.
    pub ingest: Ingest,
    /// Where people read.
    pub http: Http,
    /// How nodes are named.
    pub identity: Identity,
    /// Who issues credentials.
    pub issuer: Issuer,
    /// What the provider declares.
    pub declaration: Declaration,
    /// How often claims are checked.
    pub audit: Audit,
    /// Which chips of nodes are known.
    pub tpm: Tpm,
}

/// `[state]`: what the collector keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// Directory of the store, the authority and the issuer's key. Whoever reads it can connect as any node and issue as the
    /// provider; if it is lost, every node must enrol again.
    pub directory: PathBuf,
}

impl Default for State {
    fn default() -> Self {
        Self { directory: PathBuf::from("/var/lib/avow-collector") }
    }
}

/// `[ingest]`: where nodes put their reports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingest {
    /// Where nodes connect (gRPC over mutual TLS).
    pub listen: SocketAddr,
    /// Names and addresses, beside localhost, that nodes know this collector by; the first goes into join tokens.
    #[serde(deserialize_with = "host_names")]
    pub public_names: Vec<String>,
    /// A report that its node says is older is refused.
    pub report_age_max_seconds: NonZeroU32,
    /// A report from further in the future is refused: its node's clock is wrong.
    pub clock_ahead_max_seconds: u32,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7071)),
            public_names: Vec::new(),
            report_age_max_seconds: non_zero(604_800),
            clock_ahead_max_seconds: 300,
        }
    }
}

/// `[http]`: where people and scrapers read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where the page, the API and the metrics are. Anything but loopback needs TLS and a token.
    pub listen: SocketAddr,
    /// PEM file of the certificate chain.
    pub tls_certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub tls_key: Option<PathBuf>,
    /// File with the token that readers must show.
    pub token_file: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 7070));
        Self { listen, tls_certificate: None, tls_key: None, token_file: None }
    }
}

/// `[identity]`: how nodes are named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Stands in every node's certificate. Changing it later means to enrol every node again.
    #[serde(deserialize_with = "trust_domain")]
    pub trust_domain: String,
    /// Life of a node's certificate; it is renewed at half of it.
    pub certificate_hours: NonZeroU32,
}

impl Default for Identity {
    fn default() -> Self {
        Self { trust_domain: "avow.internal".to_owned(), certificate_hours: non_zero(24) }
    }
}

/// `[issuer]`: who issues credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Issuer {
    /// Host name and optional port under which the public reaches the issuer's documents: did:web. None: did:key.
    pub public_address: Option<String>,
    /// Life of a credential.
    pub validity_days: NonZeroU32,
    /// For whom credentials are issued. `danube` is always among them: bundles hold that form.
    pub targets: Vec<Target>,
    /// A P-256 or RSA key (PKCS#8, PEM) for targets that ask for a certificate. RSA is surest to be taken.
    pub certificate_key: Option<PathBuf>,
    /// Its certificate with all that signed it, up to the root (PEM).
    pub certificate_chain: Option<PathBuf>,
    /// The context of Gaia-X that credentials for `tagus` rest on (JSON-LD).
    pub tagus_context: Option<PathBuf>,
}

impl Default for Issuer {
    fn default() -> Self {
        Self {
            public_address: None,
            validity_days: non_zero(90),
            targets: vec![Target::Danube],
            certificate_key: None,
            certificate_chain: None,
            tagus_context: None,
        }
    }
}

/// `[declaration]`: what the provider declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Declaration {
    /// The file. Without it reports are taken, and nothing is claimed.
    pub file: Option<PathBuf>,
}

/// `[audit]`: how often claims are checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Again after so long, even if nothing changed.
    pub interval_seconds: NonZeroU64,
    /// After a change, wait so long for more of them.
    pub settle_ms: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { interval_seconds: NonZeroU64::MIN.saturating_add(299), settle_ms: 500 }
    }
}

/// `[tpm]`: which chips of nodes are known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tpm {
    /// PEM files of the makers' certificates, roots or those below them. Without any, every chip is of an unknown maker, a
    /// simulated one too.
    pub roots: Vec<PathBuf>,
    /// How long the binding of a key to a chip holds; nodes renew it at half of it.
    pub validity_hours: NonZeroU32,
}

impl Default for Tpm {
    fn default() -> Self {
        Self { roots: Vec::new(), validity_hours: non_zero(24) }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    #[diagnostic(help("name another file with --config"))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML, not of the expected shape, or its settings do not go together.
    #[error("the configuration is not valid: {message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// The file.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// The place.
        #[label("here")]
        at: Option<SourceSpan>,
        /// What to do.
        #[help]
        help: &'static str,
    },
    /// An environment variable does not fit.
    #[error("the environment variable {variable} does not fit the configuration: {message}")]
    #[diagnostic(help(
        "AVOW_SECTION__KEY sets `key` in `[section]`, as text or as a TOML value such as 60 or [\"a.example\"]"
    ))]
    Environment {
        /// Its name.
        variable: String,
        /// What is wrong.
        message: String,
    },
}

/// Settings that are well-formed and do not go together.
struct Clash {
    section: &'static str,
    key: &'static str,
    message: String,
    help: &'static str,
}

impl Config {
    /// Reads `path`, which must exist, or [`PATH`], which need not; then the environment.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let (path, must_exist) = path.map_or((Path::new(PATH), false), |path| (path, true));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => String::new(),
            Err(source) => return Err(ConfigError::Read { path: path.to_path_buf(), source }),
        };
        // A variable that is not UTF-8 is none of ours, or fails as text.
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        Self::parse(&path.display().to_string(), &text, environment)
    }

    /// Reads `text`, called `name` in errors, and then the variables of `environment`.
    pub fn parse(
        name: &str,
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let invalid = |message: String, at: Option<std::ops::Range<usize>>, help| ConfigError::Invalid {
            message,
            text: Arc::new(NamedSource::new(name, text.to_owned()).with_language("TOML")),
            at: at.map(SourceSpan::from),
            help,
        };
        let shape = |error: toml::de::Error| {
            let help = "`avow-collector example-config` shows every setting with its default";
            invalid(error.message().to_owned(), error.span(), help)
        };
        let mut config: Self = toml::from_str(text).map_err(shape)?;
        let mut table: toml::Table = toml::from_str(text).map_err(shape)?;
        let mut variables: Vec<_> = environment.filter(|(name, _)| setting(name).is_some()).collect();
        variables.sort_unstable();
        for (variable, value) in variables {
            if let Some((section, key)) = setting(&variable) {
                (config, table) = overridden(&table, &section, &key, &value)
                    .map_err(|message| ConfigError::Environment { variable, message })?;
            }
        }
        match config.clash() {
            None => Ok(config),
            Some(clash) => Err(invalid(clash.message, place(text, clash.section, clash.key), clash.help)),
        }
    }

    fn clash(&self) -> Option<Clash> {
        self.http_clash().or_else(|| self.issuer_clash())
    }

    fn issuer_clash(&self) -> Option<Clash> {
        let issuer = &self.issuer;
        let clash = |key, message: &str, help| {
            let message = message.to_owned();
            Some(Clash { section: "issuer", key, message, help })
        };
        if issuer.targets.contains(&Target::Tagus) && issuer.tagus_context.is_none() {
            return clash(
                "targets",
                "tagus without the context that its credentials rest on",
                "set `tagus_context` to a copy of the context of Gaia-X' Tagus release, which is not ours to ship",
            );
        }
        match (&issuer.certificate_key, &issuer.certificate_chain) {
            (Some(_), None) => {
                clash("certificate_key", "a key without its certificates", "set `certificate_chain` as well")
            }
            (None, Some(_)) => {
                clash("certificate_chain", "certificates without their key", "set `certificate_key` as well")
            }
            (Some(_), Some(_)) if issuer.public_address.is_none() => clash(
                "certificate_key",
                "a certificate for an issuer without a public address",
                "set `public_address`: the certificate is for its host",
            ),
            _ => None,
        }
    }

    fn http_clash(&self) -> Option<Clash> {
        let http = &self.http;
        let clash = |key, message: String, help| Some(Clash { section: "http", key, message, help });
        match (&http.tls_certificate, &http.tls_key, &http.token_file) {
            (Some(_), None, _) => {
                clash("tls_certificate", "a certificate without its key".to_owned(), "set `tls_key` as well")
            }
            (None, Some(_), _) => {
                clash("tls_key", "a key without its certificate".to_owned(), "set `tls_certificate` as well")
            }
            (Some(_), Some(_), Some(_)) => None,
            _ if http.listen.ip().is_loopback() => None,
            _ => clash(
                "listen",
                format!("{} is not loopback, and readers are not kept out", http.listen),
                "set `tls_certificate`, `tls_key` and `token_file`, or listen on 127.0.0.1 behind a proxy that does",
            ),
        }
    }
}

/// Where a setting stands in the file; none when it came from elsewhere.
fn place(text: &str, section: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let document = DeTable::parse(text).ok()?.into_inner();
    let (_, section) = document.iter().find(|(name, _)| name.get_ref() == section)?;
    section.get_ref().as_table().and_then(|table| {
        let (_, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
        let value: &toml::Spanned<DeValue<'_>> = value;
        Some(value.span())
    })
}

/// Section and key that a variable sets: `AVOW_INGEST__LISTEN` sets `listen` in `[ingest]`.
fn setting(variable: &str) -> Option<(String, String)> {
    let (section, key) = variable.strip_prefix(ENVIRONMENT_PREFIX)?.split_once("__")?;
    Some((section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// The configuration with one setting replaced. The value is text where text fits, else a TOML value.
fn overridden(table: &toml::Table, section: &str, key: &str, value: &str) -> Result<(Config, toml::Table), String> {
    let as_text = toml::Value::String(value.to_owned());
    let as_value = toml::from_str::<toml::Table>(&format!("value = {value}")).ok().and_then(|mut t| t.remove("value"));
    let mut failure = String::new();
    for candidate in std::iter::once(as_text).chain(as_value) {
        let mut table = table.clone();
        let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let Some(settings) = entry.as_table_mut() else { return Err(format!("`{section}` is not a section")) };
        settings.insert(key.to_owned(), candidate);
        match table.clone().try_into::<Config>() {
            Ok(config) => return Ok((config, table)),
            Err(error) => failure = error.message().to_owned(),
        }
    }
    Err(failure)
}

/// Host names and addresses, without port: they go into a certificate and into join tokens.
fn host_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let good = |name: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        name.parse::<std::net::IpAddr>().is_ok() || (1..=253).contains(&name.len()) && name.chars().all(letters)
    };
    match names.iter().find(|name| !good(name)) {
        Some(bad) => {
            let message = format!("`{bad}` is not a host name or an address without port");
            Err(serde::de::Error::custom(message))
        }
        None => Ok(names),
    }
}

/// A trust domain as SPIFFE spells it (SPIFFE-ID, section 2.1).
fn trust_domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(letters) {
        Ok(name)
    } else {
        let message = format!("`{name}` is not a trust domain: 1 to 64 of a-z, 0-9, `-`, `.`, `_`");
        Err(serde::de::Error::custom(message))
    }
}

const fn non_zero(value: u32) -> NonZeroU32 {
    match NonZeroU32::new(value) {
        Some(value) => value,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse("collector.toml", text, variables)
    }

    #[test]
    fn the_example_shows_the_defaults() {
        assert_eq!(parse(EXAMPLE, &[]).unwrap(), Config::default());
        let everything: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") && !setting.contains(": ") => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = parse(&everything, &[]).unwrap();
        assert!(config.http.token_file.is_some() && config.issuer.public_address.is_some());
        assert!(config.declaration.file.is_some());
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = parse(
            "[ingest]\nlisten = \"127.0.0.1:1\"\n",
            &[
                ("AVOW_INGEST__LISTEN", "127.0.0.1:2"),
                ("AVOW_INGEST__PUBLIC_NAMES", "[\"a.example\", \"10.0.0.1\"]"),
                ("AVOW_AUDIT__INTERVAL_SECONDS", "7"),
                ("AVOW_LOG", "debug"),
                ("HOME", "/root"),
            ],
        )
        .unwrap();
        assert_eq!(config.ingest.listen.port(), 2);
        assert_eq!(config.ingest.public_names, ["a.example", "10.0.0.1"]);
        assert_eq!(config.audit.interval_seconds.get(), 7);
    }

    #[test]
    fn a_bad_setting_is_named_with_its_place() {
        let check = |text: &str, fault: &str, place: &str| match parse(text, &[]).unwrap_err() {
            ConfigError::Invalid { message, at: Some(at), .. } => {
                assert!(message.contains(fault), "{message}");
                assert_eq!(&text[at.offset()..at.offset() + at.len()], place);
            }
            other => panic!("{other:?}"),
        };
        check("[ingest]\nlissten = 1\n", "unknown field `lissten`", "lissten");
        check("[ingest]\nlisten = 1\n", "invalid type", "1");
        check("[identity]\ntrust_domain = \"A\"\n", "not a trust domain", "\"A\"");
        check("[ingest]\npublic_names = [\"a:1\"]\n", "not a host name", "[\"a:1\"]");
        check("[http]\nlisten = \"0.0.0.0:80\"\n", "not loopback", "\"0.0.0.0:80\"");
        check("[http]\ntls_key = \"k\"\n", "a key without its certificate", "\"k\"");
        check("[issuer]\ntargets = [\"lore\"]\n", "`lore` is not a target", "[\"lore\"]");
        check("[issuer]\ntargets = [\"tagus\"]\n", "tagus without the context", "[\"tagus\"]");
        check("[issuer]\ncertificate_key = \"k\"\n", "a key without its certificates", "\"k\"");
        check("[issuer]\ncertificate_chain = \"k\"\n", "certificates without their key", "\"k\"");
        let both = "[issuer]\ncertificate_key = \"k\"\ncertificate_chain = \"c\"\n";
        check(both, "without a public address", "\"k\"");
    }

    #[test]
    fn a_bad_variable_is_named() {
        let error = parse("", &[("AVOW_INGEST__LISTEN", "x")]).unwrap_err().to_string();
        assert!(error.contains("AVOW_INGEST__LISTEN"), "{error}");
        let error = parse("", &[("AVOW_INGEST__LISSTEN", "x")]).unwrap_err().to_string();
        assert!(error.contains("unknown field `lissten`"), "{error}");
        let error = parse("", &[("AVOW_HTTP__LISTEN", "0.0.0.0:80")]).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { at: None, .. }), "not in the file: {error:?}");
    }

    #[test]
    fn readers_of_an_open_port_must_be_kept_out() {
        let keys = "tls_certificate = \"c\"\ntls_key = \"k\"\n";
        assert!(parse(&format!("[http]\nlisten = \"[::]:80\"\n{keys}"), &[]).is_err());
        assert!(parse(&format!("[http]\nlisten = \"[::]:80\"\ntoken_file = \"t\"\n{keys}"), &[]).is_ok());
        assert!(parse("[http]\nlisten = \"[::1]:80\"\n", &[]).is_ok());
    }
}

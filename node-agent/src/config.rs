//! The configuration of the agent: one TOML file, then the environment (`AVOW_SECTION__KEY`), both read strictly.
//!
//! A key that is not known is an error, because a misspelt setting would otherwise silently be the default. Every
//! section has defaults, so that `avow-agent gather` needs no file; what `avow-agent run` cannot do without is asked for
//! when it starts. Whether a value works (a collector that answers, a directory that can be written) is not known here.
//!
//! Whoever controls this file can at most make the node silent, slow or known by another name; its key is elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Duration;

use descriptors::id::{NodeId, SourceName};
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::{Deserialize, Deserializer};

/// Where the configuration is unless the command line says otherwise.
pub const PATH: &str = "/etc/avow/agent.toml";

/// Begins the name of every environment variable that overrides a setting.
const ENVIRONMENT_PREFIX: &str = "AVOW_";

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who this node is.
    pub node: Node,
    /// Whom it reports to.
    pub collector: Collector,
    /// What it keeps.
    pub state: State,
    /// How often it speaks.
    pub report: Report,
    /// What waits while the collector cannot be reached.
    pub spool: Spool,
    /// What it reads.
    pub sources: Sources,
    /// What it can still reach when somebody has taken it over.
    pub confinement: Confinement,
    /// Which other nodes it measures the distance to.
    pub peers: Peers,
    /// The chip that its key is bound to.
    pub tpm: Tpm,
}

/// `[node]`: who this node is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// The name that this machine must be enrolled with; default: whatever name the join token gives. Set it to notice a
    /// token that was put on the wrong machine: the agent then ends instead of speaking under that name.
    pub name: Option<NodeId>,
    /// The directory that stands for `/`; default `/`. With any other, reports are marked `captured` and nothing of them
    /// can be published.
    pub root: PathBuf,
}

impl Default for Node {
    fn default() -> Self {
        Self { name: None, root: PathBuf::from("/") }
    }
}

/// `[collector]`: whom this node reports to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collector {
    /// Address of the collector, `https://host:port`; default: the address in the join token. Set it when the collector has
    /// moved. Reports are signed by the node, so another collector at this address could withhold them, not alter them.
    pub address: Option<Address>,
    /// File with the join token, needed for enrolment and used up by it; no default. Once enrolled it can be deleted.
    pub join_token_file: Option<PathBuf>,
}

/// `[state]`: what this node keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// Directory of the node's key, its certificate and the spool. Whoever reads it can speak as this node; if it is
    /// lost, the node must enrol again.
    pub directory: PathBuf,
}

impl Default for State {
    fn default() -> Self {
        Self { directory: PathBuf::from("/var/lib/avow-agent") }
    }
}

/// `[report]`: how often this node speaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// Seconds from one round to the next, to which some jitter is added. Shorter sees changes sooner and costs each
    /// node a few milliseconds of processor time a round.
    pub interval_seconds: NonZeroU64,
    /// Seconds after which all facts are sent although none changed. Shorter lets a collector that lost its store recover
    /// sooner, at the price of larger logs.
    pub full_every_seconds: NonZeroU64,
}

impl Default for Report {
    fn default() -> Self {
        Self { interval_seconds: non_zero(60), full_every_seconds: non_zero(86_400) }
    }
}

/// `[spool]`: what waits on disk while the collector cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spool {
    /// Most bytes on disk. Beyond it the oldest reports are lost first, and the loss is counted and reported.
    pub bytes_max: NonZeroU64,
}

impl Default for Spool {
    fn default() -> Self {
        Self { bytes_max: non_zero(64 << 20) }
    }
}

/// `[sources]`: what this node reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    /// Sources that are not read; each is reported as `disabled`. What rests on their facts becomes undetermined.
    #[serde(deserialize_with = "known_sources")]
    pub disabled: BTreeSet<SourceName>,
    /// Milliseconds each source may take. One that takes longer is reported as `timed_out` and not started again until it
    /// has answered.
    pub deadline_ms: NonZeroU64,
    /// The libvirt connection, opened read-only; default: `qemu:///system`, and without a daemon the fact is absent. With
    /// `test:///default` libvirt's built-in example answers, which says nothing about this node and is marked so.
    pub libvirt_uri: Option<String>,
    /// Absolute path of `avow-source-libvirt`. Default: beside the agent's own program.
    pub libvirt_reader: Option<PathBuf>,
    /// Rounds that one process of `avow-source-libvirt` serves before another takes its place. With 1 it is started for each
    /// round and gone afterwards: that costs 14 ms of processor time more each round. Otherwise its memory, 18 MB most of which are
    /// libvirt's libraries, stays taken between rounds, and a libvirt that is upgraded is used after so many.
    pub libvirt_reader_rounds: NonZeroU32,
    /// The configuration of the Ceph cluster, which names its monitors. Where it is not there the fact is absent.
    pub ceph_conf: PathBuf,
    /// The name that the key below is for. It needs `mon 'allow r'` and nothing else; with a key that may do more the agent
    /// still only reads, and whoever reads the key may do more.
    pub ceph_name: String,
    /// The file of that key, which the agent's user must be able to read. Where it is not there the fact is absent; two or
    /// three nodes with a key are enough.
    pub ceph_keyring: PathBuf,
    /// Absolute path of `avow-source-ceph`. Default: beside the agent's own program.
    pub ceph_reader: Option<PathBuf>,
    /// Absolute path of `lldpcli`, which asks lldpd for neighbours. Default: `/usr/sbin/lldpcli`.
    pub lldpd_client: Option<PathBuf>,
    /// The socket of lldpd. Default: `/run/lldpd.socket`; without it the frames that systemd-networkd keeps are read.
    pub lldpd_socket: Option<String>,
    /// Power distribution units to ask over SNMP; default: none. One node of a rack is enough.
    pub pdus: Vec<Pdu>,
    /// This node's management controller; default: none, and none is asked.
    pub bmc: Option<Bmc>,
    /// Seconds from one examination of the sources of random numbers to the next. One takes a second of processor time at the lowest
    /// priority, and 60 MB for as long; rarer ones notice later that an instruction stopped to work.
    pub entropy_every_seconds: NonZeroU64,
    /// Where the last examination is kept. Not a setting: it follows from the state directory.
    #[serde(skip)]
    pub examination: Option<PathBuf>,
}

/// A management controller that speaks Redfish.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bmc {
    /// `https://host`, with a port where it is not 443. Reading is all that its user must be allowed to.
    #[serde(deserialize_with = "controller_address")]
    pub address: String,
    /// PEM file of the authorities that its certificate may end in, or of that certificate itself.
    pub ca_file: PathBuf,
    /// File with `name:password` of a user; only the agent's user and group may read it.
    pub user_file: PathBuf,
}

/// A power distribution unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pdu {
    /// `host:port`, UDP; 161 is usual.
    pub address: String,
    /// File with its community; default: the community `public`. It travels in the clear.
    #[serde(default)]
    pub community_file: Option<PathBuf>,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            disabled: BTreeSet::new(),
            deadline_ms: non_zero(5000),
            libvirt_uri: None,
            libvirt_reader: None,
            libvirt_reader_rounds: LIBVIRT_READER_ROUNDS,
            ceph_conf: PathBuf::from("/etc/ceph/ceph.conf"),
            ceph_name: "client.avow".to_owned(),
            ceph_keyring: PathBuf::from("/etc/ceph/ceph.client.avow.keyring"),
            ceph_reader: None,
            lldpd_client: None,
            lldpd_socket: None,
            pdus: Vec::new(),
            bmc: None,
            entropy_every_seconds: non_zero(86_400),
            examination: None,
        }
    }
}

impl Sources {
    /// The time each source may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.get())
    }
}

/// A restart each hour and a half costs little, and outlasts no leak.
const LIBVIRT_READER_ROUNDS: NonZeroU32 = match NonZeroU32::new(100) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// `[confinement]`: what `avow-agent run` gives up when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Confinement {
    /// Whether the agent gives up rights and restricts itself. Switched off, whoever takes it over has all that its user has;
    /// the report says so.
    pub enabled: bool,
    /// The user that an agent started as root becomes; default: it stays root, without capabilities. Ignored when it is
    /// started as that user, as the packaged service is.
    pub user: Option<String>,
    /// Whether the agent ends where the kernel cannot enforce everything. Otherwise it goes as far as the kernel goes, logs
    /// what is missing, and reports it.
    pub required: bool,
    /// TCP ports that may be connected to besides the collector's.
    pub connect_ports: BTreeSet<u16>,
    /// Files and directories that may be read besides those every agent reads.
    pub read: BTreeSet<PathBuf>,
}

impl Default for Confinement {
    fn default() -> Self {
        Self { enabled: true, user: None, required: false, connect_ports: BTreeSet::new(), read: BTreeSet::new() }
    }
}

/// `[peers]`: which other nodes this one measures the distance to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Peers {
    /// Address and port where other nodes find this one; default: none, and nobody is answered. Only nodes with a
    /// certificate of the collector's authority are.
    pub listen: Option<SocketAddr>,
    /// `host:port` of each node to measure, by its name; default: none. Two nodes that measure each other corroborate how
    /// near they are.
    #[serde(deserialize_with = "peer_addresses")]
    pub nodes: BTreeMap<NodeId, String>,
    /// Seconds from one measurement to the next.
    pub measure_every_seconds: NonZeroU64,
}

/// `[tpm]`: the chip that the node's key is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tpm {
    /// Its device. With `auto` `/dev/tpmrm0`, where there is one that opens; with `none` the key stays in its file alone, and the collector
    /// shows the node as not bound. `tcp:HOST:PORT` is a simulated chip, such as swtpm's, for tests: it proves nothing.
    pub device: TpmDevice,
}

/// Where the chip is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TpmDevice {
    /// Wherever it usually is, if there is one.
    #[default]
    Auto,
    /// Nowhere.
    None,
    /// A device of the kernel.
    Path(PathBuf),
    /// A simulated one behind a port of TCP.
    Simulated(String),
}

impl TpmDevice {
    /// The kernel's resource manager for the first chip.
    pub const USUAL: &'static str = "/dev/tpmrm0";
    const SIMULATED: &'static str = "tcp:";
}

impl fmt::Display for TpmDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Path(path) => path.display().fmt(f),
            Self::Simulated(address) => write!(f, "{}{address}", Self::SIMULATED),
        }
    }
}

impl<'de> Deserialize<'de> for TpmDevice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            path if path.starts_with('/') => Ok(Self::Path(path.into())),
            _ => match text.strip_prefix(Self::SIMULATED) {
                Some(address) if has_port(address) => Ok(Self::Simulated(address.to_owned())),
                _ => Err(serde::de::Error::custom(format!(
                    "`{text}` is not auto, none, /dev/tpmrm0 or tcp:127.0.0.1:2321"
                ))),
            },
        }
    }
}

/// Most peers: with more, one round of measurements could outlast its interval.
const PEERS_MAX: usize = 256;

impl Default for Peers {
    fn default() -> Self {
        Self { listen: None, nodes: BTreeMap::new(), measure_every_seconds: non_zero(3600) }
    }
}

/// The address of a collector: `https://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Checks the form.
    pub fn new(text: impl Into<String>) -> Result<Self, AddressError> {
        let text = text.into();
        let parts = text.strip_prefix("https://").and_then(|rest| rest.rsplit_once(':'));
        let good = parts.is_some_and(|(host, port)| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
            !host.is_empty() && host.chars().all(allowed) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if good { Ok(Self(text)) } else { Err(AddressError(text)) }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without port; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        let rest = self.0.strip_prefix("https://").unwrap_or(&self.0);
        rest.rsplit_once(':').map_or(rest, |(host, _)| host).trim_matches(['[', ']'])
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default()
    }
}

/// A text that is no address of a collector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address such as https://collector.example:7443")]
pub struct AddressError(String);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
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
    /// The file is not TOML, or not of the expected shape.
    #[error("the configuration is not valid: {message}")]
    #[diagnostic(help("agent.example.toml shows every setting with its default"))]
    Invalid {
        /// What is wrong.
        message: String,
        /// The file.
        #[source_code]
        text: NamedSource<String>,
        /// The place.
        #[label("here")]
        at: Option<SourceSpan>,
    },
    /// An environment variable does not fit.
    #[error("the environment variable {variable} does not fit the configuration: {message}")]
    #[diagnostic(help(
        "AVOW_SECTION__KEY sets `key` in `[section]`, as text or as a TOML value such as 60 or [\"dmi\"]"
    ))]
    Environment {
        /// Its name.
        variable: String,
        /// What is wrong.
        message: String,
    },
    /// Something that has no default is not set.
    #[error("`{key}` is not set in `[{section}]`")]
    #[diagnostic(help("add `{key} = {example}` to `[{section}]`, or set AVOW_{}__{}", section.to_uppercase(), key.to_uppercase()))]
    Missing {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// What it might look like.
        example: &'static str,
    },
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
        let invalid = |error: toml::de::Error| ConfigError::Invalid {
            message: error.message().to_owned(),
            text: NamedSource::new(name, text.to_owned()).with_language("TOML"),
            at: error.span().map(SourceSpan::from),
        };
        let mut config: Self = toml::from_str(text).map_err(invalid)?;
        let mut table: toml::Table = toml::from_str(text).map_err(invalid)?;
        let mut variables: Vec<_> = environment.filter(|(name, _)| setting(name).is_some()).collect();
        variables.sort_unstable();
        for (variable, value) in variables {
            if let Some((section, key)) = setting(&variable) {
                (config, table) = overridden(&table, &section, &key, &value)
                    .map_err(|message| ConfigError::Environment { variable, message })?;
            }
        }
        Ok(config)
    }

    /// The file of the join token, which `run` cannot do without.
    pub fn join_token_file(&self) -> Result<&Path, ConfigError> {
        let example = "\"/etc/avow/join.token\"";
        let missing = ConfigError::Missing { section: "collector", key: "join_token_file", example };
        self.collector.join_token_file.as_deref().ok_or(missing)
    }
}

/// Section and key that a variable sets: `AVOW_REPORT__INTERVAL_SECONDS` sets `interval_seconds` in `[report]`.
fn setting(variable: &str) -> Option<(String, String)> {
    let (section, key) = variable.strip_prefix(ENVIRONMENT_PREFIX)?.split_once("__")?;
    Some((section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// The configuration with one setting replaced. The value is text where text fits, else a TOML value, so that a node may
/// be called `007` and an interval be `60`.
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

/// Refuses names of sources that are not there, so that a misspelt one does not stay on.
fn known_sources<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<SourceName>, D::Error> {
    let names = BTreeSet::<SourceName>::deserialize(deserializer)?;
    let known: Vec<&str> = crate::source::all().iter().map(|source| source.name()).collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            Err(serde::de::Error::custom(format!("there is no source `{name}`; there are {}", known.join(", "))))
        }
        None => Ok(names),
    }
}

/// Refuses what is not the bare address of a host.
fn controller_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
    match text.strip_prefix("https://") {
        Some(host) if !host.is_empty() && host.chars().all(allowed) => Ok(text),
        _ => Err(serde::de::Error::custom(format!("`{text}` is not an address such as https://bmc-01.example"))),
    }
}

/// Refuses addresses without a port, and more peers than can be measured.
fn peer_addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<NodeId, String>, D::Error> {
    let nodes = BTreeMap::<NodeId, String>::deserialize(deserializer)?;
    if nodes.len() > PEERS_MAX {
        return Err(serde::de::Error::custom(format!("{} peers are more than {PEERS_MAX}", nodes.len())));
    }
    match nodes.iter().find(|(_, address)| !has_port(address)) {
        Some((node, address)) => {
            Err(serde::de::Error::custom(format!("`{address}` of {node} is not an address such as 192.0.2.12:7445")))
        }
        None => Ok(nodes),
    }
}

fn has_port(address: &str) -> bool {
    let parts = address.rsplit_once(':');
    parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

const fn non_zero(value: u64) -> NonZeroU64 {
    match NonZeroU64::new(value) {
        Some(value) => value,
        None => NonZeroU64::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../agent.example.toml");

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse("agent.toml", text, environment)
    }

    #[test]
    fn no_file_is_a_configuration() {
        assert_eq!(parse("", &[]).unwrap(), Config::default());
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let mut config = parse(EXAMPLE, &[]).unwrap();
        assert_eq!(config.node.name.as_ref().unwrap().as_str(), "kvm-01");
        assert_eq!(config.collector.address.as_ref().unwrap().host(), "collector.example");
        config.node.name = None;
        config.collector = Collector::default();
        assert_eq!(config, Config::default());
    }

    #[test]
    fn the_example_names_every_setting() {
        for key in [
            "name",
            "root",
            "address",
            "join_token_file",
            "directory",
            "interval_seconds",
            "full_every_seconds",
            "bytes_max",
            "disabled",
            "deadline_ms",
            "libvirt_uri",
            "libvirt_reader",
            "libvirt_reader_rounds",
            "lldpd_client",
            "lldpd_socket",
            "pdus",
            "bmc",
            "listen",
            "nodes",
            "measure_every_seconds",
            "entropy_every_seconds",
            "enabled",
            "user",
            "required",
            "connect_ports",
            "read",
            "device",
        ] {
            let set = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
            assert!(EXAMPLE.lines().any(set), "{key}");
        }
    }

    #[test]
    fn an_error_points_at_the_line_and_says_what_helps() {
        let check = |text: &str, expect: &str, place: &str| {
            let error = parse(text, &[]).unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
            let at = error.labels().unwrap().next().unwrap();
            assert_eq!(&text[at.offset()..at.offset() + at.len()], place);
            assert!(error.help().is_some());
            let shown = format!("{:?}", miette::Report::new(error));
            assert!(shown.contains("agent.toml"), "{shown}");
        };
        check("[node]\nnaem = \"a\"\n", "unknown field `naem`", "naem");
        check("[node]\nname = \"KVM 1\"\n", "node name `KVM 1`", "\"KVM 1\"");
        check("[report]\ninterval_seconds = 0\n", "nonzero", "0");
        check("[sources]\ndisabled = [\"dmii\"]\n", "there is no source `dmii`", "[\"dmii\"]");
        let bmc = "{ address = \"https://u@h\", ca_file = \"a\", user_file = \"b\" }";
        check(&format!("[sources]\nbmc = {bmc}\n"), "not an address", "\"https://u@h\"");
        check("[peers]\nnodes = { kvm-02 = \"kvm-02\" }\n", "not an address", "{ kvm-02 = \"kvm-02\" }");
        check("[tpm]\ndevice = \"tpm0\"\n", "is not auto, none", "\"tpm0\"");
        check("[tpm]\ndevice = \"tcp:127.0.0.1\"\n", "is not auto, none", "\"tcp:127.0.0.1\"");
        check("[collector]\naddress = \"collector:7443\"\n", "not an address", "\"collector:7443\"");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = "[report]\ninterval_seconds = 30\n";
        let environment = [
            ("AVOW_REPORT__INTERVAL_SECONDS", "5"),
            ("AVOW_NODE__NAME", "007"),
            ("AVOW_SOURCES__DISABLED", "[\"dmi\"]"),
            ("AVOW_LOG", "debug"),
            ("PATH", "/bin"),
        ];
        let config = parse(text, &environment).unwrap();
        assert_eq!(config.report.interval_seconds.get(), 5);
        assert_eq!(config.node.name.as_ref().unwrap().as_str(), "007");
        assert!(config.sources.disabled.contains(&SourceName::new("dmi").unwrap()));
    }

    #[test]
    fn a_variable_that_does_not_fit_is_named() {
        for (variable, value) in
            [("AVOW_REPORT__INTERVAL_SECONDS", "soon"), ("AVOW_REPORT__INTERVALL", "5"), ("AVOW_NODES__NAME", "a")]
        {
            let error = parse("", &[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn an_address_has_scheme_host_and_port() {
        for good in ["https://collector.example:7443", "https://192.0.2.1:1", "https://[2001:db8::1]:443"] {
            assert!(Address::new(good).is_ok(), "{good}");
        }
        let address = Address::new("https://[2001:db8::1]:443").unwrap();
        assert_eq!((address.host(), address.port()), ("2001:db8::1", 443));
        for bad in [
            "",
            "collector:1",
            "http://a:1",
            "https://a",
            "https://:1",
            "https://a:0",
            "https://a:99999",
            "https://a/b:1",
            "https://u@a:1",
        ] {
            assert!(Address::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_has_no_default_is_asked_for() {
        let error = Config::default().join_token_file().unwrap_err();
        assert_eq!(error.to_string(), "`join_token_file` is not set in `[collector]`");
        assert!(error.help().unwrap().to_string().contains("AVOW_COLLECTOR__JOIN_TOKEN_FILE"));
    }
}

//! From the configuration to what must stay possible.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use proto::token::JoinToken;

use super::{Account, AccountError};
use crate::config::{Address, Config};
use crate::enrol::{Identity, token_from};
use crate::source::Source;

/// A resolver asks again over TCP when an answer is long. Asking over UDP is possible anyway.
const DNS_PORT: u16 = 53;

/// What must stay possible; what is not in it is refused where the kernel can.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The account to change to; only root can. The one that started the agent where there is none.
    pub account: Option<Account>,
    /// Files and directories to read besides [`super::READABLE`].
    pub read: Vec<PathBuf>,
    /// Directories to read and change.
    pub change: Vec<PathBuf>,
    /// Programs to run.
    pub run: Vec<PathBuf>,
    /// TCP ports to connect to; any where they are not known.
    pub connect: Option<Vec<u16>>,
    /// TCP ports to listen on.
    pub listen: Vec<u16>,
}

impl Plan {
    /// What an agent with this configuration and these sources needs. Looks for the collector's port where it was enrolled.
    pub fn new(config: &Config, sources: &[&dyn Source]) -> Result<Self, AccountError> {
        let settings = &config.confinement;
        let account = settings.user.as_deref().map(Account::find).transpose()?;
        let mut read: Vec<PathBuf> = settings.read.iter().cloned().collect();
        if config.node.root != Path::new("/") {
            read.push(config.node.root.clone());
        }
        // The directory, because a token may be put there later, or replaced.
        read.extend(config.collector.join_token_file.as_deref().and_then(Path::parent).map(Path::to_owned));
        let of_sources = sources.iter().flat_map(|source| source.ports(&config.sources));
        let of_peers = config.peers.nodes.values().filter_map(|peer| peer.rsplit_once(':')?.1.parse().ok());
        let besides = settings.connect_ports.iter().copied().chain(of_sources).chain(of_peers).collect();
        read.extend(sources.iter().flat_map(|source| source.files(&config.sources)));
        Ok(Self {
            account,
            read,
            change: vec![config.state.directory.clone()],
            run: sources.iter().flat_map(|source| source.programs(&config.sources)).collect(),
            connect: ports(&addresses(config), &besides),
            listen: config.peers.listen.iter().map(SocketAddr::port).collect(),
        })
    }
}

/// Every address at which the collector may be: configured, enrolled with, or in a token that waits.
fn addresses(config: &Config) -> Vec<Address> {
    let mut addresses: Vec<Address> = config.collector.address.iter().cloned().collect();
    // Whatever is wrong with these files is said when they are used.
    let identity = Identity::load(&config.state.directory.join("identity.json")).ok().flatten();
    let token: Option<JoinToken> =
        config.collector.join_token_file.as_deref().and_then(|file| token_from(file).ok()?);
    let known = identity.map(|identity| identity.address).into_iter().chain(token.map(|token| token.address));
    addresses.extend(known.filter_map(|address| Address::new(address).ok()));
    addresses
}

fn ports(addresses: &[Address], besides: &BTreeSet<u16>) -> Option<Vec<u16>> {
    if addresses.is_empty() {
        return None;
    }
    let mut ports = besides.clone();
    for address in addresses {
        ports.insert(address.port());
        if address.host().parse::<IpAddr>().is_err() {
            ports.insert(DNS_PORT);
        }
    }
    Some(ports.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_those_of_every_address_and_of_names() {
        let check = |addresses: &[&str], besides: &[u16], expect: Option<&[u16]>| {
            let addresses: Vec<Address> = addresses.iter().map(|text| Address::new(*text).unwrap()).collect();
            let besides = besides.iter().copied().collect();
            assert_eq!(ports(&addresses, &besides).as_deref(), expect, "{addresses:?}");
        };
        check(&["https://192.0.2.1:7443"], &[], Some(&[7443]));
        check(&["https://[2001:db8::1]:7443", "https://192.0.2.1:443"], &[8443], Some(&[443, 7443, 8443]));
        check(&["https://collector.example:7443"], &[], Some(&[53, 7443]));
        check(&[], &[8443], None);
    }

    #[test]
    fn an_agent_may_change_its_state_and_run_its_readers() {
        let text = "[node]\nroot = \"/capture\"\n[collector]\naddress = \"https://192.0.2.1:7443\"\n\
                    join_token_file = \"/run/avow/token\"\n[state]\ndirectory = \"/var/lib/x\"\n\
                    [peers]\nlisten = \"192.0.2.1:7445\"\nnodes = { kvm-02 = \"192.0.2.2:7446\" }\n\
                    [confinement]\nread = [\"/srv\"]\n[sources]\nlibvirt_reader = \"/usr/libexec/avow/reader\"\n";
        let config = Config::parse("agent.toml", text, std::iter::empty()).unwrap();
        let plan = Plan::new(&config, crate::source::all()).unwrap();
        assert_eq!(plan.read, ["/srv", "/capture", "/run/avow"].map(PathBuf::from));
        assert_eq!(plan.change, [PathBuf::from("/var/lib/x")]);
        assert!(plan.run.contains(&PathBuf::from("/usr/libexec/avow/reader")), "{:?}", plan.run);
        assert_eq!((plan.connect, plan.listen), (Some(vec![7443, 7446]), vec![7445]));
        assert_eq!(plan.account, None);
    }

    #[test]
    fn a_user_that_is_not_there_is_named_with_the_remedy() {
        let config = Config::parse("x", "[confinement]\nuser = \"no-such-user\"\n", std::iter::empty()).unwrap();
        let error = Plan::new(&config, &[]).unwrap_err().to_string();
        assert!(error.contains("no-such-user") && error.contains("[confinement]"), "{error}");
    }
}

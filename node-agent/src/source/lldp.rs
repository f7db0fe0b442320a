//! Neighbours: the devices at the other end of the cables, as they announce themselves by LLDP.
//!
//! Listening takes `CAP_NET_RAW`, which the agent does not have, so a daemon that listens anyway is asked: lldpd by its client
//! (`lldpcli -f json0`, under the deadline of sources), or else systemd-networkd by the frames that it keeps for everybody to
//! read in `/run/systemd/netif/lldp`. For lldpd the agent's user must be in the groups of its client and its socket (`adm` and
//! `_lldpd` on Debian); the client's set-user-id bit does nothing for a service that may not gain privileges. Neighbours that
//! speak another protocol than LLDP are left out. A capture holds the client's answer in `/avow/lldp.json`.
//!
//! That nobody listens says nothing of the cables, so it is an absence and not an empty list.
//!
//! Whoever controls a device on a cable can at most announce it as another, or in frames that cannot be read; these cost
//! themselves only.

mod answer;
mod frame;

use std::path::{Path, PathBuf};

use descriptors::fact::lldp::{Listener, LldpFact, Neighbour, Unreadable};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source};
use crate::config;
use crate::exec::{self, ExecError, Program};
use crate::root::Root;

/// Where a capture holds lldpd's answer.
const CAPTURED: &str = "/avow/lldp.json";

/// Where lldpd's client is.
const CLIENT: &str = "/usr/sbin/lldpcli";

/// Where lldpd listens: on Debian, and on Fedora and its kin.
const SOCKETS: [&str; 2] = ["/run/lldpd.socket", "/run/lldpd/lldpd.socket"];

/// Where systemd-networkd keeps frames, in one file for each interface.
const FRAMES: &str = "/run/systemd/netif/lldp";

/// Room for a thousand neighbours in the words of lldpd.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Room for 32 neighbours on one interface.
const FRAMES_BYTES_MAX: usize = 64 << 10;

/// Most announcements that are taken; a node has one on each cable.
const NEIGHBOURS_MAX: usize = 512;

/// See the module.
pub struct Lldp;

impl Source for Lldp {
    fn name(&self) -> &'static str {
        "lldp"
    }

    fn programs(&self, settings: &config::Sources) -> Vec<PathBuf> {
        vec![settings.lldpd_client.clone().unwrap_or_else(|| PathBuf::from(CLIENT))]
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        fetch(context).and_then(|(place, raw)| parse(&place, raw)).map(Fact::from)
    }
}

enum Raw {
    /// What lldpd's client printed.
    Answer(Vec<u8>),
    /// Frames of systemd-networkd, by interface.
    Frames(Vec<(String, Reading<Vec<u8>>)>),
}

/// An announcement, by interface.
type Heard = Result<Neighbour, Unreadable>;

fn fetch(context: &Context) -> Reading<(String, Raw)> {
    let root = &context.root;
    if !root.is_live() && root.exists(CAPTURED) {
        let answer = root.bytes(CAPTURED, ANSWER_BYTES_MAX);
        return answer.map(|bytes| (CAPTURED.to_owned(), Raw::Answer(bytes)));
    }
    let answer = ask_lldpd(root, &context.settings);
    match (answer, frames(root)) {
        (Reading::Present(answer), _) => Reading::Present(answer),
        (Reading::Absent(_), Some(frames)) => Reading::Present((FRAMES.to_owned(), Raw::Frames(frames))),
        (Reading::Absent(absence), None) if absence.reason == AbsenceReason::NotPresent => {
            let detail = format!("{}, and no frames in {FRAMES}: nobody listens", absence.detail);
            Reading::absent(AbsenceReason::NotPresent, detail)
        }
        (Reading::Absent(absence), None) => Reading::Absent(absence),
    }
}

fn ask_lldpd(root: &Root, settings: &config::Sources) -> Reading<(String, Raw)> {
    let found = settings.lldpd_socket.as_deref().or_else(|| SOCKETS.into_iter().find(|path| root.exists(path)));
    let socket = found.unwrap_or(SOCKETS[0]);
    root.daemon(socket).and_then(|()| {
        let path = settings.lldpd_client.as_deref().unwrap_or(Path::new(CLIENT));
        let arguments = ["-u", socket, "-f", "json0", "show", "neighbors", "details"];
        let program =
            Program { path, arguments: &arguments, output_bytes_max: ANSWER_BYTES_MAX, deadline: settings.deadline() };
        match exec::run(&program) {
            Ok(bytes) => Reading::Present((path.display().to_string(), Raw::Answer(bytes))),
            Err(error) => refused(path, &error),
        }
    })
}

fn refused<T>(path: &Path, error: &ExecError) -> Reading<T> {
    let path = path.display();
    match error {
        ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Reading::absent(AbsenceReason::NotPresent, format!("{path}: not there; set lldpd_client"))
        }
        ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            let detail = format!("{path}: put the agent's user into the group that may run it");
            Reading::absent(AbsenceReason::NotPermitted, detail)
        }
        ExecError::Late { .. } => Reading::absent(AbsenceReason::TimedOut, error.to_string()),
        ExecError::Flooded { .. } | ExecError::Failed { .. } => {
            Reading::absent(AbsenceReason::Malformed, error.to_string())
        }
        ExecError::NotAbsolute(_) | ExecError::Start { .. } | ExecError::Follow { .. } => {
            Reading::absent(AbsenceReason::NotSupported, error.to_string())
        }
    }
}

/// The frames of each interface that has any; none where nobody keeps frames.
fn frames(root: &Root) -> Option<Vec<(String, Reading<Vec<u8>>)>> {
    let files = root.list(FRAMES).present().filter(|files| !files.is_empty())?.clone();
    let names = super::net::names(root);
    let name = |index: &String| names.get(index).cloned().unwrap_or_else(|| format!("#{index}"));
    let read = |index: &String| (name(index), root.bytes(&format!("{FRAMES}/{index}"), FRAMES_BYTES_MAX));
    Some(files.iter().map(read).collect())
}

fn parse(place: &str, raw: Raw) -> Reading<LldpFact> {
    let (listener, heard) = match raw {
        Raw::Answer(bytes) => match answer::parse(&bytes) {
            Ok(heard) => (Listener::Lldpd, heard),
            Err(error) => return Reading::absent(AbsenceReason::Malformed, format!("{place}: {error}")),
        },
        Raw::Frames(files) => {
            let of_file = |(interface, bytes): (String, Reading<Vec<u8>>)| match bytes {
                Reading::Present(bytes) => frame::parse(&interface, &bytes),
                Reading::Absent(absence) => vec![Err(Unreadable { interface, why: absence.reason.to_string() })],
            };
            (Listener::Networkd, files.into_iter().flat_map(of_file).collect())
        }
    };
    if heard.len() > NEIGHBOURS_MAX {
        return Reading::absent(AbsenceReason::Malformed, format!("{place}: more than {NEIGHBOURS_MAX} neighbours"));
    }
    Reading::Present(fact(listener, heard))
}

fn fact(listener: Listener, heard: Vec<Heard>) -> LldpFact {
    let mut fact = LldpFact { listener, neighbours: Vec::new(), unreadable: Vec::new() };
    for announcement in heard {
        match announcement {
            Ok(neighbour) => fact.neighbours.push(neighbour),
            Err(unreadable) => fact.unreadable.push(unreadable),
        }
    }
    fact.neighbours.sort_by(|a, b| (&a.interface, &a.chassis, &a.port).cmp(&(&b.interface, &b.chassis, &b.port)));
    fact.neighbours.dedup_by(|a, b| (&a.interface, &a.chassis, &a.port) == (&b.interface, &b.chassis, &b.port));
    fact.unreadable.sort();
    fact.unreadable.dedup();
    fact
}

/// What a device did not say.
fn not_said<T>(what: &str) -> Reading<T> {
    Reading::absent(AbsenceReason::NotPresent, format!("the neighbour announces no {what}"))
}

#[cfg(test)]
mod tests;

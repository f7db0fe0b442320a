//! `avow-source-libvirt [URI [kept]]`: asks libvirt once, over its read-only socket, and prints the raw answers as JSON. With
//! `kept` it stays: each line of its input is a question, each answer follows its length, and with its input it ends.
//!
//! A program of its own, because libvirt's calls have no timeouts: the agent kills it when it is late. It asks for versions,
//! the node, its capabilities, for each guest its state and its definition, and for the features of the processor models
//! found there, for storage pools and networks: all of which a frozen guest does not block. It never asks for statistics:
//! those calls block a worker of libvirtd each, even after their caller was killed. What the answers mean is not known
//! here, but for the names of the models.
//!
//! One that is kept asks everything anew each time, but for the features of models, which change with libvirt alone: they are
//! those of the connection. A connection that broke since the last question, as when the daemon was restarted, is opened again.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use descriptors::fact::{AbsenceReason, Reading};
use node_agent::confine::{FilterError, forbid_programs};
use node_agent::exec::{LENGTH_BYTES, QUESTION};
use node_agent::reader::KEPT;
use node_agent::source::libvirt::{Answer, Answers, CpuModel, DomainAnswer, NodeAnswer, SYSTEM, cpu_models};
use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::{Error, ErrorNumber};
use virt::sys;

fn main() -> ExitCode {
    // If the agent dies first, nobody is left to kill us.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // What a hostile answer of libvirt may make of this process, it runs no other program.
    if let Err(FilterError::Compile(_) | FilterError::Install(_)) = forbid_programs() {
        return ExitCode::FAILURE;
    }
    virt::error::clear_error_callback();

    let mut arguments = std::env::args().skip(1);
    let mut libvirt = Libvirt { uri: arguments.next().unwrap_or_else(|| SYSTEM.to_owned()), connection: None };
    let answered = match arguments.next() {
        None => libvirt.print(false),
        Some(word) if word == KEPT => libvirt.stay(),
        Some(_) => return ExitCode::FAILURE,
    };
    if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where to ask.
struct Libvirt {
    uri: String,
    connection: Option<Connection>,
}

/// An open connection, and what was asked of it once.
struct Connection {
    connect: Connect,
    models: BTreeMap<CpuModel, Reading<String>>,
}

impl Libvirt {
    /// One answer for each question, until the input ends.
    fn stay(&mut self) -> io::Result<()> {
        let mut question = [0];
        while io::stdin().read(&mut question)? > 0 {
            if question == [QUESTION] {
                self.print(true)?;
            }
        }
        Ok(())
    }

    fn print(&mut self, with_length: bool) -> io::Result<()> {
        let json = serde_json::to_vec(&self.answer())?;
        let mut output = io::stdout().lock();
        if with_length {
            let length: [u8; LENGTH_BYTES] =
                u32::try_from(json.len()).map_err(|_| io::ErrorKind::FileTooLarge)?.to_be_bytes();
            output.write_all(&length)?;
        }
        output.write_all(&json)?;
        output.flush()
    }

    fn answer(&mut self) -> Answer {
        if let Some(mut kept) = self.connection.take() {
            let answers = kept.ask(self.uri.clone());
            // Local: it is known since a call failed. What a broken connection left unsaid is asked once more.
            if kept.connect.is_alive().unwrap_or(false) {
                self.connection = Some(kept);
                return Reading::Present(answers);
            }
        }
        match Connect::open_read_only(Some(&self.uri)) {
            Ok(connect) => {
                let connection = self.connection.insert(Connection { connect, models: BTreeMap::new() });
                Reading::Present(connection.ask(self.uri.clone()))
            }
            Err(error) => refused(&self.uri, &error),
        }
    }
}

impl Connection {
    fn ask(&mut self, uri: String) -> Answers {
        let connect = &self.connect;
        let capabilities = reading("virConnectGetCapabilities", connect.get_capabilities());
        let domains = domains(connect);
        let models = cpu_models(&capabilities, &domains);
        self.models.retain(|model, expansion| expansion.present().is_some() && models.contains(model));
        for model in models {
            self.models.entry(model).or_insert_with_key(|model| expanded(connect, model));
        }
        Answers {
            uri,
            hypervisor: reading("virConnectGetType", connect.get_type()),
            library_version: reading("virConnectGetLibVersion", connect.get_lib_version()).map(u64::from),
            hypervisor_version: reading("virConnectGetVersion", connect.get_hyp_version()).map(u64::from),
            node: reading("virNodeGetInfo", connect.get_node_info())
                .map(|node| NodeAnswer { cpus: node.cpus, memory_kibibytes: node.memory }),
            cpu_models: self.models.iter().map(|(model, expansion)| (model.key(), expansion.clone())).collect(),
            storage_pools: storage_pools(connect),
            networks: networks(connect),
            capabilities,
            domains,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.connect.close();
    }
}

fn expanded(connection: &Connect, model: &CpuModel) -> Reading<String> {
    let flags = sys::VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES;
    reading("virConnectBaselineCPU", connection.baseline_cpu(&[&model.xml()], flags))
}

/// Definitions of the active pools. One that is gone since the list was made is left out.
fn storage_pools(connection: &Connect) -> Reading<Vec<String>> {
    match connection.list_all_storage_pools(sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) {
        Ok(pools) => {
            let texts = pools.iter().map(|pool| pool.get_xml_desc(0));
            all("virStoragePoolGetXMLDesc", texts, ErrorNumber::NoStoragePool)
        }
        Err(error) => refused("virConnectListAllStoragePools", &error),
    }
}

/// Definitions of the active networks. One that is gone since the list was made is left out.
fn networks(connection: &Connect) -> Reading<Vec<String>> {
    match connection.list_all_networks(sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE) {
        Ok(networks) => {
            let texts = networks.iter().map(|network| network.get_xml_desc(0));
            all("virNetworkGetXMLDesc", texts, ErrorNumber::NoNetwork)
        }
        Err(error) => refused("virConnectListAllNetworks", &error),
    }
}

/// All texts but those of things that are gone; any other failure makes the list absent.
fn all(call: &str, texts: impl Iterator<Item = Result<String, Error>>, gone: ErrorNumber) -> Reading<Vec<String>> {
    let mut all = Vec::new();
    for text in texts {
        match text {
            Ok(text) => all.push(text),
            Err(error) if error.code() == gone => {}
            Err(error) => return refused(call, &error),
        }
    }
    Reading::Present(all)
}

/// Every guest. One that is gone since the list was made is left out; any other failure makes the list absent, because a
/// list with a hole would look complete.
fn domains(connection: &Connect) -> Reading<Vec<DomainAnswer>> {
    let domains = match connection.list_all_domains(0) {
        Ok(domains) => domains,
        Err(error) => return refused("virConnectListAllDomains", &error),
    };
    let mut answers = Vec::with_capacity(domains.len());
    for domain in &domains {
        match ask_domain(domain) {
            Ok(answer) => answers.push(answer),
            Err(error) if error.code() == ErrorNumber::NoDomain => {}
            Err(error) => return refused("virDomainGetState", &error),
        }
    }
    Reading::Present(answers)
}

fn ask_domain(domain: &Domain) -> Result<DomainAnswer, Error> {
    let (state, _) = domain.get_state()?;
    Ok(DomainAnswer {
        uuid: domain.get_uuid_string()?,
        name: domain.get_name()?,
        state,
        // No flags: secrets are left out, and a read-only connection would not get them.
        xml: reading("virDomainGetXMLDesc", domain.get_xml_desc(0)),
    })
}

fn reading<T>(call: &str, outcome: Result<T, Error>) -> Reading<T> {
    match outcome {
        Ok(value) => Reading::Present(value),
        Err(error) => refused(call, &error),
    }
}

fn refused<T>(what: &str, error: &Error) -> Reading<T> {
    let reason = match error.code() {
        ErrorNumber::OperationDenied | ErrorNumber::AuthFailed | ErrorNumber::AccessDenied => {
            AbsenceReason::NotPermitted
        }
        ErrorNumber::NoDomain | ErrorNumber::NoConnect => AbsenceReason::NotPresent,
        // Of a socket that is not there, or that nobody listens on any more.
        ErrorNumber::SystemError
            if ["No such file", "Connection re"].iter().any(|text| error.message().contains(text)) =>
        {
            AbsenceReason::NotPresent
        }
        // The daemon went away while it was asked.
        ErrorNumber::Rpc | ErrorNumber::InternalError if error.message().contains("End of file") => {
            AbsenceReason::NotPresent
        }
        ErrorNumber::SystemError if error.message().contains("Permission denied") => AbsenceReason::NotPermitted,
        _ => AbsenceReason::NotSupported,
    };
    Reading::absent(reason, format!("{what}: {}", error.message()))
}

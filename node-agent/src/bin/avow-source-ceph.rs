//! `avow-source-ceph CONF NAME KEYRING DEADLINE_MS`: asks the monitors of a Ceph cluster once and prints the raw answers as
//! JSON.
//!
//! A program of its own, because a client of Ceph waits for ever for a monitor that does not answer: the agent kills it when
//! it is late. It gives up by itself before that, so that answers that came are not lost with one that did not. It sends
//! commands that read, and only to monitors. What the answers mean is not known here.
//!
//! Whoever controls the monitors can make it use at most [`MEMORY_BYTES_MAX`], and its time.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use descriptors::fact::{AbsenceReason, Reading};
use node_agent::confine::{FilterError, forbid_programs};
use node_agent::source::ceph::{
    Answer, Answers, COMMANDS, ERASURE_PROFILE, ERASURE_PROFILES, ERASURE_PROFILES_MAX, readable,
};
use rados::cephconfig::{CephConfig, ConfigError};
use rados::monclient::CommandResult;
use rados::{AuthConfig, MonClient, MonClientConfig, MonClientError};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Most memory that may be written to. A monitor names the length of what it sends; some clusters answer with megabytes.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

/// What to ask, and as whom.
struct Settings {
    conf: String,
    name: String,
    keyring: String,
    deadline: Duration,
}

fn main() -> ExitCode {
    // If the agent dies first, nobody is left to kill us.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // What a hostile answer may make of this process, it runs no other program.
    if let Err(FilterError::Compile(_) | FilterError::Install(_)) = forbid_programs() {
        return ExitCode::FAILURE;
    }
    let limit = Rlimit { current: Some(MEMORY_BYTES_MAX), maximum: Some(MEMORY_BYTES_MAX) };
    let bounded = setrlimit(Resource::Data, limit).is_ok();
    let (true, Some(settings)) = (bounded, settings(std::env::args().skip(1))) else { return ExitCode::from(2) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let answer: Answer = runtime.block_on(ask(&settings));
    let written = serde_json::to_vec(&answer).is_ok_and(|json| std::io::stdout().write_all(&json).is_ok());
    // Connections are left to the end of the process.
    runtime.shutdown_background();
    if written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Option<Settings> {
    let settings = Settings {
        conf: arguments.next()?,
        name: arguments.next()?,
        keyring: arguments.next()?,
        deadline: Duration::from_millis(arguments.next()?.parse().ok()?),
    };
    arguments.next().is_none().then_some(settings)
}

async fn ask(settings: &Settings) -> Answer {
    let end = Instant::now() + settings.deadline;
    let client = match timeout_at(end, connect(settings)).await {
        Ok(Reading::Present(client)) => client,
        Ok(Reading::Absent(absence)) => return Reading::Absent(absence),
        Err(_) => return late("no monitor answered", settings.deadline),
    };
    let mut commands = invoke_all(&client, COMMANDS.map(str::to_owned), end, settings.deadline).await;
    let profiles = commands.get(ERASURE_PROFILES).and_then(Reading::present);
    let profiles: Vec<String> = profiles.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let questions = profiles.iter().take(ERASURE_PROFILES_MAX).map(|name| format!("{ERASURE_PROFILE} {name}"));
    commands.extend(invoke_all(&client, questions, end, settings.deadline).await);
    Reading::Present(Answers { commands })
}

/// A connection to one monitor, authenticated.
async fn connect(settings: &Settings) -> Reading<Arc<MonClient>> {
    for path in [&settings.conf, &settings.keyring] {
        if let Reading::Absent(absence) = readable(Path::new(path)) {
            return Reading::Absent(absence);
        }
    }
    let auth = match AuthConfig::from_keyring(settings.name.clone(), &settings.keyring) {
        Ok(auth) => auth,
        Err(error) => return Reading::absent(AbsenceReason::Malformed, format!("{}: {error}", settings.keyring)),
    };
    let monitors = match CephConfig::from_file(&settings.conf).and_then(|conf| conf.mon_addrs()) {
        Ok(monitors) => monitors,
        Err(error) => return Reading::absent(conf_reason(&error), format!("{}: {error}", settings.conf)),
    };
    let config = MonClientConfig { mon_addrs: monitors, auth: Some(auth), ..MonClientConfig::default() };
    // No map of OSDs is asked for: in a large cluster it is as large as all answers together.
    let client = match MonClient::new(config, None).await {
        Ok(client) => client,
        Err(error) => return Reading::absent(AbsenceReason::Malformed, format!("{}: {error}", settings.conf)),
    };
    let ready = async {
        client.init().await?;
        client.wait_for_auth(settings.deadline).await?;
        client.wait_for_monmap(settings.deadline).await
    };
    match ready.await {
        Ok(()) => Reading::Present(client),
        Err(error) => refused("connect", &error),
    }
}

/// Asks all at once; each answer is on its own.
async fn invoke_all(
    client: &Arc<MonClient>,
    commands: impl IntoIterator<Item = String>,
    end: Instant,
    deadline: Duration,
) -> BTreeMap<String, Reading<String>> {
    let mut asked = JoinSet::new();
    for command in commands {
        let client = Arc::clone(client);
        asked.spawn(async move {
            let answer = timeout_at(end, invoke(&client, &command)).await;
            let answer = answer.unwrap_or_else(|_| late(&command, deadline));
            (command, answer)
        });
    }
    asked.join_all().await.into_iter().collect()
}

fn invoke(client: &MonClient, command: &str) -> impl Future<Output = Reading<String>> {
    let name = command.strip_prefix(ERASURE_PROFILE).map(str::trim).filter(|name| !name.is_empty());
    let mut question = serde_json::json!({"prefix": command, "format": "json"});
    if let Some(name) = name {
        question = serde_json::json!({"prefix": ERASURE_PROFILE, "name": name, "format": "json"});
    }
    if command == "osd pool ls detail" {
        question = serde_json::json!({"prefix": "osd pool ls", "detail": "detail", "format": "json"});
    }
    async move {
        match client.invoke(vec![question.to_string()], Default::default()).await {
            Ok(result) => said(command, result),
            Err(error) => refused(command, &error),
        }
    }
}

fn said(command: &str, result: CommandResult) -> Reading<String> {
    if result.retval == 0 {
        return match String::from_utf8(result.outbl.into()) {
            Ok(text) => Reading::Present(text),
            Err(_) => Reading::absent(AbsenceReason::Malformed, format!("{command}: not UTF-8")),
        };
    }
    let text: String = result.outs.chars().take(200).collect();
    Reading::absent(errno_reason(result.retval), format!("{command}: {text} ({})", result.retval))
}

/// What an error number says, negative as Ceph gives it.
fn errno_reason(retval: i32) -> AbsenceReason {
    match retval {
        -1 | -13 => AbsenceReason::NotPermitted,
        -2 => AbsenceReason::NotPresent,
        -110 => AbsenceReason::TimedOut,
        _ => AbsenceReason::NotSupported,
    }
}

fn conf_reason(error: &ConfigError) -> AbsenceReason {
    match error {
        ConfigError::IoError(_) => AbsenceReason::NotSupported,
        ConfigError::MissingOption(_) => AbsenceReason::NotPresent,
        ConfigError::ParseError(_) => AbsenceReason::Malformed,
    }
}

fn late<T>(what: &str, deadline: Duration) -> Reading<T> {
    Reading::absent(AbsenceReason::TimedOut, format!("{what} within {} ms", deadline.as_millis()))
}

fn refused<T>(what: &str, error: &MonClientError) -> Reading<T> {
    let text = error.to_string();
    let reason = match error {
        MonClientError::AuthenticationTimeout | MonClientError::Timeout => AbsenceReason::TimedOut,
        // The library has no variant for a key that is refused.
        _ if text.to_ascii_lowercase().contains("auth") => AbsenceReason::NotPermitted,
        MonClientError::NotConnected | MonClientError::MonitorUnavailable | MonClientError::IoError(_) => {
            AbsenceReason::NotPresent
        }
        _ => AbsenceReason::NotSupported,
    };
    let text: String = text.chars().take(200).collect();
    Reading::absent(reason, format!("{what}: {text}"))
}

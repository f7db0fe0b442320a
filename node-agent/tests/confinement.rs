//! What a confined agent can still do, tried from inside.
//!
//! This program runs itself as `probe`: a process that tries everything once before and once after it confined itself, and
//! prints what the system answered. The laws below look at those answers. Each law also needs that the same thing worked
//! before, so that it is the confinement that refused.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test with a harness of its own, about processes"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use descriptors::fact::agent::{Confinement, Enforcement};
use node_agent::confine::{self, Account, ConfineError, Plan};
use node_agent::exec::{self, ExecError, Program};
use node_agent::spool::Spool;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const EPERM: i32 = 1;
const EACCES: i32 = 13;
const ENOSYS: i32 = 38;

const PYTHON: &str = "/usr/bin/python3";
const TRUE: &str = "/usr/bin/true";

/// Answers: 0, or the error's number.
type Answers = BTreeMap<String, i32>;

#[derive(Serialize, Deserialize)]
struct Probed {
    before: Answers,
    after: Answers,
    confinement: Confinement,
    status: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("probe") => probe(Path::new(&arguments[1]), &arguments[2..]),
        Some("two-threads") => two_threads(),
        Some("any-port") => any_port(),
        Some("reader") => reader(),
        _ => return laws(&arguments),
    }
    ExitCode::SUCCESS
}

/// Runs the laws whose name has one of the words given, and says so as the usual harness does.
fn laws(arguments: &[String]) -> ExitCode {
    let laws: [(&str, fn()); 11] = [
        ("files_outside_the_plan_are_neither_read_nor_written", files_outside_the_plan),
        ("the_state_directory_works_as_before", the_state_directory),
        ("programs_outside_the_plan_do_not_run_not_even_through_the_loader", programs_outside_the_plan),
        ("ports_outside_the_plan_are_not_reached", ports_outside_the_plan),
        ("calls_that_an_attacker_wants_are_refused_in_what_the_agent_runs_too", forbidden_calls),
        ("rights_are_gone_for_good", rights_are_gone),
        ("what_was_applied_is_what_the_kernel_says", what_was_applied),
        ("a_reader_runs_no_other_program", a_reader_runs_no_other_program),
        ("an_agent_with_two_threads_is_not_confined", an_agent_with_two_threads),
        ("what_is_required_and_missing_is_an_error", what_is_required_and_missing),
        ("a_confined_agent_reads_what_an_unconfined_one_reads", reads_the_same),
    ];
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        laws.iter().filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())));
    let (mut passed, mut failed) = (0, 0);
    for (name, law) in chosen {
        let held = catch_unwind(law).is_ok();
        println!("test {name} ... {}", if held { "ok" } else { "FAILED" });
        if held { passed += 1 } else { failed += 1 }
    }
    let filtered = laws.len() - passed - failed;
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

// --- The probe -------------------------------------------------------------------------------------------------------

/// Tries everything below `place`, confines itself, and tries it again.
fn probe(place: &Path, ports: &[String]) {
    let [allowed, other] = [0, 1].map(|at| ports[at].parse::<u16>().unwrap());
    let before = attempts(place, allowed, other);
    let plan = Plan {
        account: is_root().then(|| Account::find("nobody").unwrap()),
        read: Vec::new(),
        change: vec![place.join("state")],
        run: vec![PathBuf::from(PYTHON)],
        connect: Some(vec![allowed]),
        listen: Vec::new(),
    };
    let confinement = confine::apply(&plan, false).unwrap();
    // In a thread, as sources are.
    let place = place.to_owned();
    let (after, status) = std::thread::spawn(move || {
        (attempts(&place, allowed, other), std::fs::read_to_string("/proc/thread-self/status").unwrap())
    })
    .join()
    .unwrap();
    println!("{}", serde_json::to_string(&Probed { before, after, confinement, status }).unwrap());
}

fn attempts(place: &Path, allowed: u16, other: u16) -> Answers {
    let mut answers = Answers::new();
    let mut note = |name: &str, outcome: io::Result<()>| {
        let answer = outcome.err().map_or(0, |error| error.raw_os_error().unwrap_or(-1));
        answers.insert(name.to_owned(), answer);
    };
    let open = |path: &str| File::open(path).map(drop);
    let write = |path: PathBuf| std::fs::write(path, "x");
    note("read /proc", open("/proc/self/status"));
    note("read /sys", open("/sys/devices/system/cpu/online"));
    note("read /etc", open("/etc/passwd"));
    note("read shadow", open("/etc/shadow"));
    note("read home", std::fs::read_dir("/root").map(drop));
    note("read what all may", File::open(place.join("open/file")).map(drop));
    note("list what all may", std::fs::read_dir(place.join("open")).map(drop));
    note("write what all may", write(place.join("open/file")));
    note("make where all may", write(place.join("open/new")));
    note("truncate what all may", File::options().write(true).truncate(true).open(place.join("open/file")).map(drop));
    note(
        "write /etc",
        write(PathBuf::from("/etc/avow-confinement-probe"))
            .and_then(|()| std::fs::remove_file("/etc/avow-confinement-probe")),
    );
    note("write state", write(place.join("state/file")));
    note("move within state", std::fs::rename(place.join("state/file"), place.join("state/aside/file")));
    note("link within state", std::fs::hard_link(place.join("state/aside/file"), place.join("state/link")));
    note("remove from state", std::fs::remove_file(place.join("state/link")));
    note("keep and set aside in the spool", spool(&place.join("state")));
    let mode = std::fs::Permissions::from_mode(0o755);
    note(
        "put a program into state",
        std::fs::copy(TRUE, place.join("state/true"))
            .map(drop)
            .or_else(|_| write(place.join("state/true")))
            .and_then(|()| std::fs::set_permissions(place.join("state/true"), mode)),
    );
    note("run from state", run(&place.join("state/true"), &[]).map(drop));
    note("run true", run(Path::new(TRUE), &[]).map(drop));
    note("run python", run(Path::new(PYTHON), &["-I", "-S", "-c", ""]).map(drop));
    note("end what is late", late());
    if let Some(loader) = loader() {
        note("run true by the loader", run(Path::new(loader), &[TRUE]).map(drop));
    }
    let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map(drop);
    note("connect to the collector", connect(allowed));
    note("connect elsewhere", connect(other));
    note("listen", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(drop));
    for (call, answer) in calls() {
        answers.insert(call, answer);
    }
    answers
}

/// Stores a statement, lets the collector refuse it, and finds it where such statements are kept.
fn spool(state: &Path) -> io::Result<()> {
    let directory = state.join(if rustix::process::geteuid().is_root() { "spool-of-root" } else { "spool" });
    let mut spool = Spool::open(&directory, 1 << 20).map_err(io::Error::other)?;
    let sequence = spool.reserve().map_err(io::Error::other)?;
    spool.push(sequence, b"statement").map_err(io::Error::other)?;
    spool.refuse(sequence, "on purpose");
    let kept = std::fs::read_dir(directory.join("refused"))?.count();
    if kept > 0 { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Calls that Rust has no safe function for, made by a program that the plan allows.
const SCRIPT: &str = r#"
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    return 0 if libc.syscall(number, *arguments) >= 0 else ctypes.get_errno()
print(json.dumps({
    "ptrace": call(101, 0, 0, 0, 0),
    "mount": call(165, b"none", b"/nonexistent", b"tmpfs", 0, 0),
    "bpf": call(321, 99, 0, 0),
    "unshare": call(272, 0x00020000),
    "init_module": call(175, 0, 0, b""),
    "kexec_load": call(246, 0, 99, 0, 99),
    "process_vm_readv": call(310, 1, 0, 0, 0, 0, 0),
    "perf_event_open": call(298, 0, 0, -1, -1, 0),
    "io_uring_setup": call(425, 0, 0),
    "userfaultfd": call(323, 99),
    "keyctl": call(250, 99),
    "setns": call(308, -1, 0),
    "pidfd_getfd": call(438, -1, 0, 0),
    "open_by_handle_at": call(304, -1, 0, 0),
    "clone3": call(435, 0, 0),
    "setuid": call(105, 0),
    "socket packet": call(41, 17, 3, 0),
    "socket vsock": call(41, 40, 1, 0),
    "socket inet": call(41, 2, 1, 0),
}))
"#;

fn calls() -> Answers {
    if !cfg!(target_arch = "x86_64") {
        return Answers::new();
    }
    let output = run(Path::new(PYTHON), &["-I", "-S", "-c", SCRIPT]).expect("python runs");
    serde_json::from_slice(&output).unwrap()
}

fn run(path: &Path, arguments: &[&str]) -> io::Result<Vec<u8>> {
    let program = Program { path, arguments, output_bytes_max: 64 << 10, deadline: Duration::from_secs(30) };
    exec::run(&program).map_err(|error| match error {
        ExecError::Start { source, .. } => source,
        other => io::Error::other(other.to_string()),
    })
}

/// A program that hangs is ended, and gone.
fn late() -> io::Result<()> {
    let arguments = &["-I", "-S", "-c", "import time; time.sleep(600)"];
    let deadline = Duration::from_millis(500);
    match exec::run(&Program { path: Path::new(PYTHON), arguments, output_bytes_max: 1, deadline }) {
        Err(ExecError::Late { .. }) => Ok(()),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

fn loader() -> Option<&'static str> {
    ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].into_iter().find(|path| Path::new(path).exists())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn two_threads() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || wait.recv());
    let refused = matches!(confine::apply(&Plan::default(), false), Err(ConfineError::Threads(2)));
    drop(end);
    let _ = other.join();
    println!("{refused}");
}

fn any_port() {
    let required = confine::apply(&Plan::default(), true).map(drop).map_err(|error| error.to_string());
    println!("{}", serde_json::to_string(&required).unwrap());
}

fn reader() {
    let before = run(Path::new(TRUE), &[]).is_ok();
    confine::forbid_programs().unwrap();
    let after = run(Path::new(TRUE), &[]).err().and_then(|error| error.raw_os_error());
    println!("{}", serde_json::to_string(&(before, after)).unwrap());
}

// --- The laws --------------------------------------------------------------------------------------------------------

fn start(arguments: &[&str]) -> String {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn probed() -> &'static Probed {
    static PROBED: OnceLock<Probed> = OnceLock::new();
    PROBED.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        for name in ["open", "state", "state/aside"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
            mode(&place.path().join(name), 0o777);
        }
        mode(place.path(), 0o755);
        std::fs::write(place.path().join("open/file"), "x").unwrap();
        mode(&place.path().join("open/file"), 0o666);
        let listeners = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let [allowed, other] = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port().to_string());
        let place = place.path().to_str().unwrap();
        serde_json::from_str(&start(&["probe", place, &allowed, &other])).unwrap()
    })
}

/// The kernel's version of Landlock, or nothing and a word about it: where it must not be missing, that is a failure.
fn landlock(law: &str) -> Option<u32> {
    let abi = probed().confinement.landlock_abi.present().copied();
    if abi.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and this kernel has no Landlock");
        println!("skipped: {law}: this kernel has no Landlock");
    }
    abi
}

/// `name` worked before, and gives `expect` now.
fn refused(name: &str, expect: i32) {
    let probed = probed();
    assert_eq!(probed.after[name], expect, "{name}, confined");
    assert_eq!(probed.before[name], 0, "{name}, before");
}

fn allowed(name: &str) {
    let probed = probed();
    assert_eq!((probed.before[name], probed.after[name]), (0, 0), "{name}");
}

fn files_outside_the_plan() {
    let Some(abi) = landlock("files outside the plan") else { return };
    for name in ["read what all may", "list what all may", "write what all may", "make where all may"] {
        refused(name, EACCES);
    }
    if abi >= 3 {
        refused("truncate what all may", EACCES);
    }
    if is_root() {
        for name in ["read shadow", "read home", "write /etc"] {
            refused(name, EACCES);
        }
    } else {
        println!("skipped: what only root could read before: this test does not run as root");
    }
    for name in ["read /proc", "read /sys", "read /etc"] {
        allowed(name);
    }
}

fn the_state_directory() {
    for name in ["write state", "remove from state"] {
        allowed(name);
    }
    // Before 5.19 a file stays in its directory.
    if probed().confinement.landlock_abi.present().is_none_or(|abi| *abi >= 2) {
        allowed("move within state");
        allowed("link within state");
    }
    allowed("keep and set aside in the spool");
}

fn programs_outside_the_plan() {
    if landlock("programs outside the plan").is_none() {
        return;
    }
    refused("run true", EACCES);
    refused("run from state", EACCES);
    allowed("run python");
    allowed("end what is late");
    if loader().is_some() {
        // The loader itself runs; it cannot read what it is to load, and ends with a failure of its own.
        refused("run true by the loader", -1);
    }
}

fn ports_outside_the_plan() {
    match landlock("ports outside the plan") {
        Some(abi) if abi >= 4 => {}
        Some(abi) => return println!("skipped: ports outside the plan: Landlock ABI {abi} does not know TCP"),
        None => return,
    }
    allowed("connect to the collector");
    refused("connect elsewhere", EACCES);
    refused("listen", EACCES);
}

fn forbidden_calls() {
    if !cfg!(target_arch = "x86_64") {
        return println!("skipped: forbidden calls: their numbers are those of x86-64");
    }
    let probed = probed();
    for name in [
        "ptrace",
        "mount",
        "bpf",
        "unshare",
        "init_module",
        "kexec_load",
        "process_vm_readv",
        "perf_event_open",
        "io_uring_setup",
        "userfaultfd",
        "keyctl",
        "setns",
        "pidfd_getfd",
        "open_by_handle_at",
    ] {
        assert_eq!(probed.after[name], EPERM, "{name}, confined");
        // Wrong arguments gave another error before, but for a kernel that forbids a call to all.
        let closed = ["io_uring_setup", "perf_event_open"].contains(&name);
        assert!(probed.before[name] != EPERM || closed || !is_root(), "{name}, before");
    }
    for name in ["clone3", "setuid", "socket packet", "socket vsock"] {
        assert_eq!(probed.after[name], ENOSYS, "{name}, confined");
        assert_ne!(probed.before[name], ENOSYS, "{name}, before");
    }
    allowed("socket inet");
}

fn status(name: &str) -> String {
    let line = probed().status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rights_are_gone() {
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(status(set), "0000000000000000", "{set}");
    }
    assert_eq!(status("NoNewPrivs:"), "1");
    if is_root() {
        let nobody = Account::find("nobody").unwrap();
        let all = |id: u32| [id; 4].map(|id| id.to_string()).join(" ");
        assert_eq!((status("Uid:"), status("Gid:")), (all(nobody.uid), all(nobody.gid)));
        assert_eq!(status("Groups:"), nobody.groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
        assert_eq!(status("CapBnd:"), "0000000000000000");
    } else {
        println!("skipped: another account: this test does not run as root");
    }
}

fn what_was_applied() {
    let confinement = &probed().confinement;
    assert_eq!(confinement.system_calls_listed.present(), Some(&true));
    assert!(status("Seccomp_filters:").parse::<u32>().unwrap() >= 2);
    assert_eq!(status("Seccomp:"), "2");
    if let Some(abi) = landlock("what was applied") {
        let full = confinement.landlock.present() == Some(&Enforcement::Full);
        assert_eq!(full, abi >= 7, "{confinement:?}");
        assert_eq!(confinement.tcp_connect_ports.present().map(Vec::len), (abi >= 4).then_some(1));
    }
}

fn a_reader_runs_no_other_program() {
    assert_eq!(start(&["reader"]).trim(), format!("[true,{EPERM}]"));
}

fn an_agent_with_two_threads() {
    assert_eq!(start(&["two-threads"]).trim(), "true");
}

fn what_is_required_and_missing() {
    let refused: Result<(), String> = serde_json::from_str(&start(&["any-port"])).unwrap();
    let error = refused.unwrap_err();
    assert!(error.contains("required = false"), "{error}");
    if landlock("what is required and missing").is_some() {
        assert!(error.contains("the collector's port was not known"), "{error}");
    }
}

/// The shipped program, twice; whoever runs the test, so that rights are the same but for capabilities.
fn reads_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let gather = |arguments: &[&str]| -> Value {
        let state = directory.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_avow-agent"));
        command.args(["gather", "-o", "json"]).args(arguments).env_clear().env("AVOW_STATE__DIRECTORY", state);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (free, confined) = (gather(&[]), gather(&["--confined"]));
    for (name, fact) in free["facts"].as_object().unwrap() {
        let same = *fact == confined["facts"][name];
        assert!(same || name == "agent", "{name}: {fact:#}\nconfined: {:#}", confined["facts"][name]);
    }
    let agent = |report: &Value| report["facts"]["agent"]["present"]["agent"].clone();
    assert_eq!(agent(&free)["confinement"]["absent"]["reason"], "disabled");
    assert_eq!(agent(&confined)["no_new_privileges"]["present"], true, "{confined:#}");
    assert_eq!(agent(&confined)["capabilities_mask"]["present"], "0000000000000000");
    assert_eq!(agent(&confined)["confinement"]["present"]["system_calls_listed"]["present"], true);
}

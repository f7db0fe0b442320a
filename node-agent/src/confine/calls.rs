//! Calls: which system calls, by seccomp.
//!
//! Two filters. One lists what the agent and its readers were seen to need, with the siblings that other C libraries and
//! processors use instead; the rest answers `ENOSYS`, as an older kernel would, so that libraries fall back. The other names what an
//! attacker would want, and answers `EPERM`; both apply, and where both refuse, the second speaks. A call that nobody has
//! thought of is thus refused. Arguments are looked at in two places: a clone that makes namespaces, and a socket of a family
//! that no source uses. What the calls are for is not known here.

use std::io;

use seccompiler::{BpfProgram, TargetArch};
use serde_json::{Value, json};

/// "Function not implemented" on every Linux.
const ENOSYS: u32 = 38;

/// "Operation not permitted" on every Linux.
const EPERM: u32 = 1;

/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`, `NEWNET`.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;

/// `AF_UNIX`, `AF_INET`, `AF_INET6`, `AF_NETLINK`.
const SOCKET_FAMILIES: [u32; 4] = [1, 2, 10, 16];

/// Calls with every argument, on every processor.
const PERMITTED: &[&str] = &[
    // Files.
    "chdir",
    "close",
    "close_range",
    "copy_file_range",
    "dup",
    "dup3",
    "eventfd2",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fcntl",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getcwd",
    "getdents64",
    "ioctl",
    "linkat",
    "lseek",
    "memfd_create",
    "mkdirat",
    "newfstatat",
    "openat",
    "openat2",
    "pipe2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readlinkat",
    "readv",
    "renameat",
    "renameat2",
    "sendfile",
    "splice",
    "statfs",
    "statx",
    "symlinkat",
    "truncate",
    "umask",
    "unlinkat",
    "utimensat",
    "write",
    "writev",
    // Memory.
    "brk",
    "madvise",
    "membarrier",
    "mincore",
    "mlock",
    "mmap",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    // Threads, processes, signals.
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "futex",
    "futex_waitv",
    "get_mempolicy",
    "get_robust_list",
    "getcpu",
    "getpgid",
    "getpid",
    "getppid",
    "getpriority",
    "getsid",
    "gettid",
    "ioprio_get",
    "ioprio_set",
    "kill",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "pidfd_open",
    "pidfd_send_signal",
    "prctl",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getaffinity",
    "sched_getattr",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setscheduler",
    "sched_yield",
    "seccomp",
    "set_robust_list",
    "set_tid_address",
    "setpgid",
    "setpriority",
    "setsid",
    "sigaltstack",
    "signalfd4",
    "tgkill",
    "tkill",
    "wait4",
    "waitid",
    // Time.
    "adjtimex",
    "clock_adjtime",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "getitimer",
    "gettimeofday",
    "nanosleep",
    "setitimer",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "times",
    // Waiting and sockets.
    "accept",
    "accept4",
    "bind",
    "connect",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "ppoll",
    "pselect6",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socketpair",
    // What one is, and what there is.
    "capget",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "getuid",
    "prlimit64",
    "sysinfo",
    "uname",
];

/// The older forms of calls above, which only x86-64 has.
#[cfg(target_arch = "x86_64")]
const PERMITTED_HERE: &[&str] = &[
    "access",
    "alarm",
    "arch_prctl",
    "chmod",
    "chown",
    "creat",
    "dup2",
    "epoll_create",
    "epoll_wait",
    "eventfd",
    "fork",
    "getdents",
    "getpgrp",
    "lchown",
    "link",
    "lstat",
    "mkdir",
    "open",
    "pause",
    "pipe",
    "poll",
    "readlink",
    "rename",
    "rmdir",
    "select",
    "signalfd",
    "stat",
    "symlink",
    "time",
    "unlink",
    "utime",
    "utimes",
    "vfork",
];

#[cfg(not(target_arch = "x86_64"))]
const PERMITTED_HERE: &[&str] = &[];

/// What would help an attacker most; answered as a permission that is missing.
const FORBIDDEN: &[&str] = &[
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_settime",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
];

/// What runs another program.
const PROGRAMS: &[&str] = &["execve", "execveat"];

/// Why a filter was not installed.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// A processor whose calls are not known here.
    #[error("system calls of {0} are not known")]
    Processor(&'static str),
    /// The filter does not compile.
    #[error("the filter of system calls does not compile")]
    Compile(#[source] seccompiler::Error),
    /// The kernel did not take it.
    #[error("the kernel did not take the filter of system calls")]
    Install(#[source] seccompiler::Error),
}

/// Restricts this thread, and those it starts, to the listed calls.
pub(super) fn restrict() -> Result<(), FilterError> {
    install(&permitted())?;
    install(&refused(FORBIDDEN))
}

/// No other program from here on.
pub(super) fn forbid_programs() -> Result<(), FilterError> {
    install(&refused(PROGRAMS))
}

fn install(filter: &Value) -> Result<(), FilterError> {
    seccompiler::apply_filter(&compile(filter)?).map_err(FilterError::Install)
}

fn compile(filter: &Value) -> Result<BpfProgram, FilterError> {
    let processor = std::env::consts::ARCH;
    let target = TargetArch::try_from(processor).map_err(|_| FilterError::Processor(processor))?;
    let document = json!({ "filter": filter }).to_string();
    let mut programs =
        seccompiler::compile_from_json(io::Cursor::new(document), target).map_err(FilterError::Compile)?;
    // One name went in; an empty program would be refused when it is installed.
    Ok(programs.remove("filter").unwrap_or_default())
}

/// Allows what is listed and answers `ENOSYS` to the rest.
fn permitted() -> Value {
    let names = PERMITTED.iter().chain(PERMITTED_HERE);
    let mut rules: Vec<Value> = names.map(|name| json!({ "syscall": name })).collect();
    let no_namespace = json!({"index": 0, "type": "dword", "op": {"masked_eq": CLONE_NAMESPACES}, "val": 0});
    rules.push(json!({"syscall": "clone", "args": [no_namespace]}));
    for family in SOCKET_FAMILIES {
        rules.push(json!({"syscall": "socket", "args": [{"index": 0, "type": "dword", "op": "eq", "val": family}]}));
    }
    json!({"mismatch_action": {"errno": ENOSYS}, "match_action": "allow", "filter": rules})
}

/// Answers `EPERM` to what is listed and allows the rest.
fn refused(names: &[&str]) -> Value {
    let rules: Vec<Value> = names.iter().map(|name| json!({ "syscall": name })).collect();
    json!({"mismatch_action": "allow", "match_action": {"errno": EPERM}, "filter": rules})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a filter answers.
    #[derive(Debug, PartialEq, Eq)]
    enum Answer {
        Allow,
        Errno(u32),
        Kill,
    }

    /// Runs a filter on a call as the kernel does (`struct seccomp_data`); only the instructions that the compiler emits.
    fn answer(program: &BpfProgram, processor: u32, number: u32, argument: u64) -> Answer {
        let mut data = [0_u8; 64];
        data[..4].copy_from_slice(&number.to_le_bytes());
        data[4..8].copy_from_slice(&processor.to_le_bytes());
        data[16..24].copy_from_slice(&argument.to_le_bytes());
        let (mut at, mut value) = (0, 0_u32);
        loop {
            let step = &program[at];
            at += 1;
            let holds = match step.code {
                0x20 => {
                    let from = step.k as usize;
                    value = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
                    continue;
                }
                0x54 => {
                    value &= step.k;
                    continue;
                }
                0x05 => {
                    at += step.k as usize;
                    continue;
                }
                0x06 => {
                    return match step.k & 0xffff_0000 {
                        0x7fff_0000 => Answer::Allow,
                        0x0005_0000 => Answer::Errno(step.k & 0xffff),
                        _ => Answer::Kill,
                    };
                }
                0x15 => value == step.k,
                0x25 => value > step.k,
                0x35 => value >= step.k,
                code => panic!("an instruction that the kernel knows and this test does not: {code:#x}"),
            };
            at += usize::from(if holds { step.jt } else { step.jf });
        }
    }

    /// The two filters of the agent together: the stricter speaks, and of two that refuse the later one.
    fn agent(number: u32, argument: u64) -> Answer {
        let (permitted, forbidden) = (compile(&permitted()).unwrap(), compile(&refused(FORBIDDEN)).unwrap());
        match answer(&forbidden, PROCESSOR, number, argument) {
            Answer::Allow => answer(&permitted, PROCESSOR, number, argument),
            refused => refused,
        }
    }

    #[cfg(target_arch = "x86_64")]
    const PROCESSOR: u32 = 0xc000_003e;
    #[cfg(target_arch = "aarch64")]
    const PROCESSOR: u32 = 0xc000_00b7;

    #[test]
    fn no_call_is_both_permitted_and_forbidden() {
        let both: Vec<_> = PERMITTED.iter().chain(PERMITTED_HERE).filter(|name| FORBIDDEN.contains(name)).collect();
        assert_eq!(both, Vec::<&&str>::new());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn each_call_gets_its_answer() {
        for (name, number) in [("read", 0), ("openat", 257), ("execve", 59), ("futex", 202), ("connect", 42)] {
            assert_eq!(agent(number, 0), Answer::Allow, "{name}");
        }
        for (name, number) in [("ptrace", 101), ("mount", 165), ("bpf", 321), ("init_module", 175), ("kexec_load", 246)]
        {
            assert_eq!(agent(number, 0), Answer::Errno(EPERM), "{name}");
        }
        for (name, number) in [("clone3", 435), ("setuid", 105), ("getxattr", 191), ("new", 470), ("none", 9999)] {
            assert_eq!(agent(number, 0), Answer::Errno(ENOSYS), "{name}");
        }
        // The same numbers as a 32-bit program on the same kernel would use them.
        assert_eq!(agent(0x4000_0000, 0), Answer::Errno(ENOSYS));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn arguments_decide_on_namespaces_and_families() {
        let (clone, socket) = (56, 41);
        // A thread and a process of the C library; then each with one namespace more.
        for flags in [0x003d_0f00, 0x0120_0011] {
            assert_eq!(agent(clone, flags), Answer::Allow);
            for namespace in [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
            {
                assert_eq!(agent(clone, flags | namespace), Answer::Errno(ENOSYS), "{namespace:#x}");
            }
        }
        for family in 0..50 {
            let expect = if SOCKET_FAMILIES.contains(&family) { Answer::Allow } else { Answer::Errno(ENOSYS) };
            assert_eq!(agent(socket, u64::from(family)), expect, "{family}");
        }
    }

    #[test]
    fn calls_of_another_processor_end_the_program() {
        assert_eq!(answer(&compile(&permitted()).unwrap(), 0x4000_0003, 0, 0), Answer::Kill);
    }

    #[test]
    fn every_processor_that_is_supported_knows_every_name() {
        for filter in [refused(FORBIDDEN), refused(PROGRAMS), permitted()] {
            for target in [TargetArch::x86_64, TargetArch::aarch64] {
                if target == TargetArch::aarch64 && filter["match_action"] == "allow" {
                    continue; // Its list is another; see the next assertion.
                }
                let document = json!({ "filter": filter }).to_string();
                seccompiler::compile_from_json(io::Cursor::new(document), target).unwrap();
            }
        }
        let rules: Vec<Value> = PERMITTED.iter().map(|name| json!({ "syscall": name })).collect();
        let filter = json!({"mismatch_action": {"errno": ENOSYS}, "match_action": "allow", "filter": rules});
        let document = json!({ "filter": filter }).to_string();
        seccompiler::compile_from_json(io::Cursor::new(document), TargetArch::aarch64).unwrap();
    }
}

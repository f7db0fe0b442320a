//! The service manager that started the agent, where one did: told when the agent is ready, alive, and ending.
//!
//! The protocol of `sd_notify(3)`: lines of `KEY=value` in a datagram to the socket that `NOTIFY_SOCKET` names. The socket is
//! opened before the agent confines itself. What is said is a courtesy: when nobody listens, the agent goes on.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tracing::{debug, warn};

use crate::cause::chain;

const SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG_MICROSECONDS: &str = "WATCHDOG_USEC";
const WATCHDOG_PROCESS: &str = "WATCHDOG_PID";

/// The service manager, or nobody.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
    alive_every: Option<Duration>,
}

impl Supervisor {
    /// Whoever is named in the environment.
    pub fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let watchdog = alive_every(
            variable(WATCHDOG_MICROSECONDS).as_deref(),
            variable(WATCHDOG_PROCESS).as_deref(),
            std::process::id(),
        );
        let Some(name) = std::env::var_os(SOCKET) else { return Self::default() };
        match connect(&name) {
            Ok(socket) => Self { socket: Some(socket), alive_every: watchdog },
            Err(error) => {
                warn!(error = chain(&error), socket = %name.display(), "the service manager cannot be told anything");
                Self::default()
            }
        }
    }

    /// The agent does its work from now on.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The agent ends from now on.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// One line for `systemctl status`.
    pub fn status(&self, text: &str) {
        // A line end would begin another variable.
        self.say(&format!("STATUS={}", text.replace(char::is_control, " ")));
    }

    /// Says for ever that the event loop turns, twice as often as it is asked for; nothing where it is not.
    pub async fn keep_alive(&self) -> Infallible {
        let Some(every) = self.alive_every else { return std::future::pending().await };
        loop {
            self.say("WATCHDOG=1");
            tokio::time::sleep(every).await;
        }
    }

    fn say(&self, line: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(line.as_bytes()) {
            debug!(error = chain(&error), line, "the service manager was not told");
        }
    }
}

/// A path, or after `@` a name that is no path.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.as_bytes() {
        [b'@', name @ ..] => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
        _ => socket.connect(name)?,
    }
    Ok(socket)
}

/// Half of the time after which the manager gives a silent agent up; nothing where another process is meant.
fn alive_every(microseconds: Option<&str>, process: Option<&str>, this: u32) -> Option<Duration> {
    let microseconds: u64 = microseconds?.parse().ok().filter(|microseconds| *microseconds > 0)?;
    let meant = process.is_none_or(|process| process.parse() == Ok(this));
    meant.then(|| Duration::from_micros(microseconds.div_ceil(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(listener: &UnixDatagram) -> String {
        let mut bytes = [0; 200];
        let length = listener.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn a_manager_hears_what_it_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("avow-supervisor-{}", std::process::id());
        let by_name = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (listener, socket) in [(by_path, path.into_os_string()), (by_name, format!("@{name}").into())] {
            let manager = Supervisor { socket: Some(connect(&socket).unwrap()), alive_every: None };
            manager.ready();
            manager.status("two\nREADY=0");
            manager.stopping();
            assert_eq!(
                [said(&listener), said(&listener), said(&listener)],
                ["READY=1", "STATUS=two READY=0", "STOPPING=1"]
            );
        }
    }

    #[test]
    fn a_manager_that_is_gone_stops_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        assert!(connect(path.as_os_str()).is_err());
        let listener = UnixDatagram::bind(&path).unwrap();
        let manager = Supervisor { socket: Some(connect(path.as_os_str()).unwrap()), alive_every: None };
        drop(listener);
        manager.ready();
        Supervisor::default().ready();
    }

    #[test]
    fn a_sign_of_life_comes_twice_in_the_time_allowed() {
        let check = |microseconds, process, expect: Option<u64>| {
            assert_eq!(alive_every(microseconds, process, 7), expect.map(Duration::from_micros), "{microseconds:?}");
        };
        check(Some("300000000"), None, Some(150_000_000));
        check(Some("1"), Some("7"), Some(1));
        check(Some("300000000"), Some("8"), None);
        check(Some("0"), None, None);
        check(Some("soon"), None, None);
        check(None, None, None);
    }
}

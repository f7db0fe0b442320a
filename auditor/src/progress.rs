//! What a program is doing, told on standard error when it takes longer than a second.
//!
//! On a terminal one line is rewritten; elsewhere a line comes every ten seconds. What is done is not known here.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(1);
const ON_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);

/// Tells of progress until it is dropped.
#[derive(Debug)]
pub struct Progress {
    step: Arc<Mutex<String>>,
    end: Option<Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins with this step.
    pub fn start(step: &str) -> Self {
        let step = Arc::new(Mutex::new(step.to_owned()));
        let (end, ended) = mpsc::channel();
        let shown = Arc::clone(&step);
        let teller = std::thread::spawn(move || {
            let is_terminal = std::io::stderr().is_terminal();
            let (start, mut wait) = (Instant::now(), QUIET);
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = if is_terminal { ON_TERMINAL } else { ELSEWHERE };
                let step = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let (before, after) = if is_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
                let seconds = start.elapsed().as_secs();
                // Who cannot be told is not told.
                let _ = write!(std::io::stderr(), "{before}{step} … {seconds} s{after}");
                let _ = std::io::stderr().flush();
            }
            if is_terminal && wait != QUIET {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        });
        Self { step, end: Some(end), teller: Some(teller) }
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self { step: Arc::default(), end: None, teller: None }
    }

    /// Goes on to another step.
    pub fn step(&self, step: impl Into<String>) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(teller) = self.teller.take() {
            let _ = teller.join();
        }
    }
}

//! The rare examination of the sources of random numbers: executes instructions, reads the hardware generator for a moment,
//! samples timer jitter and estimates its min-entropy.
//!
//! It takes a second of processor time, so it has a thread of its own at the lowest priority, runs soon after the agent
//! starts and then rarely, and keeps what it found in the state directory, from where [`crate::source::entropy`] reads it each
//! round. What its findings mean for a claim is not known here.
//!
//! Whoever controls the file can make this node say what it likes about its entropy, as whoever has its key can.

mod kernel_log;
mod trial;

use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use descriptors::fact::Reading;
use descriptors::fact::entropy::Examination;
use tracing::{debug, warn};

use crate::clock;
use crate::root::Root;
use crate::source::kernel::BOOT_ID;
use crate::state;

/// Name of the file in the state directory.
pub const FILE: &str = "examination.json";

/// Most bytes of the file that are read.
pub(crate) const FILE_BYTES_MAX: usize = 16 * 1024;

/// The first examination waits for the machine to have started.
const FIRST_AFTER: Duration = Duration::from_secs(30);

/// How often it is looked whether an examination is due: a machine that was suspended does not wait longer.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Niceness of the thread: whatever else wants the processor gets it.
const NICE: i32 = 19;

/// Makes examinations of this machine, `root`, for as long as the process lives, and writes the last to `file`.
pub fn keep(root: Root, file: PathBuf, every: Duration) -> io::Result<()> {
    let life = move || {
        // On Linux a priority is one of a thread, and the thread that asks is meant.
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            debug!(%error, "the examination runs at the usual priority");
        }
        thread::sleep(FIRST_AFTER);
        loop {
            if is_due(&file, every, &root.line(BOOT_ID)) {
                let found = examine(&root);
                match serde_json::to_vec(&found)
                    .map_err(io::Error::from)
                    .and_then(|json| state::write_durably(&file, &json))
                {
                    Ok(()) => debug!(at = %found.at, "the sources of random numbers were examined"),
                    Err(error) => warn!(%error, file = %file.display(), "an examination is lost"),
                }
            }
            thread::sleep(LOOK_EVERY.min(every));
        }
    };
    thread::Builder::new().name("examination".to_owned()).spawn(life).map(drop)
}

/// Whether there is none of this boot, or the last is too old, or from a time to come.
fn is_due(file: &Path, every: Duration, boot_id: &Reading<String>) -> bool {
    let last = std::fs::read(file).ok().and_then(|json| serde_json::from_slice::<Examination>(&json).ok());
    last.is_none_or(|last| {
        let age = clock::now().seconds_since(last.at);
        last.boot_id != *boot_id || age < 0 || age.unsigned_abs() >= every.as_secs()
    })
}

/// Examines everything once.
pub fn examine(root: &Root) -> Examination {
    Examination {
        boot_id: root.line(BOOT_ID),
        crng_ready_after_ms: kernel_log::crng_ready_after_ms(root),
        rdrand: trial::rdrand(),
        rdseed: trial::rdseed(),
        hwrng: trial::hwrng(root),
        timer_jitter: trial::timer_jitter(),
        at: clock::now(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_examination_is_due_when_the_last_is_too_old_or_of_another_boot() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        let (here, day) = (Reading::Present("boot".to_owned()), Duration::from_secs(86_400));
        assert!(is_due(&file, day, &here));
        std::fs::write(&file, "{").unwrap();
        assert!(is_due(&file, day, &here));

        let absent = || Reading::absent(descriptors::fact::AbsenceReason::NotPresent, "x");
        let found = |seconds: i64| Examination {
            at: clock::now().plus_seconds(seconds),
            boot_id: here.clone(),
            crng_ready_after_ms: Reading::Present(1),
            rdrand: Reading::absent(descriptors::fact::AbsenceReason::NotPresent, "x"),
            rdseed: Reading::absent(descriptors::fact::AbsenceReason::NotPresent, "x"),
            hwrng: Reading::absent(descriptors::fact::AbsenceReason::NotPresent, "x"),
            timer_jitter: Reading::absent(descriptors::fact::AbsenceReason::NotPresent, "x"),
        };
        for (age, boot_id, due) in [
            (-10, here.clone(), false),
            (-86_401, here.clone(), true),
            (3600, here.clone(), true),
            (-10, Reading::Present("other".to_owned()), true),
            (-10, absent(), true),
        ] {
            std::fs::write(&file, serde_json::to_vec(&found(age)).unwrap()).unwrap();
            assert_eq!(is_due(&file, day, &boot_id), due, "{age} {boot_id:?}");
        }
    }
}

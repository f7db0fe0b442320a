//! Gathering: every source once, each under its own deadline, whatever the others do.
//!
//! ```text
//!            ┌── answers in time ───▶ its reading
//!   idle ──▶ busy ── deadline ──────▶ Absent(TimedOut), stuck ── answers late ──▶ idle (the late answer is dropped)
//!            └── panics ────────────▶ Absent(Malformed)
//! ```
//!
//! Sources run on a thread beside the one that gathers, because one that hangs cannot be ended: the thread is left behind with
//! it, the next source has a new one, and the source is not started again while it hangs. So at most one thread a source is
//! ever lost, and as long as none hangs one thread reads them all, round after round: threads that come and go leave memory
//! behind in the allocator, a little more in each of its arenas. Sources run one after another: a round is short, and an agent
//! that bursts over all processors of a hypervisor is a bad guest on it. What a fact means is not known here.

mod size;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::SourceName;
use descriptors::report::Origin;
use serde::Serialize;

use self::worker::Worker;
use crate::source::kernel::BOOT_ID;
use crate::source::{Context, Source};

/// What a source gets beyond the deadline that the programs it runs have, so that it can say itself that they were late.
const GRACE: Duration = Duration::from_millis(250);

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gathered {
    /// `real` from the running machine, `captured` from files.
    pub origin: Origin,
    /// Identifies the boot.
    pub boot_id: Reading<String>,
    /// What each source read; every source is there.
    pub facts: BTreeMap<SourceName, Reading<Fact>>,
    /// How long each source took. Changes from round to round, hence no part of a report.
    #[serde(skip)]
    pub elapsed: BTreeMap<SourceName, Duration>,
}

/// Runs sources, round after round, and remembers those that hang.
pub struct Gatherer {
    context: Arc<Context>,
    slots: Vec<Slot>,
    /// The thread that is free to read a source; none before the first, and after one that is late.
    free: Option<Worker>,
}

struct Slot {
    source: &'static dyn Source,
    name: SourceName,
    /// The thread that hangs in it, while it does.
    stuck: Option<Worker>,
}

impl Gatherer {
    /// Gathers from `sources`, as a rule [`crate::source::all`].
    pub fn new(context: Context, sources: &'static [&'static dyn Source]) -> Self {
        let slot = |source: &&'static dyn Source| {
            #[expect(clippy::expect_used, reason = "names are literals in the code, and a test checks each")]
            let name = SourceName::new(source.name()).expect("a source's name follows the grammar of names");
            Slot { source: *source, name, stuck: None }
        };
        Self { context: Arc::new(context), slots: sources.iter().map(slot).collect(), free: None }
    }

    /// Runs every enabled source once. Blocks for at most the sum of the deadlines; as a rule a few milliseconds.
    pub fn gather(&mut self) -> Gathered {
        let root = &self.context.root;
        let mut gathered = Gathered {
            origin: if root.is_live() { Origin::Real } else { Origin::Captured },
            boot_id: root.line(BOOT_ID),
            facts: BTreeMap::new(),
            elapsed: BTreeMap::new(),
        };
        for slot in &mut self.slots {
            let started = Instant::now();
            let reading = slot.read(&self.context, &mut self.free);
            gathered.elapsed.insert(slot.name.clone(), started.elapsed());
            gathered.facts.insert(slot.name.clone(), reading);
        }
        size::fit(&mut gathered.facts);
        gathered
    }
}

impl Slot {
    fn read(&mut self, context: &Arc<Context>, free: &mut Option<Worker>) -> Reading<Fact> {
        if context.settings.disabled.contains(&self.name) {
            return Reading::absent(AbsenceReason::Disabled, "switched off in the configuration");
        }
        if let Some(late) = self.stuck.take() {
            match late.answers.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.stuck = Some(late);
                    return Reading::absent(AbsenceReason::TimedOut, "still busy since an earlier round");
                }
                // One free thread is enough; another ends when it is let go.
                Ok(_) => *free = free.take().or(Some(late)),
                Err(TryRecvError::Disconnected) => {}
            }
        }
        let worker = match free.take().map_or_else(|| Worker::start(context), Ok) {
            Ok(worker) => worker,
            Err(error) => return Reading::absent(AbsenceReason::NotSupported, format!("no thread: {error}")),
        };
        // A thread that has ended says so where its answer is waited for.
        let _ = worker.sources.send(self.source);
        let deadline = context.settings.deadline() + GRACE;
        match worker.answers.recv_timeout(deadline) {
            Ok(reading) => {
                *free = Some(worker);
                reading
            }
            Err(RecvTimeoutError::Timeout) => {
                self.stuck = Some(worker);
                Reading::absent(AbsenceReason::TimedOut, format!("no answer within {} ms", deadline.as_millis()))
            }
            // Unreachable as long as the thread answers whatever happens; said rather than assumed.
            Err(RecvTimeoutError::Disconnected) => Reading::absent(AbsenceReason::Malformed, "ended without an answer"),
        }
    }
}

#[cfg(test)]
mod tests;

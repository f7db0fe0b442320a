//! Gathering: every source once, each under its own deadline, whatever the others do.
//!
//! ```text
//!            ┌── answers in time ───▶ its reading
//!   idle ──▶ busy ── deadline ──────▶ Absent(TimedOut), stuck ── answers late ──▶ idle (the late answer is dropped)
//!            └── panics ────────────▶ Absent(Malformed)
//! ```
//!
//! A source runs on a thread of its own, because one that hangs cannot be ended: it is left behind and not started again
//! while it hangs, so at most one thread a source is ever lost. Sources run one after another: a round is short, and an
//! agent that bursts over all processors of a hypervisor is a bad guest on it. What a fact means is not known here.

mod size;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::SourceName;
use descriptors::report::Origin;
use serde::Serialize;

use crate::source::kernel::BOOT_ID;
use crate::source::{Context, Source};

/// What a source gets beyond the deadline that the programs it runs have, so that it can say itself that they were late.
const GRACE: Duration = Duration::from_millis(250);

/// Stack of a source's thread; no source recurses.
const STACK_BYTES: usize = 512 * 1024;

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
}

struct Slot {
    source: &'static dyn Source,
    name: SourceName,
    /// The answer of a run that was late, while it is.
    stuck: Option<Receiver<Reading<Fact>>>,
}

impl Gatherer {
    /// Gathers from `sources`, as a rule [`crate::source::all`].
    pub fn new(context: Context, sources: &'static [&'static dyn Source]) -> Self {
        let slot = |source: &&'static dyn Source| {
            #[expect(clippy::expect_used, reason = "names are literals in the code, and a test checks each")]
            let name = SourceName::new(source.name()).expect("a source's name follows the grammar of names");
            Slot { source: *source, name, stuck: None }
        };
        Self { context: Arc::new(context), slots: sources.iter().map(slot).collect() }
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
            let reading = slot.read(&self.context);
            gathered.elapsed.insert(slot.name.clone(), started.elapsed());
            gathered.facts.insert(slot.name.clone(), reading);
        }
        size::fit(&mut gathered.facts);
        gathered
    }
}

impl Slot {
    fn read(&mut self, context: &Arc<Context>) -> Reading<Fact> {
        if context.settings.disabled.contains(&self.name) {
            return Reading::absent(AbsenceReason::Disabled, "switched off in the configuration");
        }
        if let Some(late) = &self.stuck
            && matches!(late.try_recv(), Err(TryRecvError::Empty))
        {
            return Reading::absent(AbsenceReason::TimedOut, "still busy since an earlier round");
        }
        self.stuck = None;

        let answer = match start(self.source, Arc::clone(context)) {
            Ok(answer) => answer,
            Err(error) => return Reading::absent(AbsenceReason::NotSupported, format!("no thread: {error}")),
        };
        let deadline = context.settings.deadline() + GRACE;
        match answer.recv_timeout(deadline) {
            Ok(reading) => reading,
            Err(RecvTimeoutError::Timeout) => {
                self.stuck = Some(answer);
                Reading::absent(AbsenceReason::TimedOut, format!("no answer within {} ms", deadline.as_millis()))
            }
            // Unreachable as long as the thread answers whatever happens; said rather than assumed.
            Err(RecvTimeoutError::Disconnected) => Reading::absent(AbsenceReason::Malformed, "ended without an answer"),
        }
    }
}

fn start(source: &'static dyn Source, context: Arc<Context>) -> std::io::Result<Receiver<Reading<Fact>>> {
    let (answer, receiver) = sync_channel(1);
    thread::Builder::new().name(format!("source-{}", source.name())).stack_size(STACK_BYTES).spawn(move || {
        // A source takes the context by reference and keeps nothing, so none of its state is seen after a panic.
        let reading = catch_unwind(AssertUnwindSafe(|| source.read(&context))).unwrap_or_else(|panic| {
            Reading::absent(AbsenceReason::Malformed, format!("the source panicked: {}", panic_text(&*panic)))
        });
        // Nobody waits any more when the round was given up.
        let _ = answer.send(reading);
    })?;
    Ok(receiver)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

#[cfg(test)]
mod tests;

//! A thread that reads sources, one after another, for as long as somebody holds its other end.
//!
//! It answers each source once, whatever that source does, but for one that hangs. How long that may take is not known here.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use descriptors::fact::{AbsenceReason, Fact, Reading};

use crate::source::{Context, Source};

/// Stack of the thread; no source recurses.
const STACK_BYTES: usize = 512 * 1024;

/// One source at a time: the next is sent when the last has answered.
pub(super) struct Worker {
    pub(super) sources: SyncSender<&'static dyn Source>,
    pub(super) answers: Receiver<Reading<Fact>>,
}

impl Worker {
    pub(super) fn start(context: &Arc<Context>) -> io::Result<Self> {
        let (sources, wanted) = sync_channel::<&'static dyn Source>(1);
        let (answer, answers) = sync_channel(1);
        let context = Arc::clone(context);
        let life = move || {
            for source in wanted {
                // Nobody waits any more when this thread was given up.
                if answer.send(read(source, &context)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("sources".to_owned()).stack_size(STACK_BYTES).spawn(life)?;
        Ok(Self { sources, answers })
    }
}

/// A source takes the context by reference and keeps nothing, so none of its state is seen after a panic.
fn read(source: &dyn Source, context: &Context) -> Reading<Fact> {
    catch_unwind(AssertUnwindSafe(|| source.read(context))).unwrap_or_else(|panic| {
        Reading::absent(AbsenceReason::Malformed, format!("the source panicked: {}", panic_text(&*panic)))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

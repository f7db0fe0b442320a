//! Sends what waits in the outbox, oldest first, and keeps at it.
//!
//! ```text
//!  idle ──something waits──▶ connect ──▶ stream ──answers──▶ stream
//!   ▲                          │ failed    │ ended, silent
//!   └──────── back-off ◀───────┴───────────┘
//! ```
//!
//! Every statement stays in the spool until it is answered, so whatever ends a stream ends in sending again; the collector
//! knows what it has by the envelope's digest. How statements are made is not known here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use descriptors::digest::Digest;
use proto::convert::{Acknowledgement, Outcome};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, info, warn};

use super::link::{Link, LinkError};
use super::outbox::Outbox;
use crate::cause::chain;
use crate::enrol::Identity;
use crate::retry::{Backoff, Waits};

/// How statements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitSettings {
    /// Most statements sent and not yet answered.
    pub window: usize,
    /// How long to wait before trying again.
    pub waits: Waits,
    /// How long an answer may take before the connection is given up.
    pub answer_within: Duration,
}

impl Default for SubmitSettings {
    fn default() -> Self {
        Self { window: 8, waits: Waits::default(), answer_within: Duration::from_secs(30) }
    }
}

/// Sends the statements of one outbox as one node.
pub struct Submitter {
    outbox: Arc<Outbox>,
    identity: watch::Receiver<Arc<Identity>>,
    settings: SubmitSettings,
    backoff: Backoff,
    /// Since when nothing gets through, once that was logged.
    away_since: Option<Instant>,
}

/// What was sent on this stream and not answered.
#[derive(Debug)]
struct Flight {
    envelope: Digest,
    sent_at: Instant,
}

/// One stream, until it ends.
struct Session {
    link: Link,
    in_flight: BTreeMap<u64, Flight>,
    /// After the collector asked to be left alone for a while.
    paused_until: Option<Instant>,
    /// There is a new identity: this stream sends nothing more.
    replaced: bool,
}

impl Submitter {
    /// Prepares; nothing is sent yet. There must be one submitter for an outbox.
    pub fn new(outbox: Arc<Outbox>, identity: watch::Receiver<Arc<Identity>>, settings: SubmitSettings) -> Self {
        let backoff = Backoff::new(settings.waits);
        Self { outbox, identity, settings, backoff, away_since: None }
    }

    /// Sends for ever. May be dropped at any time: what is not acknowledged stays in the spool.
    pub async fn run(mut self) -> Infallible {
        loop {
            while self.outbox.waiting() == 0 {
                self.outbox.arrived.notified().await;
            }
            if let Err(error) = self.session().await {
                self.log_failure(&error);
                let wait = self.backoff.failed();
                tokio::select! {
                    () = sleep(wait) => {}
                    // A new identity may be just what was missing.
                    Ok(()) = self.identity.changed() => {}
                }
            }
        }
    }

    /// One stream; ends without an error when nothing is left to open it with, or when a new identity replaces it.
    async fn session(&mut self) -> Result<(), LinkError> {
        let identity = Arc::clone(&self.identity.borrow_and_update());
        let Some((sequence, envelope)) = self.outbox.next_except(|_| false) else { return Ok(()) };
        let flight = Flight::of(&envelope);
        let opening = Link::open(&identity, self.settings.window, envelope);
        let answer_within = self.settings.answer_within;
        let link = timeout(answer_within, opening).await.map_err(|_| LinkError::Silent(answer_within))??;
        let in_flight = BTreeMap::from([(sequence, flight)]);
        let mut session = Session { link, in_flight, paused_until: None, replaced: false };
        while !(session.replaced && session.in_flight.is_empty()) {
            self.fill(&mut session).await?;
            self.wait(&mut session).await?;
        }
        Ok(())
    }

    /// Sends what waits, up to the window.
    async fn fill(&self, session: &mut Session) -> Result<(), LinkError> {
        while session.may_send(self.settings.window) {
            let next = self.outbox.next_except(|sequence| session.in_flight.contains_key(&sequence));
            let Some((sequence, envelope)) = next else { break };
            session.in_flight.insert(sequence, Flight::of(&envelope));
            session.link.send(envelope).await?;
        }
        Ok(())
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, session: &mut Session) -> Result<(), LinkError> {
        let answer_by = session.in_flight.values().map(|flight| flight.sent_at + self.settings.answer_within).min();
        let wake_at = [answer_by, session.paused_until].into_iter().flatten().min();
        let may_send = session.may_send(self.settings.window);
        tokio::select! {
            answer = session.link.next() => self.settle(session, answer?),
            () = self.outbox.arrived.notified(), if may_send => {}
            Ok(()) = self.identity.changed(), if !session.replaced => session.replaced = true,
            () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {
                let now = Instant::now();
                if answer_by.is_some_and(|by| by <= now) {
                    return Err(LinkError::Silent(self.settings.answer_within));
                }
                session.paused_until = session.paused_until.filter(|until| *until > now);
            }
        }
        Ok(())
    }

    fn settle(&mut self, session: &mut Session, answer: Acknowledgement) {
        let answered = session.in_flight.iter().find(|(_, flight)| flight.envelope == answer.envelope);
        let Some(sequence) = answered.map(|(sequence, _)| *sequence) else {
            warn!(envelope = %answer.envelope, "the collector answered what was not sent to it");
            return;
        };
        session.in_flight.remove(&sequence);
        if let Outcome::Retry(reason) = &answer.outcome {
            debug!(sequence, reason, "the collector asks to send it again later");
            session.paused_until = Some(Instant::now() + self.backoff.failed());
            return;
        }
        self.log_recovery();
        match answer.outcome {
            Outcome::Stored | Outcome::Duplicate => self.outbox.acknowledge(sequence),
            Outcome::Refused(reason) => self.outbox.refuse(sequence, &reason),
            Outcome::ReportWanted => self.outbox.want_report(sequence),
            Outcome::Retry(_) => {}
        }
    }

    fn log_failure(&mut self, error: &LinkError) {
        let (error, waiting) = (chain(error), self.outbox.waiting());
        if self.away_since.is_none() {
            warn!(error, waiting, "statements wait in the spool until the collector is back");
            self.away_since = Some(Instant::now());
        } else {
            debug!(error, waiting, "the collector is still away");
        }
    }

    fn log_recovery(&mut self) {
        self.backoff.succeeded();
        if let Some(since) = self.away_since.take() {
            info!(seconds = since.elapsed().as_secs(), waiting = self.outbox.waiting(), "the collector is back");
        }
    }
}

impl Flight {
    fn of(envelope: &[u8]) -> Self {
        Self { envelope: Digest::of(envelope), sent_at: Instant::now() }
    }
}

impl Session {
    fn may_send(&self, window: usize) -> bool {
        !self.replaced && self.paused_until.is_none() && self.in_flight.len() < window
    }
}

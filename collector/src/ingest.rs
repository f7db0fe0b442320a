//! Takes statements from nodes: checks each, commits them in batches, and answers after the commit.
//!
//! ```text
//!   stream ─▶ what has arrived, at most 64 ─▶ may the node speak? ─▶ check each ─▶ commit ─▶ answer each ─▶ again
//! ```
//!
//! One batch of a stream is under way at a time; what comes meanwhile waits in the flow-control window of HTTP/2, so a node
//! cannot fill the collector's memory. The bytes that were signed are what is stored, members unknown here included. What a
//! fact means is not known here.

mod check;
mod counts;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use descriptors::digest::Digest;
use descriptors::report::ENVELOPE_BYTES_MAX;
use proto::convert::{self, Acknowledgement, Outcome};
use proto::v1;
use proto::v1::ingest_service_server::{IngestService, IngestServiceServer};
use tokio::sync::{mpsc, watch};
use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

pub use check::{Limits, Refusal};
pub use counts::IngestCounts;

use crate::admission::{self, NotAdmitted};
use crate::authority::{Authority, Peer};
use crate::cause::chain;
use crate::clock;
use crate::store::{Put, SharedStore, Statement, StatementKind};

/// Room for the message around an envelope. A little more than is taken, so that a slightly larger one is refused by name
/// and does not end the stream.
const SUBMISSION_BYTES_MAX: usize = ENVELOPE_BYTES_MAX + 4096;

/// Most submissions of one stream that are under way at a time.
const WINDOW: usize = 64;

/// Once a batch has this many bytes, nothing is added to it.
const BATCH_BYTES: usize = 1 << 20;

/// The ingest service.
#[derive(Debug, Clone)]
pub struct Ingest {
    store: SharedStore,
    authority: Arc<Authority>,
    limits: Limits,
    counts: IngestCounts,
    changes: Arc<watch::Sender<u64>>,
    stopping: watch::Receiver<bool>,
}

/// What arrived together.
#[derive(Debug, Default)]
struct Batch {
    envelopes: Vec<Vec<u8>>,
    /// The node said its last, or what it said could not be read.
    ended: Option<Result<(), Status>>,
}

impl Ingest {
    /// What answers on the wire.
    pub fn service(self) -> IngestServiceServer<Self> {
        IngestServiceServer::new(self).max_decoding_message_size(SUBMISSION_BYTES_MAX)
    }

    /// Takes statements into `store`, from nodes that `authority` named. Streams end once `stopping` is true.
    pub fn new(store: SharedStore, authority: Arc<Authority>, limits: Limits, stopping: watch::Receiver<bool>) -> Self {
        let (counts, changes) = (IngestCounts::default(), Arc::new(watch::Sender::new(0)));
        Self { store, authority, limits, counts, changes, stopping }
    }

    /// What happened to statements so far.
    pub fn counts(&self) -> IngestCounts {
        self.counts.clone()
    }

    /// Changes after each commit of what may change a verdict: a report, or the first statement of a node that comes back.
    /// Further heartbeats do not count.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What tells of changes, for others who commit what may change a verdict.
    pub(crate) fn teller(&self) -> Arc<watch::Sender<u64>> {
        Arc::clone(&self.changes)
    }

    async fn serve(
        mut self,
        peer: Peer,
        mut stream: Streaming<v1::Submission>,
        answers: mpsc::Sender<Result<v1::Acknowledgement, Status>>,
    ) {
        // A node that comes back may have been stale: then even a heartbeat changes what holds.
        let mut returning = true;
        loop {
            let batch = tokio::select! {
                biased;
                () = stopped(&mut self.stopping) => Batch {
                    envelopes: Vec::new(),
                    ended: Some(Err(Status::unavailable("the collector is stopping"))),
                },
                batch = next_batch(&mut stream) => batch,
            };
            let ended = match self.take(&peer, batch.envelopes, returning).await {
                Ok(acknowledgements) => {
                    returning &= acknowledgements.is_empty();
                    for acknowledgement in acknowledgements {
                        if answers.send(Ok(acknowledgement.into())).await.is_err() {
                            return;
                        }
                    }
                    batch.ended
                }
                Err(refused) => {
                    tracing::warn!(node = %peer.node, reason = %refused, "stream ended");
                    Some(Err(refused.into()))
                }
            };
            match ended {
                None => {}
                Some(Ok(())) => return,
                Some(Err(status)) => {
                    tracing::debug!(node = %peer.node, reason = status.message(), "stream ended");
                    let _ = answers.send(Err(status)).await;
                    return;
                }
            }
        }
    }

    /// Checks and commits a batch; one answer for each submission, in order.
    async fn take(
        &self,
        peer: &Peer,
        envelopes: Vec<Vec<u8>>,
        returning: bool,
    ) -> Result<Vec<Acknowledgement>, NotAdmitted> {
        if envelopes.is_empty() {
            return Ok(Vec::new());
        }
        let now = clock::now();
        let key = admission::admit(&*self.store, peer, now).await?;
        let mut statements = Vec::with_capacity(envelopes.len());
        let mut refusals = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let digest = Digest::of(&envelope);
            let checked = check::statement(envelope, &peer.node, &key, &self.limits, now);
            refusals.push((digest, checked.map(|statement| statements.push(statement)).err()));
        }
        let mut committed = self.commit(peer, statements, returning).await.into_iter();
        let answers = refusals.into_iter().map(|(envelope, refusal)| {
            let taken = refusal.map_or_else(|| committed.next().unwrap_or(Taken::Later), Taken::Refused);
            Acknowledgement { envelope, outcome: self.answer(peer, taken) }
        });
        Ok(answers.collect())
    }

    /// Commits statements; what became of each, in order. Whatever the store did not confirm must be sent again.
    async fn commit(&self, peer: &Peer, statements: Vec<Statement>, returning: bool) -> Vec<Taken> {
        if statements.is_empty() {
            return Vec::new();
        }
        let kinds: Vec<StatementKind> = statements.iter().map(|statement| statement.kind).collect();
        match self.store.put_statements(statements).await {
            Ok(puts) => {
                let tells = |kind| returning || kind == StatementKind::Report;
                if kinds.iter().zip(&puts).any(|(kind, put)| tells(*kind) && *put == Put::Stored) {
                    self.changes.send_modify(|commits| *commits += 1);
                }
                puts.into_iter().map(Taken::from).collect()
            }
            Err(error) => {
                tracing::error!(node = %peer.node, error = chain(&error), "statements were not committed");
                kinds.iter().map(|_| Taken::Later).collect()
            }
        }
    }

    fn answer(&self, peer: &Peer, taken: Taken) -> Outcome {
        self.counts.count(&taken);
        match taken {
            Taken::Stored => Outcome::Stored,
            Taken::Duplicate => Outcome::Duplicate,
            Taken::ReportWanted => Outcome::ReportWanted,
            Taken::Later => Outcome::Retry("the statement could not be committed".to_owned()),
            Taken::Refused(refusal) => {
                let reason = chain(&refusal);
                tracing::warn!(node = %peer.node, reason, "statement refused");
                Outcome::Refused(reason)
            }
        }
    }
}

/// What became of a submission.
#[derive(Debug)]
enum Taken {
    Stored,
    Duplicate,
    ReportWanted,
    Later,
    Refused(Refusal),
}

impl From<Put> for Taken {
    fn from(put: Put) -> Self {
        match put {
            Put::Stored => Self::Stored,
            Put::Duplicate => Self::Duplicate,
            Put::Contradiction => Self::Refused(Refusal::Contradiction),
            Put::UnknownReport => Self::ReportWanted,
        }
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Without anybody left to say so, it goes on.
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for a submission, and takes along what arrived with it.
async fn next_batch(stream: &mut Streaming<v1::Submission>) -> Batch {
    let mut batch = Batch::default();
    let mut bytes = 0;
    while batch.envelopes.len() < WINDOW && bytes < BATCH_BYTES {
        let waits = batch.envelopes.is_empty();
        let next = poll_fn(|context| match Pin::new(&mut *stream).poll_next(context) {
            Poll::Pending if !waits => Poll::Ready(None),
            polled => polled.map(Some),
        });
        match next.await {
            Some(Some(Ok(submission))) => {
                let envelope = convert::envelope(submission);
                bytes += envelope.len();
                batch.envelopes.push(envelope);
            }
            Some(Some(Err(status))) => {
                // What came before is still answered; a message too large to be read ends the stream here.
                batch.ended = Some(Err(status));
                return batch;
            }
            Some(None) => {
                batch.ended = Some(Ok(()));
                return batch;
            }
            None => return batch,
        }
    }
    batch
}

#[tonic::async_trait]
impl IngestService for Ingest {
    type SubmitStream = ReceiverStream<Result<v1::Acknowledgement, Status>>;

    async fn submit(
        &self,
        request: Request<Streaming<v1::Submission>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let peer = admission::peer(&self.authority, &request)?;
        let admitted = admission::admit(&*self.store, &peer, clock::now()).await;
        admitted.inspect_err(|refused| tracing::warn!(node = %peer.node, reason = %refused, "no stream opened"))?;
        let (answers, stream) = mpsc::channel(WINDOW);
        tokio::spawn(self.clone().serve(peer, request.into_inner(), answers));
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

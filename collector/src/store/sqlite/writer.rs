//! The one writer: takes what is waiting, writes it in one transaction, answers each caller after the commit returned.
//!
//! ```text
//!   open ──job, commit──▶ open
//!     └──a statement or the commit fails──▶ closed (for good)
//! ```
//!
//! It also does the checkpoints, since those happen on the connection that commits. What a job writes is not known here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use crate::store::StoreError;

/// Jobs that wait; further callers wait for a place.
const QUEUE_JOBS_MAX: usize = 256;

/// Rows after which a transaction is committed, even if more wait.
const COMMIT_ROWS_MAX: usize = 1024;

/// What a job does inside the transaction.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'c>>;

/// The way to the writer task.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    open: watch::Receiver<bool>,
}

impl Writer {
    /// Starts the task that owns `connection`. It ends when the last `Writer` is dropped, or at the first failure.
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE_JOBS_MAX);
        let (state, open) = watch::channel(true);
        tokio::spawn(write_all(connection, waiting, state));
        Self { jobs, open }
    }

    /// False for good once something failed.
    pub(super) fn open(&self) -> watch::Receiver<bool> {
        self.open.clone()
    }

    /// Runs `work` in a transaction; returns after its commit.
    pub(super) async fn write<T, F>(&self, operation: &'static str, rows: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Typed { operation, rows, work: Some(work), done: None, answer };
        self.jobs.send(Box::new(job)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// A write whose result type is forgotten until it is answered.
trait Job: Send + std::fmt::Debug {
    fn rows(&self) -> usize;
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> Work<'c, ()>;
    /// Called once, after the commit returned or something failed.
    fn answer(self: Box<Self>, failure: Option<&Arc<sqlx::Error>>);
}

struct Typed<T, F> {
    operation: &'static str,
    rows: usize,
    work: Option<F>,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> std::fmt::Debug for Typed<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.operation)
    }
}

impl<T, F> Job for Typed<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> Work<'c, ()> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.done = Some(work(connection).await?);
            }
            Ok(())
        })
    }

    fn answer(self: Box<Self>, failure: Option<&Arc<sqlx::Error>>) {
        let result = match (failure, self.done) {
            (Some(cause), _) => {
                Err(StoreError::Operation { operation: self.operation, source: Box::new(Arc::clone(cause)) })
            }
            (None, Some(done)) => Ok(done),
            (None, None) => Err(StoreError::Closed),
        };
        // A caller that went away needs no answer; what it asked for is done.
        let _ = self.answer.send(result);
    }
}

async fn write_all(
    mut connection: SqliteConnection,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    state: watch::Sender<bool>,
) {
    while let Some(first) = waiting.recv().await {
        let mut jobs = drain(first, &mut waiting);
        match commit(&mut connection, &mut jobs).await {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(None)),
            Err(Failure::NotBegun(cause)) => {
                let cause = Arc::new(cause);
                jobs.into_iter().for_each(|job| job.answer(Some(&cause)));
            }
            Err(Failure::NotCommitted(cause)) => {
                tracing::error!(error = &cause as &dyn std::error::Error, "the store failed and writes no more");
                let cause = Arc::new(cause);
                // Whoever learns of the failure must already see the store closed.
                state.send_replace(false);
                waiting.close();
                jobs.into_iter().for_each(|job| job.answer(Some(&cause)));
                return;
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the store did not close cleanly");
    }
}

fn drain(first: Box<dyn Job>, waiting: &mut mpsc::Receiver<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
    let mut rows = first.rows();
    let mut jobs = vec![first];
    while rows < COMMIT_ROWS_MAX
        && let Ok(job) = waiting.try_recv()
    {
        rows += job.rows();
        jobs.push(job);
    }
    jobs
}

enum Failure {
    /// Another process holds the file: nothing was written, and the next attempt may succeed.
    NotBegun(sqlx::Error),
    /// Not known to be durable.
    NotCommitted(sqlx::Error),
}

async fn commit(connection: &mut SqliteConnection, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await {
        return Err(if is_busy(&error) { Failure::NotBegun(error) } else { Failure::NotCommitted(error) });
    }
    for job in jobs {
        job.run(connection).await.map_err(Failure::NotCommitted)?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await.map_err(Failure::NotCommitted)?;
    Ok(())
}

/// SQLITE_BUSY is 5; its extended codes keep that in the low byte.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == 5)
}

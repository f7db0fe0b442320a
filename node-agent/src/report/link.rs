//! One stream of submissions and acknowledgements to the collector, over mutual TLS.
//!
//! Reconnecting, and what an acknowledgement means for the spool, is not known here: see [`super::Submitter`].

use std::time::Duration;

use descriptors::report::ENVELOPE_BYTES_MAX;
use proto::convert::{self, Acknowledgement, ConvertError};
use proto::v1;
use proto::v1::ingest_service_client::IngestServiceClient;
use tokio::sync::mpsc;
use tonic::Streaming;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;

use crate::connect::ConnectError;
use crate::enrol::Identity;

/// Largest acknowledgement that is taken, in bytes.
const ACKNOWLEDGEMENT_BYTES_MAX: usize = 16 << 10;

/// Room for the message around an envelope, in bytes.
const FRAME_BYTES: usize = 64;

/// Why a stream ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No connection.
    #[error("the collector is not reached")]
    Connect(#[from] ConnectError),
    /// The collector ended the stream with an error.
    #[error("the collector ended the stream with an error")]
    Status(#[source] Box<tonic::Status>),
    /// The collector ended the stream.
    #[error("the collector closed the stream")]
    Closed,
    /// An acknowledgement that this version does not understand.
    #[error("the collector sent an acknowledgement that cannot be used")]
    Acknowledgement(#[from] ConvertError),
    /// A submission was not answered in time.
    #[error("the collector did not answer within {0:?}")]
    Silent(Duration),
}

impl From<tonic::Status> for LinkError {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}

/// An open stream. Dropping it ends it.
#[derive(Debug)]
pub struct Link {
    outgoing: mpsc::Sender<v1::Submission>,
    incoming: Streaming<v1::Acknowledgement>,
}

impl Link {
    /// Connects as `identity` and opens a stream with the first envelope already in it: a server may send its headers with
    /// its first answer, and waiting for them with empty hands would wait for ever. `window` bounds what is sent ahead.
    pub async fn open(identity: &Identity, window: usize, first: Vec<u8>) -> Result<Self, LinkError> {
        let channel = identity.connect().await?;
        let (outgoing, submissions) = mpsc::channel(window.max(1));
        outgoing.send(convert::submission(first)).await.map_err(|_| LinkError::Closed)?;
        let mut client = IngestServiceClient::new(channel)
            .max_decoding_message_size(ACKNOWLEDGEMENT_BYTES_MAX)
            .max_encoding_message_size(ENVELOPE_BYTES_MAX + FRAME_BYTES);
        let incoming = client.submit(ReceiverStream::new(submissions)).await?.into_inner();
        Ok(Self { outgoing, incoming })
    }

    /// Queues an envelope on the stream; waits while the window is full of envelopes not yet sent.
    pub async fn send(&self, envelope: Vec<u8>) -> Result<(), LinkError> {
        self.outgoing.send(convert::submission(envelope)).await.map_err(|_| LinkError::Closed)
    }

    /// The next answer. May be dropped while it waits without losing one.
    pub async fn next(&mut self) -> Result<Acknowledgement, LinkError> {
        match self.incoming.message().await? {
            Some(message) => Ok(message.try_into()?),
            None => Err(LinkError::Closed),
        }
    }
}

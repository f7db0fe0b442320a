//! Stays a node: loads or makes the identity, renews it, and takes a new join token whenever one is put down.
//!
//! Wall-clock time decides, and it is asked anew at every check: a machine that was suspended longer than its certificate
//! holds notices within one check that it needs a new token, says so, and takes it from the same file without a restart.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::Signer;
use proto::token::{JoinToken, TokenError};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::{EnrolError, Enrolment, Identity, IdentityError, Standing, digest};
use crate::cause::chain;
use crate::clock;
use crate::retry::{Backoff, Waits};
use crate::state::{self, SecretError};

const TOKEN_BYTES_MAX: u64 = 17 << 10;

/// Where an identity is kept, and where new tokens are put.
#[derive(Debug, Clone)]
pub struct Files {
    /// The identity.
    pub identity: PathBuf,
    /// The join token; read again at every check.
    pub token: PathBuf,
}

/// Keeps one node enrolled.
pub struct Membership {
    files: Files,
    signer: Arc<dyn Signer>,
    check_every: Duration,
    backoff: Backoff,
    /// The token that is being tried; kept, so that every attempt is the same request.
    enrolment: Option<(Digest, Enrolment)>,
    /// The token that was refused: not tried again.
    refused: Option<Digest>,
    /// An identity that could not be stored yet.
    unsaved: bool,
    /// What was said last, so that it is not said again at every check.
    said: String,
}

/// Why the token file gives no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenFileError {
    #[error("the join token cannot be used")]
    Read(#[from] SecretError),
    #[error("{path} does not hold a join token")]
    Token { path: PathBuf, source: TokenError },
    #[error(
        "the join token in {path} is for the node {found}, but this machine is {expected}: put a token for {expected} there"
    )]
    Node { path: PathBuf, found: NodeId, expected: NodeId },
}

/// The token in a file, where there is one.
pub(crate) fn token_from(path: &Path) -> Result<Option<JoinToken>, TokenFileError> {
    let Some(text) = state::read_secret(path, state::OTHERS, TOKEN_BYTES_MAX)? else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|source| TokenFileError::Token { path: path.to_owned(), source })
}

impl Membership {
    /// Prepares; nothing is read yet. `signer` holds the report key.
    pub fn new(files: Files, signer: Arc<dyn Signer>, check_every: Duration, waits: Waits) -> Self {
        Self {
            files,
            signer,
            check_every,
            backoff: Backoff::new(waits),
            enrolment: None,
            refused: None,
            unsaved: false,
            said: String::new(),
        }
    }

    /// The stored identity, or a new one as soon as there is a join token and the collector takes it.
    pub async fn join(&mut self) -> Result<Identity, IdentityError> {
        if let Some(identity) = Identity::load(&self.files.identity)? {
            return Ok(identity);
        }
        loop {
            if let Some(identity) = self.enrol_with_new_token(None).await {
                return Ok(identity);
            }
            if self.enrolment.is_none() && self.refused.is_none() {
                let path = self.files.token.display();
                self.say(format!("this machine is not a node yet: put a join token into {path}"));
            }
            let wait = if self.enrolment.is_some() { self.backoff.failed() } else { self.check_every };
            sleep(wait).await;
        }
    }

    /// Renews for ever, and gives every new identity to `current`.
    pub async fn keep(mut self, current: watch::Sender<Arc<Identity>>) -> Infallible {
        loop {
            let identity = Arc::clone(&current.borrow());
            let (next, wait) = self.check(&identity).await;
            if let Some(next) = next {
                info!(node = %next.node, until = %next.not_after(), "the node has a new certificate");
                self.backoff.succeeded();
                self.said.clear();
                current.send_replace(Arc::new(next));
            }
            sleep(wait).await;
        }
    }

    /// One look at the token file and the clock: perhaps a new identity, and how long to wait until the next look.
    async fn check(&mut self, identity: &Identity) -> (Option<Identity>, Duration) {
        if self.unsaved {
            self.save(identity);
        }
        if let Some(next) = self.enrol_with_new_token(Some(identity)).await {
            return (Some(next), self.check_every);
        }
        if self.enrolment.is_some() {
            return (None, self.backoff.failed());
        }
        match identity.standing(clock::now()) {
            Standing::Fresh(seconds) => (None, self.check_every.min(Duration::from_secs(seconds))),
            Standing::Due => match identity.renew().await {
                Ok(next) => {
                    self.save(&next);
                    (Some(next), self.check_every)
                }
                Err(error) => {
                    let until = identity.not_after();
                    warn!(error = chain(&error), %until, "the certificate is not renewed; trying again");
                    (None, self.backoff.failed())
                }
            },
            Standing::Expired => {
                let (until, path) = (identity.not_after(), self.files.token.display());
                self.say(format!(
                    "the certificate ended at {until}: reports wait in the spool until a new join token is put into {path}"
                ));
                (None, self.check_every)
            }
        }
    }

    /// Enrols when the token file holds a token that was neither used nor refused.
    async fn enrol_with_new_token(&mut self, current: Option<&Identity>) -> Option<Identity> {
        let token = match self.read_token(current.map(|identity| &identity.node)) {
            Ok(token) => token,
            Err(error) => {
                self.say(chain(&error));
                None
            }
        };
        let used = current.map(|identity| identity.token);
        let Some(token) = token.filter(|token| Some(digest(token)) != used && Some(digest(token)) != self.refused)
        else {
            self.enrolment = None;
            return None;
        };
        match self.attempt(token).await {
            Ok(identity) => {
                self.enrolment = None;
                self.refused = None;
                self.save(&identity);
                Some(identity)
            }
            Err(error) => {
                self.after_failure(&error);
                None
            }
        }
    }

    async fn attempt(&mut self, token: JoinToken) -> Result<Identity, EnrolError> {
        let wanted = digest(&token);
        let enrolment = match self.enrolment.take() {
            Some((digest, enrolment)) if digest == wanted => enrolment,
            _ => Enrolment::prepare(token, self.signer.as_ref())?,
        };
        let (_, enrolment) = self.enrolment.insert((wanted, enrolment));
        enrolment.attempt().await
    }

    fn after_failure(&mut self, error: &EnrolError) {
        let path = self.files.token.display();
        if error.is_passing() {
            self.say(format!("this machine is not enrolled, trying again: {}", chain(error)));
        } else {
            self.say(format!("the join token in {path} was not taken: {}; put a new one there", chain(error)));
            self.refused = self.enrolment.take().map(|(digest, _)| digest);
        }
    }

    fn read_token(&self, node: Option<&NodeId>) -> Result<Option<JoinToken>, TokenFileError> {
        let path = &self.files.token;
        let Some(token) = token_from(path)? else { return Ok(None) };
        match node {
            Some(expected) if token.node != *expected => {
                Err(TokenFileError::Node { path: path.clone(), found: token.node, expected: expected.clone() })
            }
            _ => Ok(Some(token)),
        }
    }

    /// A join token is used up by now: an identity that cannot be stored is used all the same, and stored later.
    fn save(&mut self, identity: &Identity) {
        match identity.save(&self.files.identity) {
            Ok(()) => self.unsaved = false,
            Err(error) => {
                self.unsaved = true;
                error!(error = chain(&error), "the node's identity is not stored; trying again at the next check");
            }
        }
    }

    /// Logs what is new.
    fn say(&mut self, text: String) {
        if self.said != text {
            error!("{text}");
            self.said = text;
        }
    }
}

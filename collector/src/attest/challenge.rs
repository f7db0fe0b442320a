//! Challenges that wait for their answers: one for each node, each for one answer and a short time.
//!
//! They live in memory. A collector that starts again has none, and nodes ask anew; of several collectors each knows its own, which is why both
//! calls go over one connection.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::Opened;

use super::{Digests, Whom};
use crate::authority::Peer;

/// How long a challenge may be answered. A chip that swaps keys has been seen to take ten seconds.
pub(super) const ANSWER_SECONDS_MAX: i64 = 120;

/// Most challenges at once, 200 bytes each: more nodes than a collector serves come back together in two minutes.
const PENDING_MAX: usize = 65_536;

/// A challenge that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Of the endorsement key and the attestation key.
    pub(super) digests: Digests,
    pub(super) secret: [u8; 32],
    pub(super) nonce: [u8; 32],
    pub(super) made_at: Timestamp,
}

/// Why something is not an answer to a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// None was given, or it was answered before.
    #[error("there is no challenge that waits for an answer of this node: ask for one")]
    None,
    /// The answer took too long.
    #[error("the challenge was answered after more than {ANSWER_SECONDS_MAX} s: ask for another")]
    Late,
    /// Too many wait.
    #[error("too many challenges wait for their answers: ask again later")]
    Full,
    /// The chip does not have both keys.
    #[error("the secret of the challenge is wrong: the two keys are not in one TPM")]
    Secret,
    /// Other keys than the challenge was made for.
    #[error("the attestation is of other keys than the challenge")]
    OtherKeys,
    /// Another nonce.
    #[error("the attestation does not carry the nonce of the challenge")]
    Nonce,
}

/// The challenges of one collector.
#[derive(Debug)]
pub(super) struct Challenges {
    all: Mutex<BTreeMap<Whom, Pending>>,
    most: usize,
}

impl Default for Challenges {
    fn default() -> Self {
        Self::with_room_for(PENDING_MAX)
    }
}

impl Challenges {
    pub(super) fn with_room_for(most: usize) -> Self {
        Self { all: Mutex::default(), most }
    }

    /// Keeps a challenge in place of an earlier one of the node.
    pub(super) fn keep(&self, peer: &Peer, pending: Pending) -> Result<(), NotAnswered> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= self.most {
            all.retain(|_, kept| !kept.is_late(pending.made_at));
        }
        if all.len() >= self.most && !all.contains_key(&whom(peer)) {
            return Err(NotAnswered::Full);
        }
        all.insert(whom(peer), pending);
        Ok(())
    }

    /// The challenge of a node; whatever becomes of the answer, it is used up.
    pub(super) fn take(&self, peer: &Peer, now: Timestamp) -> Result<Pending, NotAnswered> {
        let taken = self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&whom(peer));
        match taken.ok_or(NotAnswered::None)? {
            pending if pending.is_late(now) => Err(NotAnswered::Late),
            pending => Ok(pending),
        }
    }
}

fn whom(peer: &Peer) -> Whom {
    (peer.node.clone(), peer.report_key.clone())
}

impl Pending {
    fn is_late(&self, now: Timestamp) -> bool {
        now.seconds_since(self.made_at) > ANSWER_SECONDS_MAX
    }

    pub(super) fn check_secret(&self, secret: &[u8]) -> Result<(), NotAnswered> {
        verify_slices_are_equal(secret, &self.secret).map_err(|_| NotAnswered::Secret)
    }

    pub(super) fn check(&self, opened: &Opened) -> Result<(), NotAnswered> {
        if (opened.endorsement.digest(), opened.signer.digest()) != self.digests {
            return Err(NotAnswered::OtherKeys);
        }
        if opened.attestation.nonce.0 != self.nonce {
            return Err(NotAnswered::Nonce);
        }
        Ok(())
    }
}

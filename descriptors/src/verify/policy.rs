//! What is asked of a document: by whom, at which time, within which limits.

use crate::proof::key::Algorithm;
use crate::target::Target;
use crate::timestamp::Timestamp;

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// What any of our targets makes, and what the W3C's documents allow: nothing that Gaia-X alone asks for.
    #[default]
    Any,
    /// What this target asks for.
    Of(Target),
}

/// What verification may cost, whatever the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document that is handed in.
    pub document_bytes_max: usize,
    /// Values and names of one document.
    pub values_max: usize,
    /// Credentials inside one presentation.
    pub credentials_max: usize,
    /// Statements that one document may make.
    pub statements_max: usize,
    /// Steps of telling blank nodes apart, for everything that one call verifies.
    pub canonicalisation_steps_max: usize,
    /// Bytes that one status list may inflate to.
    pub list_bytes_max: usize,
    /// Entries in status lists that one credential may have.
    pub status_entries_max: usize,
}

impl Default for Limits {
    /// Ends every document within 50 ms and 64 MiB.
    fn default() -> Self {
        Self {
            document_bytes_max: 1 << 20,
            values_max: 100_000,
            credentials_max: 64,
            statements_max: 20_000,
            canonicalisation_steps_max: 30_000,
            list_bytes_max: crate::status_list::BYTES_MAX,
            status_entries_max: 4,
        }
    }
}

/// Seconds by which the clocks of issuer and verifier may differ, unless a policy says otherwise.
pub const SKEW_SECONDS: i64 = 60;

/// What is asked of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The time at which it is to hold.
    pub now: Timestamp,
    /// Seconds by which the clocks of issuer and verifier may differ.
    pub skew_seconds: i64,
    /// Whose rules hold.
    pub profile: Profile,
    /// The algorithms of JOSE that are taken; a key serves only its own.
    pub algorithms: Vec<Algorithm>,
    /// Whether every name must have a meaning in the contexts that are held, also where the signature does not rest on it.
    /// Where it rests on it, that is always so.
    pub terms: bool,
    /// Whether names that no context defines, and that only `@vocab` catches, are taken. Spelling mistakes end there.
    pub vocab_names: bool,
    /// Whether a status list may be issued by somebody else than the credential.
    pub foreign_lists: bool,
    /// What it may cost.
    pub limits: Limits,
}

impl Policy {
    /// The policy that takes what [`Profile::Any`] takes, at the time `now`, with a skew of 60 seconds.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            skew_seconds: SKEW_SECONDS,
            profile: Profile::Any,
            algorithms: Algorithm::ALL.to_vec(),
            terms: true,
            vocab_names: false,
            foreign_lists: false,
            limits: Limits::default(),
        }
    }

    /// The same for what a target asks for.
    #[must_use]
    pub fn for_target(mut self, target: Target) -> Self {
        self.profile = Profile::Of(target);
        self.algorithms = target.algorithms().to_vec();
        self
    }

    pub(super) fn target(&self) -> Option<Target> {
        match self.profile {
            Profile::Any => None,
            Profile::Of(target) => Some(target),
        }
    }

    /// Whether the rules of Gaia-X hold for what a credential says.
    pub(super) fn is_gaia_x(&self) -> bool {
        matches!(self.target(), Some(Target::Danube | Target::Loire | Target::Xfsc))
    }

    pub(super) fn latest(&self) -> Timestamp {
        self.now.plus_seconds(self.skew_seconds)
    }

    pub(super) fn earliest(&self) -> Timestamp {
        self.now.plus_seconds(-self.skew_seconds)
    }
}

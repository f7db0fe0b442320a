//! Facts, declaration and verdicts become subjects; what changed becomes credentials.
//!
//! A credential is issued again when what it says changes, or after two thirds of its life, so that whoever holds one always
//! finds a valid one. What is said no more is taken out of the current set. How a subject of each class is made stands in
//! `descriptors::credential`; signing is done with the key that is handed in.

use std::collections::{BTreeMap, HashMap, HashSet};

use descriptors::canonical;
use descriptors::credential::{self, Base, Credential, Observation, Period, Subject};
use descriptors::digest::Digest;
use descriptors::proof::vc_jwt::{self, IssueError};
use descriptors::target::{self, Seal, SealError, Target};
use descriptors::timestamp::Timestamp;
use independence::Audit;
use serde_json::json;

use crate::sign::Issuer;
use crate::store::Issued;
use crate::topology::Topology;

/// Why something was not described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// A verdict does not serialise.
    #[error("a verdict does not serialise to JSON")]
    Verdict(#[source] serde_json::Error),
    /// A subject has no canonical form.
    #[error("what is said of {subject} has no canonical form")]
    Canonical {
        /// Its id.
        subject: String,
        /// Why.
        #[source]
        source: canonical::WriteError,
    },
    /// A target cannot be served.
    #[error("credentials for one of the targets cannot be issued")]
    Seal(#[from] SealError),
    /// A credential was not signed for a target.
    #[error("the credential of {subject} was not issued for {target}")]
    Form {
        /// The id of its subject.
        subject: String,
        /// For whom.
        target: Target,
        /// Why.
        #[source]
        source: target::IssueError,
    },
    /// A credential was not signed.
    #[error("the credential of {subject} was not issued")]
    Issue {
        /// The id of its subject.
        subject: String,
        /// Why.
        #[source]
        source: IssueError,
    },
}

/// What is to be done with the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// To be stored, each in place of the one before it.
    pub issue: Vec<Issued>,
    /// Ids of credentials that say what is no more.
    pub retire: Vec<String>,
}

/// Everything that can be said now. Before there is a declaration only the nodes are described; without an audit nothing is
/// said about independence.
pub fn subjects(base: &Base, topology: &Topology, audit: Option<&Audit>) -> Result<Vec<Subject>, DescribeError> {
    let observations = topology.nodes.iter().map(|node| Observation {
        report: &node.report,
        digest: node.latest.report_digest,
        key: &node.report_key,
    });
    let Some(signed) = &topology.declaration else {
        return Ok(observations.flat_map(|observation| credential::node_subjects(base, observation)).collect());
    };
    let verdicts = audit.map(Audit::claims).transpose().map_err(DescribeError::Verdict)?.unwrap_or_default();
    Ok(credential::subjects(base, &signed.declaration, observations, verdicts))
}

/// Compares what is to be said with what was issued, and signs what is missing.
pub fn plan(
    issuer: &Issuer,
    subjects: Vec<Subject>,
    current: &[Issued],
    now: Timestamp,
    validity_seconds: i64,
) -> Result<Plan, DescribeError> {
    let issued: HashMap<(&str, &str), &Issued> =
        current.iter().map(|issued| ((issued.class.as_str(), issued.subject.as_str()), issued)).collect();
    let mut said: HashSet<(&str, String)> = HashSet::new();
    let mut plan = Plan::default();
    let period = Period { from: now, until: now.plus_seconds(validity_seconds) };
    let seals = issuer.targets.iter().map(|target| issuer.seal(*target)).collect::<Result<Vec<_>, _>>()?;
    for subject in subjects {
        let content = content(issuer, &subject)?;
        let known = issued.get(&(subject.class(), subject.id()));
        said.insert((subject.class(), subject.id().to_owned()));
        if known.is_none_or(|known| known.content != content || is_due(known, now)) {
            plan.issue.push(issue(issuer, &seals, subject, content, period)?);
        }
    }
    let silent = current.iter().filter(|issued| !said.contains(&(issued.class.as_str(), issued.subject.clone())));
    plan.retire = silent.map(|issued| issued.id.clone()).collect();
    Ok(plan)
}

/// Two thirds of its life are over, or it lies in the future because a clock was wrong.
fn is_due(issued: &Issued, now: Timestamp) -> bool {
    let life = issued.valid_until.seconds_since(issued.valid_from);
    now < issued.valid_from || now >= issued.valid_from.plus_seconds(life / 3 * 2)
}

/// Digest of who says what to whom, without times.
fn content(issuer: &Issuer, subject: &Subject) -> Result<Digest, DescribeError> {
    let mut said = json!({"issuer": issuer.did, "subject": subject.to_value(), "origin": subject.origin});
    if !issuer.targets.is_empty() {
        said["targets"] = json!(issuer.targets);
        // Another certified key signs everything anew: its document publishes one.
        said["certified"] = json!(issuer.certified.as_ref().map(|one| one.key.verification_key().to_jwk(None)));
    }
    let failed = |source| DescribeError::Canonical { subject: subject.id().to_owned(), source };
    let bytes = canonical::to_vec(&said).map_err(failed)?;
    Ok(Digest::of(&bytes))
}

fn issue(
    issuer: &Issuer,
    seals: &[Seal<'_>],
    subject: Subject,
    content: Digest,
    period: Period,
) -> Result<Issued, DescribeError> {
    let (class, id, origin) = (subject.class().to_owned(), subject.id().to_owned(), subject.origin);
    let failed = |source| DescribeError::Issue { subject: id.clone(), source };
    let credential = Credential::new(&issuer.base, issuer.did.clone(), period, subject)
        .map_err(|source| failed(IssueError::Canonical(source)))?;
    let jwt = vc_jwt::issue(&credential, issuer.signer.as_ref()).map_err(failed)?;
    let mut forms = BTreeMap::new();
    for seal in seals {
        let form = seal.issue(&credential);
        let form = form.map_err(|source| DescribeError::Form { subject: id.clone(), target: seal.target(), source })?;
        forms.insert(seal.target(), String::from_utf8_lossy(&form).into_owned());
    }
    Ok(Issued {
        id: credential.id().to_owned(),
        class,
        subject: id.clone(),
        content,
        origin,
        valid_from: period.from,
        valid_until: period.until,
        jwt,
        forms,
    })
}

//! Facts, declaration and verdicts become subjects; what changed becomes credentials.
//!
//! A credential is issued again when what it says changes, or after two thirds of its life, so that whoever holds one always
//! finds a valid one. What is said no more is taken out of the current set. How a subject of each class is made stands in
//! `descriptors::credential`; signing is done with the key that is handed in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use descriptors::canonical;
use descriptors::credential::{self, Base, Credential, Observation, Period, Subject};
use descriptors::digest::Digest;
use descriptors::proof::vc_jwt::{self, IssueError};
use descriptors::target::{self, Seal, SealError, Target};
use descriptors::timestamp::Timestamp;
use descriptors::vocabulary::Ontology;
use independence::Audit;

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

/// Subjects for which a thread of its own is worth while.
const PER_THREAD_MIN: usize = 256;

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
    let said: HashSet<(&str, String)> =
        subjects.iter().map(|subject| (subject.class(), subject.id().to_owned())).collect();
    let mut plan = Plan::default();
    let period = Period { from: now, until: now.plus_seconds(validity_seconds) };
    let seals = issuer.targets.iter().map(|target| issuer.seal(*target)).collect::<Result<Vec<_>, _>>()?;
    plan.issue = on_all_cores(subjects, |subject| {
        let content = content(issuer, &subject)?;
        let known = issued.get(&(subject.class(), subject.id()));
        let due = known.is_none_or(|known| known.content != content || is_due(known, now));
        due.then(|| issue(issuer, &seals, subject, content, period)).transpose()
    })?;
    let silent = current.iter().filter(|issued| !said.contains(&(issued.class.as_str(), issued.subject.clone())));
    plan.retire = silent.map(|issued| issued.id.clone()).collect();
    Ok(plan)
}

/// Issues what is due among the subjects, in their order: hashing and signing is all that costs, and each credential stands
/// alone.
fn on_all_cores(
    mut subjects: Vec<Subject>,
    issue: impl Fn(Subject) -> Result<Option<Issued>, DescribeError> + Sync,
) -> Result<Vec<Issued>, DescribeError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(subjects.len() / PER_THREAD_MIN).max(1);
    let each = subjects.len().div_ceil(threads).max(1);
    let mut parts = Vec::with_capacity(threads);
    while !subjects.is_empty() {
        let rest = subjects.split_off(each.min(subjects.len()));
        parts.push(std::mem::replace(&mut subjects, rest));
    }
    let issue = |part: Vec<Subject>| part.into_iter().filter_map(|subject| issue(subject).transpose()).collect();
    let done: Vec<Result<Vec<Issued>, DescribeError>> = thread::scope(|scope| {
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| issue(part))).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| parts.into_iter().flatten().collect())
}

/// Two thirds of its life are over, or it lies in the future because a clock was wrong.
fn is_due(issued: &Issued, now: Timestamp) -> bool {
    let life = issued.valid_until.seconds_since(issued.valid_from);
    now < issued.valid_from || now >= issued.valid_from.plus_seconds(life / 3 * 2)
}

/// Digest of who says what to whom, without times: of canonical JSON, written without a tree, since this is done for every
/// subject, also when nothing is due.
fn content(issuer: &Issuer, subject: &Subject) -> Result<Digest, DescribeError> {
    let failed = |source| DescribeError::Canonical { subject: subject.id().to_owned(), source };
    let mut said = Vec::with_capacity(4096);
    said.push(b'{');
    if !issuer.targets.is_empty() {
        // Another certified key signs everything anew: its document publishes one.
        let certified = issuer.certified.as_ref().map(|one| one.key.verification_key().to_jwk(None));
        said.extend_from_slice(b"\"certified\":");
        said.extend(canonical::to_vec(&certified).map_err(failed)?);
        said.push(b',');
    }
    said.extend_from_slice(b"\"issuer\":");
    said.extend(canonical::to_vec(&issuer.did).map_err(failed)?);
    said.extend_from_slice(b",\"origin\":");
    said.extend(canonical::to_vec(&subject.origin).map_err(failed)?);
    said.extend_from_slice(b",\"subject\":");
    subject.node.write_json(Ontology::default(), &mut said).map_err(failed)?;
    if !issuer.targets.is_empty() {
        said.extend_from_slice(b",\"targets\":");
        said.extend(canonical::to_vec(&issuer.targets).map_err(failed)?);
    }
    said.push(b'}');
    Ok(Digest::of(&said))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::sync::Arc;

    use descriptors::node::Node;
    use descriptors::proof::SoftwareKey;
    use descriptors::report::Origin;
    use serde_json::json;

    use super::*;

    fn issuer() -> Issuer {
        Issuer::new(Arc::new(SoftwareKey::from_seed(&[1; 32])), None).unwrap()
    }

    fn subjects(number: usize) -> Vec<Subject> {
        let node = |at: usize| Node::new(format!("https://c.example/subjects/{at}"), "avow:NodeHardware");
        (0..number)
            .map(|at| Subject { node: node(at).with("schema:name", "\"n\""), origin: Origin::Real, provenance: None })
            .collect()
    }

    #[test]
    fn credentials_come_in_the_order_of_their_subjects_and_once() {
        let (issuer, now) = (issuer(), Timestamp::from_unix(1_795_219_200).unwrap());
        // More than any number of threads shares evenly.
        let subjects = subjects(3 * PER_THREAD_MIN + 1);
        let first = plan(&issuer, subjects.clone(), &[], now, 3600).unwrap();
        let ids = |subjects: &[Subject]| subjects.iter().map(|one| one.id().to_owned()).collect::<Vec<_>>();
        assert_eq!(first.issue.iter().map(|one| one.subject.clone()).collect::<Vec<_>>(), ids(&subjects));
        assert_eq!(first.retire, Vec::<String>::new());

        let second = plan(&issuer, subjects[1..].to_vec(), &first.issue, now, 3600).unwrap();
        assert_eq!(second.issue, Vec::new());
        assert_eq!(second.retire, [first.issue[0].id.clone()]);
    }

    #[test]
    fn what_is_said_is_hashed_in_canonical_form() {
        let [subject] = subjects(1).try_into().unwrap();
        for targets in [vec![], vec![Target::W3cJcs, Target::W3cRdfc]] {
            let issuer = Issuer { targets: targets.clone(), ..issuer() };
            let mut said = json!({"issuer": issuer.did, "subject": subject.to_value(), "origin": subject.origin});
            if !targets.is_empty() {
                said["targets"] = json!(targets);
                said["certified"] = json!(null);
            }
            let expected = Digest::of(&canonical::to_vec(&said).unwrap());
            assert_eq!(content(&issuer, &subject).unwrap(), expected);
        }
    }
}

//! Facts, declaration and verdicts become subjects; what changed becomes credentials.
//!
//! A credential is issued again when what it says changes, or after two thirds of its life, so that whoever holds one always
//! finds a valid one; one that an operator withdrew only when what it says changes. What is said no more is taken out of
//! the current set. Which place in the status lists a credential gets is decided between [`plan`] and [`issue`]. How a subject of each class is made stands in
//! `descriptors::credential`; signing is done with the key that is handed in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use descriptors::canonical;
use descriptors::credential::tagus::{Subdivisions, TagusError};
use descriptors::credential::{self, Base, Credential, Observation, Period, Subject, legal_person};
use descriptors::digest::Digest;
use descriptors::json_ld::Contexts;
use descriptors::proof::jws_2020::SecureError;
use descriptors::proof::vc_jwt::{self, IssueError};
use descriptors::status_list::{Place, Purpose};
use descriptors::target::{self, Seal, SealError, Target};
use descriptors::timestamp::Timestamp;
use descriptors::vocabulary::Ontology;
use independence::Audit;

use crate::sign::Issuer;
use crate::status::{self, Reserved};
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
        source: Box<FormError>,
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

/// Why a credential was not signed for a target.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Of the present generation.
    #[error(transparent)]
    Issue(#[from] target::IssueError),
    /// Of the Tagus release.
    #[error(transparent)]
    Secure(#[from] SecureError),
}

/// Subjects for which a thread of its own is worth while.
const PER_THREAD_MIN: usize = 256;

/// Everything that can be said now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Said {
    /// Of whom, and what.
    pub subjects: Vec<Subject>,
    /// The parts of the country in which the provider sits, which only Tagus has a place for.
    pub subdivisions: Option<Subdivisions>,
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    subject: Subject,
    /// Of the provider, where Tagus is among the targets.
    subdivisions: Option<Subdivisions>,
    /// Digest of what it says.
    content: Digest,
}

/// What is to be done with the credentials.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// To be issued, in the order of the subjects.
    pub due: Vec<Due>,
    /// Ids of credentials that say what is no more.
    pub retire: Vec<String>,
}

/// Everything that can be said now. Before there is a declaration only the nodes are described; without an audit nothing is
/// said about independence.
pub fn said(base: &Base, topology: &Topology, audit: Option<&Audit>) -> Result<Said, DescribeError> {
    let observations = topology.nodes.iter().map(|node| Observation {
        report: &node.report,
        digest: node.latest.report_digest,
        key: &node.report_key,
        chip: node.chip.bound().map(|chip| &chip.said),
    });
    let Some(signed) = &topology.declaration else {
        let subjects = observations.flat_map(|observation| credential::node_subjects(base, observation)).collect();
        return Ok(Said { subjects, subdivisions: None });
    };
    let verdicts = audit.map(Audit::claims).transpose().map_err(DescribeError::Verdict)?.unwrap_or_default();
    let subjects = credential::subjects(base, &signed.declaration, observations, verdicts);
    let provider = &signed.declaration.provider;
    let legal = provider.legal_address.subdivision.clone();
    let headquarters = provider.headquarters_address.as_ref().unwrap_or(&provider.legal_address).subdivision.clone();
    let subdivisions = headquarters.zip(legal).map(|(headquarters, legal)| Subdivisions { headquarters, legal });
    Ok(Said { subjects, subdivisions })
}

/// Compares what is to be said with what was issued.
pub fn plan(issuer: &Issuer, said: Said, current: &[Issued], now: Timestamp) -> Result<Plan, DescribeError> {
    let Said { subjects, subdivisions } = said;
    let subdivisions = subdivisions.filter(|_| issuer.targets.contains(&Target::Tagus));
    let issued: HashMap<(&str, &str), &Issued> =
        current.iter().map(|issued| ((issued.class.as_str(), issued.subject.as_str()), issued)).collect();
    let said: HashSet<(&str, String)> =
        subjects.iter().map(|subject| (subject.class(), subject.id().to_owned())).collect();
    let silent = current.iter().filter(|issued| !said.contains(&(issued.class.as_str(), issued.subject.clone())));
    let retire = silent.map(|issued| issued.id.clone()).collect();
    let due = on_all_cores(subjects, |subject| {
        let subdivisions = subdivisions.clone().filter(|_| subject.class() == legal_person::CLASS);
        let content = content(issuer, &subject, subdivisions.as_ref())?;
        let known = issued.get(&(subject.class(), subject.id()));
        let due = known.is_none_or(|known| known.content != content || is_due(known, now));
        Ok(due.then_some(Due { subject, subdivisions, content }))
    })?;
    Ok(Plan { due, retire })
}

/// Signs what is due, each with the place reserved for its position.
pub fn issue(
    issuer: &Issuer,
    due: Vec<Due>,
    reserved: &Reserved,
    now: Timestamp,
    validity_seconds: i64,
) -> Result<Vec<Issued>, DescribeError> {
    let period = Period { from: now, until: now.plus_seconds(validity_seconds) };
    let seals = issuer.targets.iter().map(|target| issuer.seal(*target)).collect::<Result<Vec<_>, _>>()?;
    let due = due.into_iter().enumerate().collect();
    on_all_cores(due, |(at, due)| sign(issuer, &seals, due, reserved.place(at), period).map(Some))
}

/// Does the same for each, in their order: hashing and signing is all that costs, and each credential stands alone.
fn on_all_cores<T: Send, U: Send>(
    mut all: Vec<T>,
    each: impl Fn(T) -> Result<Option<U>, DescribeError> + Sync,
) -> Result<Vec<U>, DescribeError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(all.len() / PER_THREAD_MIN).max(1);
    let length = all.len().div_ceil(threads).max(1);
    let mut parts = Vec::with_capacity(threads);
    while !all.is_empty() {
        let rest = all.split_off(length.min(all.len()));
        parts.push(std::mem::replace(&mut all, rest));
    }
    let do_part = |part: Vec<T>| part.into_iter().filter_map(|one| each(one).transpose()).collect();
    let done: Vec<Result<Vec<U>, DescribeError>> = thread::scope(|scope| {
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| do_part(part))).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| parts.into_iter().flatten().collect())
}

/// Two thirds of its life are over, or it lies in the future because a clock was wrong. What an operator withdrew is not said
/// again by itself.
fn is_due(issued: &Issued, now: Timestamp) -> bool {
    if issued.revoked_at.is_some() || issued.suspended_at.is_some() {
        return false;
    }
    let life = issued.valid_until.seconds_since(issued.valid_from);
    now < issued.valid_from || now >= issued.valid_from.plus_seconds(life / 3 * 2)
}

/// Digest of who says what to whom, without times: of canonical JSON, written without a tree, since this is done for every
/// subject, also when nothing is due.
fn content(issuer: &Issuer, subject: &Subject, subdivisions: Option<&Subdivisions>) -> Result<Digest, DescribeError> {
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
    if let Some(provenance) = &subject.provenance {
        said.extend_from_slice(b",\"provenance\":");
        said.extend(canonical::to_vec(provenance).map_err(failed)?);
    }
    // Credentials without a place in the status lists are issued once more.
    said.extend_from_slice(b",\"status\":");
    said.extend(canonical::to_vec(&status::PURPOSES.map(Purpose::as_str)).map_err(failed)?);
    if let Some(Subdivisions { headquarters, legal }) = subdivisions {
        said.extend_from_slice(b",\"subdivisions\":");
        said.extend(canonical::to_vec(&[headquarters, legal]).map_err(failed)?);
    }
    said.extend_from_slice(b",\"subject\":");
    subject.node.write_json(Ontology::default(), &mut said).map_err(failed)?;
    if !issuer.targets.is_empty() {
        said.extend_from_slice(b",\"targets\":");
        said.extend(canonical::to_vec(&issuer.targets).map_err(failed)?);
    }
    said.push(b'}');
    Ok(Digest::of(&said))
}

fn sign(issuer: &Issuer, seals: &[Seal<'_>], due: Due, place: Place, period: Period) -> Result<Issued, DescribeError> {
    let Due { subject, subdivisions, content } = due;
    let (class, id, origin) = (subject.class().to_owned(), subject.id().to_owned(), subject.origin);
    let failed = |source| DescribeError::Issue { subject: id.clone(), source };
    let entries = status::entries(&issuer.base, place);
    let credential = Credential::placed(&issuer.base, issuer.did.clone(), period, subject, &entries)
        .map_err(|source| failed(IssueError::Canonical(source)))?;
    let jwt = vc_jwt::issue(&credential, issuer.signer.as_ref()).map_err(failed)?;
    let mut forms = BTreeMap::new();
    for seal in seals {
        let form = match (seal.target(), &issuer.tagus) {
            (Target::Tagus, Some(contexts)) => tagus(seal, &credential, subdivisions.as_ref(), period.from, contexts),
            _ => seal.issue(&credential).map(Some).map_err(FormError::Issue),
        };
        let form = form.map_err(|source| DescribeError::Form {
            subject: id.clone(),
            target: seal.target(),
            source: source.into(),
        })?;
        forms.extend(form.map(|form| (seal.target(), String::from_utf8_lossy(&form).into_owned())));
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
        place: Some(place),
        revoked_at: None,
        suspended_at: None,
    })
}

/// The form of the Tagus release; none where that release has no words for it, or asks for what is not said.
fn tagus(
    seal: &Seal<'_>,
    credential: &Credential,
    subdivisions: Option<&Subdivisions>,
    created: Timestamp,
    contexts: &Contexts,
) -> Result<Option<Vec<u8>>, FormError> {
    match credential.tagus(subdivisions) {
        Ok(document) => Ok(Some(seal.secure(document, created, contexts)?)),
        Err(TagusError::NoWords { .. }) => Ok(None),
        Err(error @ TagusError::NotSaid { .. }) => {
            tracing::warn!(%error, "a credential is not issued for tagus");
            Ok(None)
        }
    }
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
        let first = plan(&issuer, said(subjects.clone()), &[], now).unwrap();
        assert_eq!(first.retire, Vec::<String>::new());
        let issued = issue(&issuer, first.due, &reserved(), now, 3600).unwrap();
        let ids = |subjects: &[Subject]| subjects.iter().map(|one| one.id().to_owned()).collect::<Vec<_>>();
        assert_eq!(issued.iter().map(|one| one.subject.clone()).collect::<Vec<_>>(), ids(&subjects));
        let places: Vec<Option<Place>> = (0..subjects.len()).map(|at| Some(reserved().place(at))).collect();
        assert_eq!(issued.iter().map(|one| one.place).collect::<Vec<_>>(), places);

        let second = plan(&issuer, said(subjects[1..].to_vec()), &issued, now).unwrap();
        assert_eq!(second.due, Vec::new());
        assert_eq!(second.retire, [issued[0].id.clone()]);
    }

    fn said(subjects: Vec<Subject>) -> Said {
        Said { subjects, subdivisions: None }
    }

    fn reserved() -> Reserved {
        Reserved::new(Digest::of(b"seed"), 7)
    }

    #[test]
    fn what_was_withdrawn_is_not_said_again_by_itself() {
        let (issuer, now) = (issuer(), Timestamp::from_unix(1_795_219_200).unwrap());
        let due = plan(&issuer, said(subjects(1)), &[], now).unwrap().due;
        let issued = issue(&issuer, due, &reserved(), now, 3600).unwrap();
        let late = now.plus_seconds(3000);
        let count = |issued: &[Issued], subjects| plan(&issuer, said(subjects), issued, late).unwrap().due.len();
        assert_eq!(count(&issued, subjects(1)), 1, "renewed after two thirds of its life");
        let revoked = [Issued { revoked_at: Some(now), ..issued[0].clone() }];
        let suspended = [Issued { suspended_at: Some(now), ..issued[0].clone() }];
        assert_eq!((count(&revoked, subjects(1)), count(&suspended, subjects(1))), (0, 0));
        let changed = || {
            let mut subjects = subjects(1);
            subjects[0].node.set("schema:name", "another");
            subjects
        };
        assert_eq!((count(&revoked, changed()), count(&suspended, changed())), (1, 1));
    }

    #[test]
    fn what_is_said_is_hashed_in_canonical_form() {
        let [subject] = subjects(1).try_into().unwrap();
        for targets in [vec![], vec![Target::W3cJcs, Target::W3cRdfc]] {
            let issuer = Issuer { targets: targets.clone(), ..issuer() };
            let mut said = json!({"issuer": issuer.did, "subject": subject.to_value(), "origin": subject.origin,
                "status": ["revocation", "suspension"]});
            if !targets.is_empty() {
                said["targets"] = json!(targets);
                said["certified"] = json!(null);
            }
            let expected = Digest::of(&canonical::to_vec(&said).unwrap());
            assert_eq!(content(&issuer, &subject, None).unwrap(), expected);
        }
    }
}

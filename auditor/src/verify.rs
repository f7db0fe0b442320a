//! `avow verify`: every signature, every digest, and the verdicts once more from the evidence.
//!
//! Each check is kept with what it found, also after another has failed: an auditor wants all faults, not the first. A
//! check that could not be made, because one before it failed, is said to be so and is never counted as passed.

use std::collections::BTreeMap;

use descriptors::bundle::{self, Bundle, CREDENTIALS, Manifest, NodeTrust};
use descriptors::canonical;
use descriptors::credential::{self, Base, Observation};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::PublicKey;
use descriptors::proof::vc_jwt;
use descriptors::tpm::attestation::Bound;
use descriptors::tpm::endorsement::Makers;
use independence::audit::{Audit, audit};
use independence::evidence::{Evidence, NodeEvidence};
use independence::verdict::Outcome;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::bundle as entries;
use crate::{chips, status};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it must be.
    Passed(String),
    /// Not as it must be; each fault with its causes.
    Failed(Vec<String>),
    /// Could not be checked, for this reason.
    NotChecked(String),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub subject: &'static str,
    /// What was found.
    pub finding: Finding,
}

/// All checks of a bundle, and the verdicts they allow.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// What the bundle says of itself, where that could be read.
    pub manifest: Option<Manifest>,
    /// Every check, in the order of the way of the data.
    pub checks: Vec<Check>,
    /// The verdicts, recomputed here; none when the evidence is not sound.
    pub audit: Option<Audit>,
}

/// How a verification ends, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// All claims hold.
    Holds = 0,
    /// At least one claim is refuted.
    Refuted = 1,
    /// Nothing is refuted, and evidence is missing, or nothing is claimed.
    Undetermined = 3,
    /// The evidence cannot be trusted.
    Corrupt = 4,
}

impl Verification {
    /// Corrupt before refuted before undetermined.
    pub fn ending(&self) -> Ending {
        let failed = self.checks.iter().any(|check| matches!(check.finding, Finding::Failed(_)));
        let whole = self.checks.iter().all(|check| matches!(check.finding, Finding::Passed(_)));
        let outcomes = self.audit.iter().flat_map(|audit| &audit.assessments).map(|a| a.verdict.outcome());
        match outcomes.min() {
            _ if failed => Ending::Corrupt,
            Some(Outcome::Dependent) => Ending::Refuted,
            Some(Outcome::Independent) if whole => Ending::Holds,
            Some(Outcome::Independent | Outcome::Undetermined) | None => Ending::Undetermined,
        }
    }

    fn note<T>(&mut self, subject: &'static str, result: Result<(T, String), Vec<String>>) -> Option<T> {
        let (value, finding) = match result {
            Ok((value, text)) => (Some(value), Finding::Passed(text)),
            Err(faults) => (None, Finding::Failed(faults)),
        };
        self.checks.push(Check { subject, finding });
        value
    }

    fn check_status(&mut self, bundle: &Bundle, credentials: Option<&Credentials>) {
        let Some(credentials) = credentials else {
            self.not_checked("status", "the credentials are not sound");
            return;
        };
        let document = entries::did_document(bundle).ok().flatten();
        let read = |bytes: &[u8]| credential(bundle, bytes, document.as_ref());
        self.checks.push(Check { subject: "status", finding: status::check(bundle, credentials, read) });
    }

    fn not_checked(&mut self, subject: &'static str, why: &str) {
        self.checks.push(Check { subject, finding: Finding::NotChecked(why.to_owned()) });
    }
}

/// The message of an error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Checks a bundle. `pinned` is the issuer that the reader expects, from another source than the bundle.
pub fn verify(bytes: &[u8], pinned: Option<&Did>) -> Verification {
    verify_with(bytes, pinned, &Makers::default())
}

/// As [`verify`]; `makers` are those whose chips the reader trusts.
pub fn verify_with(bytes: &[u8], pinned: Option<&Did>, makers: &Makers) -> Verification {
    let mut done = Verification { manifest: None, checks: Vec::new(), audit: None };
    let read = bundle::read(bytes)
        .map(|bundle| {
            let text = format!("{} entries with the digests that the issuer signed", bundle.entries.len());
            (bundle, text)
        })
        .map_err(|faults| faults.0.iter().map(|fault| chain(fault)).collect());
    let Some(bundle) = done.note("container", read) else { return done };
    done.manifest = Some(bundle.manifest.clone());
    let Some(key) = done.note("issuer", issuer(&bundle, pinned)) else { return done };
    let declaration = done.note("declaration", declaration(&bundle, &key));
    let nodes = done.note("reports", reports(&bundle));
    if let Some(finding) = nodes.as_ref().and_then(|_| chips::check(&bundle, makers)) {
        done.checks.push(Check { subject: "tpms", finding });
    }
    let credentials = done.note("credentials", credentials(&bundle));
    done.check_status(&bundle, credentials.as_ref());
    let (Some((declaration, declaration_digest)), Some(nodes)) = (declaration, nodes) else {
        done.not_checked("verdicts", "declaration and reports are not sound");
        return done;
    };
    let as_of = bundle.manifest.as_of;
    let evidence = Evidence { declaration, declaration_digest, nodes, as_of };
    done.audit = done.note("verdicts", verdicts(&bundle, &evidence));
    match (&credentials, &done.audit) {
        (Some(credentials), Some(audit)) => {
            let content = content(&bundle, &evidence, audit, credentials);
            done.note("content", content);
        }
        _ => done.not_checked("content", "credentials or verdicts are not sound"),
    }
    done
}

fn issuer(bundle: &Bundle, pinned: Option<&Did>) -> Result<(PublicKey, String), Vec<String>> {
    let did = &bundle.manifest.issuer;
    let key = entries::issuer_key(bundle).map_err(|error| vec![chain(&error)])?;
    match pinned {
        Some(pinned) if pinned != did => Err(vec![format!("the issuer is {did}, expected {pinned}")]),
        Some(_) => Ok((key, format!("{did}, as expected"))),
        None => Ok((key, format!("{did} (not pinned: --issuer compares it with one that you know)"))),
    }
}

type Declared = (Declaration, Digest);

fn declaration(bundle: &Bundle, key: &PublicKey) -> Result<(Declared, String), Vec<String>> {
    let (declaration, digest) = entries::declaration(bundle, key).map_err(|error| vec![chain(&error)])?;
    let text = format!("of {}, signed by the issuer, {}", declaration.provider.name, declaration.origin);
    Ok(((declaration, digest), text))
}

fn reports(bundle: &Bundle) -> Result<(Vec<NodeEvidence>, String), Vec<String>> {
    let trusts = entries::nodes(bundle).map_err(|error| vec![chain(&error)])?;
    let mut faults: Vec<String> = entries::strays(bundle, &trusts).iter().map(|error| chain(error)).collect();
    let mut nodes = Vec::with_capacity(trusts.len());
    for trust in &trusts {
        match entries::node_evidence(bundle, trust) {
            Ok(node) => nodes.push(node),
            Err(error) => faults.push(chain(&error)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let text = format!("{} reports, each signed by its own node", nodes.len());
    Ok((nodes, text))
}

type Credentials = BTreeMap<String, Map<String, Value>>;

fn credentials(bundle: &Bundle) -> Result<(Credentials, String), Vec<String>> {
    let document = entries::did_document(bundle).map_err(|error| vec![chain(&error)])?;
    let mut faults = Vec::new();
    let mut good = Credentials::new();
    for (path, bytes) in bundle.entries.iter().filter(|(path, _)| path.starts_with(CREDENTIALS)) {
        match credential(bundle, bytes, document.as_ref()) {
            Ok(credential) => drop(good.insert(path.clone(), credential)),
            Err(fault) => faults.push(format!("`{path}`: {fault}")),
        }
    }
    let text = format!("{} credentials, each signed by the issuer and valid at the time of the bundle", good.len());
    if faults.is_empty() { Ok((good, text)) } else { Err(faults) }
}

fn credential(bundle: &Bundle, bytes: &[u8], document: Option<&Value>) -> Result<Map<String, Value>, String> {
    let issuer = &bundle.manifest.issuer;
    let text = std::str::from_utf8(bytes).map_err(|_| "not text".to_owned())?;
    let verified = vc_jwt::verify(text, bundle.manifest.as_of, |did| document.filter(|_| did == issuer).cloned());
    let verified = verified.map_err(|error| chain(&error))?;
    if verified.issuer != *issuer {
        return Err(format!("issued by {}, not by the issuer of the bundle", verified.issuer));
    }
    Ok(verified.credential)
}

fn verdicts(bundle: &Bundle, evidence: &Evidence) -> Result<(Audit, String), Vec<String>> {
    let audit = audit(evidence).map_err(|error| vec![chain(&error)])?;
    let ours = canonical::to_vec(&audit).map_err(|error| vec![chain(&error)])?;
    match bundle.entries.get(bundle::AUDIT) {
        None => Err(vec![format!("`{}` is not in the bundle", bundle::AUDIT)]),
        Some(theirs) if *theirs != ours => {
            Err(vec![format!("`{}` is not what follows from the evidence", bundle::AUDIT)])
        }
        Some(_) => {
            let text = format!("{} verdicts recomputed here, equal to the issuer's", audit.assessments.len());
            Ok((audit, text))
        }
    }
}

/// Whether the credentials say what the evidence says.
fn content(
    bundle: &Bundle,
    evidence: &Evidence,
    audit: &Audit,
    credentials: &Credentials,
) -> Result<((), String), Vec<String>> {
    let trusts = entries::nodes(bundle).map_err(|error| vec![chain(&error)])?;
    let keys: BTreeMap<&NodeId, &Did> = trusts.iter().map(|trust| (&trust.node, &trust.report_key)).collect();
    let chips = said_of_chips(bundle, &trusts);
    let mut faults = Vec::new();
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for base in credentials.values().filter_map(base_of) {
        if expected.is_empty() {
            // Every report was checked with its node's key, so that there is one.
            let observations = evidence.nodes.iter().filter_map(|node| {
                let key = keys.get(&node.report.node)?;
                let chip = chips.get(&node.report.node);
                Some(Observation { report: &node.report, digest: node.digest, key, chip })
            });
            let verdicts = audit.claims().map_err(|error| vec![chain(&error)])?;
            let subjects = credential::subjects(&base, &evidence.declaration, observations, verdicts);
            expected = subjects.into_iter().map(|subject| (subject.id().to_owned(), subject.to_value())).collect();
        }
    }
    let total = credentials.len();
    for (path, credential) in credentials {
        let said = &credential["credentialSubject"];
        match said.get("id").and_then(Value::as_str).and_then(|id| expected.remove(id)) {
            None => faults.push(format!("`{path}` speaks of something that the evidence does not know, or twice")),
            Some(expect) if expect != *said => faults.push(format!("`{path}` says something else than the evidence")),
            Some(_) => {}
        }
    }
    faults.extend(expected.keys().map(|id| format!("there is no credential for `{id}`")));
    if faults.is_empty() { Ok(((), format!("{total} credentials say what the evidence says"))) } else { Err(faults) }
}

/// What is to be said of chips; attestations were checked with the reports, so that each opens.
fn said_of_chips(bundle: &Bundle, trusts: &[NodeTrust]) -> BTreeMap<NodeId, Bound> {
    let bound = trusts.iter().filter_map(|trust| {
        let opened = entries::attestation(bundle, trust).ok()??;
        Some((trust.node.clone(), Bound::new(&opened, trust.tpm.as_ref()?.maker.clone())))
    });
    bound.collect()
}

fn base_of(credential: &Map<String, Value>) -> Option<Base> {
    let (base, _) = credential.get("id")?.as_str()?.rsplit_once("/credentials/")?;
    Some(Base::address(base))
}

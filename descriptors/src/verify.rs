//! One door for whatever claims to be a credential or a presentation: ours in any target, and those of others.
//!
//! The form is found from the bytes, the rules from a [`Policy`], and everything a verdict rests on is handed in ([`Held`]): DID
//! documents, certificate chains, status lists, contexts, the time. Each check says what it rests on; none is left out
//! after another has failed, and "could not check" never turns into "good" or "bad". The document in a [`Report`] is read
//! from the bytes that were verified. What the claims mean, and whether an issuer may make them, is not known here.
//!
//! Ed25519 signatures are verified strictly, one by one. [`batch`] only says beforehand which documents are worth it.

pub mod batch;
mod certificates;
mod data_integrity;
mod envelope;
mod jws;
mod key;
mod model;
mod policy;
mod presentation;
mod report;
mod status;
mod tagus;
mod terms;

use std::cell::{Cell, RefCell};

use serde_json::Value;

use crate::certificate::Roots;
use crate::did::Did;
use crate::did::document::{Document as DidDocument, Method};
use crate::json::{Document, Json};
use crate::json_ld::Contexts;
use crate::timestamp::Timestamp;
pub use policy::{Limits, Policy, Profile, SKEW_SECONDS};
use report::Sheet;
pub use report::{Check, Finding, Form, Name, Outcome, Report};

/// What became of the search for a DID document.
#[derive(Debug, Clone)]
pub enum Resolution {
    /// Here it is.
    Found(Box<DidDocument>),
    /// It could not be had: nothing follows from that.
    Missing(String),
    /// There is one, and it is not sound.
    Bad(String),
}

impl Resolution {
    /// The document of `did` from a value that was handed in, if there was one.
    pub fn read(did: &Did, value: Option<&Value>) -> Self {
        match value.map(|value| DidDocument::parse(did, value)) {
            None => Self::Missing("not handed in".to_owned()),
            Some(Ok(document)) => Self::Found(Box::new(document)),
            Some(Err(error)) => Self::Bad(chain(&error)),
        }
    }
}

/// A list credential as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldList {
    /// The credential, byte for byte.
    pub bytes: Vec<u8>,
    /// When it was fetched, where that is known: with `ttl` it says whether the copy is fresh enough.
    pub fetched_at: Option<Timestamp>,
}

/// What verification rests on. Nothing is fetched: what is not here could not be checked.
///
/// Whoever controls an answer of `document` decides who speaks for that did:web; whoever controls `contexts` decides what the
/// names in signed documents mean. A did:key needs neither.
pub struct Held<'a> {
    /// The document of a did:web.
    pub document: &'a dyn Fn(&Did) -> Resolution,
    /// The certificate chain (PEM) at an address, as `x5u` names it.
    pub chain: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Roots in which chains may end.
    pub roots: &'a Roots,
    /// The list credential at an address.
    pub list: &'a dyn Fn(&str) -> Option<HeldList>,
    /// Contexts, pinned by whoever hands them in.
    pub contexts: &'a Contexts,
}

/// Verifies under one policy.
pub struct Verifier<'a> {
    policy: &'a Policy,
    held: &'a Held<'a>,
    /// What is left of the work that telling blank nodes apart may take, for one call.
    steps_left: Cell<usize>,
    chains: certificates::Checked,
    /// Keys of did:keys that were decoded: in a bulk few issuers have many credentials. A did:key stands for one key for
    /// ever, so nothing can become stale.
    keys: RefCell<Vec<Method>>,
}

/// Where in a call a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It was handed in.
    Root,
    /// Inside a presentation.
    Enclosed,
    /// A status list: its own status is not asked for.
    List,
}

impl<'a> Verifier<'a> {
    /// A verifier of `policy` that rests on what is `held`.
    pub fn new(policy: &'a Policy, held: &'a Held<'a>) -> Self {
        let steps_left = Cell::new(policy.limits.canonicalisation_steps_max);
        Self { policy, held, steps_left, chains: certificates::Checked::default(), keys: RefCell::default() }
    }

    /// Verifies the bytes of a credential or a presentation.
    pub fn verify(&self, bytes: &[u8]) -> Report {
        self.steps_left.set(self.policy.limits.canonicalisation_steps_max);
        self.chains.forget();
        self.verify_at(bytes, Place::Root)
    }

    fn verify_at(&self, bytes: &[u8], place: Place) -> Report {
        let mut sheet = Sheet::default();
        let max = self.policy.limits.document_bytes_max;
        if bytes.len() > max {
            return too_large(sheet, format!("{} bytes, more than {max}", bytes.len()));
        }
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => match Document::parse(bytes) {
                Ok(document) => {
                    sheet.pass(Name::Syntax, "strict JSON: one meaning for every reader");
                    self.verify_json(document, place, sheet)
                }
                Err(error) => {
                    sheet.pass(Name::Size, "the limits of the policy");
                    sheet.fail(Name::Syntax, "", error.to_string(), "send strict JSON, with each name once");
                    sheet.stop_after(Name::Syntax, "the document could not be read");
                    sheet.close(Form::Unknown)
                }
            },
            Some(_) => jws::verify(self, bytes, place, sheet),
            None => {
                sheet.pass(Name::Size, "the limits of the policy");
                sheet.fail(Name::Syntax, "", "nothing but white space", "hand in a credential or a presentation");
                sheet.stop_after(Name::Syntax, "there is nothing");
                sheet.close(Form::Unknown)
            }
        }
    }

    /// Whether the document is small enough for the work that is done on each of its values.
    fn check_size(&self, document: &Document, sheet: &mut Sheet) -> Result<(), String> {
        let (size, max) = (document.size(), self.policy.limits.values_max);
        if size > max {
            return Err(format!("{size} values and names, more than {max}"));
        }
        sheet.pass(Name::Size, "the limits of the policy");
        Ok(())
    }

    fn verify_json(&self, document: Document, place: Place, mut sheet: Sheet) -> Report {
        if let Err(problem) = self.check_size(&document, &mut sheet) {
            return too_large(sheet, problem);
        }
        let root = document.root();
        if has_type(root, "EnvelopedVerifiableCredential") || has_type(root, "EnvelopedVerifiablePresentation") {
            return match envelope::jws_of(root) {
                Ok(jws) => jws::verify(self, jws.as_bytes(), place, sheet),
                Err(problem) => {
                    let remedy = "put the JWS behind `data:application/vc+jwt,` in `id`";
                    sheet.fail(Name::Form, "/id", problem, remedy);
                    sheet.stop_after(Name::Form, "the envelope could not be opened");
                    sheet.close(Form::Unknown)
                }
            };
        }
        match data_integrity::proof_of(root) {
            Ok(proof) if proof.get("type").and_then(Json::as_str) == Some("JsonWebSignature2020") => {
                let signer = tagus::verify(self, root, proof, &mut sheet);
                self.finish(document, Form::JsonWebSignature2020, signer, place, sheet)
            }
            Ok(proof) => {
                let (form, signer) = data_integrity::verify(self, root, proof, &mut sheet);
                self.finish(document, form, signer, place, sheet)
            }
            Err((form, finding)) => {
                sheet.add(Name::Form, Outcome::Failed, finding);
                sheet.leave_out(
                    &[Name::Algorithm, Name::Issuer, Name::Key, Name::Chain, Name::Signature],
                    "there is no single proof to check",
                );
                self.finish(document, form, None, place, sheet)
            }
        }
    }

    /// What is checked of every form alike: what the document says, once it is known who said it.
    fn finish(&self, document: Document, form: Form, signer: Option<Signer>, place: Place, mut sheet: Sheet) -> Report {
        let root = document.root();
        let is_presentation = has_type(root, "VerifiablePresentation");
        model::check(self.policy, root, form, &mut sheet);
        model::check_period(self.policy, root, form, &mut sheet);
        terms::check(self, root, form, &mut sheet);
        let mut credentials = Vec::new();
        if is_presentation {
            credentials = presentation::check(self, root, place, &mut sheet);
        }
        status::check(self, root, signer.as_ref(), place, &mut sheet);
        let mut report = sheet.close(form);
        report.is_presentation = is_presentation;
        report.issuer = signer.as_ref().map(|signer| signer.did.clone());
        report.method = signer.map(|signer| signer.method);
        report.credentials = credentials;
        report.document = Some(document);
        report
    }
}

/// What is too large for the limits may be good all the same.
fn too_large(mut sheet: Sheet, problem: String) -> Report {
    sheet.not_checked(Name::Size, "", problem, "raise the limit if documents of this size are expected");
    sheet.stop_after(Name::Size, "the document is too large to be read");
    sheet.close(Form::Unknown)
}

/// Who a proof says it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signer {
    did: Did,
    method: String,
}

/// Whether the document has this type, alone or among others.
fn has_type(value: Json<'_>, class: &str) -> bool {
    value.get("type").is_some_and(|types| types.one_or_many().any(|one| one.as_str() == Some(class)))
}

/// At most a line of what stands there.
fn shown(value: Option<Json<'_>>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) if value.is_object() => "an object".to_owned(),
        Some(value) if value.items().is_some() => "a list".to_owned(),
        Some(value) => format!("`{}`", value.to_value().to_string().chars().take(100).collect::<String>()),
    }
}

/// The message of an error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

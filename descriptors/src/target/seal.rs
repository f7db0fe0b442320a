//! A seal: a key, the name it signs under and a target, prepared once for many credentials.
//!
//! What does not change from one credential to the next (the header of a JWS, the name of the key) is made here once; the
//! rest is written from the credential without a tree of JSON between them. What a key is worth is not known here.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Target;
use crate::canonical::{self, WriteError};
use crate::credential::Credential;
use crate::did::Did;
use crate::did::document::multikey_method;
use crate::json_ld::Contexts;
use crate::presentation::Presentation;
use crate::proof::SignError;
use crate::proof::data_integrity::{self, Options, Suite};
use crate::proof::jws_2020::{self, SecureError};
use crate::proof::key::{Algorithm, SigningKey, VerificationKey};
use crate::proof::ssh_signature::{self, SshSignError};
use crate::proof::statements::{self, StatementsError};
use crate::proof::vc_jwt::{self, Content};
use crate::timestamp::Timestamp;
use crate::vocabulary::{CREDENTIALS_V2, Context, Ontology};

/// What credentials for one target are signed with.
pub struct Seal<'k> {
    target: Target,
    issuer: Did,
    key: &'k dyn SigningKey,
    ontology: Ontology,
    /// The DID URL of the key.
    method: String,
    /// The encoded header of a credential as JWS, with the full stop behind it; empty for other forms.
    header: String,
    /// The same for presentations.
    presentation_header: String,
}

/// Why there is no seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A did:key where a published document is asked for.
    #[error("the target {0} takes did:web issuers only: set a public address")]
    DidKey(Target),
    /// A key of a type that the target does not take.
    #[error("the target {target} does not take {algorithm}: {} would do", names(*target))]
    Algorithm {
        /// The target.
        target: Target,
        /// What the key is for.
        algorithm: Algorithm,
    },
    /// A did:key that is another key's.
    #[error("`{0}` is the name of another key")]
    OtherKey(Did),
    /// A fragment that a DID URL cannot carry.
    #[error("`{0}` is not a fragment of a DID URL: letters, digits, `-`, `.` and `_`")]
    Fragment(String),
}

fn names(target: Target) -> String {
    target.algorithms().iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(" or ")
}

/// Why a credential was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It has no canonical form.
    #[error("the credential has no canonical form")]
    Canonical(#[from] WriteError),
    /// The key holder failed.
    #[error("the credential was not signed")]
    Sign(#[from] SignError),
    /// A document of another generation, whose context is not embedded.
    #[error("documents of the Tagus release are made and signed with their contexts, by `Seal::secure`")]
    Tagus,
    /// Somebody else is its issuer.
    #[error("the credential is issued by `{found}`, and the key is that of `{expected}`")]
    Issuer {
        /// In the credential.
        found: Did,
        /// Of the seal.
        expected: Did,
    },
}

/// Why a presentation was not signed.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// It holds credentials in a form that the target does not take.
    #[error("the target {0} does not take presentations of credentials in this form")]
    Form(Target),
    /// Not everything in it can be signed.
    #[error("the presentation has no canonical statements")]
    Statements(#[from] StatementsError),
    /// The key holder failed, or the holder is somebody else.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl<'k> Seal<'k> {
    /// Prepares `key` to sign as `issuer` for `target`. `fragment` names the key in the document of a did:web.
    pub fn new(target: Target, issuer: &Did, fragment: &str, key: &'k dyn SigningKey) -> Result<Self, SealError> {
        let public = key.verification_key();
        let algorithm = public.algorithm();
        if !target.algorithms().contains(&algorithm) {
            return Err(SealError::Algorithm { target, algorithm });
        }
        let letters = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        if fragment.is_empty() || !fragment.bytes().all(letters) {
            return Err(SealError::Fragment(fragment.to_owned()));
        }
        let method = method_of(target, issuer, fragment, &public)?;
        let header = |content| match target.is_jwt() {
            true => vc_jwt::encoded_header(algorithm, content, &method, issuer),
            false => String::new(),
        };
        let (header, presentation_header) = (header(Content::Credential), header(Content::Presentation));
        let (issuer, ontology) = (issuer.clone(), Ontology::default());
        Ok(Self { target, issuer, key, ontology, method, header, presentation_header })
    }

    /// The same seal for documents in another version of the ontology.
    #[must_use]
    pub fn with_ontology(mut self, ontology: Ontology) -> Self {
        self.ontology = ontology;
        self
    }

    /// For whom it seals.
    pub fn target(&self) -> Target {
        self.target
    }

    /// In whose name it seals.
    pub fn issuer(&self) -> &Did {
        &self.issuer
    }

    /// The DID URL of its key.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// How documents for the target name their vocabularies. Verifiers of the W3C know no context of Gaia-X, so it is written
    /// out for them.
    fn context(&self, credential: &Credential) -> Context {
        match self.target {
            Target::W3cRdfc | Target::W3cJcs => Context::Inline(self.ontology),
            _ => credential.context(self.ontology),
        }
    }

    /// The credential as its target wants it, signed. Its `validFrom` is also when it counts as signed.
    pub fn issue(&self, credential: &Credential) -> Result<Vec<u8>, IssueError> {
        if credential.issuer != self.issuer {
            let (found, expected) = (credential.issuer.clone(), self.issuer.clone());
            return Err(IssueError::Issuer { found, expected });
        }
        let context = self.context(credential);
        let mut document = credential.to_vec(context)?;
        match self.target {
            Target::Danube | Target::Loire => Ok(vc_jwt::sign(&self.header, &document, self.key)?.into_bytes()),
            Target::Xfsc => {
                with_member(&mut document, "iss", format_args!("\"{}\"", self.issuer));
                Ok(vc_jwt::sign(&self.header, &document, self.key)?.into_bytes())
            }
            Target::W3cJcs => {
                let digest = Sha256::digest(&document).into();
                self.prove(document, digest, Suite::EddsaJcs2022, credential.period.from, context)
            }
            Target::W3cRdfc => {
                let digest = data_integrity::digest_of_lines(credential.statements(self.ontology)?.canonical());
                self.prove(document, digest, Suite::EddsaRdfc2022, credential.period.from, context)
            }
            Target::Tagus => Err(IssueError::Tagus),
            Target::Plain => {
                let document = without_context(document, context);
                let armour =
                    ssh_signature::sign(ssh_signature::NAMESPACE, &document, self.key).map_err(
                        |error| match error {
                            SshSignError::Sign(error) => error,
                            other @ SshSignError::Key(_) => SignError(Box::new(other)),
                        },
                    )?;
                Ok(ssh_signature::join(&armour, &document))
            }
        }
    }

    /// A document of the Tagus release (VCDM 1.1), signed. `contexts` hold the three that it names.
    pub fn secure(&self, document: Value, created: Timestamp, contexts: &Contexts) -> Result<Vec<u8>, SecureError> {
        if self.target != Target::Tagus || document["issuer"] != self.issuer.as_str() {
            return Err(SecureError::Shape);
        }
        let signed = jws_2020::secure(document, created, &self.method, self.key, contexts)?;
        Ok(canonical::to_vec(&signed)?)
    }

    /// The presentation as its target wants it, signed by its holder. `contexts` hold what its credentials name, for targets
    /// that sign statements.
    pub fn present(&self, presentation: &Presentation, contexts: &Contexts) -> Result<Vec<u8>, PresentError> {
        if *presentation.holder() != self.issuer {
            let (found, expected) = (presentation.holder().clone(), self.issuer.clone());
            return Err(PresentError::Issue(IssueError::Issuer { found, expected }));
        }
        let form = PresentError::Form(self.target);
        match self.target {
            Target::Danube | Target::Loire | Target::Xfsc => {
                let mut payload = presentation.enveloped().ok_or(form)?;
                if self.target == Target::Xfsc {
                    payload["iss"] = serde_json::json!(self.issuer);
                }
                let payload = canonical::to_vec(&payload).map_err(IssueError::from)?;
                let jws = vc_jwt::sign(&self.presentation_header, &payload, self.key).map_err(IssueError::from)?;
                Ok(jws.into_bytes())
            }
            Target::W3cJcs => {
                let document = presentation.embedded().ok_or(form)?;
                let bytes = canonical::to_vec(&document).map_err(IssueError::from)?;
                let digest = Sha256::digest(&bytes).into();
                self.prove_presentation(bytes, digest, Suite::EddsaJcs2022, presentation.from())
            }
            Target::W3cRdfc => {
                let document = presentation.embedded().ok_or(form)?;
                let statements = statements::canonical(&document, contexts)?;
                let digest = Sha256::digest(statements.as_bytes()).into();
                let bytes = canonical::to_vec(&document).map_err(IssueError::from)?;
                self.prove_presentation(bytes, digest, Suite::EddsaRdfc2022, presentation.from())
            }
            Target::Tagus | Target::Plain => Err(form),
        }
    }

    fn prove_presentation(
        &self,
        mut document: Vec<u8>,
        digest: [u8; 32],
        suite: Suite,
        created: Timestamp,
    ) -> Result<Vec<u8>, PresentError> {
        let context = format!("[\"{CREDENTIALS_V2}\"]");
        let options = Options { suite, created, method: &self.method, purpose: "assertionMethod", context: &context };
        let proof = options.sign(digest, self.key).map_err(IssueError::from)?;
        with_member(&mut document, "proof", format_args!("{proof}"));
        Ok(document)
    }

    fn prove(
        &self,
        mut document: Vec<u8>,
        digest: [u8; 32],
        suite: Suite,
        created: Timestamp,
        context: Context,
    ) -> Result<Vec<u8>, IssueError> {
        let options =
            Options { suite, created, method: &self.method, purpose: "assertionMethod", context: context.canonical() };
        let proof = options.sign(digest, self.key)?;
        with_member(&mut document, "proof", format_args!("{proof}"));
        Ok(document)
    }
}

/// The DID URL under which the key is found by verifiers of the target.
fn method_of(target: Target, issuer: &Did, fragment: &str, key: &VerificationKey) -> Result<String, SealError> {
    if issuer.is_key() {
        if !target.allows_did_key() {
            return Err(SealError::DidKey(target));
        }
        if issuer.to_verification_key().as_ref() != Ok(key) {
            return Err(SealError::OtherKey(issuer.clone()));
        }
        return Ok(issuer.verification_method());
    }
    Ok(match target {
        Target::W3cRdfc | Target::W3cJcs => multikey_method(issuer, fragment),
        _ => format!("{issuer}#{fragment}"),
    })
}

/// Appends a member to a JSON object that has others. It then no longer stands in the order of canonical JSON, which no
/// target asks of the envelope.
pub(crate) fn with_member(document: &mut Vec<u8>, name: &str, value: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    document.pop();
    // Writing to a vector does not fail.
    let _ = write!(document, ",\"{name}\":{value}}}");
}

/// The document without its `@context`, which stands first: the rest is canonical JSON still.
fn without_context(document: Vec<u8>, context: Context) -> Vec<u8> {
    let mut document = document;
    document.drain(1.."{\"@context\":,".len() + context.canonical().len());
    document
}

impl std::fmt::Debug for Seal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("target", &self.target).field("method", &self.method).finish_non_exhaustive()
    }
}

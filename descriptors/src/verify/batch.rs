//! A look beforehand at many credentials at once: which are worth the full check.
//!
//! A batch of Ed25519 signatures is checked in a third of the time, but by another rule: there are signatures that it
//! accepts and the strict check refuses, and whether it accepts one may depend on the others. So nothing here is a verdict:
//! what comes out has no outcome, and leads to a [`Report`] only through [`Verifier::verify`].

use ed25519_dalek::Signature;

use super::jws::{self, Parts};
use super::{Report, Signer, Verifier};
use crate::json::{Document, Json};
use crate::proof::PublicKey;

/// A vc+jwt that was read and not yet verified.
#[derive(Debug)]
pub struct Candidate<'b> {
    bytes: &'b [u8],
    /// What it says, on nobody's word.
    payload: Document,
}

/// What a look beforehand says of a document.
#[derive(Debug)]
pub enum Glance<'b> {
    /// Nothing spoke against it in its batch. That is not a verdict.
    Plausible(Candidate<'b>),
    /// Something did, or it is of a kind that batches do not know: the full check says what.
    Open,
}

impl Candidate<'_> {
    /// What it says, on nobody's word.
    pub fn payload(&self) -> Json<'_> {
        self.payload.root()
    }

    /// The verdict: the full check, with the strict signature.
    pub fn verify(&self, verifier: &Verifier<'_>) -> Report {
        verifier.verify(self.bytes)
    }
}

struct Read {
    at: usize,
    payload: Document,
    signed: usize,
    signature: Signature,
    key: PublicKey,
}

/// Looks at vc+jwts of Ed25519 keys: each is read strictly, its key found, and all signatures are checked together. When
/// the batch fails, each is looked at alone, so that one bad document does not cast doubt on the others.
pub fn glance<'b>(verifier: &Verifier<'_>, documents: &[&'b [u8]]) -> Vec<Glance<'b>> {
    let mut glances: Vec<Glance<'b>> = documents.iter().map(|_| Glance::Open).collect();
    let mut keys = KnownKeys::default();
    let reads: Vec<Read> =
        documents.iter().enumerate().filter_map(|(at, bytes)| read(verifier, at, bytes, &mut keys)).collect();
    let messages: Vec<&[u8]> = reads.iter().map(|read| &documents[read.at][..read.signed]).collect();
    let signatures: Vec<Signature> = reads.iter().map(|read| read.signature).collect();
    let points: Vec<ed25519_dalek::VerifyingKey> = reads.iter().map(|read| *read.key.point()).collect();
    let all = ed25519_dalek::verify_batch(&messages, &signatures, &points).is_ok();
    for read in reads {
        let bytes = documents[read.at];
        if all || read.key.verify(&bytes[..read.signed], &read.signature.to_bytes()).is_ok() {
            glances[read.at] = Glance::Plausible(Candidate { bytes, payload: read.payload });
        }
    }
    glances
}

fn read(verifier: &Verifier<'_>, at: usize, bytes: &[u8], keys: &mut KnownKeys) -> Option<Read> {
    if bytes.len() > verifier.policy.limits.document_bytes_max {
        return None;
    }
    let Parts { header, payload, signature, signed } = jws::split(bytes).ok()?;
    let payload = Document::parse(payload).ok()?;
    let header = header.root();
    let text = |name: &str| header.get(name).and_then(Json::as_str);
    let method = text("kid").filter(|_| text("alg") == Some("EdDSA"))?;
    let key = keys.find(verifier, method)?;
    Some(Read { at, payload, signed, signature: Signature::from_slice(&signature).ok()?, key })
}

/// Keys found for this batch: in a bulk few issuers have many credentials.
#[derive(Default)]
struct KnownKeys(Vec<(String, Option<PublicKey>)>);

/// More are found anew each time.
const KNOWN_KEYS_MAX: usize = 64;

impl KnownKeys {
    fn find(&mut self, verifier: &Verifier<'_>, method: &str) -> Option<PublicKey> {
        if let Some((_, key)) = self.0.iter().find(|(known, _)| known == method) {
            return *key;
        }
        let (did, _) = method.split_once('#')?;
        let signer = Signer { did: did.parse().ok()?, method: method.to_owned() };
        let found = super::key::find(verifier, &signer, "", &mut Default::default());
        let key = found.and_then(|method| method.key.as_ed25519().copied());
        if self.0.len() < KNOWN_KEYS_MAX {
            self.0.push((method.to_owned(), key));
        }
        key
    }
}

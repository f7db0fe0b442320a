//! Documents with an embedded proof: `eddsa-jcs-2022` and `eddsa-rdfc-2022` (W3C *Data Integrity EdDSA Cryptosuites* 1.0).
//!
//! Exactly one proof is taken. Sets and chains of proofs are refused by name: which of several proofs carries a claim is a
//! question that each reader answers differently.

use sha2::{Digest as _, Sha256};

use super::report::Sheet;
use super::{Finding, Form, Name, Signer, Verifier, certificates, key, model, shown, terms};
use crate::json::Json;
use crate::proof::data_integrity::decode_proof_value;
use crate::timestamp::Timestamp;

pub(super) const SIGNATURE_REMEDY: &str =
    "fetch the document again; if it stays so, it was changed or signed by another key";

/// The document's one proof, or why there is none: unsigned, several, or not an object.
pub(super) fn proof_of(root: Json<'_>) -> Result<Json<'_>, (Form, Finding)> {
    let finding = |problem: &str, remedy: &'static str| {
        (Form::Unproven, Finding { path: "/proof".to_owned(), problem: problem.to_owned(), remedy: remedy.into() })
    };
    let Some(found) = root.get("proof") else {
        if !super::has_type(root, "VerifiableCredential") && !super::has_type(root, "VerifiablePresentation") {
            let (_, mut finding) = finding("neither a credential nor a presentation", "let `type` say what it is");
            finding.path = "/type".to_owned();
            return Err((Form::Unknown, finding));
        }
        return Err(finding("unsigned: anybody may have written this", "ask the issuer for a signed form"));
    };
    let proofs: Vec<Json<'_>> = found.one_or_many().collect();
    let chained = |proof: &Json<'_>| proof.get("previousProof").is_some();
    match proofs.as_slice() {
        [_, _, ..] if proofs.iter().any(chained) => {
            Err(finding("a proof chain of several proofs", "ask for a document with exactly one proof"))
        }
        [_, _, ..] => Err(finding("a proof set of several proofs", "ask for a document with exactly one proof")),
        [proof] if chained(proof) => {
            Err(finding("a proof chain of which only the end is here", "ask for a document with exactly one proof"))
        }
        [proof] if proof.is_object() => Ok(*proof),
        _ => Err(finding("`proof` is not an object", "write one proof as an object")),
    }
}

pub(super) fn verify(
    verifier: &Verifier<'_>,
    root: Json<'_>,
    proof: Json<'_>,
    sheet: &mut Sheet,
) -> (Form, Option<Signer>) {
    let kind = proof.get("type").and_then(Json::as_str);
    let suite = proof.get("cryptosuite").and_then(Json::as_str);
    let form = match (kind, suite) {
        (Some("DataIntegrityProof"), Some("eddsa-rdfc-2022")) => Form::EddsaRdfc2022,
        (Some("DataIntegrityProof"), Some("eddsa-jcs-2022")) => Form::EddsaJcs2022,
        _ => {
            let named = match kind {
                Some("DataIntegrityProof") => format!("the cryptosuite {}", shown(proof.get("cryptosuite"))),
                _ => format!("the proof type {}", shown(proof.get("type"))),
            };
            let remedy = "ask for eddsa-rdfc-2022, eddsa-jcs-2022 or a vc+jwt";
            sheet.fail(Name::Form, "/proof/type", "a proof that cannot be taken", remedy);
            sheet.fail(Name::Algorithm, "/proof", format!("{named} is not on the list"), remedy);
            let open = [Name::Issuer, Name::Key, Name::Chain, Name::Signature];
            sheet.leave_out(&open, "the proof is of a kind that is not on the list");
            return (Form::Unproven, None);
        }
    };
    check_members(verifier, proof, sheet);
    sheet.pass(Name::Form, "a document with exactly one proof of a known kind");
    sheet.pass(Name::Algorithm, "the cryptosuite, which leaves no choice: Ed25519");
    let signer = signer(verifier, root, proof, sheet);
    let path = "/proof/verificationMethod";
    let method = signer.as_ref().and_then(|signer| key::find(verifier, signer, path, sheet));
    certificates::check(verifier, method.as_ref(), signer.as_ref(), sheet);
    let digest = match form {
        Form::EddsaJcs2022 => jcs_digest(root, proof, sheet),
        _ => rdfc_digest(verifier, root, proof, sheet),
    };
    let signature = signature(proof, sheet);
    match (&method, digest, signature) {
        (Some(method), Some(digest), Some(signature)) => match method.key.as_ed25519() {
            None => {
                let problem = format!("the key is for {}, the cryptosuite asks for Ed25519", method.key.algorithm());
                sheet.fail(Name::Algorithm, path, problem, "sign with an Ed25519 key");
            }
            Some(key) => match key.verify(&digest, &signature) {
                Ok(()) => sheet.pass(Name::Signature, "the key, over the digests of proof options and document"),
                Err(error) => {
                    sheet.fail(Name::Signature, "/proof/proofValue", error.to_string(), SIGNATURE_REMEDY);
                }
            },
        },
        (None, _, _) => sheet.leave_out(&[Name::Key, Name::Signature], "there is no key to check it with"),
        _ => {}
    }
    sheet.leave_out(&[Name::Signature], "what was signed cannot be told");
    (form, signer)
}

/// What the members of a proof must be, apart from who signed.
pub(super) fn check_members(verifier: &Verifier<'_>, proof: Json<'_>, sheet: &mut Sheet) {
    let purpose = proof.get("proofPurpose");
    if purpose.and_then(Json::as_str) != Some("assertionMethod") {
        let problem = format!("`proofPurpose` is {}", shown(purpose));
        sheet.fail(Name::Key, "/proof/proofPurpose", problem, "sign for the purpose `assertionMethod`");
    }
    let policy = verifier.policy;
    let mut time = |name: &str| {
        let found = proof.get(name)?;
        let time = found.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if time.is_none() {
            let problem = format!("`{name}` is {}", shown(Some(found)));
            sheet.fail(Name::Period, format!("/proof/{name}"), problem, "write a time of RFC 3339 with its zone");
        }
        time
    };
    let (created, expires) = (time("created"), time("expires"));
    if let Some(created) = created.filter(|created| *created > policy.latest()) {
        let problem = format!("the proof was made at {created}, and it is {}", policy.now);
        sheet.fail(Name::Period, "/proof/created", problem, "wait, or set the clock that is wrong");
    }
    if let Some(expires) = expires.filter(|expires| *expires < policy.earliest()) {
        let problem = format!("the proof ended at {expires}, and it is {}", policy.now);
        sheet.fail(Name::Period, "/proof/expires", problem, "ask the issuer to sign again");
    }
}

/// Whose method signed, which must be the issuer's.
pub(super) fn signer(verifier: &Verifier<'_>, root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<Signer> {
    let stated = model::issuer_of(verifier.policy, root, sheet);
    let path = "/proof/verificationMethod";
    let method = proof.get("verificationMethod").and_then(Json::as_str);
    let Some((did, _)) = method.and_then(|method| method.split_once('#')) else {
        let problem = format!("`verificationMethod` is {}", shown(proof.get("verificationMethod")));
        sheet.fail(Name::Issuer, path, problem, "name the DID URL of the issuer's verification method");
        return None;
    };
    if let Some(stated) = stated.filter(|stated| stated != did) {
        // Of an address nobody can say which keys are its own.
        if key::did(&stated, "/issuer", sheet).is_some() {
            let problem = format!("signed by a method of `{did:.200}`, issued by `{stated:.200}`");
            sheet.fail(Name::Issuer, path, problem, "let the one who issues sign");
        }
    }
    let signer = Signer { did: key::did(did, path, sheet)?, method: method?.to_owned() };
    sheet.pass(Name::Issuer, "the method is one of the issuer's");
    Some(signer)
}

fn signature(proof: Json<'_>, sheet: &mut Sheet) -> Option<[u8; 64]> {
    let decoded = match proof.get("proofValue").and_then(Json::as_str) {
        None => Err(format!("`proofValue` is {}", shown(proof.get("proofValue")))),
        Some(text) => decode_proof_value(text).map_err(|error| error.to_string()),
    };
    match decoded {
        Ok(signature) => Some(signature),
        Err(problem) => {
            let remedy = "write `z` and the base58btc of the 64 bytes";
            sheet.fail(Name::Signature, "/proof/proofValue", problem, remedy);
            None
        }
    }
}

fn joined(options: &[u8], document: &[u8]) -> [u8; 64] {
    let mut joined = [0; 64];
    joined[..32].copy_from_slice(&Sha256::digest(options));
    joined[32..].copy_from_slice(&Sha256::digest(document));
    joined
}

/// What `eddsa-jcs-2022` signs. The proof must repeat the document's `@context`, or it would not cover it.
fn jcs_digest(root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<[u8; 64]> {
    let canonical = |value: Option<Json<'_>>| {
        let mut text = Vec::new();
        value.map(|value| value.write_canonical(&mut text)).map(|()| text)
    };
    let (own, repeated) = (canonical(root.get("@context")), canonical(proof.get("@context")));
    if own != repeated {
        let problem = "the proof does not repeat the document's `@context`";
        let remedy = "let the proof repeat the whole `@context`, so that it covers it";
        sheet.fail(Name::Form, "/proof/@context", problem, remedy);
    }
    let (mut options, mut document) = (Vec::with_capacity(512), Vec::with_capacity(root.text_length()));
    proof.write_canonical_without("proofValue", &mut options);
    root.write_canonical_without("proof", &mut document);
    Some(joined(&options, &document))
}

/// What `eddsa-rdfc-2022` signs: the statements of options and document, where each name means something.
fn rdfc_digest(verifier: &Verifier<'_>, root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<[u8; 64]> {
    let (mut document, mut options) = (root.to_value(), proof.to_value());
    document.as_object_mut()?.remove("proof");
    let members = options.as_object_mut()?;
    members.remove("proofValue");
    // The options are read in the document's context, whatever they say themselves.
    match root.get("@context") {
        Some(context) => drop(members.insert("@context".to_owned(), context.to_value())),
        None => drop(members.remove("@context")),
    }
    let document = terms::canonical(verifier, &document, "", sheet)?;
    let options = terms::canonical(verifier, &options, "/proof", sheet)?;
    sheet.pass(Name::Terms, terms::RESTS_ON);
    Some(joined(options.as_bytes(), document.as_bytes()))
}

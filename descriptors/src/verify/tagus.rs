//! `JsonWebSignature2020`, as Gaia-X of the Tagus generation and catalogues still in service write it.
//!
//! The JWS is detached, its payload one of two things: in the flavour of Gaia-X the hexadecimal digest of the canonical
//! document, so that the proof's own options are not covered; in the suite's own form the digests of both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::report::Sheet;
use super::{Name, Signer, Verifier, data_integrity, key, shown, terms};
use crate::did::document::Method;
use crate::digest::Digest;
use crate::json::{Document, Json};
use crate::proof::key::{Algorithm, VerifyError};

pub(super) fn verify(verifier: &Verifier<'_>, root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<Signer> {
    data_integrity::check_members(verifier, proof, sheet);
    let jws = proof.get("jws").and_then(Json::as_str).and_then(|jws| jws.split_once(".."));
    let header = jws.and_then(|(header, _)| URL_SAFE_NO_PAD.decode(header).ok());
    let header = header.and_then(|bytes| Document::parse(bytes).ok());
    let signature = jws.and_then(|(_, signature)| URL_SAFE_NO_PAD.decode(signature).ok());
    if header.is_none() || signature.is_none() {
        let problem = format!("`jws` is {}, not a detached JWS", shown(proof.get("jws")));
        sheet.fail(Name::Form, "/proof/jws", problem, "write a header, two dots and a signature, in base64url");
    }
    let algorithm = header.as_ref().and_then(|header| algorithm(verifier, header.root(), sheet));
    sheet.pass(Name::Form, "a document with exactly one proof of a known kind");
    let signer = data_integrity::signer(verifier, root, proof, sheet);
    let path = "/proof/verificationMethod";
    let method = signer.as_ref().and_then(|signer| key::find(verifier, signer, path, sheet));
    super::chain_of_key(verifier, method.as_ref(), signer.as_ref(), sheet);
    let payloads = payloads(verifier, root, proof, sheet);
    if let (Some(method), Some(algorithm), Some((encoded, _)), Some(signature), Some(payloads)) =
        (&method, algorithm, jws, &signature, &payloads)
    {
        check_signature(method, algorithm, encoded, signature, payloads, sheet);
    }
    sheet.leave_out(&[Name::Algorithm, Name::Key, Name::Signature], "key, algorithm or signed text is not known");
    signer
}

fn algorithm(verifier: &Verifier<'_>, header: Json<'_>, sheet: &mut Sheet) -> Option<Algorithm> {
    let crit = header.get("crit").map(Json::to_value);
    if header.get("b64").and_then(Json::as_bool) != Some(false) || crit != Some(serde_json::json!(["b64"])) {
        let problem = "the header is not that of a detached JWS: `b64` is false and `crit` names it alone";
        sheet.fail(Name::Form, "/proof/jws", problem, "write `\"b64\":false,\"crit\":[\"b64\"]`");
    }
    let found = header.get("alg");
    let algorithm = found.and_then(Json::as_str).and_then(|name| name.parse::<Algorithm>().ok());
    let allowed = algorithm.filter(|algorithm| verifier.policy.algorithms.contains(algorithm));
    match allowed {
        None => {
            let problem = format!("`alg` is {}", shown(found));
            sheet.fail(Name::Algorithm, "/proof/jws", problem, "sign with an algorithm of the list");
        }
        Some(_) => sheet.pass(Name::Algorithm, "the list of the policy, and the type of the key"),
    }
    allowed
}

struct Payloads {
    /// Lower-case hexadecimal digest of the document, as text.
    gaia_x: String,
    /// Digests of options and document.
    suite: Option<[u8; 64]>,
}

fn payloads(verifier: &Verifier<'_>, root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<Payloads> {
    let (mut document, mut options) = (root.to_value(), proof.to_value());
    document.as_object_mut()?.remove("proof");
    let document = terms::canonical(verifier, &document, "", sheet)?;
    sheet.pass(Name::Terms, terms::RESTS_ON);
    let members = options.as_object_mut()?;
    members.remove("jws");
    if let Some(context) = root.get("@context") {
        members.insert("@context".to_owned(), context.to_value());
    }
    // Options that state nothing are no fault of the document in the flavour that does not cover them.
    let suite = terms::canonical(verifier, &options, "/proof", &mut Sheet::default()).map(|options| {
        let mut joined = [0; 64];
        joined[..32].copy_from_slice(&Sha256::digest(&options));
        joined[32..].copy_from_slice(&Sha256::digest(&document));
        joined
    });
    Some(Payloads { gaia_x: Digest::of(document.as_bytes()).hex(), suite })
}

fn check_signature(
    method: &Method,
    algorithm: Algorithm,
    header: &str,
    signature: &[u8],
    payloads: &Payloads,
    sheet: &mut Sheet,
) {
    let signed = |payload: &[u8]| [header.as_bytes(), b".", payload].concat();
    let error = match method.key.verify(algorithm, &signed(payloads.gaia_x.as_bytes()), signature) {
        Ok(()) => {
            sheet.pass(
                Name::Signature,
                "the key, over the document's digest; in Gaia-X' flavour the proof's options are not covered",
            );
            return;
        }
        Err(error) => error,
    };
    let suite = payloads.suite.as_ref().map(|payload| method.key.verify(algorithm, &signed(payload), signature));
    match (suite, error) {
        (Some(Ok(())), _) => sheet.pass(Name::Signature, "the key, over the digests of proof options and document"),
        (_, error @ VerifyError::Algorithm { .. }) => {
            sheet.fail(Name::Algorithm, "/proof/jws", error.to_string(), "sign with the algorithm of the key");
        }
        (_, error @ VerifyError::Signature(_)) => {
            let remedy = "fetch the document again; if it stays so, it was changed or signed by another key";
            sheet.fail(Name::Signature, "/proof/jws", error.to_string(), remedy);
        }
    }
}

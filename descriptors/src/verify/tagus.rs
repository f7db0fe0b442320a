//! `JsonWebSignature2020`, as Gaia-X of the Tagus generation and catalogues still in service write it.
//!
//! The JWS is detached, its payload one of two things: in the flavour of Gaia-X the hexadecimal digest of the canonical
//! document, so that the proof's own options are not covered; in the suite's own form the digests of both.

use sha2::{Digest as _, Sha256};

use super::report::Sheet;
use super::{Name, Signer, Verifier, certificates, chain, data_integrity, key, shown, terms};
use crate::digest::Digest;
use crate::json::Json;
use crate::proof::jws_2020::{self, JwsError};
use crate::proof::key::{VerificationKey, VerifyError};

pub(super) fn verify(verifier: &Verifier<'_>, root: Json<'_>, proof: Json<'_>, sheet: &mut Sheet) -> Option<Signer> {
    data_integrity::check_members(verifier, proof, sheet);
    let jws = proof.get("jws").and_then(Json::as_str);
    if jws.is_none() {
        let problem = format!("`jws` is {}, not a detached JWS", shown(proof.get("jws")));
        sheet.fail(Name::Form, "/proof/jws", problem, FORM_REMEDY);
    }
    let signer = data_integrity::signer(verifier, root, proof, sheet);
    let path = "/proof/verificationMethod";
    let method = signer.as_ref().and_then(|signer| key::find(verifier, signer, path, sheet));
    certificates::check(verifier, method.as_ref(), signer.as_ref(), sheet);
    let payloads = payloads(verifier, root, proof, sheet);
    if let (Some(method), Some(jws), Some(payloads)) = (&method, jws, &payloads) {
        check_signature(verifier, &method.key, jws, payloads, sheet);
    }
    sheet.leave_out(&[Name::Algorithm, Name::Key, Name::Signature], "key, JWS or signed text is not known");
    sheet.pass(Name::Form, "a document with exactly one proof of a known kind");
    signer
}

const FORM_REMEDY: &str =
    "write a header with `b64` false and `crit` [\"b64\"], two dots and a signature, in base64url";

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

fn check_signature(verifier: &Verifier<'_>, key: &VerificationKey, jws: &str, payloads: &Payloads, sheet: &mut Sheet) {
    let fits = key.algorithm();
    if !verifier.policy.algorithms.contains(&fits) {
        let problem = format!("the key is for {fits}, which the policy does not take");
        sheet.fail(Name::Algorithm, "/proof/jws", problem, "sign with an algorithm of the list");
    }
    let covers = match jws_2020::verify(jws, payloads.gaia_x.as_bytes(), key) {
        Ok(()) => Ok("the key, over the document's digest; in Gaia-X' flavour the proof's options are not covered"),
        Err(JwsError::Signature(VerifyError::Signature(error))) => match &payloads.suite {
            Some(payload) => {
                jws_2020::verify(jws, payload, key).map(|()| "the key, over the digests of proof options and document")
            }
            None => Err(JwsError::Signature(VerifyError::Signature(error))),
        },
        Err(error) => Err(error),
    };
    match covers {
        Ok(rests_on) => sheet.pass(Name::Signature, rests_on),
        Err(error @ (JwsError::Form | JwsError::Header(_))) => {
            sheet.fail(Name::Form, "/proof/jws", chain(&error), FORM_REMEDY);
        }
        Err(error @ (JwsError::Algorithm(_) | JwsError::Signature(VerifyError::Algorithm { .. }))) => {
            sheet.fail(Name::Algorithm, "/proof/jws", chain(&error), "sign with the algorithm of the key");
        }
        Err(error) => sheet.fail(Name::Signature, "/proof/jws", chain(&error), data_integrity::SIGNATURE_REMEDY),
    }
    sheet.pass(Name::Algorithm, "the list of the policy, and the type of the key");
}

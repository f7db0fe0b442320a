//! Whose key it is: the issuer's own, listed for assertions, of a type that the algorithm fits.

use super::report::Sheet;
use super::{Name, Resolution, Signer, Verifier};
use crate::did::Did;
use crate::did::document::{Document, Method, MethodError};
use crate::target::Target;

const OF_A_DID_KEY: &str = "the key that the did:key itself is";

/// Keys of did:keys that are kept.
const KEYS_MAX: usize = 32;

/// Reads a DID. One of a method that is not known here could not be checked; what is none is bad.
pub(super) fn did(text: &str, path: &str, sheet: &mut Sheet) -> Option<Did> {
    if let Ok(did) = text.parse::<Did>() {
        return Some(did);
    }
    let shown: String = text.chars().take(100).collect();
    let method = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')).map(|(method, _)| method);
    let known = |method: &str| matches!(method, "key" | "web");
    let proper = |method: &str| method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match method {
        None if text.starts_with("https://") || text.starts_with("http://") => {
            let problem = format!("the issuer `{shown}` is an address: whose keys are its own cannot be told");
            sheet.not_checked(Name::Issuer, path, problem, "issue with a DID");
        }
        Some(method) if !method.is_empty() && proper(method) && !known(method) => {
            let problem = format!("the DID method of `{shown}` is not known here");
            sheet.not_checked(Name::Issuer, path, problem, "issue with did:web or did:key");
        }
        _ => {
            let problem = format!("`{shown}` is not a did:web or a did:key in its one spelling");
            sheet.fail(Name::Issuer, path, problem, "write the DID as its method text says");
        }
    }
    None
}

/// The key of a verification method, where it may be used now.
pub(super) fn find(verifier: &Verifier<'_>, signer: &Signer, path: &str, sheet: &mut Sheet) -> Option<Method> {
    let policy = verifier.policy;
    if let Some(target) = policy.target().filter(|target| signer.did.is_key() && !target.allows_did_key()) {
        let problem = format!("a did:key, which {target} does not take");
        sheet.fail(Name::Key, path, problem, "issue with a did:web that publishes a certificate chain");
    }
    if let Some(method) = verifier.keys.borrow().iter().find(|method| method.id == signer.method) {
        sheet.pass(Name::Key, OF_A_DID_KEY);
        return Some(method.clone());
    }
    let document = document(verifier, &signer.did, path, sheet)?;
    let method = match document.assertion_method(&signer.method) {
        Ok(method) => method.clone(),
        Err(error @ (MethodError::Missing(_) | MethodError::Purpose(_) | MethodError::Controller { .. })) => {
            let remedy = "list the method in `verificationMethod` and `assertionMethod` of the issuer's own document";
            sheet.fail(Name::Key, path, super::chain(&error), remedy);
            return None;
        }
        Err(error @ MethodError::Type { .. }) => {
            let remedy = "publish the key as JsonWebKey2020, JsonWebKey or Multikey";
            sheet.not_checked(Name::Key, path, super::chain(&error), remedy);
            return None;
        }
        Err(error) => {
            sheet.fail(Name::Key, path, super::chain(&error), "publish the key as its method's type asks for");
            return None;
        }
    };
    if let Some(ends) = method.ends.filter(|ends| *ends < policy.earliest()) {
        let problem = format!("the method `{}` ended at {ends}", method.id);
        sheet.fail(Name::Key, path, problem, "sign again with a key that is in use");
    }
    check_profile(verifier, &method, path, sheet);
    if signer.did.is_key() {
        let mut keys = verifier.keys.borrow_mut();
        if keys.len() == KEYS_MAX {
            keys.clear();
        }
        keys.push(method.clone());
        sheet.pass(Name::Key, OF_A_DID_KEY);
    } else {
        sheet.pass(Name::Key, "the DID document handed in, where the method is listed in `assertionMethod`");
    }
    Some(method)
}

fn document(verifier: &Verifier<'_>, did: &Did, path: &str, sheet: &mut Sheet) -> Option<Document> {
    if did.is_key() {
        return match Document::of_key(did) {
            Ok(document) => Some(document),
            Err(error) => {
                sheet.fail(Name::Key, path, super::chain(&error), "use a did:key of Ed25519 or P-256");
                None
            }
        };
    }
    match (verifier.held.document)(did) {
        Resolution::Found(document) if document.did() == did => Some(*document),
        Resolution::Found(document) => {
            let problem = format!("the document handed in is that of {}, not of {did}", document.did());
            sheet.not_checked(Name::Key, path, problem, "hand in the document of this DID");
            None
        }
        Resolution::Missing(why) => {
            let problem = format!("the document of {did} could not be had: {why}");
            sheet.not_checked(Name::Key, path, problem, "hand in the DID document");
            None
        }
        Resolution::Bad(why) => {
            let problem = format!("the document of {did} is not sound: {why}");
            sheet.fail(Name::Key, path, problem, "have the issuer mend its DID document");
            None
        }
    }
}

/// What Gaia-X asks of a published key beyond its being there.
fn check_profile(verifier: &Verifier<'_>, method: &Method, path: &str, sheet: &mut Sheet) {
    let Some(target @ (Target::Loire | Target::Xfsc)) = verifier.policy.target() else { return };
    if target == Target::Loire && !method.names_algorithm {
        let problem = format!("the JWK of `{}` does not name its `alg`", method.id);
        sheet.fail(Name::Key, path, problem, "write `alg` into `publicKeyJwk`");
    }
    if method.x5u.is_none() {
        let problem = format!("the JWK of `{}` has no `x5u`", method.id);
        sheet.fail(Name::Key, path, problem, "publish the certificate chain and name it in `x5u`");
    }
}

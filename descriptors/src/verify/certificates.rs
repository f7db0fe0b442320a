//! The certificates behind a published key: that a third party vouches for the host that publishes it.

use std::cell::RefCell;

use super::report::Sheet;
use super::{Name, Outcome, Signer, Verifier, chain};
use crate::certificate::{Asked, Chain};
use crate::did::document::Method;

/// Different chains that one call checks: each may take a millisecond.
const CHAINS_MAX: usize = 8;

/// What was found of a chain.
type Found = Vec<(Outcome, String)>;

/// Chains that were checked in one call: the credentials of a presentation mostly have the same one.
#[derive(Debug, Default)]
pub(super) struct Checked(RefCell<Vec<(Method, Found)>>);

impl Checked {
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

const REMEDY: &str =
    "publish leaf, intermediates and self-signed root in this order, for the key and the host of the DID";

/// Checks the chain of a key where the profile asks for one, or where it is at hand.
pub(super) fn check(verifier: &Verifier<'_>, method: Option<&Method>, signer: Option<&Signer>, sheet: &mut Sheet) {
    let asked = verifier.policy.target().is_some_and(|target| target.asks_for_chain());
    let Some((method, signer)) = method.zip(signer) else {
        let why = "there is no key whose certificates could be checked";
        return if asked { sheet.leave_out(&[Name::Chain], why) } else { sheet.pass(Name::Chain, NOT_ASKED) };
    };
    let at_hand = method.x5u.as_deref().and_then(|x5u| (verifier.held.chain)(x5u));
    let Some(pem) = at_hand else {
        match &method.x5u {
            _ if !asked => sheet.pass(Name::Chain, NOT_ASKED),
            // That there is none was said of the key.
            None => sheet.leave_out(&[Name::Chain], "the key names no certificate chain"),
            Some(x5u) => {
                let problem = format!("the chain at `{x5u:.200}` is not at hand");
                sheet.not_checked(Name::Chain, "", problem, "hand in the certificate chain");
            }
        }
        return;
    };
    for (outcome, problem) in found(verifier, method, signer, &pem) {
        let finding = super::Finding { path: String::new(), problem, remedy: REMEDY.into() };
        sheet.add(Name::Chain, outcome, finding);
    }
    sheet.pass(Name::Chain, "the chain handed in, up to a root that is pinned");
}

const NOT_ASKED: &str = "the profile asks for no certificates";

fn found(verifier: &Verifier<'_>, method: &Method, signer: &Signer, pem: &[u8]) -> Found {
    let mut known = verifier.chains.0.borrow_mut();
    if let Some((_, found)) = known.iter().find(|(known, _)| known == method) {
        return found.clone();
    }
    if known.len() == CHAINS_MAX {
        return vec![(Outcome::NotChecked, format!("more than {CHAINS_MAX} different chains in one document"))];
    }
    let authority = signer.did.authority().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let asked = Asked { now: verifier.policy.now, key: &method.key, host, roots: verifier.held.roots };
    let found = match Chain::from_pem(pem) {
        Err(error) => vec![(Outcome::Failed, chain(&error))],
        Ok(certificates) => {
            let checked = certificates.check(&asked);
            let faults = checked.faults.iter().map(|fault| (Outcome::Failed, fault.to_string()));
            let open = checked.unchecked.iter().map(|open| (Outcome::NotChecked, open.to_string()));
            faults.chain(open).collect()
        }
    };
    known.push((method.clone(), found.clone()));
    found
}

//! The chips that report keys are bound to: once more from the bundle, as far as that goes.
//!
//! Both signatures of each attestation were checked with the reports. Here the certificates are followed to the makers that the reader trusts.
//! That the quoting key lives in the chip of the endorsement key was seen by the collector alone, and is its word; so is the time.

use descriptors::bundle::{Bundle, NodeTrust};
use descriptors::tpm::attestation::{MakerWord, Opened};
use descriptors::tpm::endorsement::{Maker, Makers, maker};

use crate::bundle as entries;
use crate::verify::{Finding, chain};

/// Says which chips are of makers that the reader trusts; `None` where no key is bound to one.
pub(crate) fn check(bundle: &Bundle, makers: &Makers) -> Option<Finding> {
    let trusts = entries::nodes(bundle).ok()?;
    let opened = trusts.iter().filter_map(|trust| Some((trust, entries::attestation(bundle, trust).ok()??)));
    let chips: Vec<(&NodeTrust, Opened)> = opened.collect();
    if chips.is_empty() {
        return None;
    }
    let mut faults = Vec::new();
    let mut doubts = Vec::new();
    for (trust, chip) in &chips {
        let certificates = &chip.attestation.endorsement_certificates;
        match maker(certificates, &chip.endorsement, makers, bundle.manifest.as_of) {
            Ok(Maker::Known(_)) => {}
            // Where the issuer does not claim to know the maker either, nothing is left open that was said.
            Ok(Maker::Unknown(_))
                if matches!(trust.tpm.as_ref().map(|seen| &seen.maker), Some(MakerWord::Unknown(_))) => {}
            Ok(Maker::Unknown(doubt)) => doubts.push(format!("{}: {}", trust.node, chain(&doubt))),
            Err(error) => faults.push(format!("{}: {}", trust.node, chain(&error))),
        }
    }
    let unknown = trusts
        .iter()
        .filter(|trust| trust.tpm.as_ref().is_some_and(|seen| matches!(seen.maker, MakerWord::Unknown(_))));
    let (bound, all, unknown) = (chips.len(), trusts.len(), unknown.count());
    if !faults.is_empty() {
        return Some(Finding::Failed(faults));
    }
    if makers.is_empty() {
        return Some(Finding::Passed(format!(
            "the keys of {bound} of {all} nodes are bound to TPMs; who made those, and that both keys of each are in one chip, is the \
             issuer's word (--tpm-roots checks the former)"
        )));
    }
    let word = "that both keys of a TPM are in one chip is the issuer's word";
    if let Some(first) = doubts.first() {
        let text = format!("the makers of {} TPMs, the first of {first}; {word}", doubts.len());
        return Some(Finding::NotChecked(text));
    }
    Some(Finding::Passed(format!(
        "the keys of {bound} of {all} nodes are bound to TPMs, {unknown} of them of unknown makers; {word}"
    )))
}

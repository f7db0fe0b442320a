//! Gathers a bundle: everything that one run of the audit rested on and found, signed as a whole.
//!
//! All of it is of one instant, that of the run: what arrived since is not in it. The same outcome gives the same bytes.
//! What a bundle looks like is not known here.

use std::collections::BTreeMap;

use descriptors::bundle::{self, NodeTrust, TpmTrust, WriteError};
use descriptors::canonical;
use descriptors::timestamp::Timestamp;

use crate::audit::Outcome;
use crate::sign::Issuer;
use crate::status;
use crate::store::Binding;

/// A bundle with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// `example-cloud-20261121T093000Z.avow.zip`.
    pub name: String,
    /// The instant of which it speaks.
    pub as_of: Timestamp,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// Nothing was audited yet.
    #[error("there is nothing to put together before a declaration is loaded and audited")]
    NothingAudited,
    /// An entry has no canonical form.
    #[error("an entry of the bundle has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// It could not be written.
    #[error("the bundle was not written")]
    Write(#[from] WriteError),
}

/// Puts together what `outcome` rests on.
pub fn gather(issuer: &Issuer, outcome: &Outcome) -> Result<Gathered, GatherError> {
    let Outcome { topology, audit: Some(audit), credentials, status_lists } = outcome else {
        return Err(GatherError::NothingAudited);
    };
    let Some(declaration) = &topology.declaration else { return Err(GatherError::NothingAudited) };
    let mut entries = BTreeMap::from([
        (bundle::DECLARATION.to_owned(), declaration.envelope.clone()),
        (bundle::AUDIT.to_owned(), canonical::to_vec(audit)?),
    ]);
    let mut trust = Vec::new();
    for node in &topology.nodes {
        let latest = &node.latest;
        entries.insert(bundle::report_path(&latest.node), latest.report.clone());
        if let Some(heartbeat) = &latest.heartbeat {
            entries.insert(bundle::heartbeat_path(&latest.node), heartbeat.clone());
        }
        if let Some(chip) = node.chip.bound() {
            entries.insert(bundle::attestation_path(&latest.node), chip.binding.envelope.clone());
        }
        trust.push(NodeTrust {
            node: latest.node.clone(),
            report_key: node.report_key.clone(),
            received_at: latest.received_at,
            heard_at: latest.heard_at,
            tpm: node.chip.bound().map(|chip| {
                let Binding { activated_at, valid_until, maker, .. } = chip.binding.clone();
                TpmTrust { activated_at, valid_until, maker }
            }),
        });
    }
    entries.insert(bundle::NODES.to_owned(), canonical::to_vec(&trust)?);
    if let Some(document) = issuer.document() {
        entries.insert(bundle::DID_DOCUMENT.to_owned(), canonical::to_vec(&document)?);
    }
    for credential in credentials {
        entries.insert(bundle::credential_path(&credential.id), credential.jwt.clone().into_bytes());
    }
    for list in status_lists {
        let path = bundle::status_list_path(&status::name(list.purpose, list.list));
        entries.insert(path, list.jwt.clone().into_bytes());
    }
    let origin = credentials.iter().map(|credential| credential.origin).fold(topology.origin(), |a, b| a.weaker(b));
    let as_of = topology.as_of;
    let bytes = bundle::write(&entries, as_of, &issuer.did, origin, issuer.signer.as_ref())?;
    let provider = &declaration.declaration.provider.id;
    let instant = as_of.to_string().replace(['-', ':'], "");
    Ok(Gathered { name: format!("{provider}-{instant}.avow.zip"), as_of, bytes })
}

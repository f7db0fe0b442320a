//! Status: every credential has a place in two lists, and the lists say which credentials were withdrawn.
//!
//! ```text
//!   describe ─▶ take places ─▶ sign ─▶ store ─┬─ replaced, retired, `credential revoke` ─▶ a bit is set ─┐
//!                                             └────────────── publish: sign each list that changed ◀─────┘
//! ```
//!
//! A list is a credential of its own, signed in every form that is issued and kept like them; changing a status changes the
//! list and never a credential. Lists are signed anew after two thirds of their short life, as long as a credential in
//! them has not run out. Whoever controls the store can withhold a list or serve an older one until that has run out, and
//! cannot forge one. Why a credential was withdrawn is kept with the store and not published.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::credential::{Base, Credential, Period};
use descriptors::digest::Digest;
use descriptors::proof::SignError;
use descriptors::proof::vc_jwt::{self, IssueError};
use descriptors::status_list::{
    Bits, ENTRIES_MIN, Entry, LengthError, OutOfRange, Place, Places, Purpose, list_subject,
};
use descriptors::target::{self, SealError, Target};
use descriptors::timestamp::Timestamp;

use crate::sign::Issuer;
use crate::store::{Issued, ListState, PublishedList, Store, StoreError, Taken};

/// The purposes of the lists: withdrawn for good, and withdrawn for the time being.
pub const PURPOSES: [Purpose; 2] = [Purpose::Revocation, Purpose::Suspension];

/// Life of a signed list. Whoever holds a copy may rely on it for so long; a collector that is down for longer leaves its
/// readers with "could not be checked".
const LIFE_SECONDS: i64 = 3 * 86_400;

/// What is signed to get the seed of the places: only this key makes it, and the same each time.
const SEED_TEXT: &[u8] = b"avow: seed of the places in status lists, version 1";

/// Why lists were not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store failed.
    #[error("the status lists could not be read or stored")]
    Store(#[from] StoreError),
    /// The store holds places that no list has.
    #[error("a credential has a place that its list does not have")]
    Place(#[from] OutOfRange),
    /// A list of the usual length was refused.
    #[error("a status list could not be made")]
    Length(#[from] LengthError),
    /// The key holder failed.
    #[error("the status list {list} was not signed")]
    Sign {
        /// Its address.
        list: String,
        /// Why.
        #[source]
        source: IssueError,
    },
    /// A target cannot be served.
    #[error("status lists for one of the targets cannot be issued")]
    Seal(#[from] SealError),
    /// A list was not signed for a target.
    #[error("the status list {list} was not issued for {target}")]
    Form {
        /// Its address.
        list: String,
        /// For whom.
        target: Target,
        /// Why.
        #[source]
        source: target::IssueError,
    },
}

/// Why no places were taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The store failed.
    #[error("no places in status lists could be taken")]
    Store(#[from] StoreError),
    /// The key holder failed.
    #[error("the seed of the places was not signed")]
    Sign(#[from] SignError),
}

/// Places for credentials that are about to be signed.
#[derive(Debug, Clone)]
pub struct Reserved {
    places: Places,
    first: u64,
}

impl Reserved {
    /// Takes places for `count` credentials, for good: what is not used is lost.
    pub async fn take(store: &dyn Store, issuer: &Issuer, count: usize) -> Result<Self, TakeError> {
        let seed = Digest::of(&issuer.signer.sign(SEED_TEXT)?);
        let Taken { first, seed } = store.take_places(count as u64, seed).await?;
        Ok(Self::new(seed, first))
    }

    /// The places from the number `first` on.
    pub fn new(seed: Digest, first: u64) -> Self {
        Self { places: Places::new(seed), first }
    }

    /// The place of the credential that is signed as the one with this position.
    pub fn place(&self, at: usize) -> Place {
        self.places.of(self.first + at as u64)
    }
}

/// What stands in a credential about its place.
pub fn entries(base: &Base, place: Place) -> [Entry; 2] {
    PURPOSES.map(|purpose| Entry { purpose, index: place.index, list: address(base, purpose, place.list), size: 1 })
}

/// The address, and so the id, of a list.
pub fn address(base: &Base, purpose: Purpose, list: u64) -> String {
    base.status_list(&name(purpose, list))
}

/// The last segment of a list's address: `revocation-1`.
pub fn name(purpose: Purpose, list: u64) -> String {
    format!("{purpose}-{list}")
}

/// Reads the last segment of an address.
pub fn parse_name(text: &str) -> Option<(Purpose, u64)> {
    let (purpose, number) = text.rsplit_once('-')?;
    let purpose = PURPOSES.into_iter().find(|known| known.as_str() == purpose)?;
    let list: u64 = number.parse().ok().filter(|list| *list > 0)?;
    (name(purpose, list) == text).then_some((purpose, list))
}

/// Signs every list that changed since it was last published, or that will have run out soon; how many.
pub async fn publish(store: &dyn Store, issuer: &Issuer, now: Timestamp) -> Result<usize, PublishError> {
    let mut published = 0;
    for state in store.status_lists(now).await? {
        let due: Vec<Purpose> = PURPOSES.into_iter().filter(|purpose| is_due(&state, *purpose, issuer, now)).collect();
        if due.is_empty() {
            continue;
        }
        let withdrawn = store.withdrawn(state.list).await?;
        for purpose in due {
            let places = if purpose == Purpose::Revocation { &withdrawn.revoked } else { &withdrawn.suspended };
            let signed = sign(issuer, purpose, state.list, places, now)?;
            store.put_status_list(PublishedList { revision: withdrawn.revision, ..signed }).await?;
            published += 1;
        }
    }
    Ok(published)
}

fn is_due(state: &ListState, purpose: Purpose, issuer: &Issuer, now: Timestamp) -> bool {
    let Some(published) = state.published.iter().find(|published| published.purpose == purpose) else { return true };
    let is_old = now < published.valid_from || now >= published.valid_from.plus_seconds(LIFE_SECONDS / 3 * 2);
    let is_whole = issuer.targets.iter().all(|target| published.forms.contains_key(target));
    published.revision != state.revision || is_old || !is_whole
}

fn sign(
    issuer: &Issuer,
    purpose: Purpose,
    list: u64,
    withdrawn: &[usize],
    now: Timestamp,
) -> Result<PublishedList, PublishError> {
    let mut bits = Bits::clear(ENTRIES_MIN)?;
    for index in withdrawn {
        bits.set(*index, true)?;
    }
    let address = address(&issuer.base, purpose, list);
    let period = Period { from: now, until: now.plus_seconds(LIFE_SECONDS) };
    let subject = list_subject(&address, purpose, &bits, None);
    let credential = Credential::of_status_list(&address, issuer.did.clone(), period, subject);
    let jwt = vc_jwt::issue(&credential, issuer.signer.as_ref());
    let jwt = jwt.map_err(|source| PublishError::Sign { list: address.clone(), source })?;
    let mut forms = BTreeMap::new();
    for target in issuer.targets.iter().filter(|target| **target != Target::Tagus) {
        let form = issuer.seal(*target)?.issue(&credential);
        let form = form.map_err(|source| PublishError::Form { list: address.clone(), target: *target, source })?;
        forms.insert(*target, String::from_utf8_lossy(&form).into_owned());
    }
    Ok(PublishedList { purpose, list, revision: 0, valid_from: period.from, valid_until: period.until, jwt, forms })
}

/// The lists that these credentials name, as they were published.
pub async fn lists_of(store: &dyn Store, credentials: &[Issued]) -> Result<Vec<PublishedList>, StoreError> {
    let numbers: BTreeSet<u64> = credentials.iter().filter_map(|issued| Some(issued.place?.list)).collect();
    let mut lists = Vec::new();
    for list in numbers {
        for purpose in PURPOSES {
            lists.extend(store.status_list(purpose, list).await?);
        }
    }
    Ok(lists)
}

#[cfg(test)]
mod tests;

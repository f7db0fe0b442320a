//! Where a credential stands in a list, and what a list credential says.

use serde_json::Value;

use super::{Bits, DecodeError, ENTRIES_MIN, OutOfRange, Purpose, SIZE_MAX};
use crate::credential::Subject;
use crate::node::{Node, Object};
use crate::report::Origin;

const MULTIBASE: &str = "https://w3id.org/security#multibase";

/// The class of an entry.
const ENTRY: &str = "BitstringStatusListEntry";
/// The class of a list.
const LIST: &str = "BitstringStatusList";
/// The class of the credential that holds a list.
pub(crate) const LIST_CREDENTIAL: &str = "BitstringStatusListCredential";

/// One place in one list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What a set bit means.
    pub purpose: Purpose,
    /// The place.
    pub index: usize,
    /// The address, and so the id, of the list credential.
    pub list: String,
    /// How many bits the entry has: 1 for everything that we issue.
    pub size: u8,
}

/// Why a `credentialStatus` is not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Another mechanism, which is not known here: that is not the same as a bad one.
    #[error("the status type {0} is not known: only {ENTRY} is")]
    Type(String),
    /// A member that is missing or not of its form.
    #[error("`{member}` is {found}, expected {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What stands there.
        found: String,
        /// What must.
        expected: &'static str,
    },
}

impl Entry {
    /// The entry as it stands in a credential.
    pub fn to_node(&self) -> Node {
        Node::new(format!("{}#{}", self.list, self.index), ENTRY)
            .with("statusPurpose", self.purpose.as_str())
            .with("statusListIndex", self.index.to_string())
            .with("statusListCredential", Object::Link(self.list.clone()))
    }

    /// Reads one `credentialStatus`.
    pub fn parse(value: &Value) -> Result<Self, EntryError> {
        if !has_type(value, ENTRY) {
            return Err(EntryError::Type(shown(value.get("type"))));
        }
        let purpose = member(value, "statusPurpose", "revocation, suspension, refresh or message", |purpose| {
            purpose.as_str().and_then(Purpose::from_name)
        })?;
        let index = member(value, "statusListIndex", "a whole number in a text", |index| {
            let text = index.as_str()?;
            // One spelling for one place: no sign, no leading zero.
            let number: u32 = text.parse().ok()?;
            (number.to_string() == text).then_some(number as usize)
        })?;
        let list = member(value, "statusListCredential", "the address of the list credential", |list| {
            list.as_str().filter(|list| !list.is_empty()).map(str::to_owned)
        })?;
        let size = match value.get("statusSize") {
            None => 1,
            Some(_) => member(value, "statusSize", "from 1 to 32 bits", |size| {
                size.as_u64().and_then(|size| u8::try_from(size).ok()).filter(|size| (1..=SIZE_MAX).contains(size))
            })?,
        };
        Ok(Self { purpose, index, list, size })
    }
}

/// What the subject of a list credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What its bits mean: one purpose, or several for one list.
    purposes: Vec<String>,
    bits: Bits,
    /// For how many milliseconds a copy may be used.
    pub ttl_milliseconds: Option<u64>,
}

/// Why a list does not say how a credential stands.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The subject is not a list.
    #[error("the subject of the list credential has the type {0}, expected {LIST}")]
    Type(String),
    /// A member that is missing or not of its form.
    #[error("`{member}` is {found}, expected {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What stands there.
        found: String,
        /// What must.
        expected: &'static str,
    },
    /// The bit string cannot be read.
    #[error("`encodedList` is not a bit string")]
    Decode(#[from] DecodeError),
    /// The bits mean something else.
    #[error("the list is for {list}, the entry asks for {entry}")]
    Purpose {
        /// Of the list.
        list: String,
        /// Of the entry.
        entry: Purpose,
    },
    /// No such place.
    #[error(transparent)]
    Index(#[from] OutOfRange),
}

impl List {
    /// Reads the subject of a list credential, whose entries have `size` bits; inflates at most `bound` bytes.
    pub fn parse(subject: &Value, size: u8, bound: usize) -> Result<Self, ListError> {
        if !has_type(subject, LIST) {
            return Err(ListError::Type(shown(subject.get("type"))));
        }
        let purposes = match &subject["statusPurpose"] {
            Value::String(purpose) => vec![purpose.clone()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let fault = |member, expected| ListError::Member { member, found: shown(subject.get(member)), expected };
        if purposes.is_empty() {
            return Err(fault("statusPurpose", "a purpose"));
        }
        let ttl_milliseconds = match subject.get("ttl") {
            None => None,
            Some(ttl) => Some(ttl.as_u64().ok_or_else(|| fault("ttl", "milliseconds"))?),
        };
        let encoded = subject["encodedList"].as_str().ok_or_else(|| fault("encodedList", "a text"))?;
        Ok(Self { purposes, bits: Bits::decode(encoded, size, bound)?, ttl_milliseconds })
    }

    /// The value at the entry's place: 0 when nothing is said against the credential.
    pub fn status(&self, entry: &Entry) -> Result<u32, ListError> {
        if !self.purposes.iter().any(|purpose| purpose == entry.purpose.as_str()) {
            return Err(ListError::Purpose { list: self.purposes.join(", "), entry: entry.purpose });
        }
        Ok(self.bits.get(entry.index)?)
    }
}

/// The subject of the list credential with the id `list`; `ttl_milliseconds` says for how long a copy may be used.
pub fn list_subject(list: &str, purpose: Purpose, bits: &Bits, ttl_milliseconds: Option<u64>) -> Subject {
    let node = Node::new(format!("{list}#list"), LIST)
        .with("statusPurpose", purpose.as_str())
        .with("encodedList", Object::Coerced { text: bits.encode(), datatype: MULTIBASE })
        .with_some("ttl", ttl_milliseconds);
    debug_assert!(bits.len() >= ENTRIES_MIN, "a list hides its entries");
    // That a credential stands or does not is the issuer's own word, whatever the credential rests on.
    Subject { node, origin: Origin::Real, provenance: None }
}

fn has_type(value: &Value, class: &str) -> bool {
    match &value["type"] {
        Value::String(one) => one == class,
        Value::Array(several) => several.iter().any(|one| one == class),
        _ => false,
    }
}

fn member<T>(
    value: &Value,
    member: &'static str,
    expected: &'static str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, EntryError> {
    let found = value.get(member);
    found.and_then(read).ok_or_else(|| EntryError::Member { member, found: shown(found), expected })
}

/// At most a line of what stands there.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) => format!("`{:.80}`", value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::BYTES_MAX;
    use super::*;
    use crate::vocabulary::Ontology;

    const ADDRESS: &str = "https://cloud.example/status/3";

    fn entry() -> Entry {
        Entry { purpose: Purpose::Revocation, index: 94_567, list: ADDRESS.to_owned(), size: 1 }
    }

    #[test]
    fn an_entry_reads_back_as_itself() {
        let value = entry().to_node().to_value(Ontology::default());
        assert_eq!(value["id"], format!("{ADDRESS}#94567"));
        assert_eq!(value["statusListIndex"], "94567");
        assert_eq!(Entry::parse(&value), Ok(entry()));
    }

    #[test]
    fn a_bad_entry_is_refused_for_its_single_fault() {
        let check = |change: &dyn Fn(&mut Value), fault: &str| {
            let mut value = entry().to_node().to_value(Ontology::default());
            change(&mut value);
            let error = Entry::parse(&value).unwrap_err().to_string();
            assert!(error.contains(fault), "{fault}: {error}");
        };
        check(&|e| e["type"] = json!("StatusList2021Entry"), "StatusList2021Entry");
        check(&|e| e["statusPurpose"] = json!("deletion"), "`statusPurpose`");
        check(&|e| e["statusListIndex"] = json!(94_567), "`statusListIndex`");
        for index in ["-1", "+1", "01", "1.0", "", "99999999999", "٣"] {
            check(&|e| e["statusListIndex"] = json!(index), "`statusListIndex`");
        }
        check(&|e| e["statusListCredential"] = json!({"id": "x"}), "`statusListCredential`");
        check(&|e| e["statusListCredential"] = json!(""), "`statusListCredential`");
        check(&|e| e["statusSize"] = json!(0), "`statusSize`");
        check(&|e| e["statusSize"] = json!(33), "`statusSize`");
        check(&|e| e["statusSize"] = json!("1"), "`statusSize`");
    }

    #[test]
    fn a_list_says_how_a_credential_stands() {
        let mut bits = Bits::clear(ENTRIES_MIN).unwrap();
        bits.set(94_567, true).unwrap();
        let subject = list_subject(ADDRESS, Purpose::Revocation, &bits, Some(300_000)).to_value();
        let list = List::parse(&subject, 1, BYTES_MAX).unwrap();
        assert_eq!(list.ttl_milliseconds, Some(300_000));
        assert_eq!(list.status(&entry()).unwrap(), 1);
        assert_eq!(list.status(&Entry { index: 94_566, ..entry() }).unwrap(), 0);
        let suspended = list.status(&Entry { purpose: Purpose::Suspension, ..entry() });
        assert!(matches!(suspended, Err(ListError::Purpose { .. })));
        let behind = list.status(&Entry { index: ENTRIES_MIN, ..entry() });
        assert!(matches!(behind, Err(ListError::Index(_))));
    }

    #[test]
    fn a_bad_list_is_refused_for_its_single_fault() {
        let check = |change: &dyn Fn(&mut Value), fault: &str| {
            let bits = Bits::clear(ENTRIES_MIN).unwrap();
            let mut subject = list_subject(ADDRESS, Purpose::Revocation, &bits, None).to_value();
            change(&mut subject);
            let error = List::parse(&subject, 1, BYTES_MAX).unwrap_err().to_string();
            assert!(error.contains(fault), "{fault}: {error}");
        };
        check(&|s| s["type"] = json!("StatusList2021"), "StatusList2021");
        check(&|s| s["statusPurpose"] = json!(1), "`statusPurpose`");
        check(&|s| s["statusPurpose"] = json!([]), "`statusPurpose`");
        check(&|s| s["ttl"] = json!("300000"), "`ttl`");
        check(&|s| s["ttl"] = json!(-1), "`ttl`");
        check(&|s| s["encodedList"] = json!(null), "`encodedList`");
        check(&|s| s["encodedList"] = json!("zH4s"), "`encodedList`");
    }
}

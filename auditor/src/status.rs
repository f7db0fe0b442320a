//! How the credentials of a bundle stand: their places in the status lists that lie beside them.
//!
//! A list is a credential of the issuer's and verified like one, at the time of the bundle. A list that is not in the bundle
//! leaves its credentials undecided: that is neither good nor bad.

use std::collections::BTreeMap;

use descriptors::bundle::{self, Bundle};
use descriptors::status_list::{BYTES_MAX, Entry, List, Purpose};
use serde_json::{Map, Value};

use crate::verify::{Finding, chain};

/// A list, or why it is none.
type Lists = BTreeMap<String, Result<List, String>>;

/// Looks up every credential in every list that it names. `read` verifies a credential of the issuer's.
pub(crate) fn check(
    bundle: &Bundle,
    credentials: &BTreeMap<String, Map<String, Value>>,
    read: impl Fn(&[u8]) -> Result<Map<String, Value>, String>,
) -> Finding {
    let mut lists = Lists::new();
    let (mut faults, mut missing, mut entries) = (Vec::new(), Vec::new(), 0);
    for (path, credential) in credentials {
        let status = match credential.get("credentialStatus") {
            None => continue,
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        for value in status {
            entries += 1;
            match standing(bundle, value, &mut lists, &read) {
                Ok(None) => {}
                Ok(Some(problem)) => faults.push(format!("`{path}`: {problem}")),
                Err(absent) if missing.contains(&absent) => {}
                Err(absent) => missing.push(absent),
            }
        }
    }
    let total = credentials.len();
    match (faults.is_empty(), missing.is_empty()) {
        (false, _) => Finding::Failed(faults),
        (true, false) => Finding::NotChecked(missing.join("; ")),
        (true, true) if entries == 0 => Finding::Passed("no credential names a status list".to_owned()),
        (true, true) => {
            Finding::Passed(format!("{total} credentials, none of them withdrawn in {} lists", lists.len()))
        }
    }
}

/// What speaks against a credential; an error where it cannot be told.
fn standing(
    bundle: &Bundle,
    value: &Value,
    lists: &mut Lists,
    read: &impl Fn(&[u8]) -> Result<Map<String, Value>, String>,
) -> Result<Option<String>, String> {
    let entry = match Entry::parse(value) {
        Ok(entry) => entry,
        Err(error) => return Ok(Some(chain(&error))),
    };
    let shown: String = entry.list.chars().take(200).collect();
    let Some(bytes) = bundle.entries.get(&bundle::status_list_path(&entry.list)) else {
        return Err(format!("the status list `{shown}` is not in the bundle"));
    };
    let list = lists.entry(entry.list.clone()).or_insert_with(|| list(bytes, &entry, read));
    let list = match list {
        Ok(list) => list,
        Err(problem) => return Ok(Some(format!("the status list `{shown}` cannot be relied on: {problem}"))),
    };
    match list.status(&entry) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(
            match entry.purpose {
                Purpose::Revocation => "revoked",
                Purpose::Suspension => "suspended",
                Purpose::Refresh | Purpose::Message => return Ok(None),
            }
            .to_owned(),
        )),
        Err(error) => Ok(Some(chain(&error))),
    }
}

fn list(
    bytes: &[u8],
    entry: &Entry,
    read: &impl Fn(&[u8]) -> Result<Map<String, Value>, String>,
) -> Result<List, String> {
    let credential = read(bytes)?;
    if credential.get("id").and_then(Value::as_str) != Some(&entry.list) {
        return Err("it is that of another address".to_owned());
    }
    List::parse(&credential["credentialSubject"], entry.size, BYTES_MAX).map_err(|error| chain(&error))
}

//! What the fields of a certificate say: times, names, and what its key is for.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::{Checked, Fault, Unchecked};
use crate::timestamp::Timestamp;

/// Extended validation of TLS certificates (CA/Browser Forum).
const EXTENDED_VALIDATION: &str = "2.23.140.1.1";

/// Whether a certificate is valid at `now`.
pub(crate) fn check_time(at: usize, certificate: &X509Certificate<'_>, now: Timestamp, checked: &mut Checked) {
    let time = |asn1: &x509_parser::time::ASN1Time| Timestamp::from_unix(asn1.timestamp()).ok();
    let (from, until) = (time(&certificate.validity().not_before), time(&certificate.validity().not_after));
    if let Some(from) = from.filter(|from| now < *from) {
        checked.faults.push(Fault::NotYet { at, from });
    }
    if let Some(until) = until {
        if until < now {
            checked.faults.push(Fault::Expired { at, until });
        }
        checked.ends = Some(checked.ends.map_or(until, |ends| ends.min(until)));
    }
}

/// Whether each extension can be read, stands once, and is understood where it is critical.
pub(crate) fn check_extensions(at: usize, certificate: &X509Certificate<'_>, checked: &mut Checked) {
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        let name = || extension.oid.to_id_string();
        let malformed = matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        if malformed || seen.contains(&&extension.oid) {
            checked.faults.push(Fault::Extension { at, extension: name() });
        }
        seen.push(&extension.oid);
        match extension.parsed_extension() {
            ParsedExtension::NameConstraints(_) => checked.unchecked.push(Unchecked::NameConstraints { at }),
            ParsedExtension::BasicConstraints(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::SubjectAlternativeName(_)
            | ParsedExtension::CertificatePolicies(_) => {}
            _ if extension.critical => checked.faults.push(Fault::Critical { at, extension: name() }),
            _ => {}
        }
    }
}

/// Whether the certificate `at` may have signed the one before it.
pub(super) fn check_authority(at: usize, certificates: &[X509Certificate<'_>], faults: &mut Vec<Fault>) {
    let certificate = &certificates[at];
    // What cannot be read is reported with the extensions.
    match certificate.basic_constraints().ok().flatten().map(|constraints| constraints.value) {
        Some(constraints) if constraints.ca => {
            // Authorities that issued themselves a new key do not count (RFC 5280, 4.2.1.9).
            let below =
                certificates[1..at].iter().filter(|one| one.issuer().as_raw() != one.subject().as_raw()).count();
            if let Some(allowed) = constraints.path_len_constraint.filter(|allowed| below > *allowed as usize) {
                faults.push(Fault::PathLength { at, allowed, found: below });
            }
        }
        _ => faults.push(Fault::Authority { at }),
    }
    let usage = certificate.key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        faults.push(Fault::Usage { at, purpose: "certificates" });
    }
}

/// Whether the leaf is for the host, and its key for signatures.
pub(super) fn check_leaf(leaf: &X509Certificate<'_>, host: &str, checked: &mut Checked) {
    let usage = leaf.key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.digital_signature()) {
        checked.faults.push(Fault::Usage { at: 0, purpose: "signatures" });
    }
    let names = leaf.subject_alternative_name().ok().flatten();
    let names: Vec<&str> = names.map_or(Vec::new(), |names| {
        names
            .value
            .general_names
            .iter()
            .filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None })
            .collect()
    });
    if !names.iter().any(|name| is_for(name, host)) {
        let found = names.iter().take(20).map(|name| (*name).to_owned()).collect();
        checked.faults.push(Fault::Host { host: host.to_owned(), found });
    }
    checked.extended_validation = leaf.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().any(|policy| policy.policy_id.to_id_string() == EXTENDED_VALIDATION)
        }
        _ => false,
    });
}

/// Whether a name of a certificate stands for a host: itself, or `*` for its first label (RFC 6125).
fn is_for(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        None => name == host,
        // A wildcard directly below a top-level domain would stand for strangers.
        Some(parent) => {
            parent.contains('.')
                && host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_for;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let check = |name, host, expect| assert_eq!(is_for(name, host), expect, "{name} {host}");
        check("cloud.example", "cloud.example", true);
        check("Cloud.Example", "cloud.example", true);
        check("cloud.example", "a.cloud.example", false);
        check("*.cloud.example", "a.cloud.example", true);
        check("*.cloud.example", "cloud.example", false);
        check("*.cloud.example", "a.b.cloud.example", false);
        check("*.example", "cloud.example", false);
        check("*", "cloud.example", false);
        check("c*.cloud.example", "cc.cloud.example", false);
    }
}

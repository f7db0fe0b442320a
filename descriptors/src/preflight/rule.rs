//! The rules, each with its source and what to do about it.
//!
//! Codes stay: `GX-1xx` envelope, `GX-2xx` payload, `GX-3xx` keys and chain, `GX-4xx` subjects, `GX-5xx` statements, shapes and
//! references; `VC-…` are those of the W3C alone. ICAM = Gaia-X Identity, Credential and Access Management 25.11; VCDM =
//! W3C Verifiable Credentials Data Model 2.0; JOSE = W3C Securing Verifiable Credentials using JOSE and COSE.

use serde::Serialize;

/// One rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rule {
    /// Stays the same for ever.
    pub code: &'static str,
    /// What must hold.
    pub law: &'static str,
    /// Where it is written, or whose code does it.
    pub source: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $law:literal $source:literal $remedy:literal)*) => {
        $(#[doc = $law] pub static $name: Rule = Rule { code: $code, law: $law, source: $source, remedy: $remedy };)*
        /// All rules, by code.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    FORM "GX-101" "a document is a compact JWS of three parts, or strict JSON" "RFC 7515 §7.1; RFC 8259" "write base64url without padding, and every member name once"
    ENVELOPE "GX-102" "the service takes a JWS and no embedded proof" "ICAM §5.3.2" "sign the document without `proof` as vc+jwt"
    TYP "GX-103" "`typ` is `vc+jwt`, of a presentation `vp+jwt`" "ICAM §5.3.2" "set `typ`; `vc+ld+json+jwt` and `vc+ld+jwt` are of older releases"
    CTY "GX-104" "`cty` is `vc`, of a presentation `vp`" "ICAM §5.3.2" "set `cty`; `vc+ld+json` and `vc+ld` are of older releases"
    KID "GX-105" "`kid` is the DID URL of the key and begins with the issuer" "ICAM §5.3.2" "write issuer, `#`, and the name of the method"
    HEADER_ISS "GX-106" "the header has `iss`, the issuer's DID" "ICAM §5.3.2" "add `iss` to the protected header"
    PAYLOAD_ISS "GX-107" "the payload has `iss`" "code of the federated catalogue" "add `iss`, equal to `issuer`, to the payload"
    ALG "GX-108" "`alg` is one that the service takes" "RFC 7518; gaia-x registry configuration" "sign with PS256; ES256 and EdDSA are taken by some"
    CRIT "GX-109" "no extension of the header is critical" "RFC 7515 §4.1.11" "leave out `crit`"
    HEADER_KEY "GX-110" "keys come from the DID document, not from the header" "ICAM §5.3.2" "leave `jwk`, `jku`, `x5c` and `x5u` out of the header"

    WRAPPER "GX-201" "the credential is the payload itself" "JOSE §3.1.1" "put the members of `vc` or `vp` at the top of the payload"
    CONTEXT_FIRST "GX-202" "the first context is that of the data model" "VCDM §4.3" "begin `@context` with https://www.w3.org/ns/credentials/v2"
    CONTEXT_GAIA_X "GX-203" "a Gaia-X context of a known version follows" "ICAM §5.3.1; configuration of the compliance service" "name https://w3id.org/gaia-x/2511# or another version that the service lists"
    CONTEXT_UNKNOWN "GX-204" "every context is known to the service, which loads nothing" "configuration of the compliance service" "put own vocabulary inline as {\"prefix\": \"namespace\"}"
    CONTEXT_INLINE "GX-205" "an inline context defines one prefix" "code of gaia-x-go" "write one object for each prefix"
    ID "GX-206" "the document has an `id` that is an absolute IRI" "ICAM §5.3.1" "give it an https address under which it stays published"
    TYPE "GX-207" "the first type is `VerifiableCredential`, of a presentation `VerifiablePresentation`" "VCDM §4.5" "write it first, then the classes of the subject"
    ISSUER "GX-208" "`issuer` is a DID as a text" "ICAM §5.3.1" "write the DID itself, not an object"
    ISSUER_METHOD "GX-209" "the issuer's DID method is one that the service takes" "ICAM §5.2; code of the federated catalogue" "issue with a did:web"
    ISSUER_EQUAL "GX-210" "`issuer`, the header's `iss` and the payload's `iss` are equal" "ICAM §5.3.2; JOSE §3.1.3" "sign with the key of the issuer, and name it alike"
    VALID_FROM "GX-211" "`validFrom` is a time with a zone, and past" "ICAM §5.3.1" "write RFC 3339: 2026-11-01T00:00:00Z"
    VALID_UNTIL "GX-212" "`validUntil` is a time with a zone, and still to come" "ICAM §5.3.1" "issue the credential again"
    VALID_UNTIL_MISSING "GX-213" "a credential says until when it holds" "ICAM §5.3.1" "add `validUntil`"
    SUBJECT "GX-214" "each subject has an `id` and a `type`" "ICAM §5.3.1" "add them; the type belongs to the subject"
    SAME_ID "GX-215" "presentation, credential and subject have different ids" "ICAM §5.3.1" "take the credential's id with #cs for its subject"
    STATUS "GX-216" "a status entry is of Bitstring Status List" "W3C Bitstring Status List §2.1" "write statusListIndex as a text of digits, with statusPurpose and statusListCredential"
    ENVELOPED "GX-217" "a presentation holds enveloped credentials" "JOSE §3.1.2" "use {type: EnvelopedVerifiableCredential, id: data:application/vc+jwt,…}"
    DATA_URI "GX-218" "the data address has a comma before the token" "RFC 2397; JOSE §3.1.2" "write data:application/vc+jwt,eyJ…"
    PRESENTATION_EMPTY "GX-219" "a presentation holds at least one credential" "ICAM §5.3.2" "put the credentials in `verifiableCredential`"
    PROOF "VC-201" "a Data Integrity proof is complete" "W3C Data Integrity §2.1; vc-di-eddsa §3" "sign with the cryptosuite of the target, purpose assertionMethod"
    TAGUS "GX-220" "a Tagus credential is of VCDM 1.1 with JsonWebSignature2020" "Gaia-X 22.10" "issue for the target tagus"

    METHOD "GX-301" "`kid` is an assertion method of the issuer's DID document" "W3C DID Core §5.3.2; ICAM §5.2" "publish the key, and list it in `assertionMethod`"
    JWK_ALG "GX-302" "the published key names its `alg`, and it is that of the header" "code of gaia-x-go" "add `alg` to the JWK"
    X5U "GX-303" "the published key names its certificate chain" "ICAM §5.2.1" "add `x5u` to the JWK"
    X5C "GX-304" "the published key has no `x5c`" "code of the federated catalogue" "publish the chain behind `x5u` alone"
    SIGNATURE "GX-305" "the signature fits the key and the bytes" "RFC 7515 §5.2" "sign the document as it is, and do not change it afterwards"
    CHAIN_FORM "GX-306" "the chain goes from leaf to self-signed root, each certificate signed by the next" "answers of the Gaia-X registry" "put leaf, intermediates and the self-signed root in one PEM file, in this order"
    CHAIN_VALIDITY "GX-307" "every certificate of the chain is valid now" "RFC 5280 §6.1.3" "renew the certificate"
    CHAIN_KEY "GX-308" "the leaf certificate is of the key that signed" "ICAM §5.2.1" "publish the chain of this very key"
    CHAIN_ANCHOR "GX-309" "the chain ends at a trust anchor" "ICAM §5.2.1" "have the certificate issued below an anchor of the registry"
    CHAIN_EV "GX-310" "clearing houses in production ask for an EV certificate" "answers of the Gaia-X registry" "use a leaf with policy 2.23.140.1.1"
    CHAIN_HOST "GX-311" "the leaf certificate is for the host of the did:web" "code of gaia-x-go" "have the host name in the subject alternative names"

    FLOAT "GX-401" "a number with a datatype of its own is written with it" "Gaia-X shapes; JSON-LD 1.1 §8.2" "write {\"@type\": \"xsd:float\", \"@value\": \"16\"}"
    REFERENCE "GX-402" "a reference is an object with an `id`" "Gaia-X shapes" "write {\"id\": …}"
    URL "GX-403" "an address is a literal in 25.11 and a node in the development ontology" "Gaia-X shapes 25.11 and development" "25.11: {\"@type\": \"xsd:anyURI\", \"@value\": …}; development: {\"id\": …}"
    TERMS_HASH "GX-404" "the hash of the terms and conditions is the constant that the service knows" "Gaia-X shapes, class Issuer" "write 4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3"
    ENUMERATION "GX-405" "a value of an enumeration is spelt as the ontology spells it" "Gaia-X shapes" "copy the value from the table of the ontology; `Other` and `other` differ by property"
    CLOSED "GX-406" "a closed class has the properties that its shape lists" "Gaia-X shapes, sh:closed" "say more in a credential of your own that points at the subject's id"
    REQUIRED "GX-407" "a class has the properties that its shape requires" "Gaia-X shapes, sh:minCount" "add it; an encryption that was not measured cannot be described conformantly"
    INTEGER "GX-408" "a count is a number, not a text" "Gaia-X shapes, sh:datatype" "write it without quotation marks"
    HOSTED_ON "GX-409" "a service is hosted on a datacenter, not on a zone or region" "Gaia-X shapes, class ServiceOffering" "point hostedOn at the Datacenter"
    PLAIN_TERM "GX-410" "terms of Gaia-X are written with their prefix" "Gaia-X contexts of 2025-10 and 2026-07" "write gx:… : a bare term changes its meaning with the date of the context"

    STATEMENTS "GX-501" "the document becomes statements without loss" "JSON-LD 1.1 API; safe mode" "mend the member, or leave it out"
    VOCAB "GX-502" "no name is defined only because the context catches every name" "Gaia-X context, @vocab" "check the spelling; closed shapes refuse invented properties"
    PREFIX "GX-503" "every prefix is defined" "JSON-LD 1.1 §4.1.5" "add {\"prefix\": \"namespace\"} to `@context`"
    SHAPE "GX-504" "the subjects have their shapes" "Gaia-X shapes (SHACL)" "see what the shape asks for"
    CLOSURE "GX-505" "what a subject refers to is in the same presentation" "Gaia-X compliance service: nothing is fetched" "put the credential of the referenced subject beside it"
    DUPLICATE_ID "GX-506" "one id stands for one thing" "ICAM §5.3.1" "give each credential and subject its own id"
    DIGEST "GX-507" "the digest of a reference is that of the credential" "ICAM §5.3.3; W3C SRI" "write sha256- and the hexadecimal SHA-256 of the canonical JSON"
    COMPLETE "GX-508" "a presentation for the service has legal person, issuer and registration number" "Gaia-X compliance service, participant rules" "add the credentials of gx:LegalPerson, gx:Issuer and the notary"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_for_one_rule() {
        let mut codes: Vec<&str> = ALL.iter().map(|rule| rule.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}

//! Who issues, who signs, and names that look like somebody else's.

use descriptors::target::Target;
use descriptors::verify::Name::{Issuer, Key};
use serde_json::json;

use super::scene::{Form, ISSUER, Scene, did_key};
use super::{Row, open, row};

/// A document issued in the name of a text that is no DID of ours to know.
fn named(scene: &mut Scene, did: &str) {
    scene.issue_as(did, &format!("{did}#key-1"));
}

/// The same with a did:key, whose method repeats its text.
fn named_key(scene: &mut Scene, text: &str) {
    scene.issue_as(&format!("did:key:{text}"), &format!("did:key:{text}#{text}"));
}

/// The did:key text of bytes with a codec before them.
fn multibase(codec: [u8; 2], key: &[u8]) -> String {
    format!("z{}", bs58::encode([&codec, key].concat()).into_string())
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "iss missing in the header where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.header.as_object_mut().unwrap().remove("iss");
        },
        Issuer,
        "`iss` is missing",
    ),
    row("iss a number", Form::Jws, |s| s.header["iss"] = json!(7), Issuer, "`iss` is `7`"),
    row(
        "iss of somebody else",
        Form::Jws,
        |s| s.header["iss"] = json!("did:web:other.example"),
        Issuer,
        "the header says `did:web:other.example`",
    ),
    row(
        "kid missing",
        Form::Jws,
        |s| drop(s.header.as_object_mut().unwrap().remove("kid")),
        Issuer,
        "`kid` is missing",
    ),
    row(
        "kid of somebody else",
        Form::Jws,
        |s| s.header["kid"] = json!("did:web:other.example#key-1"),
        Issuer,
        "`kid` is",
    ),
    row(
        "kid whose DID only begins like the issuer",
        Form::Jws,
        |s| s.header["kid"] = json!("did:web:cloud.example.evil.example#key-1"),
        Issuer,
        "`kid` is",
    ),
    row(
        "kid with a path before the fragment",
        Form::Jws,
        |s| s.header["kid"] = json!("did:web:cloud.example:evil#key-1"),
        Issuer,
        "`kid` is",
    ),
    row(
        "kid with a query",
        Form::Jws,
        |s| s.header["kid"] = json!("did:web:cloud.example?versionId=1#key-1"),
        Issuer,
        "`kid` is",
    ),
    row("kid only a fragment", Form::Jws, |s| s.header["kid"] = json!("#key-1"), Issuer, "`kid` is"),
    row("kid a path to a file", Form::Jws, |s| s.header["kid"] = json!("../../etc/passwd"), Issuer, "`kid` is"),
    row(
        "an issuer that does not sign",
        Form::Jws,
        |s| s.document["issuer"] = json!("did:web:other.example"),
        Issuer,
        "the payload is issued by `did:web:other.example`",
    ),
    row(
        "an issuer that does not control the key of a proof",
        Form::Rdfc,
        |s| s.options["verificationMethod"] = json!(format!("{0}#{1}", did_key(7), &did_key(7)[8..])),
        Issuer,
        "signed by a method of `did:key:",
    ),
    row(
        "an issuer that does not control the key, with JCS",
        Form::Jcs,
        |s| {
            s.document["issuer"] = json!("did:web:other.example");
            s.document.as_object_mut().unwrap().remove("credentialStatus");
        },
        Issuer,
        "issued by `did:web:other.example`",
    ),
    row(
        "an issuer object with another id",
        Form::Jws,
        |s| s.document["issuer"] = json!({"id": "did:web:other.example", "name": ISSUER}),
        Issuer,
        "the payload is issued by",
    ),
    row(
        "an issuer object without id",
        Form::Rdfc,
        |s| s.document["issuer"] = json!({"name": ISSUER}),
        Issuer,
        "`issuer` is an object",
    ),
    row(
        "an issuer object where Gaia-X asks for a text",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.document["issuer"] = json!({"id": ISSUER});
        },
        Issuer,
        "`issuer` is an object",
    ),
    row(
        "two issuers",
        Form::Jws,
        |s| s.document["issuer"] = json!([ISSUER, "did:web:other.example"]),
        Issuer,
        "`issuer` is a list",
    ),
    row(
        "no issuer",
        Form::Jws,
        |s| drop(s.document.as_object_mut().unwrap().remove("issuer")),
        Issuer,
        "`issuer` is missing",
    ),
    row("an issuer of null", Form::Jws, |s| s.document["issuer"] = json!(null), Issuer, "`issuer` is"),
    row(
        "iss of somebody else in the payload",
        Form::Jws,
        |s| s.document["iss"] = json!("did:web:other.example"),
        Issuer,
        "the payload's `iss`",
    ),
    row(
        "iss missing in the payload where the catalogue asks",
        Form::Jws,
        |s| s.policy = s.policy.clone().for_target(Target::Xfsc),
        Issuer,
        "the payload has no `iss`",
    ),
    row(
        "verificationMethod missing",
        Form::Jcs,
        |s| drop(s.options.as_object_mut().unwrap().remove("verificationMethod")),
        Issuer,
        "`verificationMethod` is missing",
    ),
    row(
        "verificationMethod with its own key inside",
        Form::Jcs,
        |s| {
            s.options["verificationMethod"] =
                json!({"id": format!("{ISSUER}#key-1"), "publicKeyMultibase": did_key(8)[8..]})
        },
        Issuer,
        "`verificationMethod` is an object",
    ),
    row(
        "verificationMethod without fragment",
        Form::Jcs,
        |s| s.options["verificationMethod"] = json!(ISSUER),
        Issuer,
        "`verificationMethod` is",
    ),
    row(
        "verificationMethod whose DID only begins like the issuer",
        Form::Rdfc,
        |s| s.options["verificationMethod"] = json!("did:web:cloud.example.evil.example#key-1"),
        Issuer,
        "signed by a method of",
    ),
    row("a DID method in capital letters", Form::Jws, |s| named(s, "did:WEB:cloud.example"), Issuer, "one spelling"),
    row("a DID scheme in capital letters", Form::Jws, |s| named(s, "DID:web:cloud.example"), Issuer, "one spelling"),
    row("a host in capital letters", Form::Jws, |s| named(s, "did:web:Cloud.example"), Issuer, "one spelling"),
    row(
        "a host with a letter of another script",
        Form::Jws,
        |s| named(s, "did:web:cl\u{043e}ud.example"),
        Issuer,
        "one spelling",
    ),
    row(
        "a host with a letter of full width",
        Form::Jws,
        |s| named(s, "did:web:cloud\u{ff0e}example"),
        Issuer,
        "one spelling",
    ),
    row(
        "a host with an invisible character",
        Form::Jws,
        |s| named(s, "did:web:cloud\u{200b}.example"),
        Issuer,
        "one spelling",
    ),
    row("a host with an escaped full stop", Form::Jws, |s| named(s, "did:web:cloud%2Eexample"), Issuer, "one spelling"),
    row(
        "a host with a full stop at its end",
        Form::Jws,
        |s| named(s, "did:web:cloud.example."),
        Issuer,
        "one spelling",
    ),
    row(
        "a host with an escaped slash",
        Form::Jws,
        |s| named(s, "did:web:cloud.example%2F..%2Fevil"),
        Issuer,
        "one spelling",
    ),
    row("a path that goes up", Form::Jws, |s| named(s, "did:web:cloud.example:..:evil"), Issuer, "one spelling"),
    row("an empty path segment", Form::Jws, |s| named(s, "did:web:cloud.example::a"), Issuer, "one spelling"),
    row("a user before the host", Form::Jws, |s| named(s, "did:web:user@cloud.example"), Issuer, "one spelling"),
    row("the loopback address as host", Form::Jws, |s| named(s, "did:web:127.0.0.1"), Issuer, "one spelling"),
    row(
        "the loopback address with a port",
        Form::Jws,
        |s| named(s, "did:web:127.0.0.1%3A8080"),
        Issuer,
        "one spelling",
    ),
    row("the loopback address of IPv6", Form::Jws, |s| named(s, "did:web:[::1]"), Issuer, "one spelling"),
    row(
        "the metadata address of clouds",
        Form::Jws,
        |s| named(s, "did:web:169.254.169.254:latest:meta-data"),
        Issuer,
        "one spelling",
    ),
    row("an address as one number", Form::Jws, |s| named(s, "did:web:2130706433"), Issuer, "one spelling"),
    row("an address in hexadecimal", Form::Jws, |s| named(s, "did:web:0x7f000001"), Issuer, "one spelling"),
    row("a port beyond 65535", Form::Jws, |s| named(s, "did:web:cloud.example%3A70000"), Issuer, "one spelling"),
    row("a DID with a query", Form::Jws, |s| named(s, "did:web:cloud.example?service=x"), Issuer, "one spelling"),
    row("a DID with a space behind it", Form::Jws, |s| named(s, "did:web:cloud.example "), Issuer, "one spelling"),
    row("a DID without anything behind its method", Form::Jws, |s| named(s, "did:web:"), Issuer, "one spelling"),
    open(
        "a DID method that is not known here",
        Form::Jws,
        |s| named(s, "did:ion:EiClkZMDxPKqC9c"),
        Issuer,
        "not known here",
    ),
    open(
        "an issuer that is an address",
        Form::Jws,
        |s| named(s, "https://cloud.example/issuer"),
        Issuer,
        "is an address",
    ),
    open(
        "localhost, of which nobody has a document",
        Form::Jws,
        |s| {
            named(s, "did:web:localhost");
            s.documents.remove("did:web:localhost");
        },
        Key,
        "could not be had",
    ),
    row("a did:key in another base", Form::Jws, |s| named_key(s, "m7QGjuA"), Key, "not base58btc"),
    row(
        "a did:key of X25519",
        Form::Jws,
        |s| named_key(s, "z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"),
        Key,
        "X25519",
    ),
    row("a did:key of secp256k1", Form::Jws, |s| named_key(s, &multibase([0xe7, 1], &[2; 33])), Key, "secp256k1"),
    row("a did:key of RSA", Form::Jws, |s| named_key(s, &multibase([0x85, 0x24], &[3; 270])), Key, "RSA"),
    row(
        "a did:key of a codec that nobody knows",
        Form::Jws,
        |s| named_key(s, &multibase([0x7f, 0x7f], &[3; 32])),
        Key,
        "multicodec 7f 7f",
    ),
    row(
        "a did:key of small order",
        Form::Jws,
        |s| named_key(s, &multibase([0xed, 1], &[0; 32])),
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key that is the neutral point",
        Form::Jws,
        |s| {
            let mut neutral = [0; 32];
            neutral[0] = 1;
            named_key(s, &multibase([0xed, 1], &neutral));
        },
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key that is no point",
        Form::Jws,
        |s| {
            let mut point = [0; 32];
            point[0] = 2;
            named_key(s, &multibase([0xed, 1], &point));
        },
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key whose point is not in its one spelling",
        Form::Jws,
        |s| {
            let mut point = [0xff; 32];
            point[0] = 0xee;
            point[31] = 0x7f;
            named_key(s, &multibase([0xed, 1], &point));
        },
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key of 31 bytes",
        Form::Jws,
        |s| named_key(s, &multibase([0xed, 1], &[3; 31])),
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key of a point that is not on P-256",
        Form::Jws,
        |s| named_key(s, &multibase([0x80, 0x24], &[[2].as_slice(), &[0xff; 32]].concat())),
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key of a hundred kilobytes",
        Form::Jws,
        |s| named_key(s, &format!("z{}", "1".repeat(100_000))),
        Key,
        "does not hold a public key",
    ),
    row(
        "a did:key where the target takes none",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Loire);
            let did = did_key(7);
            let method = format!("{did}#{}", &did[8..]);
            s.issue_as(&did, &method);
        },
        Key,
        "loire does not take",
    ),
];

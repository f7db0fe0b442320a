//! Keys and DID documents: published vectors, the keys of the JWT laboratory, and what is refused, named for its fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::did::Did;
use descriptors::did::document::{self, Document, PublishedKey};
use descriptors::proof::jwk::Jwk;
use descriptors::proof::key::{Algorithm, VerificationKey, VerifyError};
use descriptors::proof::{Signer as _, SoftwareKey};
use serde_json::{Value, json};

fn read_json(path: &str) -> Option<Value> {
    published::find(path).map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// The point of the first published P-256 vector of did:key.
fn p256() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
        "y": "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM"})
}

fn ed25519() -> VerificationKey {
    SoftwareKey::from_seed(&[7; 32]).public_key().into()
}

#[test]
fn published_p256_keys_have_the_published_did() {
    let Some(document) = read_json("vectors/did-key/nist-curves.json") else { return };
    let mut checked = 0;
    for (did, row) in document.as_object().unwrap() {
        let did: Did = did.parse().unwrap();
        let Ok(key) = did.to_verification_key() else { continue };
        let VerificationKey::P256(point) = &key else { panic!("{did}") };
        assert_eq!(Did::p256_key(point), did);
        let published = &row["verificationMethod"];
        assert!(published["id"].as_str().is_some_and(|id| did.verification_method().ends_with(id)), "{did}");
        match published["publicKeyBase58"].as_str() {
            Some(text) => assert_eq!(bs58::decode(text).into_vec().unwrap(), point.to_compressed()),
            None => {
                let jwk = &published["publicKeyJwk"];
                assert_eq!(key, Jwk::parse(jwk).unwrap().key);
                assert_eq!((&key.to_jwk(None)["x"], &key.to_jwk(None)["y"]), (&jwk["x"], &jwk["y"]));
            }
        }
        checked += 1;
    }
    assert_eq!(checked, 3);
}

#[test]
fn published_keys_of_other_types_are_refused_by_name() {
    for (file, names, expect) in [
        ("x25519", ["X25519"].as_slice(), 4),
        ("secp256k1", &["secp256k1"], 6),
        ("rsa", &["RSA"], 2),
        ("bls12381", &["BLS12-381"], 6),
        ("nist-curves", &["P-384", "P-521"], 4),
    ] {
        let Some(document) = read_json(&format!("vectors/did-key/{file}.json")) else { return };
        // One file has its rows one level deeper.
        let rows = document.get("didDocument").unwrap_or(&document).as_object().unwrap();
        let refused = rows.keys().filter(|did| {
            did.parse::<Did>().unwrap().to_verification_key().is_err_and(|error| {
                let text = error.to_string();
                names.iter().any(|name| text.contains(name)) && text.contains("only Ed25519 and P-256 are supported")
            })
        });
        assert_eq!(refused.count(), expect, "{file}");
    }
}

#[test]
fn the_keys_of_the_laboratory_verify_what_they_signed() {
    let Some(value) = read_json("gaia-x/samples/jwt-lab/did.json") else { return };
    let did: Did = "did:web:provider.example".parse().unwrap();
    let document = Document::parse(&did, &value).unwrap();
    assert_eq!(document.assertion_methods().count(), 5);
    for (file, fragment, algorithm) in [
        ("vc_EdDSA_vc-jwt", "ed25519", Algorithm::EdDsa),
        ("vc_ES256_vc-jwt", "p256", Algorithm::Es256),
        ("vc_PS256_vc-jwt", "rsa", Algorithm::Ps256),
    ] {
        let path = published::find(&format!("gaia-x/samples/jwt-lab/{file}.jwt")).unwrap();
        let jws = std::fs::read_to_string(path).unwrap();
        let (signed, signature) = jws.trim_end().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let method = document.assertion_method(&format!("{did}#{fragment}")).unwrap();
        assert!(method.names_algorithm && method.x5u.is_some());
        assert_eq!(method.key.algorithm(), algorithm);
        assert_eq!(method.key.verify(algorithm, signed.as_bytes(), &signature), Ok(()));
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(method.key.verify(algorithm, signed.as_bytes(), &flipped).is_err(), "{file} bit {bit}");
        }
        for cut in [0, 1, 32, signature.len() - 1] {
            assert!(method.key.verify(algorithm, signed.as_bytes(), &signature[..cut]).is_err(), "{file} cut {cut}");
        }
        let other = Algorithm::ALL.into_iter().find(|other| *other != algorithm).unwrap();
        let confused = method.key.verify(other, signed.as_bytes(), &signature);
        assert!(matches!(confused, Err(VerifyError::Algorithm { .. })), "{file}");
    }
}

#[test]
fn an_algorithm_outside_the_list_has_no_name() {
    for bad in ["none", "HS256", "RS256", "ES384", "eddsa", "EdDSA ", "PS384", ""] {
        assert!(bad.parse::<Algorithm>().is_err(), "{bad}");
    }
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
    }
}

#[test]
fn a_jwk_reads_back_as_itself() {
    for key in [ed25519(), Jwk::parse(&p256()).unwrap().key] {
        let jwk = Jwk::parse(&key.to_jwk(Some("https://cloud.example/chain.pem"))).unwrap();
        assert_eq!(jwk, Jwk { key, names_algorithm: true, x5u: Some("https://cloud.example/chain.pem".to_owned()) });
    }
}

#[test]
fn a_bad_jwk_is_refused_for_its_single_fault() {
    let rsa = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0x81; 256]), "e": "AQAB"});
    let okp = ed25519().to_jwk(None);
    let check = |good: &Value, change: &dyn Fn(&mut Value), fault: &str| {
        assert!(Jwk::parse(good).is_ok(), "{good}");
        let mut bad = good.clone();
        change(&mut bad);
        let error = Jwk::parse(&bad).expect_err(fault);
        let text = format!("{error}: {}", std::error::Error::source(&error).map_or(String::new(), ToString::to_string));
        assert!(text.contains(fault), "{fault}: {text}");
    };
    check(&okp, &|k| *k = json!("key"), "not an object");
    check(&okp, &|k| k["d"] = json!("AA"), "private part `d`");
    check(&rsa, &|k| k["qi"] = json!("AA"), "private part `qi`");
    check(&okp, &|k| k["kty"] = json!("EC"), "`kty`");
    check(&okp, &|k| k["crv"] = json!("X25519"), "X25519");
    check(&okp, &|k| k["crv"] = json!("Ed448"), "Ed448");
    check(&p256(), &|k| k["crv"] = json!("secp256k1"), "secp256k1");
    check(&p256(), &|k| k["kty"] = json!("OKP"), "OKP");
    check(&rsa, &|k| k["crv"] = json!("P-256"), "RSA");
    check(&okp, &|k| k["kty"] = json!("oct"), "oct");
    check(&okp, &|k| k["alg"] = json!("ES256"), "ES256");
    check(&okp, &|k| k["alg"] = json!("none"), "none");
    check(&okp, &|k| k["alg"] = json!(7), "`alg` 7");
    check(&rsa, &|k| k["alg"] = json!("RS256"), "RS256");
    check(&okp, &|k| k["use"] = json!("enc"), "`use`");
    check(&okp, &|k| k["key_ops"] = json!(["sign"]), "`key_ops`");
    check(&okp, &|k| k["x5u"] = json!("http://cloud.example/c.pem"), "`x5u`");
    check(&okp, &|k| k["x"] = json!(format!("{}=", k["x"].as_str().unwrap())), "`x`");
    check(&okp, &|k| k["x"] = json!("AA"), "`x`");
    check(&okp, &|k| k["x"] = json!(URL_SAFE_NO_PAD.encode([0; 32])), "Ed25519");
    check(&okp, &|k| k["x"] = json!(URL_SAFE_NO_PAD.encode([0xff; 32])), "Ed25519");
    // The last character carries two bits that mean nothing: only one of its four spellings is taken.
    check(&p256(), &|k| k["x"] = json!("igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vznt"), "`x`");
    check(&p256(), &|k| k["y"] = k["x"].clone(), "P-256");
    check(&p256(), &|k| k["y"] = json!(URL_SAFE_NO_PAD.encode([0xff; 32])), "P-256");
    check(&p256(), &|k| k["y"] = Value::Null, "`y`");
    check(&rsa, &|k| k["n"] = json!(URL_SAFE_NO_PAD.encode([0x81; 255])), "2040 bits");
    check(&rsa, &|k| k["n"] = json!(URL_SAFE_NO_PAD.encode([0x01; 256])), "2041 bits");
    check(&rsa, &|k| k["n"] = json!(URL_SAFE_NO_PAD.encode([0x81; 1025])), "`n`");
    check(&rsa, &|k| k["n"] = json!(URL_SAFE_NO_PAD.encode([&[0][..], &[0x81; 256]].concat())), "leading zeros");
    check(&rsa, &|k| k["n"] = json!(URL_SAFE_NO_PAD.encode([0x82; 256])), "odd");
    for bad in ["", "AQ", "Ag", "AAEAAQ", "AQAAAAE"] {
        check(&rsa, &|k| k["e"] = json!(bad), "exponent");
    }
}

#[test]
fn a_document_that_is_written_reads_back() {
    let did = Did::web("cloud.example").unwrap();
    let (first, second) = (ed25519(), Jwk::parse(&p256()).unwrap().key);
    let x5u = Some("https://cloud.example/.well-known/chain.pem");
    let value = document::write(
        &did,
        &[
            PublishedKey { fragment: "key-1", key: &first, x5u: None },
            PublishedKey { fragment: "key-2", key: &second, x5u },
        ],
    );
    let read = Document::parse(&did, &value).unwrap();
    let keys: Vec<(&str, &VerificationKey, Option<&str>)> =
        read.assertion_methods().map(|method| (method.id.as_str(), &method.key, method.x5u.as_deref())).collect();
    assert_eq!(
        keys,
        [
            ("did:web:cloud.example#key-1", &first, None),
            ("did:web:cloud.example#key-2", &second, x5u),
            ("did:web:cloud.example#key-1-multikey", &first, None),
        ]
    );
    assert_eq!(read.assertion_method(&document::multikey_method(&did, "key-1")).unwrap().key, first);
}

#[test]
fn a_did_key_stands_for_its_own_document() {
    let key = SoftwareKey::from_seed(&[7; 32]).public_key();
    let did = Did::key(&key);
    let document = Document::of_key(&did).unwrap();
    assert_eq!(document.assertion_method(&did.verification_method()).unwrap().key, key.into());
    assert!(document.assertion_method(&format!("{did}#other")).is_err());
    assert!(document.assertion_method(did.as_str()).is_err());
}

#[test]
fn foreign_documents_are_read_in_the_forms_that_are_met() {
    let did: Did = "did:web:h.example:issuers:7".parse().unwrap();
    let VerificationKey::Ed25519(key) = ed25519() else { unreachable!() };
    let multibase = Did::key(&key).as_str()["did:key:".len()..].to_owned();
    let value = json!({
        "id": did, "service": [{"id": "#s"}],
        "verificationMethod": [
            {"id": "#jwk", "type": "JsonWebKey", "controller": did, "publicKeyJwk": ed25519().to_jwk(None)},
            {"id": "#2020", "type": "Ed25519VerificationKey2020", "controller": did, "publicKeyMultibase": multibase,
                "expires": "2027-01-01T00:00:00Z", "revoked": "2026-12-01T00:00:00Z"},
            {"id": "#2018", "type": "Ed25519VerificationKey2018", "controller": did, "publicKeyBase58": "x"},
            {"id": "#unlisted", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": p256()},
        ],
        "assertionMethod": ["#jwk", "did:web:h.example:issuers:7#2020", "#2018", "#absent",
            {"id": "#inside", "type": "Multikey", "controller": did, "publicKeyMultibase": multibase}],
    });
    let document = Document::parse(&did, &value).unwrap();
    let method = |fragment: &str| document.assertion_method(&format!("{did}#{fragment}"));
    for usable in ["jwk", "2020", "inside"] {
        assert_eq!(method(usable).unwrap().key, ed25519(), "{usable}");
    }
    assert_eq!(method("2020").unwrap().ends, Some("2026-12-01T00:00:00Z".parse().unwrap()));
    for (bad, fault) in
        [("2018", "Ed25519VerificationKey2018"), ("absent", "no method"), ("unlisted", "assertionMethod")]
    {
        let error = method(bad).unwrap_err().to_string();
        assert!(error.contains(fault), "{bad}: {error}");
    }
}

#[test]
fn a_bad_document_is_refused_for_its_single_fault() {
    let did = Did::web("cloud.example").unwrap();
    let id = format!("{did}#key-1");
    let good = document::write(&did, &[PublishedKey { fragment: "key-1", key: &ed25519(), x5u: None }]);
    let check = |change: &dyn Fn(&mut Value), fault: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        let error = match Document::parse(&did, &bad) {
            Err(error) => error.to_string(),
            Ok(document) => document.assertion_method(&id).map(|_| "accepted").unwrap_err().to_string(),
        };
        assert!(error.contains(fault), "{fault}: {error}");
    };
    check(&|d| d["id"] = json!("did:web:other.example"), "other.example");
    check(&|d| d["id"] = Value::Null, "null");
    check(&|d| *d = json!([]), "nobody");
    check(&|d| d["verificationMethod"] = json!({}), "`verificationMethod`");
    check(&|d| d["verificationMethod"] = json!([]), "no method");
    check(&|d| d["verificationMethod"] = json!(vec![json!({"id": "#a"}); 65]), "at most 64");
    check(&|d| d["verificationMethod"][1]["id"] = json!("#key-1"), "two methods");
    check(&|d| d["verificationMethod"][0]["id"] = json!("key-1"), "ids of this document");
    check(&|d| d["verificationMethod"][0]["id"] = json!("did:web:other.example#key-1"), "ids of this document");
    check(&|d| d["verificationMethod"][0]["id"] = json!("did:web:cloud.example:a#key-1"), "ids of this document");
    check(&|d| d["verificationMethod"][0]["controller"] = json!("did:web:other.example"), "controlled by");
    check(&|d| d["verificationMethod"][0]["type"] = json!("RsaVerificationKey2018"), "RsaVerificationKey2018");
    check(&|d| d["verificationMethod"][0]["publicKeyMultibase"] = json!("z"), "and no other");
    check(&|d| d["verificationMethod"][0]["publicKeyJwk"]["d"] = json!("AA"), "JWK of the method");
    check(&|d| d["verificationMethod"][0]["revoked"] = json!("yesterday"), "RFC 3339");
    check(&|d| d["assertionMethod"] = json!([]), "assertionMethod");
    check(&|d| d["assertionMethod"] = json!(["https://other.example/#key-1"]), "`assertionMethod`");
    check(&|d| d["assertionMethod"] = json!("#key-1"), "`assertionMethod`");
    for (multibase, fault) in [
        ("mAAAA", "begins with `z`"),
        ("z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F", "X25519"),
        ("z6Mk", "multicodec"),
        ("zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", "not an Ed25519 key"),
    ] {
        check(
            &|d| {
                let method = &mut d["verificationMethod"][0];
                method.as_object_mut().unwrap().remove("publicKeyJwk");
                method["type"] = json!("Ed25519VerificationKey2020");
                method["publicKeyMultibase"] = json!(multibase);
            },
            fault,
        );
    }
}

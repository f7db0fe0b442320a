//! Every target: what it takes, and what it gets, as golden text. `UPDATE_GOLDEN=1` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use std::path::PathBuf;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::canonical;
use descriptors::credential::tagus;
use descriptors::credential::{Base, Credential, Period, Subject, datacenter, independence_verdict, legal_person};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::gaia_x::value::SubdivisionCode;
use descriptors::id::{ClaimId, ZoneId};
use descriptors::json_ld::Contexts;
use descriptors::proof::data_integrity::{Options, Suite, digest_of_lines};
use descriptors::proof::key::{Algorithm, P256Key, SigningKey, VerificationKey};
use descriptors::proof::{SignError, Signer as _, SoftwareKey, jws_2020, ssh_signature, statements, vc_jwt};
use descriptors::report::Origin;
use descriptors::target::{IssueError, Seal, SealError, Target};
use descriptors::timestamp::Timestamp;
use descriptors::vocabulary::Ontology;
use serde_json::{Value, json};

fn read(path: &str) -> Option<String> {
    published::find(path).map(|path| std::fs::read_to_string(path).unwrap())
}

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[9; 32])
}

fn web() -> Did {
    Did::web("cloud.example").unwrap()
}

fn period() -> Period {
    Period { from: "2026-11-21T09:00:00Z".parse().unwrap(), until: "2027-02-19T09:00:00Z".parse().unwrap() }
}

fn subjects() -> Vec<Subject> {
    let address = json!({"country_code": "DE", "nuts2": "DED2", "locality": "Dresden \"Neustadt\"",
        "postal_code": "01069", "street_address": "Beispielstr. 1\\2"});
    let declaration: Declaration = serde_json::from_value(json!({
        "provider": {"id": "example", "name": "Example Cloud GmbH 💾", "registration_number": {"vat_id": "DE123456789"},
            "legal_address": address},
        "regions": [{"id": "de-east", "datacenters": [{"id": "dc-1", "address": address, "availability_zones": [
            {"id": "zone-1", "racks": [{"id": "r1", "nodes": ["kvm-1"]}]},
            {"id": "zone-2", "racks": [{"id": "r2"}]}]}]}]
    }))
    .unwrap();
    let base = Base::address("https://cloud.example");
    let verdict = independence_verdict::VerdictClaims {
        claim: ClaimId::new("zones").unwrap(),
        profile: "strict@1".to_owned(),
        zones: vec![ZoneId::new("zone-1").unwrap(), ZoneId::new("zone-2").unwrap()],
        dimension: descriptors::component::Dimension::Power,
        outcome: "undetermined",
        verdict: json!({"undetermined": {"missing": []}}),
        evidence: Digest::of(b"evidence"),
        origin: Origin::Real,
    };
    vec![
        legal_person::subject(&base, &declaration),
        datacenter::subject(&base, &declaration, &declaration.regions[0].datacenters[0]).unwrap(),
        independence_verdict::subject(&base, verdict),
    ]
}

fn credential(issuer: &Did, subject: Subject) -> Credential {
    Credential::new(&Base::address("https://cloud.example"), issuer.clone(), period(), subject).unwrap()
}

/// What a reviewer reads: the parts of a JWS decoded, everything else as it stands.
fn shown(target: Target, issued: &[u8]) -> String {
    let text = String::from_utf8(issued.to_vec()).unwrap();
    let pretty = |bytes: &[u8]| serde_json::to_string_pretty(&canonical::parse(bytes).unwrap()).unwrap();
    match target {
        Target::Plain => {
            let (armour, document) = ssh_signature::split(issued).unwrap();
            format!("{armour}&{}\n", pretty(document))
        }
        target if target.is_jwt() => {
            let parts: Vec<&str> = text.split('.').collect();
            let part = |at: usize| pretty(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap());
            format!("{}\n{}\n{}\n", part(0), part(1), parts[2])
        }
        _ => pretty(issued) + "\n",
    }
}

#[test]
fn every_target_gets_what_was_reviewed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let key = key();
    for target in Target::all().iter().filter(|target| target.algorithms().contains(&Algorithm::EdDsa)) {
        let seal = Seal::new(*target, &web(), "key-1", &key).unwrap();
        for subject in subjects() {
            let file = folder.join(target.name()).join(format!("{}.txt", subject.class().replace(':', "-")));
            let text = shown(*target, &seal.issue(&credential(&web(), subject)).unwrap());
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, &text).unwrap();
            }
            let golden = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(text, golden, "{}: run with UPDATE_GOLDEN=1 and review the difference", file.display());
        }
    }
}

#[test]
fn a_seal_for_danube_issues_what_the_function_issues() {
    let key = key();
    let seal = Seal::new(Target::Danube, &web(), "key-1", &key).unwrap();
    for subject in subjects() {
        let credential = credential(&web(), subject);
        assert_eq!(seal.issue(&credential).unwrap(), vc_jwt::issue(&credential, &key).unwrap().into_bytes());
    }
}

#[test]
fn every_form_says_the_same() {
    let key = key();
    for subject in subjects() {
        let credential = credential(&web(), subject);
        for target in [Target::Danube, Target::Loire, Target::Xfsc, Target::W3cRdfc, Target::W3cJcs, Target::Plain] {
            let issued = Seal::new(target, &web(), "key-1", &key).unwrap().issue(&credential).unwrap();
            let mut document = match target {
                Target::Plain => canonical::parse(ssh_signature::split(&issued).unwrap().1).unwrap(),
                target if target.is_jwt() => {
                    let payload = issued.split(|byte| *byte == b'.').nth(1).unwrap();
                    canonical::parse(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
                }
                _ => canonical::parse(&issued).unwrap(),
            };
            let members = document.as_object_mut().unwrap();
            members.remove("@context");
            assert_eq!(members.remove("proof").is_some(), matches!(target, Target::W3cRdfc | Target::W3cJcs));
            assert_eq!(members.remove("iss").is_some_and(|iss| iss == web().as_str()), target == Target::Xfsc);
            let mut expect = credential.to_value(credential.context(Ontology::default()));
            expect.as_object_mut().unwrap().remove("@context");
            assert_eq!(document, expect, "{target}");
        }
    }
}

#[test]
fn the_written_statements_are_those_of_the_general_path() {
    let key = key();
    let contexts = Contexts::with_w3c::<String>([]).unwrap();
    let seal = Seal::new(Target::W3cRdfc, &web(), "key-1", &key).unwrap();
    for subject in subjects() {
        let credential = credential(&web(), subject);
        let mut document = canonical::parse(&seal.issue(&credential).unwrap()).unwrap();
        document.as_object_mut().unwrap().remove("proof");
        let written: String = credential.statements(Ontology::default()).unwrap().canonical().collect();
        assert_eq!(written, statements::canonical(&document, &contexts).unwrap());
    }
}

/// A P-256 key of this run.
struct P256(EcdsaKeyPair);

impl SigningKey for P256 {
    fn verification_key(&self) -> VerificationKey {
        let point = self.0.public_key().as_ref();
        let key = P256Key::from_coordinates(point[1..33].try_into().unwrap(), point[33..].try_into().unwrap());
        VerificationKey::P256(key.unwrap())
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }
}

/// The signature is drawn, so everything but it is reviewed, and it is verified.
#[test]
fn documents_of_the_tagus_release_are_signed_over_their_statements() {
    let Some(context) = read("gaia-x/contexts/gx-tagus-trustframework.jsonld") else { return };
    let contexts = Contexts::with_w3c([(tagus::CONTEXTS[2], context.as_bytes())]).unwrap();
    let key = P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
    let seal = Seal::new(Target::Tagus, &web(), "key-2", &key).unwrap();
    let credential = credential(&web(), subjects().remove(0));
    assert!(matches!(seal.issue(&credential), Err(IssueError::Tagus)));
    let code = SubdivisionCode::new("DE-SN").unwrap();
    let subdivisions = tagus::Subdivisions { headquarters: code.clone(), legal: code };
    let document = credential.tagus(Some(&subdivisions)).unwrap();
    let signed = seal.secure(document.clone(), period().from, &contexts).unwrap();
    let mut signed = canonical::parse(&signed).unwrap();
    let jws = signed["proof"]["jws"].take();
    let statements = statements::canonical(&document, &contexts).unwrap();
    let digest = Digest::of(statements.as_bytes()).hex();
    jws_2020::verify(jws.as_str().unwrap(), digest.as_bytes(), &key.verification_key()).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tagus/gx-LegalPerson.txt");
    let text = format!("{}\n\n{statements}", serde_json::to_string_pretty(&signed).unwrap());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap_or_default(), "run with UPDATE_GOLDEN=1 and review");
    let mut other = document;
    other["issuer"] = json!("did:web:other.example");
    assert!(seal.secure(other, period().from, &contexts).is_err(), "nothing is signed in another name");
}

/// A key that is for ES256 and never signs.
struct NoKey;

impl SigningKey for NoKey {
    fn verification_key(&self) -> VerificationKey {
        "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
            .parse::<Did>()
            .unwrap()
            .to_verification_key()
            .unwrap()
    }

    fn sign_bytes(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("the token is gone".into()))
    }
}

#[test]
fn a_seal_that_the_target_would_not_take_is_refused() {
    let key = key();
    let own = Did::key(&key.public_key());
    for target in Target::all() {
        let seal = Seal::new(*target, &own, "key-1", &key);
        match target {
            Target::Loire | Target::Xfsc => assert_eq!(seal.unwrap_err(), SealError::DidKey(*target)),
            Target::Tagus => assert!(matches!(seal.unwrap_err(), SealError::Algorithm { .. })),
            _ => assert_eq!(seal.unwrap().method(), own.verification_method()),
        }
    }
    for target in [Target::W3cRdfc, Target::W3cJcs, Target::Plain] {
        let error = Seal::new(target, &web(), "key-1", &NoKey).unwrap_err().to_string();
        assert!(error.contains("does not take ES256: EdDSA would do"), "{error}");
    }
    let other = Did::key(&SoftwareKey::from_seed(&[1; 32]).public_key());
    assert_eq!(Seal::new(Target::Danube, &other, "key-1", &key).unwrap_err(), SealError::OtherKey(other));
    for bad in ["", "#key-1", "key 1", "a/b"] {
        assert!(matches!(Seal::new(Target::Danube, &web(), bad, &key), Err(SealError::Fragment(_))), "{bad}");
    }
}

#[test]
fn nothing_is_issued_in_another_name_or_without_a_signature() {
    let key = key();
    let seal = Seal::new(Target::Danube, &web(), "key-1", &key).unwrap();
    let other = credential(&Did::web("other.example").unwrap(), subjects().remove(0));
    assert!(matches!(seal.issue(&other), Err(IssueError::Issuer { .. })));
    let seal = Seal::new(Target::Loire, &web(), "key-2", &NoKey).unwrap();
    assert!(matches!(seal.issue(&credential(&web(), subjects().remove(0))), Err(IssueError::Sign(_))));
}

#[test]
fn published_data_integrity_vectors_are_made_again_byte_for_byte() {
    let Some(pair) = read("vectors/vc-di-eddsa/keyPair.json") else { return };
    let pair: Value = serde_json::from_str(&pair).unwrap();
    // Multikey: two bytes of codec, then the seed.
    let secret = bs58::decode(&pair["privateKeyMultibase"].as_str().unwrap()[1..]).into_vec().unwrap();
    let key = SoftwareKey::from_seed(secret[2..].try_into().unwrap());
    let did = Did::key(&key.public_key());
    assert!(did.as_str().ends_with(pair["publicKeyMultibase"].as_str().unwrap()));
    for (folder, name, suite) in
        [("eddsa-rdfc-2022", "DataInt", Suite::EddsaRdfc2022), ("eddsa-jcs-2022", "JCS", Suite::EddsaJcs2022)]
    {
        let text = |part: &str| read(&format!("vectors/vc-di-eddsa/{folder}/{part}{name}.txt")).unwrap();
        let config = read(&format!("vectors/vc-di-eddsa/{folder}/proofConfig{name}.json")).unwrap();
        let config: Value = serde_json::from_str(&config).unwrap();
        let context = String::from_utf8(canonical::to_vec(&config["@context"]).unwrap()).unwrap();
        let method = did.verification_method();
        assert_eq!(config["verificationMethod"], method.as_str());
        let created = config["created"].as_str().unwrap().parse().unwrap();
        let options = Options { suite, created, method: &method, purpose: "assertionMethod", context: &context };
        assert_eq!(options.canonical().trim_end(), text("proofCanon").trim_end());
        let document = text("canonDoc");
        let digest = match suite {
            Suite::EddsaRdfc2022 => digest_of_lines(document.split_inclusive('\n')),
            Suite::EddsaJcs2022 => {
                let unsigned = read("vectors/vc-di-eddsa/unsigned.json").unwrap();
                let unsigned = canonical::to_vec(&canonical::parse(unsigned.as_bytes()).unwrap()).unwrap();
                assert_eq!(String::from_utf8(unsigned.clone()).unwrap(), document.trim_end());
                *Digest::of(&unsigned).as_bytes()
            }
        };
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&digest), text("docHash").trim());
        assert_eq!(hex(&options.signed_bytes(digest)), text("combinedHash").trim());
        assert_eq!(hex(&options.signed_bytes(digest)[..32]), text("proofHash").trim());
        let proof: Value = serde_json::from_str(&options.sign(digest, &key).unwrap()).unwrap();
        assert_eq!(proof["proofValue"], text("sigBTC58").trim());
        let signed = read(&format!("vectors/vc-di-eddsa/{folder}/signed{name}.json")).unwrap();
        let mut signed: Value = serde_json::from_str(&signed).unwrap();
        if suite == Suite::EddsaRdfc2022 {
            // There the context of the proof is optional, and the vector leaves it out of what is signed.
            signed["proof"].as_object_mut().unwrap().remove("@context");
        }
        assert_eq!(proof, signed["proof"]);
        let public = key.public_key().into();
        assert_eq!(options.verify(digest, text("sigBTC58").trim(), &public), Ok(()));
        assert!(options.verify([0; 32], text("sigBTC58").trim(), &public).is_err());
        let later = Options { created: Timestamp::EPOCH, ..options };
        assert!(later.verify(digest, text("sigBTC58").trim(), &public).is_err());
    }
}

#[test]
fn a_published_ssh_signature_verifies() {
    let Some(body) = read("scs/compliance/sample_signed_report.body") else { return };
    let (armour, document) = ssh_signature::split(body.as_bytes()).unwrap();
    assert_eq!(armour, read("scs/compliance/sample_signed_report.yaml.sig").unwrap());
    assert_eq!(document, read("scs/compliance/sample_signed_report.yaml").unwrap().as_bytes());
    let key = ssh_signature::verify("report", document, armour).unwrap();
    assert!(read("scs/compliance/allowed_signers").unwrap().trim_end().ends_with(&ssh_signature::openssh_key(&key)));
}

/// Runs the real `ssh-keygen`, where there is one.
#[test]
fn ssh_keygen_accepts_what_is_plain() {
    use std::process::{Command, Stdio};
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let there = Command::new("ssh-keygen").arg("-?").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        assert!(!ci, "under CI ssh-keygen must be there");
        eprintln!("skipped: no ssh-keygen");
        return;
    }
    let key = key();
    let seal = Seal::new(Target::Plain, &web(), "key-1", &key).unwrap();
    let issued = seal.issue(&credential(&web(), subjects().remove(0))).unwrap();
    let (armour, document) = ssh_signature::split(&issued).unwrap();
    let folder = std::env::temp_dir().join(format!("avow-ssh-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let signers = format!("cloud.example {}\n", ssh_signature::openssh_key(&key.public_key()));
    let verify = |document: &[u8]| {
        let input = std::fs::File::open(file("document", document)).unwrap();
        let mut command = Command::new("ssh-keygen");
        command.args(["-Y", "verify", "-I", "cloud.example", "-n", ssh_signature::NAMESPACE, "-f"]);
        command.arg(file("signers", signers.as_bytes())).arg("-s").arg(file("signature", armour.as_bytes()));
        command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    };
    let (good, changed) = (verify(document), verify(&[document, b" "].concat()));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(good && !changed);
}

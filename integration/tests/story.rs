//! The main job, end to end with the built programs: a real agent and simulated nodes report, the collector finds the planted
//! flaw and the gap, and the auditor reaches the same verdicts from the bundle alone.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

use integration::demo::Demo;
use integration::programs;
use serde_json::Value;

/// Exit code and output of `avow verify`.
fn verify(bundle: &Path) -> (Option<i32>, String) {
    let output = programs::run("avow", &["verify", &bundle.display().to_string()]).unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn line_of<'a>(text: &'a str, zones: &str, dimension: &str) -> &'a str {
    text.lines().find(|line| line.contains(zones) && line.contains(&format!(" {dimension} "))).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_planted_flaw_is_named_and_the_gap_is_never_independence() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(&directory.path().join("demo"), 0).await.unwrap();
    let screen = demo.screen().await.unwrap();
    demo.export().await.unwrap();
    let memory = demo.agent_memory_bytes().unwrap();
    demo.stop().await;
    assert!(memory <= 20 << 20, "the agent took {memory} bytes");

    let line = line_of(&screen, "zone-1 / zone-2", "power");
    assert!(line.contains("DEPENDENT") && line.contains("power_feed:feed-north"), "{screen}");
    for pair in ["zone-1 / zone-3", "zone-2 / zone-3"] {
        let line = line_of(&screen, pair, "power");
        assert!(
            line.contains("UNDETERMINED") && line.contains("no power source is declared for rack:rack-3"),
            "{screen}"
        );
    }
    for dimension in ["network", "cooling", "fire"] {
        assert!(line_of(&screen, "zone-1 / zone-2", dimension).contains(" INDEPENDENT "), "{screen}");
    }
    assert!(screen.contains("REAL       1 node") && screen.contains("SIMULATED  24 nodes"), "{screen}");

    let bundle = directory.path().join("demo/demo-bundle.avow");
    let (code, text) = verify(&bundle);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("25 reports, each signed by its own node"), "{text}");
    assert!(line_of(&text, "zone-1 / zone-2", "power").contains("DEPENDENT"), "{text}");

    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let flipped = directory.path().join("flipped.avow");
    std::fs::write(&flipped, bytes).unwrap();
    let (code, text) = verify(&flipped);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("was changed"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_evidence_is_marked_in_every_credential_that_rests_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path(), 0).await.unwrap();
    demo.export().await.unwrap();
    demo.stop().await;
    let mut origins = Vec::new();
    for entry in std::fs::read_dir(directory.path().join("credentials")).unwrap() {
        let jwt = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let issuer = header(&jwt)["iss"].as_str().unwrap().to_owned();
        assert!(issuer.starts_with("did:key:z6Mk"), "{issuer}");
        let now = node_agent::clock::now();
        let verified = descriptors::proof::vc_jwt::verify(&jwt, now, |_| None).unwrap();
        let subject = verified.credential["credentialSubject"]["id"].as_str().unwrap().to_owned();
        let origin = verified.credential["avow:origin"].as_str().unwrap().to_owned();
        origins.push((subject.ends_with("/this-machine"), subject, origin));
    }
    let wrong: Vec<_> =
        origins.iter().filter(|(real, _, origin)| origin != if *real { "real" } else { "simulated" }).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // What it is made of, how it is seeded, and what proves both.
    assert_eq!(origins.iter().filter(|(real, ..)| *real).count(), 3);
}

fn header(jwt: &str) -> Value {
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap();
    serde_json::from_slice(&header).unwrap()
}

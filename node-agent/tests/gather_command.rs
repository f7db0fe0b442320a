//! `avow-agent gather` as a person runs it: what it prints and how it ends.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::path::{Path, PathBuf};
use std::process::Output;

#[expect(clippy::disallowed_methods, reason = "the test is about the program as a whole")]
fn agent(arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_avow-agent")).args(arguments).env_clear().output().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn this_machine_is_read_without_a_configuration() {
    let output = agent(&["gather", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["origin"], "real");
    assert!(report["facts"]["memory"]["present"]["memory"]["total_bytes"]["present"].is_u64(), "{report}");
    assert_eq!(report["facts"].as_object().unwrap().len(), node_agent::source::all().len());
}

#[test]
fn a_capture_is_said_to_be_one() {
    let root = fixture("constructed-epyc-01");
    let output = agent(&["gather", "--root", root.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    let row = |words: &str| table.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") == words);
    assert!(row("SOURCE FACT VALUE") && row("- origin captured") && row("dmi system_vendor Supermicro"), "{table}");
    assert!(row("dmi chassis_asset_tag (filler: To be filled by O.E.M.)"), "{table}");
}

#[test]
fn wrong_usage_or_configuration_ends_with_2_and_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("agent.toml");
    std::fs::write(&config, "[sources]\ndisabled = [\"dmi\"]\ndeadline = 5\n").unwrap();
    let config = config.to_str().unwrap();
    for (arguments, expect) in [
        (&["gather", "--colour"][..], "--colour"),
        (&["gather", "--config", config], "agent.toml:3:1"),
        (&["gather", "--config", "/no/such/agent.toml"], "/no/such/agent.toml"),
        (&["gather", "--root", "/no/such/root"], "/no/such/root"),
    ] {
        let output = agent(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expect), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test is about the program as a whole")]
fn a_closed_output_ends_with_5() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_avow-agent"));
    let status = command.args(["gather", "--root"]).arg(fixture("vm-firecracker-01")).stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(5));
}

/// The reader is built with the feature `libvirt` only.
#[cfg(feature = "libvirt")]
mod with_libvirt {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn libvirt(settings: &str) -> serde_json::Value {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("agent.toml");
        std::fs::write(&config, format!("[sources]\n{settings}\n")).unwrap();
        let output = agent(&["gather", "-o", "json", "--config", config.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["facts"]["libvirt"].clone()
    }

    #[test]
    fn the_example_driver_answers_and_is_marked() {
        let fact = libvirt("libvirt_uri = \"test:///default\"");
        let fact = &fact["present"]["libvirt"];
        assert_eq!(fact["example_driver"], true, "{fact}");
        assert_eq!(fact["hypervisor"]["present"], "TEST");
        assert_eq!(fact["guests"]["present"][0]["name"], "test");
    }

    #[test]
    fn a_daemon_that_is_not_there_is_an_absence() {
        let fact = libvirt("libvirt_uri = \"qemu+unix:///system?socket=/no/such/socket\"");
        assert_eq!(fact["absent"]["reason"], "not_present", "{fact}");
        let fact = libvirt("libvirt_uri = \"nonsense:///\"");
        assert!(fact["absent"]["reason"].is_string(), "{fact}");
    }

    #[test]
    fn a_reader_that_hangs_is_killed_and_one_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let reader = directory.path().join("reader");
        std::fs::write(&reader, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
        let fact = libvirt(&format!("libvirt_reader = \"{}\"\ndeadline_ms = 300", reader.display()));
        assert_eq!(fact["absent"]["reason"], "timed_out", "{fact}");
        assert!(fact["absent"]["detail"].as_str().unwrap().contains("was killed after 300 ms"), "{fact}");

        let fact = libvirt("libvirt_reader = \"/no/such/reader\"");
        assert_eq!(fact["absent"]["reason"], "not_present");
        assert!(fact["absent"]["detail"].as_str().unwrap().contains("install avow-source-libvirt"), "{fact}");
    }
}

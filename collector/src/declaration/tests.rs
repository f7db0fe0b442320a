use descriptors::digest::Digest;
use descriptors::proof::SoftwareKey;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::*;
use crate::fixture::fits;

const EXAMPLE: &str = include_str!("../../examples/declaration.yaml");

fn shown(text: &str) -> String {
    let mistakes = parse("declaration.yaml", text).unwrap_err();
    let mut out = String::new();
    let theme = GraphicalTheme::none();
    GraphicalReportHandler::new_themed(theme).with_width(120).render_report(&mut out, &mistakes).unwrap();
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Compares with a text that a person reviewed; `AVOW_BLESS=1` writes it anew.
fn check(name: &str, yaml: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declaration").join(format!("{name}.txt"));
    let shown = shown(yaml);
    if std::env::var_os("AVOW_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn edited(from: &str, to: &str) -> String {
    assert_eq!(EXAMPLE.matches(from).count(), 1, "{from}");
    EXAMPLE.replace(from, to)
}

#[test]
fn the_example_is_without_mistakes() {
    let declaration = parse("declaration.yaml", EXAMPLE).unwrap();
    assert_eq!(declaration.zones().count(), 3);
    assert_eq!(declaration.provider.legal_address.postal_code.as_deref(), Some("01067"));
}

#[test]
fn a_mistake_is_shown_where_it_was_written() {
    check("unknown-part", &edited("needs: [ups-a]", "needs: [ups-q]"));
    check("unknown-kind", &edited("{id: pdu-b1, kind: pdu, ", "{id: pdu-b1, kind: pduu, "));
    check("unknown-member", &edited("  name: Example", "  nam: Example"));
    check("missing-member", &edited(", kind: cooling_loop}\n  - {id: loop-b", "}\n  - {id: loop-b"));
    check("bad-name", &edited("- id: zone-2", "- id: Zone 2"));
    check("bad-need", &edited("{any_of: [router-a, router-b]}", "{one_of: [router-a, router-b]}"));
    check(
        "unknown-profile",
        &edited("- id: zones-are-independent", "- id: zones-are-independent\n    profile: strict@9"),
    );
    check("wrong-type", &edited("zones: [zone-1, zone-2, zone-3]", "zones: zone-1"));
    check("not-yaml", &edited("zones: [zone-1, zone-2, zone-3]", "zones: [zone-1, zone-2"));
    check("name-twice", &edited("  id: example-cloud", "  id: example-cloud\n  id: other-cloud"));
    check("two-documents", &format!("{EXAMPLE}\n---\nmore: yes\n"));
    check("empty", "");
    check("unknown-flavor-member", &edited("    vcpus: 16\n", "    vcpu: 16\n"));
    check("bad-size", &edited("ram: 64 GiB", "ram: 64 Gigs"));
    check("bad-word", &edited("kind: local SSD", "kind: local SDD"));
    check("broken-promise", &edited("    vcpus: 2\n", "    vcpus: 1\n"));
    check("unknown-zone-of-flavor", &edited("    zones: [zone-1]\n", "    zones: [zone-7]\n"));
    check("unknown-service", &edited("    depends_on: [volumes]", "    depends_on: [volume]"));
    check("no-encryption", &edited("[{cipher: AES, key_management: managed}]", "[]"));
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let types = edited("{id: loop-a, kind: cooling_loop}", "{id: Loop A, kind: cooling_loop}")
        .replace("{id: fire-a, kind: fire_compartment}", "{id: fire-a, kind: fire}")
        .replace("  name: Example", "  colour: blue\n  name: Example")
        .replace("nodes: [kvm-31, kvm-32]", "nodes: [kvm-31, {}]");
    check("many-types", &types);
    let meaning = edited("needs: [ups-a]", "needs: [ups-q]")
        .replace("nodes: [kvm-31, kvm-32]", "nodes: [kvm-21, kvm-32]")
        .replace("zones: [zone-1, zone-2, zone-3]", "zones: [zone-1, zone-1, zone-4]");
    check("many-meanings", &meaning);
}

#[test]
fn a_hostile_text_is_refused_quickly() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &('b'..='i')
            .map(|c| {
                let above = char::from(c as u8 - 1);
                format!("{c}: &{c} [{}]\n", vec![format!("*{above}"); 9].join(","))
            })
            .collect::<String>();
    let deep = "[".repeat(5_000);
    let deep_block = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    let wide = format!("parts: [{}]", "x,".repeat(600_000));
    let own = "a: &a [*a]".to_owned();
    let started = std::time::Instant::now();
    for (name, text) in
        [("bomb", bomb), ("deep", deep), ("deep block", deep_block), ("wide", wide), ("names itself", own)]
    {
        assert!(parse("hostile.yaml", &text).is_err(), "{name}");
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_message_cannot_speak_to_the_terminal() {
    let text = edited("id: example-cloud", r#"id: "a\e[31mb""#);
    let mistakes = parse("declaration.yaml", &text).unwrap_err();
    assert!(mistakes.places[0].problem.contains("[31mb"), "{mistakes:?}");
    assert!(!mistakes.places[0].problem.contains('\u{1b}'), "{mistakes:?}");
}

#[test]
fn a_large_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.yaml");
    std::fs::write(&path, vec![b'#'; FILE_BYTES_MAX + 1]).unwrap();
    assert!(matches!(read(&path), Err(ReadError::TooLarge { .. })));
    std::fs::write(&path, b"\xff").unwrap();
    assert!(matches!(read(&path), Err(ReadError::NotText { .. })));
    assert!(matches!(read(&dir.path().join("none")), Err(ReadError::Read { .. })));
    std::fs::write(&path, EXAMPLE).unwrap();
    assert!(read(&path).is_ok());
}

#[test]
fn an_alias_stands_for_what_it_names() {
    let text = edited(
        "  legal_address:\n",
        "  headquarters_address: &seat {country_code: DE, locality: Bonn}\n  legal_address:\n",
    )
    .replace("address: {country_code: DE, nuts2: DED2, locality: Dresden}", "address: *seat");
    let declaration = parse("declaration.yaml", &text).unwrap();
    assert_eq!(declaration.regions[0].datacenters[0].address.locality.as_deref(), Some("Bonn"));
}

#[test]
fn the_schema_knows_every_member_of_the_example() {
    let schema = schema();
    assert_eq!(schema["$id"], SCHEMA_ID);
    let declaration = serde_json::to_value(parse("declaration.yaml", EXAMPLE).unwrap()).unwrap();
    fits(&schema, &schema, &declaration, "");
    let mut other = declaration;
    other["provider"]["nam"] = "x".into();
    let found = std::panic::catch_unwind(|| fits(&schema, &schema, &other, ""));
    assert!(found.is_err(), "a member that the schema does not know is not accepted");
}

#[tokio::test]
async fn a_declaration_with_mistakes_does_not_replace_a_good_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::sqlite::SqliteStore::open(&dir.path().join("store.db")).await.unwrap();
    let key = SoftwareKey::from_seed(&[3; 32]);
    let path = dir.path().join("declaration.yaml");
    std::fs::write(&path, EXAMPLE).unwrap();
    load(&path, &key, &store).await.unwrap();
    let loaded = store.document(Document::Declaration).await.unwrap();
    assert!(loaded.is_some());
    std::fs::write(&path, edited("needs: [ups-a]", "needs: [ups-q]")).unwrap();
    assert!(matches!(load(&path, &key, &store).await, Err(LoadError::Read(ReadError::Mistakes(_)))));
    assert_eq!(store.document(Document::Declaration).await.unwrap(), loaded);
}

#[test]
fn a_signed_declaration_reads_back() {
    let key = SoftwareKey::from_seed(&[3; 32]);
    let declaration = parse("declaration.yaml", EXAMPLE).unwrap();
    let envelope = sign(&declaration, &key).unwrap();
    let payload = envelope.verify(DECLARATION_TYPE, &key.public_key()).unwrap();
    assert_eq!(canonical::from_slice::<Declaration>(payload).unwrap(), declaration);
    assert_eq!(Digest::of(&envelope.to_bytes()), Digest::of(&sign(&declaration, &key).unwrap().to_bytes()));
}

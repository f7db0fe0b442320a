//! The invariants of the house, as tests over the tree itself: its manifests, its files, its documents.
//!
//! Each rule is a function from a tree to its offences. It is held against this tree, and against a planted offence, so
//! that a rule which can no longer refuse anything is noticed. What the code does is not known here.
#![expect(clippy::expect_used, reason = "a rule that cannot read its tree has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

const SHIPPED: [&str; 6] = ["proto", "node-agent", "collector", "descriptors", "independence", "auditor"];
const PURE: [&str; 2] = ["descriptors", "independence"];

/// Which of our own crates each may depend on, at any time: building, running, testing.
const MAY_DEPEND_ON: [(&str, &[&str]); 6] = [
    ("descriptors", &[]),
    ("independence", &["descriptors"]),
    ("proto", &["descriptors"]),
    ("node-agent", &["proto", "descriptors"]),
    ("collector", &["proto", "descriptors", "independence"]),
    ("auditor", &["descriptors", "independence"]),
];

/// The text files below the root of the workspace, by their path from there.
struct Tree(BTreeMap<String, String>);

type Rule = fn(&Tree) -> Vec<String>;

impl Tree {
    fn here() -> Self {
        let mut files = BTreeMap::new();
        walk(&root(), &mut files);
        assert!(files.contains_key("Cargo.toml"), "the tree was not found at {}", root().display());
        // Holds the planted offences.
        files.remove("integration/tests/house.rs");
        Self(files)
    }

    fn ending<'a>(&'a self, suffixes: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let ends = |path: &str| suffixes.iter().any(|suffix| path.ends_with(suffix));
        self.0.iter().filter(move |(path, _)| ends(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ending(&[".rs"])
    }

    /// `path:line` of every line of code, comments left out, that `offends`.
    fn lines_of_code(&self, offends: impl Fn(&str, &str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for (path, text) in self.rust() {
            for (index, line) in text.lines().enumerate() {
                if offends(path, line.split("//").next().unwrap_or("")) {
                    found.push(format!("{path}:{}: {}", index + 1, line.trim()));
                }
            }
        }
        found
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("integration lies in the workspace").to_owned()
}

fn walk(directory: &Path, files: &mut BTreeMap<String, String>) {
    // Build directories carry this tag, wherever they lie, unless cargo found the directory there already; captured nodes
    // are not ours to judge.
    let skip = ["node_modules", "fixtures", "target"].iter().any(|name| directory.ends_with(name));
    if skip || directory.join("CACHEDIR.TAG").exists() {
        return;
    }
    for entry in std::fs::read_dir(directory).expect("a directory that was just listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') || name == ".ci" {
                walk(&path, files);
            }
        } else if !name.starts_with('.')
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let relative = path.strip_prefix(root()).expect("below the root");
            files.insert(relative.to_string_lossy().into_owned(), text);
        }
    }
}

/// Holds `rule` against this tree, and against each planted file alone.
fn check(rule: Rule, remedy: &str, planted: &[(&str, &str)]) {
    for (path, text) in planted {
        let tree = Tree([((*path).to_owned(), (*text).to_owned())].into());
        assert!(!rule(&tree).is_empty(), "the rule does not see what is wrong with {path}: {text}");
    }
    refuse(&rule(&Tree::here()), remedy);
}

fn refuse(offences: &[String], remedy: &str) {
    assert!(offences.is_empty(), "\n  {}\nremedy: {remedy}\n", offences.join("\n  "));
}

fn manifest(member: &str) -> Table {
    let path = root().join(member).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn members() -> Vec<String> {
    let members = manifest(".")["workspace"]["members"].clone();
    members.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The names a member depends on, in the tables given, whatever the platform.
fn dependencies(member: &str, tables: &[&str]) -> BTreeSet<String> {
    let manifest = manifest(member);
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let places = platforms.filter_map(|(_, platform)| platform.as_table()).chain([&manifest]);
    let tables = places.flat_map(|place| tables.iter().filter_map(|name| place.get(*name)?.as_table()));
    tables.flat_map(|table| table.keys().cloned()).collect()
}

const ALL_TABLES: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];

/// Every crate that ends up in what `member` builds, by the lock file.
fn reached_from(member: &str) -> BTreeSet<String> {
    let lock: Table = std::fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock").parse().expect("TOML");
    let packages = lock["package"].as_array().expect("a list");
    let text = |package: &Value, name: &str| package[name].as_str().expect("a text").to_owned();
    let find = |wanted: &str| {
        let mut words = wanted.split(' ');
        let (name, version) = (words.next().unwrap_or(""), words.next());
        let fits = |package: &&Value| {
            text(package, "name") == name && version.is_none_or(|version| text(package, "version") == version)
        };
        packages.iter().find(fits).unwrap_or_else(|| panic!("{wanted} is not in Cargo.lock: run cargo check"))
    };
    let needs = |package: &Value| -> Vec<String> {
        let list = package.get("dependencies").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    // The lock file does not tell apart what only tests need: for our own crates the manifest does.
    let ours = members();
    let linked = |wanted: &str| {
        let name = wanted.split(' ').next().unwrap_or("");
        let of_manifest = ours.iter().any(|member| member == name).then(|| dependencies(name, &["dependencies"]));
        let links = move |other: &String| {
            of_manifest.as_ref().is_none_or(|linked| linked.contains(other.split(' ').next().unwrap_or("")))
        };
        needs(find(wanted)).into_iter().filter(links).collect::<Vec<String>>()
    };
    let mut open: Vec<String> = linked(member);
    let mut reached = BTreeSet::new();
    while let Some(next) = open.pop() {
        let name = text(find(&next), "name");
        // What aws-lc-sys needs is needed to build it: the lock file does not tell that either.
        if reached.insert(name.clone()) && name != "aws-lc-sys" {
            open.extend(linked(&next));
        }
    }
    reached
}

/// Whether `word` stands in `line` with nothing of an identifier before it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

// --- Dependencies ----------------------------------------------------------------------------------------------------

#[test]
fn dependencies_run_towards_the_pure_crates() {
    let members = members();
    let mut offences = Vec::new();
    for (member, allowed) in MAY_DEPEND_ON {
        for dependency in dependencies(member, &ALL_TABLES) {
            if members.contains(&dependency) && !allowed.contains(&dependency.as_str()) {
                offences.push(format!("{member} depends on {dependency}"));
            }
        }
    }
    let known: BTreeSet<&str> = MAY_DEPEND_ON.iter().map(|(name, _)| *name).chain(["integration", "bench"]).collect();
    offences.extend(members.iter().filter(|name| !known.contains(name.as_str())).map(|name| format!("new: {name}")));
    refuse(&offences, "move what is shared into a pure crate, or what joins two shells into integration");
}

#[test]
fn a_verdict_is_reached_without_the_collector_and_the_wire() {
    let reached = reached_from("auditor");
    assert!(reached.contains("independence"), "the audit itself is missing: {reached:?}");
    let wire = |name: &&String| {
        ["collector", "proto", "node-agent"].contains(&name.as_str())
            || name.starts_with("tonic")
            || name.starts_with("prost")
    };
    let offences: Vec<String> = reached.iter().filter(wire).map(|name| format!("auditor reaches {name}")).collect();
    refuse(&offences, "auditor works on published documents alone: put what it needs into descriptors");
}

#[test]
fn pure_crates_link_nothing_that_does_io_or_draws_randomness() {
    let io = ["tokio", "mio", "rustix", "getrandom", "rand", "fastrand", "tempfile", "axum", "tonic", "sqlx", "rustls"];
    let mut offences = Vec::new();
    for member in PURE {
        let reached = reached_from(member);
        offences
            .extend(io.iter().filter(|name| reached.contains(**name)).map(|name| format!("{member} reaches {name}")));
    }
    refuse(&offences, "a pure crate takes time, keys and bytes as arguments: do the IO in a shell");
}

#[test]
fn only_proto_and_the_daemons_know_tonic_and_prost() {
    let mut offences = Vec::new();
    for member in members() {
        if ["proto", "node-agent", "collector", "integration"].contains(&member.as_str()) {
            continue;
        }
        let wire = |name: &String| ["tonic", "prost"].iter().any(|wire| name.starts_with(wire));
        let found = dependencies(&member, &ALL_TABLES).into_iter().filter(wire);
        offences.extend(found.map(|name| format!("{member} depends on {name}")));
    }
    refuse(&offences, "speak to the wire through proto, or through a function of the daemon");
}

#[test]
fn direct_dependencies_stay_within_their_budget() {
    let ours = members();
    // What ships links these; what only builds or tests use does not count.
    let linked: BTreeSet<String> = SHIPPED.iter().flat_map(|member| dependencies(member, &["dependencies"])).collect();
    let linked: Vec<&String> = linked.iter().filter(|name| !ours.contains(name)).collect();
    assert!(linked.len() <= 40, "{} direct dependencies, the budget is 40: drop one. {linked:?}", linked.len());
}

#[test]
fn every_declared_dependency_is_used() {
    let used: BTreeSet<String> = members().iter().flat_map(|member| dependencies(member, &ALL_TABLES)).collect();
    let declared = manifest(".")["workspace"]["dependencies"].clone();
    let unused = declared.as_table().expect("a table").keys().filter(|name| !used.contains(*name));
    let offences: Vec<String> = unused.map(|name| format!("{name} is declared and not used")).collect();
    refuse(&offences, "take it out of [workspace.dependencies]");
}

// --- Members ---------------------------------------------------------------------------------------------------------

#[test]
fn every_member_inherits_lints_edition_licence_and_the_least_rust() {
    let mut offences = Vec::new();
    for member in members() {
        let manifest = manifest(&member);
        let inherits = |table: &str, key: Option<&str>| {
            let table = manifest.get(table)?;
            key.map_or(Some(table), |key| table.get(key))?.get("workspace")?.as_bool()
        };
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if inherits("package", Some(key)) != Some(true) {
                offences.push(format!("{member}: {key}.workspace = true is missing"));
            }
        }
        if inherits("lints", None) != Some(true) {
            offences.push(format!("{member}: [lints] workspace = true is missing"));
        }
        for table in ALL_TABLES {
            for (name, wanted) in manifest.get(table).and_then(Value::as_table).into_iter().flatten() {
                if wanted.get("workspace").and_then(Value::as_bool) != Some(true) {
                    offences.push(format!("{member}: {name} carries its own version"));
                }
            }
        }
    }
    refuse(&offences, "let the member inherit it from the root Cargo.toml");
}

#[test]
fn pure_crates_ban_clocks_files_sockets_and_random_order() {
    let bans = |clippy: &Table, key: &str| -> BTreeSet<String> {
        let list = clippy.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|ban| ban.get("path")?.as_str().map(str::to_owned)).collect()
    };
    let read = |path: &str| -> Table {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let house = read("clippy.toml");
    let mut offences = Vec::new();
    for member in PURE {
        let path = format!("{member}/clippy.toml");
        let clippy = read(&path);
        let methods = bans(&clippy, "disallowed-methods");
        for method in ["std::time::SystemTime::now", "std::time::Instant::now", "std::env::var", "std::fs::File::open"]
            .into_iter()
            .map(str::to_owned)
            .chain(bans(&house, "disallowed-methods"))
        {
            if !methods.contains(&method) {
                offences.push(format!("{path} does not ban {method}"));
            }
        }
        if !bans(&clippy, "disallowed-types").contains("std::collections::HashMap") {
            offences.push(format!("{path} does not ban std::collections::HashMap"));
        }
        for (key, value) in house.iter().filter(|(key, _)| *key != "disallowed-methods") {
            if clippy.get(key) != Some(value) {
                offences.push(format!("{path} does not repeat {key} = {value}"));
            }
        }
    }
    refuse(&offences, "a crate's clippy.toml replaces the root one: repeat its settings, and keep the bans");
}

// --- Files -----------------------------------------------------------------------------------------------------------

#[test]
fn wire_types_are_seen_only_at_the_edge() {
    // `proto::convert` and `proto::token` give checked types, which may go further in; a service that is only hung into
    // the server carries no message.
    let rule: Rule = |tree| {
        tree.lines_of_code(|path, line| {
            let daemon = path.starts_with("collector/src/") || path.starts_with("node-agent/src/");
            let edges = [
                "collector/src/attest",
                "collector/src/enrol",
                "collector/src/ingest",
                "node-agent/src/attest",
                "node-agent/src/enrol",
                "node-agent/src/report",
            ];
            let edge =
                edges.iter().any(|edge| path.strip_prefix(edge).is_some_and(|rest| rest.starts_with(['.', '/', '_'])));
            let wire = has_word(line, "proto::v1") && !line.contains("_server::")
                || has_word(line, "use proto::{") && has_word(line, "v1");
            daemon && !edge && wire
        })
    };
    let planted = [
        ("collector/src/store.rs", "fn keep(report: proto::v1::Report) {}"),
        ("node-agent/src/reporter.rs", "use proto::{convert, v1};"),
    ];
    check(rule, "convert to checked types in ingest, report, enrol or attest, and pass those on", &planted);
}

#[test]
fn no_module_is_called_mod_rs() {
    let rule: Rule =
        |tree| tree.rust().filter(|(path, _)| path.ends_with("/mod.rs")).map(|(path, _)| path.to_owned()).collect();
    check(rule, "foo.rs beside foo/, never foo/mod.rs", &[("auditor/src/render/mod.rs", "")]);
}

#[test]
fn no_module_is_a_drawer() {
    let rule: Rule = |tree| {
        let drawer = |path: &str| {
            let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let mut words = stem.split(['_', '-']);
            words.any(|word| {
                ["util", "utils", "helper", "helpers", "common", "manager", "handler", "handlers", "misc"]
                    .contains(&word)
            })
        };
        tree.rust().filter(|(path, _)| drawer(path)).map(|(path, _)| path.to_owned()).collect()
    };
    check(
        rule,
        "name the file after the concept it holds",
        &[("collector/src/utils.rs", ""), ("auditor/src/key_manager.rs", "")],
    );
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let rule: Rule = |tree| {
        let files = tree.ending(&[".rs", ".sh", ".py", ".mjs", ".js", ".proto", "dev"]);
        let long = files.filter(|(path, text)| !path.contains(".min.") && text.lines().count() > 800);
        long.map(|(path, text)| format!("{path}: {} lines", text.lines().count())).collect()
    };
    check(rule, "split it by concept", &[("proto/src/convert.rs", &"\n".repeat(801))]);
}

/// The one file that may hold unsafe code, with the proof beside it.
const UNSAFE: &str = "node-agent/src/raw.rs";

#[test]
fn unsafe_code_is_in_one_file() {
    let rule: Rule = |tree| {
        tree.lines_of_code(|path, line| {
            let forms = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait", "unsafe("];
            let lifted = ["allow(", "expect(", "warn("].iter().any(|level| has_word(line, level));
            let lifted = lifted && has_word(line, "unsafe_code");
            path != UNSAFE && (lifted || forms.iter().any(|form| has_word(line, form)))
        })
    };
    let planted = [
        ("bench/src/lib.rs", "let x = unsafe { *pointer };"),
        ("node-agent/src/source/cpu.rs", "#![allow(unsafe_code, reason = \"faster\")]"),
        ("auditor/src/lib.rs", "#[expect(dead_code, unsafe_code, reason = \"faster\")]"),
    ];
    check(rule, "find a safe way, or move it into node-agent/src/raw.rs with its proof", &planted);
    let root = manifest(".");
    assert_eq!(root["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"), "unsafe code is denied");
}

#[test]
fn every_unsafe_expression_has_its_proof_beside_it() {
    let rule: Rule = |tree| {
        let mut found = Vec::new();
        for (path, text) in tree.rust().filter(|(path, _)| *path == UNSAFE) {
            let mut proof = false;
            for (index, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("").trim();
                proof |= line.contains("// SAFETY: ");
                if ["unsafe {", "unsafe extern", "unsafe impl", "unsafe fn"].iter().any(|form| has_word(code, form)) {
                    if !proof {
                        found.push(format!("{path}:{}: {}", index + 1, line.trim()));
                    }
                    proof = false;
                }
                // A proof holds for the expression that follows it, not for a later one.
                proof &= code.is_empty() || code.starts_with('#');
            }
        }
        found
    };
    let planted =
        [(UNSAFE, "let x = unsafe { *pointer };"), (UNSAFE, "// SAFETY: a proof.\nlet y = 1;\nlet x = unsafe { *p };")];
    check(rule, "say beside it, after `// SAFETY: `, why it is sound", &planted);
}

#[test]
fn programs_are_run_by_exec_alone() {
    let rule: Rule = |tree| {
        tree.lines_of_code(|path, line| {
            let free = path == "node-agent/src/exec.rs" || path.contains("/tests/") || path.contains("/benches/");
            let free = free || path.starts_with("integration/") || path.starts_with("bench/");
            !free && line.contains("process::") && has_word(line, "Command")
        })
    };
    let remedy = "call node-agent/src/exec.rs: absolute path, deadline, no shell";
    check(
        rule,
        remedy,
        &[
            ("collector/src/audit.rs", "use std::process::{Command, Stdio};"),
            ("auditor/src/lib.rs", "std::process::Command::new(\"sh\")"),
        ],
    );
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    let rule: Rule = |tree| {
        let mut found = Vec::new();
        for (path, text) in tree.rust() {
            for (at, _) in text.match_indices("[expect(").chain(text.match_indices("[allow(")) {
                let attribute = text[at..].split_once(")]").map_or("", |(attribute, _)| attribute);
                if !attribute.contains("reason =") {
                    found.push(format!("{path}: #{attribute})]"));
                }
            }
        }
        found
    };
    let planted =
        [("proto/src/lib.rs", "#[allow(clippy::pedantic)]"), ("proto/src/lib.rs", "#[expect(clippy::unwrap_used)]")];
    check(rule, "#[expect(the lint, reason = \"why it does not hold here\")]", &planted);
}

#[test]
fn the_name_of_a_test_is_a_law() {
    let rule: Rule = |tree| tree.lines_of_code(|_, line| has_word(line, "fn test_"));
    check(rule, "say what holds: shared_pdu_makes_zones_dependent", &[("auditor/src/lib.rs", "fn test_verify() {}")]);
}

// --- Documents -------------------------------------------------------------------------------------------------------

#[test]
fn the_architecture_fits_on_300_lines() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))
        .expect("ARCHITECTURE.md: bird's eye, code map, invariants. Write it");
    let lines = text.lines().count();
    assert!(lines <= 300, "ARCHITECTURE.md has {lines} lines: move detail to the headers of the modules");
}

#[test]
fn documents_name_no_path_of_one_machine() {
    let rule: Rule = |tree| {
        let mut places = vec!["/home/".to_owned(), "/Users/".to_owned(), "/root/".to_owned()];
        // Where this checkout happens to lie, unless that is a directory which every machine has.
        let usual = ["bin", "etc", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "usr", "var"];
        let root = root();
        let first = root.components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
        places.extend(first.filter(|name| !usual.contains(&name.as_str())).map(|name| format!("/{name}/")));
        let begins = |line: &str, place: &String| {
            let inside = |c: char| c.is_alphanumeric() || "._-/})>*".contains(c);
            line.match_indices(place.as_str()).any(|(at, _)| !line[..at].ends_with(inside))
        };
        let mut found = Vec::new();
        for (path, text) in tree.0.iter().filter(|(path, _)| !path.ends_with(".lock") && !path.ends_with("lock.json")) {
            for (index, line) in text.lines().enumerate() {
                if places.iter().any(|place| begins(line, place)) {
                    found.push(format!("{path}:{}: {}", index + 1, line.trim()));
                }
            }
        }
        found
    };
    check(rule, "name the place by its role, or from the root of the tree", &[("README.md", "see `/home/me/avow`")]);
}

/// What a document in `directory` names in backticks as a path of this tree.
fn named_paths(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).filter_map(|code| code.split_whitespace().next()));
        }
    }
    found.retain(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)));
    found
}

fn is_missing(tree: &Tree, document: &str, word: &str) -> bool {
    let source = [".rs", ".md", ".proto", ".sh", ".py", ".mjs"].iter().any(|suffix| word.ends_with(suffix));
    let (name, called) = word.strip_prefix("./").map_or((word, false), |name| (name, true));
    let elsewhere = name.starts_with(['/', '.']) || name.starts_with("target/") || name.is_empty();
    if elsewhere && !called || name.starts_with("target/") {
        return false;
    }
    let Some((first, rest)) = name.split_once('/') else {
        let known = || tree.0.keys().any(|path| path.rsplit('/').next() == Some(name));
        return (called || source) && !known();
    };
    if !called && !source && !root().join(first).is_dir() {
        return false;
    }
    let beside = Path::new(document).parent().unwrap_or(Path::new("")).join(name);
    let feature = || {
        let manifest = tree.0.get(&format!("{first}/Cargo.toml"));
        manifest.is_some_and(|text| text.lines().any(|line| line.starts_with(&format!("{rest} ="))))
    };
    !root().join(name).exists() && !root().join(beside).exists() && !feature()
}

#[test]
fn documents_name_only_paths_that_exist() {
    let rule: Rule = |tree| {
        let mut found = Vec::new();
        for (document, text) in tree.ending(&[".md"]) {
            let missing = named_paths(text).into_iter().filter(|word| is_missing(tree, document, word));
            found.extend(missing.map(|word| format!("{document}: `{word}`")));
        }
        found
    };
    let planted = [
        ("README.md", "the crate `nodeagent/src/main.rs`"),
        ("README.md", "the directory `collector/src/nowhere`"),
        ("docs/adr/0001.md", "run `./develop demo`"),
        ("README.md", "the file `nosuchmodule.rs`"),
    ];
    check(rule, "correct the path, or say what came in its place", &planted);
    let here = Tree::here();
    for good in [
        "`integration/suites/`",
        "`./dev test NAME`",
        "`node-agent/libvirt`",
        "`application/json`",
        "`/proc/x.rs`",
        "`Cargo.toml`",
    ] {
        let missing: Vec<&str> =
            named_paths(good).into_iter().filter(|word| is_missing(&here, "README.md", word)).collect();
        assert!(missing.is_empty(), "{missing:?} is no offence");
    }
}

//! The one screen of the demo, from what the collector answered.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;

/// What the screen is made of.
pub(super) struct Plane {
    pub(super) nodes: Value,
    pub(super) node: Value,
    pub(super) verdicts: Value,
    pub(super) findings: Value,
    pub(super) credentials: Value,
    pub(super) bundle: PathBuf,
    pub(super) programs: PathBuf,
    pub(super) page: SocketAddr,
}

pub(super) fn render(plane: &Plane) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "avow {}", env!("CARGO_PKG_VERSION"));
    nodes(plane, &mut text);
    verdicts(plane, &mut text);
    credentials(plane, &mut text);
    let (programs, bundle) = (plane.programs.display(), plane.bundle.display());
    let _ = writeln!(text, "\nnext   {programs}/avow-agent gather");
    let _ = writeln!(text, "       {programs}/avow verify {bundle}");
    let _ = writeln!(text, "       {programs}/avow explain {bundle} zone-1 zone-2");
    let _ = writeln!(text, "page   http://{}/", plane.page);
    text
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn nodes(plane: &Plane, text: &mut String) {
    let count = |origin: &str| list(&plane.nodes["nodes"]).filter(|node| node["origin"] == origin).count();
    let facts = &plane.node["report"]["facts"];
    let present = |source: &str, kind: &str| facts[source]["present"][kind].clone();
    let cpu = present("cpu", "cpu");
    let memory = present("memory", "memory")["total_bytes"]["present"].as_u64();
    let memory = memory.map_or("memory not read".to_owned(), |bytes| format!("{} MiB memory", bytes >> 20));
    let _ = writeln!(text, "\nREAL       {} node: this machine, read by avow-agent", count("real"));
    let _ = writeln!(
        text,
        "           {}, {} threads, {memory}, kernel {}",
        cpu["model_name"]["present"].as_str().unwrap_or("processor not named"),
        cpu["topology"]["present"]["threads"],
        word(&present("kernel", "kernel")["release"]["present"])
    );
    let _ = writeln!(text, "           {}", entropy(&present("entropy", "entropy")));
    let _ = writeln!(text, "           {}", libvirt(&facts["libvirt"]));
    let absent: Vec<String> = facts.as_object().into_iter().flatten().filter_map(absence).collect();
    if !absent.is_empty() {
        let _ = writeln!(text, "           absent: {}", absent.join("; "));
    }
    let _ = writeln!(
        text,
        "SIMULATED  {} nodes in 3 availability zones of region de-east, and its declaration;",
        count("simulated")
    );
    let _ = writeln!(text, "           it says so in everything they sign, and can never be published");
}

fn entropy(fact: &Value) -> String {
    let told = |name: &str| fact[name]["present"].as_str().unwrap_or("not known");
    let generator = match fact["crng_ready"]["present"].as_bool() {
        Some(true) => "ready",
        Some(false) => "not ready",
        None => "not known",
    };
    format!(
        "entropy: kernel's generator {generator}, RDRAND {}, RDSEED {}, hardware generator {}",
        told("rdrand").replace('_', " "),
        told("rdseed").replace('_', " "),
        told("hwrng_current")
    )
}

fn libvirt(reading: &Value) -> String {
    let fact = &reading["present"]["libvirt"];
    match (fact["uri"].as_str(), fact["example_driver"].as_bool()) {
        (Some(uri), Some(true)) => {
            format!("no libvirt daemon here: {uri} answered, libvirt's built-in example, and the fact says so")
        }
        (Some(uri), _) => {
            format!(
                "libvirt {} at {uri}, {} guests",
                word(&fact["library_version"]["present"]),
                list(&fact["guests"]["present"]).count()
            )
        }
        (None, _) => "libvirt was not read".to_owned(),
    }
}

fn absence((source, reading): (&String, &Value)) -> Option<String> {
    let absent = reading.get("absent")?;
    Some(format!("{source} ({}, {})", word(&absent["reason"]).replace('_', " "), word(&absent["detail"])))
}

fn verdicts(plane: &Plane, text: &mut String) {
    let _ = writeln!(text, "\nZONES            DIMENSION  VERDICT       REASON");
    for assessment in list(&plane.verdicts["assessments"]) {
        let zones: Vec<&str> = list(&assessment["zones"]).map(word).collect();
        let _ = writeln!(
            text,
            "{:16} {:10} {:13} {}",
            zones.join(" / "),
            word(&assessment["dimension"]),
            word(&assessment["outcome"]).to_uppercase(),
            word(&assessment["reason"])
        );
    }
    let findings: Vec<&Value> = list(&plane.findings["findings"]).collect();
    for finding in &findings {
        let _ = writeln!(text, "finding {}: {}", word(&finding["code"]), word(&finding["text"]));
    }
}

fn credentials(plane: &Plane, text: &mut String) {
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for credential in list(&plane.credentials["credentials"]) {
        *classes.entry(word(&credential["class"])).or_default() += 1;
    }
    let total: usize = classes.values().sum();
    let counts: Vec<String> = classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let _ = writeln!(text, "\n{total} credentials issued (vc+jwt, EdDSA) by {}", word(&plane.credentials["issuer"]));
    let _ = writeln!(text, "       {}", counts.join(", "));
}

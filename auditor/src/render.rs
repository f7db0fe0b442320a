//! What people and programs see of a verification.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table};
use descriptors::id::ZoneId;
use descriptors::report::Origin;
use independence::audit::Audit;
use independence::verdict::{Assessment, Outcome, Step, Verdict};

use crate::verify::{Ending, Finding, Verification};

/// The verification as text.
pub fn verification(name: &str, done: &Verification) -> String {
    let mut text = String::new();
    if let Some(manifest) = &done.manifest {
        let _ = writeln!(text, "{name}: as of {}, written by avow {}", manifest.as_of, manifest.avow_version);
        if manifest.origin != Origin::Real {
            let _ = writeln!(text, "{} evidence: for demonstration and tests only", manifest.origin);
        }
    } else {
        let _ = writeln!(text, "{name}");
    }
    text.push('\n');
    for check in &done.checks {
        match &check.finding {
            Finding::Passed(found) => drop(writeln!(text, "  ok       {:12} {found}", check.subject)),
            Finding::NotChecked(why) => drop(writeln!(text, "  unknown  {:12} not checked: {why}", check.subject)),
            Finding::Failed(faults) => {
                for fault in faults {
                    let _ = writeln!(text, "  BAD      {:12} {fault}", check.subject);
                }
            }
        }
    }
    if let Some(audit) = &done.audit {
        text.push('\n');
        text.push_str(&verdicts(audit));
    }
    let _ = writeln!(text, "\n{}", ending(done.ending()));
    text
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Holds => "All claims hold, as far as the topology was declared truly and completely.",
        Ending::Refuted => "Refuted: at least one claim does not hold.",
        Ending::Undetermined => "Undetermined: nothing is refuted, and evidence is missing.",
        Ending::Corrupt => "Corrupt: this bundle is not evidence of anything.",
    }
}

/// The verdicts as a table, and the findings below it.
pub fn verdicts(audit: &Audit) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["CLAIM", "ZONES", "DIMENSION", "VERDICT", "REASON"]);
    for assessment in &audit.assessments {
        table.add_row([
            assessment.claim.to_string(),
            zones(&assessment.zones),
            assessment.dimension.to_string(),
            word(assessment.verdict.outcome()).to_owned(),
            assessment.reason(),
        ]);
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    if !audit.findings.is_empty() {
        text.push_str("\nFindings\n");
    }
    for finding in &audit.findings {
        let _ = writeln!(text, "  {}  {finding}", finding.code());
    }
    text
}

fn zones(zones: &[ZoneId]) -> String {
    zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" / ")
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Dependent => "DEPENDENT",
        Outcome::Undetermined => "UNDETERMINED",
        Outcome::Independent => "INDEPENDENT",
    }
}

/// Why an assessment ends as it does, with every edge that it rests on.
pub fn explanation(assessment: &Assessment) -> String {
    let mut text = format!(
        "{}, {}, {}: {}\n",
        zones(&assessment.zones),
        assessment.dimension,
        assessment.profile,
        word(assessment.verdict.outcome())
    );
    let _ = writeln!(text, "  {}", assessment.reason());
    match &assessment.verdict {
        Verdict::Independent { assurance, order } => {
            let _ = writeln!(text, "  no risk group up to order {order}; the weakest edge is {assurance}");
        }
        Verdict::Undetermined { missing } => {
            for gap in missing {
                let _ = writeln!(text, "  missing: {gap}");
            }
        }
        Verdict::Dependent { risk_groups, .. } => {
            for group in risk_groups {
                let components: Vec<String> = group.components.iter().map(ToString::to_string).collect();
                let _ =
                    writeln!(text, "  when {} fails: {} are impaired", components.join(" and "), zones(&group.fails));
                for path in &group.witness {
                    let _ = writeln!(text, "    {}", witness(path));
                }
            }
        }
    }
    text
}

fn witness(path: &[Step]) -> String {
    let mut text = path.first().map_or(String::new(), |step| step.from.to_string());
    for step in path {
        let choice = step.choice.map_or(String::new(), |choice| format!(", {} of {}", choice.at_least, choice.of));
        let _ = write!(text, " → {} ({}{choice})", step.to, step.basis.provenance);
    }
    text
}

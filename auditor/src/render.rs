//! What people and programs see of a verification.

pub mod groups;

use std::borrow::Cow;
use std::fmt::Write as _;

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
    let rows: Vec<[String; 5]> = audit.assessments.iter().map(row).collect();
    let mut text = columns(["CLAIM", "ZONES", "DIMENSION", "VERDICT", "REASON"], &rows);
    if !audit.findings.is_empty() {
        text.push_str("\nFindings\n");
    }
    for finding in &audit.findings {
        let _ = writeln!(text, "  {}  {finding}", finding.code());
    }
    text
}

fn row(assessment: &Assessment) -> [String; 5] {
    [
        assessment.claim.to_string(),
        zones(&assessment.zones),
        assessment.dimension.to_string(),
        word(assessment.verdict.outcome()).to_owned(),
        assessment.reason(),
    ]
}

/// Rows below a header, each column as wide as its widest cell; characters that could control a terminal are escaped.
pub fn columns<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(printable(cell).chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let start = text.len();
        for (cell, width) in cells.zip(widths) {
            let _ = write!(text, " {:width$} ", printable(cell));
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    };
    line(&mut header.into_iter());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}

/// The text with characters that could control a terminal escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(controls) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if controls(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Whether a character moves the cursor, or changes the direction or the place of others.
fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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

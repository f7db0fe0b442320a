//! `avow:EntropyAssessment`: whether a node gives its guests the entropy that SCS-0101 v1.1 asks for.
//!
//! The standard asks for processors with entropy instructions that the hypervisor does not filter. Each requirement is met,
//! not met, or undetermined with a reason. The amount in `entropy_avail` is not looked at: since Linux 5.18 it is a constant,
//! and the statistical test of the official suite passes on a key stream without any entropy. An instruction that was executed
//! and found broken does not count, whatever `cpuid` says; one that was not executed counts as offered, and the reason shows it.

use super::{Base, Observation, Subject, node_hardware};
use crate::fact::cpu::CpuFact;
use crate::fact::entropy::{EntropyFact, Examination, Instruction, InstructionTrial, PoolSemantics};
use crate::fact::libvirt::{Guest, LibvirtFact};
use crate::fact::{Fact, Reading};
use crate::report::Report;
use crate::shape::{OneOrMore, Ref, Shape, shapes, words};

shapes! {
    /// Whether a node gives its guests the entropy that a standard asks for.
    EntropyAssessment: "avow:EntropyAssessment" {
        /// The node that the statement is about.
        node: Ref<node_hardware::NodeHardware> = "avow:node",
        /// The standard, with its version.
        standard: String = "avow:standard",
        /// Whether the requirements that must be met are.
        conclusion: Conclusion = "avow:conclusion",
        /// A requirement of the standard, and what was found of it.
        requirements: OneOrMore<EntropyRequirement> = "avow:requirement",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        --
        /// The hardware generator that the kernel uses; told, not judged.
        hardware_generator: Option<String> = "avow:hardwareGenerator",
    }

    /// One requirement of a standard, and what was found of it.
    EntropyRequirement: "avow:EntropyRequirement" {
        /// A short name.
        name: String = "schema:name",
        /// Whether it must or should be met.
        level: Level = "avow:level",
        /// Whether the requirements that must be met are.
        conclusion: Conclusion = "avow:conclusion",
        /// Why something is as it is said to be.
        reason: String = "avow:reason",
        --
    }
}

words! {
    /// What was found of a requirement, the worst first. Not knowing is neither.
    Conclusion {
        NotMet = "not_met",
        Undetermined = "undetermined",
        Met = "met",
    }

    /// How strong a requirement is.
    Level {
        Must = "must",
        Should = "should",
    }
}

/// The class.
pub const CLASS: &str = EntropyAssessment::CLASS;

/// The standard, in the version that asks for unfiltered instructions.
const STANDARD: &str = "scs-0101-v1.1";

/// What a report says of its node's entropy.
pub fn subject(base: &Base, observation: Observation<'_>) -> Subject {
    let report = observation.report;
    let entropy = find(report, |fact| match fact {
        Fact::Entropy(entropy) => Some(entropy),
        _ => None,
    });
    let requirements = [
        requirement("processor-offers-instructions", Level::Must, processor(report, entropy)),
        requirement("hypervisor-does-not-filter", Level::Must, filtering(report)),
        requirement("kernel-5.18-or-later", Level::Should, kernel(entropy)),
    ];
    let musts = requirements.iter().filter(|one| one.level == Level::Must).map(|one| one.conclusion);
    let conclusion = musts.min().unwrap_or(Conclusion::Undetermined);
    let [first, more @ ..] = requirements;
    let assessment = EntropyAssessment {
        hardware_generator: entropy.and_then(|entropy| entropy.hwrng_current.present().cloned()),
        ..EntropyAssessment::new(
            node_hardware::reference(base, &report.node),
            STANDARD,
            conclusion,
            OneOrMore::new(first, more),
            observation.digest.to_string(),
        )
    };
    let id = base.subject("entropy-assessment", report.node.as_str());
    Subject { node: assessment.into_node(id), origin: report.origin, provenance: None }
}

type Finding = (Conclusion, String);

fn requirement(name: &str, level: Level, (conclusion, reason): Finding) -> EntropyRequirement {
    EntropyRequirement::new(name, level, conclusion, reason)
}

fn undetermined(reason: impl Into<String>) -> Finding {
    (Conclusion::Undetermined, reason.into())
}

fn find<'a, T>(report: &'a Report, kind: impl Fn(&'a Fact) -> Option<&'a T>) -> Option<&'a T> {
    report.facts.values().filter_map(Reading::present).find_map(kind)
}

fn processor(report: &Report, entropy: Option<&EntropyFact>) -> Finding {
    let cpu = find(report, |fact| match fact {
        Fact::Cpu(cpu) => Some(cpu),
        _ => None,
    });
    let Some(cpu) = cpu else { return undetermined("the processor was not read") };
    match cpu.architecture.as_str() {
        "x86_64" => x86(cpu, entropy),
        "aarch64" => arm(cpu),
        other => undetermined(format!("the standard names no instruction of {other}")),
    }
}

fn x86(cpu: &CpuFact, entropy: Option<&EntropyFact>) -> Finding {
    let Some(entropy) = entropy else { return undetermined("the source of random numbers was not read") };
    let trial = |of: fn(&Examination) -> &Reading<InstructionTrial>| {
        let examination = entropy.examination.present()?;
        Some((examination, of(examination).present()?))
    };
    let instructions = [
        ("RDRAND", &entropy.rdrand, trial(|examination| &examination.rdrand)),
        ("RDSEED", &entropy.rdseed, trial(|examination| &examination.rdseed)),
    ];
    let (mut works, mut broken) = (Vec::new(), Vec::new());
    for (name, reading, trial) in instructions {
        match (reading.present(), trial) {
            (Some(Instruction::Offered), Some((examination, trial))) => match fault(trial) {
                Some(fault) => broken.push(format!("{name} {fault} when executed on {}", examination.at)),
                None => works.push(format!("{name}, which gave numbers when executed on {}", examination.at)),
            },
            (Some(Instruction::Offered), None) => works.push(name.to_owned()),
            _ => {}
        }
    }
    let also = if broken.is_empty() { String::new() } else { format!("; {}", broken.join(", and ")) };
    if !works.is_empty() {
        let below = cpu.hypervisor.present().map_or(String::new(), |name| format!(", itself a guest of {name}"));
        return (Conclusion::Met, format!("the processor offers {}{below}{also}", works.join(" and ")));
    }
    let unread = instructions.iter().find_map(|(name, reading, _)| Some((name, reading.absence()?)));
    match unread {
        Some((name, absence)) => undetermined(format!("{name} could not be read: {absence}{also}")),
        None => {
            let none = "the processor offers neither RDRAND nor RDSEED that works, or the kernel withdrew them";
            (Conclusion::NotMet, format!("{none}{also}"))
        }
    }
}

/// What is wrong with the numbers of an instruction. The health tests suppose half of what it promises: failing them
/// refutes that it gives entropy.
fn fault(trial: &InstructionTrial) -> Option<&'static str> {
    let proportion = trial.health.adaptive_proportion_passed.present();
    if trial.stuck {
        Some("gave one number again and again")
    } else if !trial.health.repetition_count_passed || proportion == Some(&false) {
        Some("failed the health tests of SP 800-90B")
    } else {
        None
    }
}

fn arm(cpu: &CpuFact) -> Finding {
    match &cpu.flags {
        Reading::Present(flags) if flags.iter().any(|flag| flag == "rng") => {
            (Conclusion::Met, "the processor offers RNDR".to_owned())
        }
        // The list holds what an agent knows to look for, so that a flag that is not in it says nothing.
        Reading::Present(_) => undetermined("RNDR is not in the list of flags, which need not be all"),
        Reading::Absent(absence) => undetermined(format!("the flags could not be read: {absence}")),
    }
}

fn filtering(report: &Report) -> Finding {
    let libvirt = find(report, |fact| match fact {
        Fact::Libvirt(libvirt) => Some(libvirt),
        _ => None,
    });
    match libvirt {
        None => undetermined("the hypervisor was not read"),
        Some(LibvirtFact { example_driver: true, .. }) => undetermined("libvirt answered with its built-in example"),
        Some(libvirt) => guests(libvirt),
    }
}

/// Even a guest with the processor of its host can have an instruction switched off for it alone, and that switch is not
/// read: so nothing is concluded, and what speaks for and against is said.
fn guests(libvirt: &LibvirtFact) -> Finding {
    let guests = match &libvirt.guests {
        Reading::Present(guests) => guests,
        Reading::Absent(absence) => return undetermined(format!("the guests could not be read: {absence}")),
    };
    let running: Vec<&Guest> = guests.iter().filter(|guest| guest.running).collect();
    if running.is_empty() {
        return undetermined("no guest runs");
    }
    let through = |guest: &Guest| guest.cpu_model.present().is_some_and(|model| model.starts_with("host-passthrough"));
    let without_device = |guest: &Guest| guest.rng_devices.present().is_some_and(Vec::is_empty);
    let neither = running.iter().filter(|guest| !through(guest) && without_device(guest)).count();
    undetermined(format!(
        "{} of {} running guests have the processor of the node; the others have a model whose instructions are not \
         known, and {neither} of them no device for random numbers either; instructions switched off for one guest are not read",
        running.iter().filter(|guest| through(guest)).count(),
        running.len()
    ))
}

fn kernel(entropy: Option<&EntropyFact>) -> Finding {
    match entropy.map(|entropy| &entropy.pool_semantics) {
        None => undetermined("the source of random numbers was not read"),
        Some(Reading::Present(PoolSemantics::ConstantOnceSeeded)) => {
            (Conclusion::Met, "the kernel's pool is one that is seeded once".to_owned())
        }
        Some(Reading::Present(PoolSemantics::Level)) => {
            (Conclusion::NotMet, "the kernel's pool still has a level, as before 5.18".to_owned())
        }
        Some(Reading::Absent(absence)) => undetermined(format!("the kernel could not be read: {absence}")),
    }
}

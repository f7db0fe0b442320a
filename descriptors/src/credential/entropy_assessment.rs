//! `avow:EntropyAssessment`: whether a node gives its guests the entropy that SCS-0101 v1.1 asks for.
//!
//! The standard asks for processors with entropy instructions that the hypervisor does not filter. Each requirement is met,
//! not met, or undetermined with a reason. The amount in `entropy_avail` is not looked at: since Linux 5.18 it is a constant,
//! and the statistical test of the official suite passes on a key stream without any entropy. An instruction that was executed
//! and found broken does not count, whatever `cpuid` says; one that was not executed counts as offered, and the reason shows it.
//!
//! Guests are judged one by one, by what their definition gives them; the worst are named by their UUID, because names are
//! their owners' business. Devices for random numbers do not make up for a filtered instruction in this version of the standard:
//! whether a guest has any path to a seed is said beside it, as information.

mod guests;

use super::{Base, Observation, Subject, node_hardware};
use crate::fact::cpu::CpuFact;
use crate::fact::entropy::{EntropyFact, Examination, Instruction, InstructionTrial, PoolSemantics};
use crate::fact::{Absence, Fact, Reading};
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
        /// Whether it must or should be met, or is not asked for.
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
        Informative = "informative",
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
        requirement("hypervisor-does-not-filter", Level::Must, filtering(report, entropy)),
        requirement("kernel-5.18-or-later", Level::Should, kernel(entropy)),
        requirement(
            "guests-have-a-seed",
            Level::Informative,
            guests::read(report).map_or_else(|unread| unread, guests::seeds),
        ),
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

fn cpu(report: &Report) -> Option<&CpuFact> {
    find(report, |fact| match fact {
        Fact::Cpu(cpu) => Some(cpu),
        _ => None,
    })
}

fn processor(report: &Report, entropy: Option<&EntropyFact>) -> Finding {
    let Some(cpu) = cpu(report) else { return undetermined("the processor was not read") };
    match (cpu.architecture.as_str(), entropy) {
        ("x86_64", Some(entropy)) => x86(cpu, &instructions(entropy)),
        ("x86_64", None) => undetermined("the source of random numbers was not read"),
        ("aarch64", _) => arm(cpu),
        (other, _) => undetermined(format!("the standard names no instruction of {other}")),
    }
}

/// An instruction of the node's processor.
struct Offer<'a> {
    name: &'static str,
    state: State<'a>,
}

enum State<'a> {
    /// It is offered, and gave good numbers if it was executed: then when.
    Works(Option<&'a Examination>),
    /// It was executed, and what came is no randomness: why.
    Broken(String),
    /// It is not offered, or the kernel withdrew it.
    Missing,
    Unread(&'a Absence),
}

fn instructions(entropy: &EntropyFact) -> [Offer<'_>; 2] {
    let state = |reading, trial: fn(&Examination) -> &Reading<InstructionTrial>| {
        let examination = entropy.examination.present();
        let tried = examination.and_then(|examination| Some((examination, trial(examination).present()?)));
        match (reading, tried) {
            (&Reading::Present(Instruction::Offered), Some((examination, trial))) => match fault(trial) {
                Some(fault) => State::Broken(format!("{fault} when executed on {}", examination.at)),
                None => State::Works(Some(examination)),
            },
            (Reading::Present(Instruction::Offered), None) => State::Works(None),
            (Reading::Present(Instruction::NotOffered | Instruction::Withdrawn), _) => State::Missing,
            (Reading::Absent(absence), _) => State::Unread(absence),
        }
    };
    [
        Offer { name: "RDRAND", state: state(&entropy.rdrand, |examination| &examination.rdrand) },
        Offer { name: "RDSEED", state: state(&entropy.rdseed, |examination| &examination.rdseed) },
    ]
}

fn x86(cpu: &CpuFact, instructions: &[Offer<'_>]) -> Finding {
    let (mut works, mut broken, mut unread) = (Vec::new(), Vec::new(), None);
    for Offer { name, state } in instructions {
        match state {
            State::Works(Some(examination)) => {
                works.push(format!("{name}, which gave numbers when executed on {}", examination.at));
            }
            State::Works(None) => works.push((*name).to_owned()),
            State::Broken(why) => broken.push(format!("{name} {why}")),
            State::Missing => {}
            State::Unread(absence) => unread = unread.or(Some((name, absence))),
        }
    }
    let also = if broken.is_empty() { String::new() } else { format!("; {}", broken.join(", and ")) };
    if !works.is_empty() {
        let below = cpu.hypervisor.present().map_or(String::new(), |name| format!(", itself a guest of {name}"));
        return (Conclusion::Met, format!("the processor offers {}{below}{also}", works.join(" and ")));
    }
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

/// Only of x86-64 it is known which instructions a guest sees.
fn filtering(report: &Report, entropy: Option<&EntropyFact>) -> Finding {
    let libvirt = match guests::read(report) {
        Ok(libvirt) => libvirt,
        Err(unread) => return unread,
    };
    match (cpu(report).map(|cpu| cpu.architecture.as_str()), entropy) {
        (None, _) => undetermined("the processor was not read"),
        (Some("x86_64"), Some(entropy)) => guests::filtered(libvirt, &instructions(entropy)),
        (Some("x86_64"), None) => undetermined("the source of random numbers was not read"),
        (Some(other), _) => undetermined(format!("which instructions guests on {other} see is not read")),
    }
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

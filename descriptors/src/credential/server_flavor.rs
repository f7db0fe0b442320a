//! `gx:ServerFlavor`: what a server can be had with, as declared, and of its processor as the nodes report.
//!
//! What the reports refute is not said: what a node contradicts of the processor and the rest is left out, and a flavor that
//! fits on none of its nodes is not issued. What the declaration leaves out of the processor is filled in where every
//! node tells the same. How each statement is known stands in [`super::flavor_assessment`].

use std::num::NonZeroU32;

use super::flavor_assessment::{AspectName, Assessed, Common};
use super::node_hardware::Provenance;
use super::{Base, Subject, described};
use crate::declaration::flavor::{Disk, Flavor, Gpu, Modules, Processor};
use crate::declaration::size::Size;
use crate::gaia_x::hardware::{
    self, ConfidentialComputing, Cpu, CpuCapabilities, Device, Memory, MemoryCapabilities, ServerFlavor,
};
use crate::gaia_x::quantity::MemorySize;
use crate::gaia_x::value::{CpuRatio, ValueError};
use crate::id::FlavorId;
use crate::shape::{Ref, Shape};

/// The class.
pub const CLASS: &str = ServerFlavor::CLASS;

pub(crate) fn reference(base: &Base, flavor: &FlavorId) -> Ref<ServerFlavor> {
    Ref::to(base.subject("flavor", flavor.as_str()))
}

/// What is said of a flavor; nothing where its nodes refute that a server of it fits on any of them.
pub fn subject(base: &Base, flavor: &Flavor, assessed: &Assessed<'_>) -> Option<Subject> {
    if assessed.refutes(AspectName::Vcpus) || assessed.refutes(AspectName::Memory) {
        return None;
    }
    let shape = shape(flavor, assessed).ok()?;
    let id = base.subject("flavor", flavor.id.as_str());
    Some(Subject { node: shape.into_node(id), origin: assessed.origin, provenance: Some(Provenance::Declared) })
}

fn shape(flavor: &Flavor, assessed: &Assessed<'_>) -> Result<ServerFlavor, ValueError> {
    let cpu = CpuCapabilities {
        over_provisioning_ratio: flavor.cpu.over_provisioning_ratio.map(CpuRatio),
        ..CpuCapabilities::new(cpu(&flavor.cpu, assessed), flavor.vcpus)
    };
    let stands = |name| !assessed.refutes(name);
    let mut memory = memory(flavor.ram, flavor.memory.as_ref())?;
    memory.ecc_enabled = memory.ecc_enabled.filter(|_| stands(AspectName::ErrorCorrection));
    let disk = |declared| disk(declared, stands(AspectName::LocalDisks));
    let gpu = |declared: &Gpu| stands(AspectName::GpuVendor).then(|| self::gpu(declared));
    let confidential =
        flavor.confidential_computing.as_ref().filter(|_| stands(AspectName::Confidential)).map(|declared| {
            ConfidentialComputing {
                attestation_service: declared.attestation_service.clone(),
                ..ConfidentialComputing::new(declared.technology.as_str())
            }
        });
    Ok(ServerFlavor {
        entity: described(flavor.shown_name(), flavor.description.as_deref(), assessed.origin),
        gpu: flavor.gpu.as_ref().and_then(gpu).transpose()?,
        network: flavor.network.clone(),
        additional_volumes: flavor.additional_disks.iter().map(disk).collect::<Result<_, _>>()?,
        confidential_computing: confidential,
        hardware_assisted_virtualization: flavor
            .hardware_assisted_virtualization
            .filter(|_| stands(AspectName::Virtualization)),
        hw_rng_type: flavor.hw_rng,
        ..ServerFlavor::new(cpu, MemoryCapabilities::new(memory), disk(&flavor.boot_disk)?)
    })
}

/// The processor, without what its nodes contradict.
fn cpu(declared: &Processor, assessed: &Assessed<'_>) -> Cpu {
    let Common { architecture, vendor, flags, package } = &assessed.common;
    let stands = |name| !assessed.refutes(name);
    let declared_flags = Some(&declared.flags).filter(|flags| !flags.is_empty());
    let flags = match declared_flags {
        Some(flags) if stands(AspectName::Flags) => flags.clone(),
        Some(_) => Vec::new(),
        None => flags.iter().map(|flag| (*flag).to_owned()).collect(),
    };
    let vendor =
        declared.vendor.as_deref().map_or(*vendor, |vendor| Some(vendor).filter(|_| stands(AspectName::Vendor)));
    let architecture = match declared.architecture {
        Some(declared) => Some(declared).filter(|_| stands(AspectName::Architecture)),
        None => *architecture,
    };
    let (cores, threads) = package.map_or((None, None), |(c, t)| (NonZeroU32::new(c), NonZeroU32::new(t)));
    Cpu {
        device: Device {
            vendor: vendor.map(str::to_owned),
            // Which generation is meant rests on the vendor.
            generation: declared
                .generation
                .clone()
                .filter(|_| stands(AspectName::Vendor) && stands(AspectName::Generation)),
            ..Device::new()
        },
        architecture,
        flags,
        cores,
        threads,
        smt_enabled: cores.zip(threads).map(|(cores, threads)| threads > cores),
        ..Cpu::new()
    }
}

pub(super) fn memory(size: Size, modules: Option<&Modules>) -> Result<Memory, ValueError> {
    let memory = Memory::new(size.to_quantity()?);
    Ok(match modules {
        None => memory,
        Some(Modules { class, ecc, encrypted }) => {
            Memory { class: *class, ecc_enabled: *ecc, hardware_encryption: *encrypted, ..memory }
        }
    })
}

/// A disk; where the nodes do not have `local` ones as declared, it is not said of one that it is local, or how it is reached.
fn disk(declared: &Disk, local: bool) -> Result<hardware::Disk, ValueError> {
    let disk = hardware::Disk::new(declared.size.to_quantity()?);
    let (kind, bus) = if local || !declared.is_local() { (declared.kind, declared.bus) } else { (None, None) };
    Ok(hardware::Disk { kind, bus, ..disk })
}

fn gpu(declared: &Gpu) -> Result<hardware::Gpu, ValueError> {
    let (vendor, generation) = (declared.vendor.clone(), declared.generation.clone());
    Ok(hardware::Gpu {
        device: Device { vendor, generation, ..Device::new() },
        memory: declared.memory.map(size).transpose()?,
        interconnection: declared.interconnection,
        processing_units: declared.processing_units,
        passthrough: declared.passthrough,
    })
}

pub(super) fn size(size: Size) -> Result<MemorySize, ValueError> {
    size.to_quantity()
}

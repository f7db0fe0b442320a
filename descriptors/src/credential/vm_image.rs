//! `gx:VMImage`: what a virtual machine can be started from, as declared.

use super::node_hardware::Provenance;
use super::server_flavor::size;
use super::{Base, Subject, described};
use crate::declaration::image::{self, Rights};
use crate::declaration::{self, Declaration};
use crate::gaia_x::hardware::{Cpu, Disk, Memory};
use crate::gaia_x::software::{
    CheckSum, Image, MaintenanceSubscription, OperatingSystem, Owner, SoftwareResource, VmImage,
};
use crate::gaia_x::value::{Licences, ValueError};
use crate::id::ImageId;
use crate::shape::{OneOrMore, Ref, Shape};

/// The class.
pub const CLASS: &str = VmImage::CLASS;

pub(crate) fn reference(base: &Base, image: &ImageId) -> Ref<VmImage> {
    Ref::to(id(base, image))
}

fn id(base: &Base, image: &ImageId) -> String {
    base.subject("image", image.as_str())
}

/// What is said of an image; nothing where a list is empty that [`Declaration::check`] calls a mistake.
pub fn subject(base: &Base, declaration: &Declaration, image: &declaration::image::Image) -> Option<Subject> {
    let shape = shape(declaration, image)?;
    let origin = declaration.origin;
    Some(Subject { node: shape.into_node(id(base, &image.id)), origin, provenance: Some(Provenance::Declared) })
}

fn shape(declaration: &Declaration, declared: &image::Image) -> Option<VmImage> {
    let name = declared.name.as_deref().unwrap_or(declared.id.as_str());
    let software = SoftwareResource {
        entity: described(name, declared.description.as_deref(), declaration.origin),
        check_sum: declared.checksum.as_ref().map(|sum| CheckSum::new(sum.algorithm, sum.value.as_str())),
        version: declared.version.clone(),
        build_date: declared.built_at,
        ..owned(&declared.rights)?
    };
    let operating_system = match &declared.operating_system {
        None => None,
        Some(system) => {
            let rights = system.rights.as_ref().unwrap_or(&declared.rights);
            let software = SoftwareResource { version: system.version.clone(), ..owned(rights)? };
            Some(OperatingSystem::new(software, system.distribution))
        }
    };
    let maintenance = declared
        .maintained_until
        .clone()
        .map(|until| MaintenanceSubscription { maintained_until: Some(until), ..MaintenanceSubscription::new() });
    let image = Image {
        operating_system,
        cpu_req: declared.architecture.map(|architecture| Cpu { architecture: Some(architecture), ..Cpu::new() }),
        secure_boot: declared.secure_boot,
        update_strategy: declared.update_strategy,
        maintenance,
        ..sized(declared, Image::new(software)).ok()?
    };
    Some(VmImage {
        disk_format: declared.disk_format,
        hypervisor: declared.hypervisor,
        firmware: declared.firmware,
        hw_rng_type: declared.hw_rng,
        ..VmImage::new(image)
    })
}

fn sized(declared: &image::Image, image: Image) -> Result<Image, ValueError> {
    Ok(Image {
        file_size: declared.file_size.map(size).transpose()?,
        ram_req: declared.minimum_ram.map(size).transpose()?.map(Memory::new),
        root_disk_req: declared.minimum_disk.map(size).transpose()?.map(Disk::new),
        ..image
    })
}

fn owned(rights: &Rights) -> Option<SoftwareResource> {
    let owners = rights.copyright_owned_by.iter().cloned().map(Owner::Name);
    let (first, others) = rights.licences.split_first()?;
    let licences = Licences { others: others.to_vec(), ..Licences::from(first.clone()) };
    let policies = OneOrMore::of("policy", rights.policies.iter().cloned()).ok()?;
    Some(SoftwareResource::new(OneOrMore::of("owner", owners).ok()?, licences, policies))
}

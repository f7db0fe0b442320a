//! `gx:VirtualMachineServiceOffering` and the storage offerings: what is offered on which terms, as declared.
//!
//! An offering of virtual machines refers to the flavors and images whose credentials are issued; a flavor that its nodes
//! refute is not offered, and an offering without any is not issued.

use std::collections::BTreeSet;

use super::node_hardware::Provenance;
use super::server_flavor::size;
use super::{Base, Subject, datacenter, described, legal_person, server_flavor, vm_image};
use crate::declaration::Declaration;
use crate::declaration::service::{
    self as declared, BlockStorage, FileStorage, ObjectStorage, Offer, Replication, Storage, VirtualMachines,
};
use crate::gaia_x::offering::{
    BlockStorageServiceOffering, FileStorageServiceOffering, ObjectStorageServiceOffering, StorageProperties,
    VirtualMachineServiceOffering,
};
use crate::gaia_x::policy::{
    AccessUsagePolicy, ContactInformation, DataAccountExport, DocumentClass, Endpoint, LegalDocument,
    StandardConformity, TermsAndConditions,
};
use crate::gaia_x::quantity::{RetentionDuration, TimeUnit};
use crate::gaia_x::service::{Host, ServiceOffering};
use crate::gaia_x::software::Encryption;
use crate::gaia_x::storage::{
    BlockStorageConfiguration, FileStorageConfiguration, ProtectionFrequency, ProtectionPolicy, ReplicationPolicy,
    StorageConfiguration,
};
use crate::gaia_x::value::{DocumentHash, Number};
use crate::id::{FlavorId, ServiceId};
use crate::node::Node;
use crate::shape::{OneOrMore, Ref, Shape};

/// The classes.
pub const CLASSES: [&str; 4] = [
    VirtualMachineServiceOffering::CLASS,
    BlockStorageServiceOffering::CLASS,
    ObjectStorageServiceOffering::CLASS,
    FileStorageServiceOffering::CLASS,
];

fn id(base: &Base, service: &ServiceId) -> String {
    base.subject("service-offering", service.as_str())
}

/// What is said of a service offering; `flavors` are those whose credentials are issued. Nothing where a list is empty that
/// [`Declaration::check`] calls a mistake, or where no flavor is left.
pub fn subject(
    base: &Base,
    declaration: &Declaration,
    service: &declared::ServiceOffering,
    flavors: &BTreeSet<&FlavorId>,
) -> Option<Subject> {
    let offering = offering(base, declaration, service)?;
    let id = id(base, &service.id);
    let node = match &service.offers {
        Offer::VirtualMachines(machines) => {
            self::machines(base, declaration, offering, machines, flavors)?.into_node(id)
        }
        Offer::BlockStorage(block) => self::block(offering, block)?.into_node(id),
        Offer::ObjectStorage(object) => self::object(offering, object)?.into_node(id),
        Offer::FileStorage(file) => self::file(offering, file)?.into_node(id),
    };
    Some(declared_subject(node, declaration))
}

fn declared_subject(node: Node, declaration: &Declaration) -> Subject {
    Subject { node, origin: declaration.origin, provenance: Some(Provenance::Declared) }
}

fn offering(base: &Base, declaration: &Declaration, service: &declared::ServiceOffering) -> Option<ServiceOffering> {
    let terms = service.terms_and_conditions.iter();
    let terms = terms.map(|terms| TermsAndConditions::new(terms.url.clone(), DocumentHash(terms.digest)));
    let policies = service.policies.iter();
    let exports = service.data_account_export.iter();
    let datacenters =
        declaration.regions.iter().flat_map(|region| &region.datacenters).map(|datacenter| &datacenter.id);
    let hosts = datacenters.filter(|id| service.datacenters.is_empty() || service.datacenters.contains(id));
    let name = service.name.as_deref().unwrap_or(service.id.as_str());
    Some(ServiceOffering {
        entity: described(name, service.description.as_deref(), declaration.origin),
        depends_on: service.depends_on.iter().map(|needed| Ref::to(id(base, needed))).collect(),
        policies: policies.map(|one| AccessUsagePolicy::new(one.language, one.document.as_str())).collect(),
        data_protection_regimes: service.data_protection_regimes.clone(),
        data_account_exports: exports
            .map(|one| DataAccountExport::new(one.request, one.access, one.format.clone()))
            .collect(),
        keywords: service.keywords.clone(),
        provision_type: service.provision_type,
        endpoint: match &service.endpoint {
            Some(endpoint) => Some(self::endpoint(endpoint)?),
            None => None,
        },
        hosted_on: hosts.map(|host| Host::Datacenter(Ref::to(datacenter::id(base, host)))).collect(),
        legal_documents: service.legal_documents.iter().map(document).collect(),
        contact: service.contact.as_ref().map(|contact| ContactInformation {
            email: contact.email.clone(),
            phone_number: contact.phone.clone(),
            ..ContactInformation::new(contact.url.clone())
        }),
        ..ServiceOffering::new(legal_person::reference(base, declaration), OneOrMore::of("document", terms).ok()?)
    })
}

fn endpoint(endpoint: &declared::Endpoint) -> Option<Endpoint> {
    let standards = endpoint.standards.iter().map(|one| StandardConformity::new(one.title.as_str(), one.url.clone()));
    let standards = OneOrMore::of("standard", standards).ok()?;
    Some(Endpoint { url: endpoint.url.clone(), ..Endpoint::new(standards) })
}

fn document(document: &declared::LegalDocument) -> LegalDocument {
    LegalDocument {
        kind: DocumentClass(document.kind),
        mime_types: document.formats.clone(),
        governing_law_countries: document.countries.clone(),
        ..LegalDocument::new(document.url.clone())
    }
}

fn machines(
    base: &Base,
    declaration: &Declaration,
    offering: ServiceOffering,
    machines: &VirtualMachines,
    issued: &BTreeSet<&FlavorId>,
) -> Option<VirtualMachineServiceOffering> {
    let images = declaration.images.iter().map(|image| &image.id);
    let images = images.filter(|image| machines.images.is_empty() || machines.images.contains(image));
    let images = OneOrMore::of("image", images.map(|image| vm_image::reference(base, image))).ok()?;
    let flavors = declaration.flavors.iter().map(|flavor| &flavor.id);
    let flavors = flavors.filter(|flavor| machines.flavors.is_empty() || machines.flavors.contains(flavor));
    let flavors = flavors.filter(|flavor| issued.contains(flavor));
    let flavors = OneOrMore::of("flavor", flavors.map(|flavor| server_flavor::reference(base, flavor))).ok()?;
    Some(VirtualMachineServiceOffering {
        tenant_separation: machines.tenant_separation,
        ..VirtualMachineServiceOffering::new(offering, images, flavors)
    })
}

fn configuration(storage: &Storage) -> Option<StorageConfiguration> {
    let encryption = storage.encryption.iter().map(|one| Encryption::new(one.cipher, one.key_management));
    let protection = match &storage.replication {
        Some(replication) => vec![self::replication(replication)?.into()],
        None => Vec::new(),
    };
    Some(StorageConfiguration {
        compression: storage.compression.clone(),
        redundancy_mechanisms: storage.redundancy.clone(),
        protection,
        ..StorageConfiguration::new(OneOrMore::of("encryption", encryption).ok()?)
    })
}

/// The ontology asks of replication too how often it happens and for how long it is kept: continuously, and as long as the
/// data, which is written as a day that begins anew each day.
fn replication(replication: &Replication) -> Option<ReplicationPolicy> {
    let day = RetentionDuration::new(Number::from(1), TimeUnit::Day);
    Some(ReplicationPolicy {
        synchronous: replication.synchronous,
        replicas: vec![replication.replicas],
        geo_replication: replication.across.clone(),
        ..ReplicationPolicy::new(ProtectionPolicy::new(ProtectionFrequency::Continuously, day))
    })
}

fn properties(offering: ServiceOffering, storage: &Storage) -> Option<StorageProperties> {
    Some(StorageProperties {
        minimum_size: storage.minimum_size.map(size).transpose().ok()?,
        maximum_size: storage.maximum_size.map(size).transpose().ok()?,
        versioning: storage.versioning,
        consistency: storage.consistency,
        ..StorageProperties::new(offering)
    })
}

fn block(offering: ServiceOffering, block: &BlockStorage) -> Option<BlockStorageServiceOffering> {
    let configuration = BlockStorageConfiguration {
        technologies: block.technologies.clone(),
        protocols: block.protocols.clone(),
        ..BlockStorageConfiguration::new(configuration(&block.storage)?)
    };
    Some(BlockStorageServiceOffering::new(properties(offering, &block.storage)?, configuration))
}

fn object(offering: ServiceOffering, object: &ObjectStorage) -> Option<ObjectStorageServiceOffering> {
    let (properties, configuration) = (properties(offering, &object.storage)?, configuration(&object.storage)?);
    Some(ObjectStorageServiceOffering {
        access_attributes: object.access.clone(),
        maximum_object_size: object.maximum_object_size.map(size).transpose().ok()?,
        api_compatibility: object.apis.clone(),
        ..ObjectStorageServiceOffering::new(properties, configuration)
    })
}

fn file(offering: ServiceOffering, file: &FileStorage) -> Option<FileStorageServiceOffering> {
    let configuration = FileStorageConfiguration {
        file_systems: file.file_systems.clone(),
        protocols: file.protocols.clone(),
        ..FileStorageConfiguration::new(configuration(&file.storage)?)
    };
    Some(FileStorageServiceOffering {
        access_attributes: file.access.clone(),
        ..FileStorageServiceOffering::new(properties(offering, &file.storage)?, configuration)
    })
}

//! Service offerings, as an operator lists them: virtual machines, and block, object and file storage.
//!
//! What is offered, on which terms: all of it is declared. Storage that is not encrypted has no description in the ontology.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::size::Size;
use crate::digest::Digest;
use crate::gaia_x::offering::{AccessAttribute, ObjectApi, TenantSeparation};
use crate::gaia_x::policy::{
    AccessType, DataProtectionRegime, DocumentKind, PolicyLanguage, ProvisionType, RequestType,
};
use crate::gaia_x::software::{Cipher, KeyManagement};
use crate::gaia_x::storage::{
    BlockAccessProtocol, BlockStorageTechnology, Compression, Consistency, FileAccessProtocol, FileSystemType,
    GeoReplication, RedundancyMechanism,
};
use crate::gaia_x::value::{CountryCode, MediaType, Url};
use crate::id::{DatacenterId, FlavorId, ImageId, ServiceId};

/// A service that is offered (Gaia-X `ServiceOffering`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceOffering {
    /// Its name in identifiers.
    pub id: ServiceId,
    /// The name that customers know it by; the identifier where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is offered.
    pub offers: Offer,
    /// The terms, at least one document.
    pub terms_and_conditions: Vec<Terms>,
    /// Who may do what with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// How customers get their data out again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_account_export: Vec<DataExport>,
    /// The laws of data protection that it keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_protection_regimes: Vec<DataProtectionRegime>,
    /// Words that it is found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// For whom it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provision_type: Option<ProvisionType>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The datacenters that it runs in; all where the list is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datacenters: Vec<DatacenterId>,
    /// The services that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ServiceId>,
    /// What stands in contracts and concepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal_documents: Vec<LegalDocument>,
    /// Where its provider is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// What is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Offer {
    /// Virtual machines (Gaia-X `VirtualMachineServiceOffering`).
    VirtualMachines(VirtualMachines),
    /// Volumes (Gaia-X `BlockStorageServiceOffering`).
    BlockStorage(BlockStorage),
    /// Objects (Gaia-X `ObjectStorageServiceOffering`).
    ObjectStorage(ObjectStorage),
    /// Files (Gaia-X `FileStorageServiceOffering`).
    FileStorage(FileStorage),
}

impl Offer {
    /// What every kind of storage says.
    pub fn storage(&self) -> Option<&Storage> {
        match self {
            Self::VirtualMachines(_) => None,
            Self::BlockStorage(block) => Some(&block.storage),
            Self::ObjectStorage(object) => Some(&object.storage),
            Self::FileStorage(file) => Some(&file.storage),
        }
    }

    /// As it is written.
    pub fn member(&self) -> &'static str {
        match self {
            Self::VirtualMachines(_) => "virtual_machines",
            Self::BlockStorage(_) => "block_storage",
            Self::ObjectStorage(_) => "object_storage",
            Self::FileStorage(_) => "file_storage",
        }
    }
}

/// Virtual machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VirtualMachines {
    /// The images to choose from; all where the list is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageId>,
    /// The flavors to choose from; all where the list is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flavors: Vec<FlavorId>,
    /// What keeps tenants apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_separation: Option<TenantSeparation>,
}

/// What every kind of storage says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// How the data are encrypted, at least one way.
    pub encryption: Vec<Encryption>,
    /// How the loss of a disk is survived. `Other` for replication.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redundancy: Vec<RedundancyMechanism>,
    /// How the data are kept several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<Replication>,
    /// How they are made smaller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compression: Vec<Compression>,
    /// The least that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_size: Option<Size>,
    /// The most that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_size: Option<Size>,
    /// Whether earlier versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<bool>,
    /// What readers of data that were just written see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

/// A way of encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// The cipher.
    pub cipher: Cipher,
    /// Who holds the keys.
    pub key_management: KeyManagement,
}

/// Data are kept several times, all the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// How many times.
    pub replicas: u32,
    /// Whether a write is answered only when all have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchronous: Option<bool>,
    /// How far the replicas are apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub across: Vec<GeoReplication>,
}

/// Volumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockStorage {
    /// What every kind of storage says.
    pub storage: Storage,
    /// What the blocks lie on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub technologies: Vec<BlockStorageTechnology>,
    /// How they are reached. `Other` for RBD and iSCSI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<BlockAccessProtocol>,
}

/// Objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectStorage {
    /// What every kind of storage says.
    pub storage: Storage,
    /// The interfaces that it speaks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<ObjectApi>,
    /// What may be done with objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessAttribute>,
    /// The largest object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_object_size: Option<Size>,
}

/// Files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileStorage {
    /// What every kind of storage says.
    pub storage: Storage,
    /// The file systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_systems: Vec<FileSystemType>,
    /// How files are reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<FileAccessProtocol>,
    /// What may be done with files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessAttribute>,
}

/// Terms, and what proves that they are still the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Where the document is.
    pub url: Url,
    /// Its SHA-256: `sha256:` and 64 hexadecimal digits.
    #[schemars(with = "String")]
    pub digest: Digest,
}

/// Who may do what with a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The language it is written in.
    pub language: PolicyLanguage,
    /// The policy, or its address.
    pub document: String,
}

/// How customers get their data out again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataExport {
    /// How it is asked for.
    pub request: RequestType,
    /// How it is handed over.
    pub access: AccessType,
    /// In which format: `application/gzip`.
    pub format: MediaType,
}

/// Where a service is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The standards that it keeps, at least one.
    pub standards: Vec<Standard>,
}

/// A standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// Its title.
    pub title: String,
    /// Where it is.
    pub url: Url,
}

/// A legal document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalDocument {
    /// What it is, as a class of the ontology: `gx:ServiceAgreementOffer`.
    #[serde(default)]
    pub kind: DocumentKind,
    /// Where it is.
    pub url: Url,
    /// The countries by whose law it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<CountryCode>,
    /// In which formats it can be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<MediaType>,
}

/// Where a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The page.
    pub url: Url,
    /// An address of electronic mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

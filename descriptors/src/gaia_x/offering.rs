//! Offerings of computing, storage and networks.

use super::hardware::ServerFlavor;
use super::network::{ConnectivityConfiguration, IpVersion, PublicIpProvisioning};
use super::quantity::MemorySize;
use super::service::ServiceOffering;
use super::software::{PxeImage, VmImage};
use super::storage::{BlockStorageConfiguration, Consistency, FileStorageConfiguration, Qos, StorageConfiguration};
use crate::shape::{OneOrMore, Ref, shapes, words};

shapes! {
    /// Virtual machines.
    VirtualMachineServiceOffering: "gx:VirtualMachineServiceOffering" {
        service: ServiceOffering = ..,
        images: OneOrMore<Ref<VmImage>> = "gx:codeArtifact",
        flavors: OneOrMore<Ref<ServerFlavor>> = "gx:instantiationReq",
        --
        tenant_separation: Option<TenantSeparation> = "gx:tenantSeparation",
    }

    /// Bare machines.
    BareMetalServiceOffering: "gx:BareMetalServiceOffering" {
        service: ServiceOffering = ..,
        images: OneOrMore<Ref<PxeImage>> = "gx:codeArtifact",
        flavors: OneOrMore<Ref<ServerFlavor>> = "gx:instantiationReq",
        --
        tenant_separation: Option<TenantSeparation> = "gx:tenantSeparation",
    }

    /// What every storage offering may say beside its configuration; described as block, object or file storage.
    StorageProperties: "gx:StorageServiceOffering" {
        service: ServiceOffering = ..,
        --
        minimum_size: Option<MemorySize> = "gx:minimumSize",
        maximum_size: Option<MemorySize> = "gx:maximumSize",
        /// Hours after the last access until data are moved or deleted.
        lifetime_management: Option<u32> = "gx:lifetimeManagement",
        versioning: Option<bool> = "gx:versioning",
        consistency: Option<Consistency> = "gx:storageConsistency",
        data_views: Option<bool> = "gx:dataViews",
        multiple_views: Option<bool> = "gx:multipleViews",
    }

    /// Volumes.
    BlockStorageServiceOffering: "gx:BlockStorageServiceOffering" {
        storage: StorageProperties = ..,
        configuration: BlockStorageConfiguration = "gx:storageConfiguration",
        --
    }

    /// Objects.
    ObjectStorageServiceOffering: "gx:ObjectStorageServiceOffering" {
        storage: StorageProperties = ..,
        configuration: StorageConfiguration = "gx:storageConfiguration",
        --
        access_attributes: Vec<AccessAttribute> = "gx:accessAttributes",
        maximum_object_size: Option<MemorySize> = "gx:maximumObjectSize",
        api_compatibility: Vec<ObjectApi> = "gx:objectAPICompatibility",
    }

    /// Files.
    FileStorageServiceOffering: "gx:FileStorageServiceOffering" {
        storage: StorageProperties = ..,
        configuration: FileStorageConfiguration = "gx:storageConfiguration",
        --
        access_semantics: Option<bool> = "gx:accessSemantics",
        access_attributes: Vec<AccessAttribute> = "gx:accessAttributes",
    }

    /// Networks.
    NetworkConnectivityServiceOffering: "gx:NetworkConnectivityServiceOffering" {
        service: ServiceOffering = ..,
        configurations: OneOrMore<ConnectivityConfiguration> = "gx:connectivityConfiguration",
        --
        service_type: Option<String> = "gx:serviceType",
        public_ip_provisioning: Option<PublicIpProvisioning> = "gx:publicIpAddressProvisioning",
        ip_version: Option<IpVersion> = "gx:ipVersion",
        tenant_separation: Option<TenantSeparation> = "gx:tenantSeparation",
        qos: Option<Qos> = "gx:connectivityQoS",
    }
}

words! {
    /// What keeps tenants apart.
    TenantSeparation {
        HardwareVirtualized = "hw-virtualized",
        SoftwareVirtualized = "sw-virtualized",
        OsVirtualized = "os-virtualized",
        OsHardwareVirtualized = "os-hw-virtualized",
        HardwarePartitioned = "hw-partitioned",
        Physical = "physical",
    }

    /// What may be done with stored data.
    AccessAttribute {
        ReadOnly = "Read-Only",
        ReadWrite = "Read-Write",
        AppendOnly = "Append-Only",
    }

    /// Interfaces of object storage.
    ObjectApi {
        Swift = "Swift",
        Cdmi = "CDMI",
        S3 = "S3",
        AzureBlob = "Azure-Blob",
        CloudStorage = "CloudStorage",
    }
}

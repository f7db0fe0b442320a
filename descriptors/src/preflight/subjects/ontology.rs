//! The part of the Gaia-X ontology 25.11 that the rules without shapes know. The shapes know all of it.

/// A class with what its shape lists and requires.
pub(super) struct Class {
    pub(super) name: &'static str,
    /// `None` when it is not listed here.
    pub(super) allowed: Option<&'static [&'static str]>,
    pub(super) required: &'static [&'static str],
}

const fn requires(name: &'static str, required: &'static [&'static str]) -> Class {
    Class { name, allowed: None, required }
}

const STORAGE: &[&str] = &["gx:storageEncryption"];
const OFFERING: &[&str] = &["gx:providedBy", "gx:serviceOfferingTermsAndConditions"];

pub(super) const CLASSES: &[Class] = &[
    Class {
        name: "AvailabilityZone",
        allowed: Some(&["gx:address", "gx:aggregationOfResources", "schema:name", "schema:description"]),
        required: &[],
    },
    Class {
        name: "Region",
        allowed: Some(&["gx:address", "gx:aggregationOfResources", "schema:name", "schema:description"]),
        required: &["gx:aggregationOfResources"],
    },
    Class {
        name: "LegalPerson",
        allowed: Some(&[
            "gx:registrationNumber",
            "gx:legalAddress",
            "gx:headquartersAddress",
            "gx:parentOrganizationOf",
            "gx:subOrganisationOf",
            "schema:name",
            "schema:description",
        ]),
        required: &["gx:registrationNumber", "gx:legalAddress", "gx:headquartersAddress"],
    },
    Class { name: "Issuer", allowed: Some(&["gx:gaiaxTermsAndConditions"]), required: &["gx:gaiaxTermsAndConditions"] },
    requires("Datacenter", &["gx:maintainedBy", "gx:aggregationOfResources", "gx:location"]),
    requires("Address", &["gx:countryCode"]),
    requires("ServerFlavor", &["gx:cpu", "gx:memory", "gx:bootVolume"]),
    requires("CpuCapabilities", &["gx:pCPU", "gx:vCPUs"]),
    requires("VirtualMachineServiceOffering", &["gx:codeArtifact", "gx:instantiationReq"]),
    requires("VirtualMachineServiceOffering", OFFERING),
    requires("BlockStorageServiceOffering", OFFERING),
    requires("ObjectStorageServiceOffering", OFFERING),
    requires("FileStorageServiceOffering", OFFERING),
    requires("StorageConfiguration", STORAGE),
    requires("BlockStorageConfiguration", STORAGE),
    requires("FileStorageConfiguration", STORAGE),
];

/// Properties whose value is another node.
pub(super) const REFERENCES: &[&str] = &[
    "aggregationOfResources",
    "codeArtifact",
    "connectivityConfiguration",
    "dependsOn",
    "hostedOn",
    "instantiationReq",
    "involvedParties",
    "maintainedBy",
    "manufacturedBy",
    "operatingSystem",
    "ownedBy",
    "parentOrganizationOf",
    "providedBy",
    "refersTo",
    "registrationNumber",
    "storageConfiguration",
    "storageProtection",
    "subOrganisationOf",
];

/// Properties whose value is an address on the web.
pub(super) const URLS: &[&str] = &["attestationServiceURI", "endpointURL", "standardReference", "url"];

/// Properties of `xsd:float`, as they are written.
pub(super) const FLOATS: &[&str] =
    &["qudt:quantityValue", "gx:hourlyCarbonFreeEnergy", "gx:powerUsageEffectiveness", "gx:renewableEnergy"];

/// Properties of `xsd:integer`.
pub(super) const INTEGERS: &[&str] = &[
    "defaultOversubscriptionRatio",
    "gpuProcessingUnits",
    "lifetimeManagement",
    "numberOfCores",
    "numberOfThreads",
    "portNumber",
    "replicaNumber",
    "supportedOversubscriptionRatio",
    "vCPUs",
];

/// The hash that wizards and clients write first; the other one is allowed by the shape.
pub(super) const TERMS_AND_CONDITIONS: [&str; 2] = [
    "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3",
    "067dcac5efd18c1927deb1ffed3feab6d0ad044c0a9a263e6d5d8bdc43224515",
];

const RNG: &[&str] = &["Electrical noise", "Chaos-based", "Free-running oscillators", "Quantum", "Unavailable"];
const CONSISTENCY: &[&str] = &["Strong", "Session", "Eventual", "Bounded-Staleness", "Other"];

/// Enumerations by property.
pub(super) const ENUMERATIONS: &[(&str, &[&str])] = &[
    ("blockStorageTechnology", &["HDD", "SSD", "Optane"]),
    ("cipher", &["RSA", "AES", "3DES", "Blowfish", "Twofish", "SDA", "other"]),
    ("consistencyType", CONSISTENCY),
    ("cpuArchitecture", &["x86-32", "x86-64", "AArch-32", "AArch-64", "RISC-V", "Other"]),
    ("diskBusType", &["SATA", "PATA", "SCSI", "SAS", "NVMe", "other"]),
    (
        "diskType",
        &["local HDD", "local SSD", "magnetic hard drive", "hybrid hard drive", "shared network storage", "other"],
    ),
    ("firmwareType", &["BIOS", "UEFI", "other"]),
    ("geoReplication", &["Cross-Region", "Cross-DC", "Cross-AZ"]),
    ("hwRngTypeOfFlavor", RNG),
    ("hwRngTypeOfImage", RNG),
    ("hypervisorType", &["quemu", "KVM", "Xen", "ESXi", "Hyper-V", "Cloud Hypervisor", "other"]),
    ("keyManagement", &["BYOK", "HYOK", "managed"]),
    ("labelLevel", &["SC", "L1", "L2", "L3"]),
    ("lowLevelBlockAccessProtocol", &["FCP", "FCoE", "Infiniband", "SAS", "SATA", "NVME", "Other"]),
    ("objectAPICompatibility", &["Swift", "CDMI", "S3", "Azure-Blob", "CloudStorage"]),
    ("protectionFrequency", &["Hourly", "Daily", "Weekly", "Monthly", "Continuously", "OnDemand"]),
    ("protectionMethod", &["Full-Copy", "Incremental"]),
    ("provisionType", &["private", "public", "hybrid"]),
    ("storageConsistency", CONSISTENCY),
    (
        "storageRedundancyMechanism",
        &["RAID0", "RAID1", "RAID2", "RAID3", "RAID4", "RAID5", "RAID6", "HybridRAID", "RS_Code", "Other"],
    ),
    (
        "tenantSeparation",
        &["hw-virtualized", "sw-virtualized", "os-virtualized", "os-hw-virtualized", "hw-partitioned", "physical"],
    ),
];

//! One small and one full subject of every Gaia-X class, for golden files and for validators that are not ours.
//!
//! The small one says what the shape requires and nothing else, the full one everything that the type allows. What they
//! refer to is among them, because a validator looks at the class of what is referred to.

use std::num::NonZeroU32;

use descriptors::digest::Digest;
use descriptors::gaia_x::hardware::*;
use descriptors::gaia_x::network::*;
use descriptors::gaia_x::offering::*;
use descriptors::gaia_x::participant::*;
use descriptors::gaia_x::place::*;
use descriptors::gaia_x::policy::*;
use descriptors::gaia_x::quantity::*;
use descriptors::gaia_x::service::*;
use descriptors::gaia_x::software::*;
use descriptors::gaia_x::storage::*;
use descriptors::gaia_x::value::*;
use descriptors::gaia_x::{Entity, Resource};
use descriptors::node::Node;
use descriptors::shape::{InDevelopment, OneOrMore, Ref, Shape};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Every specimen with its file name, in an order in which what is referred to need not come first.
pub(crate) fn all() -> Result<Vec<(String, Node)>, Failure> {
    let mut specimens = Vec::new();
    participants(&mut specimens)?;
    places(&mut specimens)?;
    machines(&mut specimens)?;
    services(&mut specimens)?;
    Ok(specimens)
}

fn id(name: &str) -> String {
    format!("https://cloud.example/subjects/{name}")
}

fn to<T>(name: &str) -> Result<Ref<T>, Failure> {
    Ok(Ref::new(id(name))?)
}

fn add<T: Shape>(specimens: &mut Vec<(String, Node)>, size: &str, subject: T) {
    let class = T::CLASS.rsplit([':', '/']).next().unwrap_or(T::CLASS);
    let name = format!("{class}-{size}");
    specimens.push((name.clone(), subject.into_node(id(&name))));
}

fn count(number: u32) -> Result<NonZeroU32, Failure> {
    Ok(NonZeroU32::try_from(number)?)
}

fn entity(name: &str) -> Entity {
    Entity {
        label: InDevelopment(Some(format!("label of {name}"))),
        ..Entity::named(name, Some("With \"quotes\", a tab\t, and beyond: \u{1F5A7} ß".to_owned()))
    }
}

fn small_address() -> Result<Address, Failure> {
    Ok(Address::new(CountryCode::new("DE")?))
}

fn full_address() -> Result<Address, Failure> {
    let unit = |degrees| -> Result<Angle, Failure> {
        Ok(Angle::Unit(GpsUnit {
            minutes: Some(Sixtieths::new(3)?),
            seconds: Some(Sixtieths::new(59)?),
            decimals: Some(Fraction::new(0.25)?),
            ..GpsUnit::new(Degrees::new(degrees)?)
        }))
    };
    let text = GpsLocation {
        altitude: Some("112".to_owned()),
        crs: Some(ReferenceSystem::new("CRS84")?),
        ..GpsLocation::new(Angle::latitude(51.05089)?, Angle::longitude(13.73832)?)
    };
    Ok(Address {
        country_name: Some("Germany".to_owned()),
        gps: vec![text, GpsLocation::new(unit(51)?, unit(-13)?)],
        street_address: Some("Beispielstr. 1".to_owned()),
        postal_code: Some("01069".to_owned()),
        locality: Some("Dresden".to_owned()),
        region: Some(Nuts2::new("DED2")?),
        ..small_address()?
    })
}

fn participants(specimens: &mut Vec<(String, Node)>) -> Result<(), Failure> {
    let germany = CountryCode::new("DE")?;
    let vat = VatId { country_code: Some(germany), ..VatId::new("DE123456789") };
    let lei = LeiCode {
        country_code: Some(germany),
        subdivision_country_code: Some(SubdivisionCode::new("DE-SN")?),
        ..LeiCode::new("529900EXAMPLE0000073")
    };
    let eori = Eori {
        country: Some("Germany".to_owned()),
        country_code: InDevelopment(Some(germany)),
        ..Eori::new("DE1234567")
    };
    let company =
        CountryCompanyNumber { qualifier: Some("HRB".to_owned()), ..CountryCompanyNumber::new("12345", germany) };
    let numbers: [RegistrationNumber; 7] = [
        vat.clone().into(),
        lei.clone().into(),
        eori.clone().into(),
        Euid::new("DEK1101R.HRB12345").into(),
        TaxId::new("201/123/12340").into(),
        LocalRegistrationNumber::new("HRB 12345").into(),
        company.clone().into(),
    ];
    let confirmed = to("VatID-small")?;
    add(
        specimens,
        "small",
        LegalPerson::new(RegistrationNumber::Elsewhere(confirmed.clone()), small_address()?, small_address()?),
    );
    let full = LegalPerson {
        entity: entity("Example Cloud GmbH"),
        parent_organization_of: vec![to("LegalPerson-small")?],
        sub_organisation_of: vec![to("LegalPerson-small")?],
        ..LegalPerson::new(
            OneOrMore::new(RegistrationNumber::Elsewhere(confirmed), numbers),
            full_address()?,
            full_address()?,
        )
    };
    add(specimens, "full", full);
    add(specimens, "small", VatId::new("DE123456789"));
    add(specimens, "full", vat);
    add(specimens, "small", LeiCode::new("529900EXAMPLE0000073"));
    add(specimens, "full", lei);
    add(specimens, "small", Eori::new("DE1234567"));
    add(specimens, "full", eori);
    add(specimens, "small", CountryCompanyNumber::new("12345", germany));
    add(specimens, "full", company);
    add(specimens, "full", Euid::new("DEK1101R.HRB12345"));
    add(specimens, "full", TaxId::new("201/123/12340"));
    add(specimens, "full", LocalRegistrationNumber::new("HRB 12345"));
    add(specimens, "full", Issuer::new(IssuerTerms::CURRENT));
    Ok(())
}

fn document() -> Result<LegalDocument, Failure> {
    Ok(LegalDocument {
        kind: DocumentClass(DocumentKind::CustomerDataProcessingTerms),
        mime_types: vec![MediaType::new("application/pdf")?],
        governing_law_countries: vec![CountryCode::new("DE")?, CountryCode::new("FR")?],
        involved_parties: vec![to("LegalPerson-small")?],
        ..plain_document()?
    })
}

fn plain_document() -> Result<LegalDocument, Failure> {
    Ok(LegalDocument::new(Url::new("https://cloud.example/document.pdf")?))
}

struct Physical {
    energy: EnergyUsageEfficiency,
    water: WaterUsageEffectiveness,
    mix: EnergyMix,
}

fn physical() -> Result<Physical, Failure> {
    Ok(Physical {
        energy: EnergyUsageEfficiency {
            certifications: vec![document()?],
            ..EnergyUsageEfficiency::new(PowerUsage::new(1.25)?)
        },
        water: WaterUsageEffectiveness {
            certifications: vec![plain_document()?],
            ..WaterUsageEffectiveness::new(WaterUsage::new(0.2)?)
        },
        mix: EnergyMix::new(Date::new("2026-01-01")?, EnergyShare::new(87.5)?, EnergyShare::new(60.0)?),
    })
}

fn places(specimens: &mut Vec<(String, Node)>) -> Result<(), Failure> {
    let person = || to::<LegalPerson>("LegalPerson-small");
    let zone = || to::<Resource>("AvailabilityZone-small");
    add(specimens, "small", AvailabilityZone::new());
    let full = AvailabilityZone {
        entity: entity("zone"),
        address: Some(full_address()?),
        resources: vec![to("PhysicalResource-small")?],
    };
    add(specimens, "full", full);
    add(specimens, "small", Datacenter::new(person()?, small_address()?, to("AvailabilityZone-small")?));
    let Physical { energy, water, mix } = physical()?;
    let zones = OneOrMore::new(to("AvailabilityZone-small")?, [to("AvailabilityZone-full")?]);
    let full = Datacenter {
        entity: entity("datacenter"),
        owned_by: vec![person()?],
        manufactured_by: vec![person()?],
        energy_usage_efficiency: Some(energy.clone()),
        water_usage_effectiveness: Some(water.clone()),
        energy_mix: vec![mix.clone()],
        ..Datacenter::new(person()?, OneOrMore::new(full_address()?, [small_address()?]), zones)
    };
    add(specimens, "full", full);
    add(specimens, "small", Region::new(to("Datacenter-small")?));
    let datacenters = OneOrMore::new(to("Datacenter-small")?, [to("Datacenter-full")?]);
    add(
        specimens,
        "full",
        Region { entity: entity("region"), address: Some(full_address()?), ..Region::new(datacenters) },
    );
    add(specimens, "small", PhysicalResource::new(person()?, small_address()?));
    let full = PhysicalResource {
        entity: entity("rack"),
        resources: vec![zone()?],
        owned_by: vec![person()?],
        manufactured_by: vec![person()?],
        energy_usage_efficiency: Some(energy),
        water_usage_effectiveness: Some(water),
        energy_mix: vec![mix],
        ..PhysicalResource::new(person()?, full_address()?)
    };
    add(specimens, "full", full);
    add(specimens, "small", DatacenterAllocation::new(to("Datacenter-small")?));
    let full = DatacenterAllocation {
        floor: Some("2".to_owned()),
        rack_number: Some("r11".to_owned()),
        patch_panel: Some("p3".to_owned()),
        port_number: Some(48),
        ..DatacenterAllocation::new(to("Datacenter-full")?)
    };
    add(specimens, "full", full);
    Ok(())
}

fn gib(size: u32) -> MemorySize {
    MemorySize::new(size, MemoryUnit::GibiByte)
}

fn device() -> Result<Device, Failure> {
    Ok(Device {
        vendor: Some("Example".to_owned()),
        generation: Some("4".to_owned()),
        default_oversubscription_ratio: Some(count(2)?),
        supported_oversubscription_ratio: Some(count(4)?),
    })
}

fn cpu() -> Result<Cpu, Failure> {
    let gigahertz =
        |value| -> Result<Frequency, Failure> { Ok(Frequency::new(Number::new(value)?, FrequencyUnit::GigaHertz)) };
    Ok(Cpu {
        device: device()?,
        architecture: Some(CpuArchitecture::X86_64),
        flags: ["aes", "rdrand", "rdseed"].map(str::to_owned).to_vec(),
        smt_enabled: Some(true),
        cores: Some(count(64)?),
        threads: Some(count(128)?),
        base_frequency: Some(gigahertz(2.45)?),
        boost_frequency: Some(gigahertz(3.5)?),
        last_level_cache_size: Some(MemorySize::new(256, MemoryUnit::MebiByte)),
        thermal_design_power: Some(Power::new(280, PowerUnit::Watt)),
    })
}

fn memory() -> Result<Memory, Failure> {
    Ok(Memory {
        device: device()?,
        class: Some(MemoryClass::Ddr5),
        rank: Some(MemoryRank::TwoRanks),
        ecc_enabled: Some(true),
        hardware_encryption: Some(false),
        ..Memory::new(gib(16))
    })
}

fn disk() -> Result<Disk, Failure> {
    Ok(Disk {
        device: device()?,
        kind: Some(DiskType::SharedNetworkStorage),
        bus: Some(DiskBus::Other),
        ..Disk::new(gib(100))
    })
}

fn gpu() -> Result<Gpu, Failure> {
    Ok(Gpu {
        device: device()?,
        memory: Some(gib(80)),
        interconnection: Some(GpuInterconnection::NvLink),
        processing_units: Some(count(108)?),
        passthrough: Some(true),
    })
}

fn plain_software() -> Result<SoftwareResource, Failure> {
    let owner = Owner::Name("The contributors".to_owned());
    Ok(SoftwareResource::new(owner, SpdxId::new("GPL-2.0-only")?, "default: allow intent".to_owned()))
}

fn software(name: &str) -> Result<SoftwareResource, Failure> {
    let owners =
        OneOrMore::new(Owner::Name("The contributors".to_owned()), [Owner::Participant(to("LegalPerson-small")?)]);
    let licences = Licences {
        first: SpdxId::new("GPL-2.0-only")?,
        others: vec![SpdxId::new("MIT")?],
        addresses: vec![Url::new("https://cloud.example/licence")?],
    };
    Ok(SoftwareResource {
        entity: entity(name),
        check_sum: Some(CheckSum::new(HashAlgorithm::Sha256, Digest::of(b"image").hex())),
        signature: Some(Signature::new("c2lnbmF0dXJl", HashAlgorithm::Sha512, SignatureAlgorithm::Ecdsa)),
        version: Some("8.2.2".to_owned()),
        patch_level: Some("3".to_owned()),
        build_date: Some("2026-11-01T00:00:00Z".parse()?),
        resources: vec![to("PhysicalResource-small")?],
        ..SoftwareResource::new(owners, licences, "default: allow intent".to_owned())
    })
}

fn image(name: &str) -> Result<Image, Failure> {
    Ok(Image {
        file_size: Some(gib(2)),
        operating_system: Some(OperatingSystem::new(software("Ubuntu")?, OsDistribution::Ubuntu)),
        cpu_req: Some(cpu()?),
        gpu_req: Some(gpu()?),
        ram_req: Some(memory()?),
        video_ram_size: Some(MemorySize::new(64, MemoryUnit::MebiByte)),
        root_disk_req: Some(disk()?),
        encryption: Some(Encryption::new(Cipher::Aes, KeyManagement::BringYourOwn)),
        secure_boot: Some(true),
        vpmu: Some(false),
        multi_queues: Some(true),
        update_strategy: Some(UpdateStrategy::MinimalDowntime),
        licence_included: Some(false),
        maintenance: Some(MaintenanceSubscription {
            included: Some(true),
            required: Some(false),
            maintained_until: Some(Date::new("2029-04-30")?),
        }),
        ..Image::new(software(name)?)
    })
}

fn machines(specimens: &mut Vec<(String, Node)>) -> Result<(), Failure> {
    let small = |vcpus| -> Result<ServerFlavor, Failure> {
        let cpu = CpuCapabilities::new(Cpu::new(), count(vcpus)?);
        Ok(ServerFlavor::new(cpu, MemoryCapabilities::new(Memory::new(gib(4))), Disk::new(gib(20))))
    };
    add(specimens, "small", small(1)?);
    let processors = CpuCapabilities {
        over_provisioning_ratio: Some(CpuRatio(count(3)?)),
        ..CpuCapabilities::new(cpu()?, count(4)?)
    };
    let memories = MemoryCapabilities {
        over_provisioning_ratio: Some(MemoryRatio::new(1.5)?),
        ..MemoryCapabilities::new(memory()?)
    };
    let full = ServerFlavor {
        entity: entity("SCS-4V-16-100s"),
        gpu: Some(gpu()?),
        network: Some("25 Gbit/s".to_owned()),
        additional_volumes: vec![disk()?, Disk::new(gib(50))],
        confidential_computing: Some(ConfidentialComputing {
            attestation_service: Some(Url::new("https://attest.cloud.example/v1?tenant=a")?),
            ..ConfidentialComputing::new("AMD SEV-SNP")
        }),
        hypervisor: Some(Hypervisor::new(software("QEMU")?, HypervisorType::Kvm)),
        hardware_assisted_virtualization: Some(true),
        hw_rng_type: Some(HwRngType::ElectricalNoise),
        ..ServerFlavor::new(processors, memories, disk()?)
    };
    add(specimens, "full", full);
    add(specimens, "small", Hypervisor::new(plain_software()?, HypervisorType::Qemu));
    add(specimens, "full", Hypervisor::new(software("QEMU")?, HypervisorType::Kvm));
    add(specimens, "small", OperatingSystem::new(plain_software()?, OsDistribution::Debian));
    add(specimens, "full", OperatingSystem::new(software("Debian")?, OsDistribution::Debian));
    add(specimens, "small", VmImage::new(Image::new(plain_software()?)));
    let full = VmImage {
        disk_format: Some(VmDiskFormat::Qcow2),
        hypervisor: Some(HypervisorType::Kvm),
        firmware: Some(FirmwareType::Uefi),
        hw_rng_type: Some(HwRngType::Unavailable),
        watch_dog_action: Some(WatchDogAction::Reset),
        ..VmImage::new(image("Ubuntu 24.04")?)
    };
    add(specimens, "full", full);
    add(specimens, "small", PxeImage::new(Image::new(plain_software()?)));
    let full = PxeImage { disk_format: Some(PxeDiskFormat::Iso), ..PxeImage::new(image("Installer")?) };
    add(specimens, "full", full);
    Ok(())
}

fn terms() -> Result<TermsAndConditions, Failure> {
    Ok(TermsAndConditions::new(Url::new("https://cloud.example/terms")?, DocumentHash(Digest::of(b"terms"))))
}

fn plain_service() -> Result<ServiceOffering, Failure> {
    Ok(ServiceOffering::new(to("LegalPerson-small")?, terms()?))
}

fn service(name: &str) -> Result<ServiceOffering, Failure> {
    let export = DataAccountExport::new(RequestType::Api, AccessType::Digital, MediaType::new("application/gzip")?);
    let standard = StandardConformity {
        publisher: Some("OpenInfra Foundation".to_owned()),
        ..StandardConformity::new("OpenStack Compute API", Url::new("https://docs.openstack.org/api-ref/compute/")?)
    };
    let endpoint = Endpoint {
        url: Some(Url::new("https://compute.cloud.example/")?),
        formal_description: Some("openapi".to_owned()),
        ..Endpoint::new(standard)
    };
    Ok(ServiceOffering {
        entity: entity(name),
        resources: vec![to("VMImage-small")?],
        depends_on: vec![to("ServiceOffering-small")?],
        policies: vec![AccessUsagePolicy::new(PolicyLanguage::Rego, "default allow = true")],
        data_protection_regimes: vec![DataProtectionRegime::Gdpr2016],
        data_account_exports: vec![export],
        keywords: vec!["sovereign".to_owned(), "iaas".to_owned()],
        provision_type: Some(ProvisionType::Public),
        endpoint: Some(endpoint),
        hosted_on: vec![
            Host::Datacenter(to("Datacenter-small")?),
            Host::Physical(to("PhysicalResource-small")?),
            Host::Virtual(to("VMImage-small")?),
        ],
        scope: Some("one region".to_owned()),
        ..paperwork(plain_service()?)?
    })
}

fn paperwork(service: ServiceOffering) -> Result<ServiceOffering, Failure> {
    let contact = ContactInformation {
        postal_address: Some(full_address()?),
        email: Some("contact@cloud.example".to_owned()),
        phone_number: Some("+49 351 0000000".to_owned()),
        ..ContactInformation::new(Url::new("https://cloud.example/contact")?)
    };
    let url = || Url::new("https://cloud.example/portability");
    let portability = DataPortability {
        contact: Some(contact.clone()),
        ..DataPortability::new(
            "volumes",
            "download".to_owned(),
            url()?,
            plain_document()?,
            "overwriting".to_owned(),
            "30 days",
            OneOrMore::new("RAW".to_owned(), ["QCOW2".to_owned()]),
            url()?,
        )
    };
    let sub_contractor = SubContractor::new(
        CountryCode::new("DE")?,
        "Sub GmbH",
        OneOrMore::new(CommunicationMethod::Text("by letter".to_owned()), [plain_document()?.into()]),
        OneOrMore::new(InformationDocument::Url(url()?), [document()?.into()]),
    );
    Ok(ServiceOffering {
        legal_documents: vec![document()?, plain_document()?],
        sub_contractors: vec![sub_contractor],
        customer_instructions: vec![CustomerInstructions::new(document()?, plain_document()?)],
        data_portability: vec![portability],
        personal_data_transfers: vec![DataTransfer::new("support", "contact data")],
        measures: vec![Measure::new("access control", document()?)],
        cryptographic_standards: vec![CryptographicStandard::Rfc8446],
        contact: Some(contact),
        ..service
    })
}

fn rate<T>(value: u32, make: impl FnOnce(DataRate) -> T, unit: DataRateUnit) -> T {
    make(DataRate::new(value, unit))
}

fn qos() -> Result<Qos, Failure> {
    let milliseconds = |value: u32| Time::new(value, TimeUnit::MilliSecond);
    let guaranteed = Some(Percentage::new(99.5)?);
    let share = |value| -> Result<Number, Failure> { Ok(Number::new(value)?) };
    Ok(Qos {
        throughput: Some(Throughput { guaranteed, ..rate(400, Throughput::new, DataRateUnit::MegaBytePerSecond) }),
        iops: Some(Iops { guaranteed, ..rate(3000, Iops::new, DataRateUnit::OperationPerSecond) }),
        bandwidth: Some(BandWidth { guaranteed, ..rate(10, BandWidth::new, DataRateUnit::GigaBitPerSecond) }),
        round_trip_time: Some(RoundTripTime { guaranteed, ..RoundTripTime::new(milliseconds(2)) }),
        availability: Some(Availability { guaranteed, ..Availability::new(Time::new(8760, TimeUnit::Hour)) }),
        packet_loss: Some(PacketLoss {
            guaranteed,
            ..PacketLoss::new(LostPackets::new(share(0.01)?, ShareUnit::Percent))
        }),
        jitter: Some(Jitter { guaranteed, ..Jitter::new(milliseconds(1)) }),
        latency: Some(Latency { guaranteed, ..Latency::new(milliseconds(1)) }),
        target_percentile: Some(TargetPercentile {
            guaranteed,
            ..TargetPercentile::new(SlaTargetPercentile::new(share(99.9)?, ShareUnit::Percent))
        }),
    })
}

fn replication() -> ReplicationPolicy {
    let kept = RetentionDuration::new(1, TimeUnit::Day);
    let policy = ProtectionPolicy {
        method: Some(ProtectionMethod::FullCopy),
        ..ProtectionPolicy::new(ProtectionFrequency::Continuously, kept)
    };
    ReplicationPolicy {
        synchronous: Some(true),
        consistency: Some(Consistency::Strong),
        replicas: vec![3],
        geo_replication: vec![GeoReplication::CrossZone, GeoReplication::CrossDatacenter],
        ..ReplicationPolicy::new(policy)
    }
}

fn plain_storage() -> StorageConfiguration {
    StorageConfiguration::new(Encryption::new(Cipher::Aes, KeyManagement::Managed))
}

fn storage() -> Result<StorageConfiguration, Failure> {
    let daily = || ProtectionPolicy::new(ProtectionFrequency::Daily, RetentionDuration::new(4, TimeUnit::Week));
    let snapshots = SnapshotPolicy { replication: vec![replication()], ..SnapshotPolicy::new(daily()) };
    let backups = BackupPolicy {
        replication: vec![replication()],
        ..BackupPolicy::new(daily(), to::<Resource>("Datacenter-small")?)
    };
    Ok(StorageConfiguration {
        entity: entity("configuration"),
        compression: vec![Compression::Lzma, Compression::Other],
        deduplication: vec![Deduplication::InlineContentAware],
        redundancy_mechanisms: vec![RedundancyMechanism::ReedSolomon, RedundancyMechanism::Other],
        protection: vec![replication().into(), snapshots.into(), backups.into()],
        qos: vec![qos()?],
        block_sizes: vec![MemorySize::new(4, MemoryUnit::KibiByte)],
        ..plain_storage()
    })
}

fn stored(name: &str) -> Result<StorageProperties, Failure> {
    Ok(StorageProperties {
        minimum_size: Some(gib(1)),
        maximum_size: Some(MemorySize::new(16, MemoryUnit::TebiByte)),
        lifetime_management: Some(720),
        versioning: Some(true),
        consistency: Some(Consistency::Strong),
        data_views: Some(false),
        multiple_views: Some(false),
        ..StorageProperties::new(service(name)?)
    })
}

fn services(specimens: &mut Vec<(String, Node)>) -> Result<(), Failure> {
    add(specimens, "small", plain_service()?);
    add(specimens, "full", service("Everything")?);
    let (image, flavor) = (|| to("VMImage-small"), || to("ServerFlavor-small"));
    add(specimens, "small", VirtualMachineServiceOffering::new(plain_service()?, image()?, flavor()?));
    let full = VirtualMachineServiceOffering {
        tenant_separation: Some(TenantSeparation::HardwareVirtualized),
        ..VirtualMachineServiceOffering::new(
            service("Compute")?,
            OneOrMore::new(image()?, [to("VMImage-full")?]),
            OneOrMore::new(flavor()?, [to("ServerFlavor-full")?]),
        )
    };
    add(specimens, "full", full);
    add(specimens, "small", BareMetalServiceOffering::new(plain_service()?, to("PXEImage-small")?, flavor()?));
    let full = BareMetalServiceOffering {
        tenant_separation: Some(TenantSeparation::Physical),
        ..BareMetalServiceOffering::new(service("Metal")?, to("PXEImage-full")?, flavor()?)
    };
    add(specimens, "full", full);
    let connectivity = ConnectivityConfiguration::new;
    add(specimens, "small", NetworkConnectivityServiceOffering::new(plain_service()?, connectivity()));
    let full = NetworkConnectivityServiceOffering {
        service_type: Some("virtual".to_owned()),
        public_ip_provisioning: Some(PublicIpProvisioning::Floating),
        ip_version: Some(IpVersion::V6),
        tenant_separation: Some(TenantSeparation::SoftwareVirtualized),
        qos: Some(qos()?),
        ..NetworkConnectivityServiceOffering::new(
            service("Network")?,
            ConnectivityConfiguration { entity: entity("uplink"), ..connectivity() },
        )
    };
    add(specimens, "full", full);
    storage_services(specimens)
}

fn storage_services(specimens: &mut Vec<(String, Node)>) -> Result<(), Failure> {
    let plain = || -> Result<StorageProperties, Failure> { Ok(StorageProperties::new(plain_service()?)) };
    let small = BlockStorageServiceOffering::new(plain()?, BlockStorageConfiguration::new(plain_storage()));
    add(specimens, "small", small);
    let blocks = BlockStorageConfiguration {
        technologies: vec![BlockStorageTechnology::Ssd],
        protocols: vec![BlockAccessProtocol::Other],
        ..BlockStorageConfiguration::new(storage()?)
    };
    add(specimens, "full", BlockStorageServiceOffering::new(stored("Volumes")?, blocks));
    add(specimens, "small", ObjectStorageServiceOffering::new(plain()?, plain_storage()));
    let full = ObjectStorageServiceOffering {
        access_attributes: vec![AccessAttribute::ReadWrite, AccessAttribute::AppendOnly],
        maximum_object_size: Some(MemorySize::new(5, MemoryUnit::TeraByte)),
        api_compatibility: vec![ObjectApi::S3, ObjectApi::Swift],
        ..ObjectStorageServiceOffering::new(stored("Objects")?, storage()?)
    };
    add(specimens, "full", full);
    let small = FileStorageServiceOffering::new(plain()?, FileStorageConfiguration::new(plain_storage()));
    add(specimens, "small", small);
    let files = FileStorageConfiguration {
        file_systems: vec![FileSystemType::Ext4],
        protocols: vec![FileAccessProtocol::NfsV4],
        ..FileStorageConfiguration::new(storage()?)
    };
    let full = FileStorageServiceOffering {
        access_semantics: Some(true),
        access_attributes: vec![AccessAttribute::ReadWrite],
        ..FileStorageServiceOffering::new(stored("Files")?, files)
    };
    add(specimens, "full", full);
    Ok(())
}

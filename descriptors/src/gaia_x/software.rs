//! Software: hypervisors, operating systems, images, and what proves their origin.

use super::hardware::{Cpu, Disk, Gpu, Memory};
use super::participant::LegalPerson;
use super::quantity::MemorySize;
use super::value::{Date, Licences};
use super::{Entity, Resource};
use crate::shape::{OneOrMore, Range, Ref, shapes, unions, words};
use crate::timestamp::Timestamp;

shapes! {
    /// Any software.
    SoftwareResource: "gx:SoftwareResource" {
        copyright_owned_by: OneOrMore<Owner> = "gx:copyrightOwnedBy",
        licences: Licences = "gx:license",
        /// Policies in a language of its own, or `default: allow intent`.
        resource_policies: OneOrMore<String> = "gx:resourcePolicy",
        --
        entity: Entity = ..,
        check_sum: Option<CheckSum> = "gx:checkSum",
        signature: Option<Signature> = "gx:signature",
        version: Option<String> = "gx:version",
        patch_level: Option<String> = "gx:patchLevel",
        build_date: Option<Timestamp> = "gx:buildDate",
        resources: Vec<Ref<Resource>> = "gx:aggregationOfResources",
    }

    /// A hypervisor.
    Hypervisor: "gx:Hypervisor" {
        software: SoftwareResource = ..,
        kind: HypervisorType = "gx:hypervisorType",
        --
    }

    /// An operating system.
    OperatingSystem: "gx:OperatingSystem" {
        software: SoftwareResource = ..,
        distribution: OsDistribution = "gx:osDistribution",
        --
    }

    /// What an image needs, and how it is kept: common to images of virtual and bare machines.
    Image: "gx:Image" {
        software: SoftwareResource = ..,
        --
        file_size: Option<MemorySize> = "gx:fileSize",
        operating_system: Option<OperatingSystem> = "gx:operatingSystem",
        cpu_req: Option<Cpu> = "gx:cpuReq",
        gpu_req: Option<Gpu> = "gx:gpuReq",
        ram_req: Option<Memory> = "gx:ramReq",
        video_ram_size: Option<MemorySize> = "gx:videoRamSize",
        root_disk_req: Option<Disk> = "gx:rootDiskReq",
        encryption: Option<Encryption> = "gx:encryption",
        secure_boot: Option<bool> = "gx:secureBoot",
        vpmu: Option<bool> = "gx:vPMU",
        multi_queues: Option<bool> = "gx:multiQueues",
        update_strategy: Option<UpdateStrategy> = "gx:updateStrategy",
        licence_included: Option<bool> = "gx:licenseIncluded",
        maintenance: Option<MaintenanceSubscription> = "gx:maintenance",
    }

    /// An image of a virtual machine.
    VmImage: "gx:VMImage" {
        image: Image = ..,
        --
        disk_format: Option<VmDiskFormat> = "gx:vmImageDiskFormat",
        hypervisor: Option<HypervisorType> = "gx:hypervisorType",
        firmware: Option<FirmwareType> = "gx:firmwareType",
        hw_rng_type: Option<HwRngType> = "gx:hwRngTypeOfImage",
        watch_dog_action: Option<WatchDogAction> = "gx:watchDogAction",
    }

    /// An image that a bare machine boots over the network.
    PxeImage: "gx:PXEImage" {
        image: Image = ..,
        --
        disk_format: Option<PxeDiskFormat> = "gx:pxeImageDiskFormat",
    }

    /// A check sum.
    CheckSum: "gx:CheckSum" {
        calculation: HashAlgorithm = "gx:checkSumCalculation",
        value: String = "gx:checkSumValue",
        --
    }

    /// A signature.
    Signature: "gx:Signature" {
        value: String = "gx:signatureValue",
        hash_algorithm: HashAlgorithm = "gx:hashAlgorithm",
        signature_algorithm: SignatureAlgorithm = "gx:signatureAlgorithm",
        --
    }

    /// How data are encrypted. There is no value for data that are not.
    Encryption: "gx:Encryption" {
        cipher: Cipher = "gx:cipher",
        key_management: KeyManagement = "gx:keyManagement",
        --
    }

    /// Until when, and for whom, the vendor maintains an operating system.
    MaintenanceSubscription: "gx:MaintenanceSubscription" {
        --
        included: Option<bool> = "gx:subscriptionIncluded",
        required: Option<bool> = "gx:subscriptionRequired",
        maintained_until: Option<Date> = "gx:maintainedUntil",
    }
}

unions! {
    /// Who owns the copyright.
    Owner: Range::Mixed => {
        /// By name.
        Name(String),
        /// A participant.
        Participant(Ref<LegalPerson>),
    }
}

words! {
    /// Kinds of hypervisors, spelled as the ontology spells them.
    HypervisorType {
        Qemu = "quemu",
        Kvm = "KVM",
        Xen = "Xen",
        Esxi = "ESXi",
        HyperV = "Hyper-V",
        CloudHypervisor = "Cloud Hypervisor",
        Other = "other",
    }

    /// Distributions of operating systems.
    OsDistribution {
        Alpine = "Alpine Linux",
        Arch = "Arch Linux",
        CentOs = "CentOS Linux",
        Debian = "Debian",
        Fedora = "Fedora",
        FreeBsd = "FreeBSD",
        Gentoo = "Gentoo Linux",
        Mandrake = "Mandrakelinux",
        Mandriva = "Mandriva Linux",
        MandrivaEnterprise = "Mandriva Enterprise Server",
        MsDos = "MS-DOS",
        NetBsd = "NetBSD",
        NetWare = "Novell NetWare",
        OpenBsd = "OpenBSD",
        OpenSolaris = "OpenSolaris",
        OpenSuse = "openSUSE",
        Rocky = "Rocky Linux",
        RedHat = "Red Hat Enterprise Linux",
        SuseEnterprise = "SUSE Linux Enterprise Server",
        Ubuntu = "Ubuntu",
        Windows = "Microsoft Windows",
        Cirros = "CirrOS",
        AlmaLinux = "AlmaLinux",
        Others = "others",
    }

    /// What a hardware random number generator rests on. That RDRAND and RDSEED are electrical noise is our reading.
    HwRngType {
        ElectricalNoise = "Electrical noise",
        ChaosBased = "Chaos-based",
        FreeRunningOscillators = "Free-running oscillators",
        Quantum = "Quantum",
        Unavailable = "Unavailable",
    }

    /// Formats of images.
    VmDiskFormat {
        Raw = "RAW",
        Qcow2 = "QCOW2",
        Vhd = "VHD",
        Vmdk = "VMDK",
        Iso = "ISO",
        Cvf = "CVF",
        Cva = "CVA",
    }

    /// Formats of images for bare machines.
    PxeDiskFormat {
        WinPe = "WINPE",
        Iso = "ISO",
    }

    /// Firmware of a virtual machine.
    FirmwareType {
        Bios = "BIOS",
        Uefi = "UEFI",
        Other = "other",
    }

    /// What a watch dog does.
    WatchDogAction {
        Disabled = "disabled",
        Reset = "reset",
        PowerOff = "poweroff",
        Pause = "pause",
        Unavailable = "unavailable",
    }

    /// How the provider updates an image.
    UpdateStrategy {
        MaximumSecurity = "maximum_security",
        MinimalDowntime = "minimal_downtime",
        DoNotUpdate = "do_not_update",
    }

    /// Hash algorithms.
    HashAlgorithm {
        Md5 = "md5",
        Sha1 = "sha-1",
        Sha256 = "sha-256",
        Sha384 = "sha-384",
        Sha512 = "sha-512",
        Sha3 = "sha-3",
        Ripemd160 = "ripemd-160",
        Blake2 = "blake2",
        Blake3 = "blake3",
        Other = "other",
    }

    /// Signature algorithms.
    SignatureAlgorithm {
        Rsa = "RSA-Signature",
        Dsa = "DSA",
        Kcdsa = "KCDSA",
        Schnorr = "Schnorr",
        Ecdsa = "ECDSA",
        Eckdsa = "ECKDSA",
        EcSchnorr = "EC Schnorr",
        Ecgdsa = "ECGDSA",
        Other = "other",
    }

    /// Ciphers.
    Cipher {
        Rsa = "RSA",
        Aes = "AES",
        TripleDes = "3DES",
        Blowfish = "Blowfish",
        Twofish = "Twofish",
        Sda = "SDA",
        Other = "other",
    }

    /// Who holds the keys: bring your own, hold your own, or the provider.
    KeyManagement {
        BringYourOwn = "BYOK",
        HoldYourOwn = "HYOK",
        Managed = "managed",
    }
}

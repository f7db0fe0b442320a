//! Storage: how it can be configured, and how its data are protected.
//!
//! Every configuration names at least one way of encryption, and the ontology has no word for none: storage that is not
//! encrypted cannot be described, so it is not.

use super::quantity::{DataRate, MemorySize, QuantityKind, RetentionDuration, Time};
use super::software::Encryption;
use super::value::{Number, Percentage};
use super::{Entity, Resource};
use crate::shape::{OneOrMore, Range, Ref, Shape, shapes, unions, words};

shapes! {
    /// How a storage service can be configured.
    StorageConfiguration: "gx:StorageConfiguration" {
        encryption: OneOrMore<Encryption> = "gx:storageEncryption",
        --
        entity: Entity = ..,
        compression: Vec<Compression> = "gx:storageCompression",
        deduplication: Vec<Deduplication> = "gx:storageDeduplication",
        redundancy_mechanisms: Vec<RedundancyMechanism> = "gx:storageRedundancyMechanism",
        protection: Vec<DataProtectionPolicy> = "gx:storageProtection",
        qos: Vec<Qos> = "gx:storageQoS",
        block_sizes: Vec<MemorySize> = "gx:blockSize",
    }

    /// How a block storage service can be configured.
    BlockStorageConfiguration: "gx:BlockStorageConfiguration" {
        storage: StorageConfiguration = ..,
        --
        technologies: Vec<BlockStorageTechnology> = "gx:blockStorageTechnology",
        protocols: Vec<BlockAccessProtocol> = "gx:lowLevelBlockAccessProtocol",
    }

    /// How a file storage service can be configured.
    FileStorageConfiguration: "gx:FileStorageConfiguration" {
        storage: StorageConfiguration = ..,
        --
        file_systems: Vec<FileSystemType> = "gx:fileSystemType",
        protocols: Vec<FileAccessProtocol> = "gx:highLevelAccessProtocol",
    }

    /// What every protection of data says: how often, and for how long.
    ProtectionPolicy: "gx:DataProtectionPolicy" {
        frequency: ProtectionFrequency = "gx:protectionFrequency",
        retention: RetentionDuration = "gx:protectionRetention",
        --
        method: Option<ProtectionMethod> = "gx:protectionMethod",
    }

    /// Data are kept several times.
    ReplicationPolicy: "gx:ReplicationPolicy" {
        policy: ProtectionPolicy = ..,
        --
        synchronous: Option<bool> = "gx:synchronousReplication",
        consistency: Option<Consistency> = "gx:consistencyType",
        replicas: Vec<u32> = "gx:replicaNumber",
        geo_replication: Vec<GeoReplication> = "gx:geoReplication",
    }

    /// Data are kept as they were.
    SnapshotPolicy: "gx:SnapshotPolicy" {
        policy: ProtectionPolicy = ..,
        --
        replication: Vec<ReplicationPolicy> = "gx:snapshotReplication",
    }

    /// Data are kept elsewhere.
    BackupPolicy: "gx:BackupPolicy" {
        policy: ProtectionPolicy = ..,
        locations: OneOrMore<Ref<Resource>> = "gx:backupLocation",
        --
        replication: Vec<ReplicationPolicy> = "gx:backupReplication",
    }

    /// What is promised of a service's performance.
    Qos: "gx:QoS" {
        --
        throughput: Option<Throughput> = "gx:throughput",
        iops: Option<Iops> = "gx:iops",
        bandwidth: Option<BandWidth> = "gx:bandWidth",
        round_trip_time: Option<RoundTripTime> = "gx:roundTripTime",
        availability: Option<Availability> = "gx:availability",
        packet_loss: Option<PacketLoss> = "gx:packetLoss",
        jitter: Option<Jitter> = "gx:jitter",
        latency: Option<Latency> = "gx:latency",
        target_percentile: Option<TargetPercentile> = "gx:targetPercentile",
    }

    /// A share of packets that get lost.
    LostPackets: "gx:LostPackets" {
        value: Number = "qudt:quantityValue",
        unit: ShareUnit = "qudt:applicableUnit",
        --
        also: QuantityKind = "type",
    }

    /// A share of frames for which the promise holds.
    SlaTargetPercentile: "gx:SLATargetPercentile" {
        value: Number = "qudt:quantityValue",
        unit: ShareUnit = "qudt:applicableUnit",
        --
        also: QuantityKind = "type",
    }
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident: $class:literal = $quantity:ty;)*) => {
        shapes! {$(
            $(#[doc = $doc])+
            $name: $class {
                metric: $quantity = "gx:metric",
                --
                /// The least share of time for which it is guaranteed.
                guaranteed: Option<Percentage> = "gx:guaranteed",
            }
        )*}
    };
}

metrics! {
    /// Data in a time.
    Throughput: "gx:Throughput" = DataRate;
    /// Operations in a time.
    Iops: "gx:IOPS" = DataRate;
    /// The rate of a connection.
    BandWidth: "gx:BandWidth" = DataRate;
    /// The time there and back.
    RoundTripTime: "gx:RoundTripTime" = Time;
    /// The time it can be used.
    Availability: "gx:Availability" = Time;
    /// Packets that do not arrive.
    PacketLoss: "gx:PacketLoss" = LostPackets;
    /// How much the latency varies.
    Jitter: "gx:Jitter" = Time;
    /// The time until an answer.
    Latency: "gx:Latency" = Time;
    /// How many frames keep the promise.
    TargetPercentile: "gx:TargetPercentile" = SlaTargetPercentile;
}

unions! {
    /// A way to protect data.
    DataProtectionPolicy: Range::Class(ProtectionPolicy::CLASS) => {
        /// Kept several times.
        Replication(ReplicationPolicy),
        /// Kept as they were.
        Snapshot(SnapshotPolicy),
        /// Kept elsewhere.
        Backup(BackupPolicy),
    }
}

words! {
    /// Units of shares.
    ShareUnit {
        Percent = "https://qudt.org/vocab/unit/PERCENT",
    }

    /// Ways of compression.
    Compression {
        Lzma = "LZMA",
        Lzss = "LZSS",
        Lz = "LZ",
        Lzw = "LZW",
        Huffman = "Huffman_Coding",
        Ppm = "PPM",
        Ans = "ANS",
        Other = "Other",
    }

    /// Ways to keep the same data once.
    Deduplication {
        InlineContentAgnostic = "Inline-Content-Agnostic",
        InlineContentAware = "Inline-Content-Aware",
        PostProcessContentAgnostic = "Post-Process-Content-Agnostic",
        PostProcessContentAware = "Post-Process-Content-Aware",
    }

    /// Ways to survive the loss of a disk. Replication has no value of its own: `Other`; erasure coding is `RS_Code`.
    RedundancyMechanism {
        Raid0 = "RAID0",
        Raid1 = "RAID1",
        Raid2 = "RAID2",
        Raid3 = "RAID3",
        Raid4 = "RAID4",
        Raid5 = "RAID5",
        Raid6 = "RAID6",
        HybridRaid = "HybridRAID",
        ReedSolomon = "RS_Code",
        Other = "Other",
    }

    /// What blocks lie on.
    BlockStorageTechnology {
        Hdd = "HDD",
        Ssd = "SSD",
        Optane = "Optane",
    }

    /// How blocks are reached. There is no value for RBD or iSCSI: `Other`.
    BlockAccessProtocol {
        Fcp = "FCP",
        FcoE = "FCoE",
        Infiniband = "Infiniband",
        Sas = "SAS",
        Sata = "SATA",
        Nvme = "NVME",
        Other = "Other",
    }

    /// File systems.
    FileSystemType {
        Fat = "FAT",
        ExFat = "ExtFAT",
        Ntfs = "NTFS",
        Xfs = "XFS",
        Jfs = "JFS",
        Ext4 = "Ext4",
        Reiser4 = "Reiser4",
        GlusterFs = "GlusterFS",
        MapRFs = "MapR_FS",
        OneFs = "OneFS",
        Other = "Other",
    }

    /// How files are reached.
    FileAccessProtocol {
        NfsV3 = "NFSv3",
        NfsV4 = "NFSv4",
        Cifs = "CIFS",
        Afs = "AFS",
        Hdfs = "HDFS",
        Ipfs = "IPFS",
        Other = "Other",
    }

    /// How often data are protected.
    ProtectionFrequency {
        Hourly = "Hourly",
        Daily = "Daily",
        Weekly = "Weekly",
        Monthly = "Monthly",
        Continuously = "Continuously",
        OnDemand = "OnDemand",
    }

    /// How data are protected.
    ProtectionMethod {
        FullCopy = "Full-Copy",
        Incremental = "Incremental",
    }

    /// What readers of replicated data may see.
    Consistency {
        Strong = "Strong",
        Session = "Session",
        Eventual = "Eventual",
        BoundedStaleness = "Bounded-Staleness",
        Other = "Other",
    }

    /// How far replicas are apart.
    GeoReplication {
        CrossRegion = "Cross-Region",
        CrossDatacenter = "Cross-DC",
        CrossZone = "Cross-AZ",
    }
}

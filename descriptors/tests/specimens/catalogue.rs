//! What an operator may declare of flavors, images and service offerings: everything once, as it is written in a file.

use serde_json::{Value, json};

/// The members `flavors`, `images` and `service_offerings` of a declaration with the zones and nodes given.
pub(crate) fn members(zone: &str, node: &str) -> Value {
    json!({
        "flavors": [
            {"id": "scs-2v-8", "name": "SCS-2V-8-20", "vcpus": 2, "ram": "8 GiB", "boot_disk": {"size": "20 GB"}},
            full_flavor(node),
            {"id": "in-one-zone", "vcpus": 1, "ram": "0.5 GiB", "boot_disk": {"size": "1 TiB"}, "zones": [zone]},
        ],
        "images": [
            {"id": "cirros", "rights": rights()},
            full_image(),
        ],
        "service_offerings": offerings(),
    })
}

fn rights() -> Value {
    json!({"copyright_owned_by": ["The authors"], "licences": ["GPL-2.0-only"]})
}

fn full_flavor(node: &str) -> Value {
    json!({
        "id": "gpu", "name": "gpu.large", "description": "For models", "vcpus": 16, "ram": "64 GiB",
        "boot_disk": {"size": "100 GB", "kind": "shared network storage", "bus": "other"},
        "additional_disks": [{"size": "1.5 TB", "kind": "local SSD", "bus": "NVMe"}],
        "cpu": {"architecture": "x86-64", "vendor": "AMD", "generation": "Genoa", "flags": ["aes", "rdrand"],
            "over_provisioning_ratio": 2},
        "memory": {"class": "DDR5", "ecc": true, "encrypted": true},
        "gpu": {"vendor": "nVidia", "generation": "Ampere", "memory": "24 GiB", "interconnection": "NVLink",
            "processing_units": 56, "passthrough": true},
        "network": "2 x 25 Gbit/s",
        "confidential_computing": {"technology": "SEV-SNP", "attestation_service": "https://cloud.example/attest"},
        "hardware_assisted_virtualization": false,
        "hw_rng": "Electrical noise",
        "nodes": [node],
    })
}

fn full_image() -> Value {
    let mut both = rights();
    both["licences"] = json!(["GPL-3.0-or-later", "Apache-2.0"]);
    both["policies"] = json!(["default: allow intent"]);
    json!({
        "id": "debian-13", "name": "Debian 13", "description": "With cloud-init", "rights": both,
        "version": "13.2", "built_at": "2026-11-01T00:00:00Z",
        "checksum": {"algorithm": "sha-512", "value": "00ff"}, "file_size": "420 MiB",
        "operating_system": {"distribution": "Debian", "version": "13", "rights": rights()},
        "disk_format": "QCOW2", "architecture": "x86-64", "minimum_ram": "1 GiB", "minimum_disk": "8 GB",
        "hypervisor": "KVM", "firmware": "UEFI", "secure_boot": true, "hw_rng": "Electrical noise",
        "update_strategy": "maximum_security", "maintained_until": "2030-06-30",
    })
}

fn offerings() -> Value {
    let terms = json!([{"url": "https://cloud.example/terms.pdf",
        "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]);
    let storage = json!({
        "encryption": [{"cipher": "AES", "key_management": "managed"}], "redundancy": ["Other"],
        "replication": {"replicas": 3, "synchronous": true, "across": ["Cross-AZ"]}, "compression": ["LZ"],
        "minimum_size": "1 GiB", "maximum_size": "64 TiB", "versioning": false, "consistency": "Strong",
    });
    let plain = json!({"encryption": [{"cipher": "AES", "key_management": "BYOK"}]});
    json!([
        {
            "id": "compute", "name": "Virtual machines", "description": "By the hour", "terms_and_conditions": terms,
            "offers": {"virtual_machines": {"images": ["debian-13"], "tenant_separation": "hw-virtualized"}},
            "policies": [{"language": "ODRL", "document": "https://cloud.example/policy.json"}],
            "data_account_export": [{"request": "API", "access": "digital", "format": "application/gzip"}],
            "data_protection_regimes": ["GDPR2016"], "keywords": ["compute", "SCS"], "provision_type": "public",
            "endpoint": {"url": "https://api.cloud.example:8774",
                "standards": [{"title": "OpenStack Nova", "url": "https://docs.openstack.org/api-ref/compute/"}]},
            "datacenters": [], "depends_on": ["volumes"],
            "legal_documents": [{"kind": "gx:ServiceAgreementOffer", "url": "https://cloud.example/sla.pdf",
                "countries": ["DE"], "formats": ["application/pdf"]}],
            "contact": {"url": "https://cloud.example/contact", "email": "sales@cloud.example", "phone": "+49 351 1"},
        },
        {"id": "volumes", "terms_and_conditions": terms,
            "offers": {"block_storage": {"storage": storage, "technologies": ["SSD"], "protocols": ["Other"]}}},
        {"id": "objects", "terms_and_conditions": terms,
            "offers": {"object_storage": {"storage": plain, "apis": ["S3", "Swift"], "access": ["Read-Write"],
                "maximum_object_size": "5 TB"}}},
        {"id": "files", "terms_and_conditions": terms,
            "offers": {"file_storage": {"storage": plain, "file_systems": ["Other"], "protocols": ["NFSv4"],
                "access": ["Read-Write", "Read-Only"]}}},
    ])
}

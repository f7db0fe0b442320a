//! Places: a region aggregates datacenters, a datacenter availability zones. What they are physically, and what energy and
//! water they take.

use super::participant::{Address, LegalPerson};
use super::policy::LegalDocument;
use super::value::{Date, EnergyShare, PowerUsage, RenamedWaterUsage};
use super::{Entity, Resource};
use crate::shape::{OneOrMore, Ref, shapes};

shapes! {
    /// A region.
    Region: "gx:Region" {
        datacenters: OneOrMore<Ref<Datacenter>> = "gx:aggregationOfResources",
        --
        entity: Entity = ..,
        address: Option<Address> = "gx:address",
    }

    /// A datacenter.
    Datacenter: "gx:Datacenter" {
        maintained_by: OneOrMore<Ref<LegalPerson>> = "gx:maintainedBy",
        locations: OneOrMore<Address> = "gx:location",
        availability_zones: OneOrMore<Ref<AvailabilityZone>> = "gx:aggregationOfResources",
        --
        entity: Entity = ..,
        owned_by: Vec<Ref<LegalPerson>> = "gx:ownedBy",
        manufactured_by: Vec<Ref<LegalPerson>> = "gx:manufacturedBy",
        energy_usage_efficiency: Option<EnergyUsageEfficiency> = "gx:energyUsageEfficiency",
        water_usage_effectiveness: Option<WaterUsageEffectiveness> = "gx:waterUsageEffectiveness",
        energy_mix: Vec<EnergyMix> = "gx:energyMix",
    }

    /// An availability zone. It sits inside a datacenter.
    AvailabilityZone: "gx:AvailabilityZone" {
        --
        entity: Entity = ..,
        address: Option<Address> = "gx:address",
        resources: Vec<Ref<Resource>> = "gx:aggregationOfResources",
    }

    /// Anything that has a weight, a position and a place.
    PhysicalResource: "gx:PhysicalResource" {
        maintained_by: OneOrMore<Ref<LegalPerson>> = "gx:maintainedBy",
        locations: OneOrMore<Address> = "gx:location",
        --
        entity: Entity = ..,
        resources: Vec<Ref<Resource>> = "gx:aggregationOfResources",
        owned_by: Vec<Ref<LegalPerson>> = "gx:ownedBy",
        manufactured_by: Vec<Ref<LegalPerson>> = "gx:manufacturedBy",
        energy_usage_efficiency: Option<EnergyUsageEfficiency> = "gx:energyUsageEfficiency",
        water_usage_effectiveness: Option<WaterUsageEffectiveness> = "gx:waterUsageEffectiveness",
        energy_mix: Vec<EnergyMix> = "gx:energyMix",
    }

    /// Where in a datacenter something is.
    DatacenterAllocation: "gx:DatacenterAllocation" {
        refers_to: Ref<Datacenter> = "gx:refersTo",
        --
        floor: Option<String> = "gx:floor",
        rack_number: Option<String> = "gx:rackNumber",
        patch_panel: Option<String> = "gx:patchPanel",
        port_number: Option<u32> = "gx:portNumber",
    }

    /// How well the energy is used.
    EnergyUsageEfficiency: "gx:EnergyUsageEfficiency" {
        power_usage_effectiveness: PowerUsage = "gx:powerUsageEffectiveness",
        --
        certifications: Vec<LegalDocument> = "gx:certifications",
    }

    /// How well the water is used.
    WaterUsageEffectiveness: "gx:WaterUsageEffectiveness" {
        water_usage_effectiveness: RenamedWaterUsage = "gx:waterUsageEffectiveness",
        --
        certifications: Vec<LegalDocument> = "gx:certifications",
    }

    /// Where the energy comes from.
    EnergyMix: "gx:EnergyMix" {
        attainment_date: Date = "gx:attainmentDate",
        renewable_energy: EnergyShare = "gx:renewableEnergy",
        hourly_carbon_free_energy: EnergyShare = "gx:hourlyCarbonFreeEnergy",
        --
    }
}

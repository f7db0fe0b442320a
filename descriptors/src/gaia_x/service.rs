//! Services: what is said of every offering, whoever offers what.

use super::participant::LegalPerson;
use super::place::{Datacenter, PhysicalResource};
use super::policy::{
    AccessUsagePolicy, ContactInformation, CryptographicStandard, CustomerInstructions, DataAccountExport,
    DataPortability, DataProtectionRegime, DataTransfer, Endpoint, LegalDocument, Measure, ProvisionType,
    SubContractor, TermsAndConditions,
};
use super::{Entity, Resource};
use crate::shape::{OneOrMore, Range, Ref, shapes, unions};

shapes! {
    /// A service that is offered; also what every more special offering says.
    ServiceOffering: "gx:ServiceOffering" {
        provided_by: Ref<LegalPerson> = "gx:providedBy",
        terms_and_conditions: OneOrMore<TermsAndConditions> = "gx:serviceOfferingTermsAndConditions",
        --
        entity: Entity = ..,
        resources: Vec<Ref<Resource>> = "gx:aggregationOfResources",
        depends_on: Vec<Ref<ServiceOffering>> = "gx:dependsOn",
        policies: Vec<AccessUsagePolicy> = "gx:servicePolicy",
        data_protection_regimes: Vec<DataProtectionRegime> = "gx:dataProtectionRegime",
        data_account_exports: Vec<DataAccountExport> = "gx:dataAccountExport",
        keywords: Vec<String> = "gx:keyword",
        provision_type: Option<ProvisionType> = "gx:provisionType",
        endpoint: Option<Endpoint> = "gx:endpoint",
        hosted_on: Vec<Host> = "gx:hostedOn",
        scope: Option<String> = "gx:serviceScope",
        legal_documents: Vec<LegalDocument> = "gx:legalDocuments",
        sub_contractors: Vec<SubContractor> = "gx:subContractors",
        customer_instructions: Vec<CustomerInstructions> = "gx:customerInstructions",
        data_portability: Vec<DataPortability> = "gx:dataPortability",
        personal_data_transfers: Vec<DataTransfer> = "gx:possiblePersonalDataTransfers",
        measures: Vec<Measure> = "gx:requiredMeasures",
        cryptographic_standards: Vec<CryptographicStandard> = "gx:cryptographicSecurityStandards",
        contact: Option<ContactInformation> = "gx:providerContactInformation",
    }

    /// Something virtual that services run on; only referred to.
    VirtualResource: "gx:VirtualResource" {
        --
    }
}

unions! {
    /// What a service runs on. A datacenter is a physical resource; availability zones and regions are none, and the shape
    /// refuses them.
    Host: Range::Mixed => {
        /// A datacenter.
        Datacenter(Ref<Datacenter>),
        /// Another physical resource.
        Physical(Ref<PhysicalResource>),
        /// A virtual resource.
        Virtual(Ref<VirtualResource>),
    }
}

//! What goes with a service on paper: terms, documents, contacts, transfers, measures, ways out.

use super::participant::{Address, LegalPerson};
use super::value::{CountryCode, DocumentHash, MediaType, Url};
use crate::node::Node;
use crate::shape::{OneOrMore, Property, Range, Ref, Say, shapes, unions, words};

shapes! {
    /// The terms of a service, and what proves that they are still the same.
    TermsAndConditions: "gx:TermsAndConditions" {
        url: Url = "gx:url",
        /// SHA-256 of the document.
        hash: DocumentHash = "gx:hash",
        --
    }

    /// How a customer gets the data out again.
    DataAccountExport: "gx:DataAccountExport" {
        request_type: RequestType = "gx:requestType",
        access_type: AccessType = "gx:accessType",
        format_type: MediaType = "gx:formatType",
        --
    }

    /// Who may do what with a service.
    AccessUsagePolicy: "gx:AccessUsagePolicy" {
        language: PolicyLanguage = "gx:policyLanguage",
        /// The policy, or its address as a text: 25.11 takes both, the development version a text only.
        document: String = "gx:policyDocument",
        --
    }

    /// Where a service is reached.
    Endpoint: "gx:Endpoint" {
        standard_conformity: OneOrMore<StandardConformity> = "gx:standardConformity",
        --
        url: Option<Url> = "gx:endpointURL",
        formal_description: Option<String> = "gx:formalDescription",
    }

    /// A standard that is kept.
    StandardConformity: "gx:StandardConformity" {
        title: String = "dct:title",
        reference: Url = "gx:standardReference",
        --
        publisher: Option<String> = "gx:publisher",
    }

    /// A legal document. Its kind is its class.
    LegalDocument: "gx:LegalDocument" {
        url: Url = "gx:url",
        --
        kind: DocumentClass = "type",
        mime_types: Vec<MediaType> = "gx:mimeTypes",
        governing_law_countries: Vec<CountryCode> = "gx:governingLawCountries",
        involved_parties: Vec<Ref<LegalPerson>> = "gx:involvedParties",
    }

    /// Where the provider can be reached.
    ContactInformation: "gx:ContactInformation" {
        url: Url = "gx:url",
        --
        postal_address: Option<Address> = "gx:postalAddress",
        email: Option<String> = "gx:email",
        phone_number: Option<String> = "gx:phoneNumber",
    }

    /// Somebody else who processes the customer's data.
    SubContractor: "gx:SubContractor" {
        applicable_jurisdiction: CountryCode = "gx:applicableJurisdiction",
        legal_name: String = "gx:legalName",
        communication_methods: OneOrMore<CommunicationMethod> = "gx:communicationMethods",
        information_documents: OneOrMore<InformationDocument> = "gx:informationDocuments",
        --
    }

    /// What is done for security or data protection.
    Measure: "gx:Measure" {
        description: String = "schema:description",
        legal_documents: OneOrMore<LegalDocument> = "gx:legalDocuments",
        --
    }

    /// A transfer of personal data that may happen.
    DataTransfer: "gx:DataTransfer" {
        reason: String = "gx:reason",
        scope: String = "gx:scope",
        --
    }

    /// How a customer tells the provider what to do with the data.
    CustomerInstructions: "gx:CustomerInstructions" {
        terms: OneOrMore<LegalDocument> = "gx:terms",
        means: OneOrMore<LegalDocument> = "gx:means",
        --
    }

    /// How a customer moves to another provider.
    DataPortability: "gx:DataPortability" {
        resource: String = "gx:resource",
        means: OneOrMore<String> = "gx:means",
        documentations: OneOrMore<Url> = "gx:documentations",
        legal_document: LegalDocument = "gx:legalDocument",
        deletion_methods: OneOrMore<String> = "gx:deletionMethods",
        deletion_timeframe: String = "gx:deletionTimeframe",
        formats: OneOrMore<String> = "gx:formats",
        /// Address of the price list.
        pricing: Url = "gx:pricing",
        --
        contact: Option<ContactInformation> = "gx:contactInformation",
    }
}

unions! {
    /// How a sub-contractor is reached.
    CommunicationMethod: Range::Mixed => {
        /// In words.
        Text(String),
        /// In a document.
        Document(LegalDocument),
    }

    /// What informs about a sub-contractor.
    InformationDocument: Range::Mixed => {
        /// Its address.
        Url(Url),
        /// A document.
        Document(LegalDocument),
    }
}

words! {
    /// Kinds of legal documents: each is a class of its own.
    DocumentKind {
        LegalDocument = "gx:LegalDocument",
        AccessControlManagement = "gx:AccessControlManagement",
        AssetsManagement = "gx:AssetsManagement",
        BusinessContinuityMeasures = "gx:BusinessContinuityMeasures",
        ChangeAndConfigurationManagement = "gx:ChangeAndConfigurationManagement",
        ComplianceAssurance = "gx:ComplianceAssurance",
        CopyrightAndIntellectualPropertyDocument = "gx:CopyrightAndIntellectualPropertyDocument",
        CustomerAuditingRights = "gx:CustomerAuditingRights",
        CustomerDataAccessTerms = "gx:CustomerDataAccessTerms",
        CustomerDataProcessingTerms = "gx:CustomerDataProcessingTerms",
        DataProtectionRegulationMeasures = "gx:DataProtectionRegulationMeasures",
        DevelopmentCycleSecurity = "gx:DevelopmentCycleSecurity",
        DocumentChangeProcedures = "gx:DocumentChangeProcedures",
        EmployeeResponsibilities = "gx:EmployeeResponsibilities",
        EnvironmentalImpactReport = "gx:EnvironmentalImpactReport",
        GovernmentInvestigationManagement = "gx:GovernmentInvestigationManagement",
        InformationSecurityOrganization = "gx:InformationSecurityOrganization",
        InformationSecurityPolicies = "gx:InformationSecurityPolicies",
        InformationSecurityRiskManagement = "gx:InformationSecurityRiskManagement",
        LegallyBindingAct = "gx:LegallyBindingAct",
        OperationalSecurity = "gx:OperationalSecurity",
        PhysicalSecurity = "gx:PhysicalSecurity",
        ProcurementManagementSecurity = "gx:ProcurementManagementSecurity",
        ProductSecurity = "gx:ProductSecurity",
        RoleAndResponsibilities = "gx:RoleAndResponsibilities",
        SecurityIncidentManagement = "gx:SecurityIncidentManagement",
        ServiceAgreementOffer = "gx:ServiceAgreementOffer",
        UserDocumentationMaintenance = "gx:UserDocumentationMaintenance",
    }

    /// How an export is asked for.
    RequestType {
        Api = "API",
        Email = "email",
        WebForm = "webform",
        UnregisteredLetter = "unregisteredLetter",
        RegisteredLetter = "registeredLetter",
        SupportCenter = "supportCenter",
    }

    /// How an export is handed over.
    AccessType {
        Digital = "digital",
        Physical = "physical",
    }

    /// Languages of policies.
    PolicyLanguage {
        Odrl = "ODRL",
        Xacml = "XACML",
        Rego = "Rego",
        Json = "JSON",
        Other = "Other",
    }

    /// Laws of data protection.
    DataProtectionRegime {
        Gdpr2016 = "GDPR2016",
        Lgpd2019 = "LGPD2019",
        Pdpa2012 = "PDPA2012",
        Ccpa2018 = "CCPA2018",
        Vcdpa2021 = "VCDPA2021",
    }

    /// For whom a service is there.
    ProvisionType {
        Private = "private",
        Public = "public",
        Hybrid = "hybrid",
    }

    /// Standards of cryptography.
    CryptographicStandard {
        Fips186_5 = "FIPS186-5",
        Fips180_4 = "FIPS180-4",
        Rfc9142 = "RFC9142",
        Rfc5406 = "RFC5406",
        Rfc7296 = "RFC7296",
        Rfc8446 = "RFC8446",
        Rfc7515 = "RFC7515",
    }
}

/// A document without a kind is just a legal document.
impl Default for DocumentKind {
    fn default() -> Self {
        Self::LegalDocument
    }
}

/// The kind of a document, which is said by its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DocumentClass(pub DocumentKind);

impl Say for DocumentClass {
    fn say(self, node: &mut Node, _: &'static str) {
        node.classes = vec![self.0.as_str()];
    }

    fn declare(_: &'static str, _: &'static str, _: &mut Vec<Property>) {}
}

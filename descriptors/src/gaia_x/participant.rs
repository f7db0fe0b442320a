//! Participants: legal persons, their registration numbers, where they sit, and the terms an issuer agrees to.

use super::Entity;
use super::value::{CountryCode, Fraction, Nuts2, ReferenceSystem, SubdivisionCode};
use crate::node::Object;
use crate::shape::{InDevelopment, OneOrMore, Place, Range, Ref, Shape, Term, shapes, unions, words};

shapes! {
    /// A legal person.
    LegalPerson: "gx:LegalPerson" {
        registration_numbers: OneOrMore<RegistrationNumber> = "gx:registrationNumber",
        legal_address: Address = "gx:legalAddress",
        headquarters_address: Address = "gx:headquartersAddress",
        --
        entity: Entity = ..,
        parent_organization_of: Vec<Ref<LegalPerson>> = "gx:parentOrganizationOf",
        sub_organisation_of: Vec<Ref<LegalPerson>> = "gx:subOrganisationOf",
    }

    /// A registration number of any kind; only referred to.
    AnyRegistrationNumber: "gx:RegistrationNumber" {
        --
    }

    /// A value added tax number.
    VatId: "gx:VatID" {
        vat_id: String = "gx:vatID",
        --
        country_code: Option<CountryCode> = "gx:countryCode",
    }

    /// A Legal Entity Identifier (ISO 17442).
    LeiCode: "gx:LeiCode" {
        lei_code: String = "schema:leiCode",
        --
        country_code: Option<CountryCode> = "gx:countryCode",
        subdivision_country_code: Option<SubdivisionCode> = "gx:subdivisionCountryCode",
    }

    /// An Economic Operators Registration and Identification number.
    Eori: "gx:EORI" {
        eori: String = "gx:eori",
        --
        /// The country in plain English.
        country: Option<String> = "gx:country",
        country_code: InDevelopment<CountryCode> = "gx:countryCode",
    }

    /// A European Unique Identifier of the business registers.
    Euid: "gx:EUID" {
        euid: String = "gx:euid",
        --
    }

    /// A tax number.
    TaxId: "gx:TaxID" {
        tax_id: String = "schema:taxID",
        --
    }

    /// A number of a local register.
    LocalRegistrationNumber: "gx:LocalRegistrationNumber" {
        local: String = "gx:local",
        --
    }

    /// A company number of a country.
    CountryCompanyNumber: "gx:CountryCompanyNumber" {
        number: String = "gx:countryCompanyNumber",
        country_code: CountryCode = "gx:countryCode",
        --
        qualifier: Option<String> = "gx:companyNumberQualifier",
    }

    /// Who issues credentials, and the terms it agreed to. The signature under this credential is the agreement.
    Issuer: "gx:Issuer" {
        terms: IssuerTerms = "gx:gaiaxTermsAndConditions",
        --
    }

    /// A postal address.
    Address: "gx:Address" {
        country_code: CountryCode = "gx:countryCode",
        --
        country_name: Option<String> = "gx:countryName",
        gps: Vec<GpsLocation> = "gx:gps",
        street_address: Option<String> = "vcard:street-address",
        postal_code: Option<String> = "vcard:postal-code",
        locality: Option<String> = "vcard:locality",
        region: Option<Nuts2> = "vcard:region",
    }

    /// A place on the globe.
    GpsLocation: "gx:GPSLocation" {
        latitude: Angle = "gx:latitude",
        longitude: Angle = "gx:longitude",
        --
        altitude: Option<String> = "gx:altitude",
        crs: Option<ReferenceSystem> = "gx:crs",
    }

    /// An angle in degrees, minutes and seconds, or with a fraction of a degree.
    GpsUnit: "gx:GPSUnit" {
        degrees: Degrees = "gx:degrees",
        --
        minutes: Option<Sixtieths> = "gx:minutes",
        seconds: Option<Sixtieths> = "gx:seconds",
        decimals: Option<Fraction> = "gx:decimals",
    }
}

impl Term for AnyAngleText {
    const RANGE: Range = Range::Mixed;

    fn object(self, _: Place<'_>) -> Object {
        Object::Text(self.0)
    }
}

/// An angle as ISO 6709 writes it: `+51.05089`, 90 degrees at most for a latitude, 180 for a longitude.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyAngleText(String);

/// Why a number is not an angle on the globe.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AngleError {
    /// More than there are.
    #[error("{0} degrees lie outside of -{1} to {1}")]
    Degrees(f64, u8),
    /// Minutes and seconds go to 60.
    #[error("{0} is more than 60 minutes or seconds")]
    Sixtieths(u32),
}

unions! {
    /// A registration number, as a part or confirmed elsewhere (by a notary).
    RegistrationNumber: Range::Class(AnyRegistrationNumber::CLASS) => {
        /// VAT.
        VatId(VatId),
        /// LEI.
        LeiCode(LeiCode),
        /// EORI.
        Eori(Eori),
        /// EUID.
        Euid(Euid),
        /// Tax number.
        TaxId(TaxId),
        /// Local register.
        Local(LocalRegistrationNumber),
        /// Company number.
        CountryCompanyNumber(CountryCompanyNumber),
        /// Described by another credential.
        Elsewhere(Ref<AnyRegistrationNumber>),
    }

    /// An angle.
    Angle: Range::Mixed => {
        /// As a text.
        Text(AnyAngleText),
        /// In parts.
        Unit(GpsUnit),
    }
}

impl Angle {
    /// A latitude in degrees, north positive.
    ///
    /// # Errors
    /// Beyond 90 degrees.
    pub fn latitude(degrees: f64) -> Result<Self, AngleError> {
        Self::text(degrees, 90)
    }

    /// A longitude in degrees, east positive.
    ///
    /// # Errors
    /// Beyond 180 degrees.
    pub fn longitude(degrees: f64) -> Result<Self, AngleError> {
        Self::text(degrees, 180)
    }

    fn text(degrees: f64, max: u8) -> Result<Self, AngleError> {
        if degrees.abs() <= f64::from(max) {
            // Five places are one metre.
            Ok(Self::Text(AnyAngleText(format!("{degrees:+.5}"))))
        } else {
            Err(AngleError::Degrees(degrees, max))
        }
    }
}

/// Whole degrees: -180 to 180.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Degrees(i16);

impl Degrees {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Beyond 180 degrees.
    pub fn new(degrees: i16) -> Result<Self, AngleError> {
        let good = (-180..=180).contains(&degrees);
        if good { Ok(Self(degrees)) } else { Err(AngleError::Degrees(degrees.into(), 180)) }
    }
}

impl Term for Degrees {
    const RANGE: Range = Range::Datatype(crate::vocabulary::XSD_INTEGER);

    fn object(self, _: Place<'_>) -> Object {
        Object::Integer(self.0.into())
    }
}

/// Minutes or seconds of an angle: 0 to 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sixtieths(u32);

impl Sixtieths {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Beyond 60.
    pub fn new(count: u32) -> Result<Self, AngleError> {
        if count <= 60 { Ok(Self(count)) } else { Err(AngleError::Sixtieths(count)) }
    }
}

impl Term for Sixtieths {
    const RANGE: Range = Range::Datatype(crate::vocabulary::XSD_INTEGER);

    fn object(self, _: Place<'_>) -> Object {
        self.0.into()
    }
}

words! {
    /// The terms and conditions of Gaia-X that an issuer can agree to, by the SHA-256 of their text. The text that the first
    /// value stands for is not published; [`IssuerTerms::CURRENT`] is the one that clearing houses ask for.
    IssuerTerms {
        Earlier = "067dcac5efd18c1927deb1ffed3feab6d0ad044c0a9a263e6d5d8bdc43224515",
        Current = "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3",
    }
}

impl IssuerTerms {
    /// What clearing houses ask for.
    pub const CURRENT: Self = Self::Current;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_lies_on_the_globe() {
        assert_eq!(Angle::latitude(51.05089), Ok(Angle::Text(AnyAngleText("+51.05089".to_owned()))));
        assert_eq!(Angle::longitude(-180.0), Ok(Angle::Text(AnyAngleText("-180.00000".to_owned()))));
        assert!(Angle::latitude(90.1).is_err() && Angle::longitude(f64::NAN).is_err());
        assert!(Degrees::new(-181).is_err() && Sixtieths::new(61).is_err() && Sixtieths::new(60).is_ok());
    }
}

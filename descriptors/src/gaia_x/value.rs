//! Values with a grammar of their own: addresses, country and region codes, media types, licences, dates, numbers.
//!
//! Countries are checked against the list of ISO 3166-1. NUTS 2 codes, media types, SPDX identifiers and codes of country
//! subdivisions are checked for their form only: their lists are long and grow, and the shapes hold them.

use std::fmt;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::Digest;
use crate::node::{Node, Object};
use crate::rdf;
use crate::shape::{self, IriError, Place, Property, Range, Say, Term};
use crate::timestamp::Timestamp;
use crate::vocabulary::{Ontology, XSD_ANY_URI, XSD_DATE, XSD_DATE_TIME, XSD_FLOAT};

/// Why a text or number is not a value of its kind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Not in the list of ISO 3166-1.
    #[error("`{0}` is not a country code of ISO 3166-1 alpha-2, such as `DE`")]
    Country(String),
    /// Not a country and one to three letters or digits.
    #[error("`{0}` is not a subdivision code of ISO 3166-2, such as `DE-SN`")]
    Subdivision(String),
    /// Not two letters and two letters or digits.
    #[error("`{0}` has not the form of a NUTS 2 code, such as `DED2`")]
    Nuts2(String),
    /// Not `type/subtype`.
    #[error("`{0}` has not the form of a media type, such as `application/pdf`")]
    MediaType(String),
    /// Not letters, digits, `.`, `-` and `+`.
    #[error("`{0}` has not the form of an SPDX licence identifier, such as `Apache-2.0`")]
    Licence(String),
    /// Not a day of the calendar.
    #[error("`{0}` is not a date, such as `2026-11-21`")]
    Date(String),
    /// Not a number that can be written.
    #[error("{0} is not a finite number")]
    Number(f64),
    /// Outside of what the shape allows.
    #[error("{what} is {value}, outside {min} to {max}")]
    Range {
        /// Of what.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// Coordinate reference systems begin with `CRS`.
    #[error("`{0}` is not a coordinate reference system: it begins with `CRS`")]
    ReferenceSystem(String),
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// ISO 3166-1 alpha-2, as of 2026, in order.
const COUNTRIES: &str = "\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ\
DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJM\
JOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP\
NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTO\
TRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// A country: ISO 3166-1 alpha-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct CountryCode(#[schemars(regex(pattern = r"^[A-Z]{2}$"))] &'static str);

impl CountryCode {
    /// Looks the code up.
    ///
    /// # Errors
    /// When there is no such country.
    pub fn new(code: &str) -> Result<Self, ValueError> {
        let refuse = || ValueError::Country(shown(code));
        let wanted: [u8; 2] = code.as_bytes().try_into().map_err(|_| refuse())?;
        let (pairs, _) = COUNTRIES.as_bytes().as_chunks::<2>();
        let at = pairs.binary_search(&wanted).map_err(|_| refuse())?;
        COUNTRIES.get(at * 2..at * 2 + 2).map(Self).ok_or_else(refuse)
    }

    /// The two letters.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Term for CountryCode {
    const RANGE: Range = Range::Mixed;

    fn object(self, _: Place<'_>) -> Object {
        Object::Word(self.0)
    }
}

macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident = $error:ident, $pattern:literal, $check:expr;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub struct $name(#[schemars(regex(pattern = $pattern))] String);

        impl $name {
            /// Checks the form.
            ///
            /// # Errors
            /// When the text has another.
            pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
                let text = text.into();
                let good: fn(&str) -> bool = $check;
                if good(&text) { Ok(Self(text)) } else { Err(ValueError::$error(shown(&text))) }
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        impl Term for $name {
            const RANGE: Range = Range::Mixed;

            fn object(self, _: Place<'_>) -> Object {
                Object::Text(self.0)
            }
        }
    )*};
}

fn upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

/// A name of letters, digits and some signs that begins with a letter or a digit.
fn token(text: &str, signs: &[u8]) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 127
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b))
}

texts! {
    /// A region of the European statistical office, level 2: `DED2`. Its form is checked, not the list.
    Nuts2 = Nuts2, r"^[A-Z]{2}[0-9A-Z]{2}$", |text| {
        text.len() == 4
            && text.bytes().take(2).all(|b| b.is_ascii_uppercase())
            && text.bytes().all(upper_or_digit)
    };
    /// A part of a country: ISO 3166-2. The country is looked up, of the rest the form is checked.
    SubdivisionCode = Subdivision, r"^[A-Z]{2}-[0-9A-Z]{1,3}$", |text| {
        text.split_once('-').is_some_and(|(country, part)| {
            CountryCode::new(country).is_ok() && (1..=3).contains(&part.len()) && part.bytes().all(upper_or_digit)
        })
    };
    /// A media type: `application/pdf`. Its form is checked (RFC 6838), not the list of IANA.
    MediaType = MediaType, r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*$", |text| {
        text.split_once('/').is_some_and(|(kind, sub)| token(kind, b"!#$&^_.+-") && token(sub, b"!#$&^_.+-"))
    };
    /// An identifier of a licence in the SPDX list: `Apache-2.0`. Its form is checked, not the list.
    SpdxId = Licence, r"^[A-Za-z0-9][A-Za-z0-9.+-]*$", |text| token(text, b".+-");
    /// A coordinate reference system: `CRS84`.
    ReferenceSystem = ReferenceSystem, r"^CRS", |text| text.starts_with("CRS");
}

/// An address of something on the web: a literal `xsd:anyURI` in 25.11, an IRI in the development version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Url(String);

impl Url {
    /// Checks that it can be written as either.
    ///
    /// # Errors
    /// When it is not an absolute IRI.
    pub fn new(text: impl Into<String>) -> Result<Self, IriError> {
        let text = text.into();
        shape::check_iri(&text)?;
        Ok(Self(text))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Term for Url {
    const RANGE: Range = Range::Datatype(XSD_ANY_URI);

    fn object(self, _: Place<'_>) -> Object {
        Object::Url(self.0)
    }
}

/// The licences of some software: at least one by its SPDX identifier. Addresses of licences have a place in 25.11 only,
/// and are left out of the development version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licences {
    /// The first one.
    pub first: SpdxId,
    /// Others in the SPDX list.
    pub others: Vec<SpdxId>,
    /// Others by their address.
    pub addresses: Vec<Url>,
}

impl From<SpdxId> for Licences {
    fn from(first: SpdxId) -> Self {
        Self { first, others: Vec::new(), addresses: Vec::new() }
    }
}

impl Say for Licences {
    fn say(self, node: &mut Node, name: &'static str) {
        let listed: Vec<Object> = std::iter::once(self.first).chain(self.others).map(|id| Object::Text(id.0)).collect();
        let object = if self.addresses.is_empty() {
            Object::Many(listed)
        } else {
            let mut all = listed.clone();
            all.extend(self.addresses.into_iter().map(|url| Object::Url(url.0)));
            Object::versioned(Some(Object::Many(all)), Some(Object::Many(listed)))
        };
        node.set(name, object);
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        out.push(Property { name, comment, min: 1, max: None, range: Range::Mixed, only: None });
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Date(#[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))] String);

impl Date {
    /// Checks that there is such a day.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
        let text = text.into();
        let good = text.len() == 10 && format!("{text}T00:00:00Z").parse::<Timestamp>().is_ok();
        if good { Ok(Self(text)) } else { Err(ValueError::Date(shown(&text))) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Term for Date {
    const RANGE: Range = Range::Datatype(XSD_DATE);

    fn object(self, _: Place<'_>) -> Object {
        Object::Typed { text: self.0, datatype: XSD_DATE }
    }
}

impl Term for Timestamp {
    const RANGE: Range = Range::Datatype(XSD_DATE_TIME);

    fn object(self, _: Place<'_>) -> Object {
        Object::Typed { text: self.to_string(), datatype: XSD_DATE_TIME }
    }
}

/// The SHA-256 of a document as Gaia-X writes it: 64 hexadecimal digits, without a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentHash(pub Digest);

impl Term for DocumentHash {
    const RANGE: Range = Range::Datatype(rdf::STRING);

    fn object(self, _: Place<'_>) -> Object {
        Object::Text(self.0.hex())
    }
}

/// A finite number: `xsd:float`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number(f64);

impl Number {
    /// Checks that it can be written.
    ///
    /// # Errors
    /// When it is infinite or not a number.
    pub fn new(value: f64) -> Result<Self, ValueError> {
        if value.is_finite() { Ok(Self(value)) } else { Err(ValueError::Number(value)) }
    }

    fn within(what: &'static str, value: f64, min: f64, max: f64) -> Result<Self, ValueError> {
        let good = value >= min && value <= max;
        if good { Ok(Self(value)) } else { Err(ValueError::Range { what, value, min, max }) }
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl Term for Number {
    const RANGE: Range = Range::Datatype(XSD_FLOAT);

    fn object(self, _: Place<'_>) -> Object {
        Object::float(self.0)
    }
}

/// A share in percent: `qudt:floatPercentage`.
const FLOAT_PERCENTAGE: &str = "http://qudt.org/schema/qudt/floatPercentage";

macro_rules! ranged {
    ($($(#[doc = $doc:literal])+ $name:ident: $datatype:ident = $what:literal, $min:literal to $max:literal;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(Number);

        impl $name {
            /// Checks the bounds.
            ///
            /// # Errors
            /// When the number lies outside.
            pub fn new(value: f64) -> Result<Self, ValueError> {
                Number::within($what, value, $min, $max).map(Self)
            }
        }

        impl Term for $name {
            const RANGE: Range = Range::Datatype($datatype);

            fn object(self, _: Place<'_>) -> Object {
                Object::number(self.0.0, $datatype)
            }
        }
    )*};
}

ranged! {
    /// How much memory is promised for each byte there is: 1 to 3.
    MemoryRatio: XSD_FLOAT = "the over-provisioning ratio of memory", 1.0 to 3.0;
    /// A fraction of a degree: 0 to 1.
    Fraction: XSD_FLOAT = "a fraction of a degree", 0.0 to 1.0;
    /// The share of energy, in percent: 0 to 100.
    EnergyShare: XSD_FLOAT = "a share of energy in percent", 0.0 to 100.0;
    /// Energy of a whole datacenter for each unit that its equipment takes: at least 1.
    PowerUsage: XSD_FLOAT = "power usage effectiveness", 1.0 to 1.0e6;
    /// Litres of water for each kilowatt-hour that the equipment takes: at least 0.
    WaterUsage: XSD_FLOAT = "water usage effectiveness", 0.0 to 1.0e6;
    /// A share in percent: 0 to 100.
    Percentage: FLOAT_PERCENTAGE = "a percentage", 0.0 to 100.0;
}

/// How many virtual processors are promised for each core: a whole number in 25.11, `xsd:float` in the development version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuRatio(pub NonZeroU32);

impl Term for CpuRatio {
    const RANGE: Range = Range::Mixed;

    fn object(self, _: Place<'_>) -> Object {
        let ratio = self.0.get();
        Object::versioned(Some(ratio.into()), Some(Object::float(ratio.into())))
    }
}

/// Water usage, whose property has another name in the development version.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct RenamedWaterUsage(pub WaterUsage);

const WATER_IN_DEVELOPMENT: &str = "gx:waterUsageEffectivenessValue";

impl From<WaterUsage> for RenamedWaterUsage {
    fn from(usage: WaterUsage) -> Self {
        Self(usage)
    }
}

impl Say for RenamedWaterUsage {
    fn say(self, node: &mut Node, name: &'static str) {
        let object = Object::float(self.0.0.0);
        node.set(name, Object::only(Ontology::V2511, object.clone()));
        node.set(WATER_IN_DEVELOPMENT, Object::only(Ontology::Development, object));
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        let range = WaterUsage::RANGE;
        for (name, ontology) in [(name, Ontology::V2511), (WATER_IN_DEVELOPMENT, Ontology::Development)] {
            out.push(Property { name, comment, min: 1, max: Some(1), range, only: Some(ontology) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_countries_is_in_order_so_that_they_are_found() {
        let (pairs, rest) = COUNTRIES.as_bytes().as_chunks::<2>();
        assert!(rest.is_empty() && pairs.len() == 249 && pairs.is_sorted_by(|a, b| a < b));
        assert!(pairs.iter().all(|pair| CountryCode::new(std::str::from_utf8(pair).unwrap()).is_ok()));
    }

    #[test]
    fn a_value_has_the_form_of_its_kind() {
        let check = |good: bool, result: Result<(), ValueError>| assert_eq!(result.is_ok(), good, "{result:?}");
        for (good, code) in [(true, "DE"), (true, "ZW"), (false, "de"), (false, "XX"), (false, "DEU"), (false, "Ä")] {
            check(good, CountryCode::new(code).map(drop));
        }
        for (good, code) in [(true, "DED2"), (true, "BEZZ"), (false, "DED"), (false, "1ED2"), (false, "DED21")] {
            check(good, Nuts2::new(code).map(drop));
        }
        for (good, text) in [(true, "application/pdf"), (true, "image/svg+xml"), (false, "pdf"), (false, "a b/c")] {
            check(good, MediaType::new(text).map(drop));
        }
        for (good, text) in [(true, "DE-SN"), (true, "FR-75"), (false, "XX-1"), (false, "DE-"), (false, "DE-ABCD")] {
            check(good, SubdivisionCode::new(text).map(drop));
        }
        for (good, text) in [(true, "2026-11-21"), (false, "2026-02-30"), (false, "2026-1-1"), (false, "today")] {
            check(good, Date::new(text).map(drop));
        }
        check(false, MemoryRatio::new(3.5).map(drop));
        check(false, MemoryRatio::new(f64::NAN).map(drop));
        check(true, MemoryRatio::new(1.5).map(drop));
        check(false, Number::new(f64::INFINITY).map(drop));
    }

    #[test]
    fn an_address_stays_an_address_in_every_form() {
        for good in ["https://cloud.example/terms?a=b#c", "urn:uuid:1", "did:web:cloud.example"] {
            assert!(Url::new(good).is_ok(), "{good}");
        }
        for bad in ["", "/terms", "https:", "https://a b", "https://a/<x>", "https://a/\"", "https://a/\n", "1a:b"] {
            assert!(Url::new(bad).is_err(), "{bad:?}");
        }
    }
}

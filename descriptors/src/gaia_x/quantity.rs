//! Quantities: a number and the unit it is counted in. The unit is the IRI of QUDT, written as a text.

use super::value::Number;
use crate::node::Node;
use crate::shape::{Property, Say, shapes, words};

words! {
    /// Units of memory and storage.
    MemoryUnit {
        Byte = "https://qudt.org/vocab/unit/BYTE",
        KibiByte = "https://qudt.org/vocab/unit/KibiBYTE",
        MebiByte = "https://qudt.org/vocab/unit/MebiBYTE",
        GibiByte = "https://qudt.org/vocab/unit/GibiBYTE",
        TebiByte = "https://qudt.org/vocab/unit/TebiBYTE",
        MegaByte = "https://qudt.org/vocab/unit/MegaBYTE",
        GigaByte = "https://qudt.org/vocab/unit/GigaBYTE",
        TeraByte = "https://qudt.org/vocab/unit/TeraBYTE",
    }

    /// Units of frequency.
    FrequencyUnit {
        MegaHertz = "https://qudt.org/vocab/unit/MegaHZ",
        GigaHertz = "https://qudt.org/vocab/unit/GigaHZ",
    }

    /// Units of power.
    PowerUnit {
        Watt = "https://qudt.org/vocab/unit/W",
        KiloWatt = "https://qudt.org/vocab/unit/KiloW",
    }

    /// Units of time.
    TimeUnit {
        MicroSecond = "https://qudt.org/vocab/unit/MicroSEC",
        MilliSecond = "https://qudt.org/vocab/unit/MilliSEC",
        Second = "https://qudt.org/vocab/unit/SEC",
        Minute = "https://qudt.org/vocab/unit/MIN",
        Hour = "https://qudt.org/vocab/unit/HR",
        Day = "https://qudt.org/vocab/unit/DAY",
        Week = "https://qudt.org/vocab/unit/WK",
        Month = "https://qudt.org/vocab/unit/MO",
        Year = "https://qudt.org/vocab/unit/YR",
    }

    /// Units of data rates, and operations per second, for which the ontology has no class of its own.
    DataRateUnit {
        MegaBitPerSecond = "https://qudt.org/vocab/unit/MegaBIT-PER-SEC",
        GigaBitPerSecond = "https://qudt.org/vocab/unit/GigaBIT-PER-SEC",
        MegaBytePerSecond = "https://qudt.org/vocab/unit/MegaBYTE-PER-SEC",
        GigaBytePerSecond = "https://qudt.org/vocab/unit/GigaBYTE-PER-SEC",
        OperationPerSecond = "https://qudt.org/vocab/unit/NUM-PER-SEC",
    }
}

shapes! {
    /// A size of memory or storage.
    MemorySize: "gx:MemorySize" {
        value: Number = "qudt:quantityValue",
        unit: MemoryUnit = "qudt:applicableUnit",
        --
    }

    /// A frequency.
    Frequency: "http://qudt.org/vocab/quantitykind/Frequency" {
        value: Number = "qudt:quantityValue",
        unit: FrequencyUnit = "qudt:applicableUnit",
        --
    }

    /// A power.
    Power: "http://qudt.org/vocab/quantitykind/Power" {
        value: Number = "qudt:quantityValue",
        unit: PowerUnit = "qudt:applicableUnit",
        --
    }

    /// A span of time.
    Time: "http://qudt.org/vocab/quantitykind/Time" {
        value: Number = "qudt:quantityValue",
        unit: TimeUnit = "qudt:applicableUnit",
        --
        also: QuantityKind = "type",
    }

    /// Data, or operations, in a time.
    DataRate: "http://qudt.org/vocab/quantitykind/DataRate" {
        value: Number = "qudt:quantityValue",
        unit: DataRateUnit = "qudt:applicableUnit",
        --
        also: QuantityKind = "type",
    }

    /// How long protected data are kept.
    RetentionDuration: "gx:RetentionDuration" {
        value: Number = "qudt:quantityValue",
        unit: TimeUnit = "qudt:applicableUnit",
        --
    }
}

/// Says that a quantity is a `qudt:QuantityKind` as well. A metric asks for one, and the hierarchy of classes that is
/// published with the ontology does not say that these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuantityKind;

impl Say for QuantityKind {
    fn say(self, node: &mut Node, _: &'static str) {
        node.classes.push("qudt:QuantityKind");
    }

    fn declare(_: &'static str, _: &'static str, _: &mut Vec<Property>) {}
}

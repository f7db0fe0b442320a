//! SMBIOS identity, as the kernel exports it in `/sys/class/dmi/id`.
//!
//! Serial numbers and the UUID are readable by root only: they are read once, before the agent gives up its rights, and are
//! absent, `not_permitted`, where it had none. Boards that nobody configured carry fillers such as `To be filled by O.E.M.`,
//! which two nodes share without sharing anything: those are absent, `filler`. Eighteen small files.

use descriptors::fact::dmi::DmiFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source};
use crate::root::{Privileged, Root};

const DIRECTORY: &str = "/sys/class/dmi/id";

/// Mode 0400 in [`DIRECTORY`].
const SERIALS: [Privileged; 4] = [
    Privileged::File("/sys/class/dmi/id/product_serial"),
    Privileged::File("/sys/class/dmi/id/product_uuid"),
    Privileged::File("/sys/class/dmi/id/board_serial"),
    Privileged::File("/sys/class/dmi/id/chassis_serial"),
];

/// What vendors leave in fields they were to fill, in lower case.
const FILLERS: [&str; 26] = [
    "0",
    "0123456789",
    "123456789",
    "1234567890",
    "asset tag",
    "asset-1234567890",
    "base board serial number",
    "chassis serial number",
    "default",
    "default string",
    "empty",
    "invalid",
    "n/a",
    "na",
    "no asset information",
    "no asset tag",
    "none",
    "not applicable",
    "not available",
    "not specified",
    "o.e.m.",
    "oem",
    "serial number",
    "system serial number",
    "to be filled by o.e.m.",
    "unknown",
];

/// See the module.
pub struct Dmi;

impl Source for Dmi {
    fn name(&self) -> &'static str {
        "dmi"
    }

    fn privileged(&self) -> &'static [Privileged] {
        &SERIALS
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        fetch(&context.root).map(|raw| parse(raw).into())
    }
}

/// The raw texts, under the names they have in the fact.
type Raw = DmiFact;

fn fetch(root: &Root) -> Reading<Raw> {
    if !root.exists(DIRECTORY) {
        return Reading::absent(AbsenceReason::NotPresent, DIRECTORY);
    }
    let field = |name: &str| root.line(&format!("{DIRECTORY}/{name}"));
    Reading::Present(Raw {
        system_vendor: field("sys_vendor"),
        product_name: field("product_name"),
        product_version: field("product_version"),
        product_sku: field("product_sku"),
        product_serial: field("product_serial"),
        product_uuid: field("product_uuid"),
        board_vendor: field("board_vendor"),
        board_name: field("board_name"),
        board_version: field("board_version"),
        board_serial: field("board_serial"),
        chassis_type: field("chassis_type"),
        chassis_serial: field("chassis_serial"),
        chassis_asset_tag: field("chassis_asset_tag"),
        bios_vendor: field("bios_vendor"),
        bios_version: field("bios_version"),
        bios_date: field("bios_date"),
        bios_release: field("bios_release"),
        controller_release: field("ec_firmware_release"),
    })
}

fn parse(raw: Raw) -> DmiFact {
    DmiFact {
        system_vendor: filled(raw.system_vendor),
        product_name: filled(raw.product_name),
        product_version: version(raw.product_version),
        product_sku: filled(raw.product_sku),
        product_serial: filled(raw.product_serial),
        product_uuid: filled(raw.product_uuid).map(|uuid| uuid.to_ascii_lowercase()),
        board_vendor: filled(raw.board_vendor),
        board_name: filled(raw.board_name),
        board_version: version(raw.board_version),
        board_serial: filled(raw.board_serial),
        chassis_type: version(raw.chassis_type),
        chassis_serial: filled(raw.chassis_serial),
        chassis_asset_tag: filled(raw.chassis_asset_tag),
        bios_vendor: filled(raw.bios_vendor),
        bios_version: version(raw.bios_version),
        bios_date: filled(raw.bios_date),
        bios_release: version(raw.bios_release),
        controller_release: version(raw.controller_release),
    }
}

/// The text, unless it is one of the fillers or one character over and over (an all-zero or all-ones UUID).
fn filled(text: Reading<String>) -> Reading<String> {
    text.and_then(|text| match is_filler(&text) {
        true => Reading::absent(AbsenceReason::Filler, text.chars().take(40).collect::<String>()),
        false => Reading::Present(text),
    })
}

/// As [`filled`], for versions and other numbers: `1.1` repeats a character and `0` is short, and both may be meant.
fn version(text: Reading<String>) -> Reading<String> {
    let meant = |text: &str| {
        let digits = text.contains(|c: char| c.is_ascii_digit());
        text == "0" || digits && FILLERS.binary_search(&text.to_lowercase().as_str()).is_err()
    };
    match text {
        Reading::Present(text) if meant(&text) => Reading::Present(text),
        text => filled(text),
    }
}

fn is_filler(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut letters = lower.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '_' | ':'));
    let first = letters.next();
    let repeats = lower.chars().count() > 1 && letters.all(|letter| Some(letter) == first);
    repeats || FILLERS.binary_search(&lower.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_version_may_repeat_a_character() {
        let check = |text: &str, expect: bool| {
            assert_eq!(version(Reading::Present(text.to_owned())).present().is_some(), expect, "{text:?}");
        };
        for text in ["1.1", "22", "0", "A", "2.7a"] {
            check(text, true);
        }
        for text in ["Default string", "Not Specified", "0123456789", "xxxx", "...."] {
            check(text, false);
        }
    }

    #[test]
    fn a_filler_is_not_a_value() {
        assert!(FILLERS.is_sorted(), "binary search needs it");
        let check = |text: &str, filler: bool| assert_eq!(is_filler(text), filler, "{text:?}");
        for text in [
            "To be filled by O.E.M.",
            "To Be Filled By O.E.M.",
            "Default string",
            "None",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "xxxxxxxx",
            "0000000000",
            "...",
            "System Serial Number",
            "Not Specified",
        ] {
            check(text, true);
        }
        for text in ["Dell Inc.", "PowerEdge R7525", "7XK2M13", "4c4c4544-0058-4b10-8032-b7c04f4d3133", "1.0", "A", "H"]
        {
            check(text, false);
        }
    }

    proptest! {
        /// What is kept is kept as it is; a filler is shown in part, and never taken for a value.
        #[test]
        fn any_text_is_a_value_or_a_filler(text in "\\PC{0,50}|[0.\\-: ]{0,50}|(?i)default string|[0-9]{1,3}\\.[0-9]{1,3}") {
            for read in [filled, version] {
                match read(Reading::Present(text.clone())) {
                    Reading::Present(value) => prop_assert_eq!(&value, &text),
                    Reading::Absent(absence) => {
                        prop_assert_eq!(absence.reason, AbsenceReason::Filler);
                        prop_assert!(text.starts_with(&absence.detail) && absence.detail.chars().count() <= 40);
                    }
                }
            }
            prop_assert_eq!(is_filler(&text.to_lowercase()), is_filler(&text));
        }
    }
}

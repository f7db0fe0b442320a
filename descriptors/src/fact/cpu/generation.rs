//! What a processor's family, model and stepping are called.
//!
//! Server processors of 2012 to 2025, and the desktop parts that are sold for servers. Families and models are those of the
//! Linux kernel (`arch/x86/include/asm/intel-family.h`; the ranges of the Zen generations in `arch/x86/kernel/cpu/amd.c`);
//! which codename has which model is in AMD's Processor Programming References, and which stepping of model 55h is which
//! generation in Intel's specification updates. The label is that of SCS-0100, where the standard has one. What a
//! generation can do is not known here.

use super::Signature;

/// A generation of processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its name: `Ice Lake`, `Milan (Zen 3)`.
    pub name: &'static str,
    /// Letter and number in a flavor's name of SCS-0100, where the standard names the generation: `i3`, `z3`.
    pub scs: Option<&'static str>,
}

/// Family, first and last model, first and last stepping, name, label.
type Row = (u32, (u32, u32), (u32, u32), &'static str, Option<&'static str>);

const ANY: (u32, u32) = (0, u32::MAX);

const INTEL: [Row; 24] = [
    (6, (0x2a, 0x2a), ANY, "Sandy Bridge", Some("i0")),
    (6, (0x2d, 0x2d), ANY, "Sandy Bridge", Some("i0")),
    (6, (0x3a, 0x3a), ANY, "Ivy Bridge", Some("i0")),
    (6, (0x3e, 0x3e), ANY, "Ivy Bridge", Some("i0")),
    (6, (0x3c, 0x3c), ANY, "Haswell", Some("i0")),
    (6, (0x3f, 0x3f), ANY, "Haswell", Some("i0")),
    (6, (0x47, 0x47), ANY, "Broadwell", Some("i0")),
    (6, (0x4f, 0x4f), ANY, "Broadwell", Some("i0")),
    (6, (0x56, 0x56), ANY, "Broadwell", Some("i0")),
    (6, (0x5e, 0x5e), ANY, "Skylake", Some("i1")),
    (6, (0x55, 0x55), (0, 4), "Skylake", Some("i1")),
    (6, (0x55, 0x55), (5, 7), "Cascade Lake", Some("i2")),
    (6, (0x55, 0x55), (10, 11), "Cooper Lake", None),
    (6, (0x9e, 0x9e), (0, 9), "Kaby Lake", None),
    (6, (0x9e, 0x9e), (10, 13), "Coffee Lake", None),
    (6, (0xa7, 0xa7), ANY, "Rocket Lake", None),
    (6, (0xb7, 0xb7), ANY, "Raptor Lake", None),
    (6, (0x6a, 0x6a), ANY, "Ice Lake", Some("i3")),
    (6, (0x6c, 0x6c), ANY, "Ice Lake", Some("i3")),
    (6, (0x8f, 0x8f), ANY, "Sapphire Rapids", Some("i4")),
    (6, (0xcf, 0xcf), ANY, "Emerald Rapids", None),
    (6, (0xaf, 0xaf), ANY, "Sierra Forest", Some("i5")),
    (6, (0xad, 0xae), ANY, "Granite Rapids", Some("i6")),
    (6, (0xdd, 0xdd), ANY, "Clearwater Forest", None),
];

const AMD: [Row; 17] = [
    (21, (0x00, 0x01), ANY, "Bulldozer", Some("z0")),
    (21, (0x02, 0x1f), ANY, "Piledriver", Some("z0")),
    (23, (0x00, 0x07), ANY, "Naples (Zen 1)", Some("z1")),
    (23, (0x08, 0x2f), ANY, "Zen 1", Some("z1")),
    (23, (0x30, 0x3f), ANY, "Rome (Zen 2)", Some("z2")),
    (23, (0x60, 0x7f), ANY, "Zen 2", Some("z2")),
    (25, (0x00, 0x0f), ANY, "Milan (Zen 3)", Some("z3")),
    (25, (0x20, 0x5f), ANY, "Zen 3", Some("z3")),
    (25, (0x10, 0x1f), ANY, "Genoa (Zen 4)", Some("z4")),
    (25, (0x60, 0x7f), ANY, "Zen 4", Some("z4")),
    (25, (0x90, 0x9f), ANY, "Zen 4", Some("z4")),
    (25, (0xa0, 0xaf), ANY, "Bergamo (Zen 4c)", Some("z4")),
    (26, (0x00, 0x0f), ANY, "Turin (Zen 5)", Some("z5")),
    (26, (0x10, 0x1f), ANY, "Turin Dense (Zen 5c)", Some("z5")),
    (26, (0x20, 0x2f), ANY, "Zen 5", Some("z5")),
    (26, (0x40, 0x4f), ANY, "Zen 5", Some("z5")),
    (26, (0x50, 0x5f), ANY, "Zen 6", Some("z6")),
];

/// The names of a generation that is told as `Milan (Zen 3)`: the whole, `Milan`, and `Zen 3`.
pub fn generation_names(told: &str) -> impl Iterator<Item = &str> {
    let parts = told.strip_suffix(')').and_then(|told| told.split_once(" ("));
    std::iter::once(told).chain(parts.into_iter().flat_map(|(server, family)| [server, family]))
}

/// Whether some generation that is known here has this name, in any case.
pub fn is_generation_name(name: &str) -> bool {
    let mut known = INTEL.iter().chain(&AMD).flat_map(|(.., told, _)| generation_names(told));
    known.any(|known| known.eq_ignore_ascii_case(name))
}

/// The generation of a processor of this vendor (`GenuineIntel`, `AuthenticAMD`), where it is known here.
pub fn generation(vendor: &str, signature: &Signature) -> Option<Generation> {
    let rows: &[Row] = match vendor {
        "GenuineIntel" => &INTEL,
        "AuthenticAMD" => &AMD,
        _ => return None,
    };
    let within = |value: u32, (first, last): (u32, u32)| (first..=last).contains(&value);
    let row = rows.iter().find(|(family, models, steppings, ..)| {
        *family == signature.family && within(signature.model, *models) && within(signature.stepping, *steppings)
    });
    row.map(|(.., name, scs)| Generation { name, scs: *scs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_goes_by_each_of_its_names() {
        assert_eq!(generation_names("Milan (Zen 3)").collect::<Vec<_>>(), ["Milan (Zen 3)", "Milan", "Zen 3"]);
        assert_eq!(generation_names("Ice Lake").collect::<Vec<_>>(), ["Ice Lake"]);
        assert!(["milan", "Zen 4c", "Turin Dense", "ice lake", "Naples (Zen 1)"].into_iter().all(is_generation_name));
        assert!(["", "Zen", "Zen 3)", "Lake", "Milan ("].into_iter().all(|name| !is_generation_name(name)));
    }

    #[test]
    fn a_processor_has_the_generation_its_maker_calls_it() {
        let check = |vendor: &str, (family, model, stepping): (u32, u32, u32), expect: Option<(&str, Option<&str>)>| {
            let found = generation(vendor, &Signature { family, model, stepping });
            assert_eq!(found.map(|found| (found.name, found.scs)), expect, "{vendor} {family}/{model}/{stepping}");
        };
        // Xeon E5-2680 v4, Gold 6148, Gold 6248, Platinum 8380H, Platinum 8380, Platinum 8480+, Platinum 8592+.
        check("GenuineIntel", (6, 79, 1), Some(("Broadwell", Some("i0"))));
        check("GenuineIntel", (6, 85, 4), Some(("Skylake", Some("i1"))));
        check("GenuineIntel", (6, 85, 7), Some(("Cascade Lake", Some("i2"))));
        check("GenuineIntel", (6, 85, 11), Some(("Cooper Lake", None)));
        check("GenuineIntel", (6, 106, 6), Some(("Ice Lake", Some("i3"))));
        check("GenuineIntel", (6, 143, 8), Some(("Sapphire Rapids", Some("i4"))));
        check("GenuineIntel", (6, 207, 2), Some(("Emerald Rapids", None)));
        // EPYC 7551, 7742, 7763, 9654, 9754, 9755.
        check("AuthenticAMD", (23, 1, 2), Some(("Naples (Zen 1)", Some("z1"))));
        check("AuthenticAMD", (23, 49, 0), Some(("Rome (Zen 2)", Some("z2"))));
        check("AuthenticAMD", (25, 1, 1), Some(("Milan (Zen 3)", Some("z3"))));
        check("AuthenticAMD", (25, 17, 1), Some(("Genoa (Zen 4)", Some("z4"))));
        check("AuthenticAMD", (25, 160, 2), Some(("Bergamo (Zen 4c)", Some("z4"))));
        check("AuthenticAMD", (26, 2, 1), Some(("Turin (Zen 5)", Some("z5"))));
        // A stepping or a model that nobody has described is not guessed.
        check("GenuineIntel", (6, 85, 8), None);
        check("GenuineIntel", (6, 0xf0, 0), None);
        check("AuthenticAMD", (6, 79, 1), None);
        check("HygonGenuine", (24, 1, 2), None);
    }

    #[test]
    fn no_processor_has_two_generations() {
        for rows in [&INTEL[..], &AMD[..]] {
            for (index, (family, models, steppings, ..)) in rows.iter().enumerate() {
                assert!(models.0 <= models.1 && steppings.0 <= steppings.1);
                for (other_family, other_models, other_steppings, name, _) in &rows[index + 1..] {
                    let overlap = |a: &(u32, u32), b: &(u32, u32)| a.0 <= b.1 && b.0 <= a.1;
                    let both = overlap(models, other_models) && overlap(steppings, other_steppings);
                    assert!(family != other_family || !both, "{name}");
                }
            }
        }
    }
}

//! What a flavor's name promises where it is an SCS name: vCPUs, memory and the first disk (SCS-0100, version 3).
//!
//! A flavor delivers at least what its name says. Only these three are read; the letters behind them (kind of vCPU,
//! hypervisor, graphics) say things that are declared in words beside the name. Whether the rest of a name is well-formed is
//! not known here.

/// What every such name begins with.
pub const PREFIX: &str = "SCS-";

/// What a name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory, in tenths of a GiB.
    pub ram_tenths: u32,
    /// The size of the first disk in GB; none where the name has no disk, or one without a size.
    pub disk_gb: Option<u32>,
}

impl Promise {
    /// Memory in bytes.
    pub fn ram_bytes(self) -> u64 {
        (u64::from(self.ram_tenths) << 30) / 10
    }
}

/// Reads `SCS-4V-16-100s…`; none where the quantities cannot be read.
pub fn read(name: &str) -> Option<Promise> {
    let quantities = name.strip_prefix(PREFIX)?.split('_').next()?;
    let mut parts = quantities.split('-');
    let (vcpus, kind) = number(parts.next()?)?;
    if !matches!(kind, "L" | "V" | "T" | "C" | "Li" | "Vi" | "Ti" | "Ci") {
        return None;
    }
    let ram = parts.next()?;
    let (whole, rest) = number(ram)?;
    let (tenth, rest) = match rest.strip_prefix('.') {
        Some(rest) => number(rest).filter(|(tenth, _)| *tenth < 10)?,
        None => (0, rest),
    };
    if !matches!(rest, "" | "u" | "o" | "uo") {
        return None;
    }
    let ram_tenths = whole.checked_mul(10)?.checked_add(tenth)?;
    let disk_gb = match parts.next() {
        None => None,
        Some(disk) => disk_gb(disk)?,
    };
    (vcpus > 0 && ram_tenths > 0 && parts.next().is_none()).then_some(Promise { vcpus, ram_tenths, disk_gb })
}

/// `50`, `3x50`, `50s`, `s`, or nothing: the size of the first disk, if the part says one.
fn disk_gb(text: &str) -> Option<Option<u32>> {
    let size = match text.split_once('x') {
        None => text,
        Some((count, size)) => {
            number(count).filter(|(count, rest)| *count > 0 && rest.is_empty())?;
            size
        }
    };
    match number(size) {
        Some((size, "" | "n" | "h" | "s" | "p")) if size > 0 => Some(Some(size)),
        None if matches!(size, "" | "n" | "h" | "s" | "p") => Some(None),
        _ => None,
    }
}

/// A whole number without a leading zero, and what stands behind it.
fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some((number, rest))
}

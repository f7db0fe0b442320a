//! What safe Rust cannot ask for: single steps of the processor's random-number instructions, the kernel's clock, and what the
//! driver of a network interface says of its firmware.
//!
//! The only file of the workspace that may hold unsafe code; a test of the house sees to it. Every function is safe to
//! call in any way, and each unsafe expression has beside it why it is sound (`docs/adr/0011-unsafe-code-in-one-file.md`).
//! Nothing is judged here: whether numbers are good, or a clock good enough, is for the callers.
#![expect(unsafe_code, reason = "two instructions and two system calls have no safe binding among the dependencies")]

/// An instruction that gives random numbers, on a processor that has it.
///
/// A value exists only where `cpuid` offers the instruction: that is what makes [`Self::step`] sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomInstruction(Which);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Rdrand,
    Rdseed,
}

impl RandomInstruction {
    /// RDRAND, which gives conditioned numbers, where `cpuid` offers it; never on other architectures than x86-64.
    pub fn rdrand() -> Option<Self> {
        Self::detect(Which::Rdrand)
    }

    /// RDSEED, which gives seeds for other generators, where `cpuid` offers it; never on other architectures than x86-64.
    pub fn rdseed() -> Option<Self> {
        Self::detect(Which::Rdseed)
    }

    #[cfg(target_arch = "x86_64")]
    fn detect(which: Which) -> Option<Self> {
        let offered = match which {
            Which::Rdrand => std::arch::is_x86_feature_detected!("rdrand"),
            Which::Rdseed => std::arch::is_x86_feature_detected!("rdseed"),
        };
        offered.then_some(Self(which))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect(_: Which) -> Option<Self> {
        None
    }

    /// Executes it once. `None` is an underflow: no number was ready, and one may be at the next step.
    #[cfg(target_arch = "x86_64")]
    pub fn step(self) -> Option<u64> {
        let mut number = 0;
        let carry = match self.0 {
            // SAFETY: the intrinsic wants the processor to have RDRAND, and writes to `number` alone. `detect`, the only
            // maker of this value, saw the feature; a kernel runs no process on a processor that lacks what `cpuid`
            // offered, and a hypervisor that moved us to such a one would break every program that asked.
            Which::Rdrand => unsafe { std::arch::x86_64::_rdrand64_step(&mut number) },
            // SAFETY: as above, with RDSEED.
            Which::Rdseed => unsafe { std::arch::x86_64::_rdseed64_step(&mut number) },
        };
        (carry == 1).then_some(number)
    }

    /// Executes it once. `None` is an underflow: no number was ready, and one may be at the next step.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn step(self) -> Option<u64> {
        None
    }
}

/// What the kernel says of its clock; see `adjtimex(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockState {
    /// Whether something disciplines the clock, and did so lately.
    pub synchronised: bool,
    /// Which leap second is announced for the end of the day.
    pub leap_second: Option<LeapSecond>,
    /// The `STA_` bits of `<linux/timex.h>`, as they are.
    pub status: u32,
    /// What is left of the last correction. Changes from second to second.
    pub offset_ns: i64,
    /// Upper bound of the error as the kernel keeps it: grows until the next correction, up to 16 s.
    pub error_us_max: i64,
    /// The error as the last correction estimated it.
    pub error_us_estimated: i64,
    /// TAI minus UTC; 0 where nobody told the kernel.
    pub tai_offset_seconds: i32,
}

/// A second that the end of the day gets or loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeapSecond {
    /// The day has one second more.
    Inserted,
    /// The day has one second less.
    Deleted,
}

/// Why the clock could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("adjtimex(2)")]
pub struct ClockError(#[source] std::io::Error);

/// Asks the kernel for the state of its clock. Changes nothing and needs no privilege.
#[cfg(target_pointer_width = "64")]
pub fn clock_state() -> Result<ClockState, ClockError> {
    let mut timex = Timex::default();
    // SAFETY: the C library's function writes at most one `struct timex` through the pointer, which is not null, aligned,
    // for writing, and lives longer than the call. `Timex` has that layout on 64-bit Linux: the assertions below its
    // definition stop the build where it does not. Its `modes` are 0: the kernel reads, and sets nothing.
    let state = unsafe { adjtimex(&raw mut timex) };
    match state {
        -1 => Err(ClockError(std::io::Error::last_os_error())),
        state => Ok(timex.state(state)),
    }
}

/// Asks the kernel for the state of its clock: not on this platform, whose layout is not known here.
#[cfg(not(target_pointer_width = "64"))]
pub fn clock_state() -> Result<ClockState, ClockError> {
    Err(ClockError(std::io::ErrorKind::Unsupported.into()))
}

/// `struct timex` of 64-bit Linux.
#[cfg(target_pointer_width = "64")]
#[repr(C)]
#[derive(Default)]
struct Timex {
    modes: u32,
    offset: i64,
    frequency: i64,
    error_max: i64,
    error_estimated: i64,
    status: u32,
    constant: i64,
    precision: i64,
    tolerance: i64,
    time: [i64; 2],
    tick: i64,
    pps_frequency: i64,
    pps_jitter: i64,
    pps_shift: i32,
    pps_stability: i64,
    pps_counts: [i64; 4],
    tai: i32,
    reserved: [i32; 11],
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Timex>() == 208 && align_of::<Timex>() == 8);
    assert!(std::mem::offset_of!(Timex, status) == 40 && std::mem::offset_of!(Timex, tai) == 160);
};

#[cfg(target_pointer_width = "64")]
// SAFETY: the declaration of the C library (glibc and musl alike): `int adjtimex(struct timex *)`.
unsafe extern "C" {
    fn adjtimex(timex: *mut Timex) -> std::ffi::c_int;
}

#[cfg(target_pointer_width = "64")]
impl Timex {
    /// `STA_INS`, `STA_DEL`, `STA_NANO` of `<linux/timex.h>`.
    const INSERT: u32 = 0x10;
    const DELETE: u32 = 0x20;
    const NANOSECONDS: u32 = 0x2000;
    /// `TIME_ERROR`: the clock is not synchronised.
    const NOT_SYNCHRONISED: i32 = 5;

    fn state(&self, state: i32) -> ClockState {
        let nanoseconds = if self.status & Self::NANOSECONDS == 0 { 1000 } else { 1 };
        ClockState {
            synchronised: state != Self::NOT_SYNCHRONISED,
            leap_second: match (self.status & Self::INSERT != 0, self.status & Self::DELETE != 0) {
                (true, _) => Some(LeapSecond::Inserted),
                (_, true) => Some(LeapSecond::Deleted),
                _ => None,
            },
            status: self.status,
            offset_ns: self.offset.saturating_mul(nanoseconds),
            error_us_max: self.error_max,
            error_us_estimated: self.error_estimated,
            tai_offset_seconds: self.tai,
        }
    }
}

/// The firmware version that the driver of a network interface tells, as it tells it; empty where it tells none. Changes
/// nothing and needs no privilege (`SIOCETHTOOL` with `ETHTOOL_GDRVINFO` of `<linux/ethtool.h>`).
#[cfg(target_pointer_width = "64")]
pub fn interface_firmware(interface: &str) -> std::io::Result<String> {
    driver_information(interface).map(|information| text(&information.firmware))
}

#[cfg(target_pointer_width = "64")]
fn driver_information(interface: &str) -> std::io::Result<DriverInformation> {
    let mut information = DriverInformation { command: DriverInformation::GET, ..DriverInformation::default() };
    let mut request = InterfaceRequest { name: [0; 16], data: &raw mut information, rest: [0; 2] };
    // One byte stays zero: it ends the name.
    let Some(name) = request.name[..15].get_mut(..interface.len()) else {
        return Err(std::io::ErrorKind::InvalidFilename.into());
    };
    name.copy_from_slice(interface.as_bytes());
    // Any socket does.
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // SAFETY: the opcode wants a `struct ifreq`, which the assertions below hold `InterfaceRequest` to.
    let control = unsafe { rustix::ioctl::Updater::<{ InterfaceRequest::ETHTOOL }, _>::new(&mut request) };
    // SAFETY: for this command the kernel reads the name and the command, and writes at most one `struct ethtool_drvinfo` to
    // where `data` points: `information`, which has that size, is not null, for writing, and lives longer than the call.
    // Whatever bytes it writes there are valid in an array of bytes and in a number.
    unsafe { rustix::ioctl::ioctl(&socket, control) }?;
    Ok(information)
}

/// Text up to the first zero.
#[cfg(target_pointer_width = "64")]
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

/// The firmware version that the driver of a network interface tells: not on this platform, whose layout is not known here.
#[cfg(not(target_pointer_width = "64"))]
pub fn interface_firmware(_: &str) -> std::io::Result<String> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// `struct ifreq` of 64-bit Linux, of whose union the pointer is used.
#[cfg(target_pointer_width = "64")]
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    data: *mut DriverInformation,
    rest: [u64; 2],
}

/// `struct ethtool_drvinfo`.
#[cfg(target_pointer_width = "64")]
#[repr(C)]
#[derive(Default)]
struct DriverInformation {
    command: u32,
    driver: [u8; 32],
    version: [u8; 32],
    firmware: [u8; 32],
    bus: [u8; 32],
    expansion_rom: [u8; 32],
    reserved: [u8; 12],
    counts: [u32; 5],
}

#[cfg(target_pointer_width = "64")]
impl InterfaceRequest {
    /// `SIOCETHTOOL`.
    const ETHTOOL: rustix::ioctl::Opcode = 0x8946;
}

#[cfg(target_pointer_width = "64")]
impl DriverInformation {
    /// `ETHTOOL_GDRVINFO`.
    const GET: u32 = 3;
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<InterfaceRequest>() == 40 && std::mem::offset_of!(InterfaceRequest, data) == 16);
    assert!(size_of::<DriverInformation>() == 196 && std::mem::offset_of!(DriverInformation, firmware) == 68);
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Drivers of virtual devices tell no version; that the answer lies where we expect it is seen by their names.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_driver_answers_for_its_interface_and_for_no_other() {
        for entry in std::fs::read_dir("/sys/class/net").unwrap() {
            let directory = entry.unwrap().path();
            let interface = directory.file_name().unwrap().to_str().unwrap();
            match driver_information(interface) {
                Ok(information) => {
                    if let Ok(driver) = std::fs::read_link(directory.join("device/driver")) {
                        assert_eq!(Some(&*text(&information.driver)), driver.file_name().unwrap().to_str());
                    }
                    assert!(!text(&information.firmware).chars().any(char::is_control), "{interface}");
                }
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{interface}: {error}"),
            }
        }
        assert_eq!(interface_firmware("no-such-one").unwrap_err().raw_os_error(), Some(19), "ENODEV");
        let long = interface_firmware("a-name-that-is-too-long").unwrap_err();
        assert_eq!(long.kind(), std::io::ErrorKind::InvalidFilename);
    }

    #[test]
    fn an_instruction_that_is_offered_gives_different_numbers() {
        for instruction in [RandomInstruction::rdrand(), RandomInstruction::rdseed()].into_iter().flatten() {
            let mut numbers: Vec<u64> = (0..100_000).filter_map(|_| instruction.step()).take(64).collect();
            let given = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert!(
                given == 64 && numbers.len() == 64,
                "{instruction:?}: {given} numbers, {} different",
                numbers.len()
            );
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn an_instruction_is_there_exactly_where_cpuid_offers_it() {
        use std::arch::x86_64::{__cpuid, __cpuid_count};
        // Intel SDM volume 2A, CPUID: leaf 1, ecx, bit 30; leaf 7, ebx, bit 18.
        let rdrand = __cpuid(1).ecx >> 30 & 1 == 1;
        let rdseed = __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx >> 18 & 1 == 1;
        assert_eq!(RandomInstruction::rdrand().is_some(), rdrand);
        assert_eq!(RandomInstruction::rdseed().is_some(), rdseed);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_clock_answers_with_the_time_where_we_expect_it() {
        let mut timex = Timex::default();
        // SAFETY: as in `clock_state`.
        let state = unsafe { adjtimex(&raw mut timex) };
        assert!((0..=Timex::NOT_SYNCHRONISED).contains(&state), "{state}");
        // A field in the middle: were the layout another one, this would not be the time.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(timex.time[0].abs_diff(i64::try_from(now).unwrap()) <= 2, "{} {now}", timex.time[0]);
        let step = clock_state().unwrap();
        assert_eq!(step.status, timex.status);
        assert!(step.error_us_max >= 0);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_unit_of_the_offset_and_the_leap_second_follow_from_the_status() {
        let check = |status: u32, state: i32, offset_ns: i64, leap: Option<LeapSecond>, synchronised: bool| {
            let timex = Timex { status, offset: -7, ..Timex::default() };
            let got = timex.state(state);
            assert_eq!((got.offset_ns, got.leap_second, got.synchronised), (offset_ns, leap, synchronised));
        };
        check(0x2001, 0, -7, None, true);
        check(0x0001, 0, -7000, None, true);
        check(0x2011, 1, -7, Some(LeapSecond::Inserted), true);
        check(0x2021, 2, -7, Some(LeapSecond::Deleted), true);
        check(0x0040, 5, -7000, None, false);
    }
}

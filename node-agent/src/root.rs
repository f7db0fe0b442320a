//! Where files are read from: the running machine, or a directory that stands in for `/`.
//!
//! Every path is written as the node sees it (`/proc/meminfo`), and an absence names it so, whatever directory stands in
//! for the root. Inside a capture the kernel resolves symbolic links and `..` as if the capture were the root
//! (`openat2`, `RESOLVE_IN_ROOT`), so that a capture cannot make us read the machine we run on. What a file means is not
//! known here.
//!
//! Whoever controls a capture can make us read at most its own files, each up to a bound.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use descriptors::fact::{AbsenceReason, Reading};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// Most bytes of a file that are read unless the caller asks for more.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// A file that is kept is shorter than this.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// Most entries of a directory that are listed.
const ENTRIES_MAX: usize = 16 * 1024;

/// A directory standing in for `/`.
#[derive(Debug, Clone)]
pub struct Root {
    place: Place,
    /// What was read or opened while it was still allowed.
    kept: Arc<BTreeMap<&'static str, Kept>>,
}

/// What only root may open, and some source needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privileged {
    /// A file that does not change while the machine runs: read once.
    File(&'static str),
    /// A device: opened once for reading, and read again and again.
    Device(&'static str),
}

#[derive(Debug)]
enum Kept {
    Bytes(Vec<u8>),
    Device(OwnedFd),
}

/// Differs whenever a file was written to or replaced: its identity, its size, and the last change of its inode, which
/// unlike the time of modification nobody can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    file: (u64, u64),
    size: i64,
    changed: (i64, u64),
}

#[derive(Debug, Clone)]
enum Place {
    Live,
    Capture(Arc<OwnedFd>),
}

impl Root {
    /// The running machine.
    pub fn live() -> Self {
        Self::new(Place::Live)
    }

    fn new(place: Place) -> Self {
        Self { place, kept: Arc::default() }
    }

    /// The directory `directory`; the running machine when it is `/`.
    pub fn at(directory: &Path) -> io::Result<Self> {
        if directory.canonicalize()? == Path::new("/") {
            return Ok(Self::live());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty())?;
        Ok(Self::new(Place::Capture(Arc::new(directory))))
    }

    /// Whether this is the running machine, so that the processor and the kernel may be asked too.
    pub fn is_live(&self) -> bool {
        matches!(self.place, Place::Live)
    }

    /// This root, with what is privileged read and opened now: it stays readable when the right to open it is given up.
    /// What cannot be had now is looked for again when it is read.
    pub fn keeping(self, privileged: impl IntoIterator<Item = Privileged>) -> Self {
        let mut kept = BTreeMap::new();
        for entry in privileged {
            match entry {
                Privileged::File(path) => {
                    let whole = self.first_bytes(path, KEPT_BYTES_MAX).ok().filter(|read| read.len() < KEPT_BYTES_MAX);
                    kept.extend(whole.map(|bytes| (path, Kept::Bytes(bytes))));
                }
                Privileged::Device(path) => {
                    let opened = self.open(path, OFlags::RDONLY | OFlags::NONBLOCK).ok();
                    kept.extend(opened.map(|device| (path, Kept::Device(device))));
                }
            }
        }
        Self { place: self.place, kept: Arc::new(kept) }
    }

    /// A device, open for reading from its beginning; reading it does not wait. Where it is kept, its position is shared by
    /// all who ask for it.
    pub fn device(&self, path: &str) -> Reading<File> {
        let opened = match self.kept.get(path) {
            Some(Kept::Device(device)) => {
                // The kernel's log has a beginning; a generator has none, and says so.
                let _ = rustix::fs::seek(device, rustix::fs::SeekFrom::Start(0));
                device.try_clone().map_err(|error| errno(&error))
            }
            _ => self.open(path, OFlags::RDONLY | OFlags::NONBLOCK),
        };
        match opened {
            Ok(device) => Reading::Present(File::from(device)),
            Err(errno) => absent(path, errno),
        }
    }

    /// A text file of at most [`FILE_BYTES_MAX`].
    pub fn text(&self, path: &str) -> Reading<String> {
        self.text_up_to(path, FILE_BYTES_MAX)
    }

    /// A text file of at most `bytes_max`; a longer one is malformed.
    pub fn text_up_to(&self, path: &str, bytes_max: usize) -> Reading<String> {
        self.bytes(path, bytes_max).and_then(|bytes| utf8(path, bytes))
    }

    /// The whole lines among the first `bytes_max` bytes of a text file, however long it is.
    pub fn head(&self, path: &str, bytes_max: usize) -> Reading<String> {
        match self.first_bytes(path, bytes_max) {
            Ok(mut bytes) => {
                if bytes.len() == bytes_max {
                    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    bytes.truncate(whole);
                }
                utf8(path, bytes)
            }
            Err(errno) => absent(path, errno),
        }
    }

    /// A text file without the blanks and NULs around it; an empty one is absent.
    pub fn line(&self, path: &str) -> Reading<String> {
        self.text(path).and_then(|text| match text.trim_matches(|c: char| c.is_whitespace() || c == '\0') {
            "" => Reading::absent(AbsenceReason::NotPresent, format!("{path}: empty")),
            line => Reading::Present(line.to_owned()),
        })
    }

    /// A file of at most `bytes_max`; a longer one is malformed.
    pub fn bytes(&self, path: &str, bytes_max: usize) -> Reading<Vec<u8>> {
        match self.first_bytes(path, bytes_max + 1) {
            Ok(bytes) if bytes.len() > bytes_max => {
                Reading::absent(AbsenceReason::Malformed, format!("{path}: longer than {bytes_max} bytes"))
            }
            Ok(bytes) => Reading::Present(bytes),
            Err(errno) => absent(path, errno),
        }
    }

    /// Names in a directory, sorted.
    pub fn list(&self, path: &str) -> Reading<Vec<String>> {
        match self.entries(path) {
            Ok(names) if names.len() > ENTRIES_MAX => {
                Reading::absent(AbsenceReason::Malformed, format!("{path}: more than {ENTRIES_MAX} entries"))
            }
            Ok(names) => Reading::Present(names),
            Err(errno) => absent(path, errno),
        }
    }

    /// The last component of what a symbolic link points to: `/sys/class/net/eth0/device/driver` gives `virtio_net`.
    pub fn link_name(&self, path: &str) -> Reading<String> {
        self.link(path).map(|target| target.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// What a symbolic link points to, as it is written.
    pub fn link(&self, path: &str) -> Reading<String> {
        let target = self
            .open(path, OFlags::PATH | OFlags::NOFOLLOW)
            .and_then(|link| rustix::fs::readlinkat(link, "", Vec::new()))
            .map(|target| target.into_bytes());
        match target {
            Ok(target) => utf8(path, target),
            // The kernel's word for "this is not a link".
            Err(Errno::INVAL | Errno::NOENT) => absent(path, Errno::NOENT),
            Err(errno) => absent(path, errno),
        }
    }

    /// A file to be read piece by piece, of which at most `bytes_max` are given.
    pub fn reader(&self, path: &str, bytes_max: u64) -> Reading<io::Take<File>> {
        match self.open(path, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(file) => Reading::Present(File::from(file).take(bytes_max)),
            Err(errno) => absent(path, errno),
        }
    }

    /// What tells whether a file is still the one that was read, and as it was.
    pub fn stamp(&self, path: &str) -> Reading<Stamp> {
        match self.open(path, OFlags::PATH).and_then(rustix::fs::fstat) {
            Ok(stat) => Reading::Present(Stamp {
                file: (stat.st_dev, stat.st_ino),
                size: stat.st_size,
                changed: (stat.st_ctime, stat.st_ctime_nsec),
            }),
            Err(errno) => absent(path, errno),
        }
    }

    /// Whether something is there.
    pub fn exists(&self, path: &str) -> bool {
        match &self.place {
            Place::Live => rustix::fs::accessat(CWD, path, rustix::fs::Access::EXISTS, AtFlags::empty()).is_ok(),
            Place::Capture(_) => self.open(path, OFlags::PATH).is_ok(),
        }
    }

    /// Whether the socket of a daemon is there and may be connected to. A capture has no daemons.
    pub fn daemon(&self, path: &str) -> Reading<()> {
        let allowed = match &self.place {
            Place::Live => rustix::fs::accessat(CWD, path, rustix::fs::Access::WRITE_OK, AtFlags::empty()),
            Place::Capture(_) => Err(Errno::NOENT),
        };
        match allowed {
            Ok(()) => Reading::Present(()),
            Err(errno) => absent(path, errno),
        }
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        match &self.place {
            Place::Live => rustix::fs::open(path, flags, Mode::empty()),
            Place::Capture(directory) => {
                let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
                rustix::fs::openat2(directory, path, flags, Mode::empty(), within)
            }
        }
    }

    fn first_bytes(&self, path: &str, bytes_max: usize) -> Result<Vec<u8>, Errno> {
        if let Some(Kept::Bytes(bytes)) = self.kept.get(path) {
            return Ok(bytes[..bytes.len().min(bytes_max)].to_vec());
        }
        // A capture may hold a named pipe; without NONBLOCK opening it would wait for a writer for ever.
        let file = File::from(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK)?);
        let mut bytes = Vec::new();
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| errno(&error))?;
        Ok(bytes)
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Errno> {
        let mut names = Vec::new();
        for entry in Dir::new(self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
            if names.len() > ENTRIES_MAX {
                break;
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

fn utf8(path: &str, bytes: Vec<u8>) -> Reading<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Reading::Present(text),
        Err(_) => Reading::absent(AbsenceReason::Malformed, format!("{path}: not UTF-8")),
    }
}

/// What an error of the kernel says of the file it was asked for.
fn absent<T>(path: &str, errno: Errno) -> Reading<T> {
    let reason = match errno {
        Errno::NOENT | Errno::NOTDIR => return Reading::absent(AbsenceReason::NotPresent, path),
        Errno::ACCESS | Errno::PERM => return Reading::absent(AbsenceReason::NotPermitted, path),
        Errno::LOOP | Errno::ISDIR | Errno::NAMETOOLONG => AbsenceReason::Malformed,
        _ => AbsenceReason::NotSupported,
    };
    Reading::absent(reason, format!("{path}: {errno}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn capture(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let root = Root::at(directory.path()).unwrap();
        (directory, root)
    }

    fn reason<T>(reading: &Reading<T>) -> Option<(AbsenceReason, &str)> {
        reading.absence().map(|absence| (absence.reason, absence.detail.as_str()))
    }

    #[test]
    fn what_is_kept_stays_readable_when_it_is_gone() {
        let (directory, root) = capture(&[("sys/serial", b"7XK2M13\n"), ("dev/hwrng", b"abc"), ("sys/other", b"x")]);
        let wanted = ["/sys/serial", "/sys/missing"].map(Privileged::File);
        let root = root.keeping(wanted.into_iter().chain([Privileged::Device("/dev/hwrng")]));
        std::fs::remove_dir_all(directory.path().join("sys")).unwrap();
        std::fs::remove_dir_all(directory.path().join("dev")).unwrap();
        assert_eq!(root.line("/sys/serial").present().map(String::as_str), Some("7XK2M13"));
        let mut text = String::new();
        for _ in 0..2 {
            let Reading::Present(mut device) = root.device("/dev/hwrng") else { panic!("the device was not kept") };
            device.read_to_string(&mut text).unwrap();
        }
        assert_eq!(text, "abcabc");
        for gone in ["/sys/other", "/sys/missing"] {
            assert_eq!(reason(&root.text(gone)), Some((AbsenceReason::NotPresent, gone)));
        }
        assert!(root.bytes("/sys/serial", 3).absence().is_some(), "the bound of the caller holds");
    }

    #[test]
    fn an_error_becomes_its_reason() {
        let check = |errno: Errno, expect: AbsenceReason| {
            let reading = absent::<()>("/x", errno);
            assert_eq!(reading.absence().map(|absence| absence.reason), Some(expect), "{errno}");
        };
        check(Errno::NOENT, AbsenceReason::NotPresent);
        check(Errno::NOTDIR, AbsenceReason::NotPresent);
        check(Errno::ACCESS, AbsenceReason::NotPermitted);
        check(Errno::PERM, AbsenceReason::NotPermitted);
        check(Errno::OPNOTSUPP, AbsenceReason::NotSupported);
        check(Errno::NODEV, AbsenceReason::NotSupported);
        check(Errno::INVAL, AbsenceReason::NotSupported);
        check(Errno::LOOP, AbsenceReason::Malformed);
    }

    #[test]
    fn an_absence_names_the_path_as_the_node_sees_it() {
        let (_directory, root) = capture(&[("proc/empty", b" \n"), ("proc/latin1", b"M\xfcller")]);
        assert_eq!(reason(&root.line("/proc/meminfo")), Some((AbsenceReason::NotPresent, "/proc/meminfo")));
        assert_eq!(reason(&root.line("/proc/empty")), Some((AbsenceReason::NotPresent, "/proc/empty: empty")));
        assert_eq!(reason(&root.line("/proc/latin1")), Some((AbsenceReason::Malformed, "/proc/latin1: not UTF-8")));
        assert_eq!(reason(&root.line("/proc")).map(|(reason, _)| reason), Some(AbsenceReason::Malformed));
        assert_eq!(reason(&root.list("/sys")), Some((AbsenceReason::NotPresent, "/sys")));
        assert_eq!(reason(&root.link_name("/proc/empty")), Some((AbsenceReason::NotPresent, "/proc/empty")));
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let (_directory, root) = capture(&[("a", &[b'x'; 10]), ("lines", b"one\ntwo\nthree\n")]);
        assert_eq!(root.text_up_to("/a", 10), Reading::Present("x".repeat(10)));
        assert_eq!(reason(&root.text_up_to("/a", 9)), Some((AbsenceReason::Malformed, "/a: longer than 9 bytes")));
        assert_eq!(root.head("/lines", 9), Reading::Present("one\ntwo\n".to_owned()));
        assert_eq!(root.head("/lines", 100), Reading::Present("one\ntwo\nthree\n".to_owned()));
    }

    #[test]
    fn a_capture_cannot_be_left() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(outside.path(), "secret").unwrap();
        let (directory, root) = capture(&[("etc/inside", b"inside")]);
        symlink(outside.path(), directory.path().join("absolute")).unwrap();
        symlink("/etc/inside", directory.path().join("absolute-inside")).unwrap();
        symlink("../../../../../../etc/inside", directory.path().join("etc/dots")).unwrap();
        symlink("loop", directory.path().join("loop")).unwrap();

        assert_eq!(reason(&root.line("/absolute")), Some((AbsenceReason::NotPresent, "/absolute")));
        assert_eq!(root.line("/absolute-inside"), Reading::Present("inside".to_owned()));
        assert_eq!(root.line("/etc/dots"), Reading::Present("inside".to_owned()));
        assert_eq!(root.line("/../../etc/inside"), Reading::Present("inside".to_owned()));
        let outside = format!("/..{}", outside.path().display());
        assert_eq!(reason(&root.line(&outside)).map(|(reason, _)| reason), Some(AbsenceReason::NotPresent));
        assert_eq!(reason(&root.line("/loop")).map(|(reason, _)| reason), Some(AbsenceReason::Malformed));
    }

    #[test]
    fn a_named_pipe_does_not_hold_us() {
        let (directory, root) = capture(&[]);
        let path = directory.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert_eq!(reason(&root.line("/pipe")), Some((AbsenceReason::NotPresent, "/pipe: empty")));
    }

    #[test]
    fn a_daemon_is_there_only_on_the_running_machine() {
        let (directory, root) = capture(&[("socket", b"")]);
        let path = directory.path().join("socket");
        assert_eq!(Root::live().daemon(path.to_str().unwrap()), Reading::Present(()));
        assert_eq!(reason(&Root::live().daemon("/no/such")), Some((AbsenceReason::NotPresent, "/no/such")));
        assert_eq!(reason(&root.daemon("/socket")), Some((AbsenceReason::NotPresent, "/socket")));
    }

    #[test]
    fn names_are_sorted_and_links_give_their_last_component() {
        let (directory, root) = capture(&[("d/b", b""), ("d/a", b"")]);
        symlink("../bus/drivers/virtio_net", directory.path().join("d/driver")).unwrap();
        assert_eq!(root.list("/d"), Reading::Present(vec!["a".into(), "b".into(), "driver".into()]));
        assert_eq!(root.link_name("/d/driver"), Reading::Present("virtio_net".to_owned()));
        assert!(root.exists("/d/a") && !root.exists("/d/c"));
    }

    #[test]
    fn the_root_directory_is_live() {
        assert!(Root::at(Path::new("/")).unwrap().is_live());
        assert!(Root::at(Path::new("/proc/..")).unwrap().is_live());
        assert!(!Root::at(tempfile::tempdir().unwrap().path()).unwrap().is_live());
        assert!(Root::at(Path::new("/no/such/directory")).is_err());
    }
}

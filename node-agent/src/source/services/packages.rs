//! Which packages of the catalogue are installed, from dpkg's database.
//!
//! The database is one text of up to a few megabytes that changes when software does, so it is read again only then. The
//! database of rpm is binary and not read.

use std::io::BufReader;

use descriptors::fact::services::Package;
use descriptors::fact::{AbsenceReason, Reading};

use super::catalogue;
use crate::root::{Root, Stamp};

pub(super) const STATUS: &str = "/var/lib/dpkg/status";

/// Ten times the database of a machine with a desktop on it.
const BYTES_MAX: u64 = 64 << 20;

/// No line that is looked at is longer; of others the end is dropped.
const LINE_BYTES_MAX: usize = 512;

/// What was installed when the database was as it is now.
pub(super) struct Installed {
    stamp: Stamp,
    packages: Vec<Package>,
}

/// The installed packages of the catalogue, sorted by name.
pub(super) fn installed(root: &Root, known: &mut Option<Installed>) -> Reading<Vec<Package>> {
    root.stamp(STATUS).and_then(|stamp| {
        if let Some(known) = known.as_ref().filter(|known| known.stamp == stamp) {
            return Reading::Present(known.packages.clone());
        }
        let packages = root.reader(STATUS, BYTES_MAX).and_then(|file| match parse(BufReader::new(file)) {
            Ok(packages) => Reading::Present(packages),
            Err(error) => Reading::absent(AbsenceReason::NotSupported, format!("{STATUS}: {error}")),
        });
        *known = packages.present().map(|packages| Installed { stamp, packages: packages.clone() });
        packages
    })
}

/// Paragraphs of `Package:`, `Status:` and `Version:` lines; installed is what `Status` says so of.
fn parse(mut text: impl std::io::BufRead) -> std::io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    let (mut name, mut version, mut is_installed) = (None, None, false);
    let mut line = Vec::new();
    loop {
        line.clear();
        let more = read_line(&mut text, &mut line)?;
        let field = |key: &str| {
            let value = std::str::from_utf8(&line).ok()?.strip_prefix(key)?;
            Some(value.trim().to_owned())
        };
        if !more || line.is_empty() {
            if let (Some(name), Some(version), true) = (name.take(), version.take(), is_installed) {
                packages.push(Package { name, version });
            }
            is_installed = false;
        } else if let Some(value) = field("Package: ") {
            name = Some(value).filter(|name| catalogue::is_package(name));
        } else if let Some(value) = field("Version: ") {
            version = Some(value).filter(|version| !version.is_empty());
        } else if let Some(value) = field("Status: ") {
            is_installed = value.ends_with(" installed");
        }
        if !more {
            packages.sort_unstable_by(|a: &Package, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
            packages.dedup();
            return Ok(packages);
        }
    }
}

/// One line without its end, of at most [`LINE_BYTES_MAX`]; false at the end of the text.
fn read_line(text: &mut impl std::io::BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let bytes = text.fill_buf()?;
        if bytes.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        line.extend_from_slice(&part[..part.len().min(LINE_BYTES_MAX.saturating_sub(line.len()))]);
        let used = end.map_or(bytes.len(), |end| end + 1);
        text.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "Package: chrony\nStatus: install ok installed\nArchitecture: amd64\nVersion: 4.3-2+deb12u3\n\
        Description: NTP daemon\n Version: 9 of something else\n\nPackage: bash\nStatus: install ok installed\nVersion: 5.2\n\n\
        Package: unbound\nStatus: deinstall ok config-files\nVersion: 1.17\n\nPackage: lldpd\nStatus: install ok installed\n\
        Version: 1.0.16-1";

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text.as_bytes()).unwrap().into_iter().map(|package| (package.name, package.version)).collect()
    }

    #[test]
    fn installed_packages_of_the_catalogue_have_their_versions() {
        let expect = [("chrony", "4.3-2+deb12u3"), ("lldpd", "1.0.16-1")];
        assert_eq!(read(TEXT), expect.map(|(name, version)| (name.to_owned(), version.to_owned())));
    }

    #[test]
    fn a_line_without_end_is_cut_and_what_follows_still_read() {
        let long = "x".repeat(200_000);
        let text = format!("Description: {long}\nPackage: frr\nStatus: install ok installed\nVersion: 8.4\n");
        assert_eq!(read(&text), [("frr".to_owned(), "8.4".to_owned())]);
    }

    #[test]
    fn a_database_is_read_again_only_when_it_changed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("var/lib/dpkg/status");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, TEXT).unwrap();
        let root = Root::at(directory.path()).unwrap();
        let mut known = None;
        let first = installed(&root, &mut known);
        assert_eq!(first.present().unwrap().len(), 2);

        // What is remembered is given while the file is the same one, and only then.
        known.as_mut().unwrap().packages.clear();
        assert_eq!(installed(&root, &mut known), Reading::Present(Vec::new()));
        std::fs::write(&file, TEXT.replace("lldpd", "other")).unwrap();
        assert_eq!(installed(&root, &mut known).present().unwrap().len(), 1);
        std::fs::remove_file(&file).unwrap();
        assert!(installed(&root, &mut known).absence().is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_database(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..300) {
            let mut text = TEXT.as_bytes().to_vec();
            text.splice(at..at, bytes);
            prop_assert!(parse(&text[..]).unwrap().len() <= 5);
        }
    }
}

//! The one ZIP encoding that is a bundle (PKWARE APPNOTE 6.3): entries stored, dates at the start of the DOS epoch, no
//! extra fields, local headers and directory in the same order and nothing between them.
//!
//! Written here and not taken from a library because the bytes themselves are the format: a library is free to write
//! another, equally valid, header in its next version, and every older bundle would then read as changed.

use std::collections::BTreeMap;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";

const LOCAL_BYTES: usize = 30;

/// Why a container is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// More than 4 GiB.
    #[error("larger than 4 GiB")]
    TooLarge,
    /// A path that is empty, longer than 65,535 bytes, or there twice.
    #[error("`{0}` cannot be the path of an entry")]
    Path(String),
    /// Other bytes than the one encoding.
    #[error("byte {offset} ({place}) is not what the encoding has there")]
    Differs {
        /// From the start of the file.
        offset: usize,
        /// What lies there.
        place: String,
    },
}

/// What could be read of a container.
pub(super) struct Decoded {
    pub(super) entries: BTreeMap<String, Vec<u8>>,
    pub(super) damage: Option<ContainerError>,
}

pub(super) fn encode(entries: &[(&str, &[u8])]) -> Result<Vec<u8>, ContainerError> {
    let mut out = Vec::with_capacity(entries.iter().map(|(path, bytes)| 2 * path.len() + bytes.len() + 80).sum());
    let mut directory = Vec::new();
    for (path, bytes) in entries {
        let offset = u32::try_from(out.len()).map_err(|_| ContainerError::TooLarge)?;
        let described = describe(path, bytes)?;
        out.extend_from_slice(&LOCAL);
        out.extend_from_slice(&described);
        out.extend_from_slice(path.as_bytes());
        out.extend_from_slice(bytes);
        directory.extend_from_slice(&CENTRAL);
        directory.extend_from_slice(&version());
        directory.extend_from_slice(&described);
        // No comment, first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(path.as_bytes());
    }
    let at = u32::try_from(out.len()).map_err(|_| ContainerError::TooLarge)?;
    let length = u32::try_from(directory.len()).map_err(|_| ContainerError::TooLarge)?;
    out.extend_from_slice(&directory);
    end(&mut out, entries.len(), length, at);
    Ok(out)
}

fn version() -> [u8; 2] {
    20u16.to_le_bytes()
}

/// The fields that a local header and a directory entry share, from "version needed" to "extra field length".
fn describe(path: &str, bytes: &[u8]) -> Result<[u8; 26], ContainerError> {
    let path_length = u16::try_from(path.len()).ok().filter(|&length| length > 0);
    let path_length = path_length.ok_or_else(|| ContainerError::Path(path.to_owned()))?;
    let size = u32::try_from(bytes.len()).map_err(|_| ContainerError::TooLarge)?.to_le_bytes();
    let mut fields = [0; 26];
    fields[0..2].copy_from_slice(&version());
    // 2..4 flags none, 4..6 method stored, 6..8 time 00:00, 8..10 date 1980-01-01.
    fields[8..10].copy_from_slice(&0x0021u16.to_le_bytes());
    fields[10..14].copy_from_slice(&crc32(bytes).to_le_bytes());
    fields[14..18].copy_from_slice(&size);
    fields[18..22].copy_from_slice(&size);
    fields[22..24].copy_from_slice(&path_length.to_le_bytes());
    Ok(fields)
}

fn end(out: &mut Vec<u8>, count: usize, directory_length: u32, directory_at: u32) {
    let count_16 = u16::try_from(count).unwrap_or(u16::MAX);
    if count_16 == u16::MAX {
        // More entries than the old record can count: the 64-bit record comes before it.
        let at = out.len() as u64;
        out.extend_from_slice(&END_64);
        out.extend_from_slice(&44u64.to_le_bytes());
        out.extend_from_slice(&45u16.to_le_bytes());
        out.extend_from_slice(&45u16.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&(count as u64).to_le_bytes());
        out.extend_from_slice(&(count as u64).to_le_bytes());
        out.extend_from_slice(&u64::from(directory_length).to_le_bytes());
        out.extend_from_slice(&u64::from(directory_at).to_le_bytes());
        out.extend_from_slice(&LOCATOR_64);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&at.to_le_bytes());
        out.extend_from_slice(&1u32.to_le_bytes());
    }
    out.extend_from_slice(&END);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&count_16.to_le_bytes());
    out.extend_from_slice(&count_16.to_le_bytes());
    out.extend_from_slice(&directory_length.to_le_bytes());
    out.extend_from_slice(&directory_at.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
}

/// Reads as much as can be read, then encodes it again: any difference is damage.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let mut entries = BTreeMap::new();
    let mut order: Vec<(&str, &[u8])> = Vec::new();
    let mut at = 0;
    let mut damage = None;
    while let Some((path, data, next)) = local(bytes, at) {
        if entries.insert(path.to_owned(), data.to_vec()).is_some() {
            damage.get_or_insert(ContainerError::Path(path.to_owned()));
        }
        order.push((path, data));
        at = next;
    }
    match encode(&order) {
        Ok(again) => damage = damage.or_else(|| difference(bytes, &again, &order)),
        Err(error) => damage = Some(error),
    }
    Decoded { entries, damage }
}

/// The entry at `at`, and where the next begins.
fn local(bytes: &[u8], at: usize) -> Option<(&str, &[u8], usize)> {
    let header = bytes.get(at..at.checked_add(LOCAL_BYTES)?)?;
    if header[..4] != LOCAL {
        return None;
    }
    let size = u32::from_le_bytes(header[18..22].try_into().ok()?) as usize;
    let path_length = usize::from(u16::from_le_bytes(header[26..28].try_into().ok()?));
    let path_at = at + LOCAL_BYTES;
    let data_at = path_at.checked_add(path_length)?;
    let next = data_at.checked_add(size)?;
    let path = std::str::from_utf8(bytes.get(path_at..data_at)?).ok()?;
    Some((path, bytes.get(data_at..next)?, next))
}

fn difference(bytes: &[u8], again: &[u8], order: &[(&str, &[u8])]) -> Option<ContainerError> {
    if bytes == again {
        return None;
    }
    let offset = bytes.iter().zip(again).position(|(a, b)| a != b).unwrap_or(bytes.len().min(again.len()));
    let mut start = 0;
    for (path, data) in order {
        start += LOCAL_BYTES + path.len() + data.len();
        if offset < start {
            return Some(ContainerError::Differs { offset, place: format!("header of `{path}`") });
        }
    }
    Some(ContainerError::Differs { offset, place: "the directory at the end".to_owned() })
}

/// CRC-32 of ISO 3309, as ZIP wants it; it guards nothing here, the manifest's digests do.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |crc, &byte| (crc >> 8) ^ TABLE[usize::from((crc as u8) ^ byte)])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn more_entries_than_the_old_record_counts_are_kept() {
        let names: Vec<String> = (0..70_000).map(|n| format!("e/{n:05}")).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        let bytes = encode(&entries).unwrap();
        let decoded = decode(&bytes);
        assert_eq!((decoded.entries.len(), decoded.damage), (70_000, None));
    }
}

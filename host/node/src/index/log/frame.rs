//! Frames of the log: the records that were made durable together, with their checksum.
//!
//! | | bytes | what, little endian |
//! |---|---|---|
//! | file | 8 | `whittlog` |
//! | | 8 | the format's version, 1 |
//! | | 8 | salt: a random number |
//! | | 8 | checksum of these 24 bytes |
//! | frame | 8 | mark, from the salt |
//! | | 8 | the records' length in bytes |
//! | | 8 | checksum of the records |
//! | | | the records |
//!
//! A frame begins to be written when the one before it is on the disk. So a broken frame before
//! another one was acknowledged, and is damage. The last one is torn, and was acknowledged to nobody,
//! if bytes are missing: behind the file's end, or in a sector that was never written and has zeros.
//! A broken frame with all its bytes is damage, too. The salt keeps documents from holding what looks like a frame,
//! and the checksum begins with the frame's place, so that no frame counts anywhere else.
//!
//! Knows nothing of files but their bytes.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::Record;

/// The length of a file's header and of a frame's, in bytes.
pub(in crate::index) const FILE_HEADER: usize = 32;
pub(super) const FRAME_HEADER: usize = 24;

const MAGIC: &[u8; 8] = b"whittlog";
const FORMAT: u64 = 1;

/// The header of a new file.
pub(super) fn file_header(salt: u64) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&FORMAT.to_le_bytes());
    header[16..24].copy_from_slice(&salt.to_le_bytes());
    let checksum = xxh3_64(&header[..24]);
    header[24..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// The header of a frame at a place, in bytes from the file's beginning.
pub(super) fn frame_header(salt: u64, at: u64, records: &[u8]) -> [u8; FRAME_HEADER] {
    let length = records.len() as u64;
    let mut header = [0; FRAME_HEADER];
    header[..8].copy_from_slice(&mark(salt));
    header[8..16].copy_from_slice(&length.to_le_bytes());
    header[16..].copy_from_slice(&checksum(salt, at, records).to_le_bytes());
    header
}

fn mark(salt: u64) -> [u8; 8] {
    xxh3_64_with_seed(b"mark", salt).to_le_bytes()
}

fn checksum(salt: u64, at: u64, records: &[u8]) -> u64 {
    xxh3_64_with_seed(records, salt ^ at)
}

/// What is in a file of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) records: Vec<Record>,
    /// How far it is whole, in bytes; 0 where not even its header is.
    pub(super) whole: usize,
    /// Whether something broken is behind that.
    pub(super) torn: bool,
}

/// Where a file is broken in a way that no crash leaves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

/// Reads a file of the log.
///
/// # Errors
///
/// A header that is none; a broken frame before a whole one.
pub(super) fn read(bytes: &[u8]) -> Result<Content, Broken> {
    let mut content = Content {
        records: Vec::new(),
        whole: 0,
        torn: false,
    };
    let broken = |offset, reason| Err(Broken { offset, reason });
    let Some(header) = bytes.first_chunk::<FILE_HEADER>() else {
        content.torn = true;
        return Ok(content);
    };
    if bytes.iter().all(|byte| *byte == 0) {
        // The file's length was on the disk before its bytes.
        content.torn = true;
        return Ok(content);
    }
    if header[..8] != *MAGIC {
        return broken(0, "it is no log");
    }
    let salt = u64::from_le_bytes(*header[16..].first_chunk().expect("8 of its 32 bytes"));
    if header[8..16] != FORMAT.to_le_bytes() {
        return broken(8, "it has a format that this version does not know");
    }
    if *header != file_header(salt) {
        return broken(24, "its header has another checksum");
    }
    content.whole = FILE_HEADER;
    while content.whole < bytes.len() {
        let at = content.whole;
        let Some(mut records) = frame(bytes, at, salt) else {
            if follows(bytes, at, salt) {
                return broken(at, "a record is broken, and whole ones follow it");
            }
            if !is_torn(bytes, at, salt) {
                return broken(at, "its last record has other bytes than were written");
            }
            content.torn = true;
            break;
        };
        content.whole += FRAME_HEADER + records.len();
        while !records.is_empty() {
            let Some((record, behind)) = Record::decode(records) else {
                return broken(at, "it has a record that this version does not know");
            };
            content.records.push(record);
            records = behind;
        }
    }
    Ok(content)
}

/// The records of the frame at a place, where a whole one is there.
fn frame(bytes: &[u8], at: usize, salt: u64) -> Option<&[u8]> {
    let (header, behind) = bytes.get(at..)?.split_first_chunk::<FRAME_HEADER>()?;
    if header[..8] != mark(salt) {
        return None;
    }
    let length = u64::from_le_bytes(*header[8..].first_chunk()?);
    let records = behind.get(..usize::try_from(length).ok()?)?;
    let whole = *header == frame_header(salt, at as u64, records);
    whole.then_some(records)
}

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// Whether bytes of the last frame, which is at a place and broken, were never written.
fn is_torn(bytes: &[u8], at: usize, salt: u64) -> bool {
    let rest = &bytes[at..];
    let Some((header, records)) = rest.split_first_chunk::<FRAME_HEADER>() else {
        return true;
    };
    // A record never ends in zeros, and never has so many.
    let sectors = (at - at % SECTOR..bytes.len()).step_by(SECTOR);
    let mut sectors = sectors.map(|start| &bytes[start.max(at)..bytes.len().min(start + SECTOR)]);
    if sectors.any(|sector| sector.iter().all(|byte| *byte == 0)) {
        return true;
    }
    let length = u64::from_le_bytes(*header[8..].first_chunk().expect("8 of its 16 bytes"));
    // With its own length it would be whole: then only the length was changed.
    let is_whole = header[16..] == checksum(salt, at as u64, records).to_le_bytes();
    header[..8] == mark(salt) && length > records.len() as u64 && !is_whole
}

/// Whether a whole frame is anywhere behind a place.
fn follows(bytes: &[u8], at: usize, salt: u64) -> bool {
    let mark = mark(salt);
    let mut windows = bytes[at..].windows(mark.len()).enumerate().skip(1);
    windows.any(|(offset, window)| window == mark && frame(bytes, at + offset, salt).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::tests::any_record;
    use super::*;

    const SALT: u64 = 0x1234_5678_9abc_def0;

    /// A file with a frame for each list of records, and where the frames end.
    fn file(frames: &[Vec<Record>]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = file_header(SALT).to_vec();
        let mut ends = vec![bytes.len()];
        for frame in frames {
            let mut records = Vec::new();
            frame.iter().for_each(|record| record.encode(&mut records));
            bytes.extend(frame_header(SALT, bytes.len() as u64, &records));
            bytes.extend(records);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn any_frames() -> impl Strategy<Value = Vec<Vec<Record>>> {
        let frame = proptest::collection::vec(any_record(), 1..4);
        proptest::collection::vec(frame, 1..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Whatever part of the file reached the disk.
        #[test]
        fn a_torn_tail_is_cut_at_every_byte(frames in any_frames()) {
            let (bytes, ends) = file(&frames);
            for length in 0..=bytes.len() {
                let whole_frames = ends.iter().filter(|end| **end <= length).count().saturating_sub(1);
                let whole = if length < FILE_HEADER { 0 } else { ends[whole_frames] };
                let expected = Content {
                    records: frames[..whole_frames].concat(),
                    whole,
                    torn: whole < length || length == 0,
                };
                prop_assert_eq!(read(&bytes[..length]), Ok(expected), "of {} bytes", length);
            }
        }

        /// The length was on the disk before the bytes.
        #[test]
        fn a_tail_of_zeros_is_torn(frames in any_frames(), zeros in 1..100_usize) {
            let (mut bytes, _) = file(&frames);
            let whole = bytes.len();
            bytes.resize(whole + zeros, 0);
            let content = read(&bytes).map(|content| (content.whole, content.torn));
            prop_assert_eq!(content, Ok((whole, true)));
        }

        #[test]
        fn a_changed_byte_is_an_error(frames in any_frames(), bit in 0..8_u8) {
            let (bytes, ends) = file(&frames);
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let frame = ends.iter().rev().find(|end| **end <= at);
                match (read(&changed), frame) {
                    (Err(broken), Some(start)) => prop_assert_eq!(broken.offset, *start),
                    (Err(broken), None) => prop_assert!(broken.offset < FILE_HEADER),
                    // As if its last sector had not been written.
                    (Ok(content), _) => {
                        prop_assert!(content.torn && content.whole == ends[ends.len() - 2]);
                        let last = bytes.len() - 1;
                        prop_assert!(changed[last - last % SECTOR..].iter().all(|byte| *byte == 0));
                    }
                }
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let mut file = file_header(SALT).to_vec();
            file.extend(mark(SALT));
            file.extend(bytes);
            let _ = read(&file);
        }
    }

    #[test]
    fn a_document_that_holds_a_log_makes_no_frames() {
        let whole = file(&[vec![], vec![]]).0;
        let record = |source: &[u8]| Record {
            id: "a".to_owned(),
            seq_no: 0,
            version: 1,
            source: Some(source.into()),
        };
        let (bytes, ends) = file(&[vec![record(b"{}")], vec![record(&whole)]]);
        let torn = read(&bytes[..bytes.len() - 1]).expect("a torn tail is none");
        assert_eq!((torn.whole, torn.torn), (ends[1], true));
    }
}

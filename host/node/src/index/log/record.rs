//! Records of the log: what was written to an index, with its numbers already given.
//!
//! | bytes | what, little endian |
//! |---|---|
//! | 1 | 1: the document is now this; 2: it is deleted |
//! | 8 | sequence number |
//! | 8 | version |
//! | 2 | the id's length in bytes |
//! | 4 | the source's length in bytes |
//! | | the id, then the source |
//!
//! Knows nothing of files and checksums.

use std::sync::Arc;

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::index) struct Record {
    pub(in crate::index) id: String,
    pub(in crate::index) seq_no: u64,
    pub(in crate::index) version: u64,
    /// `None`: it was deleted.
    pub(in crate::index) source: Option<Arc<[u8]>>,
}

const WRITTEN: u8 = 1;
const DELETED: u8 = 2;

impl Record {
    /// Appends the record's bytes.
    pub(in crate::index) fn encode(&self, out: &mut Vec<u8>) {
        let source: &[u8] = self.source.as_deref().unwrap_or_default();
        let id_length = u16::try_from(self.id.len()).expect("ids are bounded");
        let source_length = u32::try_from(source.len()).expect("sources are bounded");
        out.push(if self.source.is_some() {
            WRITTEN
        } else {
            DELETED
        });
        out.extend(self.seq_no.to_le_bytes());
        out.extend(self.version.to_le_bytes());
        out.extend(id_length.to_le_bytes());
        out.extend(source_length.to_le_bytes());
        out.extend(self.id.as_bytes());
        out.extend(source);
    }

    /// The first record in some bytes, and what is behind it; `None` where there is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, bytes) = bytes.split_first()?;
        let (seq_no, bytes) = bytes.split_first_chunk()?;
        let (version, bytes) = bytes.split_first_chunk()?;
        let (id_length, bytes) = bytes.split_first_chunk()?;
        let (source_length, bytes) = bytes.split_first_chunk()?;
        let (id, bytes) = bytes.split_at_checked(u16::from_le_bytes(*id_length).into())?;
        let source_length = usize::try_from(u32::from_le_bytes(*source_length)).ok()?;
        let (source, bytes) = bytes.split_at_checked(source_length)?;
        let source = match *kind {
            WRITTEN => Some(Arc::from(source)),
            DELETED if source.is_empty() => None,
            _ => return None,
        };
        let record = Self {
            id: str::from_utf8(id).ok()?.to_owned(),
            seq_no: u64::from_le_bytes(*seq_no),
            version: u64::from_le_bytes(*version),
            source,
        };
        Some((record, bytes))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::index::log) fn any_record() -> impl Strategy<Value = Record> {
        let source = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
        ("\\PC{0,8}", any::<u64>(), any::<u64>(), source).prop_map(
            |(id, seq_no, version, source)| Record {
                id,
                seq_no,
                version,
                source: source.map(Arc::from),
            },
        )
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(record in any_record(), behind in any::<[u8; 3]>()) {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            for length in 0..bytes.len() {
                prop_assert_eq!(Record::decode(&bytes[..length]), None);
            }
            bytes.extend(behind);
            prop_assert_eq!(Record::decode(&bytes), Some((record, &behind[..])));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(0..4_u8, 0..60)) {
            let _ = Record::decode(&bytes);
        }
    }
}

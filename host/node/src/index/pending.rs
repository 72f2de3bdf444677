//! What was written and tantivy has not yet taken in, by id.
//!
//! Knows nothing of the log and of tantivy.

use std::collections::HashMap;
use std::sync::Arc;

use crate::mapping::Mapping;

/// What became of an id, last.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) seq_no: u64,
    pub(super) version: u64,
    /// `None`: it was deleted.
    pub(super) source: Option<Arc<[u8]>>,
    /// The mapping that the document was accepted with. One that came later may have a field for
    /// what was left out of account then, of a type that it does not fit.
    pub(super) mapping: Arc<Mapping>,
}

#[derive(Default)]
pub(super) struct Pending {
    by_id: HashMap<String, Entry>,
    /// How many operations are in it, those that others replaced among them.
    pub(super) operations: u64,
    /// How long their records are, in bytes.
    pub(super) bytes: u64,
}

impl Pending {
    pub(super) fn get(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id)
    }

    /// Takes an operation, whose record is so many bytes long.
    pub(super) fn put(&mut self, id: String, entry: Entry, bytes: usize) {
        self.by_id.insert(id, entry);
        self.operations += 1;
        self.bytes += bytes as u64;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.by_id.iter().map(|(id, entry)| (id.as_str(), entry))
    }

    /// Takes what is older, and was not taken in after all.
    pub(super) fn put_back(&mut self, older: &Self) {
        for (id, entry) in &older.by_id {
            if !self.by_id.contains_key(id) {
                self.by_id.insert(id.clone(), entry.clone());
            }
        }
        self.operations += older.operations;
        self.bytes += older.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq_no: u64, source: Option<&[u8]>) -> Entry {
        Entry {
            seq_no,
            version: 1,
            source: source.map(Arc::from),
            mapping: Arc::new(Mapping::dynamic()),
        }
    }

    #[test]
    fn what_is_put_back_is_older() {
        let (mut older, mut newer) = (Pending::default(), Pending::default());
        older.put("a".to_owned(), entry(0, Some(b"{}")), 10);
        older.put("b".to_owned(), entry(1, Some(b"{}")), 10);
        newer.put("a".to_owned(), entry(2, None), 5);
        assert!(!newer.is_empty());
        newer.put_back(&older);
        let mut numbers: Vec<_> = newer
            .entries()
            .map(|(id, entry)| (id, entry.seq_no))
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [("a", 2), ("b", 1)]);
        assert!(newer.get("a").is_some_and(|entry| entry.source.is_none()));
        assert_eq!((newer.operations, newer.bytes), (3, 25));
    }
}

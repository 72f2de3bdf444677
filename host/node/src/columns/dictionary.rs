//! Dictionaries of text columns, decoded.
//!
//! tantivy keeps a column's texts as a compressed dictionary, in which looking one up takes some
//! 25 us: far more than any UDF. So a dictionary that many documents will be read through is decoded
//! whole, into one buffer, once a segment, and kept for later queries within a bound; the terms of a
//! few documents are looked up together, in their order.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use tantivy::columnar::StrColumn;
use tantivy::index::SegmentId;

/// A column's dictionary as one array: the texts in the order of their ordinals.
pub(crate) struct Decoded(Arc<StringArray>);

impl Decoded {
    /// Decodes a dictionary; `None` where it takes more than so many bytes.
    fn new(column: &StrColumn, at_most: usize) -> io::Result<Option<Self>> {
        let mut offsets: Vec<i32> = Vec::with_capacity(column.num_terms() + 1);
        let mut bytes = Vec::new();
        offsets.push(0);
        let mut stream = column.dictionary().stream()?;
        while stream.advance() {
            bytes.extend_from_slice(stream.key());
            let size = bytes.len() + offsets.capacity() * size_of::<i32>();
            match i32::try_from(bytes.len()).ok().filter(|_| size <= at_most) {
                Some(end) => offsets.push(end),
                None => return Ok(None),
            }
        }
        bytes.shrink_to_fit();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let texts = StringArray::try_new(offsets, Buffer::from_vec(bytes), None);
        Ok(Some(Self(Arc::new(texts.map_err(io::Error::other)?))))
    }

    /// The text of an ordinal of this column's.
    pub(crate) fn text(&self, ordinal: u64) -> &[u8] {
        let at = usize::try_from(ordinal).expect("ordinals count terms in memory");
        self.0.value(at).as_bytes()
    }

    /// The texts. They are always the same array.
    pub(crate) fn texts(&self) -> &Arc<StringArray> {
        &self.0
    }

    /// In bytes.
    fn size(&self) -> usize {
        self.0.get_buffer_memory_size()
    }
}

/// The decoded dictionaries of an index, by segment and column. Clones share them; other indexes
/// may have theirs within the same bound.
#[derive(Clone)]
pub(crate) struct Dictionaries {
    kept: Arc<Mutex<Kept>>,
    /// Whose they are.
    index: u64,
}

/// An index, a segment of it, and the name of a column.
type Key = (u64, SegmentId, String);

struct Kept {
    at_most: usize,
    bytes: usize,
    /// Counts uses.
    clock: u64,
    /// How many indexes there were.
    indexes: u64,
    decoded: HashMap<Key, Entry>,
}

struct Entry {
    decoded: Arc<Decoded>,
    used: u64,
}

impl std::fmt::Debug for Dictionaries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Dictionaries")
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Dictionaries {
    /// Keeps so many bytes of dictionaries.
    pub(crate) fn new(at_most: usize) -> Self {
        let kept = Kept {
            at_most,
            bytes: 0,
            clock: 0,
            indexes: 0,
            decoded: HashMap::new(),
        };
        Self {
            kept: Arc::new(Mutex::new(kept)),
            index: 0,
        }
    }

    /// Those of another index, within the same bound.
    pub(crate) fn of_another(&self) -> Self {
        let index = self.with(|kept| {
            kept.indexes += 1;
            kept.indexes
        });
        Self {
            kept: Arc::clone(&self.kept),
            index,
        }
    }

    /// What is kept, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|kept| kept.bytes)
    }

    /// Drops those of the index's segments that are gone.
    pub(crate) fn retain(&self, is_there: impl Fn(SegmentId) -> bool) {
        self.with(|kept| {
            let stays = |index: u64, segment| index != self.index || is_there(segment);
            kept.decoded
                .retain(|(index, segment, _), _| stays(*index, *segment));
            kept.bytes = kept
                .decoded
                .values()
                .map(|entry| entry.decoded.size())
                .sum();
        });
    }

    /// A segment's dictionary, decoded; `None` where it alone takes more than the bound.
    pub(crate) fn of(
        &self,
        segment: SegmentId,
        name: &str,
        column: &StrColumn,
    ) -> io::Result<Option<Arc<Decoded>>> {
        let key = (self.index, segment, name.to_owned());
        let (found, at_most) = self.with(|kept| (kept.find(&key), kept.at_most));
        if found.is_some() {
            return Ok(found);
        }
        // Not under the lock: others go on meanwhile, and two may decode one.
        let Some(decoded) = Decoded::new(column, at_most)?.map(Arc::new) else {
            return Ok(None);
        };
        self.with(|kept| kept.keep(key, &decoded));
        Ok(Some(decoded))
    }

    /// Whether a segment's dictionary is there already.
    pub(crate) fn has(&self, segment: SegmentId, name: &str) -> bool {
        let key = (self.index, segment, name.to_owned());
        self.with(|kept| kept.decoded.contains_key(&key))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn find(&mut self, key: &Key) -> Option<Arc<Decoded>> {
        self.clock += 1;
        let entry = self.decoded.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.decoded))
    }

    fn keep(&mut self, key: Key, decoded: &Arc<Decoded>) {
        self.clock += 1;
        self.bytes += decoded.size();
        let entry = Entry {
            decoded: Arc::clone(decoded),
            used: self.clock,
        };
        if let Some(other) = self.decoded.insert(key, entry) {
            self.bytes -= other.decoded.size();
        }
        while self.bytes > self.at_most {
            let oldest = self.decoded.iter().min_by_key(|(_, entry)| entry.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some(entry) = self.decoded.remove(&key) {
                self.bytes -= entry.decoded.size();
            }
        }
    }
}

/// The texts of some ordinals, looked up in their order.
pub(crate) fn look_up(
    column: &StrColumn,
    ordinals: &[Option<u64>],
) -> io::Result<HashMap<u64, Vec<u8>>> {
    let mut sorted: Vec<u64> = ordinals.iter().flatten().copied().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut texts = Vec::with_capacity(sorted.len());
    let dictionary = column.dictionary();
    dictionary.sorted_ords_to_term_cb(&sorted, |text| texts.push(text.to_vec()))?;
    Ok(sorted.into_iter().zip(texts).collect())
}

#[cfg(test)]
mod tests {
    use tantivy::schema::{FAST, STRING, Schema};
    use tantivy::{Index, IndexWriter, Searcher, TantivyDocument, doc};

    use super::*;

    fn searcher(texts: usize) -> Searcher {
        let mut schema = Schema::builder();
        let fields = ["a", "b", "c"].map(|name| schema.add_text_field(name, STRING | FAST));
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter<TantivyDocument> = index
            .writer_with_num_threads(1, 20_000_000)
            .expect("a writer");
        for number in 0..texts {
            let text = format!("text {number:06} é");
            let document =
                doc!(fields[0] => text.clone(), fields[1] => text.clone(), fields[2] => text);
            writer.add_document(document).expect("added");
        }
        writer.commit().expect("committed");
        index.reader().expect("a reader").searcher()
    }

    fn column(searcher: &Searcher, name: &str) -> StrColumn {
        let columns = searcher.segment_reader(0).fast_fields();
        columns.str(name).expect("it opens").expect("it is there")
    }

    #[test]
    fn a_decoded_dictionary_has_the_texts_by_ordinal() {
        let searcher = searcher(1_000);
        let column = column(&searcher, "a");
        let segment = searcher.segment_reader(0).segment_id();
        let dictionaries = Dictionaries::new(1 << 20);
        let decoded = dictionaries
            .of(segment, "a", &column)
            .expect("read")
            .expect("it fits");
        let ordinals: Vec<Option<u64>> =
            [7, 3, 999, 3].map(Some).into_iter().chain([None]).collect();
        let looked_up = look_up(&column, &ordinals).expect("read");
        for ordinal in [0, 3, 7, 999] {
            let mut expected = String::new();
            assert!(column.ord_to_str(ordinal, &mut expected).expect("read"));
            assert_eq!(decoded.text(ordinal), expected.as_bytes());
            if ordinal > 0 {
                assert_eq!(looked_up[&ordinal], expected.as_bytes());
            }
        }
        assert_eq!(looked_up.len(), 3);
    }

    #[test]
    fn what_was_not_used_goes_where_there_is_no_room() {
        let searcher = searcher(1_000);
        let segment = searcher.segment_reader(0).segment_id();
        let of = |dictionaries: &Dictionaries, name: &str| {
            let decoded = dictionaries
                .of(segment, name, &column(&searcher, name))
                .expect("read");
            decoded.is_some()
        };
        let one = Dictionaries::new(usize::MAX);
        assert!(of(&one, "a"));
        let size = one.bytes();
        let two = Dictionaries::new(2 * size);
        assert!(of(&two, "a") && of(&two, "b") && of(&two, "a") && of(&two, "c"));
        let has = ["a", "b", "c"].map(|name| two.has(segment, name));
        assert_eq!((has, two.bytes()), ([true, false, true], 2 * size));
        two.retain(|_| false);
        assert_eq!((two.has(segment, "a"), two.bytes()), (false, 0));
        let none = Dictionaries::new(size - 1);
        assert!(!of(&none, "a") && none.bytes() == 0);
    }
}

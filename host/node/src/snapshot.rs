//! What a search sees: an index at a point in time, with its mapping.

use std::collections::HashSet;
use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::index::SegmentId;
use tantivy::schema::OwnedValue;
use tantivy::{Index, Searcher, SegmentReader, TantivyDocument};
use whittle_host::Members;

use crate::documents::Documents;
use crate::index::Terms;
use crate::mapping::{
    DocumentError, ID, Mapping, MappingError, SEQ_NO, SOURCE, VERSION, check_keys,
    readable_fields_of, tokenizers,
};
use crate::memory::Memory;
use crate::search::workers::Threads;
use crate::search::written::WritingOrder;
use crate::udf::Dictionaries;

/// An index at a point in time. Clones share it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The index's name, for hits.
    pub(crate) name: Option<String>,
    pub(crate) searcher: Searcher,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) dictionaries: Dictionaries,
    pub(crate) order: WritingOrder,
    pub(crate) terms: Terms,
    pub(crate) threads: Threads,
    pub(crate) memory: Memory,
}

/// Why documents cannot be searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They have more fields, or texts, than an index may have.
    #[error("the documents have no mapping")]
    Mapping(#[from] MappingError),
    /// A document has a key that no field can have, or is nested too deep.
    #[error("document {position}")]
    Document {
        /// From 0.
        position: usize,
        /// Why.
        source: DocumentError,
    },
    /// tantivy does not take them.
    #[error("the documents cannot be indexed")]
    Index(#[from] tantivy::TantivyError),
}

/// What the writer of an index in memory may take, in bytes.
const WRITER_BYTES: usize = 256 << 20;

/// What decoded dictionaries may take, in bytes.
pub(crate) const DICTIONARY_BYTES: usize = 256 << 20;

impl Snapshot {
    /// What is kept of segments that are gone is dropped.
    pub(crate) fn new(
        searcher: Searcher,
        mapping: Arc<Mapping>,
        dictionaries: Dictionaries,
        order: WritingOrder,
        terms: Terms,
    ) -> Self {
        let segments = searcher.segment_readers().iter();
        let segments: HashSet<SegmentId> = segments.map(SegmentReader::segment_id).collect();
        dictionaries.retain(|segment| segments.contains(&segment));
        order.retain(|segment| segments.contains(&segment));
        Self {
            name: None,
            searcher,
            mapping,
            dictionaries,
            order,
            terms,
            threads: Threads::none(),
            memory: Memory::unlimited(),
        }
    }

    /// The same index, as another searcher sees it.
    pub(crate) fn seen_by(&self, searcher: Searcher) -> Self {
        Self::new(
            searcher,
            Arc::clone(&self.mapping),
            self.dictionaries.clone(),
            self.order.clone(),
            self.terms.clone(),
        )
    }

    /// tantivy's view of it, for searches of an embedder's own.
    pub fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    /// tantivy's name of the column that has the values at a path.
    pub fn column(&self, path: &str) -> Option<&str> {
        self.mapping.field(path).map(|field| field.column)
    }

    /// With the name of its index, which its hits have.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Searched with the help of threads, which other snapshots may have too.
    #[must_use]
    pub fn with_threads(mut self, threads: &Threads) -> Self {
        self.threads = threads.clone();
        self
    }

    /// Searched within a budget of memory, which other requests may share. It is for what a search
    /// holds besides its UDFs: aggregations, and the hits of its page.
    #[must_use]
    pub fn with_memory(mut self, memory: &Memory) -> Self {
        self.memory = memory.clone();
        self
    }

    /// Documents in memory, with the mapping that they show. A value that is not of its field's
    /// type is none, as it is to a UDF: nobody has said what the field is to be. They count as written
    /// in the order of their ids.
    ///
    /// # Errors
    ///
    /// More fields than an index may have; a document whose keys no index takes.
    pub fn of(documents: &Documents) -> Result<Self, SnapshotError> {
        let members: Vec<&Members> = documents.all_members().collect();
        let empty = Mapping::dynamic();
        for (position, document) in members.iter().enumerate() {
            check_keys(&empty, document)
                .map_err(|source| SnapshotError::Document { position, source })?;
        }
        let mapping = empty.grown(documents.all_members())?;
        let mapping = mapping.unwrap_or(empty);
        let schema = mapping.schema();
        let [id, seq_no, version, source] =
            [ID, SEQ_NO, VERSION, SOURCE].map(|name| schema.get_field(name));
        let (id, seq_no, version, source) = (id?, seq_no?, version?, source?);
        let builder = Index::builder()
            .schema(schema.clone())
            .tokenizers(tokenizers());
        let mut writer =
            builder.single_segment_index_writer(RamDirectory::create(), WRITER_BYTES)?;
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_by(|left, right| documents.compare_ids(*left, *right));
        for (number, position) in order.into_iter().enumerate() {
            let mut document = TantivyDocument::new();
            document.add_text(id, documents.id(position));
            document.add_u64(seq_no, number as u64);
            document.add_u64(version, 1);
            document.add_bytes(source, documents.text(position).as_bytes());
            for (field, value) in readable_fields_of(&mapping, members[position]) {
                document.add_field_value::<&OwnedValue>(field, &value);
            }
            writer.add_document(document)?;
        }
        let index = writer.finalize()?;
        let searcher = index.reader()?.searcher();
        let dictionaries = Dictionaries::new(DICTIONARY_BYTES);
        Ok(Self::new(
            searcher,
            Arc::new(mapping),
            dictionaries,
            WritingOrder::default(),
            Terms::default(),
        ))
    }
}

//! What tantivy has taken in, at one point in time: for searches, and for finding a document by
//! its id.
//!
//! Knows nothing of the log or of what was written since.

use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::schema::{Field, IndexRecordOption, OwnedValue};
use tantivy::{DocAddress, DocId, DocSet, InvertedIndexReader, TERMINATED, TantivyDocument, Term};

use super::IndexError;
use crate::mapping;
use crate::snapshot::Snapshot;

/// A snapshot, and where its ids and numbers are.
pub(super) struct Committed {
    pub(super) snapshot: Snapshot,
    id: Field,
    source: Field,
    segments: Vec<Segment>,
}

struct Segment {
    ids: Arc<InvertedIndexReader>,
    seq_no: Column<u64>,
    version: Column<u64>,
}

/// A document in a segment.
pub(super) struct CommittedDocument {
    pub(super) seq_no: u64,
    pub(super) version: u64,
    address: DocAddress,
}

impl Committed {
    /// # Errors
    ///
    /// Where a segment cannot be read.
    pub(super) fn new(snapshot: Snapshot) -> tantivy::Result<Self> {
        let schema = snapshot.mapping.schema();
        let id = schema.get_field(mapping::ID)?;
        let source = schema.get_field(mapping::SOURCE)?;
        let open = |reader: &tantivy::SegmentReader| {
            Ok(Segment {
                ids: reader.inverted_index(id)?,
                seq_no: reader.fast_fields().u64(mapping::SEQ_NO)?,
                version: reader.fast_fields().u64(mapping::VERSION)?,
            })
        };
        let segments = snapshot.searcher.segment_readers().iter().map(open);
        let segments = segments.collect::<tantivy::Result<_>>()?;
        Ok(Self {
            snapshot,
            id,
            source,
            segments,
        })
    }

    /// The document with an id.
    ///
    /// # Errors
    ///
    /// Where a segment cannot be read.
    pub(super) fn find(&self, id: &str) -> Result<Option<CommittedDocument>, IndexError> {
        let term = Term::from_field_text(self.id, id);
        for (ordinal, segment) in (0..).zip(&self.segments) {
            let found = self.find_in(ordinal, segment, &term);
            let found = found.map_err(IndexError::tantivy("find an id"))?;
            if let Some(doc_id) = found {
                return Ok(Some(CommittedDocument {
                    seq_no: segment.seq_no.first(doc_id).unwrap_or_default(),
                    version: segment.version.first(doc_id).unwrap_or_default(),
                    address: DocAddress::new(ordinal, doc_id),
                }));
            }
        }
        Ok(None)
    }

    fn find_in(
        &self,
        ordinal: u32,
        segment: &Segment,
        term: &Term,
    ) -> tantivy::Result<Option<DocId>> {
        let postings = segment.ids.read_postings(term, IndexRecordOption::Basic)?;
        let Some(mut postings) = postings else {
            return Ok(None);
        };
        let alive = self
            .snapshot
            .searcher
            .segment_reader(ordinal)
            .alive_bitset();
        let mut doc_id = postings.doc();
        while doc_id != TERMINATED {
            if alive.is_none_or(|alive| alive.is_alive(doc_id)) {
                return Ok(Some(doc_id));
            }
            doc_id = postings.advance();
        }
        Ok(None)
    }

    /// The source of a document that was found here.
    ///
    /// # Errors
    ///
    /// Where the segment cannot be read.
    pub(super) fn source(&self, found: &CommittedDocument) -> Result<Arc<[u8]>, IndexError> {
        let document: TantivyDocument = self
            .snapshot
            .searcher
            .doc(found.address)
            .map_err(IndexError::tantivy("read a document"))?;
        let source = document.get_first(self.source).map(OwnedValue::from);
        match source {
            Some(OwnedValue::Bytes(bytes)) => Ok(Arc::from(bytes)),
            _ => Err(IndexError::tantivy("find a document's source")(
                tantivy::TantivyError::InternalError("it is not stored".to_owned()),
            )),
        }
    }
}

//! The hits of a page, with what the request wants of their documents.

use serde_json::{Map, Value as Json};
use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, Score, TantivyDocument, TantivyError};

use super::collect::Candidate;
use super::error::SearchError;
use super::listed::{self, Listed};
use super::response::{Hit, SeqNo};
use super::source::Source;
use crate::mapping::{ID, SEQ_NO, SOURCE, VERSION};
use crate::request::{SearchRequest, SortBy, SourceFilter};
use crate::snapshot::Snapshot;

/// What makes the hits of a page.
pub(super) struct Page<'a> {
    snapshot: &'a Snapshot,
    request: &'a SearchRequest,
    id: Field,
    source: Field,
    listed: Vec<Listed>,
}

impl<'a> Page<'a> {
    /// # Errors
    ///
    /// A field whose values cannot come back as the request asks.
    pub(super) fn of(
        snapshot: &'a Snapshot,
        request: &'a SearchRequest,
    ) -> Result<Self, SearchError> {
        let mapping = &snapshot.mapping;
        let schema = snapshot.searcher.schema();
        let mut listed = listed::in_index(&request.listed_fields, false, mapping)?;
        listed.extend(listed::in_index(&request.docvalue_fields, true, mapping)?);
        Ok(Self {
            id: schema.get_field(ID)?,
            source: schema.get_field(SOURCE)?,
            snapshot,
            request,
            listed,
        })
    }

    /// Whether hits have their scores.
    pub(super) fn shows_scores(&self) -> bool {
        let sort = &self.request.sort;
        sort.is_empty()
            || self.request.track_scores
            || sort.iter().any(|key| key.by == SortBy::Score)
    }

    /// A hit with what was computed for it.
    ///
    /// # Errors
    ///
    /// A segment that cannot be read.
    pub(super) fn hit(
        &self,
        candidate: &Candidate,
        mut fields: Map<String, Json>,
    ) -> Result<Hit, SearchError> {
        let (request, searcher) = (self.request, &self.snapshot.searcher);
        let address = candidate.address;
        listed::read(searcher, address, &self.listed, &mut fields)?;
        let mut id = String::new();
        let mut source = None;
        if request.ids || request.source != SourceFilter::None {
            let document: TantivyDocument = searcher.doc(address)?;
            source = self.source(&document)?;
            if request.ids {
                let stored = document.get_first(self.id);
                id = stored
                    .and_then(|id| id.as_str())
                    .unwrap_or_default()
                    .to_owned();
            }
        }
        let seq_no = |seq_no| SeqNo {
            seq_no,
            primary_term: 1,
        };
        let number = |wanted: bool, column| {
            let number = wanted.then(|| self.number(address, column));
            number.transpose().map(Option::flatten)
        };
        Ok(Hit {
            index: self.snapshot.name.clone(),
            id,
            version: number(request.version, VERSION)?,
            seq_no: number(request.seq_no_primary_term, SEQ_NO)?.map(seq_no),
            score: candidate.score.filter(|_| self.shows_scores()).map(widened),
            source,
            fields,
            sort: match request.sort.is_empty() {
                true => Vec::new(),
                false => candidate.sort.clone(),
            },
        })
    }

    fn source(&self, document: &TantivyDocument) -> Result<Option<Source>, SearchError> {
        let filter = &self.request.source;
        if *filter == SourceFilter::None {
            return Ok(None);
        }
        let stored = document.get_first(self.source);
        let stored = stored.and_then(|source| source.as_bytes());
        let source = Source::filtered(stored.unwrap_or_default(), filter);
        let broken = |error| TantivyError::InternalError(format!("a document's source: {error}"));
        Ok(source.map_err(broken)?)
    }

    fn number(&self, address: DocAddress, column: &str) -> tantivy::Result<Option<u64>> {
        let reader = self.snapshot.searcher.segment_reader(address.segment_ord);
        let column = reader.fast_fields().u64(column)?;
        Ok(column.first(address.doc_id))
    }
}

/// A score as the shortest decimal that is the same float of 32 bits.
pub(super) fn widened(score: Score) -> f64 {
    score
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(score))
}

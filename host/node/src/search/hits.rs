//! The hits of a page, with what the request wants of their documents.

use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, Score, TantivyDocument, TantivyError};
use whittle_host::Members;

use super::collect::Candidate;
use super::error::{FieldError, SearchError};
use super::listed::{self, Listed};
use super::response::{Held, Hit, SeqNo};
use super::source::{Filter, Source, Unfiltered};
use crate::allowance::{Allowance, Steps};
use crate::mapping::{ID, SEQ_NO, SOURCE, VERSION};
use crate::memory::Reservation;
use crate::request::{SearchRequest, SortBy};
use crate::snapshot::Snapshot;

/// What makes the hits of a page.
pub(super) struct Page<'a> {
    snapshot: &'a Snapshot,
    request: &'a SearchRequest,
    id: Field,
    source: Field,
    listed: Vec<Listed>,
    filter: Filter,
    allowance: Allowance,
    steps: Steps,
    /// The memory of the hits.
    held: Reservation,
}

impl<'a> Page<'a> {
    /// # Errors
    ///
    /// Too little memory.
    pub(super) fn of(
        snapshot: &'a Snapshot,
        request: &'a SearchRequest,
        listed: Vec<Listed>,
        allowance: &Allowance,
    ) -> Result<Self, SearchError> {
        let schema = snapshot.searcher.schema();
        let filter = Filter::new(&request.source);
        allowance.take(filter.bytes())?;
        Ok(Self {
            id: schema.get_field(ID)?,
            source: schema.get_field(SOURCE)?,
            snapshot,
            request,
            listed,
            filter,
            allowance: allowance.clone(),
            steps: Steps::new(allowance),
            held: allowance.reserve(0)?,
        })
    }

    /// The memory of the hits.
    pub(super) fn into_held(self) -> Held {
        self.held.into()
    }

    /// A hit with what was computed for it.
    ///
    /// # Errors
    ///
    /// A segment that cannot be read, the end of the search's time, and too little memory.
    pub(super) fn hit(
        &mut self,
        candidate: &Candidate,
        mut fields: Members,
    ) -> Result<Hit, SearchError> {
        let (request, searcher) = (self.request, &self.snapshot.searcher);
        let address = candidate.address;
        self.allowance.check()?;
        listed::read(
            searcher,
            address,
            &self.listed,
            &mut fields,
            &mut self.steps,
        )?;
        let mut id = String::new();
        let mut source = None;
        if request.ids || !matches!(self.filter, Filter::None) {
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
            primary_term: self.snapshot.terms.of(seq_no),
        };
        let number = |wanted: bool, column| {
            let number = wanted.then(|| self.number(address, column));
            number.transpose().map(Option::flatten)
        };
        let hit = Hit {
            index: self.snapshot.name.clone(),
            id,
            version: number(request.version, VERSION)?,
            seq_no: number(request.seq_no_primary_term, SEQ_NO)?.map(seq_no),
            score: candidate
                .score
                .filter(|_| shows_scores(request))
                .map(widened),
            source,
            fields,
            sort: match request.sort.is_empty() {
                true => Vec::new(),
                false => candidate.sort.clone(),
            },
        };
        let source = hit.source.as_ref().map_or(0, Source::bytes);
        self.held.grow(hit.bytes() - source)?;
        Ok(hit)
    }

    fn source(&mut self, document: &TantivyDocument) -> Result<Option<Source>, SearchError> {
        if matches!(self.filter, Filter::None) {
            return Ok(None);
        }
        let stored = document.get_first(self.source);
        let stored = stored.and_then(|source| source.as_bytes());
        let stored = stored.unwrap_or_default();
        // Before it is copied, and beside what the document itself takes meanwhile.
        let _loaded = self.allowance.reserve(stored.len() as u64)?;
        self.held.grow(stored.len() as u64)?;
        match self.filter.apply(stored, &mut self.steps) {
            Ok(source) => Ok(source),
            Err(Unfiltered::Ended(ended)) => Err(ended.into()),
            Err(error) => Err(TantivyError::InternalError(error.to_string()).into()),
        }
    }

    fn number(&self, address: DocAddress, column: &str) -> tantivy::Result<Option<u64>> {
        let reader = self.snapshot.searcher.segment_reader(address.segment_ord);
        let column = reader.fast_fields().u64(column)?;
        Ok(column.first(address.doc_id))
    }
}

/// The fields that come back out of the columns.
///
/// # Errors
///
/// A field whose values cannot come back as the request asks.
pub(super) fn listed(
    snapshot: &Snapshot,
    request: &SearchRequest,
) -> Result<Vec<Listed>, FieldError> {
    let mapping = &snapshot.mapping;
    let mut listed = listed::in_index(&request.listed_fields, false, mapping)?;
    listed.extend(listed::in_index(&request.docvalue_fields, true, mapping)?);
    Ok(listed)
}

/// Whether hits have their scores.
pub(super) fn shows_scores(request: &SearchRequest) -> bool {
    let sort = &request.sort;
    sort.is_empty() || request.track_scores || sort.iter().any(|key| key.by == SortBy::Score)
}

/// A score as the shortest decimal that is the same float of 32 bits.
pub(super) fn widened(score: Score) -> f64 {
    score
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(score))
}

//! Filters of the search benchmark as native queries of tantivy.

use std::sync::Arc;

use string_distance::Pattern;
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::query::AllScorer;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, SegmentDocPredicate,
};
use tantivy::{DocId, Searcher, SegmentReader};

/// The texts of a column, decoded.
struct Texts {
    offsets: Vec<usize>,
    bytes: Vec<u8>,
}

impl Texts {
    fn of(column: &StrColumn) -> Self {
        let (mut offsets, mut bytes) = (vec![0], Vec::new());
        let mut terms = column.dictionary().stream().expect("read");
        while terms.advance() {
            bytes.extend_from_slice(terms.key());
            offsets.push(bytes.len());
        }
        Self { offsets, bytes }
    }

    fn get(&self, ordinal: u64) -> &str {
        let at = ordinal as usize;
        let bytes = &self.bytes[self.offsets[at]..self.offsets[at + 1]];
        std::str::from_utf8(bytes).expect("text")
    }
}

/// The guest's own Levenshtein as a native filter of tantivy, with dictionaries that are already
/// decoded.
pub(crate) struct NativeDistance {
    column: String,
    target: String,
    distance: usize,
    texts: Vec<(SegmentId, Arc<Texts>)>,
}

impl NativeDistance {
    pub(crate) fn new(searcher: &Searcher, column: String, target: &str, distance: usize) -> Self {
        let texts = searcher.segment_readers().iter().map(|reader| {
            let column = reader.fast_fields().str(&column).expect("read");
            let texts = Texts::of(&column.expect("a column"));
            (reader.segment_id(), Arc::new(texts))
        });
        Self {
            texts: texts.collect(),
            column,
            target: target.to_owned(),
            distance,
        }
    }
}

impl std::fmt::Debug for NativeDistance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NativeDistance")
    }
}

pub(crate) struct SegmentDistance {
    ordinals: Column<u64>,
    texts: Arc<Texts>,
    pattern: Pattern,
}

impl DocPredicate for NativeDistance {
    type SegmentDocPredicate = SegmentDistance;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentDistance>> {
        let column = reader.fast_fields().str(&self.column)?.expect("a column");
        let mut texts = self.texts.iter();
        let (_, texts) = texts
            .find(|(segment, _)| *segment == reader.segment_id())
            .expect("it is decoded");
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate: SegmentDistance {
                ordinals: column.ords().clone(),
                texts: texts.clone(),
                pattern: Pattern::new(&self.target, self.distance),
            },
            necessary_condition: Box::new(AllScorer::new(reader.max_doc())),
        })
    }
}

impl SegmentDocPredicate for SegmentDistance {
    fn eval(&mut self, document: DocId) -> bool {
        let ordinal = self.ordinals.first(document);
        ordinal.is_some_and(|ordinal| self.pattern.matches(self.texts.get(ordinal)))
    }
}

/// `price * (1 - discount) > 500 and sqrt(rating) >= 2` as a native filter of tantivy.
#[derive(Debug)]
pub(crate) struct NativeRule {
    pub(crate) price: String,
    pub(crate) discount: String,
    pub(crate) rating: String,
}

pub(crate) struct SegmentRule {
    price: Column<f64>,
    discount: Column<f64>,
    rating: Column<f64>,
}

impl DocPredicate for NativeRule {
    type SegmentDocPredicate = SegmentRule;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentRule>> {
        let column = |name: &str| reader.fast_fields().f64(name);
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate: SegmentRule {
                price: column(&self.price)?,
                discount: column(&self.discount)?,
                rating: column(&self.rating)?,
            },
            necessary_condition: Box::new(AllScorer::new(reader.max_doc())),
        })
    }
}

impl SegmentDocPredicate for SegmentRule {
    fn eval(&mut self, document: DocId) -> bool {
        let (price, discount) = (self.price.first(document), self.discount.first(document));
        let (Some(price), Some(discount)) = (price, discount) else {
            return false;
        };
        price * (1.0 - discount) > 500.0
            && (self.rating.first(document)).is_some_and(|rating| rating.sqrt() >= 2.0)
    }
}

//! The best hits of a search, by any sort keys, and how many hits there are.
//!
//! Within a segment a sort value is a number whose order is that of the values: a text's is its
//! place in the segment's dictionary. Only what a segment's best hits are ordered by is looked up,
//! to compare them with other segments'.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::mem::take;
use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, MonotonicallyMappableToU64, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::formula::{Computable, SegmentFormula};
use super::sort::{SortBy, SortKey};
use crate::computed::BLOCK_DOCUMENTS;
use crate::dates;
use crate::expression::ColumnType;
use crate::mapping::{FieldType, Mapping, SEQ_NO};
use crate::object::cut;
use crate::value::Value;

/// A hit, before its document is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) address: DocAddress,
    pub(super) score: Option<Score>,
    pub(super) sort: Vec<Value>,
    /// The order in which documents were written decides between equals.
    written: u64,
}

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct AllFound {
    /// How many hits there are.
    pub(super) total: usize,
    /// The best score of them all.
    pub(super) max_score: Option<Score>,
    /// The first hits, in their order.
    pub(super) found: Vec<Found>,
}

/// Collects the best hits.
pub(super) struct Best {
    /// How many.
    pub(super) limit: usize,
    pub(super) keys: Vec<SortKey>,
    /// Of the keys, where they are computed.
    pub(super) formulas: Vec<Option<Computable>>,
    pub(super) after: Option<Vec<Json>>,
    pub(super) min_score: Option<Score>,
    pub(super) scores: bool,
    pub(super) mapping: Arc<Mapping>,
}

/// A sort key's values in a segment.
enum Values {
    Score,
    Written(Column<u64>),
    Boolean(Column<bool>),
    Long(Column<i64>),
    Double(Column<f64>),
    /// In microseconds since 1970.
    Date(Column<i64>),
    Text(StrColumn),
    /// What a formula gives, loaded for a block of documents.
    Computed(SegmentFormula, Option<ColumnType>, Vec<Value>),
    /// No document has the field.
    None,
}

/// Of a hit and a sort key: smaller comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Without a value, where such hits come first.
    BeforeAll,
    /// A number in the order of the values.
    Number(u64),
    /// A text that no dictionary has.
    Ascending(String),
    /// The same, where the greatest comes first.
    Descending(Reverse<String>),
    /// Without a value, where such hits come last.
    AfterAll,
}

impl Rank {
    fn missing(key: &SortKey) -> Self {
        if key.missing_first {
            Self::BeforeAll
        } else {
            Self::AfterAll
        }
    }

    fn number(key: &SortKey, number: Option<u64>) -> Self {
        match number {
            Some(number) if key.descending => Self::Number(!number),
            Some(number) => Self::Number(number),
            None => Self::missing(key),
        }
    }

    fn text(key: &SortKey, text: String) -> Self {
        if key.descending {
            Self::Descending(Reverse(text))
        } else {
            Self::Ascending(text)
        }
    }

    /// Of a value that was computed.
    fn computed(key: &SortKey, value: Value) -> Self {
        let number = match value {
            Value::Text(text) => return Self::text(key, text),
            Value::Null | Value::Json(_) => None,
            Value::Boolean(value) => Some(value.to_u64()),
            Value::Long(value) | Value::Date(value) => Some(value.to_u64()),
            Value::Double(value) => Some(value.to_u64()),
        };
        Self::number(key, number)
    }
}

impl Values {
    fn open(
        key: &SortKey,
        formula: Option<&Computable>,
        reader: &SegmentReader,
        mapping: &Mapping,
    ) -> tantivy::Result<Self> {
        if let Some(formula) = formula {
            let segment = formula.for_segment(reader, reader.max_doc())?;
            return Ok(Self::Computed(segment, formula.value_type(), Vec::new()));
        }
        let fast = reader.fast_fields();
        let path = match &key.by {
            SortBy::Score => return Ok(Self::Score),
            SortBy::Written => return Ok(Self::Written(fast.u64(SEQ_NO)?)),
            SortBy::Formula(_) => return Ok(Self::None),
            SortBy::Field(path) => path,
        };
        let Some(field) = mapping.field(path) else {
            return Ok(Self::None);
        };
        let values = match field.field_type {
            FieldType::Boolean => fast.column_opt(field.column)?.map(Self::Boolean),
            FieldType::Long => fast.column_opt(field.column)?.map(Self::Long),
            FieldType::Double => fast.column_opt(field.column)?.map(Self::Double),
            FieldType::Date => fast.column_opt(field.column)?.map(Self::Date),
            FieldType::Keyword | FieldType::Text => fast.str(field.column)?.map(Self::Text),
        };
        Ok(values.unwrap_or(Self::None))
    }

    /// The rank of a document, at a row of the block that was loaded.
    fn rank(&mut self, key: &SortKey, document: DocId, score: Score, row: usize) -> Rank {
        if let Self::Computed(_, _, values) = self {
            let value = std::mem::replace(&mut values[row], Value::Null);
            return Rank::computed(key, value);
        }
        Rank::number(key, self.number(key, document, score))
    }

    /// A number in the order of the values.
    fn number(&self, key: &SortKey, document: DocId, score: Score) -> Option<u64> {
        fn of<
            T: MonotonicallyMappableToU64
                + PartialOrd
                + Copy
                + std::fmt::Debug
                + Send
                + Sync
                + 'static,
        >(
            column: &Column<T>,
            document: DocId,
            greatest: bool,
        ) -> Option<u64> {
            let numbers = column.values_for_doc(document).map(T::to_u64);
            if greatest {
                numbers.max()
            } else {
                numbers.min()
            }
        }
        let greatest = key.descending;
        match self {
            Self::Score => Some(f64::from(score).to_u64()),
            Self::Written(column) => of(column, document, greatest),
            Self::Boolean(column) => of(column, document, greatest),
            Self::Long(column) => of(column, document, greatest),
            Self::Double(column) => of(column, document, greatest),
            Self::Date(column) => of(column, document, greatest),
            // Room between two texts, for one that is not there.
            Self::Text(column) => of(column.ords(), document, greatest).map(|at| 2 * at + 1),
            Self::Computed(..) | Self::None => None,
        }
    }

    /// The value of a rank.
    fn value(&self, key: &SortKey, rank: &Rank) -> tantivy::Result<Value> {
        let number = match rank {
            Rank::BeforeAll | Rank::AfterAll => return Ok(Value::Null),
            Rank::Ascending(text) | Rank::Descending(Reverse(text)) => {
                return Ok(Value::Text(text.clone()));
            }
            Rank::Number(number) if key.descending => !*number,
            Rank::Number(number) => *number,
        };
        Ok(match self {
            Self::Computed(_, column_type, _) => match column_type {
                Some(ColumnType::Boolean) => Value::Boolean(bool::from_u64(number)),
                Some(ColumnType::Long) => Value::Long(i64::from_u64(number)),
                Some(ColumnType::Double) => Value::Double(f64::from_u64(number)),
                Some(ColumnType::Date) => Value::Date(i64::from_u64(number)),
                Some(ColumnType::Text) | None => Value::Null,
            },
            Self::Score | Self::Double(_) => Value::Double(f64::from_u64(number)),
            Self::Written(_) => Value::Long(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Boolean(_) => Value::Boolean(bool::from_u64(number)),
            Self::Long(_) => Value::Long(i64::from_u64(number)),
            Self::Date(_) => Value::Date(i64::from_u64(number)),
            Self::Text(column) => {
                let mut text = String::new();
                column.ord_to_str(number / 2, &mut text)?;
                Value::Text(text)
            }
            Self::None => Value::Null,
        })
    }

    /// The rank of a value that a client gives back.
    fn rank_of(&self, key: &SortKey, json: &Json) -> tantivy::Result<Rank> {
        if json.is_null() {
            return Ok(Rank::missing(key));
        }
        if let (Self::Computed(_, Some(ColumnType::Text), _), Some(text)) = (self, json.as_str()) {
            return Ok(Rank::text(key, text.to_owned()));
        }
        let number = match self {
            Self::Score | Self::Double(_) => json.as_f64().map(MonotonicallyMappableToU64::to_u64),
            Self::Written(_) => json.as_u64(),
            Self::Boolean(_) => json.as_bool().map(MonotonicallyMappableToU64::to_u64),
            Self::Long(_) => json.as_i64().map(MonotonicallyMappableToU64::to_u64),
            Self::Date(_) => instant(json).map(MonotonicallyMappableToU64::to_u64),
            Self::Text(column) => match json.as_str() {
                None => None,
                Some(text) => Some(place(column, text)?),
            },
            Self::Computed(_, column_type, _) => match column_type {
                Some(ColumnType::Boolean) => json.as_bool().map(MonotonicallyMappableToU64::to_u64),
                Some(ColumnType::Long) => json.as_i64().map(MonotonicallyMappableToU64::to_u64),
                Some(ColumnType::Double) => json.as_f64().map(MonotonicallyMappableToU64::to_u64),
                Some(ColumnType::Date) => instant(json).map(MonotonicallyMappableToU64::to_u64),
                Some(ColumnType::Text) | None => None,
            },
            // Whatever the value: no document here has one.
            Self::None => Some(0),
        };
        let number = number.ok_or_else(|| {
            let shown = cut(&json.to_string());
            let error = format!("`search_after`: {shown} is no value of its sort key");
            TantivyError::InvalidArgument(error)
        })?;
        Ok(Rank::number(key, Some(number)))
    }
}

/// In microseconds since 1970.
fn instant(json: &Json) -> Option<i64> {
    let millis = || dates::from_millis(json.as_i64()?);
    json.as_str().and_then(dates::parse).or_else(millis)
}

/// Where a text is in a dictionary, or would be.
fn place(column: &StrColumn, text: &str) -> tantivy::Result<u64> {
    let dictionary = column.dictionary();
    if let Some(at) = dictionary.term_ord(text)? {
        return Ok(2 * at + 1);
    }
    let mut after = dictionary.range().ge(text).into_stream()?;
    Ok(if after.advance() {
        2 * after.term_ord()
    } else {
        2 * column.num_terms() as u64
    })
}

/// A hit of a segment's best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    ranks: Vec<Rank>,
    written: u64,
    document: DocId,
    score_bits: u32,
}

/// Collects the best hits of a segment.
pub(super) struct BestOfSegment {
    segment: SegmentOrdinal,
    limit: usize,
    keys: Vec<SortKey>,
    values: Vec<Values>,
    after: Option<Vec<Rank>>,
    min_score: Option<Score>,
    scores: bool,
    written: Column<u64>,
    total: usize,
    max_score: Option<Score>,
    /// Hits whose formulas are still to be computed.
    waiting: Vec<DocId>,
    waiting_scores: Vec<Score>,
    /// Whether a UDF has ended the search.
    ended: bool,
    /// The worst of the best on top.
    best: BinaryHeap<Ranked>,
    ranks: Vec<Rank>,
}

impl Collector for Best {
    type Fruit = AllFound;
    type Child = BestOfSegment;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<BestOfSegment> {
        let keys = self.keys.iter().zip(&self.formulas);
        let values: Vec<Values> = keys
            .map(|(key, formula)| Values::open(key, formula.as_ref(), reader, &self.mapping))
            .collect::<tantivy::Result<_>>()?;
        let after = self.after.as_ref().map(|after| {
            let keys = self.keys.iter().zip(&values).zip(after);
            keys.map(|((key, values), json)| values.rank_of(key, json))
                .collect()
        });
        Ok(BestOfSegment {
            segment,
            limit: self.limit,
            keys: self.keys.clone(),
            values,
            after: after.transpose()?,
            min_score: self.min_score,
            scores: self.scores,
            written: reader.fast_fields().u64(SEQ_NO)?,
            total: 0,
            max_score: None,
            waiting: Vec::new(),
            waiting_scores: Vec::new(),
            ended: false,
            best: BinaryHeap::new(),
            ranks: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scores
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<AllFound>>) -> tantivy::Result<AllFound> {
        let mut all = AllFound::default();
        for fruit in fruits {
            let AllFound {
                total,
                max_score,
                found,
            } = fruit?;
            all.total += total;
            all.max_score = best_of(all.max_score, max_score);
            all.found.extend(found);
        }
        all.found.sort_by(|left, right| self.order(left, right));
        all.found.truncate(self.limit);
        Ok(all)
    }
}

impl Best {
    fn order(&self, left: &Found, right: &Found) -> Ordering {
        let values = self.keys.iter().zip(left.sort.iter().zip(&right.sort));
        let mut orders = values.map(|(key, (left, right))| key.compare(left, right));
        let by_keys = orders.find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| left.written.cmp(&right.written))
    }
}

fn best_of(left: Option<Score>, right: Option<Score>) -> Option<Score> {
    [left, right].into_iter().flatten().reduce(Score::max)
}

impl SegmentCollector for BestOfSegment {
    type Fruit = tantivy::Result<AllFound>;

    fn collect(&mut self, document: DocId, score: Score) {
        // A zero has no sign: which one a sum has depends on how the engine adds.
        let score = score + 0.0;
        if self.min_score.is_some_and(|least| score < least) {
            return;
        }
        self.total += 1;
        if self.scores {
            self.max_score = best_of(self.max_score, Some(score));
        }
        if self.limit == 0 {
            return;
        }
        if self.computes() {
            self.waiting.push(document);
            self.waiting_scores.push(score);
            if self.waiting.len() == BLOCK_DOCUMENTS {
                self.compute();
            }
        } else {
            self.offer(document, score, 0);
        }
    }

    fn harvest(mut self) -> tantivy::Result<AllFound> {
        self.compute();
        let mut found = Vec::with_capacity(self.best.len());
        for ranked in self.best {
            let score = Score::from_bits(ranked.score_bits);
            let keys = self.keys.iter().zip(&self.values).zip(&ranked.ranks);
            let sort = keys.map(|((key, values), rank)| values.value(key, rank));
            found.push(Found {
                address: DocAddress::new(self.segment, ranked.document),
                score: self.scores.then_some(score),
                sort: sort.collect::<tantivy::Result<_>>()?,
                written: ranked.written,
            });
        }
        Ok(AllFound {
            total: self.total,
            max_score: self.max_score,
            found,
        })
    }
}

impl BestOfSegment {
    fn computes(&self) -> bool {
        let mut values = self.values.iter();
        values.any(|values| matches!(values, Values::Computed(..)))
    }

    /// Computes what waits, and offers it.
    fn compute(&mut self) {
        let (documents, scores) = (take(&mut self.waiting), take(&mut self.waiting_scores));
        if self.ended || documents.is_empty() {
            return;
        }
        for values in &mut self.values {
            if let Values::Computed(segment, _, loaded) = values {
                let Some(values) = segment.load(&documents, &scores) else {
                    self.ended = true;
                    return;
                };
                *loaded = values;
            }
        }
        for (row, (document, score)) in documents.iter().zip(&scores).enumerate() {
            self.offer(*document, *score, row);
        }
    }

    /// Keeps a hit, at a row of the block that was computed, if it is one of the best so far.
    fn offer(&mut self, document: DocId, score: Score, row: usize) {
        let keys = self.keys.iter().zip(&mut self.values);
        self.ranks.clear();
        let ranks = keys.map(|(key, values)| values.rank(key, document, score, row));
        self.ranks.extend(ranks);
        if self
            .after
            .as_ref()
            .is_some_and(|after| self.ranks <= *after)
        {
            return;
        }
        let full = self.best.len() >= self.limit;
        let worst = self.best.peek().filter(|_| full);
        if worst.is_some_and(|worst| self.ranks > worst.ranks) {
            return;
        }
        let ranked = Ranked {
            ranks: self.ranks.clone(),
            written: self.written.first(document).unwrap_or_default(),
            document,
            score_bits: score.to_bits(),
        };
        if worst.is_some_and(|worst| ranked > *worst) {
            return;
        }
        if full {
            self.best.pop();
        }
        self.best.push(ranked);
    }
}

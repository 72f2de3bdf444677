//! An aggregation at work on a segment.
//!
//! A node is fed with pairs of a document and the bucket of the aggregation around it, and keeps
//! its state by that bucket. Documents ascend; one that lies in several buckets comes several
//! times.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tantivy::query::Scorer;
use tantivy::{DocId, SegmentReader, TERMINATED};

use super::collect::Memory;
use super::digest::Digest;
use super::distinct::Distinct;
use super::error::AggregationError;
use super::metric::{Metric, Numbers};
use super::partial::{Bucket, Key, Partial};
use super::plan::{Op, Plan};
use super::terms::Terms;
use super::values::{SegmentValues, number};
use crate::computed::BLOCK_DOCUMENTS;
use crate::expression::ColumnType;

/// Texts up to which buckets are found by the text's number in a table.
const TABLE: usize = 1 << 20;

/// What a bucket takes, in bytes, with what leads to it and what becomes of it.
const BUCKET_BYTES: u64 = 128;

pub(super) struct Node {
    plan: Arc<Plan>,
    values: SegmentValues,
    state: State,
    filters: Vec<Box<dyn Scorer>>,
    inside: Vec<Node>,
    /// What the aggregations inside are fed with.
    documents: Vec<DocId>,
    buckets: Vec<u32>,
}

enum State {
    Numbers(Vec<Numbers>),
    Counts(Vec<u64>),
    Distinct(Vec<Distinct>, usize),
    Digests(Vec<Digest>, f64),
    Buckets(Buckets),
}

/// Buckets by what they lie in and their keys.
#[derive(Default)]
struct Buckets {
    /// By text, where there is one bucket around; 0 is none.
    table: Vec<u32>,
    map: HashMap<(u32, u64), u32>,
    around: Vec<u32>,
    keys: Vec<u64>,
    counts: Vec<u64>,
}

impl Buckets {
    fn find(&mut self, around: u32, key: u64) -> u32 {
        let next = self.keys.len() as u32;
        let found = match self.table.get_mut(key as usize).filter(|_| around == 0) {
            Some(place) => {
                if *place == 0 {
                    *place = next + 1;
                }
                *place - 1
            }
            None => *self.map.entry((around, key)).or_insert(next),
        };
        if found == next {
            self.around.push(around);
            self.keys.push(key);
            self.counts.push(0);
        }
        found
    }
}

impl Node {
    /// Opens an aggregation for a segment; `top` is one that lies in no other.
    pub(super) fn open(
        plan: &Arc<Plan>,
        reader: &SegmentReader,
        top: bool,
    ) -> tantivy::Result<Self> {
        let values = plan.values.open(reader)?;
        let state = match &plan.op {
            Op::Metric(Metric::ValueCount) => State::Counts(Vec::new()),
            Op::Metric(Metric::Cardinality { threshold }) => {
                State::Distinct(Vec::new(), *threshold)
            }
            Op::Metric(Metric::Percentiles { compression, .. }) => {
                State::Digests(Vec::new(), *compression)
            }
            Op::Metric(_) => State::Numbers(Vec::new()),
            _ => {
                let width = values.width().filter(|width| top && *width <= TABLE);
                State::Buckets(Buckets {
                    table: vec![0; width.unwrap_or(0)],
                    ..Buckets::default()
                })
            }
        };
        let mut filters = Vec::new();
        if let Op::Filters(of) = &plan.op {
            for weight in &of.weights {
                filters.push(weight.scorer(reader, 1.0)?);
            }
        }
        let inside = plan.inside.iter();
        let inside = inside.map(|plan| Self::open(plan, reader, false));
        Ok(Self {
            values,
            state,
            filters,
            inside: inside.collect::<tantivy::Result<_>>()?,
            plan: Arc::clone(plan),
            documents: Vec::new(),
            buckets: Vec::new(),
        })
    }

    /// Feeds pairs of a document and a bucket, of which there are `width` so far.
    pub(super) fn collect(
        &mut self,
        documents: &[DocId],
        around: &[u32],
        width: usize,
        memory: &Memory,
    ) -> Result<(), AggregationError> {
        match &self.plan.op {
            Op::Metric(_) => self.collect_metric(documents, around, width, memory),
            _ => {
                let before = self.bucket_count();
                self.collect_buckets(documents, around);
                let width = self.bucket_count();
                memory.take((width - before) as u64 * BUCKET_BYTES)?;
                for node in &mut self.inside {
                    node.collect(&self.documents, &self.buckets, width, memory)?;
                }
                Ok(())
            }
        }
    }

    fn bucket_count(&self) -> usize {
        match &self.state {
            State::Buckets(buckets) => buckets.keys.len(),
            _ => 0,
        }
    }

    fn collect_metric(
        &mut self,
        documents: &[DocId],
        around: &[u32],
        width: usize,
        memory: &Memory,
    ) -> Result<(), AggregationError> {
        self.values.load(documents);
        let value_type = self.values.value_type;
        if value_type == ColumnType::Text {
            // The keywords of a document are a set.
            self.values.distinct();
        }
        let values = &self.values;
        let each = pairs(documents, around).map(|(place, _, at)| (values.of(place), at as usize));
        let mut grown = 0;
        match &mut self.state {
            State::Numbers(states) => {
                grown += resize(states, width, Numbers::default);
                for (values, at) in each {
                    for value in values {
                        states[at].add(number(value_type, *value));
                    }
                }
            }
            State::Counts(counts) => {
                grown += resize(counts, width, || 0);
                for (values, at) in each {
                    counts[at] += values.len() as u64;
                }
            }
            State::Distinct(states, threshold) => {
                grown += resize(states, width, Distinct::default);
                // Texts have numbers of this segment: they are told apart, and counted at its end.
                let threshold = match value_type {
                    ColumnType::Text => usize::MAX,
                    _ => *threshold,
                };
                for (values, at) in each {
                    for value in values {
                        grown += states[at].add(*value, threshold);
                    }
                }
            }
            State::Digests(states, compression) => {
                grown += resize(states, width, || Digest::new(*compression));
                for (values, at) in each {
                    for value in values {
                        grown += states[at].add(number(value_type, *value));
                    }
                }
            }
            State::Buckets(_) => {}
        }
        memory.take(grown)
    }

    fn collect_buckets(&mut self, documents: &[DocId], around: &[u32]) {
        let State::Buckets(buckets) = &mut self.state else {
            return;
        };
        self.values.load(documents);
        self.values.distinct();
        let values = &self.values;
        let value_type = values.value_type;
        let feeds = !self.inside.is_empty();
        self.documents.clear();
        self.buckets.clear();
        let mut put = |document: DocId, around: u32, key: u64| {
            let found = buckets.find(around, key);
            buckets.counts[found as usize] += 1;
            if feeds {
                self.documents.push(document);
                self.buckets.push(found);
            }
        };
        let each = pairs(documents, around);
        let each = each.map(|(place, document, at)| (values.of(place), document, at));
        match &self.plan.op {
            Op::Terms(_) => {
                for (values, document, at) in each {
                    for value in values {
                        put(document, at, *value);
                    }
                }
            }
            Op::Histogram(histogram) => {
                for (values, document, at) in each {
                    let keys = values.iter();
                    let keys = keys.filter_map(|value| histogram.key(number(value_type, *value)));
                    once_each(keys, |key| put(document, at, key));
                }
            }
            Op::DateHistogram(histogram) => {
                for (values, document, at) in each {
                    let keys = values.iter();
                    let keys =
                        keys.filter_map(|value| histogram.key(number(value_type, *value) as i64));
                    once_each(keys, |key| put(document, at, key));
                }
            }
            Op::Range(range) => {
                for (values, document, at) in each {
                    for (key, range) in range.ranges.iter().enumerate() {
                        let mut values = values.iter();
                        if values.any(|value| range.contains(number(value_type, *value))) {
                            put(document, at, key as u64);
                        }
                    }
                }
            }
            Op::Missing => {
                for (values, document, at) in each {
                    if values.is_empty() {
                        put(document, at, 0);
                    }
                }
            }
            Op::Filters(filters) => {
                for (document, at) in documents.iter().zip(around) {
                    let mut none = true;
                    for (key, scorer) in self.filters.iter_mut().enumerate() {
                        if matches(scorer.as_mut(), *document) {
                            put(*document, *at, key as u64);
                            none = false;
                        }
                    }
                    if none && filters.has_other() {
                        put(*document, *at, filters.weights.len() as u64);
                    }
                }
            }
            Op::Global => {
                for (document, at) in documents.iter().zip(around) {
                    put(*document, *at, 0);
                }
            }
            Op::Metric(_) => {}
        }
    }

    /// Whether it runs over all documents of a segment, hits or not.
    pub(super) fn is_global(&self) -> bool {
        matches!(self.plan.op, Op::Global)
    }

    /// What the segment contributes, by bucket of the aggregation around it.
    pub(super) fn harvest(
        mut self,
        reader: &SegmentReader,
        width: usize,
        memory: &Memory,
    ) -> tantivy::Result<Result<Vec<Partial>, AggregationError>> {
        let plan = Arc::clone(&self.plan);
        if let Op::Terms(terms) = &plan.op
            && terms.min_doc_count == 0
            && let Err(error) = self.add_all_terms(reader, terms, memory)?
        {
            return Ok(Err(error));
        }
        let is_text = self.values.value_type == ColumnType::Text;
        let harvested = match self.state {
            State::Numbers(mut states) => {
                resize(&mut states, width, Numbers::default);
                states.into_iter().map(Partial::Numbers).collect()
            }
            State::Counts(mut counts) => {
                resize(&mut counts, width, || 0);
                counts.into_iter().map(Partial::Count).collect()
            }
            State::Digests(mut states, compression) => {
                resize(&mut states, width, || Digest::new(compression));
                states.into_iter().map(Partial::Digest).collect()
            }
            State::Distinct(mut states, threshold) => {
                resize(&mut states, width, Distinct::default);
                if is_text {
                    states = hashed(states, &self.values, threshold)?;
                }
                states.into_iter().map(Partial::Distinct).collect()
            }
            State::Buckets(buckets) => {
                let mut inside = Vec::with_capacity(self.inside.len());
                for node in self.inside {
                    match node.harvest(reader, buckets.keys.len(), memory)? {
                        Ok(partials) => inside.push(partials.into_iter()),
                        Err(error) => return Ok(Err(error)),
                    }
                }
                let keys: Vec<Key> = if matches!(plan.op, Op::Terms(_)) {
                    keys_of(&buckets.keys, &self.values)?
                } else {
                    buckets.keys.iter().copied().map(Key::Number).collect()
                };
                if let Err(error) = memory.take(keys.iter().map(Key::bytes).sum()) {
                    return Ok(Err(error));
                }
                let mut all: Vec<Vec<(Key, Bucket)>> = Vec::new();
                all.resize_with(width, Vec::new);
                let around = buckets.around.iter().zip(&buckets.counts);
                for ((around, count), key) in around.zip(keys) {
                    let inside = inside.iter_mut().filter_map(Iterator::next).collect();
                    let bucket = Bucket {
                        count: *count,
                        inside,
                    };
                    all[*around as usize].push((key, bucket));
                }
                let sorted = all.into_iter().map(|mut buckets| {
                    buckets.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
                    Partial::Buckets(buckets)
                });
                sorted.collect()
            }
        };
        Ok(Ok(harvested))
    }

    /// Gives the plan all terms of the segment, for buckets of those that no hit has.
    fn add_all_terms(
        &mut self,
        reader: &SegmentReader,
        terms: &Terms,
        memory: &Memory,
    ) -> tantivy::Result<Result<(), AggregationError>> {
        let mut all = HashSet::new();
        for block in blocks_of(reader) {
            self.values.load(&block);
            for place in 0..self.values.len() {
                all.extend(self.values.of(place));
            }
            // They are checked before they are many.
            if let Err(error) = memory.check(all.len() as u64 * BUCKET_BYTES) {
                return Ok(Err(error));
            }
        }
        let all: Vec<u64> = all.into_iter().collect();
        let keys = keys_of(&all, &self.values)?;
        Ok(terms.add_all(keys, memory))
    }
}

/// All documents of a segment, by block.
pub(super) fn blocks_of(reader: &SegmentReader) -> impl Iterator<Item = Vec<DocId>> {
    let mut documents = reader.doc_ids_alive();
    std::iter::from_fn(move || {
        let block: Vec<DocId> = documents.by_ref().take(BLOCK_DOCUMENTS).collect();
        (!block.is_empty()).then_some(block)
    })
}

/// Each document's place among the distinct ones, the document, and the bucket around it.
fn pairs(documents: &[DocId], around: &[u32]) -> impl Iterator<Item = (usize, DocId, u32)> {
    let mut place = 0;
    let mut last = documents.first().copied();
    documents.iter().zip(around).map(move |(document, around)| {
        if last != Some(*document) {
            place += 1;
            last = Some(*document);
        }
        (place, *document, *around)
    })
}

/// Takes ascending keys without repetitions.
fn once_each(keys: impl Iterator<Item = u64>, mut take: impl FnMut(u64)) {
    let mut last = None;
    for key in keys {
        if last != Some(key) {
            take(key);
            last = Some(key);
        }
    }
}

fn matches(scorer: &mut dyn Scorer, document: DocId) -> bool {
    if scorer.doc() < document {
        scorer.seek(document);
    }
    scorer.doc() == document && document != TERMINATED
}

/// Makes room for the states of so many buckets, and gives the bytes that they take more.
fn resize<T>(states: &mut Vec<T>, width: usize, state: impl FnMut() -> T) -> u64 {
    let more = width.saturating_sub(states.len());
    if more > 0 {
        states.resize_with(width, state);
    }
    // Once here, and once in the partial that it becomes.
    (more * (size_of::<T>() + size_of::<Partial>())) as u64
}

/// What stands in any segment for values, which come in any order.
fn keys_of(numbers: &[u64], values: &SegmentValues) -> tantivy::Result<Vec<Key>> {
    if values.value_type != ColumnType::Text {
        return Ok(numbers.iter().copied().map(Key::Number).collect());
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let texts = values.texts(&sorted)?;
    let key = |number: &u64| {
        let place = sorted.partition_point(|other| other < number);
        Key::Text(texts[place].clone())
    };
    Ok(numbers.iter().map(key).collect())
}

/// Sets of a segment's numbers of texts as sets of what stands for the texts in any segment.
fn hashed(
    states: Vec<Distinct>,
    values: &SegmentValues,
    threshold: usize,
) -> tantivy::Result<Vec<Distinct>> {
    let hash = |state: Distinct| {
        let mut hashed = Distinct::default();
        if let Distinct::Exact(numbers) = state {
            let mut numbers: Vec<u64> = numbers.into_iter().collect();
            numbers.sort_unstable();
            for text in values.texts(&numbers)? {
                hashed.add(xxhash_rust::xxh3::xxh3_64(text.as_bytes()), threshold);
            }
        }
        Ok(hashed)
    };
    states.into_iter().map(hash).collect()
}

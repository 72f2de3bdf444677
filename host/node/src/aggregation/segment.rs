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
use crate::allowance::Steps;
use crate::computed::BLOCK_DOCUMENTS;
use crate::expression::ColumnType;
use crate::memory::Reservation;

/// Texts up to which buckets are found by the text's number in a table.
const TABLE: usize = 1 << 20;

/// What a bucket takes, in bytes, with what leads to it and what becomes of it.
const BUCKET_BYTES: u64 = 128;

/// How many pairs of a document and a bucket an aggregation feeds to those inside at once: ranges
/// that overlap put each document into many buckets, and so do those inside.
const MOST_PAIRS: usize = 16 * BLOCK_DOCUMENTS;

pub(super) struct Node {
    plan: Arc<Plan>,
    values: SegmentValues,
    state: State,
    filters: Vec<Box<dyn Scorer>>,
    inside: Vec<Node>,
    /// What the aggregations inside are fed with.
    documents: Vec<DocId>,
    buckets: Vec<u32>,
    /// Of the table of texts.
    _held: Reservation,
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
        memory: &Memory,
    ) -> tantivy::Result<Self> {
        memory.allowance.check()?;
        let values = plan.values.open(reader)?;
        let width = values.width().filter(|width| top && *width <= TABLE);
        let width = width.unwrap_or(0);
        let held = memory
            .allowance
            .reserve((width * size_of::<u32>()) as u64)?;
        let state = match &plan.op {
            Op::Metric(Metric::ValueCount) => State::Counts(Vec::new()),
            Op::Metric(Metric::Cardinality { threshold }) => {
                State::Distinct(Vec::new(), *threshold)
            }
            Op::Metric(Metric::Percentiles { compression, .. }) => {
                State::Digests(Vec::new(), *compression)
            }
            Op::Metric(_) => State::Numbers(Vec::new()),
            _ => State::Buckets(Buckets {
                table: vec![0; width],
                ..Buckets::default()
            }),
        };
        let mut filters = Vec::new();
        if let Op::Filters(of) = &plan.op {
            for weight in &of.weights {
                filters.push(weight.scorer(reader, 1.0)?);
            }
        }
        let inside = plan.inside.iter();
        let inside = inside.map(|plan| Self::open(plan, reader, false, memory));
        Ok(Self {
            values,
            state,
            filters,
            inside: inside.collect::<tantivy::Result<_>>()?,
            plan: Arc::clone(plan),
            documents: Vec::new(),
            buckets: Vec::new(),
            _held: held,
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
        memory.allowance.check()?;
        self.values.make_room(documents, &memory.allowance)?;
        match &self.plan.op {
            Op::Metric(_) => self.collect_metric(documents, around, width, memory),
            _ => self.collect_buckets(documents, around, memory),
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
        let mut steps = Steps::new(&memory.allowance);
        match &mut self.state {
            State::Numbers(states) => {
                resize(states, width, Numbers::default, memory)?;
                for (values, at) in each {
                    look(&mut steps, values.len())?;
                    for value in values {
                        states[at].add(number(value_type, *value));
                    }
                }
            }
            State::Counts(counts) => {
                resize(counts, width, || 0, memory)?;
                for (values, at) in each {
                    look(&mut steps, values.len())?;
                    counts[at] += values.len() as u64;
                }
            }
            State::Distinct(states, threshold) => {
                resize(states, width, Distinct::default, memory)?;
                // Texts have numbers of this segment: they are told apart, and counted at its end.
                let threshold = match value_type {
                    ColumnType::Text => usize::MAX,
                    _ => *threshold,
                };
                for (values, at) in each {
                    look(&mut steps, values.len())?;
                    for value in values {
                        grown += states[at].add(*value, threshold);
                    }
                }
            }
            State::Digests(states, compression) => {
                let digest = || Digest::new(*compression);
                resize(states, width, digest, memory)?;
                for (values, at) in each {
                    look(&mut steps, values.len())?;
                    for value in values {
                        grown += states[at].add(number(value_type, *value));
                    }
                }
            }
            State::Buckets(_) => {}
        }
        memory.take(grown)
    }

    fn collect_buckets(
        &mut self,
        documents: &[DocId],
        around: &[u32],
        memory: &Memory,
    ) -> Result<(), AggregationError> {
        let State::Buckets(buckets) = &mut self.state else {
            return Ok(());
        };
        self.values.load(documents);
        self.values.distinct();
        let values = &self.values;
        let value_type = values.value_type;
        self.documents.clear();
        self.buckets.clear();
        let mut feed = Feed {
            known: buckets.keys.len(),
            buckets,
            pairs: 0,
            inside: &mut self.inside,
            documents: &mut self.documents,
            numbers: &mut self.buckets,
            steps: Steps::new(&memory.allowance),
            memory,
        };
        let each = pairs(documents, around);
        let each = each.map(|(place, document, at)| (values.of(place), document, at));
        match &self.plan.op {
            Op::Terms(_) => {
                for (values, document, at) in each {
                    for value in values {
                        feed.put(document, at, *value)?;
                    }
                }
            }
            Op::Histogram(histogram) => {
                for (values, document, at) in each {
                    feed.look(values.len())?;
                    let keys = values.iter();
                    let keys = keys.filter_map(|value| histogram.key(number(value_type, *value)));
                    feed.put_each_once(document, at, keys)?;
                }
            }
            Op::DateHistogram(histogram) => {
                for (values, document, at) in each {
                    feed.look(values.len())?;
                    let keys = values.iter();
                    let keys =
                        keys.filter_map(|value| histogram.key(number(value_type, *value) as i64));
                    feed.put_each_once(document, at, keys)?;
                }
            }
            Op::Range(range) => {
                for (values, document, at) in each {
                    feed.look(range.ranges.len().saturating_mul(values.len()))?;
                    for (key, range) in range.ranges.iter().enumerate() {
                        let mut values = values.iter();
                        if values.any(|value| range.contains(number(value_type, *value))) {
                            feed.put(document, at, key as u64)?;
                        }
                    }
                }
            }
            Op::Missing => {
                for (values, document, at) in each {
                    if values.is_empty() {
                        feed.put(document, at, 0)?;
                    }
                }
            }
            Op::Filters(filters) => {
                for (document, at) in documents.iter().zip(around) {
                    feed.look(self.filters.len() * FILTER_VALUES)?;
                    let mut none = true;
                    for (key, scorer) in self.filters.iter_mut().enumerate() {
                        if matches(scorer.as_mut(), *document) {
                            feed.put(*document, *at, key as u64)?;
                            none = false;
                        }
                    }
                    if none && filters.has_other() {
                        feed.put(*document, *at, filters.weights.len() as u64)?;
                    }
                }
            }
            Op::Global => {
                for (document, at) in documents.iter().zip(around) {
                    feed.put(*document, *at, 0)?;
                }
            }
            Op::Metric(_) => {}
        }
        feed.flush()
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
        memory.allowance.check()?;
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
                if let Err(error) = resize(&mut states, width, Numbers::default, memory) {
                    return Ok(Err(error));
                }
                states.into_iter().map(Partial::Numbers).collect()
            }
            State::Counts(mut counts) => {
                if let Err(error) = resize(&mut counts, width, || 0, memory) {
                    return Ok(Err(error));
                }
                counts.into_iter().map(Partial::Count).collect()
            }
            State::Digests(mut states, compression) => {
                let digest = || Digest::new(compression);
                if let Err(error) = resize(&mut states, width, digest, memory) {
                    return Ok(Err(error));
                }
                states.into_iter().map(Partial::Digest).collect()
            }
            State::Distinct(mut states, threshold) => {
                if let Err(error) = resize(&mut states, width, Distinct::default, memory) {
                    return Ok(Err(error));
                }
                if is_text {
                    states = match hashed(states, &self.values, threshold, memory)? {
                        Ok(states) => states,
                        Err(error) => return Ok(Err(error)),
                    };
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
                    match keys_of(&buckets.keys, &self.values, memory)? {
                        Ok(keys) => keys,
                        Err(error) => return Ok(Err(error)),
                    }
                } else {
                    buckets.keys.iter().copied().map(Key::Number).collect()
                };
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
            self.values.make_room(&block, &memory.allowance)?;
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
        let keys = keys_of(&all, &self.values, memory)?;
        Ok(keys.and_then(|keys| terms.add_all(keys, memory)))
    }
}

/// Puts documents into buckets, and feeds them to the aggregations inside.
struct Feed<'a> {
    buckets: &'a mut Buckets,
    /// For how many buckets memory was taken.
    known: usize,
    /// How many pairs were put since the aggregations inside were fed.
    pairs: usize,
    inside: &'a mut [Node],
    documents: &'a mut Vec<DocId>,
    numbers: &'a mut Vec<u32>,
    steps: Steps,
    memory: &'a Memory,
}

/// How many comparisons of numbers take one step.
const STEP_VALUES: usize = 256;

/// How many comparisons of numbers it takes to ask a query about a document.
const FILTER_VALUES: usize = 32;

impl Feed<'_> {
    fn put(&mut self, document: DocId, around: u32, key: u64) -> Result<(), AggregationError> {
        let found = self.buckets.find(around, key);
        self.buckets.counts[found as usize] += 1;
        if !self.inside.is_empty() {
            self.documents.push(document);
            self.numbers.push(found);
        }
        self.pairs += 1;
        if self.pairs == MOST_PAIRS {
            self.flush()?;
        }
        Ok(())
    }

    /// Takes ascending keys without repetitions.
    fn put_each_once(
        &mut self,
        document: DocId,
        around: u32,
        keys: impl Iterator<Item = u64>,
    ) -> Result<(), AggregationError> {
        let mut last = None;
        for key in keys {
            if last != Some(key) {
                self.put(document, around, key)?;
                last = Some(key);
            }
        }
        Ok(())
    }

    /// Looks at the clock now and then: a document may lie in no bucket, and take long.
    fn look(&mut self, values: usize) -> Result<(), AggregationError> {
        look(&mut self.steps, values)
    }

    fn flush(&mut self) -> Result<(), AggregationError> {
        self.memory.allowance.check()?;
        let width = self.buckets.keys.len();
        let more = (width - self.known) as u64;
        self.memory.take(more * BUCKET_BYTES)?;
        self.known = width;
        for node in self.inside.iter_mut() {
            node.collect(self.documents, self.numbers, width, self.memory)?;
        }
        self.documents.clear();
        self.numbers.clear();
        self.pairs = 0;
        Ok(())
    }
}

/// Looks at the clock now and then, while so many values are looked at.
fn look(steps: &mut Steps, values: usize) -> Result<(), AggregationError> {
    Ok(steps.check(values / STEP_VALUES)?)
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

fn matches(scorer: &mut dyn Scorer, document: DocId) -> bool {
    if scorer.doc() < document {
        scorer.seek(document);
    }
    scorer.doc() == document && document != TERMINATED
}

/// Makes room for the states of so many buckets.
fn resize<T>(
    states: &mut Vec<T>,
    width: usize,
    state: impl FnMut() -> T,
    memory: &Memory,
) -> Result<(), AggregationError> {
    let more = width.saturating_sub(states.len());
    // Once here, and once in the partial that it becomes.
    memory.take((more * (size_of::<T>() + size_of::<Partial>())) as u64)?;
    if more > 0 {
        states.resize_with(width, state);
    }
    Ok(())
}

/// What stands in any segment for values, which come in any order.
fn keys_of(
    numbers: &[u64],
    values: &SegmentValues,
    memory: &Memory,
) -> tantivy::Result<Result<Vec<Key>, AggregationError>> {
    if values.value_type != ColumnType::Text {
        return Ok(Ok(numbers.iter().copied().map(Key::Number).collect()));
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    // A text lies in several buckets if there are several around.
    let mut texts: Vec<Box<str>> = Vec::with_capacity(sorted.len());
    let mut taken = Ok(());
    values.texts(&sorted, |text| {
        if taken.is_ok() {
            taken = memory.take(text.len() as u64);
        }
        texts.push(if taken.is_ok() {
            text.into()
        } else {
            "".into()
        });
    })?;
    let mut keys = Vec::with_capacity(numbers.len());
    for number in numbers {
        if taken.is_err() {
            break;
        }
        let text = &texts[sorted.partition_point(|other| other < number)];
        taken = memory.take(text.len() as u64);
        keys.push(Key::Text(text.clone()));
    }
    Ok(taken.map(|()| keys))
}

/// Sets of a segment's numbers of texts as sets of what stands for the texts in any segment.
fn hashed(
    states: Vec<Distinct>,
    values: &SegmentValues,
    threshold: usize,
    memory: &Memory,
) -> tantivy::Result<Result<Vec<Distinct>, AggregationError>> {
    let mut steps = Steps::new(&memory.allowance);
    let mut all = Vec::with_capacity(states.len());
    for state in states {
        let mut hashed = Distinct::default();
        let mut grown = 0;
        if let Distinct::Exact(numbers) = state {
            let mut numbers: Vec<u64> = numbers.into_iter().collect();
            numbers.sort_unstable();
            // In parts, so that the search can end between them.
            for numbers in numbers.chunks(BLOCK_DOCUMENTS) {
                steps.check(TEXTS_STEPS)?;
                values.texts(numbers, |text| {
                    grown += hashed.add(xxhash_rust::xxh3::xxh3_64(text.as_bytes()), threshold);
                })?;
            }
        }
        if let Err(error) = memory.take(grown) {
            return Ok(Err(error));
        }
        all.push(hashed);
    }
    Ok(Ok(all))
}

/// How many steps looking up a block of texts counts as.
const TEXTS_STEPS: usize = 64;

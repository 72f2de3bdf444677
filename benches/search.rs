//! Searches over 1,000,000 products, each compared with the same filter or score as a native query
//! of tantivy, in one thread.
//!
//! `cargo bench --bench search`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value as Json, json};
use string_distance::Pattern;
use tantivy::collector::Count;
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::AllScorer;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, SegmentDocPredicate,
};
use tantivy::{DocId, SegmentReader};
use whittle_host::{Budget, QueryContext};
use whittle_node::index::{Index, Operation};
use whittle_node::mapping::Mapping;
use whittle_node::{SearchRequest, SearchResponse, Snapshot, Udfs, search};
use whittle_tests::{engine, udf};

const PRODUCTS: usize = 1_000_000;
const TARGET: &str = "Cobalt camera 4711 silver";
const DISTANCE: usize = 3;

fn products() -> Snapshot {
    let index = Index::in_memory(Mapping::dynamic()).expect("an index");
    let mut products = whittle_benches::products(PRODUCTS).peekable();
    while products.peek().is_some() {
        let next = products.by_ref().take(10_000);
        let operations = next.map(|source| Operation::Create {
            id: None,
            source: source.into_bytes(),
        });
        for written in index.write(operations.collect()).expect("written") {
            written.expect("written");
        }
    }
    index.refresh().expect("refreshed");
    index.snapshot()
}

fn run(snapshot: &Snapshot, udfs: &Udfs, request: &Json) -> SearchResponse {
    let request = SearchRequest::parse(request.to_string().as_bytes()).expect("a request");
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_secs(60),
        ..Budget::default()
    });
    search(snapshot, &request, udfs, &query, |_| ()).expect("an answer")
}

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
struct NativeDistance {
    column: String,
    texts: Vec<(tantivy::index::SegmentId, std::sync::Arc<Texts>)>,
}

impl std::fmt::Debug for NativeDistance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NativeDistance")
    }
}

struct SegmentDistance {
    ordinals: Column<u64>,
    texts: std::sync::Arc<Texts>,
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
                pattern: Pattern::new(TARGET, DISTANCE),
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
struct NativeRule {
    price: String,
    discount: String,
    rating: String,
}

struct SegmentRule {
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

fn searches(criterion: &mut Criterion) {
    let snapshot = products();
    let engine = engine();
    let udfs = Udfs::new([
        udf(&engine, "string-distance"),
        udf(&engine, "custom-score"),
    ]);
    let udfs = udfs.expect("unique names");
    let searcher = snapshot.searcher();
    let column = |path: &str| snapshot.column(path).expect("a field").to_owned();
    let mut group = criterion.benchmark_group("1,000,000 products");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(PRODUCTS as u64));

    let distance = json!({"wasm_udf": {"function": "string_distance", "params":
        {"field": "title", "target": TARGET, "max_distance": DISTANCE}}});
    let udf = json!({"query": distance, "size": 0});
    let title = column("title");
    let decoded = searcher.segment_readers().iter().map(|reader| {
        let column = reader
            .fast_fields()
            .str(&title)
            .expect("read")
            .expect("a column");
        (reader.segment_id(), std::sync::Arc::new(Texts::of(&column)))
    });
    let native = DocPredicateQuery::from(NativeDistance {
        texts: decoded.collect(),
        column: title,
    });
    let found = run(&snapshot, &udfs, &udf);
    let expected = searcher.search(&native, &Count).expect("an answer");
    assert!(
        expected > 0 && found.hits.total == Some(expected),
        "{found:?}"
    );
    group.bench_function("string distance, a UDF", |bencher| {
        bencher.iter(|| run(&snapshot, &udfs, &udf));
    });
    group.bench_function("string distance, native", |bencher| {
        bencher.iter(|| {
            searcher
                .search(black_box(&native), &Count)
                .expect("an answer")
        });
    });

    let selective = json!({"query": {"bool": {"filter": [distance, {"term": {"shop.keyword": "shop-7"}}]}}, "size": 0});
    let found = run(&snapshot, &udfs, &selective);
    let term = json!({"query": {"term": {"shop.keyword": "shop-7"}}, "size": 0});
    let chosen = run(&snapshot, &udfs, &term).hits.total;
    assert_eq!(chosen, Some(found.udf[0].documents as usize));
    group.bench_function("string distance, a UDF beside a term", |bencher| {
        bencher.iter(|| run(&snapshot, &udfs, &selective));
    });

    let rule = json!({"query": {"expression": "price * (1 - discount) > 500 and sqrt(rating) >= 2"}, "size": 0});
    let native = DocPredicateQuery::from(NativeRule {
        price: column("price"),
        discount: column("discount"),
        rating: column("rating"),
    });
    let expected = searcher.search(&native, &Count).expect("an answer");
    assert_eq!(run(&snapshot, &udfs, &rule).hits.total, Some(expected));
    group.bench_function("a rule, an expression", |bencher| {
        bencher.iter(|| run(&snapshot, &udfs, &rule));
    });
    group.bench_function("a rule, native", |bencher| {
        bencher.iter(|| {
            searcher
                .search(black_box(&native), &Count)
                .expect("an answer")
        });
    });

    let score = json!({"query": {"wasm_udf": {"function": "custom_score", "params": {}}}});
    group.bench_function("three fields, a UDF that scores", |bencher| {
        bencher.iter(|| run(&snapshot, &udfs, &score));
    });
    let score = json!({"query": {"expression_score": {"expression":
        "price * 0.3 + rating * 0.5 + popularity * 0.2"}}});
    group.bench_function("three fields, an expression that scores", |bencher| {
        bencher.iter(|| run(&snapshot, &udfs, &score));
    });
    group.finish();
}

criterion_group!(benches, searches);
criterion_main!(benches);

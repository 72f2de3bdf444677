//! Whole searches over products, each beside the same work in tantivy or as another clause, in one
//! thread.
//!
//! `PRODUCTS=200000 ROUNDS=99 cargo bench --bench search -- range`: so many documents instead of a
//! million, each search so often, and only the comparisons with this in their names. Before anything is timed, both answers are
//! compared. The runs of a comparison take turns, and each counts with its fastest, since other work
//! on the machine only adds time.

#![expect(
    clippy::print_stdout,
    reason = "the comparisons are what it is run for"
)]

mod native;

use std::env;
use std::ops::Bound;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::doc_predicate_query::DocPredicateQuery;
use tantivy::query::{AllQuery, ConstScoreQuery, FastFieldRangeQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Order, Searcher, Term};
use whittle_host::{Budget, QueryContext};
use whittle_node::index::{Index, Operation};
use whittle_node::mapping::Mapping;
use whittle_node::{Hit, SearchRequest, SearchResponse, Snapshot, Udfs, search};
use whittle_tests::{engine, udf};

use native::{NativeDistance, NativeRule};

const TARGET: &str = "Cobalt camera 4711 silver";
const DISTANCE: usize = 3;
const PAGE: usize = 10;

fn products(count: usize) -> Snapshot {
    let index = Index::in_memory(Mapping::dynamic()).expect("an index");
    let mut products = whittle_benches::products(count).peekable();
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

/// What is searched, and with what.
struct Bench {
    snapshot: Snapshot,
    udfs: Udfs,
    filter: Option<String>,
    /// How often each side of a comparison is run.
    rounds: usize,
}

/// What tantivy found: how many, and what the first are ordered by. Ties may come in another order.
type Found = (usize, Vec<f64>);

impl Bench {
    fn run(&self, request: &Json) -> SearchResponse {
        let request = SearchRequest::parse(request.to_string().as_bytes()).expect("a request");
        let query = QueryContext::new(Budget {
            wall_clock: Duration::from_secs(60),
            ..Budget::default()
        });
        search(&self.snapshot, &request, &self.udfs, &query, |_| ()).expect("an answer")
    }

    fn searcher(&self) -> &Searcher {
        self.snapshot.searcher()
    }

    fn column(&self, path: &str) -> String {
        self.snapshot.column(path).expect("a field").to_owned()
    }

    fn term(&self, path: &str, text: &str) -> Term {
        let column = self.column(path);
        // That of a text has its name and a `c`.
        let name = column.strip_suffix('c').unwrap_or(&column);
        let field = self.searcher().schema().get_field(name);
        Term::from_field_text(field.expect("a field"), text)
    }

    /// Compares a search with what tantivy finds.
    fn beside_tantivy(&self, name: &str, at_most: f64, request: &Json, find: impl Fn() -> Found) {
        if self.leaves_out(name) {
            return;
        }
        let (hits, (total, first)) = (self.run(request).hits, find());
        assert_eq!(hits.total, Some(total), "{name}");
        let order = |hit: &Hit| match hit.sort.first() {
            Some(value) => json!(value).as_f64(),
            None => hit.score,
        };
        let ordered: Vec<f64> = hits.hits.iter().filter_map(order).collect();
        assert_eq!(ordered, first, "{name}");
        self.compare(name, at_most, || drop(self.run(request)), || drop(find()));
    }

    /// Compares a search with another one, which finds the same.
    fn beside(&self, name: &str, at_most: f64, one: &Json, other: &Json) {
        if self.leaves_out(name) {
            return;
        }
        let (found, expected) = (self.run(one).hits, self.run(other).hits);
        assert_eq!(found.total, expected.total, "{name}");
        for (hit, expected) in found.hits.iter().zip(&expected.hits) {
            assert_eq!(
                (&hit.id, hit.score),
                (&expected.id, expected.score),
                "{name}"
            );
        }
        self.compare(
            name,
            at_most,
            || drop(self.run(one)),
            || drop(self.run(other)),
        );
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.filter
            .as_ref()
            .is_some_and(|filter| !name.contains(filter))
    }

    fn compare(&self, name: &str, at_most: f64, one: impl Fn(), other: impl Fn()) {
        let time = |run: &dyn Fn()| {
            let started = Instant::now();
            run();
            started.elapsed()
        };
        let mut least = [Duration::MAX; 2];
        for _ in 0..self.rounds {
            least[0] = least[0].min(time(&one));
            least[1] = least[1].min(time(&other));
        }
        let documents = self.searcher().num_docs() as f64;
        let [one, other] = least.map(|time| time.as_nanos() as f64 / documents);
        let ratio = one / other;
        println!("{name:<44} {one:>8.2} ns {other:>8.2} ns {ratio:>6.2} of at most {at_most:.2}");
    }
}

/// All hits of a query are counted, and the first come by score.
fn by_score(searcher: &Searcher, query: &dyn Query) -> Found {
    let first = TopDocs::with_limit(PAGE).order_by_score();
    let (total, first) = searcher.search(query, &(Count, first)).expect("an answer");
    // As they are written: the shortest decimals.
    let shown = first
        .iter()
        .map(|(score, _)| score.to_string().parse().expect("a number"));
    (total, shown.collect())
}

fn count(searcher: &Searcher, query: &dyn Query) -> Found {
    (
        searcher.search(query, &Count).expect("an answer"),
        Vec::new(),
    )
}

fn main() {
    let arguments = env::args().skip(1);
    let mut arguments = arguments.filter(|argument| !argument.starts_with("--"));
    let number =
        |name, default| env::var(name).map_or(default, |number| number.parse().expect("a number"));
    let documents = number("PRODUCTS", 1_000_000);
    let engine = engine();
    let udfs = ["string-distance", "custom-score"].map(|name| udf(&engine, name));
    let bench = Bench {
        snapshot: products(documents),
        udfs: Udfs::new(udfs).expect("unique names"),
        filter: arguments.next(),
        rounds: number("ROUNDS", 9),
    };
    let searcher = bench.searcher();
    let segments = searcher.segment_readers().len();
    println!("{documents} products in {segments} segments: the time for each, beside the other's");
    pages(&bench);
    functions(&bench);
}

/// Pages of hits that the index finds.
fn pages(bench: &Bench) {
    let searcher = bench.searcher();
    let all = ConstScoreQuery::new(Box::new(AllQuery), 1.0);
    let request = json!({"size": PAGE});
    bench.beside_tantivy("match_all", 1.2, &request, || by_score(searcher, &all));

    let price = searcher.schema().get_field(&bench.column("price"));
    let price = price.expect("a field");
    let bound = |value| Bound::Included(Term::from_field_f64(price, value));
    let range = FastFieldRangeQuery::new(bound(200.0), bound(500.0));
    let range = ConstScoreQuery::new(Box::new(range), 1.0);
    let between = json!({"range": {"price": {"gte": 200, "lte": 500}}});
    let request = json!({"query": between, "size": PAGE});
    bench.beside_tantivy("range", 1.2, &request, || by_score(searcher, &range));
    let request = json!({"query": between, "size": 0});
    bench.beside_tantivy("range, counted", 1.2, &request, || count(searcher, &range));

    let shop = TermQuery::new(
        bench.term("shop.keyword", "shop-7"),
        IndexRecordOption::Basic,
    );
    let request = json!({"query": {"term": {"shop.keyword": "shop-7"}}, "size": PAGE});
    bench.beside_tantivy("term", 1.2, &request, || by_score(searcher, &shop));

    let camera = TermQuery::new(bench.term("title", "camera"), IndexRecordOption::WithFreqs);
    let request = json!({"query": {"match": {"title": "camera"}}, "size": PAGE});
    bench.beside_tantivy("match", 1.2, &request, || by_score(searcher, &camera));

    let column = bench.column("price");
    let cheapest = || {
        let first = TopDocs::with_limit(PAGE).order_by_fast_field::<f64>(&column, Order::Asc);
        let (total, first) = searcher.search(&all, &(Count, first)).expect("an answer");
        let prices = first.into_iter().filter_map(|(price, _)| price);
        (total, prices.collect())
    };
    let request = json!({"sort": ["price"], "size": PAGE});
    bench.beside_tantivy("match_all by price", 1.2, &request, cheapest);
}

/// Functions beside what does the same without them.
fn functions(bench: &Bench) {
    let searcher = bench.searcher();
    let distance = json!({"wasm_udf": {"function": "string_distance", "params":
        {"field": "title", "target": TARGET, "max_distance": DISTANCE}}});
    let native = NativeDistance::new(searcher, bench.column("title"), TARGET, DISTANCE);
    let native = DocPredicateQuery::from(native);
    let request = json!({"query": distance, "size": 0});
    bench.beside_tantivy(
        "string distance, a UDF beside a native filter",
        1.05,
        &request,
        || count(searcher, &native),
    );

    let kind = json!({"query": {"wasm_udf": {"function": "string_distance", "params":
        {"field": "kind.keyword", "target": "kind-7", "max_distance": 0}}}});
    let term = json!({"query": {"term": {"kind.keyword": "kind-7"}}});
    let name = "a keyword of twelve values, a UDF beside a term";
    if !bench.leaves_out(name) {
        let ids = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>();
        let [found, expected] = [&kind, &term].map(|request| bench.run(request).hits);
        assert_eq!(found.total, expected.total);
        assert_eq!(ids(found.hits), ids(expected.hits));
        bench.compare(
            name,
            1.3,
            || drop(bench.run(&kind)),
            || drop(bench.run(&term)),
        );
    }

    let shop = json!({"term": {"shop.keyword": "shop-7"}});
    let both = json!({"query": {"bool": {"filter": [distance, shop]}}, "size": 0});
    let chosen = bench.run(&json!({"query": shop, "size": 0})).hits.total;
    assert_eq!(chosen, Some(bench.run(&both).udf[0].documents as usize));

    let rule = json!({"query": {"expression":
        "price * (1 - discount) > 500 and sqrt(rating) >= 2"}, "size": 0});
    let native = DocPredicateQuery::from(NativeRule {
        price: bench.column("price"),
        discount: bench.column("discount"),
        rating: bench.column("rating"),
    });
    bench.beside_tantivy(
        "a rule, an expression beside a native filter",
        1.0,
        &rule,
        || count(searcher, &native),
    );

    let udf = json!({"query": {"wasm_udf": {"function": "custom_score", "params": {}}}});
    let expression = json!({"query": {"expression_score": {"expression":
        "price * 0.3 + rating * 0.5 + popularity * 0.2"}}});
    bench.beside(
        "three fields, a UDF beside an expression",
        1.3,
        &udf,
        &expression,
    );
}

//! The order of clauses that call functions: the cheapest runs first, and decides what the others see.

use serde_json::{Value as Json, json};
use whittle_host::{Language, QueryContext, Udf};
use whittle_node::{CostSource, SearchRequest, SearchResponse, Snapshot, Udfs, search};
use whittle_tests::{BATCHES, ByHand, cached_engine, engine, guest_path, udf};

use super::index::{in_segments, snapshot};
use crate::languages::languages;

const DOCUMENTS: u64 = 1_500;

/// A third of the documents have the flag, and a fifth the title.
fn documents() -> Vec<Json> {
    let document = |number: u64| {
        let title = if number.is_multiple_of(5) {
            "Alien"
        } else {
            "Heat"
        };
        json!({"title": format!("{title} {number}"), "number": number,
            "flag": number.is_multiple_of(3)})
    };
    (0..DOCUMENTS).map(document).collect()
}

fn run(snapshot: &Snapshot, udfs: &Udfs, query: &Json) -> SearchResponse {
    let request = json!({"query": query, "profile": true}).to_string();
    let request = SearchRequest::parse(request.as_bytes()).expect("a request");
    let context = QueryContext::new(whittle_host::Budget::default());
    search(snapshot, &request, udfs, &context, |_| ()).expect("an answer")
}

/// How many documents each function saw, in the order of the request.
fn seen(response: &SearchResponse) -> Vec<u64> {
    response.udf.iter().map(|report| report.documents).collect()
}

/// Where the costs are from.
fn sources(response: &SearchResponse) -> Vec<CostSource> {
    let profile = response.profile.as_ref().expect("a profile");
    let functions = profile.functions.iter();
    functions.map(|function| function.source).collect()
}

/// A filter of strings in Python, and one of booleans in Rust, of which nothing is measured yet; `None`
/// if there is no Python here.
fn python_and_rust() -> Option<Udfs> {
    if !languages().iter().any(|built| built == "python") {
        return None;
    }
    let engine = cached_engine(BATCHES);
    let guests = [("python", "string-distance"), ("rust", "probe")];
    let guests = guests.map(|(language, guest)| {
        let path = guest_path(language, guest);
        let component =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Udf::new(&engine, &component).expect("registered")
    });
    Some(Udfs::new(guests).expect("no name twice"))
}

#[test]
fn a_function_in_python_sees_what_one_in_rust_leaves() {
    let python = json!({"function": "string_distance",
        "params": {"field": "title", "target": "Alien", "max_distance": 5}});
    let rust = json!({"function": "read_boolean", "params": {"field": "flag"}});
    let (python, rust) = (json!({"wasm_udf": python}), json!({"wasm_udf": rust}));
    let documents = documents();
    for snapshot in [snapshot(&documents), in_segments(&documents, 400)] {
        for (query, python_sees) in [
            (json!({"filter": [python, rust]}), DOCUMENTS / 3),
            (json!({"must": [python], "filter": [rust]}), DOCUMENTS / 3),
            (
                json!({"filter": [python], "must_not": [rust]}),
                DOCUMENTS / 3 * 2,
            ),
            // The scores of clauses that need not match add up, in any order.
            (
                json!({"should": [python, rust], "minimum_should_match": 2}),
                DOCUMENTS / 3,
            ),
        ] {
            let Some(udfs) = python_and_rust() else {
                return;
            };
            let response = run(&snapshot, &udfs, &json!({"bool": query}));
            assert!(response.hits.total > Some(0), "{query}");
            let mut seen = seen(&response);
            seen.sort_unstable();
            assert_eq!(seen, [python_sees, DOCUMENTS], "{query}");
            assert_eq!(sources(&response), [CostSource::Model; 2], "{query}");
        }
    }
}

#[test]
fn clauses_with_clauses_inside_run_in_the_order_of_their_functions() {
    let python = json!({"wasm_udf": {"function": "string_distance",
        "params": {"field": "title", "target": "Alien"}}});
    let rust = json!({"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"}}});
    let inside = json!({"bool": {"should": [python, {"term": {"title": "heat"}}]}});
    let query = json!({"bool": {"filter": [inside, rust]}});
    let Some(udfs) = python_and_rust() else {
        return;
    };
    let response = run(&snapshot(&documents()), &udfs, &query);
    assert_eq!(seen(&response), [DOCUMENTS / 3, DOCUMENTS]);
}

#[test]
fn an_expression_calls_the_cheapest_function_first() {
    let distance = "string_distance(title, 'Alien', 5)";
    let snapshot = snapshot(&documents());
    for (expression, python_sees) in [
        (format!("{distance} and read_boolean(flag)"), DOCUMENTS / 3),
        (
            format!("{distance} or read_boolean(flag)"),
            DOCUMENTS / 3 * 2,
        ),
        (
            format!("not ({distance} and title is not null) and read_boolean(flag)"),
            DOCUMENTS / 3,
        ),
    ] {
        let Some(udfs) = python_and_rust() else {
            return;
        };
        let response = run(&snapshot, &udfs, &json!({"expression": expression}));
        assert!(response.hits.total > Some(0), "{expression}");
        assert_eq!(seen(&response), [python_sees, DOCUMENTS], "{expression}");
    }
}

#[test]
fn functions_that_cost_the_same_run_in_the_order_of_the_request() {
    let snapshot = snapshot(&documents());
    let flag = json!({"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"}}});
    let number = json!({"expression": "read_int64(number) < 9"});
    for (query, seen_by_each) in [
        (
            json!({"bool": {"filter": [flag, number]}}),
            [DOCUMENTS, DOCUMENTS / 3],
        ),
        (json!({"bool": {"filter": [number, flag]}}), [DOCUMENTS, 9]),
        (
            json!({"expression": "read_boolean(flag) or read_int64(number) < 9"}),
            [DOCUMENTS, DOCUMENTS / 3 * 2],
        ),
        (
            json!({"expression": "read_int64(number) < 9 or read_boolean(flag)"}),
            [DOCUMENTS, DOCUMENTS - 9],
        ),
    ] {
        let udfs = Udfs::new([udf(&engine(), "probe")]).expect("one");
        let response = run(&snapshot, &udfs, &query);
        assert_eq!(seen(&response), seen_by_each, "{query}");
    }
}

/// A function that returns one boolean for all documents, after so many rounds of a loop.
fn constant(name: &str, value: bool, rounds: u32, language: Language) -> Udf {
    let evaluate = format!(
        "(local $left i32) (local.set $left (i32.const {rounds}))
         (loop $again (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
         (i32.store8 (i32.const 520) (i32.const 1))
         (i32.store8 (i32.const 528) (i32.const {}))
         (i32.const 512)",
        u8::from(value)
    );
    let guest = ByHand {
        name,
        evaluate: &evaluate,
        returns: 0,
        ..ByHand::default()
    };
    let component = language.label(&guest.component()).expect("a component");
    Udf::new(&engine(), &component).expect("registered")
}

#[test]
fn what_a_function_cost_here_comes_before_the_model() {
    // Some 100 us a document, whatever the model says of Rust; and far less than Python costs.
    let slow = constant("slow", true, 200_000, Language::Rust);
    let fast = constant("fast", false, 1, Language::Python);
    let udfs = Udfs::new([slow, fast]).expect("no name twice");
    let clause = |function: &str| json!({"wasm_udf": {"function": function}});
    let query = json!({"bool": {"filter": [clause("slow.f"), clause("fast.f")]}});
    let snapshot = snapshot(&documents());
    let first = run(&snapshot, &udfs, &query);
    assert_eq!(seen(&first), [DOCUMENTS, DOCUMENTS]);
    assert_eq!(sources(&first), [CostSource::Model; 2]);
    let second = run(&snapshot, &udfs, &query);
    assert_eq!(seen(&second), [0, DOCUMENTS]);
    assert_eq!(sources(&second), [CostSource::Measured; 2]);
}

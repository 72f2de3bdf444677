//! Searches that ask for more than anyone needs: many at once, large ones, and slow ones.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::arena::{Arena, Bounds, USUAL};
use crate::connections::large_documents;
use crate::target::Target;
use crate::wire::{Answer, Connection, request};

/// Searches that are within all limits may take all searches' slots for a while, and then the good
/// client waits for its turn.
fn is_answer(what: &str, answer: &Answer, within: Duration) {
    let is_answer = [200, 400, 404, 408, 413, 422, 429].contains(&answer.status);
    assert!(is_answer, "{what}: {}", answer.start());
    answer.is_within(what, within);
}

/// Heads without a search of their own, on an index that does not exist.
pub(crate) fn blank_heads(target: &Target<'_>) {
    let heads = "\n{}\n".repeat(100_000);
    for path in ["/nosuch/_msearch", "/good/_msearch", "/_msearch"] {
        for answer in target.ask_at_once(2, "POST", path, &heads) {
            is_answer(path, &answer, Duration::from_secs(2));
        }
    }
}

#[test]
fn many_searches_of_one_request_freeze_nobody() {
    Arena::start().attack("msearch of 100,000 blank heads", USUAL, blank_heads);
}

/// As [`blank_heads`], for the other routes that take lines or lists.
pub(crate) fn many_items(target: &Target<'_>) {
    let within = Duration::from_secs(4);
    let deletes = "{\"delete\": {\"_id\": \"1\"}}\n".repeat(50_000);
    let broken = "{\"index\": {\"_index\": \"Bad\"}}\n{}\n".repeat(50_000);
    let updates = "{\"update\": {\"_id\": \"1\"}}\n{\"doc\": {}}\n".repeat(25_000);
    for body in [deletes, broken, updates] {
        for answer in target.ask_at_once(2, "POST", "/nosuch/_bulk", &body) {
            is_answer(&body[..30], &answer, within);
        }
    }
    let ids = json!({"ids": vec!["1"; 50_000]}).to_string();
    let documents = json!({"docs": vec![json!({"_id": "1"}); 25_000]}).to_string();
    for body in [ids, documents] {
        for path in ["/good/_mget", "/nosuch/_mget"] {
            for answer in target.ask_at_once(2, "POST", path, &body) {
                is_answer(path, &answer, within);
            }
        }
    }
    let many = json!({"documents": vec![json!({}); 100_000],
        "params": {"field": "title", "target": "a"}});
    let answer = target.ask("POST", "/_udf/string-distance/_test", many.to_string());
    is_answer("a trial", &answer, Duration::from_secs(10));
}

#[test]
fn many_items_of_one_request_freeze_nobody() {
    Arena::start().attack("50,000 items in a request", USUAL, many_items);
}

/// A small request for many pages of all that there is.
pub(crate) fn many_pages(target: &Target<'_>) {
    let pages = "{}\n{\"size\": 10000}\n".repeat(150);
    for answer in target.ask_at_once(4, "POST", "/good/_msearch", &pages) {
        is_answer("150 pages", &answer, Duration::from_secs(12));
    }
}

#[test]
fn many_pages_of_one_request_are_bounded() {
    Arena::start().attack("4 times 150 pages", USUAL, many_pages);
}

/// As [`many_pages`], where a page is megabytes.
pub(crate) fn large_pages(target: &Target<'_>) {
    large_documents(target, "large", 20);
    let pages = "{}\n{}\n".repeat(12);
    for answer in target.ask_at_once(3, "POST", "/large/_msearch", &pages) {
        is_answer("12 large pages", &answer, Duration::from_secs(12));
    }
    let ids: Vec<String> = (0..40).map(|number| (number % 20).to_string()).collect();
    let ids = json!({"ids": ids}).to_string();
    for answer in target.ask_at_once(4, "POST", "/large/_mget", &ids) {
        is_answer("40 large documents", &answer, Duration::from_secs(12));
    }
}

#[test]
fn large_pages_of_one_request_are_bounded() {
    let bounds = Bounds {
        // The allocator keeps some of the pages: 90 to 106 in two runs.
        kept_mb: 150,
        seconds: 60,
        ..USUAL
    };
    Arena::start().attack("12 pages of 14 MB", bounds, large_pages);
}

/// Clauses with more terms, and more other clauses, than a query may have.
pub(crate) fn many_terms(target: &Target<'_>) {
    let terms = |count: usize| {
        let mut list = String::with_capacity(count * 9);
        for number in 0..count {
            write!(list, r#""{number:06}","#).expect("written");
        }
        list.pop();
        list
    };
    for (bytes, clients) in [(15, 8), (95, 3)] {
        let list = terms((bytes << 20) / 9);
        let body = format!(r#"{{"query": {{"terms": {{"title": [{list}]}}}}}}"#);
        for answer in target.ask_at_once(clients, "POST", "/good/_search", &body) {
            answer.is_refused_within("a long list of terms", Duration::from_secs(6));
        }
    }
    for clause in [
        r#"{"term": {"title": "a"}}"#,
        r#"{"match": {"title": "a b c d"}}"#,
        r#"{"match_all": {}}"#,
        r#"{"range": {"number": {"gt": 1}}}"#,
    ] {
        let list = vec![clause; 100_000].join(",");
        for kind in ["must", "should", "filter", "must_not"] {
            let body = format!(r#"{{"query": {{"bool": {{"{kind}": [{list}]}}}}}}"#);
            target.refused("POST", "/good/_search", body, Duration::from_secs(1));
        }
        let body = format!(r#"{{"query": {{"dis_max": {{"queries": [{list}]}}}}}}"#);
        target.refused("POST", "/good/_search", body, Duration::from_secs(1));
    }
    let ids = format!(
        r#"{{"query": {{"ids": {{"values": [{}]}}}}}}"#,
        terms(500_000)
    );
    let words = format!(
        r#"{{"query": {{"match": {{"title": "{}"}}}}}}"#,
        "word ".repeat(200_000)
    );
    let phrase = words.replace("\"match\"", "\"match_phrase\"");
    for body in [ids, words, phrase] {
        let answer = target.ask("POST", "/good/_search", &body);
        is_answer(&body[..40], &answer, Duration::from_secs(6));
    }
}

#[test]
fn too_many_terms_are_refused_before_they_take_memory() {
    Arena::start().attack("terms of 15 and 95 MB", USUAL, many_terms);
}

/// An index with many terms, and long ones.
fn terms(target: &Target<'_>) {
    if target.ask("GET", "/terms", "").status == 200 {
        return;
    }
    let mapping = r#"{"mappings": {"properties": {"word": {"type": "keyword"}}}}"#;
    target.done("PUT", "/terms", mapping);
    let mut lines = String::new();
    for number in 0..3_000_u64 {
        let word: String = (0..120)
            .map(|place| {
                let letter = (number * 7919 + place * 104_729) >> (place % 13) & 3;
                char::from(b'a' + letter as u8)
            })
            .collect();
        let long = word.repeat(8);
        writeln!(lines, "{{\"index\": {{}}}}\n{{\"word\": \"{long}\"}}").expect("written");
    }
    target.done("POST", "/terms/_bulk?refresh", lines);
}

/// A search with a limit of time ends soon after it.
fn ends_in_time(target: &Target<'_>, index: &str, what: &str, mut body: Json) {
    body["timeout"] = json!("500ms");
    let answer = target.ask("POST", &format!("/{index}/_search"), body.to_string());
    is_answer(what, &answer, Duration::from_millis(700));
}

pub(crate) fn patterns(target: &Target<'_>) {
    terms(target);
    let should =
        |clause: Json, count: usize| json!({"query": {"bool": {"should": vec![clause; count]}}});
    let questions = json!({"wildcard": {"word": "?".repeat(900)}});
    ends_in_time(target, "terms", "32 wildcards", should(questions, 32));
    let stars = json!({"wildcard": {"word": format!("*{}", "a*".repeat(400))}});
    ends_in_time(target, "terms", "8 wildcards of stars", should(stars, 8));
    for regexp in [
        "(a|b|c|d)*a(a|b|c|d){200}".to_owned(),
        "((a{1,90}){1,90}){1,90}".to_owned(),
        format!("({})*", "a?".repeat(400)),
        "[a-d]*".repeat(100),
        "(.*.*.*.*.*){20}x".to_owned(),
        "~(~(~(a*b*c*d*)))".to_owned(),
        "(".repeat(400),
        format!("{}a{}", "(".repeat(450), ")*".repeat(450)),
    ] {
        let clause = json!({"regexp": {"word": {"value": regexp}}});
        ends_in_time(target, "terms", &regexp, should(clause, 8));
    }
    for length in [50, 900, 30_000] {
        let fuzzy = json!({"fuzzy": {"word": {"value": "abcd".repeat(length / 4), "fuzziness": 2,
            "max_expansions": 1_000_000}}});
        ends_in_time(target, "terms", "a fuzzy term", should(fuzzy, 16));
    }
    for (kind, field) in [("prefix", "word"), ("match_phrase_prefix", "word")] {
        let clause = json!({kind: {field: "a"}});
        ends_in_time(target, "terms", kind, should(clause, 100));
    }
    let many = json!({"multi_match": {"query": "a", "fields": vec!["*"; 10_000]}});
    ends_in_time(target, "terms", "10,000 fields", should(many, 1));
    let expression = format!("{}number{} > 1", "(".repeat(5_000), ")".repeat(5_000));
    let deep = json!({"expression": expression});
    ends_in_time(target, "good", "a deep expression", should(deep, 1));
    let long = json!({"expression": format!("number > 1{}", " or number > 1".repeat(20_000))});
    ends_in_time(target, "good", "a long expression", should(long, 1));
    let sqrt =
        json!({"expression": format!("{}number{} > 1", "sqrt(".repeat(900), ")".repeat(900))});
    ends_in_time(target, "good", "a slow expression", should(sqrt, 10));
}

#[test]
fn patterns_end_in_their_time() {
    Arena::start().attack("patterns, with 500 ms", USUAL, patterns);
}

/// What is done with hits: filters of their sources, large documents, sorts.
pub(crate) fn sources(target: &Target<'_>) {
    large_documents(target, "large", 20);
    let many: Vec<String> = (0..20_000)
        .map(|number| format!("*a{number}*.*b*"))
        .collect();
    for source in [
        json!(many),
        json!({"excludes": many}),
        json!({"includes": many, "excludes": many}),
        json!(vec!["*".repeat(1_000); 10]),
        json!("*a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r*s*t*u*v*w*x*y*z*".repeat(20)),
    ] {
        for index in ["good", "large"] {
            let body = json!({"size": 500, "_source": source});
            ends_in_time(target, index, "source filters", body);
        }
    }
    ends_in_time(target, "large", "large hits", json!({"size": 20}));
    let sort: Vec<Json> = (0..20_000).map(|_| json!({"number": "asc"})).collect();
    ends_in_time(target, "good", "20,000 sorts", json!({"sort": sort}));
    let fields = json!({"docvalue_fields": vec!["number"; 20_000], "size": 500});
    ends_in_time(target, "good", "20,000 columns", fields);
    let rescore: Vec<Json> =
        vec![json!({"window_size": 10_000, "query": {"rescore_query": {"match_all": {}}}}); 5_000];
    ends_in_time(
        target,
        "good",
        "5,000 rescores",
        json!({"rescore": rescore}),
    );
}

#[test]
fn sources_are_filtered_in_the_searchs_time() {
    Arena::start().attack("sources, with 500 ms", USUAL, sources);
}

/// Parameters at their ends, and lists of them.
pub(crate) fn extremes(target: &Target<'_>) {
    let within = Duration::from_secs(1);
    for body in [
        json!({"size": u64::MAX}),
        json!({"from": u64::MAX}),
        json!({"from": i64::MIN, "size": 1}),
        json!({"from": 4_294_967_295_u64, "size": 4_294_967_295_u64}),
        json!({"size": 1e300}),
        json!({"terminate_after": -1}),
        json!({"min_score": "x"}),
        json!({"search_after": [1, 2, 3]}),
        json!({"search_after": vec![1; 100_000], "sort": ["number"]}),
        json!({"search_after": [{"a": []}], "sort": ["number"]}),
        json!({"timeout": "99999999999999999999d"}),
        json!({"timeout": -5}),
        json!({"track_total_hits": -7}),
    ] {
        target.refused("POST", "/good/_search", body.to_string(), within);
    }
    let paths = [
        format!("/good/_search?filter_path={}", "**.a,".repeat(1_500)),
        format!("/good/_search?filter_path={}", "**.".repeat(2_000)),
        format!("/good/_search?filter_path={}", "**.*.".repeat(125)),
        format!("/good/_search?filter_path={}", "**.h*.".repeat(125)),
        format!("/good/_search?filter_path={}", "*a*b*c*d*".repeat(800)),
        format!("/good/_search?_source={}", "*a*.b,".repeat(1_200)),
        format!("/{}/_search", "good,".repeat(1_500)),
        format!("/{}/_search", "*,-*,".repeat(1_500)),
        format!("/{}/_search", "*".repeat(7_000)),
        format!("/good/_mapping/field/{}", "*,".repeat(3_000)),
        format!("/good/_doc/{}", "i".repeat(7_000)),
        format!("/_cat/indices?v&h={}", "index,".repeat(1_200)),
        format!("/_cat/indices?s={}", "index,".repeat(1_200)),
        format!("/good/_search?{}", "size=1&".repeat(1_000)),
    ];
    for path in paths {
        let answer = target.ask("GET", &path, "");
        let what = format!("{path:.40}");
        is_answer(&what, &answer, within);
        assert!(answer.body.len() < 2 << 20, "{what}: {}", answer.body.len());
    }
}

#[test]
fn extreme_parameters_are_refused() {
    Arena::start().attack("extreme parameters", USUAL, extremes);
}

/// Searches whose clients leave at once: their work ends with them.
pub(crate) fn leaving(target: &Target<'_>) {
    terms(target);
    large_documents(target, "large", 20);
    let questions = json!({"wildcard": {"word": "?".repeat(900)}});
    let wildcards = json!({"query": {"bool": {"should": vec![questions; 32]}}}).to_string();
    let pages = "{}\n{}\n".repeat(60);
    let searches = [
        request("POST", "/terms/_search", "", wildcards.as_bytes()),
        request("POST", "/large/_msearch", "", pages.as_bytes()),
    ];
    for search in searches.iter().cycle().take(12) {
        let Ok(mut connection) = Connection::open(target.address) else {
            continue;
        };
        let _ = connection.send(search);
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn work_ends_when_its_client_leaves() {
    let arena = Arena::start();
    arena.attack("searches whose clients leave", USUAL, leaving);
    let process = crate::process::Process(arena.node.id());
    let before = (process.cpu_seconds(), Instant::now());
    thread::sleep(Duration::from_millis(1_000));
    let busy = process.cpu_seconds() - before.0;
    assert!(busy < 0.3, "busy for {busy} s of {:?}", before.1.elapsed());
}

/// Well-behaved searches, but of many clients: none is lost, and the good client gets its turn.
pub(crate) fn crowd(target: &Target<'_>) {
    let aggregation = json!({"size": 100, "query": {"match": {"title": "star"}},
        "aggs": {"a": {"histogram": {"field": "number", "interval": 1}}}});
    for answer in target.ask_at_once(100, "POST", "/good/_search", aggregation.to_string()) {
        is_answer("a search of a crowd", &answer, Duration::from_secs(5));
    }
}

#[test]
fn a_hundred_searches_at_once_are_answered_or_refused() {
    Arena::start().attack("100 searches at once", USUAL, crowd);
}

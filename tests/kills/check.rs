//! Compares what a node has with what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::history::{Document, History};
use crate::target::Target;
use crate::writer::{Brief, Key, SHARED, Writer};

/// Documents of one request.
const PAGE: usize = 1_000;

/// The index that nobody writes to during the run.
pub(crate) const QUIET: &str = "quiet";
pub(crate) const QUIET_DOCUMENTS: u64 = 200;

/// Compares everything, and takes what is there as what is known from now on. Gives what is wrong.
pub(crate) fn all(target: &Target, writers: &mut [Writer]) -> Vec<String> {
    let mut wrong = Vec::new();
    let own: Vec<String> = writers.iter().map(Writer::own).collect();
    for index in own.iter().map(String::as_str).chain([SHARED]) {
        let found = listed(target, index, &mut wrong);
        known(target, index, &found, writers, &mut wrong);
        unknown(index, &found, writers, &mut wrong);
    }
    for writer in writers {
        writer.unanswered.clear();
        // One that was deleted for good is unknown from now on, and must not come back.
        writer
            .histories
            .retain(|(_, id), history| history.document().is_some() || id.contains('-'));
        for brief in writer.briefs.drain(..) {
            wrong.extend(check_brief(target, &brief));
        }
    }
    wrong.extend(quiet(target));
    wrong
}

/// All documents of an index, by identifier.
fn listed(target: &Target, index: &str, wrong: &mut Vec<String>) -> BTreeMap<String, Document> {
    let mut found = BTreeMap::new();
    let (status, answer) = target.expect("POST", &format!("/{index}/_refresh"), &Json::Null);
    if status == 404 {
        return found;
    }
    assert_eq!(status, 200, "refresh of `{index}`: {answer}");
    let mut places = BTreeSet::new();
    let mut request = json!({"sort": ["_doc"], "size": PAGE, "version": true,
        "seq_no_primary_term": true, "_source": ["number"]});
    loop {
        let (status, answer) = target.expect("POST", &format!("/{index}/_search"), &request);
        assert_eq!(status, 200, "search of `{index}`: {answer}");
        let hits = answer["hits"]["hits"].as_array().expect("hits");
        let Some(last) = hits.last() else {
            break;
        };
        request["search_after"] = last["sort"].clone();
        for hit in hits {
            let id = hit["_id"].as_str().expect("an identifier").to_owned();
            let document = Document::found(hit);
            if !places.insert(document.place) {
                wrong.push(format!("`{index}`: two documents with the number of {hit}"));
            }
            if let Some(other) = found.insert(id, document) {
                wrong.push(format!("`{index}`: DOUBLED: {hit} and {other:?}"));
            }
        }
    }
    let (_, answer) = target.expect("GET", &format!("/{index}/_count"), &Json::Null);
    if answer["count"] != found.len() {
        wrong.push(format!("`{index}`: {} are found: {answer}", found.len()));
    }
    found
}

/// Documents with identifiers that the writers know.
fn known(
    target: &Target,
    index: &str,
    found: &BTreeMap<String, Document>,
    writers: &mut [Writer],
    wrong: &mut Vec<String>,
) {
    for writer in writers {
        let keys = writer.histories.iter_mut();
        let mut of_index: Vec<(&Key, &mut History)> =
            keys.filter(|(key, _)| key.0 == index).collect();
        for page in of_index.chunks_mut(PAGE) {
            let ids: Vec<&str> = page.iter().map(|(key, _)| key.1.as_str()).collect();
            let got = several(target, index, &ids);
            for (((_, id), history), got) in page.iter_mut().zip(got) {
                let found = found.get(id);
                if got.as_ref() != found {
                    wrong.push(format!(
                        "`{index}`: get of `{id}` has {got:?}, search {found:?}"
                    ));
                }
                if !history.allows(found) {
                    let what = if found.is_none() { "LOST" } else { "WRONG" };
                    wrong.push(format!(
                        "`{index}`: {what}: `{id}` is {found:?}, not {history:?}"
                    ));
                }
                history.is(found);
            }
        }
    }
}

fn several(target: &Target, index: &str, ids: &[&str]) -> Vec<Option<Document>> {
    let path = format!("/{index}/_mget");
    let (status, answer) = target.expect("POST", &path, &json!({"ids": ids}));
    if status == 404 {
        return vec![None; ids.len()];
    }
    assert_eq!(status, 200, "{path}: {answer}");
    let documents = answer["docs"].as_array().expect("documents");
    let read = |document: &Json| (document["found"] == true).then(|| Document::found(document));
    documents.iter().map(read).collect()
}

/// Documents that the writers do not know: requests without an answer wrote them.
fn unknown(
    index: &str,
    found: &BTreeMap<String, Document>,
    writers: &mut [Writer],
    wrong: &mut Vec<String>,
) {
    for (id, document) in found {
        let key = (index.to_owned(), id.clone());
        if writers
            .iter()
            .any(|writer| writer.histories.contains_key(&key))
        {
            continue;
        }
        let writer =
            (writers.iter_mut()).find(|writer| writer.unanswered.contains(&document.number));
        match writer {
            Some(writer) => {
                writer.unanswered.remove(&document.number);
                writer.histories.insert(key, History::of(document.clone()));
            }
            None => wrong.push(format!(
                "`{index}`: DOUBLED or deleted before: `{id}` is {document:?}"
            )),
        }
    }
}

fn check_brief(target: &Target, brief: &Brief) -> Option<String> {
    let path = format!("/{}", brief.name);
    target.expect("POST", &format!("{path}/_refresh"), &Json::Null);
    let (status, answer) = target.expect("GET", &format!("{path}/_count"), &Json::Null);
    let count = answer["count"].as_u64();
    let is_right = match (count, brief.deleted) {
        (None, Some(_)) => status == 404,
        (None, None) => status == 404 && !brief.written,
        (Some(_), Some(true)) => false,
        (Some(count), _) => {
            count <= Brief::DOCUMENTS && (count == Brief::DOCUMENTS || !brief.written)
        }
    };
    if count.is_some() {
        let (status, answer) = target.expect("DELETE", &path, &Json::Null);
        assert_eq!(status, 200, "{path}: {answer}");
    }
    (!is_right).then(|| format!("{brief:?} is {status}: {answer}"))
}

/// Whether the index that nobody writes to has all its documents, for a search, a count and a get.
pub(crate) fn quiet(target: &Target) -> Option<String> {
    let body = json!({"query": {"range": {"number": {"gte": QUIET_DOCUMENTS / 2}}}, "size": 3,
        "sort": [{"number": "desc"}], "aggs": {"sum": {"sum": {"field": "number"}}}});
    let last = QUIET_DOCUMENTS - 1;
    let sum: u64 = (QUIET_DOCUMENTS / 2..QUIET_DOCUMENTS).sum();
    let (_, found) = target.ask("POST", &format!("/{QUIET}/_search"), &body.to_string())?;
    let (_, count) = target.ask("GET", &format!("/{QUIET}/_count"), "")?;
    let (_, got) = target.ask("GET", &format!("/{QUIET}/_doc/{last}"), "")?;
    let is_right = found["hits"]["total"]["value"] == QUIET_DOCUMENTS / 2
        && found["hits"]["hits"][0]["_source"]["number"] == last
        && found["aggregations"]["sum"]["value"] == sum as f64
        && count["count"] == QUIET_DOCUMENTS
        && got["_source"]["number"] == last;
    (!is_right).then(|| format!("`{QUIET}` is not served: {found}, {count}, {got}"))
}

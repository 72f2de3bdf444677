//! A search's answer for people: a table of hits, then what each UDF did.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use whittle_host::{ExactJson, one_line, printable};
use whittle_node::{MistypedField, UnmappedField};

/// What is shown of an answer, from here or from a node.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Answer {
    took: u64,
    hits: Hits,
    #[serde(default)]
    udf: Vec<UdfReport>,
    aggregations: Option<Json>,
    profile: Option<Profile>,
}

#[derive(Debug, serde::Deserialize)]
struct Hits {
    total: Option<Total>,
    hits: Vec<Hit>,
}

#[derive(Debug, serde::Deserialize)]
struct Total {
    value: usize,
}

#[derive(Debug, serde::Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(rename = "_source")]
    source: Option<Members>,
    #[serde(default)]
    fields: Members,
}

#[derive(Debug, serde::Deserialize)]
struct UdfReport {
    function: String,
    documents: u64,
    evaluations: u64,
    errors: u64,
    error_samples: Vec<ErrorSample>,
    time_us: u64,
    #[serde(default)]
    load_time_us: u64,
    #[serde(default)]
    bind_time_us: u64,
    memory_bytes: usize,
    #[serde(default)]
    unmapped_fields: Vec<UnmappedField>,
    #[serde(default)]
    mistyped_fields: Vec<MistypedField>,
}

#[derive(Debug, serde::Deserialize)]
struct ErrorSample {
    #[serde(rename = "_id")]
    id: String,
    message: String,
}

#[derive(Debug, serde::Deserialize)]
struct Profile {
    clauses: Vec<ClauseReport>,
    #[serde(default)]
    functions: Vec<FunctionCost>,
}

#[derive(Debug, serde::Deserialize)]
struct FunctionCost {
    function: String,
    document_ns: u64,
    source: String,
}

#[derive(Debug, serde::Deserialize)]
struct ClauseReport {
    path: String,
    time_us: u64,
    documents_in: u64,
    documents_out: u64,
}

/// The members of a document in their order, digit for digit.
#[derive(Debug, Default)]
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The width of the terminal, or 100 columns where there is none.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into())
}

/// The answer in lines of at most `width` columns. The documents' field `id_field` is left out where it
/// is the id, which has a column of its own.
pub(super) fn render(response: &Answer, id_field: &str, width: usize) -> String {
    let mut text = hits(&response.hits.hits, id_field, width);
    let took = response.took;
    let shown = response.hits.hits.len();
    text.push_str(
        &match response.hits.total.as_ref().map(|total| total.value) {
            None => format!("{} shown in {took} ms\n", count(shown as u64, "hit")),
            Some(total) if shown < total => {
                format!(
                    "{} in {took} ms, {shown} shown\n",
                    count(total as u64, "hit")
                )
            }
            Some(total) => format!("{} in {took} ms\n", count(total as u64, "hit")),
        },
    );
    if let Some(aggregations) = &response.aggregations {
        text.push_str(&printable(&format!("{aggregations:#}\n")));
    }
    for report in &response.udf {
        text.push_str(&udf(report));
    }
    if let Some(profile) = &response.profile {
        text.push_str(&clauses(&profile.clauses));
        text.push_str(&costs(&profile.functions));
    }
    text
}

fn clauses(clauses: &[ClauseReport]) -> String {
    let mut text = format!("{:>10}  {:>9}  {:>9}  clause\n", "ms", "in", "out");
    for clause in clauses {
        let milliseconds = clause.time_us as f64 / 1000.0;
        text.push_str(&format!(
            "{milliseconds:>10.1}  {:>9}  {:>9}  {}\n",
            clause.documents_in,
            clause.documents_out,
            one_line(&clause.path)
        ));
    }
    text
}

/// What the search took for the cost of its functions, if it has any.
fn costs(functions: &[FunctionCost]) -> String {
    if functions.is_empty() {
        return String::new();
    }
    let mut text = format!("{:>10}  {:>9}  function\n", "ns each", "from");
    for cost in functions {
        text.push_str(&format!(
            "{:>10}  {:>9}  {}\n",
            cost.document_ns,
            one_line(&cost.source),
            one_line(&cost.function)
        ));
    }
    text
}

fn hits(hits: &[Hit], id_field: &str, width: usize) -> String {
    let score = |hit: &Hit| {
        hit.score
            .map_or("-".to_owned(), |score| format!("{score:.4}"))
    };
    let widest = |cell: &dyn Fn(&Hit) -> String, title: &str| {
        hits.iter()
            .map(|hit| cell(hit).width())
            .max()
            .unwrap_or(0)
            .max(title.len())
    };
    let id = |hit: &Hit| one_line(&hit.id);
    if hits.is_empty() {
        return String::new();
    }
    let (scores, ids) = (widest(&score, "score"), widest(&id, "id"));
    let line = |score: &str, id: &str, source: &str| {
        let pad = ids.saturating_sub(id.width());
        let line = format!("{score:>scores$}  {id}{:pad$}  {source}", "");
        format!("{}\n", cut(&line, width).trim_end())
    };
    let mut text = line("score", "id", "document");
    for hit in hits {
        // What was computed comes first: somebody asked for it by name.
        let fields = hit.fields.0.iter();
        let fields = fields.map(|(name, values)| (name, first_value(values)));
        let source = hit.source.iter().flat_map(|source| &source.0);
        let members = source.map(|(name, raw)| (name, raw_value(raw)));
        let members = members
            .filter(|(name, value)| *name != id_field || value.as_deref() != Some(hit.id.as_str()));
        text.push_str(&line(&score(hit), &id(hit), &shown(fields.chain(members))));
    }
    text.push('\n');
    text
}

/// Fields in one line, without those that have no value.
fn shown<'a>(fields: impl Iterator<Item = (&'a String, Option<String>)>) -> String {
    let fields = fields.filter_map(|(name, value)| {
        let value = value?;
        Some(format!("{}: {}", one_line(name), one_line(&value)))
    });
    fields.collect::<Vec<_>>().join("  ")
}

fn first_value(values: &RawValue) -> Option<String> {
    let values: Vec<ExactJson> = serde_json::from_str(values.get()).ok()?;
    match values.into_iter().next()? {
        ExactJson::Null => None,
        ExactJson::Text(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Strings without quotes, and all other values digit for digit.
fn raw_value(raw: &RawValue) -> Option<String> {
    match raw.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text => Some(text.to_owned()),
    }
}

fn udf(report: &UdfReport) -> String {
    let UdfReport {
        function,
        documents,
        evaluations,
        errors,
        error_samples,
        time_us,
        load_time_us,
        bind_time_us,
        memory_bytes,
        unmapped_fields,
        mistyped_fields,
    } = report;
    let mut seen = count(*documents, "document");
    if evaluations < documents {
        seen = format!("{seen}, {}", count(*evaluations, "evaluation"));
    }
    let [time, load_time, bind_time] = [time_us, load_time_us, bind_time_us].map(milliseconds);
    let mut text = format!(
        "{function}: {seen} in {time}, after {bind_time} to bind and {load_time} to load columns, {}, \
         {} KiB\n",
        count(*errors, "error"),
        memory_bytes / 1024,
    );
    for field in unmapped_fields {
        text.push_str(&format!("  {field}\n"));
    }
    for field in mistyped_fields {
        text.push_str(&format!("  {field}\n"));
    }
    for sample in error_samples {
        text.push_str(&format!(
            "  document {}: {}\n",
            one_line(&sample.id),
            one_line(&sample.message)
        ));
    }
    if *errors > error_samples.len() as u64 && !error_samples.is_empty() {
        text.push_str(&format!(
            "  and {} more\n",
            *errors - error_samples.len() as u64
        ));
    }
    text
}

fn milliseconds(microseconds: &u64) -> String {
    format!("{:.1} ms", *microseconds as f64 / 1000.0)
}

fn count(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

/// At most `width` columns; a longer text ends in an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut columns = 1;
    for character in text.chars() {
        columns += character.width().unwrap_or(0);
        if columns > width {
            break;
        }
        cut.push(character);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response(hits: Json, total: usize) -> Answer {
        let response = json!({
            "took": 3,
            "hits": {"total": {"value": total, "relation": "eq"}, "max_score": null, "hits": hits},
            "udf": [{
                "function": "f",
                "documents": 7,
                "evaluations": 7,
                "errors": 2,
                "error_samples": [{"_id": "a", "message": "bad\u{1b}[1m"}],
                "time_us": 1500,
                "load_time_us": 40,
                "bind_time_us": 2100,
                "memory_bytes": 1 << 20,
                "unmapped_fields": [{"field": "titel", "similar": ["title"]}],
            }],
        });
        serde_json::from_str(&response.to_string()).expect("an answer")
    }

    #[test]
    fn a_table_has_columns_and_fits_the_terminal() {
        let fields = json!({"half": [0.5]});
        let hits = json!([
            {"_id": "a", "_score": 12.5, "fields": fields,
                "_source": {"id": "a", "title": "映画 one", "year": 1999, "none": null}},
            {"_id": "long-id", "_score": null, "fields": fields,
                "_source": {"id": 3, "title": "a title that does not fit the line"}},
        ]);
        insta::assert_snapshot!(render(&response(hits, 5), "id", 40), @r"
          score  id       document
        12.5000  a        half: 0.5  title: 映…
              -  long-id  half: 0.5  id: 3  tit…

        5 hits in 3 ms, 2 shown
        f: 7 documents in 1.5 ms, after 2.1 ms to bind and 0.0 ms to load columns, 2 errors, 1024 KiB
          no document has the field `titel`; did you mean `title`?
          document a: bad�[1m
          and 1 more
        ");
        insta::assert_snapshot!(render(&response(json!([]), 0), "id", 40), @r##"
    0 hits in 3 ms
    f: 7 documents in 1.5 ms, after 2.1 ms to bind and 0.0 ms to load columns, 2 errors, 1024 KiB
      no document has the field `titel`; did you mean `title`?
      document a: bad�[1m
      and 1 more
    "##);
    }
}

//! A search's answer for people: a table of hits, then what each UDF did.

use serde_json::Value as Json;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use whittle_node::{ClauseReport, Hit, SearchResponse, UdfReport};

/// The width of the terminal, or 100 columns where there is none.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into())
}

/// The answer in lines of at most `width` columns.
pub(super) fn render(response: &SearchResponse, width: usize) -> String {
    let mut text = hits(&response.hits.hits, width);
    let took = response.took_ms;
    let shown = response.hits.hits.len();
    text.push_str(&match response.hits.total {
        None => format!("{} shown in {took} ms\n", count(shown as u64, "hit")),
        Some(total) if shown < total => {
            format!(
                "{} in {took} ms, {shown} shown\n",
                count(total as u64, "hit")
            )
        }
        Some(total) => format!("{} in {took} ms\n", count(total as u64, "hit")),
    });
    if let Some(aggregations) = &response.aggregations {
        text.push_str(&format!("{aggregations:#}\n"));
    }
    for report in &response.udf {
        text.push_str(&udf(report));
    }
    if let Some(profile) = &response.profile {
        text.push_str(&clauses(&profile.clauses));
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
            plain(&clause.path)
        ));
    }
    text
}

fn hits(hits: &[Hit], width: usize) -> String {
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
    let id = |hit: &Hit| plain(&hit.id);
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
        let source = hit.source.as_ref().and_then(Json::as_object);
        // What was computed comes first: somebody asked for it by name.
        let members = hit.fields.iter().map(|(name, value)| (name, &value[0]));
        let members = members.chain(source.into_iter().flatten());
        text.push_str(&line(&score(hit), &id(hit), &told(members)));
    }
    text.push('\n');
    text
}

/// Fields in one line, without those that say nothing.
fn told<'a>(fields: impl Iterator<Item = (&'a String, &'a Json)>) -> String {
    let fields = fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Json::String(text) => format!("{}: {}", plain(name), plain(text)),
            other => format!("{}: {}", plain(name), plain(&other.to_string())),
        });
    fields.collect::<Vec<_>>().join("  ")
}

fn udf(report: &UdfReport) -> String {
    let UdfReport {
        function,
        documents,
        errors,
        error_samples,
        time_us,
        memory_bytes,
        ..
    } = report;
    let mut text = format!(
        "{function}: {} in {:.1} ms, {}, {} KiB\n",
        count(*documents, "document"),
        *time_us as f64 / 1000.0,
        count(*errors, "error"),
        memory_bytes / 1024,
    );
    for sample in error_samples {
        text.push_str(&format!(
            "  document {}: {}\n",
            plain(&sample.id),
            plain(&sample.message)
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

fn count(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

/// Without characters that would steer the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                character
            }
        })
        .collect()
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
    use whittle_node::{ErrorSample, Hits};

    use super::*;

    fn response(hits: Vec<Hit>, total: usize) -> SearchResponse {
        SearchResponse {
            took_ms: 3,
            hits: Hits {
                total: Some(total),
                max_score: None,
                hits,
            },
            aggregations: None,
            profile: None,
            udf: vec![UdfReport {
                function: "f".to_owned(),
                documents: 7,
                errors: 2,
                error_samples: vec![ErrorSample {
                    id: "a".to_owned(),
                    message: "bad\u{1b}[1m".to_owned(),
                }],
                batches: 1,
                instances: 1,
                time_us: 1500,
                load_time_us: 100,
                bind_time_us: 50,
                memory_bytes: 1 << 20,
            }],
        }
    }

    #[test]
    fn a_table_has_columns_and_fits_the_terminal() {
        let hit = |id: &str, score, source| Hit {
            id: id.to_owned(),
            score,
            source: Some(source),
            sort: Vec::new(),
            fields: serde_json::Map::from_iter([("half".to_owned(), serde_json::json!([0.5]))]),
        };
        let hits = vec![
            hit(
                "a",
                Some(12.5),
                serde_json::json!({"title": "映画 one", "year": 1999, "none": null}),
            ),
            hit(
                "long-id",
                None,
                serde_json::json!({"title": "a title that does not fit the line"}),
            ),
        ];
        insta::assert_snapshot!(render(&response(hits, 5), 40), @r"
          score  id       document
        12.5000  a        half: 0.5  title: 映…
              -  long-id  half: 0.5  title: a t…

        5 hits in 3 ms, 2 shown
        f: 7 documents in 1.5 ms, 2 errors, 1024 KiB
          document a: bad�[1m
          and 1 more
        ");
        insta::assert_snapshot!(render(&response(Vec::new(), 0), 40), @r##"
    0 hits in 3 ms
    f: 7 documents in 1.5 ms, 2 errors, 1024 KiB
      document a: bad�[1m
      and 1 more
    "##);
    }
}

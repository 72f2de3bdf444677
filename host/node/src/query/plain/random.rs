//! Random trees of clauses over random documents, against an evaluator that looks at one document
//! after the other.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::sample::Sample;
use crate::query::{BoolClause, Limit, MinimumShouldMatch, Query};

/// A document's values.
#[derive(Debug, Clone)]
struct Document {
    keywords: Vec<String>,
    longs: Vec<i64>,
    double: Option<f64>,
    boolean: Option<bool>,
    words: Vec<String>,
}

impl Document {
    fn json(&self) -> Json {
        json!({"k": self.keywords, "l": self.longs, "d": self.double, "b": self.boolean,
            "t": self.words.join(" ")})
    }
}

fn document() -> impl Strategy<Value = Document> {
    let double = prop_oneof![Just(-0.0), Just(0.0), Just(1.5), Just(-2.0)];
    let values = (
        vec(word(), 0..3),
        vec(-3_i64..4, 0..3),
        option::of(double),
        option::of(any::<bool>()),
        vec(word(), 0..4),
    );
    values.prop_map(|(keywords, longs, double, boolean, words)| Document {
        keywords,
        longs,
        double,
        boolean,
        words,
    })
}

fn word() -> impl Strategy<Value = String> {
    "[abé]{1,2}"
}

fn boost() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0_f32), Just(0.5), Just(3.0), Just(0.0)]
}

fn number() -> impl Strategy<Value = Json> {
    prop_oneof![
        (-4_i64..5).prop_map(|value| json!(value)),
        (-4_i64..5).prop_map(|value| json!(value.to_string())),
        (-8_i32..9).prop_map(|value| json!(f64::from(value) / 2.0)),
    ]
}

fn limit(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Option<Limit>> {
    let limit = (value, any::<bool>());
    option::of(limit.prop_map(|(value, included)| Limit { value, included }))
}

fn leaf() -> impl Strategy<Value = Query> {
    let field =
        |names: &'static [&'static str]| proptest::sample::select(names).prop_map(str::to_owned);
    let text = || word().prop_map(Json::from);
    prop_oneof![
        boost().prop_map(|boost| Query::MatchAll { boost }),
        Just(Query::MatchNone),
        (field(&["l", "d"]), number(), boost()).prop_map(|(field, value, boost)| Query::Term {
            field,
            value,
            boost
        }),
        (field(&["k", "t"]), text(), boost()).prop_map(|(field, value, boost)| Query::Term {
            field,
            value,
            boost
        }),
        (any::<bool>(), boost()).prop_map(|(value, boost)| Query::Term {
            field: "b".to_owned(),
            value: json!(value),
            boost
        }),
        (field(&["k", "t"]), vec(text(), 0..3), boost()).prop_map(|(field, values, boost)| {
            Query::Terms {
                field,
                values,
                boost,
            }
        }),
        (
            field(&["l", "d"]),
            limit(number()),
            limit(number()),
            boost()
        )
            .prop_map(|(field, from, to, boost)| Query::Range {
                field,
                from,
                to,
                boost
            }),
        (field(&["k", "t"]), limit(text()), limit(text()), boost()).prop_map(
            |(field, from, to, boost)| Query::Range {
                field,
                from,
                to,
                boost
            }
        ),
        (field(&["k", "t"]), "[abé]{0,2}", boost()).prop_map(|(field, value, boost)| {
            Query::Prefix {
                field,
                value,
                boost,
            }
        }),
        (field(&["k", "t"]), "[abé*?]{0,3}", boost()).prop_map(|(field, value, boost)| {
            Query::Wildcard {
                field,
                value,
                boost,
            }
        }),
        (field(&["k", "l", "d", "b", "none"]), boost())
            .prop_map(|(field, boost)| Query::Exists { field, boost }),
        (vec(0_usize..12, 0..4), boost()).prop_map(|(ids, boost)| Query::Ids {
            values: ids.iter().map(ToString::to_string).collect(),
            boost
        }),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let minimum = prop_oneof![
            (-2_i64..4).prop_map(MinimumShouldMatch::Count),
            proptest::sample::select(&[50_i64, -50, 100][..]).prop_map(MinimumShouldMatch::Percent),
        ];
        let share = || prop_oneof![Just(0.0_f32), Just(0.5), Just(1.0)];
        prop_oneof![
            (
                vec(inner.clone(), 0..3),
                vec(inner.clone(), 0..2),
                vec(inner.clone(), 0..4),
                vec(inner.clone(), 0..2),
                option::of(minimum),
                boost(),
            )
                .prop_map(
                    |(must, filter, should, must_not, minimum_should_match, boost)| {
                        Query::Bool(BoolClause {
                            must,
                            filter,
                            should,
                            must_not,
                            minimum_should_match,
                            boost,
                        })
                    }
                ),
            (boxed.clone(), boost())
                .prop_map(|(filter, boost)| Query::ConstantScore { filter, boost }),
            (boxed.clone(), boxed, share(), boost()).prop_map(
                |(positive, negative, negative_boost, boost)| Query::Boosting {
                    positive,
                    negative,
                    negative_boost,
                    boost
                }
            ),
            (vec(inner, 0..3), share(), boost()).prop_map(|(queries, tie_breaker, boost)| {
                Query::DisMax {
                    queries,
                    tie_breaker,
                    boost,
                }
            }),
        ]
    })
}

/// The score of a document that a query matches; not a number where it depends on how often words
/// come up.
fn score(query: &Query, id: usize, document: &Document) -> Option<f32> {
    let one = |matches: bool, boost: f32| matches.then_some(boost);
    match query {
        Query::MatchAll { boost } => Some(*boost),
        Query::Term {
            field,
            value,
            boost,
        } => {
            let limit = || {
                let value = value.clone();
                Some(Limit {
                    value,
                    included: true,
                })
            };
            let matches = within(document, field, limit().as_ref(), limit().as_ref());
            let relevance = matches!(field.as_str(), "k" | "t");
            one(matches, if relevance { f32::NAN } else { *boost })
        }
        Query::Terms {
            field,
            values,
            boost,
        } => {
            let value = |value: &Json| {
                Some(Limit {
                    value: value.clone(),
                    included: true,
                })
            };
            let any = values
                .iter()
                .any(|it| within(document, field, value(it).as_ref(), value(it).as_ref()));
            one(any, *boost)
        }
        Query::Range {
            field,
            from,
            to,
            boost,
        } => one(within(document, field, from.as_ref(), to.as_ref()), *boost),
        Query::Prefix {
            field,
            value,
            boost,
        } => {
            let texts = texts(document, field);
            one(texts.iter().any(|text| text.starts_with(value)), *boost)
        }
        Query::Wildcard {
            field,
            value,
            boost,
        } => {
            let pattern: Vec<char> = value.chars().collect();
            let fits = |text: &String| fits(&pattern, &text.chars().collect::<Vec<_>>());
            one(texts(document, field).iter().any(fits), *boost)
        }
        Query::Exists { field, boost } => one(within(document, field, None, None), *boost),
        Query::Ids { values, boost } => one(values.contains(&id.to_string()), *boost),
        Query::Bool(clause) => {
            let matching = |queries: &[Query]| -> Vec<f32> {
                let scores = queries.iter().map(|query| score(query, id, document));
                scores.flatten().collect()
            };
            let (must, should) = (matching(&clause.must), matching(&clause.should));
            let filter = matching(&clause.filter);
            let required = clause.must.len() + clause.filter.len();
            if must.len() + filter.len() < required || !matching(&clause.must_not).is_empty() {
                return None;
            }
            let mut minimum = match &clause.minimum_should_match {
                None => 0,
                Some(minimum) => minimum.of(clause.should.len()),
            };
            if required == 0 && !clause.should.is_empty() {
                minimum = minimum.max(1);
            }
            let empty = required + clause.should.len() + clause.must_not.len() == 0;
            if empty {
                return Some(clause.boost);
            }
            let sum: f32 = must.iter().chain(&should).sum();
            one(should.len() >= minimum, sum * clause.boost)
        }
        Query::ConstantScore { filter, boost } => score(filter, id, document).and(Some(*boost)),
        Query::Boosting {
            positive,
            negative,
            negative_boost,
            boost,
        } => {
            let lowered = score(negative, id, document).map_or(1.0, |_| *negative_boost);
            Some(score(positive, id, document)? * lowered * boost)
        }
        Query::DisMax {
            queries,
            tie_breaker,
            boost,
        } => {
            let scores = queries.iter().map(|query| score(query, id, document));
            let scores: Vec<f32> = scores.flatten().collect();
            if scores.iter().any(|score| score.is_nan()) {
                return Some(f32::NAN);
            }
            let best = scores.iter().copied().reduce(f32::max)?;
            let sum: f32 = scores.iter().sum();
            Some((best + (sum - best) * tie_breaker) * boost)
        }
        _ => None,
    }
}

fn texts<'d>(document: &'d Document, field: &str) -> &'d [String] {
    match field {
        "k" => &document.keywords,
        "t" => &document.words,
        _ => &[],
    }
}

fn within(document: &Document, field: &str, from: Option<&Limit>, to: Option<&Limit>) -> bool {
    fn between<T: PartialOrd>(
        values: &[T],
        from: Option<&Limit>,
        to: Option<&Limit>,
        read: impl Fn(&Json) -> T,
    ) -> bool {
        values.iter().any(|value| {
            let above = from.is_none_or(|limit| {
                let bound = read(&limit.value);
                *value > bound || limit.included && *value == bound
            });
            let below = to.is_none_or(|limit| {
                let bound = read(&limit.value);
                *value < bound || limit.included && *value == bound
            });
            above && below
        })
    }
    let number = |json: &Json| match json {
        Json::String(text) => text.parse().expect("a number"),
        other => other.as_f64().expect("a number"),
    };
    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    let longs = || -> Vec<f64> { document.longs.iter().map(|long| *long as f64).collect() };
    match field {
        "l" => between(&longs(), from, to, number),
        "d" => between(document.double.as_slice(), from, to, number),
        "b" => between(document.boolean.as_slice(), from, to, |json| {
            json.as_bool().expect("a boolean")
        }),
        // A text without words is a text all the same.
        "t" if from.is_none() && to.is_none() => true,
        "k" | "t" => between(texts(document, field), from, to, |json| {
            json.as_str().expect("a text").to_owned()
        }),
        _ => false,
    }
}

fn fits(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|at| fits(rest, &text[at..])),
        ['?', rest @ ..] => !text.is_empty() && fits(rest, &text[1..]),
        [literal, rest @ ..] => text.first() == Some(literal) && fits(rest, &text[1..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn trees_find_and_score_what_they_say(
        documents in vec(document(), 1..14),
        segment in 1_usize..8,
        queries in vec(query(), 24),
    ) {
        let mapping = json!({"properties": {"k": {"type": "keyword"}, "l": {"type": "long"},
            "d": {"type": "double"}, "b": {"type": "boolean"}, "t": {"type": "text"}}});
        let json: Vec<Json> = documents.iter().map(Document::json).collect();
        let sample = Sample::new(&mapping, &json, segment);
        for query in &queries {
            let expected: Vec<(usize, f32)> = documents
                .iter()
                .enumerate()
                .filter_map(|(id, document)| Some((id, score(query, id, document)?)))
                .collect();
            let expected_ids: Vec<usize> = expected.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(sample.ids(query), expected_ids, "{:?}", query);
            for ((id, found), (_, expected)) in sample.scored(query).into_iter().zip(expected) {
                let near = (found - expected).abs() <= 1e-5 * expected.abs();
                prop_assert!(
                    expected.is_nan() || near,
                    "{}: {} is not {}: {:?}", id, found, expected, query
                );
            }
        }
    }
}

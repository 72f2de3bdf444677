//! Random trees of clauses over random documents, against an evaluator that looks at one document
//! after the other.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::sample::Sample;
use crate::query::{
    Bool, Boosting, ConstantScore, DisMax, Exists, Ids, Limit, MatchAll, MatchNone,
    MinimumShouldMatch, Prefix, Query, Range, Term, Terms, Wildcard,
};

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
    let term = |(field, value, case_insensitive, boost)| {
        Query::from(Term {
            field,
            value,
            case_insensitive,
            boost,
        })
    };
    let range = |(field, from, to, boost)| {
        Query::from(Range {
            field,
            from,
            to,
            format: None,
            zone_seconds: None,
            boost,
        })
    };
    prop_oneof![
        boost().prop_map(|boost| MatchAll { boost }.into()),
        Just(MatchNone.into()),
        (field(&["l", "d"]), number(), Just(false), boost()).prop_map(term),
        (field(&["k", "t"]), text(), any::<bool>(), boost()).prop_map(term),
        (
            Just("b".to_owned()),
            any::<bool>().prop_map(Json::from),
            Just(false),
            boost()
        )
            .prop_map(term),
        (field(&["k", "t"]), vec(text(), 0..3), boost()).prop_map(|(field, values, boost)| {
            Terms {
                field,
                values,
                boost,
            }
            .into()
        }),
        (
            field(&["l", "d"]),
            limit(number()),
            limit(number()),
            boost()
        )
            .prop_map(range),
        (field(&["k", "t"]), limit(text()), limit(text()), boost()).prop_map(range),
        (field(&["k", "t"]), "[abAé]{0,2}", any::<bool>(), boost()).prop_map(
            |(field, value, case_insensitive, boost)| Prefix {
                field,
                value,
                case_insensitive,
                boost
            }
            .into()
        ),
        (field(&["k", "t"]), "[abAé*?]{0,3}", any::<bool>(), boost()).prop_map(
            |(field, value, case_insensitive, boost)| Wildcard {
                field,
                value,
                case_insensitive,
                boost
            }
            .into()
        ),
        (field(&["k", "l", "d", "b", "none"]), boost()).prop_map(|(field, boost)| Exists {
            field,
            boost
        }
        .into()),
        (vec(0_usize..12, 0..4), boost()).prop_map(|(ids, boost)| Ids {
            values: ids.iter().map(ToString::to_string).collect(),
            boost
        }
        .into()),
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
                        Bool {
                            must,
                            filter,
                            should,
                            must_not,
                            minimum_should_match,
                            adjust_pure_negative: true,
                            boost,
                        }
                        .into()
                    }
                ),
            (boxed.clone(), boost())
                .prop_map(|(filter, boost)| ConstantScore { filter, boost }.into()),
            (boxed.clone(), boxed, share(), boost()).prop_map(
                |(positive, negative, negative_boost, boost)| Boosting {
                    positive,
                    negative,
                    negative_boost,
                    boost
                }
                .into()
            ),
            (vec(inner, 0..3), share(), boost()).prop_map(|(queries, tie_breaker, boost)| {
                DisMax {
                    queries,
                    tie_breaker,
                    boost,
                }
                .into()
            }),
        ]
    })
}

/// The score of a document that a query matches; not a number where it depends on how often words
/// come up.
fn score(query: &Query, id: usize, document: &Document) -> Option<f32> {
    let one = |matches: bool, boost: f32| matches.then_some(boost);
    let equal = |field: &str, value: &Json| {
        let value = value.clone();
        let limit = Some(Limit {
            value,
            included: true,
        });
        within(document, field, limit.as_ref(), limit.as_ref())
    };
    match query {
        Query::MatchAll(clause) => Some(clause.boost),
        Query::Term(clause) if clause.case_insensitive => {
            let value = clause.value.as_str().expect("a string");
            let mut texts = texts(document, &clause.field).iter();
            one(
                texts.any(|text| text.eq_ignore_ascii_case(value)),
                clause.boost,
            )
        }
        Query::Term(clause) => {
            let relevance = matches!(clause.field.as_str(), "k" | "t");
            let score = if relevance { f32::NAN } else { clause.boost };
            one(equal(&clause.field, &clause.value), score)
        }
        Query::Terms(clause) => {
            let mut values = clause.values.iter();
            one(
                values.any(|value| equal(&clause.field, value)),
                clause.boost,
            )
        }
        Query::Range(clause) => {
            let (from, to) = (clause.from.as_ref(), clause.to.as_ref());
            one(within(document, &clause.field, from, to), clause.boost)
        }
        Query::Prefix(clause) => {
            let mut texts = texts(document, &clause.field).iter();
            let begins = |text: &String| {
                let beginning = text.get(..clause.value.len());
                beginning.is_some_and(|it| same(it, &clause.value, clause.case_insensitive))
            };
            one(texts.any(begins), clause.boost)
        }
        Query::Wildcard(clause) => {
            let characters = |text: &str| -> Vec<char> {
                if clause.case_insensitive {
                    text.to_ascii_lowercase().chars().collect()
                } else {
                    text.chars().collect()
                }
            };
            let pattern = characters(&clause.value);
            let mut texts = texts(document, &clause.field).iter();
            one(
                texts.any(|text| fits(&pattern, &characters(text))),
                clause.boost,
            )
        }
        Query::Exists(clause) => one(within(document, &clause.field, None, None), clause.boost),
        Query::Ids(clause) => one(clause.values.contains(&id.to_string()), clause.boost),
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
        Query::ConstantScore(clause) => score(&clause.filter, id, document).and(Some(clause.boost)),
        Query::Boosting(clause) => {
            let lowered = score(&clause.negative, id, document);
            let factor = lowered.map_or(1.0, |_| clause.negative_boost);
            Some(score(&clause.positive, id, document)? * factor * clause.boost)
        }
        Query::DisMax(clause) => {
            let scores = clause
                .queries
                .iter()
                .map(|query| score(query, id, document));
            let scores: Vec<f32> = scores.flatten().collect();
            if scores.iter().any(|score| score.is_nan()) {
                return Some(f32::NAN);
            }
            let best = scores.iter().copied().reduce(f32::max)?;
            let sum: f32 = scores.iter().sum();
            Some((best + (sum - best) * clause.tie_breaker) * clause.boost)
        }
        _ => None,
    }
}

fn same(text: &str, value: &str, case_insensitive: bool) -> bool {
    text == value || case_insensitive && text.eq_ignore_ascii_case(value)
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

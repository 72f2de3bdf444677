//! SQL over batches, of which some are empty, gives the values that a call for each document gives.
//!
//! `tests/all/answers` compares those with `whittle call`, a search and the same functions in Rust.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::prelude::{SessionConfig, SessionContext};
use whittle_datafusion::{Functions, Options};
use whittle_host::{Arguments, Document, ExactJson, QueryContext, Udf, Value};

use crate::support::{add_partitions, engine, guest, rows};

const ROWS: usize = 60;

/// The same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64, of Marsaglia.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn maybe<T>(&mut self, of: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(5) > 0).then(|| of(self))
    }
}

#[derive(Debug, Clone)]
struct Row {
    title: Option<String>,
    price: Option<f64>,
    rating: Option<f64>,
    popularity: Option<f64>,
    count: Option<i64>,
    flag: Option<bool>,
    at: Option<i64>,
    until: Option<i64>,
    data: Option<String>,
}

impl Row {
    fn random(random: &mut Random) -> Self {
        let quarter = |random: &mut Random| random.below(320) as f64 / 4.0;
        let instant = |random: &mut Random| 1_700_000_000_000_000 + random.below(1 << 42) as i64;
        Self {
            title: random.maybe(|random| {
                let letters =
                    (0..random.below(5)).map(|_| ['a', 'b', 'ü', '日'][random.below(4) as usize]);
                letters.collect()
            }),
            price: random.maybe(quarter),
            rating: random.maybe(quarter),
            popularity: random.maybe(quarter),
            count: random.maybe(|random| random.below(1 << 60) as i64 - (1 << 59)),
            flag: random.maybe(|random| random.below(2) == 0),
            at: random.maybe(instant),
            until: random.maybe(instant),
            data: random.maybe(|random| format!("{{\"a\":[{},{{\"b\":1.50}}]}}", random.below(3))),
        }
    }

    /// The row as a JSON document, without the fields that are null.
    fn document(&self) -> String {
        let fields = [
            (
                "title",
                self.title.as_ref().map(|title| format!("\"{title}\"")),
            ),
            ("price", self.price.map(|value| format!("{value:?}"))),
            ("rating", self.rating.map(|value| format!("{value:?}"))),
            (
                "popularity",
                self.popularity.map(|value| format!("{value:?}")),
            ),
            ("count", self.count.map(|value| value.to_string())),
            ("flag", self.flag.map(|value| value.to_string())),
            ("at", self.at.map(|value| format!("\"{}\"", instant(value)))),
            (
                "until",
                self.until.map(|value| format!("\"{}\"", instant(value))),
            ),
            ("data", self.data.clone()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?)));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }
}

/// Microseconds since 1970 as documents have them.
fn instant(microseconds: i64) -> String {
    let instant = ScalarValue::TimestampMicrosecond(Some(microseconds), Some("UTC".into()));
    let text = instant.cast_to(&DataType::Utf8).expect("a text");
    text.try_as_str().flatten().expect("a text").to_owned()
}

fn batch(rows: &[Row]) -> RecordBatch {
    fn of<T, A: FromIterator<T> + Array + 'static>(
        rows: &[Row],
        value: impl Fn(&Row) -> T,
    ) -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<A>())
    }
    let columns = [
        ("title", of::<_, StringArray>(rows, |row| row.title.clone())),
        ("price", of::<_, Float64Array>(rows, |row| row.price)),
        ("rating", of::<_, Float64Array>(rows, |row| row.rating)),
        (
            "popularity",
            of::<_, Float64Array>(rows, |row| row.popularity),
        ),
        ("count", of::<_, Int64Array>(rows, |row| row.count)),
        ("flag", of::<_, BooleanArray>(rows, |row| row.flag)),
        ("at", of::<_, TimestampMicrosecondArray>(rows, |row| row.at)),
        (
            "until",
            of::<_, TimestampMicrosecondArray>(rows, |row| row.until),
        ),
        ("data", of::<_, StringArray>(rows, |row| row.data.clone())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .expect("a batch")
}

/// A function, its call in SQL, and the same call for a document.
struct Case {
    languages: &'static [&'static str],
    component: &'static str,
    function: &'static str,
    sql: &'static str,
    params: Vec<(&'static str, Value)>,
}

const ALL: &[&str] = &["assemblyscript", "c", "go", "javascript", "python", "rust"];
const RUST: &[&str] = &["rust"];

fn cases() -> Vec<Case> {
    let text = |text: &str| Value::Text(text.to_owned());
    let json = |text: &str| Value::Json(text.to_owned());
    let read = |function, sql| Case {
        languages: RUST,
        component: "probe",
        function,
        sql,
        params: vec![("field", text(sql))],
    };
    let days = |function, sql| Case {
        languages: RUST,
        component: "business-days",
        function,
        sql,
        params: vec![
            ("start_field", text("at")),
            ("end_field", text("until")),
            ("holidays", text("2024-12-25")),
        ],
    };
    vec![
        Case {
            languages: ALL,
            component: "string-distance",
            function: "string_distance",
            sql: "title, 'abü', max_distance => 1",
            params: vec![
                ("field", text("title")),
                ("target", text("abü")),
                ("max_distance", Value::Int64(1)),
            ],
        },
        Case {
            languages: ALL,
            component: "custom-score",
            function: "custom_score",
            sql: "price_field => price, rating_field => rating, popularity_field => popularity",
            params: vec![],
        },
        Case {
            languages: &["javascript", "python", "rust"],
            component: "column-score",
            function: "custom_score",
            sql: "document => named_struct('price', price, 'rating', rating, 'popularity', popularity)",
            params: vec![],
        },
        Case {
            languages: &["c"],
            component: "geo-distance",
            function: "geo_distance",
            sql: "price, rating, 48.0, 11.0",
            params: vec![
                ("lat_field", text("price")),
                ("lon_field", text("rating")),
                ("lat", Value::Float64(48.0)),
                ("lon", Value::Float64(11.0)),
            ],
        },
        days("business_days", "at, until, '2024-12-25'"),
        days(
            "business_days_between",
            "at, until, holidays => '2024-12-25'",
        ),
        Case {
            languages: &["assemblyscript", "rust"],
            component: "json-path",
            function: "json_path",
            sql: "data, '$.a[0]', 'equals', '1'",
            params: vec![
                ("field", text("data")),
                ("path", text("$.a[0]")),
                ("operator", text("equals")),
                ("value", json("1")),
            ],
        },
        Case {
            languages: &["assemblyscript", "rust"],
            component: "json-path",
            function: "json_nodes",
            sql: "data, '$.a[1].b'",
            params: vec![("field", text("data")), ("path", text("$.a[1].b"))],
        },
        Case {
            languages: RUST,
            component: "regex-extract",
            function: "regex_value",
            sql: "title, '(b+)'",
            params: vec![("field", text("title")), ("pattern", text("(b+)"))],
        },
        Case {
            languages: RUST,
            component: "regex-extract",
            function: "regex_extract",
            sql: "title, '(b+)', equals => 'b'",
            params: vec![
                ("field", text("title")),
                ("pattern", text("(b+)")),
                ("equals", text("b")),
            ],
        },
        Case {
            languages: &["python"],
            component: "logistic-score",
            function: "logistic_score",
            sql: "'{\"intercept\": 0.5, \"numeric\": [{\"field\": \"price\", \"weight\": 0.1}]}', \
                  document => named_struct('price', price)",
            params: vec![(
                "model",
                json(r#"{"intercept": 0.5, "numeric": [{"field": "price", "weight": 0.1}]}"#),
            )],
        },
        Case {
            languages: &["javascript"],
            component: "text-rules",
            function: "text_rules",
            sql: "'[{\"reason\": \"a bee\", \"field\": \"title\", \"contains\": \"b\"}]', \
                  document => named_struct('title', title)",
            params: vec![(
                "rules",
                json(r#"[{"reason": "a bee", "field": "title", "contains": "b"}]"#),
            )],
        },
        read("read_boolean", "flag"),
        read("read_int64", "count"),
        read("read_float64", "price"),
        read("read_text", "title"),
        read("read_timestamp", "at"),
        read("read_json", "data"),
    ]
}

/// What each document gives by itself, in an instance of its own.
fn called(udf: &Udf, case: &Case, rows: &[Row]) -> Vec<Value> {
    let arguments = case
        .params
        .iter()
        .fold(Arguments::new(), |arguments, (name, value)| {
            arguments.with(*name, value.clone())
        });
    let query = QueryContext::new(Options::default().budget);
    let mut bound = udf.bind(case.function, &arguments, &query).expect("bound");
    let values = rows.iter().map(|row| {
        let source = ExactJson::parse(row.document().as_bytes()).expect("JSON");
        let document = Document {
            id: "",
            source: &source,
            score: None,
        };
        bound.evaluate_document(document).expect("evaluated")
    });
    values.collect()
}

/// What SQL gives (a function reads JSON as it is written in the column, so it has no spaces here): over partitions of batches, of which some are empty.
async fn selected(udf: &Udf, case: &Case, rows_of: &[Row]) -> Vec<Value> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let functions = Functions::new(&context, Options::default());
    functions
        .create(case.function, udf, false)
        .expect("created");
    let (first, second) = rows_of.split_at(rows_of.len() / 3);
    let batches = vec![vec![batch(first), batch(&[]), batch(second)]];
    add_partitions(&context, "documents", batches);
    let sql = format!(
        "SELECT {}({}) AS value FROM documents",
        case.function, case.sql
    );
    let found = rows(&functions, &sql).await.expect("selected");
    let values = found.iter().flat_map(|batch| {
        let column = batch.column(0);
        (0..column.len()).map(|row| {
            value(
                &ScalarValue::try_from_array(column, row).expect("a value"),
                case,
            )
        })
    });
    values.collect()
}

fn value(found: &ScalarValue, case: &Case) -> Value {
    match found {
        value if value.is_null() => Value::Null,
        ScalarValue::Boolean(Some(value)) => Value::Boolean(*value),
        ScalarValue::Int64(Some(value)) => Value::Int64(*value),
        ScalarValue::Float64(Some(value)) => Value::Float64(*value),
        ScalarValue::TimestampMicrosecond(Some(value), _) => Value::Timestamp(*value),
        ScalarValue::Utf8(Some(text)) if matches!(case.function, "read_json" | "json_nodes") => {
            Value::Json(text.clone())
        }
        ScalarValue::Utf8(Some(text)) => Value::Text(text.clone()),
        other => panic!("{}: {other:?}", case.function),
    }
}

#[tokio::test]
async fn sql_gives_the_values_of_single_calls() {
    let mut random = Random(7);
    let documents: Vec<Row> = (0..ROWS).map(|_| Row::random(&mut random)).collect();
    for case in cases() {
        for language in case.languages {
            let what = format!("{language}: {} of {}", case.function, case.component);
            let component = guest(language, case.component);
            let udf = Udf::new(engine(), &component).expect("a component");
            let single = called(&udf, &case, &documents);
            assert!(single.iter().any(|value| *value != Value::Null), "{what}");
            assert_eq!(selected(&udf, &case, &documents).await, single, "{what}");
            assert_eq!(selected(&udf, &case, &[]).await, [], "{what}");
        }
    }
}

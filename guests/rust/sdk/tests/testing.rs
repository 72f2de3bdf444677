//! Fake documents, which must be read and checked as the host does it.

use whittle_guest::testing::{Document, Query};
use whittle_guest::{
    Batch, Error, Field, Json, Parameters, Timestamp, document, export, udf, warn,
};

macro_rules! readers {
    ($($name:ident: $kind:ty => $value:ty;)*) => {
        $(
            /// The field's value.
            #[derive(Parameters)]
            struct $name {
                /// The field.
                field: Field<$kind>,
            }

            #[udf]
            impl $name {
                fn value(&self) -> Option<$value> {
                    assert_eq!(self.field.has(), self.field.get().is_some());
                    self.field.get()
                }
            }
        )*
    };
}

readers! {
    Boolean: bool => bool;
    Int64: i64 => i64;
    Float64: f64 => f64;
    Text: str => String;
    Instant: Timestamp => Timestamp;
    AsJson: Json => Json;
}

/// Each parameter.
#[derive(Parameters)]
struct Given {
    /// A text.
    text: Option<String>,
    #[parameter(default = 2)]
    int: u32,
    float: Option<f64>,
    since: Option<Timestamp>,
    json: Option<Json>,
}

#[udf]
impl Given {
    fn value(&self) -> String {
        format!(
            "{:?} {} {:?} {:?} {:?}",
            self.text, self.int, self.float, self.since, self.json
        )
    }
}

/// The rest of a whole document, with failures.
#[derive(Parameters)]
struct Label {
    #[parameter(default = "title")]
    title: Field<str>,
    required: bool,
}

#[udf]
impl Label {
    fn value(&self) -> Result<Option<String>, Error> {
        if !self.title.has() {
            warn!("{} has no title", document::id());
            return if self.required {
                Err("no title".into())
            } else {
                Ok(None)
            };
        }
        let label = |title: &str| format!("{}: {title} ({})", document::id(), document::score());
        Ok(self.title.with(label))
    }
}

/// A text that is no JSON, for some documents.
#[derive(Parameters)]
struct Broken {
    field: Field<str>,
}

#[udf]
impl Broken {
    fn value(&self) -> Option<Json> {
        self.field.get().map(Json)
    }
}

/// Whole columns, with an error in the second row.
#[derive(Parameters)]
struct Twice {
    number: Field<i64>,
    #[parameter(default = false)]
    wrong: bool,
}

#[udf]
impl Twice {
    fn score(&self) -> Option<i64> {
        Some(self.number.get()? * 2)
    }

    fn batch(&self, batch: &Batch<'_>) -> Vec<Option<i64>> {
        let numbers = batch.values(&self.number);
        let factor = if self.wrong { 3 } else { 2 };
        numbers
            .iter()
            .map(|number| Some(number? * factor))
            .collect()
    }
}

/// Whole columns alone.
#[derive(Parameters)]
struct Lengths {
    text: Field<str>,
}

#[udf]
impl Lengths {
    fn batch(&self, batch: &Batch<'_>) -> Vec<f64> {
        let (texts, scores) = (batch.texts(&self.text), batch.scores());
        let rows = batch.rows();
        rows.map(|row| texts.get(row).map_or(0.0, |text| text.len() as f64) * scores[row])
            .collect()
    }
}

/// What the contract forbids.
#[derive(Parameters)]
struct Misuse {
    #[parameter(default = "a")]
    field: Field<i64>,
    early: bool,
    #[parameter(skip)]
    unresolved: Field<i64>,
}

#[udf]
impl Misuse {
    fn prepare(&mut self) -> Result<(), Error> {
        if self.early {
            self.field.or(0);
        }
        Ok(())
    }

    fn score(&self) -> i64 {
        self.unresolved.or(1)
    }
}

export!(
    Boolean, Int64, Float64, Text, Instant, AsJson, Given, Label, Broken, Twice, Lengths, Misuse
);

macro_rules! read {
    ($reader:ty, $document:expr, $path:expr) => {
        Query::of::<$reader>()
            .parameter("field", $path)
            .bind()
            .expect("bound")
            .evaluate(&$document)
            .expect("no failure")
    };
}

#[test]
fn a_value_is_read_as_its_kind_only() {
    let document = Document::new()
        .field("flag", true)
        .field("int", 10)
        .field("float", 10.0)
        .field("text", "10")
        .field("since", Timestamp(1))
        .field("iso", "2024-02-29T12:30:00.25Z")
        .field("null", None::<bool>);
    let mut table = String::new();
    for path in [
        "flag", "int", "float", "text", "since", "iso", "null", "none",
    ] {
        table += &format!(
            "{path}: {:?} {:?} {:?} {:?} {:?} {:?}\n",
            read!(Boolean, document, path),
            read!(Int64, document, path),
            read!(Float64, document, path),
            read!(Text, document, path),
            read!(Instant, document, path).map(|instant| instant.0),
            read!(AsJson, document, path).map(|json| json.0),
        );
    }
    assert_eq!(
        table,
        r#"flag: Some(true) None None None None Some("true")
int: None Some(10) Some(10.0) None None Some("10")
float: None None Some(10.0) None None Some("10.0")
text: None None None Some("10") None Some("\"10\"")
since: None None None None Some(1) Some("\"1970-01-01T00:00:00.000001Z\"")
iso: None None None None Some(1709209800250000) Some("\"2024-02-29T12:30:00.25Z\"")
null: None None None None None None
none: None None None None None None
"#
    );
}

#[test]
fn several_values_give_the_first_and_json_gives_all() {
    let document = Document::from_json(r#"{"a": [null, [2], 3], "b": [{"c": 1}, {}, {"c": 2}]}"#)
        .field("dates", [None, Some(Timestamp(5)), Some(Timestamp(6))]);
    assert_eq!(read!(Int64, document, "a"), Some(2));
    assert_eq!(
        read!(AsJson, document, "a"),
        Some(Json("[null,[2],3]".to_owned()))
    );
    assert_eq!(read!(Int64, document, "b.c"), Some(1));
    assert_eq!(
        read!(AsJson, document, "b.c"),
        Some(Json("[1,2]".to_owned()))
    );
    assert_eq!(read!(Instant, document, "dates"), Some(Timestamp(5)));
}

#[test]
fn of_a_nested_key_and_one_with_dots_the_first_counts() {
    let nested = Json(r#"{"b": 2, "c": 3, "d.e": 4}"#.to_owned());
    let document = Document::new().field("a", nested).field("a.b", 1);
    assert_eq!(read!(Int64, document, "a.b"), Some(2));
    assert_eq!(read!(AsJson, document, "a.b"), Some(Json("1".to_owned())));
    assert_eq!(read!(Int64, document, "a.c"), Some(3));
    assert_eq!(read!(Int64, document, "a.d.e"), Some(4));
    assert_eq!(read!(Int64, document, "a.x"), None);
}

#[test]
fn arguments_are_converted_to_the_kinds_of_their_parameters() {
    let query = Query::of::<Given>()
        .parameter("text", "a")
        .parameter("float", 3)
        .parameter("since", "1970-01-01T00:00:01Z")
        .parameter("json", [1, 2]);
    let function = query.bind().expect("bound");
    assert_eq!(
        function.evaluate(&Document::new()),
        Ok(Some(
            r#"Some("a") 2 Some(3.0) Some(Timestamp(1000000)) Some(Json("[1,2]"))"#.to_owned()
        ))
    );
}

#[test]
fn refuses_wrong_arguments_in_the_words_of_the_host() {
    let refused = |query: Query<Given>| query.bind().expect_err("it is refused");
    let query = Query::of::<Given>();
    let errors = [
        refused(query.parameter("txt", "a")),
        refused(query.parameter("text", 3)),
        refused(query.parameter("int", 2.5)),
        refused(query.parameter("int", -1)),
        refused(query.parameter("since", "soon")),
        Query::of::<Label>().bind().expect_err("it is refused"),
    ];
    assert_eq!(
        errors.join("\n"),
        "function `given`: unknown parameter `txt`: did you mean `text`?\n\
         function `given`: parameter `text` is text, but 3 was given\n\
         function `given`: parameter `int` is int64, but 2.5 was given\n\
         function `given` refused its arguments: \"parameter `int` must be between 0 and 4294967295, not -1\"\n\
         function `given`: parameter `since` is timestamp, but the string \"soon\" was given\n\
         function `label`: missing parameter `required` (boolean): "
    );
}

#[test]
fn a_function_sees_the_id_and_the_score_and_logs() {
    let query = Query::of::<Label>().parameter("required", false);
    let function = query.bind().expect("bound");
    let films = [
        Document::new().field("title", "Alien").score(2.5),
        Document::new().id("b"),
        Document::new().field("title", ""),
    ];
    let labels = function.evaluate_all(&films);
    let text = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(labels, [text("0: Alien (2.5)"), Ok(None), text("2:  (1)")]);
    assert_eq!(function.logs(), ["warn: b has no title"]);
    assert!(function.logs().is_empty());
}

#[test]
fn an_error_is_that_of_its_document() {
    let strict = Query::of::<Label>()
        .parameter("required", true)
        .bind()
        .expect("bound");
    let results = strict.evaluate_all(&[Document::new(), Document::new().field("title", "a")]);
    assert_eq!(results[0], Err(Error::failed("no title")));
    assert!(results[1].is_ok());
    let broken = Query::of::<Broken>()
        .parameter("field", "a")
        .bind()
        .expect("bound");
    assert_eq!(
        broken.evaluate(&Document::new().field("a", "{")),
        Err(Error::failed("returned a text that is not JSON: \"{\""))
    );
}

#[test]
fn functions_of_whole_columns_run_too() {
    let function = Query::of::<Lengths>()
        .parameter("text", "title")
        .bind()
        .expect("bound");
    let films = [
        Document::new().field("title", "Alien").score(2.0),
        Document::new(),
    ];
    assert_eq!(
        function.evaluate_all(&films),
        [Ok(Some(10.0)), Ok(Some(0.0))]
    );
}

#[test]
#[should_panic(
    expected = "document `0` gives Ok(Some(2)) alone, but Ok(Some(3)) in a batch: both must be the same"
)]
fn a_batch_must_give_what_single_documents_give() {
    let query = Query::of::<Twice>().parameter("number", "n");
    let document = Document::new().field("n", 1);
    let right = query.bind().expect("bound");
    assert_eq!(right.evaluate(&document), Ok(Some(2)));
    let wrong = query.parameter("wrong", true).bind().expect("bound");
    wrong.evaluate(&document).expect("it panics before");
}

#[test]
fn two_functions_may_be_bound_at_once() {
    let first = Query::of::<Int64>()
        .parameter("field", "a")
        .bind()
        .expect("bound");
    let second = Query::of::<Int64>()
        .parameter("field", "b")
        .bind()
        .expect("bound");
    let document = Document::new().field("a", 1).field("b", 2);
    assert_eq!(first.evaluate(&document), Ok(Some(1)));
    assert_eq!(second.evaluate(&document), Ok(Some(2)));
    drop(second);
    let third = Query::of::<Text>()
        .parameter("field", "b")
        .bind()
        .expect("bound");
    assert_eq!(third.evaluate(&document), Ok(None));
    assert_eq!(first.evaluate(&document), Ok(Some(1)));
}

#[test]
#[should_panic(
    expected = "the guest broke the contract: it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters"
)]
fn a_document_cannot_be_read_in_prepare() {
    let _ = Query::of::<Misuse>().parameter("early", true).bind();
}

#[test]
#[should_panic(
    expected = "the guest broke the contract: it read the field handle 4294967295, which no lookup returned: look up the field in `prepare`"
)]
fn a_field_must_be_resolved() {
    let function = Query::of::<Misuse>()
        .parameter("early", false)
        .bind()
        .expect("bound");
    let _ = function.evaluate(&Document::new());
}

#[test]
#[should_panic(
    expected = "the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document"
)]
fn a_field_is_resolved_in_prepare_only() {
    Field::<i64>::named("a");
}

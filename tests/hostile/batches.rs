//! Guests that take whole batches, and give results that do not fit, name rows that do not exist,
//! or end in the middle.

use serde_json::json;
use whittle_host::{OnError, QueryContext, Udf};
use whittle_tests::{ByHand, arguments, told};

use crate::attack::{HOSTS, documents, without_measure};
use crate::outcome::{milliseconds, table};

const IMPORTS: &str = r#"
    (import "whittle:batch/results@0.2.0" "watch" (func $watch (param i32 i32)))
    (import "whittle:batch/results@0.2.0" "at" (func $at (param i32)))
    (import "whittle:batch/results@0.2.0" "fail" (func $fail (param i32 i32 i32 i32)))
    (import "whittle:batch/results@0.2.0" "wrong-kind" (func $wrong-kind (param i32 i32)))
    (import "whittle:batch/results@0.2.0" "put"
      (func $put (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "whittle:udf/document@0.1.0" "score" (func $score (result f64)))"#;

/// Where the guest keeps its row, three float64s of 0, and the text of its errors.
const ROW: u32 = 4000;
const ZEROS: u32 = 4096;

/// A guest whose `bind` watches the row, and whose `evaluate` of a batch is a body.
struct Batch<'a> {
    bind: &'a str,
    evaluate: &'a str,
    /// Bytes at `8192`.
    data: &'a str,
    returns: u8,
    on_error: OnError,
}

impl Default for Batch<'_> {
    fn default() -> Self {
        Self {
            bind: "(call $watch (i32.const 4000) (i32.const 1))",
            evaluate: "",
            data: "",
            returns: 2,
            on_error: OnError::Fail,
        }
    }
}

impl Batch<'_> {
    /// What it leads to: its values, or its error. A good query comes after it.
    fn end(&self) -> String {
        let module = format!(
            r#"(memory (export "memory") 1)
               (data (i32.const 8192) "{}")
               (func (export "whittle:batch/functions@0.2.0#evaluate")
                 (param i32 i32 i32 i32 i32 i32) {})"#,
            self.data, self.evaluate
        );
        let bind = format!("{} (i32.const 256)", self.bind);
        let component = ByHand {
            imports: IMPORTS,
            module: &module,
            bind: &bind,
            returns: self.returns,
            ..ByHand::default()
        }
        .component();
        // A host that evaluates documents one by one never enters a batch.
        let [host, _] = &*HOSTS;
        let run = || -> Result<String, String> {
            let udf = Udf::new(&host.engine, &component).map_err(|error| told(&error))?;
            assert!(udf.takes_batches());
            let query = QueryContext::new(milliseconds(300));
            let bound = udf.bind("f", &arguments(&json!({})), &query);
            let mut bound = bound.map_err(|error| told(&error))?;
            bound.set_on_error(self.on_error);
            let evaluated = bound.evaluate_rows(&documents());
            let evaluated = evaluated.map_err(|error| told(&error))?;
            let values = format!("{:?}", evaluated.values);
            let values: Vec<&str> = values.lines().map(str::trim).collect();
            let values = values[2..].concat();
            let values = values.trim_end_matches(",]").replace(',', ", ");
            let errors = evaluated.error_samples.iter();
            let errors = errors.map(|error| format!("; `{}`: {}", error.document, error.message));
            Ok(values + &errors.collect::<String>())
        };
        let end = run().unwrap_or_else(|error| without_measure(&error));
        host.assert_works();
        end
    }
}

/// Gives results: validity and offsets as an address and a length, if any.
fn put(validity: Option<(u32, u32)>, values: (u32, u32), offsets: Option<(u32, u32)>) -> String {
    let option = |list: Option<(u32, u32)>| {
        let (address, length) = list.unwrap_or_default();
        let tag = u8::from(list.is_some());
        format!("(i32.const {tag}) (i32.const {address}) (i32.const {length})")
    };
    let (address, length) = values;
    let (validity, offsets) = (option(validity), option(offsets));
    format!("(call $put {validity} (i32.const {address}) (i32.const {length}) {offsets})")
}

#[test]
fn results_fit_the_rows_and_the_kind() {
    let numbers = |evaluate: String| {
        Batch {
            evaluate: &evaluate,
            data: "\\01\\00\\01\\02",
            ..Batch::default()
        }
        .end()
    };
    let all = (ZEROS, 24);
    let flags = |length| Some((8192, length));
    let rows = |length| put(None, (ZEROS, length), None);
    let ends = [
        ("all", numbers(rows(24))),
        ("none", numbers(String::new())),
        ("two of three", numbers(rows(16))),
        ("one, then two", numbers(rows(8) + &rows(16))),
        ("four", numbers(rows(32))),
        ("twice", numbers(rows(24) + &rows(24))),
        ("not whole", numbers(rows(23))),
        ("outside", numbers(put(None, (65_530, 24), None))),
        ("with nulls", numbers(put(flags(3), all, None))),
        ("short validity", numbers(put(flags(2), all, None))),
        ("long validity", numbers(put(flags(4), all, None))),
        ("odd validity", numbers(put(Some((8193, 3)), all, None))),
        ("with offsets", numbers(put(None, all, Some((ZEROS, 16))))),
    ];
    insta::assert_snapshot!(table(ends), @r#"
    all: 0.0, 0.0, 0.0
    none: function `f` was stopped at document `0`: the guest broke the contract: it gave results for 0 of 3 rows
    two of three: function `f` was stopped at document `0`: the guest broke the contract: it gave results for 2 of 3 rows
    one, then two: 0.0, 0.0, 0.0
    four: function `f` was stopped at document `0`: the guest broke the contract: it gave 32 bytes of values for 3 rows of float64, with 8 for each
    twice: function `f` was stopped at document `0`: the guest broke the contract: it called `put` outside of a batch
    not whole: function `f` was stopped at document `0`: the guest broke the contract: it gave 23 bytes of values for 3 rows of float64, with 8 for each
    outside: function `f` was stopped at document `0`: the guest broke the contract: list pointer/length out of bounds of memory
    with nulls: 0.0, null, 0.0
    short validity: function `f` was stopped at document `0`: the guest broke the contract: it gave 2 bytes of validity for 3 rows
    long validity: function `f` was stopped at document `0`: the guest broke the contract: it gave 4 bytes of validity for 3 rows
    odd validity: function `f` was stopped at document `0`: the guest broke the contract: the validity that it gave for row 2 is 2, neither 0 nor 1
    with offsets: function `f` was stopped at document `0`: the guest broke the contract: it gave results of float64 with offsets
    "#);
}

#[test]
fn booleans_are_zero_or_one() {
    let booleans = |data| {
        Batch {
            evaluate: &put(None, (8192, 3), None),
            data,
            returns: 0,
            ..Batch::default()
        }
        .end()
    };
    let ends = [
        ("good", booleans("\\00\\01\\00")),
        ("two", booleans("\\00\\01\\02")),
    ];
    insta::assert_snapshot!(table(ends), @r#"
    good: false, true, false
    two: function `f` was stopped at document `0`: the guest broke the contract: the value that it gave for row 2 is 2, neither 0 nor 1
    "#);
}

#[test]
fn texts_lie_one_after_the_other_and_are_utf_8() {
    // Four offsets, and then a text of five bytes, of which the last two are no text.
    let texts = |offsets: [u8; 4], bytes: u32, validity: Option<(u32, u32)>, length: u32| {
        let data = offsets.map(|offset| format!("\\{offset:02x}\\00\\00\\00"));
        Batch {
            evaluate: &put(validity, (8208, bytes), Some((8192, length))),
            data: &format!("{}abc\\ff\\fe\\01\\00\\01", data.concat()),
            returns: 3,
            ..Batch::default()
        }
        .end()
    };
    let missing = Batch {
        evaluate: &put(None, (8208, 3), None),
        returns: 3,
        ..Batch::default()
    };
    let ends = [
        ("good", texts([0, 1, 1, 3], 3, None, 16)),
        ("two of three", texts([0, 1, 1, 3], 3, None, 12)),
        ("none", texts([0, 1, 1, 3], 3, None, 0)),
        ("four", texts([0, 1, 1, 3], 3, None, 20)),
        ("no offsets", missing.end()),
        ("backwards", texts([0, 2, 1, 3], 3, None, 16)),
        ("beyond the end", texts([0, 1, 2, 4], 3, None, 16)),
        ("not UTF-8", texts([0, 1, 2, 5], 5, None, 16)),
        (
            "null where it is not",
            texts([0, 2, 5, 5], 5, Some((8213, 3)), 16),
        ),
    ];
    insta::assert_snapshot!(table(ends), @r#"
    good: "a", "", "bc"
    two of three: function `f` was stopped at document `0`: the guest broke the contract: it gave results for 2 of 3 rows
    none: function `f` was stopped at document `0`: the guest broke the contract: it gave 0 bytes of offsets: too few for one
    four: function `f` was stopped at document `0`: the guest broke the contract: it gave 16 bytes of offsets for 3 rows of text, with 4 for each
    no offsets: function `f` was stopped at document `0`: the guest broke the contract: it gave results of text without offsets
    backwards: function `f` was stopped at document `1`: the guest broke the contract: the text that it gave for row 1 is at the bytes 2 to 1 of 3
    beyond the end: function `f` was stopped at document `2`: the guest broke the contract: the text that it gave for row 2 is at the bytes 2 to 4 of 3
    not UTF-8: function `f` was stopped at document `2`: the guest broke the contract: the text that it gave for row 2 is not UTF-8: invalid utf-8 sequence of 1 bytes from index 1
    null where it is not: "ab", null, ""
    "#);
}

#[test]
fn a_row_is_one_of_the_batch() {
    let batch = |evaluate: &str| {
        Batch {
            evaluate,
            ..Batch::default()
        }
        .end()
    };
    let at =
        |row: i32, body: &str| format!("(i32.store (i32.const {ROW}) (i32.const {row})) {body}");
    let results = put(None, (ZEROS, 24), None);
    let read = "(drop (call $score))";
    let fail =
        |row| format!("(call $fail (i32.const {row}) (i32.const 1) (i32.const 0) (i32.const 7))");
    let ends = [
        ("reads at 2", batch(&at(2, &format!("{read} {results}")))),
        ("reads at 3", batch(&at(3, read))),
        ("reads at -1", batch(&at(-1, read))),
        ("traps at 1", batch(&at(1, "unreachable"))),
        ("traps at 3", batch(&at(3, "unreachable"))),
        ("loops at 1", batch(&at(1, "(loop $forever (br $forever))"))),
        ("says it is at 3", batch("(call $at (i32.const 3))")),
        ("fails at 1", batch(&fail(1))),
        ("fails at 3", batch(&fail(3))),
        (
            "wrong at 2",
            batch("(call $wrong-kind (i32.const 2) (i32.const 3))"),
        ),
        (
            "wrong at 3",
            batch("(call $wrong-kind (i32.const 3) (i32.const 3))"),
        ),
        (
            "traps after its results",
            batch(&at(1, &format!("{results} unreachable"))),
        ),
        (
            "reads after its results",
            batch(&at(7, &format!("{results} {read}"))),
        ),
    ];
    insta::assert_snapshot!(table(ends), @r#"
    reads at 2: 0.0, 0.0, 0.0
    reads at 3: function `f` was stopped at document `2`: the guest broke the contract: it named the row 3 in a batch of 3 rows
    reads at -1: function `f` was stopped at document `2`: the guest broke the contract: it named the row 4294967295 in a batch of 3 rows
    traps at 1: function `f` was stopped at document `1`: the guest trapped: wasm `unreachable` instruction executed
    traps at 3: function `f` was stopped at document `2`: the guest trapped: wasm `unreachable` instruction executed
    loops at 1: function `f` was stopped at document `1`: the time limit of 300 ms is over
    says it is at 3: function `f` was stopped at document `0`: the guest broke the contract: it named the row 3 in a batch of 3 rows
    fails at 1: function `f` failed for document `1`: "by-hand"
    fails at 3: function `f` was stopped at document `0`: the guest broke the contract: it named the row 3 in a batch of 3 rows
    wrong at 2: function `f` failed for document `2`: declared float64, but returned text
    wrong at 3: function `f` was stopped at document `0`: the guest broke the contract: it named the row 3 in a batch of 3 rows
    traps after its results: function `f` was stopped at document `1`: the guest trapped: wasm `unreachable` instruction executed
    reads after its results: function `f` was stopped at document `2`: the guest broke the contract: it named the row 7 in a batch of 3 rows
    "#);
    let skipped = Batch {
        evaluate: &format!("{} {results}", fail(1)),
        on_error: OnError::Skip,
        ..Batch::default()
    };
    insta::assert_snapshot!(skipped.end(), @r#"0.0, null, 0.0; `1`: "by-hand""#);
}

#[test]
fn functions_for_batches_are_called_in_batches() {
    let bind = |bind: &str| {
        Batch {
            bind,
            evaluate: &put(None, (ZEROS, 24), None),
            ..Batch::default()
        }
        .end()
    };
    let results = put(None, (ZEROS, 24), None);
    let late = Batch {
        evaluate: "(call $watch (i32.const 4000) (i32.const 1))",
        ..Batch::default()
    };
    let unwatched = Batch {
        bind: "",
        evaluate: "(call $at (i32.const 1)) unreachable",
        ..Batch::default()
    };
    let ends = [
        (
            "no row",
            bind("(call $watch (i32.const 4000) (i32.const 0))"),
        ),
        (
            "two rows",
            bind("(call $watch (i32.const 4000) (i32.const 2))"),
        ),
        (
            "not aligned",
            bind("(call $watch (i32.const 4001) (i32.const 1))"),
        ),
        (
            "a row outside",
            bind("(call $watch (i32.const 65536) (i32.const 1))"),
        ),
        ("watch in a batch", late.end()),
        ("put in bind", bind(&results)),
        ("at in bind", bind("(call $at (i32.const 0))")),
        (
            "fail in bind",
            bind("(call $fail (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 7))"),
        ),
        ("says where it is", unwatched.end()),
    ];
    insta::assert_snapshot!(table(ends), @r#"
    no row: function `f` could not be bound: the guest broke the contract: it keeps its row in 0 numbers
    two rows: function `f` could not be bound: the guest broke the contract: it keeps its row in 2 numbers
    not aligned: function `f` could not be bound: the guest broke the contract: list pointer is not aligned
    a row outside: function `f` could not be bound: the guest broke the contract: list pointer/length out of bounds of memory
    watch in a batch: function `f` was stopped at document `0`: the guest broke the contract: it called `watch` outside `bind`
    put in bind: function `f` could not be bound: the guest broke the contract: it called `put` outside of a batch
    at in bind: function `f` could not be bound: the guest broke the contract: it called `at` outside of a batch
    fail in bind: function `f` could not be bound: the guest broke the contract: it called `fail` outside of a batch
    says where it is: function `f` was stopped at document `1`: the guest trapped: wasm `unreachable` instruction executed
    "#);
}

//! It hands over pointers, lengths, texts and numbers of cases that are none.

use serde_json::json;
use whittle_host::Budget;
use whittle_tests::ByHand;

use crate::outcome::{by_hand, component_within, table};

/// Leaves the text result at a pointer, of a length.
fn text_at(pointer: u32, length: u32) -> String {
    format!(
        "(i32.store8 (i32.const 520) (i32.const 4)) \
         (i32.store (i32.const 528) (i32.const {pointer})) \
         (i32.store (i32.const 532) (i32.const {length})) (i32.const 512)"
    )
}

/// Leaves the error `failed` with the text at a pointer, of a length.
fn error_at(pointer: u32, length: u32) -> String {
    format!(
        "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 520) (i32.const 1)) \
         (i32.store (i32.const 524) (i32.const {pointer})) \
         (i32.store (i32.const 528) (i32.const {length})) (i32.const 512)"
    )
}

/// Texts by pointer and length; the guest's memory is one page.
const TEXTS: [(u32, u32); 11] = [
    (0, 0),
    (0, 7),
    (65_535, 1),
    (65_536, 0),
    (65_536, 1),
    (65_535, 2),
    (0, u32::MAX),
    (1, u32::MAX),
    (u32::MAX, 0),
    (u32::MAX, 1),
    (u32::MAX, u32::MAX),
];

#[test]
fn a_text_outside_the_memory_ends_the_query() {
    let results = TEXTS.map(|(pointer, length)| {
        let guest = ByHand {
            evaluate: &text_at(pointer, length),
            returns: 3,
            ..ByHand::default()
        };
        (format!("{length} bytes at {pointer}"), by_hand(&guest))
    });
    insta::assert_snapshot!(table(results), @r#"
    0 bytes at 0: ["", "", ""]
    7 bytes at 0: ["by-hand", "by-hand", "by-hand"]
    1 bytes at 65535: ["\0", "\0", "\0"]
    0 bytes at 65536: ["", "", ""]
    1 bytes at 65536: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    2 bytes at 65535: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 0: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 1: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    0 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    1 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    "#);
    let errors = TEXTS.map(|(pointer, length)| {
        let guest = ByHand {
            evaluate: &error_at(pointer, length),
            ..ByHand::default()
        };
        (format!("{length} bytes at {pointer}"), by_hand(&guest))
    });
    insta::assert_snapshot!(table(errors), @r#"
    0 bytes at 0: function `f` failed for document `0`: ""
    7 bytes at 0: function `f` failed for document `0`: "by-hand"
    1 bytes at 65535: function `f` failed for document `0`: "�"
    0 bytes at 65536: function `f` failed for document `0`: ""
    1 bytes at 65536: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    2 bytes at 65535: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 0: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 1: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    0 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    1 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    "#);
    let refusals = TEXTS.map(|(pointer, length)| {
        let bind = format!(
            "(i32.store8 (i32.const 256) (i32.const 1)) \
             (i32.store (i32.const 264) (i32.const {pointer})) \
             (i32.store (i32.const 268) (i32.const {length})) (i32.const 256)"
        );
        let guest = ByHand {
            bind: &bind,
            ..ByHand::default()
        };
        (format!("{length} bytes at {pointer}"), by_hand(&guest))
    });
    insta::assert_snapshot!(table(refusals), @r#"
    0 bytes at 0: function `f` refused its arguments: ""
    7 bytes at 0: function `f` refused its arguments: "by-hand"
    1 bytes at 65535: function `f` refused its arguments: "�"
    0 bytes at 65536: function `f` refused its arguments: ""
    1 bytes at 65536: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    2 bytes at 65535: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 0: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 1: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    0 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    1 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    "#);
}

#[test]
fn a_text_that_is_no_utf8_ends_the_query() {
    let texts = [
        ("a byte that never stands there", r"\ff"),
        ("a continuation alone", r"\80"),
        ("an encoding that is too long", r"\c0\80"),
        ("half of a surrogate pair", r"\ed\a0\80"),
        ("beyond the last character", r"\f4\90\80\80"),
        ("a sequence that is cut", r"abc\f0\9f\98"),
    ];
    let ends = texts.map(|(name, text)| {
        let bytes = text.matches('\\').count() + if text.starts_with("abc") { 3 } else { 0 };
        let module = format!(r#"(memory (export "memory") 1) (data (i32.const 4096) "{text}")"#);
        let result = by_hand(&ByHand {
            module: &module,
            evaluate: &text_at(4096, bytes as u32),
            returns: 3,
            ..ByHand::default()
        });
        let error = by_hand(&ByHand {
            module: &module,
            evaluate: &error_at(4096, bytes as u32),
            ..ByHand::default()
        });
        (name, format!("\nresult: {result}\nerror: {error}"))
    });
    insta::assert_snapshot!(table(ends), @r"
    a byte that never stands there:
      result: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
      error: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
    a continuation alone:
      result: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
      error: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
    an encoding that is too long:
      result: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
      error: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
    half of a surrogate pair:
      result: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
      error: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
    beyond the last character:
      result: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
      error: function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0
    a sequence that is cut:
      result: function `f` was stopped at document `0`: the guest broke the contract: incomplete utf-8 byte sequence from index 3
      error: function `f` was stopped at document `0`: the guest broke the contract: incomplete utf-8 byte sequence from index 3
    ");
}

#[test]
fn a_case_that_the_contract_does_not_have_ends_the_query() {
    let store = |address: u32, value: u32| {
        format!("(i32.store8 (i32.const {address}) (i32.const {value})) (i32.const 512)")
    };
    let in_error = |value: u32| {
        format!(
            "(i32.store8 (i32.const 512) (i32.const 1)) {}",
            store(520, value)
        )
    };
    let boolean = |value: u32| {
        format!(
            "(i32.store8 (i32.const 520) (i32.const 1)) {}",
            store(528, value)
        )
    };
    let evaluate = |evaluate: &str, returns| {
        by_hand(&ByHand {
            evaluate,
            returns,
            ..ByHand::default()
        })
    };
    let bind = |value: u32| {
        by_hand(&ByHand {
            bind: &format!("(i32.store8 (i32.const 256) (i32.const {value})) (i32.const 256)"),
            ..ByHand::default()
        })
    };
    let ends = [
        ("result 2", evaluate(&store(512, 2), 2)),
        ("result 255", evaluate(&store(512, 255), 2)),
        ("value 7", evaluate(&store(520, 7), 2)),
        ("value 255", evaluate(&store(520, 255), 2)),
        ("error 2", evaluate(&in_error(2), 2)),
        ("error 255", evaluate(&in_error(255), 2)),
        // Any number but 0 is true, the canonical ABI says.
        ("boolean 2", evaluate(&boolean(2), 0)),
        ("boolean 255", evaluate(&boolean(255), 0)),
        ("result 2 of bind", bind(2)),
        (
            "kind 6 of the function",
            by_hand(&ByHand {
                returns: 6,
                ..ByHand::default()
            }),
        ),
        (
            "kind 255 of the function",
            by_hand(&ByHand {
                returns: 255,
                ..ByHand::default()
            }),
        ),
    ];
    insta::assert_snapshot!(table(ends), @r"
    result 2: function `f` was stopped at document `0`: the guest broke the contract: invalid expected discriminant
    result 255: function `f` was stopped at document `0`: the guest broke the contract: invalid expected discriminant
    value 7: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 7
    value 255: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 255
    error 2: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 2
    error 255: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 255
    boolean 2: [true, true, true]
    boolean 255: [true, true, true]
    result 2 of bind: function `f` could not be bound: the guest broke the contract: invalid expected discriminant
    kind 6 of the function: not registered: the component could not be described: the guest broke the contract: unexpected discriminant: 6
    kind 255 of the function: not registered: the component could not be described: the guest broke the contract: unexpected discriminant: 255
    ");
}

#[test]
fn a_result_at_an_address_outside_the_memory_or_unaligned_ends_the_query() {
    let addresses = [0, 513, 516, 65_512, 65_520, 65_536, u32::MAX - 7, u32::MAX];
    let ends = addresses.map(|address| {
        let address_text = format!("(i32.const {address})");
        let guest = |describe: bool, bind: bool, evaluate: bool| {
            let good = ByHand::default();
            by_hand(&ByHand {
                describe: if describe {
                    &address_text
                } else {
                    good.describe
                },
                bind: if bind { &address_text } else { good.bind },
                evaluate: if evaluate {
                    &address_text
                } else {
                    good.evaluate
                },
                ..good
            })
        };
        let ends = [
            ("describe", guest(true, false, false)),
            ("bind", guest(false, true, false)),
            ("evaluate", guest(false, false, true)),
        ];
        (address.to_string(), format!("\n{}", table(ends)))
    });
    insta::assert_snapshot!(table(ends), @r"
    0:
      describe: not registered: the component could not be described: the guest broke the contract: string pointer/length out of bounds of memory
      bind: function `f` could not be bound: the guest broke the contract: invalid expected discriminant
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: invalid expected discriminant
    513:
      describe: not registered: the component could not be described: the guest broke the contract: return pointer not aligned
      bind: function `f` could not be bound: the guest broke the contract: return pointer not aligned
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: return pointer not aligned
    516:
      describe: not registered: the component could not be described: the guest broke the contract: string pointer/length out of bounds of memory
      bind: [1.0, 1.0, 1.0]
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: return pointer not aligned
    65512:
      describe: not registered: the component could not be described: the guest broke the contract: pointer out of bounds of memory
      bind: [1.0, 1.0, 1.0]
      evaluate: [null, null, null]
    65520:
      describe: not registered: the component could not be described: the guest broke the contract: pointer out of bounds of memory
      bind: [1.0, 1.0, 1.0]
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds of memory
    65536:
      describe: not registered: the component could not be described: the guest broke the contract: pointer out of bounds of memory
      bind: function `f` could not be bound: the guest broke the contract: pointer out of bounds of memory
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds of memory
    4294967288:
      describe: not registered: the component could not be described: the guest broke the contract: pointer out of bounds of memory
      bind: function `f` could not be bound: the guest broke the contract: pointer out of bounds of memory
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds of memory
    4294967295:
      describe: not registered: the component could not be described: the guest broke the contract: return pointer not aligned
      bind: function `f` could not be bound: the guest broke the contract: return pointer not aligned
      evaluate: function `f` was stopped at document `0`: the guest broke the contract: return pointer not aligned
    ");
}

const LOG: &str = r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
const RESOLVE: &str = r#"(import "whittle:udf/document@0.1.0" "resolve"
    (func $resolve (param i32 i32 i32) (result i32)))"#;
const ID: &str = r#"(import "whittle:udf/document@0.1.0" "id" (func $id (param i32)))"#;

#[test]
fn a_host_call_with_a_text_outside_the_memory_ends_the_query() {
    let logs = TEXTS.map(|(pointer, length)| {
        let evaluate = format!(
            "(call $log (i32.const 2) (i32.const {pointer}) (i32.const {length})) (i32.const 512)"
        );
        let guest = ByHand {
            imports: LOG,
            evaluate: &evaluate,
            ..ByHand::default()
        };
        (format!("{length} bytes at {pointer}"), by_hand(&guest))
    });
    insta::assert_snapshot!(table(logs), @r"
    0 bytes at 0: [1.0, 1.0, 1.0]
    7 bytes at 0: [1.0, 1.0, 1.0]
    1 bytes at 65535: [1.0, 1.0, 1.0]
    0 bytes at 65536: [1.0, 1.0, 1.0]
    1 bytes at 65536: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    2 bytes at 65535: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 0: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 1: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    0 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    1 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 4294967295: function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory
    ");
    let resolves = TEXTS.map(|(pointer, length)| {
        let bind = format!(
            "(drop (call $resolve (i32.const {pointer}) (i32.const {length}) (i32.const 1))) \
             (i32.const 256)"
        );
        let guest = ByHand {
            imports: RESOLVE,
            bind: &bind,
            ..ByHand::default()
        };
        (format!("{length} bytes at {pointer}"), by_hand(&guest))
    });
    insta::assert_snapshot!(table(resolves), @r"
    0 bytes at 0: [1.0, 1.0, 1.0]
    7 bytes at 0: [1.0, 1.0, 1.0]
    1 bytes at 65535: [1.0, 1.0, 1.0]
    0 bytes at 65536: [1.0, 1.0, 1.0]
    1 bytes at 65536: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    2 bytes at 65535: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 0: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 1: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    0 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    1 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    4294967295 bytes at 4294967295: function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory
    ");
}

#[test]
fn a_host_call_with_a_case_that_the_contract_does_not_have_ends_the_query() {
    let log = |level: u32| {
        by_hand(&ByHand {
            imports: LOG,
            evaluate: &format!(
                "(call $log (i32.const {level}) (i32.const 0) (i32.const 7)) (i32.const 512)"
            ),
            ..ByHand::default()
        })
    };
    let resolve = |kind: u32| {
        by_hand(&ByHand {
            imports: RESOLVE,
            bind: &format!(
                "(drop (call $resolve (i32.const 0) (i32.const 1) (i32.const {kind}))) \
                 (i32.const 256)"
            ),
            ..ByHand::default()
        })
    };
    let ends = [
        ("level 5", log(5)),
        ("level 4294967295", log(u32::MAX)),
        ("kind 6", resolve(6)),
        ("kind 256", resolve(256)),
        ("kind 4294967295", resolve(u32::MAX)),
    ];
    insta::assert_snapshot!(table(ends), @r"
    level 5: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 5
    level 4294967295: function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 4294967295
    kind 6: function `f` could not be bound: the guest broke the contract: unexpected discriminant: 6
    kind 256: function `f` could not be bound: the guest broke the contract: unexpected discriminant: 256
    kind 4294967295: function `f` could not be bound: the guest broke the contract: unexpected discriminant: 4294967295
    ");
}

#[test]
fn a_host_call_that_answers_at_an_address_outside_the_memory_ends_the_query() {
    let ends = [0, 1, 65_528, 65_532, 65_536, u32::MAX].map(|address| {
        let guest = ByHand {
            imports: ID,
            evaluate: &format!("(call $id (i32.const {address})) (i32.const 512)"),
            realloc: "(i32.const 2048)",
            ..ByHand::default()
        };
        (address.to_string(), by_hand(&guest))
    });
    insta::assert_snapshot!(table(ends), @r"
    0: [1.0, 1.0, 1.0]
    1: function `f` was stopped at document `0`: the guest broke the contract: pointer not aligned
    65528: [1.0, 1.0, 1.0]
    65532: function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds
    65536: function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds
    4294967295: function `f` was stopped at document `0`: the guest broke the contract: pointer not aligned
    ");
}

/// `cabi_realloc` is first called in `bind`, for the function's name, and in `evaluate` for the
/// document's id.
#[test]
fn memory_that_the_guest_does_not_have_is_not_written_to() {
    let addresses = [
        "0",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "4294967295",
    ];
    let ends = addresses.map(|address| {
        let realloc = format!("(i32.const {address})");
        let in_bind = by_hand(&ByHand {
            realloc: &realloc,
            ..ByHand::default()
        });
        let realloc = format!(
            "(if (result i32) (global.get $bound) (then {realloc}) (else (i32.const 1024)))"
        );
        let in_evaluate = by_hand(&ByHand {
            imports: ID,
            module: "(memory (export \"memory\") 1) (global $bound (mut i32) (i32.const 0))",
            bind: "(global.set $bound (i32.const 1)) (i32.const 256)",
            evaluate: "(call $id (i32.const 2048)) (i32.const 512)",
            realloc: &realloc,
            ..ByHand::default()
        });
        (
            address,
            format!("\nin bind: {in_bind}\nin evaluate: {in_evaluate}"),
        )
    });
    insta::assert_snapshot!(table(ends), @r"
    0:
      in bind: [1.0, 1.0, 1.0]
      in evaluate: [1.0, 1.0, 1.0]
    65535:
      in bind: function `f` could not be bound: the guest broke the contract: realloc return: result not aligned
      in evaluate: [1.0, 1.0, 1.0]
    65536:
      in bind: function `f` could not be bound: the guest broke the contract: realloc return: beyond end of memory
      in evaluate: function `f` was stopped at document `0`: the guest broke the contract: realloc return: beyond end of memory
    2147483647:
      in bind: function `f` could not be bound: the guest broke the contract: realloc return: beyond end of memory
      in evaluate: function `f` was stopped at document `0`: the guest broke the contract: realloc return: beyond end of memory
    2147483648:
      in bind: function `f` could not be bound: the guest broke the contract: realloc return: beyond end of memory
      in evaluate: function `f` was stopped at document `0`: the guest broke the contract: realloc return: beyond end of memory
    4294967295:
      in bind: function `f` could not be bound: the guest broke the contract: realloc return: beyond end of memory
      in evaluate: function `f` was stopped at document `0`: the guest broke the contract: realloc return: beyond end of memory
    ");
}

/// The list of arguments has an alignment of 8, a text has none.
#[test]
fn a_list_of_arguments_is_not_written_to_an_unaligned_address() {
    let ends = [2048, 2049, 2052].map(|address| {
        let realloc = format!(
            "(if (result i32) (i32.eq (local.get 2) (i32.const 8)) \
               (then (i32.const {address})) (else (i32.const 1024)))"
        );
        let guest = ByHand {
            // One parameter, `f`, an optional float64.
            module: "(memory (export \"memory\") 1) \
                     (data (i32.const 144) \"\\00\\10\\00\\00\\01\\00\\00\\00\") \
                     (data (i32.const 4096) \"\\10\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\02\") \
                     (data (i32.const 4120) \"\\01\")",
            realloc: &realloc,
            ..ByHand::default()
        };
        let params = json!({"f": 1.5});
        let end = component_within(&guest.component(), params, &Budget::default());
        (address.to_string(), end)
    });
    insta::assert_snapshot!(table(ends), @r"
    2048: [1.0, 1.0, 1.0]
    2049: function `f` could not be bound: the guest broke the contract: realloc return: result not aligned
    2052: function `f` could not be bound: the guest broke the contract: realloc return: result not aligned
    ");
}

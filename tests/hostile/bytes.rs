//! Components that are hostile before any of their code runs: deep, wide, and pretending.

use whittle_host::{Arguments, Budget, QueryContext, Udf};
use whittle_tests::{ByHand, engine, told};

use crate::attack::HOSTS;

fn refusal(component: &[u8]) -> String {
    told(&Udf::new(&engine(), component).expect_err("it is refused"))
}

fn refusal_of(text: &str) -> String {
    refusal(&wat::parse_str(text).expect("it is a component in text form"))
}

pub(crate) const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// A section of a component: its number, its size in LEB128, its content.
pub(crate) fn section(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number];
    let mut rest = content.len();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend(content);
    bytes
}

#[test]
fn components_inside_of_components_are_bounded() {
    let nested = |depth: usize| {
        (0..depth).fold(PREAMBLE.to_vec(), |inner, _| {
            [&PREAMBLE[..], &section(4, &inner)].concat()
        })
    };
    insta::assert_snapshot!(refusal(&nested(64)), @"the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again");
    // Deeper than any stack.
    insta::assert_snapshot!(refusal(&nested(20_000)), @"too many components: 65 components, and the limit `components` is 64 components");
}

#[test]
fn types_without_end_take_no_time() {
    // As many as a component may have: each is a u8, and a vector of them is one section.
    let types = vec![0x7d; 1_000_000];
    let section = section(7, &[&b"\xc0\x84\x3d"[..], &types].concat());
    let name = b"whittle:udf/functions@0.1.0";
    let instance = self::section(5, &[1, 1, 0]);
    let export = [&[1, 0, name.len() as u8], &name[..], &[5, 0, 0]].concat();
    let component = [
        &PREAMBLE[..],
        &section,
        &instance,
        &self::section(11, &export),
    ]
    .concat();
    let started = std::time::Instant::now();
    let refused = refusal(&component);
    assert!(
        started.elapsed() < std::time::Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    insta::assert_snapshot!(refused, @"the component does not fit the contract `whittle:udf@0.1.0`: `whittle:udf/functions@0.1.0` has no function `bind`");
}

#[test]
fn a_size_that_is_not_there_takes_no_memory() {
    // A section of 4 GiB, a type section of four billion types, and a core module of that size.
    for section in [
        &b"\x01\xff\xff\xff\xff\x0f"[..],
        b"\x07\x05\xff\xff\xff\xff\x0f",
    ] {
        let component = [&PREAMBLE[..], section].concat();
        let refused = refusal(&component);
        let expected = [
            "not a valid WebAssembly component: ",
            "the component does not export ",
        ];
        assert!(
            expected.iter().any(|start| refused.starts_with(start)),
            "{refused}"
        );
    }
}

#[test]
fn types_inside_of_types_are_no_bomb() {
    // Each is a pair of the one before: two to the power of 60 in all.
    let pairs: String = (1..60)
        .map(|i| format!("(type $t{i} (tuple $t{0} $t{0}))", i - 1))
        .collect();
    let text = format!(
        "(component (type $t0 (tuple u8 u8)) {pairs}
           (core module $m (func (export \"f\") unreachable))
           (core instance $c (instantiate $m))
           (func $f (param \"x\" $t59) (canon lift (core func $c \"f\")))
           (instance $i (export \"evaluate\" (func $f)))
           (export \"whittle:udf/functions@0.1.0\" (instance $i)))"
    );
    // The text's own tools have the same limit, or not.
    let refused = match wat::parse_str(&text) {
        Ok(component) => refusal(&component),
        Err(error) => error.to_string(),
    };
    assert!(!refused.is_empty());
}

#[test]
fn an_export_of_the_right_name_is_not_enough() {
    let exporting = |functions: &str| {
        refusal_of(&format!(
            "(component
               (core module $m
                 (memory (export \"memory\") 1)
                 (func (export \"f\") (result i32) (i32.const 0)))
               (core instance $c (instantiate $m))
               {functions}
               (export \"whittle:udf/functions@0.1.0\" (instance $i)))"
        ))
    };
    let of_other_types = "
        (func $f (result u32) (canon lift (core func $c \"f\")))
        (instance $i (export \"describe\" (func $f)) (export \"bind\" (func $f))
          (export \"evaluate\" (func $f)))";
    insta::assert_snapshot!(exporting(of_other_types), @"the component does not fit the contract `whittle:udf@0.1.0`: `whittle:udf/functions@0.1.0`: `bind`: failed to convert function to given type: type mismatch with parameters: expected 2-tuple, found 0-tuple");
    let nothing = "(instance $i)";
    insta::assert_snapshot!(exporting(nothing), @"the component does not fit the contract `whittle:udf@0.1.0`: `whittle:udf/functions@0.1.0` has no function `bind`");
}

/// The guest's own component may be named as the host's interface: nothing of the host's is in it.
#[test]
fn a_component_inside_gets_nothing_of_the_host() {
    let smuggling = r#"(component
        (component $inner
          (import "whittle:udf/document@0.1.0" (instance
            (export "score" (func (result f64))))))
        (instance $i)
        (instance (instantiate $inner (with "whittle:udf/document@0.1.0" (instance $i))))
        (export "whittle:udf/functions@0.1.0" (instance $i)))"#;
    insta::assert_snapshot!(refusal_of(smuggling), @"not a valid WebAssembly component: type mismatch for import `whittle:udf/document@0.1.0` missing expected export `score` (at byte 101)");
}

/// Names that a component, or a query, brings along go into messages.
#[test]
fn a_name_that_is_not_ours_stays_in_its_line() {
    let component = ByHand::default().component();
    let at = component
        .windows(9)
        .position(|bytes| bytes == b"timestamp")
        .expect("a case of the contract's");
    let mut component = component;
    component[at..at + 2].copy_from_slice(b"\x1b\n");
    insta::assert_snapshot!(refusal(&component), @"not a valid WebAssembly component: enum tag name `� mestamp` is not in kebab case (at byte 12)");

    let good = &HOSTS[0].good;
    let query = QueryContext::new(Budget::default());
    let refused = |function: &str, arguments: &Arguments| {
        told(
            &good
                .bind(function, arguments, &query)
                .expect_err("there is none"),
        )
    };
    let odd = "a\u{1b}[2J\n\u{202e}b";
    insta::assert_snapshot!(refused(odd, &Arguments::new()), @r"unknown function `a�[2J \u{202e}b`: expected `f`");
    insta::assert_snapshot!(refused("f", &Arguments::new().with(odd, 1.0)), @r"function `f`: unknown parameter `a�[2J \u{202e}b`: there are none");
}

//! Types inside of types, and components that instantiate each other: some bytes that would overflow
//! the stack of whoever follows them down, or make millions of instances.

use std::fmt::Write;

use whittle_host::Udf;
use whittle_tests::{ComponentByHand, told};

use crate::attack::HOSTS;
use crate::bytes::{PREAMBLE, section};
use crate::outcome::{component, table};

/// A component type inside of a component type, so many times.
fn types(depth: usize, opening: &str) -> Vec<u8> {
    let mut text = String::from("(component ");
    text.push_str(&opening.repeat(depth));
    text.push_str(&")".repeat(2 * depth + 1));
    wat::parse_str(&text).expect("WebAssembly text")
}

/// As [`types`], too deep for the tool that makes bytes of text: it calls itself too.
fn deep_types(depth: usize) -> Vec<u8> {
    // Each is: one declaration, a type, of a component, ...; the innermost has no declarations.
    let mut types = vec![0x01];
    for _ in 1..depth {
        types.extend([0x41, 0x01, 0x01]);
    }
    types.extend([0x41, 0x00]);
    [&PREAMBLE[..], &section(7, &types)].concat()
}

#[test]
fn types_inside_of_types_are_bounded() {
    for opening in ["(type (component ", "(type (instance "] {
        let ends = [1, 32, 33].map(|depth| (depth.to_string(), component(&types(depth, opening))));
        insta::allow_duplicates! {
            insta::assert_snapshot!(table(ends), @r"
            1: not registered: the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again
            32: not registered: the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again
            33: not registered: types are nested too deeply: 33 types, and the limit `type_depth` is 32 types
            ");
        }
    }
    let ends =
        [10, 1_000, 1_000_000].map(|depth| (depth.to_string(), component(&deep_types(depth))));
    insta::assert_snapshot!(table(ends), @r"
    10: not registered: the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again
    1000: not registered: types are nested too deeply: 33 types, and the limit `type_depth` is 32 types
    1000000: not registered: types are nested too deeply: 33 types, and the limit `type_depth` is 32 types
    ");
}

/// Components of which each instantiates the one before it twice.
fn doubling(levels: usize) -> String {
    let mut text = String::from("(component $c0) ");
    for level in 1..=levels {
        let below = level - 1;
        let twice = format!("(instance (instantiate $c{below}))").repeat(2);
        write!(
            text,
            "(component $c{level} (alias outer 1 $c{below} (component $c{below})) {twice})"
        )
        .expect("a string takes everything");
    }
    text
}

#[test]
fn components_that_instantiate_each_other_are_bounded() {
    let ends = [1, 4, 8, 20, 60].map(|levels| {
        let before = format!("{} (instance (instantiate $c{levels}))", doubling(levels));
        let guest = ComponentByHand {
            before: &before,
            ..ComponentByHand::default()
        };
        (levels.to_string(), component(&guest.component()))
    });
    insta::assert_snapshot!(table(ends), @r"
    1: [1.0, 1.0, 1.0]
    4: [1.0, 1.0, 1.0]
    8: [1.0, 1.0, 1.0]
    20: not registered: too many instances: 2097153 instances, and the limit `instances` is 10000 instances
    60: not registered: too many instances: 2305843009213693953 instances, and the limit `instances` is 10000 instances
    ");
}

/// What is handed over may be anything, so that no count would hold.
#[test]
fn a_component_is_not_handed_over() {
    let as_argument = "(component $small) \
        (component $taker (import \"x\" (component $x)) (instance (instantiate $x))) \
        (instance (instantiate $taker (with \"x\" (component $small))))";
    let from_an_instance = "(component $maker (component $inner) (export \"x\" (component $inner))) \
        (instance $made (instantiate $maker)) \
        (alias export $made \"x\" (component $x)) (instance (instantiate $x))";
    let ends = [
        ("an argument", as_argument),
        ("an export", from_an_instance),
    ];
    let ends = ends.map(|(name, before)| {
        let guest = ComponentByHand {
            before,
            ..ComponentByHand::default()
        };
        (name, component(&guest.component()))
    });
    insta::assert_snapshot!(table(ends), @r"
    an argument: not registered: not a valid WebAssembly component: it passes a component as an argument to another one, which is not supported
    an export: not registered: not a valid WebAssembly component: it passes a component as an argument to another one, which is not supported
    ");
}

/// A section of types that is cut anywhere is an error, not a panic.
#[test]
fn types_that_are_cut_are_refused() {
    let whole = types(5, "(type (instance ");
    for host in &*HOSTS {
        for length in 0..whole.len() {
            let error = Udf::new(&host.engine, &whole[..length]).expect_err("it is cut");
            let told = told(&error);
            assert!(!told.is_empty() && !told.contains('\n'), "{told}");
        }
    }
}

/// A chain of types of values, each of the one before it.
#[test]
fn a_chain_of_types_is_no_bomb() {
    for link in ["(list $t", "(option $t", "(tuple $t"] {
        for length in [100, 1_000, 90_000] {
            let chain: String = (1..length)
                .map(|i| format!("(type $t{i} {link}{}))", i - 1))
                .collect();
            let guest = ComponentByHand {
                before: &format!(
                    "(type $t0 (list u8)) {chain}
                     (core module $x (memory (export \"m\") 1) (func (export \"f\") (param i32 i32) unreachable))
                     (core instance $x (instantiate $x))
                     (type $t (list $t{}))
                     (func $x (param \"x\" $t) (canon lift (core func $x \"f\")
                       (memory (core memory $x \"m\")) (realloc (core func $x \"f\"))))",
                    length - 1
                ),
                ..ComponentByHand::default()
            };
            let end = component(&guest.component());
            let expected =
                "not registered: not a valid WebAssembly component: type nesting is too deep";
            assert!(end.starts_with(expected), "{link} {length}: {end}");
        }
    }
}

//! Components that are refused, each with an error that says why.

use whittle_host::Udf;
use whittle_tests::{ByHand, engine, told};

fn refusal(component: &[u8]) -> String {
    told(&Udf::new(&engine(), component).expect_err("it is refused"))
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is a component in text form")
}

#[test]
fn refuses_bytes_that_are_not_a_component() {
    insta::assert_snapshot!(refusal(b""), @r##"not a valid WebAssembly component: it does not begin with the bytes `\0asm`"##);
    insta::assert_snapshot!(refusal(b"<html>not found</html>"), @r##"not a valid WebAssembly component: it does not begin with the bytes `\0asm`"##);
    let whole = ByHand::default().component();
    let cut = refusal(&whole[..whole.len() - 3]);
    assert!(
        cut.starts_with("not a valid WebAssembly component: unexpected end-of-file (at byte "),
        "{cut}"
    );
}

#[test]
fn refuses_a_core_module() {
    insta::assert_snapshot!(refusal(&ByHand::default().core_module()), @"this is a core WebAssembly module, not a component: build the project with `whittle build DIR`");
}

#[test]
fn refuses_a_component_of_another_world() {
    insta::assert_snapshot!(refusal(&component("(component)")), @"the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again");
    let other = r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    insta::assert_snapshot!(refusal(&component(other)), @"the component does not export `whittle:udf/functions@0.1.0`: it exports `wasi:cli/run@0.2.0`; it was built for another world: a UDF needs a kit, as in a project of `whittle new`");
    let older = r#"(component (instance $i) (export "whittle:udf/functions@0.0.9" (instance $i)))"#;
    insta::assert_snapshot!(refusal(&component(older)), @"the component does not export `whittle:udf/functions@0.1.0`: it exports `whittle:udf/functions@0.0.9`; it was built for another version of the contract: rebuild it with the kit of this `whittle`");
}

#[test]
fn refuses_a_component_with_other_types() {
    let other = r#"(component
        (core module $m (func (export "describe")))
        (core instance $c (instantiate $m))
        (func $describe (canon lift (core func $c "describe")))
        (instance $i (export "describe" (func $describe)))
        (export "whittle:udf/functions@0.1.0" (instance $i)))"#;
    insta::assert_snapshot!(refusal(&component(other)), @"the component does not fit the contract `whittle:udf@0.1.0`: `whittle:udf/functions@0.1.0` has no function `bind`");
}

#[test]
fn refuses_imports_beyond_the_contract() {
    let importing = |import: &str| {
        let text = format!(
            r#"(component
                (import "{import}" (instance))
                (instance $i)
                (export "whittle:udf/functions@0.1.0" (instance $i)))"#
        );
        refusal(&component(&text))
    };
    insta::assert_snapshot!(importing("wasi:http/outgoing-handler@0.2.0"), @"the component imports `wasi:http/outgoing-handler@0.2.0`, but a UDF has no access to the system: build it without this part of WASI");
    insta::assert_snapshot!(importing("wasi:clocks/system-clock@0.3.0"), @"the component imports `wasi:clocks/system-clock@0.3.0`, but a UDF has no access to the system: build it without this part of WASI");
    insta::assert_snapshot!(importing("whittle:udf/document@0.2.0"), @"the component imports `whittle:udf/document@0.2.0`, but this host supports only version 0.1.0 of it: rebuild the component with the kit of this `whittle`");
    insta::assert_snapshot!(importing("acme:net/http@1.0.0"), @"the component imports `acme:net/http@1.0.0`, which is not part of the contract `whittle:udf@0.1.0`");
}

//! Any bytes as a component: they are refused with an error that can be shown, or they run within
//! the limits. Never a panic, never longer than `-timeout`.
//!
//! An input is WebAssembly text, WebAssembly, or changes to a component that is whole.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use whittle_fuzz::{assert_shown, edited};
use whittle_host::{Accessor, Arguments, Budget, Engine, EngineOptions, Limits, QueryContext, Udf};
use whittle_tests::{ByHand, ComponentByHand, engine_with, guest, rows};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    engine_with(EngineOptions {
        accessor: Accessor::Composed,
        limits: Limits {
            component_bytes: 1 << 20,
            function_bytes: 1 << 14,
            code_bytes: 1 << 18,
            compile_units: 50_000_000,
            ..Limits::default()
        },
        ..EngineOptions::default()
    })
});

/// From the smallest to what a compiler makes.
static WHOLE: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let more = ByHand {
        imports: r#"(import "whittle:udf/document@0.1.0" "resolve"
                (func $resolve (param i32 i32 i32) (result i32)))
            (import "whittle:udf/document@0.1.0" "float64-or"
                (func $get (param i32 f64) (result f64)))"#,
        module: "(memory (export \"memory\") 1) (global $x (mut i32) (i32.const 0)) \
            (table 2 funcref) (elem (i32.const 0) func 2)",
        bind: "(global.set $x (call $resolve (i32.const 16) (i32.const 1) (i32.const 2))) \
            (i32.const 256)",
        evaluate: "(f64.store (i32.const 528) (call $get (global.get $x) (f64.const 2))) \
            (i32.const 512)",
        ..ByHand::default()
    };
    [
        ByHand::default().component(),
        more.component(),
        ComponentByHand::default().component(),
        guest("custom-score"),
    ]
});

fuzz_target!(|data: &[u8]| {
    let component = match data {
        [b'(', ..] => {
            let text = std::str::from_utf8(data).ok();
            let Some(component) = text.and_then(|text| wat::parse_str(text).ok()) else {
                return;
            };
            component
        }
        [b'\0', b'a', b's', b'm', ..] => data.to_vec(),
        [which, changes @ ..] => edited(&WHOLE[usize::from(*which) % WHOLE.len()], changes),
        [] => return,
    };
    let udf = match Udf::new(&ENGINE, &component) {
        Ok(udf) => udf,
        Err(error) => return assert_shown(&error),
    };
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_millis(100),
        memory_bytes: 16 << 20,
        ..Budget::default()
    });
    for function in &udf.manifest().functions {
        let values = udf
            .bind(&function.name, &Arguments::new(), &query)
            .inspect_err(|error| assert_shown(error));
        let Ok(mut bound) = values else {
            return;
        };
        match bound.evaluate(&rows(3)) {
            Ok(values) => assert_eq!(values.len(), 3),
            Err(error) => assert_shown(&error),
        }
    }
});

//! Its core modules define more memories and tables than there is room for, and grow them wrongly.

use whittle_host::{Arguments, Budget, EngineOptions, QueryContext, Udf};
use whittle_tests::{ByHand, ComponentByHand, engine_with, told};

use crate::outcome::{by_hand, component, table};

const MEMORY: &str = "(memory (export \"memory\") 1)";

/// Each instance of a module has a memory of its own.
#[test]
fn memories_count_by_instance_not_by_module() {
    let ends = [2, 4, 40, 70].map(|count| {
        let instances = "(core instance (instantiate $small))".repeat(count);
        let before = format!("(core module $small (memory 1) (table 1 funcref)) {instances}");
        let guest = ComponentByHand {
            before: &before,
            ..ComponentByHand::default()
        };
        (count.to_string(), component(&guest.component()))
    });
    insta::assert_snapshot!(table(ends), @r"
    2: [1.0, 1.0, 1.0]
    4: not registered: the component cannot be compiled: The component transitively contains 5 Wasm linear memories, which exceeds the configured maximum of 4 in the pooling allocator
    40: not registered: the component cannot be compiled: The component transitively contains 41 Wasm linear memories, which exceeds the configured maximum of 4 in the pooling allocator
    70: not registered: the component cannot be compiled: The component transitively contains 71 core module instances, which exceeds the configured maximum of 64 in the pooling allocator
    ");
}

#[test]
fn a_table_does_not_grow_beyond_its_slot() {
    let guest = ByHand {
        module: &format!("{MEMORY} (table $table 1 funcref)"),
        evaluate: "(if (i32.ne (i32.const -1) \
                         (table.grow $table (ref.null func) (i32.const 65536))) (then unreachable)) \
                   (if (i32.ne (i32.const 1) \
                         (table.grow $table (ref.null func) (i32.const 65535))) (then unreachable)) \
                   (i32.const 512)",
        ..ByHand::default()
    };
    // The second document finds it full.
    insta::assert_snapshot!(by_hand(&guest), @"function `f` was stopped at document `1`: the guest trapped: wasm `unreachable` instruction executed");
}

/// As many instances as the pool is told to hold, each with all the memories and tables that a
/// component may have.
#[test]
fn the_largest_guests_leave_each_other_room() {
    let engine = engine_with(EngineOptions::default());
    let guest = |memories, tables| {
        let module = format!(
            "{MEMORY} {} {}",
            "(memory 1)".repeat(memories),
            "(table 1 funcref)".repeat(tables)
        );
        let guest = ByHand {
            module: &module,
            ..ByHand::default()
        };
        Udf::new(&engine, &guest.component()).ok()
    };
    let most = |fits: &dyn Fn(usize) -> bool| (0..17).rev().find(|count| fits(*count));
    let memories = most(&|count| guest(count, 0).is_some()).expect("one memory fits");
    let tables = most(&|count| guest(memories, count).is_some()).expect("no table fits");
    let guest = guest(memories, tables).expect("it fits");
    let query = QueryContext::new(Budget::default());
    let mut held = Vec::new();
    for _ in 0..16 {
        let bound = guest.bind("f", &Arguments::new(), &query);
        held.push(bound.unwrap_or_else(|error| {
            panic!(
                "{memories} more memories, {tables} more tables: {}",
                told(&error)
            )
        }));
    }
}

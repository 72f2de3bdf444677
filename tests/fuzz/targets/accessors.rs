//! Any batch under both accessors: value for value and error for error the same.
//!
//! An input is the seed of the property test's own generator: what fuzzing adds is that it keeps the
//! seeds that reached something new, and goes on for as long as it is let.

#![no_main]

use std::sync::LazyLock;

use arrow_array::ArrayRef;
use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use whittle_host::Udf;
use whittle_tests::{ACCESSORS, FIELD_READERS, any_batch, bind, engine, told, udf};

static PROBES: LazyLock<[Udf; 2]> =
    LazyLock::new(|| ACCESSORS.map(|accessor| udf(&engine(accessor), "probe")));

fuzz_target!(|data: &[u8]| {
    let mut seed = [0; 32];
    let length = data.len().min(seed.len());
    seed[..length].copy_from_slice(&data[..length]);
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let Ok(tree) = any_batch().new_tree(&mut runner) else {
        return;
    };
    let (path, batch) = tree.current();
    let params = serde_json::json!({"field": path});
    for function in FIELD_READERS {
        let [composed, reference]: [Result<ArrayRef, String>; 2] = PROBES.each_ref().map(|probe| {
            let mut bound = bind(probe, function, &params).map_err(|error| told(&error))?;
            bound.evaluate(&batch).map_err(|error| told(&error))
        });
        assert_eq!(composed, reference, "{function}");
        assert_eq!(composed.map(|values| values.len()), Ok(batch.num_rows()));
    }
});

//! Any bytes as a component.
//!
//! It is registered, or refused in one line; in either case soon: what takes longer than `-timeout`
//! is a finding.

#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use whittle_fuzz::{echo, reader, told};
use whittle_host::{Budget, Engine, EngineOptions, Limits, Udf};
use whittle_tests::{ByHand, engine_with};

/// With limits so small that an input which meets them is quick to make, and all that does not is
/// quick to compile.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    engine_with(EngineOptions {
        limits: Limits {
            component_bytes: 16 << 10,
            function_bytes: 1 << 10,
            functions: 8,
            describe: Budget {
                wall_clock: Duration::from_millis(100),
                ..Limits::default().describe
            },
            ..Limits::default()
        },
        ..EngineOptions::default()
    })
});

fuzz_target!(|data: &[u8]| {
    let component = from_seed(data);
    let data = component.as_deref().unwrap_or(data);
    if let Err(error) = Udf::new(&ENGINE, data) {
        told(&error);
    }
});

// What is changed is the component, and never the text that it is made from.
fuzz_mutator!(
    |data: &mut [u8], size: usize, max_size: usize, _seed: u32| {
        let size = match from_seed(&data[..size]) {
            Some(component) if component.len() <= max_size => {
                data[..component.len()].copy_from_slice(&component);
                component.len()
            }
            _ => size,
        };
        fuzzer_mutate(data, size, max_size)
    }
);

/// The component that a seed stands for: one in text, or the name of a guest by hand.
fn from_seed(seed: &[u8]) -> Option<Vec<u8>> {
    match seed.trim_ascii_end() {
        b"by-hand" => Some(ByHand::default().component()),
        b"echo" => Some(echo()),
        b"reader" => Some(reader()),
        text if text.starts_with(b"(") || text.starts_with(b";;") => {
            wat::parse_bytes(text).ok().map(Cow::into_owned)
        }
        _ => None,
    }
}

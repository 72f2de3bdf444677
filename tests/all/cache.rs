//! Compiled components on disk: whatever happens to a file, it is noticed, and the component is
//! compiled again.

use std::fs;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use whittle_host::{Engine, EngineOptions, Udf};
use whittle_tests::{ByHand, bind, engine_with, rows};

struct Cached {
    folder: tempfile::TempDir,
    component: Vec<u8>,
    engine: Engine,
}

impl Cached {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let engine = engine_with(EngineOptions {
            cache: Some(folder.path().to_owned()),
            ..EngineOptions::default()
        });
        let component = ByHand::default().component();
        Self {
            folder,
            component,
            engine,
        }
    }

    /// Registers the component; returns whether it came from the cache.
    fn register(&self) -> bool {
        let udf = Udf::new(&self.engine, &self.component).expect("registered");
        let mut bound = bind(&udf, "f", &serde_json::json!({})).expect("bound");
        let values = bound.evaluate(&rows(2)).expect("evaluated");
        assert_eq!(values.as_primitive::<Float64Type>().values(), &[1.0, 1.0]);
        udf.compile_time().is_none()
    }

    /// The only file.
    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.folder.path()).expect("a directory");
        let file = files.next().expect("a file").expect("a file").path();
        assert!(files.next().is_none(), "one component is one file");
        file
    }
}

#[test]
fn a_damaged_file_is_replaced() {
    let cached = Cached::new();
    assert!(!cached.register());
    assert!(cached.register());
    let file = cached.file();
    let whole = fs::read(&file).expect("it is there");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let damages = [
        ("empty", Vec::new()),
        ("cut to half", whole[..whole.len() / 2].to_vec()),
        ("without its last byte", whole[..whole.len() - 1].to_vec()),
        ("with a byte too many", [&*whole, b"x"].concat()),
        ("all zeros", vec![0; whole.len()]),
        ("another program's", b"#!/bin/sh\n".repeat(100)),
        ("flipped in its first byte", flipped(0)),
        ("flipped in the code", flipped(whole.len() / 2)),
        ("flipped in the trailer", flipped(whole.len() - 20)),
        ("flipped in the checksum", flipped(whole.len() - 1)),
    ];
    for (damage, bytes) in damages {
        fs::write(&file, bytes).expect("written");
        assert!(!cached.register(), "a file that is {damage}");
        assert!(
            fs::read(&file).expect("it is there") == whole,
            "a file that is {damage} was not replaced"
        );
        assert!(cached.register(), "after a file that is {damage}");
    }
}

#[test]
fn the_file_of_another_component_is_replaced() {
    let cached = Cached::new();
    assert!(!cached.register());
    let file = cached.file();
    let whole = fs::read(&file).expect("it is there");
    let other = Cached::new();
    let component = ByHand {
        evaluate: "unreachable",
        ..ByHand::default()
    };
    Udf::new(&other.engine, &component.component()).expect("registered");
    fs::copy(other.file(), &file).expect("copied");
    assert!(!cached.register(), "the other one would trap");
    assert!(fs::read(&file).expect("it is there") == whole);
}

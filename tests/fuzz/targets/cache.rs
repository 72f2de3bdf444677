//! Any bytes as the file of a compiled component.
//!
//! The UDF loads and answers rightly whatever the file holds. Only the file as it was written is
//! used; any other counts as missing, and is replaced by a whole one.
//!
//! A file that is wrong and has the right checksum is not made here: who can write that, can run
//! code in the process (`host/core/src/cache.rs`).

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use arrow_array::Float64Array;
use libfuzzer_sys::fuzz_target;
use whittle_fuzz::{registered, told};
use whittle_host::{Engine, EngineOptions};
use whittle_tests::{ByHand, bind, engine_with, rows};

struct Cached {
    engine: Engine,
    component: Vec<u8>,
    file: PathBuf,
    /// What the file holds when it is whole.
    whole: Vec<u8>,
    _folder: tempfile::TempDir,
}

static CACHED: LazyLock<Cached> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine_with(EngineOptions {
        cache: Some(folder.path().to_owned()),
        ..EngineOptions::default()
    });
    let component = ByHand::default().component();
    registered(&engine, &component);
    let mut files = fs::read_dir(folder.path()).expect("a folder");
    let file = files.next().expect("a file").expect("a file").path();
    assert!(files.next().is_none(), "one component is one file");
    let whole = fs::read(&file).expect("the file");
    Cached {
        engine,
        component,
        file,
        whole,
        _folder: folder,
    }
});

fuzz_target!(|data: &[u8]| {
    let Cached {
        engine,
        component,
        file,
        whole,
        ..
    } = &*CACHED;
    let bytes = damaged(&mut Unstructured::new(data), whole).expect("the input's end is no error");
    fs::write(file, &bytes).expect("the file is written");
    let before = engine.cache_statistics().expect("there is a cache");
    let udf = registered(engine, component);
    let after = engine.cache_statistics().expect("there is a cache");
    let is_whole = bytes == *whole;
    assert_eq!(
        after.hits - before.hits,
        u64::from(is_whole),
        "what was damaged was used, or what was whole was not"
    );
    assert_eq!(udf.compile_time().is_none(), is_whole);
    assert!(
        fs::read(file).expect("the file") == *whole,
        "the file was not made anew"
    );
    let mut bound = bind(&udf, "f", &serde_json::json!({})).expect("bound");
    let values = bound
        .evaluate(&rows(2))
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(*values, Float64Array::from(vec![1.0, 1.0]));
});

/// The input as it is, or what some changes that it names make of the whole file.
fn damaged(input: &mut Unstructured<'_>, whole: &[u8]) -> Result<Vec<u8>> {
    if input.ratio(1, 4)? {
        let length = input.len();
        return Ok(input.bytes(length)?.to_vec());
    }
    let mut bytes = whole.to_vec();
    while !input.is_empty() {
        let at = input.int_in_range(0..=bytes.len())?;
        match input.int_in_range(0..=5_u8)? {
            0 => bytes.truncate(at),
            1 => {
                bytes.drain(..at);
            }
            2 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1),
            3 => {
                let length = input.int_in_range(0..=64)?.min(input.len());
                let piece = input.bytes(length)?;
                bytes
                    .iter_mut()
                    .skip(at)
                    .zip(piece)
                    .for_each(|(byte, new)| *byte = *new);
            }
            4 => {
                let length = input.int_in_range(0..=64)?.min(input.len());
                let piece = input.bytes(length)?.to_vec();
                bytes.splice(at..at, piece);
            }
            // The end, which the checksum and the mark are in, stays what it is.
            _ => {
                let end = bytes.len().min(at + 64);
                bytes.drain(at..end);
            }
        }
    }
    Ok(bytes)
}

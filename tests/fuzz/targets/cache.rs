//! Any bytes in the place of a compiled component in the cache's folder: what is damaged is
//! noticed, the component is compiled anew, and answers rightly.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use arrow_array::Float64Array;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use whittle_fuzz::edited;
use whittle_host::{Accessor, Arguments, Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_tests::{ByHand, engine_with, rows};

struct Cached {
    engine: Engine,
    component: Vec<u8>,
    file: PathBuf,
    whole: Vec<u8>,
    _folder: TempDir,
}

static CACHED: LazyLock<Cached> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder");
    let engine = engine_with(EngineOptions {
        accessor: Accessor::Reference,
        cache: Some(folder.path().to_owned()),
        ..EngineOptions::default()
    });
    let component = ByHand::default().component();
    Udf::new(&engine, &component).expect("registered");
    let mut files = std::fs::read_dir(folder.path()).expect("the folder");
    let file = files.next().expect("one file").expect("read").path();
    assert!(files.next().is_none(), "one component is one file");
    let whole = std::fs::read(&file).expect("the file");
    Cached {
        engine,
        component,
        file,
        whole,
        _folder: folder,
    }
});

fuzz_target!(|data: &[u8]| {
    let cached = &*CACHED;
    let file = match data {
        [b'=', raw @ ..] => raw.to_vec(),
        changes => edited(&cached.whole, changes),
    };
    // Not in place: code of the iteration before may be mapped.
    std::fs::remove_file(&cached.file).expect("it was there");
    std::fs::write(&cached.file, &file).expect("written");
    let udf = Udf::new(&cached.engine, &cached.component).expect("it is compiled anew");
    let query = QueryContext::new(Budget::default());
    let mut bound = udf
        .bind("f", &Arguments::new(), &query)
        .expect("it is bound");
    let values = bound.evaluate(&rows(2)).expect("it is evaluated");
    assert_eq!(*values, Float64Array::from(vec![1.0, 1.0]));
    let made = std::fs::read(&cached.file).expect("it is there again");
    assert!(made == cached.whole, "what is in the cache is whole again");
});

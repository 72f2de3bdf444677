//! Several nodes on one store.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use whittle_host::{Registry, RegistryOptions, Storage};
use whittle_tests::engine;

use super::{component, open, query, register, version};

/// The only file in a directory of a store, at any depth.
fn only_file(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).expect("a directory");
    let path = entries
        .next()
        .expect("a file")
        .expect("it can be read")
        .path();
    assert!(
        entries.next().is_none(),
        "there is one in {}",
        folder.display()
    );
    if path.is_dir() {
        only_file(&path)
    } else {
        path
    }
}

#[test]
fn a_version_is_available_on_all_nodes() {
    let folder = tempfile::tempdir().expect("a directory");
    // Each has its own store on the directory, as separate processes have.
    let storage = || Storage::local(folder.path()).expect("a store");
    let (one, other) = (open(&storage()), open(&storage()));
    register(&one, &component("1.0.0", "1")).expect("registered");
    query(&other, "f").expect_err("it has not looked");
    other.refresh().expect("it looks");
    assert_eq!(query(&other, "f"), Ok(1.0));

    register(&other, &component("1.1.0", "1.5")).expect("registered");
    let two = version("1.1.0");
    other
        .set_enabled("by-hand", &two, false)
        .expect("it is there");
    one.refresh().expect("it looks");
    assert_eq!(query(&one, "f"), Ok(1.0));
    one.set_enabled("by-hand", &two, true).expect("it is there");
    other.refresh().expect("it looks");
    assert_eq!(query(&other, "f"), Ok(1.5));

    one.delete("by-hand", &two).expect("it is there");
    other.refresh().expect("it looks");
    assert_eq!(query(&other, "f"), Ok(1.0));
    // A node that joins has all of it.
    assert_eq!(query(&open(&storage()), "f"), Ok(1.0));
}

#[test]
fn a_node_that_watches_the_store_sees_a_version_within_its_interval() {
    let storage = Storage::in_memory().expect("a store");
    let poll = Duration::from_millis(100);
    let watching = Registry::open(
        engine(),
        storage.clone(),
        RegistryOptions {
            poll: Some(poll),
            ..RegistryOptions::default()
        },
    );
    let watching = watching.expect("it opens");
    register(&open(&storage), &component("1.0.0", "1")).expect("registered");
    let registered = Instant::now();
    while query(&watching, "f").is_err() {
        // The interval, plus the time to compile on a busy machine.
        assert!(registered.elapsed() < poll + Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn of_two_nodes_that_register_the_same_version_one_wins() {
    let storage = Storage::in_memory().expect("a store");
    let nodes: Vec<Registry> = (0..4).map(|_| open(&storage)).collect();
    let components: Vec<_> = (0..4).map(|i| component("1.0.0", &i.to_string())).collect();
    let results: Vec<_> = std::thread::scope(|scope| {
        let nodes = nodes.iter().zip(&components);
        let threads: Vec<_> = nodes
            .map(|(node, component)| scope.spawn(|| register(node, component)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    let winners: Vec<usize> = (0..4).filter(|i| results[*i].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    for node in &nodes {
        node.refresh().expect("it looks");
        assert_eq!(query(node, "f"), Ok(winners[0] as f64));
    }
}

#[test]
fn reports_a_damaged_component_and_keeps_using_the_others() {
    let folder = tempfile::tempdir().expect("a directory");
    let storage = || Storage::local(folder.path()).expect("a store");
    register(&open(&storage()), &component("1.0.0", "1")).expect("registered");
    let blob = only_file(&folder.path().join("blobs"));
    register(&open(&storage()), &component("2.0.0", "2")).expect("registered");
    let whole = fs::read(&blob).expect("it is there");
    let name = format!(
        "blobs/{}",
        blob.file_name().expect("a name").to_string_lossy()
    );
    let cut = &whole[..whole.len() - 1];
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    for damaged in [cut, &flipped, &[whole.clone(), whole.clone()].concat()] {
        fs::write(&blob, damaged).expect("written");
        let registry = open(&storage());
        let error = query(&registry, "f@1.0.0").expect_err("it is damaged");
        let start = format!(
            "by-hand@1.0.0 cannot be used on this node: `{name}` in the registry's store is damaged: found {} bytes",
            damaged.len()
        );
        assert!(error.starts_with(&start), "{error}");
        assert_eq!(query(&registry, "f"), Ok(2.0));
        // Registering the component again repairs it, and every node notices.
        register(&registry, &whole).expect("it is the same");
        assert_eq!(query(&registry, "f@1.0.0"), Ok(1.0));
    }
    fs::remove_file(&blob).expect("it is there");
    let error = query(&open(&storage()), "f@1.0.0").expect_err("it is gone");
    assert!(
        error.starts_with(&format!(
            "by-hand@1.0.0 cannot be used on this node: the registry's store cannot read `{name}`: "
        )),
        "{error}"
    );
}

#[test]
fn ignores_other_files_and_reports_damaged_records() {
    let folder = tempfile::tempdir().expect("a directory");
    let storage = || Storage::local(folder.path()).expect("a store");
    register(&open(&storage()), &component("1.0.0", "1")).expect("registered");
    let record = only_file(&folder.path().join("versions"));
    fs::write(record.with_file_name("README.txt"), "not ours").expect("written");
    fs::write(record.with_file_name("latest.json"), "{}").expect("written");
    assert_eq!(open(&storage()).list().len(), 1);

    let whole = fs::read_to_string(&record).expect("it is there");
    let newer = whole.replace("\"format\":1", "\"format\":2");
    for (damaged, expected) in [
        (
            "{",
            "`versions/by-hand/1.0.0.json` in the registry's store is damaged: \
             not a record of a version: EOF while parsing an object at line 1 column 1",
        ),
        (
            newer.as_str(),
            "`versions/by-hand/1.0.0.json` in the registry's store is damaged: \
             the format is 2, but this host reads only 1",
        ),
    ] {
        fs::write(&record, damaged).expect("written");
        let versions = open(&storage()).list();
        let problem = versions[0].manifest.as_ref().expect_err("it is damaged");
        assert_eq!(problem.to_string(), expected);
        assert_eq!(versions[0].sha256, None);
    }
    // A record at the path of another version.
    let moved = record.with_file_name("9.9.9.json");
    fs::rename(&record, &moved).expect("moved");
    fs::write(&moved, &whole).expect("written");
    let versions = open(&storage()).list();
    let problem = versions[0].manifest.as_ref().expect_err("it is another");
    assert_eq!(problem.to_string(), "the component is `by-hand` 1.0.0");
}

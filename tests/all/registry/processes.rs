//! Registries in several processes on one directory; some processes are killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use whittle_host::{Registry, RegistryOptions, Storage};
use whittle_tests::{engine, whittle};

use super::{component, open, query};

/// Another process that registers a component.
fn registering(component: &Path, registry: &Path, cache: &Path) -> Child {
    Command::new(whittle())
        .args(["registry", "add"])
        .arg(component)
        .arg("--registry")
        .arg(registry)
        .env("WHITTLE_CACHE", cache)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

#[test]
fn uses_a_version_of_another_process_within_the_interval() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("f.wasm"), component("1.0.0", "1")).expect("written");
    let poll = Duration::from_millis(200);
    let registry = Registry::open(
        engine(),
        Storage::local(&path("registry")).expect("a store"),
        RegistryOptions {
            poll: Some(poll),
            ..RegistryOptions::default()
        },
    );
    let registry = registry.expect("it opens");
    query(&registry, "f").expect_err("there is none");
    let mut process = registering(&path("f.wasm"), &path("registry"), &path("cache"));
    assert!(process.wait().expect("it ends").success());
    let registered = Instant::now();
    while query(&registry, "f") != Ok(1.0) {
        // The interval, plus the time to compile on a busy machine.
        assert!(registered.elapsed() < poll + Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Kills it at a different moment each time, from before it begins until after it is done.
#[test]
fn a_process_killed_while_registering_leaves_a_version_complete_or_absent() {
    const KILLS: u32 = 200;
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    let (store, cache) = (path("registry"), path("cache"));
    let write = |i: u32| {
        let file = path(&format!("{i}.wasm"));
        std::fs::write(&file, component(&format!("1.0.{i}"), &i.to_string())).expect("written");
        file
    };
    let started = Instant::now();
    let mut whole = registering(&write(0), &store, &cache);
    assert!(whole.wait().expect("it ends").success());
    let takes = started.elapsed();

    let registry = open(&Storage::local(&store).expect("a store"));
    // Knuth's multiplicative sequence: evenly spread and unordered.
    let moment =
        |i: u32| takes.mul_f64(1.2 * f64::from(i.wrapping_mul(2_654_435_769)) / 2f64.powi(32));
    for i in 1..=KILLS {
        let mut process = registering(&write(i), &store, &cache);
        std::thread::sleep(moment(i));
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        registry.refresh().expect("it can be listed");
        for version in registry.list() {
            assert!(version.manifest.is_ok(), "{version:?}");
        }
        let answer = query(&registry, &format!("f@1.0.{i}"));
        let absent = answer
            .as_ref()
            .is_err_and(|error| error.starts_with(&format!("no version matches `f@1.0.{i}`")));
        assert!(absent || answer == Ok(f64::from(i)), "{answer:?}");
    }
    // Some but not all, or no process was killed while it was working.
    let registered = registry.list().len() as u32 - 1;
    assert!((1..KILLS).contains(&registered), "{registered} of {KILLS}");

    // The killed registrations succeed now, and a node that joins has all of them.
    for i in [1, KILLS] {
        let mut again = registering(&path(&format!("{i}.wasm")), &store, &cache);
        assert!(again.wait().expect("it ends").success());
    }
    let joined = open(&Storage::local(&store).expect("a store"));
    assert_eq!(query(&joined, "f"), Ok(f64::from(KILLS)));
    assert_eq!(query(&joined, "f@1.0.1"), Ok(1.0));
}

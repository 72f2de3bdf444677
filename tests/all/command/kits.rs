//! Projects over time: their kits are renewed, and what they compile is shared.

use std::fs;
use std::process::Stdio;

use whittle_host::Sha256;

use super::{Desk, text};

/// Makes the kit that of an earlier command: a file had another content, and another file has gone.
fn outdated(desk: &Desk, kit: &str) {
    let record = desk.path(&format!("{kit}/SHA256SUMS"));
    let mut sums = fs::read_to_string(&record).expect("a record");
    let file = desk.path(&format!("{kit}/batch.c"));
    let now = Sha256::of(&fs::read(&file).expect("a file")).to_string();
    for (path, content) in [("batch.c", "earlier"), ("gone.c", "gone")] {
        desk.write(&format!("{kit}/{path}"), content);
        let hash = Sha256::of(content.as_bytes()).to_string();
        match path {
            "batch.c" => sums = sums.replace(&now, &hash),
            _ => sums.push_str(&format!("{hash}  {path}\n")),
        }
    }
    fs::write(record, sums).expect("written");
}

#[test]
fn upgrade_renews_the_kit_and_nothing_else() {
    let desk = Desk::new();
    for language in ["rust", "go", "assemblyscript", "typescript", "python", "c"] {
        let project = format!("my-{language}");
        desk.good(&format!("new {language} {project}"));
        let current = format!("the kit in {project} is up to date\n");
        assert_eq!(desk.good(&format!("upgrade {project}")), current);
        assert_eq!(desk.good(&format!("upgrade {project} --check")), current);
    }
    let read = |path: &str| fs::read_to_string(desk.path(path)).expect("a file");
    let (kit, vectors) = (read("my-c/kit/batch.c"), read("my-c/vectors.json"));
    outdated(&desk, "my-c/kit");
    desk.write("my-c/kit/notes.txt", "of the author");
    let behind = desk.run("upgrade my-c --check");
    assert_eq!(
        (
            text(&behind.stdout),
            text(&behind.stderr),
            behind.status.code()
        ),
        (
            "kit/batch.c: to be changed\nkit/gone.c: to be removed\n".to_owned(),
            "error: the kit in my-c is outdated: renew it with `whittle upgrade my-c`\n".to_owned(),
            Some(1)
        )
    );
    insta::assert_snapshot!(desk.good("upgrade my-c"), @r"
    kit/batch.c: changed
    kit/gone.c: removed
    renewed the kit in my-c: 2 files; test the project with `whittle test my-c`
    ");
    assert_eq!(desk.good("upgrade my-c"), "the kit in my-c is up to date\n");
    assert_eq!(read("my-c/kit/batch.c"), kit);
    assert_eq!(read("my-c/vectors.json"), vectors);
    assert_eq!(read("my-c/kit/notes.txt"), "of the author");
    assert!(!desk.path("my-c/kit/gone.c").exists());
}

#[test]
fn upgrade_refuses_to_overwrite_what_the_author_changed() {
    let desk = Desk::new();
    desk.good("new c my-c");
    desk.write("my-c/kit/README.md", "mine");
    insta::assert_snapshot!(desk.good("upgrade my-c"), @r"
    kit/README.md: not outdated, your changes are kept; `--force` discards them
    the kit in my-c is up to date
    ");
    outdated(&desk, "my-c/kit");
    desk.write("my-c/kit/batch.c", "mine");
    for arguments in ["upgrade my-c", "upgrade my-c --check"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(desk.bad(arguments), @"error: these files of the kit have changes of yours and are outdated: kit/batch.c: move your changes to files outside of `kit`, or discard them with `whittle upgrade my-c --force`");
        }
    }
    fs::remove_file(desk.path("my-c/kit/SHA256SUMS")).expect("it is there");
    insta::assert_snapshot!(desk.bad("upgrade my-c"), @"error: the project is older than `kit/SHA256SUMS`, so these files may have changes of yours: kit/README.md, kit/batch.c: if they have none, or you do not need them, use `whittle upgrade my-c --force`");
    insta::assert_snapshot!(desk.good("upgrade my-c --force"), @r"
    kit/README.md: changed
    kit/batch.c: changed
    renewed the kit in my-c: 2 files; test the project with `whittle test my-c`
    ");
    insta::assert_snapshot!(desk.bad("upgrade ."), @"error: . is not a project with a kit: expected the directory of a project that `whittle new` created, with a kit in `kit`");
    insta::assert_snapshot!(desk.bad("upgrade none"), @"error: none: No such file or directory (os error 2)");
}

/// A package with one small dependency. It is no UDF, so its build fails in the end; what it compiled
/// is shared nevertheless.
fn package(desk: &Desk, folder: &str) {
    fs::create_dir_all(desk.path(&format!("{folder}/src"))).expect("made");
    let manifest = "[package]\nname = \"same-name\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                    [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nleb128fmt = \"=0.1.0\"\n[workspace]\n";
    desk.write(&format!("{folder}/Cargo.toml"), manifest);
    desk.write(&format!("{folder}/src/lib.rs"), "");
    let lock = include_str!("../../../host/cli/templates/rust/Cargo.lock");
    let packages = lock.split("[[package]]");
    let dependency = packages.into_iter().find(|of| of.contains("\"leb128fmt\""));
    let lock = format!(
        "version = 4\n[[package]]{}[[package]]\nname = \"same-name\"\nversion = \"0.1.0\"\n\
         dependencies = [\"leb128fmt\"]\n",
        dependency.expect("it is locked")
    );
    desk.write(&format!("{folder}/Cargo.lock"), lock);
}

#[test]
fn a_new_rust_project_does_not_compile_what_another_has_compiled() {
    let desk = Desk::new();
    let build = |folder: &str| {
        package(&desk, folder);
        let output = desk
            .command(&format!("build {folder}"))
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::null())
            .output()
            .expect("the command runs");
        text(&output.stderr)
    };
    let compiles = "Compiling leb128fmt";
    let (first, second) = (build("one/same-name"), build("two/same-name"));
    assert!(first.contains(compiles), "{first}");
    assert!(!second.contains(compiles), "{second}");
    // Each has its own files: projects of the same name do not mix.
    for folder in ["one", "two"] {
        let built = "same-name/target/wasm32-unknown-unknown/release/same_name.wasm";
        assert!(desk.path(&format!("{folder}/{built}")).exists(), "{second}");
    }
}

//! Rebuilds when a file is added to a template or a kit, so that `whittle new` writes it too.

fn main() {
    for folder in [
        "templates",
        "../../guests/assemblyscript/kit",
        "../../guests/c/kit",
        "../../guests/go/kit",
        "../../guests/javascript/kit",
        "../../guests/python/kit",
        "../../guests/rust/sdk",
    ] {
        println!("cargo::rerun-if-changed={folder}");
    }
}

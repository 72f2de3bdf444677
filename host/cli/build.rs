//! A file that is added to a template or a kit is one more that `whittle new` writes.

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

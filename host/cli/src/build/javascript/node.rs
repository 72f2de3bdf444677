//! Modules of Node that a project or its packages import, found in esbuild's metafile. esbuild alone
//! would advise to bundle for Node.

use std::fmt;
use std::path::Path;

use serde_json::Value as Json;

/// Modules of Node. A package of the same name in `node_modules` is another module.
const MODULES: &[&str] = &[
    "assert",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dgram",
    "dns",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "querystring",
    "readline",
    "stream",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
];

/// The arguments that make esbuild leave imports of Node's modules as they are.
pub(super) fn external(dir: &Path) -> impl Iterator<Item = String> {
    let is_package = |name: &str| {
        let mut modules = dir.ancestors().map(|dir| dir.join("node_modules"));
        modules.any(|modules| modules.join(name).is_dir())
    };
    let modules = MODULES.iter().filter(move |name| !is_package(name));
    let modules = modules.map(|name| format!("--external:{name}"));
    modules.chain(["--external:node:*".to_owned()])
}

/// An import of a module of Node.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    module: String,
    importer: String,
    /// Whether the component cannot load. A `require` may be in `try`.
    pub(super) is_certain: bool,
}

impl fmt::Display for Import {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module, importer, ..
        } = self;
        write!(
            formatter,
            "{importer} imports `{module}`, a module of Node, which a component does not have: use \
             another package (docs/LIBRARIES.md lists packages that work)"
        )
    }
}

/// What a bundle imports of Node.
pub(super) fn imported(metadata: &Json) -> Vec<Import> {
    let inputs = metadata["inputs"].as_object();
    let imports = inputs.into_iter().flatten().flat_map(|(importer, input)| {
        let imports = input["imports"].as_array();
        imports
            .into_iter()
            .flatten()
            .map(move |import| (importer, import))
    });
    let of_node = imports.filter_map(|(importer, import)| {
        let module = import["path"].as_str()?;
        let is_of_node = module.starts_with("node:") || MODULES.contains(&module);
        (is_of_node && import["external"] == true).then(|| Import {
            module: module.to_owned(),
            importer: importer.clone(),
            is_certain: import["kind"] == "import-statement",
        })
    });
    of_node.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_module_and_its_importer() {
        let metadata = json!({"inputs": {"src/udf.ts": {"imports": [
            {"path": "node_modules/url/url.js", "kind": "import-statement", "original": "url"},
            {"path": "whittle:udf/document@0.1.0", "kind": "import-statement", "external": true},
            {"path": "crypto", "kind": "require-call", "external": true},
            {"path": "node:fs", "kind": "import-statement", "external": true},
        ]}}});
        let found = imported(&metadata);
        let certain: Vec<bool> = found.iter().map(|import| import.is_certain).collect();
        assert_eq!(certain, [false, true]);
        insta::assert_snapshot!(found[1], @"src/udf.ts imports `node:fs`, a module of Node, which a component does not have: use another package (docs/LIBRARIES.md lists packages that work)");
    }

    #[test]
    fn a_package_of_the_same_name_is_bundled() {
        let project = tempfile::tempdir().expect("a directory");
        let is_external = |name| external(project.path()).any(|argument| argument == name);
        assert!(is_external("--external:events"));
        std::fs::create_dir_all(project.path().join("node_modules/events")).expect("made");
        assert!(!is_external("--external:events"));
        assert!(is_external("--external:fs"));
    }
}

//! UDFs in TypeScript and JavaScript: esbuild bundles a project and its packages into one module, and
//! componentize-qjs turns that into a component with the JavaScript engine QuickJS. A project may
//! choose StarlingMonkey instead.
//!
//! The tools come from the project's `node_modules`; npm installs them if they are missing.

mod lines;
mod native;
mod node;
mod pin;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value as Json, json};

pub(super) use self::native::native;
use super::manifest;
use super::memo::{self, Fingerprint};
use super::packages;
use super::tool::{BuildFolder, check_node, run, run_module};
use super::{Built, Code};

/// The kit's package.
const KIT: &str = "whittle-guest";

const INSTALL: &str = "install Node 18 or newer with npm from https://nodejs.org";

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("package.json").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    let project = Project::read(dir)?;
    let folder = BuildFolder::of(dir, "javascript")?;
    // npm links the packages of a workspace, and esbuild prints paths relative to the directory in
    // which it runs: both need the path with all links resolved.
    let dir = &fs::canonicalize(dir)?;
    check_node(18, INSTALL)?;
    install(dir, project.engine)?;

    let bundle = folder.path().join("udf.js");
    let metadata = folder.path().join("udf.json");
    let mut esbuild = tool(dir, "esbuild")?;
    esbuild
        .current_dir(dir)
        .args(project.bundling())
        .args(loading(dir, project.has_kit))
        .args(node::external(dir))
        .arg(format!("--outfile={}", bundle.display()))
        .arg("--sourcemap=external")
        .arg(format!("--metafile={}", metadata.display()));
    run(&mut esbuild, INSTALL)?;
    let lines = lines::Lines::read(dir, &bundle)?;
    let metadata = fs::read(&metadata).with_context(|| metadata.display().to_string())?;
    let metadata = serde_json::from_slice(&metadata).context("esbuild's metafile")?;
    let needs_node = node::imported(&metadata);
    if let Some(import) = needs_node.iter().find(|import| import.is_certain) {
        bail!("{import}");
    }
    if !exports_functions(&metadata) {
        bail!(
            "{} does not export `functions`: add `export const functions = component(...)`",
            project.main
        );
    }

    lines.complete(&bundle, &project.main)?;
    let takes_batches = takes_batches(&metadata);
    folder.contract(takes_batches)?;
    if project.engine == JsEngine::StarlingMonkey {
        export_by_interface(dir, folder.path(), takes_batches)?;
    }
    let component = folder.path().join("componentized.wasm");
    let mut componentize = tool(dir, project.engine.tool())?;
    componentize
        // The JavaScript engines keep the module's path as given, for stack traces. A relative path
        // keeps those of this machine out of the component.
        .current_dir(folder.path())
        .args(project.engine.arguments())
        .args(["--wit", "wit", "-o", "componentized.wasm"]);
    let mut inputs = Fingerprint::new();
    inputs.command(&componentize, &["NODE_"]);
    inputs.npm_program(Path::new(componentize.get_program()))?;
    let inputs = || {
        let mut inputs = inputs.clone();
        // esbuild has put all sources into the bundle.
        for bundle in [&bundle, &folder.path().join(INTERFACES)] {
            inputs.file(bundle)?;
        }
        inputs.folder(&folder.path().join("wit"))?;
        Ok(inputs)
    };
    memo::make(&component, inputs, || {
        run_module(&mut componentize, INSTALL, &project.main, |messages| {
            lines.explain(messages)
        })
        .map_err(|error| match needs_node.first() {
            Some(import) => error.context(import.to_string()),
            None => error,
        })
    })?;
    let mut bytes = fs::read(&component).with_context(|| component.display().to_string())?;
    if takes_batches && project.engine == JsEngine::QuickJs && !pin::pin(&mut bytes)? {
        let tool = project.engine.tool();
        log::warn!("the component calls the host for each document: use {tool} 0.4.5 to avoid it");
    }
    Ok(Built {
        code: Code::Component(bytes),
        output: folder.output(dir)?,
    })
}

/// A JavaScript engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsEngine {
    QuickJs,
    StarlingMonkey,
}

impl JsEngine {
    /// Its name in `package.json` and in the kit.
    fn name(self) -> &'static str {
        match self {
            Self::QuickJs => "quickjs",
            Self::StarlingMonkey => "starlingmonkey",
        }
    }

    /// The program that builds a component with it.
    fn tool(self) -> &'static str {
        match self {
            Self::QuickJs => "componentize-qjs",
            Self::StarlingMonkey => "componentize-js",
        }
    }

    /// The packages to install for the program. componentize-js does not declare all packages that
    /// it imports.
    fn packages(self) -> &'static str {
        match self {
            Self::QuickJs => "componentize-qjs@0.4.5",
            Self::StarlingMonkey => {
                "@bytecodealliance/componentize-js@0.23.0 @bytecodealliance/preview2-shim@0.17.2"
            }
        }
    }

    /// The arguments for building a component without WASI from `udf.js`.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::QuickJs => &["--js", "udf.js", "--world", "udf", "--stub-wasi", "--sync"],
            Self::StarlingMonkey => &[
                INTERFACES,
                "--world-name",
                "udf",
                "--disable",
                "stdio",
                "random",
                "clocks",
                "http",
                "fetch-event",
            ],
        }
    }
}

/// The settings in `package.json`.
#[derive(Debug, PartialEq, Eq)]
struct Project {
    /// The module that exports `functions`.
    main: String,
    engine: JsEngine,
    /// Whether the project uses the kit.
    has_kit: bool,
    /// The name, version, description and author for the component's manifest.
    manifest: Json,
}

impl Project {
    fn read(dir: &Path) -> Result<Self> {
        let text = fs::read_to_string(dir.join("package.json")).context("package.json")?;
        let package = serde_json::from_str(&text).context("package.json")?;
        Self::of(&package)
    }

    fn of(package: &Json) -> Result<Self> {
        let text = |key: &str| package[key].as_str().filter(|text| !text.is_empty());
        let Some(main) = text("main") else {
            bail!("package.json has no `main`: name the module that exports `functions`");
        };
        let (Some(name), Some(version)) = (text("name"), text("version")) else {
            bail!("package.json needs a `name` and a `version`: the component gets both");
        };
        // Without the scope of a name like `@people/udf`.
        let name = name.rsplit('/').next().unwrap_or(name);
        manifest::check("package.json", name, version)?;
        let engines = [JsEngine::QuickJs, JsEngine::StarlingMonkey];
        let engine = match &package["whittle"]["engine"] {
            Json::Null => JsEngine::QuickJs,
            chosen => {
                let found = engines.into_iter().find(|engine| chosen == engine.name());
                found.with_context(|| {
                    format!(
                        "package.json: unknown `whittle.engine` {chosen}; expected \"quickjs\" or \
                         \"starlingmonkey\""
                    )
                })?
            }
        };
        // `Name <mail> (site)`, or an object of the three.
        let author = &package["author"];
        let author = author["name"].as_str().or(author.as_str());
        Ok(Self {
            main: main.to_owned(),
            engine,
            has_kit: package["dependencies"][KIT].is_string(),
            manifest: json!({
                "name": name,
                "version": version,
                "description": text("description").unwrap_or_default(),
                "author": author.unwrap_or_default(),
            }),
        })
    }

    /// The arguments that make esbuild write one module.
    fn bundling(&self) -> Vec<String> {
        let engine = Json::from(self.engine.name());
        vec![
            self.main.clone(),
            "--bundle".to_owned(),
            "--format=esm".to_owned(),
            "--platform=neutral".to_owned(),
            // With the platform `neutral`, esbuild has no default for these.
            "--main-fields=module,main".to_owned(),
            "--target=es2023".to_owned(),
            "--charset=utf8".to_owned(),
            "--external:whittle:*".to_owned(),
            format!("--define:WHITTLE_ENGINE={engine}"),
            format!("--define:WHITTLE_PROJECT={}", self.manifest),
            // Removes the comments with file paths, and the code for the other JavaScript engine.
            "--minify-whitespace".to_owned(),
            "--minify-syntax".to_owned(),
            "--legal-comments=none".to_owned(),
            "--log-level=warning".to_owned(),
        ]
    }
}

/// The argument that makes esbuild run the kit's clock and random numbers before all other modules.
/// Otherwise a library that is imported before the kit would see the clock of this machine.
fn loading(dir: &Path, has_kit: bool) -> Option<String> {
    let modules = dir.ancestors().map(|dir| dir.join("node_modules"));
    let mut kits = modules.map(|modules| modules.join(KIT).join("src/standard.ts"));
    let standard = kits.find(|standard| has_kit && standard.is_file())?;
    Some(format!("--inject:{}", standard.display()))
}

/// Whether the bundle exports `functions`, according to esbuild's metafile.
fn exports_functions(metadata: &Json) -> bool {
    let outputs = metadata["outputs"].as_object();
    let mut outputs = outputs.into_iter().flat_map(|outputs| outputs.values());
    outputs.any(|output| {
        let exports = output["exports"].as_array();
        exports.is_some_and(|exports| exports.iter().any(|export| export == "functions"))
    })
}

/// Whether the bundle imports the contract for batches: kits before version 0.2 of it do not.
fn takes_batches(metadata: &Json) -> bool {
    let outputs = metadata["outputs"].as_object();
    let outputs = outputs.into_iter().flat_map(|outputs| outputs.values());
    let mut imports = outputs
        .filter_map(|output| output["imports"].as_array())
        .flatten();
    imports.any(|import| {
        let path = import["path"].as_str();
        path.is_some_and(|path| path.starts_with("whittle:batch/"))
    })
}

/// The module that exports `functions` by the names of the contract's interfaces.
const INTERFACES: &str = "interfaces.js";

/// Bundles the bundle once more, for componentize-js: if two interfaces are called `functions`, it
/// takes them by their whole names only.
fn export_by_interface(dir: &Path, folder: &Path, with_batches: bool) -> Result<()> {
    let mut names = vec!["functions as \"whittle:udf/functions@0.1.0\""];
    if with_batches {
        names.push("functions as \"whittle:batch/functions@0.2.0\"");
    }
    let names = names.join(", ");
    let entry = folder.join("entry.js");
    fs::write(&entry, format!("export {{ {names} }} from \"./udf.js\";\n"))
        .with_context(|| entry.display().to_string())?;
    let mut esbuild = tool(dir, "esbuild")?;
    esbuild.current_dir(folder).args([
        "entry.js",
        "--bundle",
        "--format=esm",
        "--external:whittle:*",
        "--charset=utf8",
        "--log-level=warning",
    ]);
    run(esbuild.arg(format!("--outfile={INTERFACES}")), INSTALL)?;
    Ok(())
}

/// Installs the project's packages with npm if any is missing, and checks that the tools are among
/// them.
fn install(dir: &Path, engine: JsEngine) -> Result<()> {
    let root = npm_root(dir)?;
    if !packages::are_installed(&root) {
        let mut install = npm(&root);
        install.args(["install", "--no-audit", "--no-fund"]);
        if root.join("package-lock.json").is_file() {
            // Installs the locked versions and leaves the lock file as it is. `npm ci` cannot be
            // used: it rejects a lock file that lacks a package for some platform, and
            // componentize-qjs names platforms for which it was not published.
            install.arg("--no-save");
        }
        run(&mut install, INSTALL)?;
    }
    let tools = [
        ("esbuild", "esbuild@0.28.2"),
        (engine.tool(), engine.packages()),
    ];
    for (name, packages) in tools {
        if program(dir, name).is_none() {
            bail!("{name} is missing: run `npm install --save-dev {packages}` in the project");
        }
    }
    Ok(())
}

/// The project, or for a member of a workspace its root. npm knows it, and takes a while to say so.
fn npm_root(dir: &Path) -> Result<PathBuf> {
    if dir.join("package-lock.json").is_file() {
        return Ok(dir.to_owned());
    }
    let root = run(npm(dir).arg("prefix"), INSTALL)?;
    Ok(PathBuf::from(String::from_utf8_lossy(&root).trim()))
}

fn npm(dir: &Path) -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(dir).arg("--loglevel=error");
    npm
}

/// The path of a program in `node_modules`, which is searched for as Node does: in the project's
/// directory, then in each parent.
fn program(dir: &Path, name: &str) -> Option<PathBuf> {
    let name = if cfg!(windows) {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    };
    let programs = dir.ancestors().map(|dir| dir.join("node_modules/.bin"));
    let mut programs = programs.map(|programs| programs.join(&name));
    programs.find(|program| program.is_file())
}

fn tool(dir: &Path, name: &str) -> Result<Command> {
    let program = program(dir, name).with_context(|| format!("{name} is missing"))?;
    Ok(Command::new(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a directory");
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    #[test]
    fn reads_the_manifest_and_the_engine_from_package_json() {
        let package = json!({
            "name": "@people/my-udf",
            "version": "1.2.3",
            "main": "udf.ts",
            "author": {"name": "Ann", "email": "ann@example.com"},
            "dependencies": {"whittle-guest": "file:./kit"},
            "whittle": {"engine": "starlingmonkey"},
        });
        let expected = Project {
            main: "udf.ts".to_owned(),
            engine: JsEngine::StarlingMonkey,
            has_kit: true,
            manifest: json!({
                "name": "my-udf", "version": "1.2.3", "description": "", "author": "Ann"
            }),
        };
        assert_eq!(Project::of(&package).expect("it is whole"), expected);
    }

    #[test]
    fn rejects_an_invalid_package_json() {
        let error = |package: Json| Project::of(&package).expect_err("refused").to_string();
        insta::assert_snapshot!(
            error(json!({"name": "a", "version": "1.0.0"})),
            @"package.json has no `main`: name the module that exports `functions`"
        );
        insta::assert_snapshot!(
            error(json!({"name": "a", "main": "udf.ts"})),
            @"package.json needs a `name` and a `version`: the component gets both"
        );
        let engine = json!({
            "name": "a", "version": "1.0.0", "main": "udf.ts", "whittle": {"engine": "v8"}
        });
        insta::assert_snapshot!(
            error(engine),
            @r#"package.json: unknown `whittle.engine` "v8"; expected "quickjs" or "starlingmonkey""#
        );
    }

    #[test]
    fn detects_a_module_without_the_export() {
        let metadata = |exports: &[&str]| json!({"outputs": {"udf.js": {"exports": exports}}});
        assert!(exports_functions(&metadata(&["extra", "functions"])));
        assert!(!exports_functions(&metadata(&["default"])));
        assert!(!exports_functions(&json!({})));
    }

    #[test]
    fn detects_a_kit_with_batches() {
        let metadata = |path: &str| {
            let imports = json!([{"path": path, "kind": "import-statement", "external": true}]);
            json!({"outputs": {"udf.js": {"imports": imports, "exports": ["functions"]}}})
        };
        assert!(takes_batches(&metadata("whittle:batch/results@0.2.0")));
        assert!(!takes_batches(&metadata("whittle:udf/document@0.1.0")));
    }

    #[test]
    fn finds_a_program_in_the_project_or_a_parent_directory() {
        let suffix = if cfg!(windows) { ".cmd" } else { "" };
        let (esbuild, qjs) = (
            format!("node_modules/.bin/esbuild{suffix}"),
            format!("one/node_modules/.bin/componentize-qjs{suffix}"),
        );
        let guests = folder_with(&[(&esbuild, ""), (&qjs, "")]);
        let one = guests.path().join("one");
        assert_eq!(program(&one, "esbuild"), Some(guests.path().join(&esbuild)));
        assert_eq!(
            program(&one, "componentize-qjs"),
            Some(guests.path().join(&qjs))
        );
        assert_eq!(program(&one, "componentize-js"), None);
    }

    #[test]
    fn finds_the_kits_clock_if_the_project_uses_the_kit() {
        let guests = folder_with(&[
            ("node_modules/whittle-guest/src/standard.ts", ""),
            ("one/udf.ts", ""),
        ]);
        let (one, standard) = (guests.path().join("one"), "whittle-guest/src/standard.ts");
        let standard = guests.path().join("node_modules").join(standard);
        let expected = format!("--inject:{}", standard.display());
        assert_eq!(loading(&one, true), Some(expected));
        assert_eq!(loading(&one, false), None);
    }
}

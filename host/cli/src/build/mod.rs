//! `whittle build`: builds the UDF in a directory as a component.
//!
//! Each language recognises its projects and runs its toolchain, which produces a core module or a
//! component. The steps after that are the same for all languages: encode the module as a component,
//! check it as a host will, write it.

mod assemblyscript;
mod c;
mod dwarf;
mod functions;
mod go;
mod javascript;
mod lines;
mod manifest;
mod memo;
mod packages;
mod python;
mod rust;
mod source_map;
mod tool;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use whittle_host::{TextEncoding, Udf, encode_component};

use crate::inspect::signature;
use crate::kit;
use crate::setup;
use crate::step;

/// Build the UDF in a directory as a component.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The directory; the language is recognised by its files.
    dir: PathBuf,
    /// Where to write the component [default: `whittle/NAME.wasm` in the target directory]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// The output of a toolchain.
struct Built {
    code: Code,
    /// The default path of the component.
    output: PathBuf,
}

enum Code {
    /// A core module, still to be encoded.
    Module(Vec<u8>, TextEncoding),
    Component(Vec<u8>),
}

impl Code {
    fn component(self) -> Result<Vec<u8>> {
        match self {
            Self::Module(bytes, texts) => Ok(encode_component(&bytes, texts)?),
            Self::Component(bytes) => Ok(bytes),
        }
    }
}

/// A language that UDFs are written in.
struct Language {
    /// What the component says of it.
    label: whittle_host::Language,
    /// The file that marks a project in this language.
    marker: &'static str,
    /// Whether the directory is a project in this language.
    owns: fn(&Path) -> bool,
    /// Runs the toolchain.
    build: fn(&Path) -> Result<Built>,
    /// The command that runs vectors natively; see [`native`].
    native: Option<Native>,
    /// The command that keeps the compiler running; see [`resident`].
    resident: Option<Resident>,
}

/// Gives the command for a project, if the kit of the project has what it takes.
type Native = fn(&Path) -> Result<Option<NativeRun>>;

/// How a project's vectors are run natively.
pub(crate) struct NativeRun {
    /// Takes vectors on its standard input, and prints an empty line when the project is loaded, and
    /// then a JSON object for each case.
    pub(crate) command: Command,
    /// Whether it compiles the project first, and prints something when that is done. What it says
    /// until then, the build says too.
    pub(crate) compiles: bool,
}

/// Gives the command for a project and a socket, if the compiler is installed.
type Resident = fn(&Path, &Path) -> Result<Option<Command>>;

/// The environment variable with the socket of a compiler that keeps running.
pub(crate) const RESIDENT: &str = "WHITTLE_RESIDENT_COMPILER";

/// The first language that owns a directory builds it.
const LANGUAGES: &[Language] = &[
    Language {
        label: whittle_host::Language::Rust,
        marker: "Cargo.toml",
        owns: rust::owns,
        build: rust::build,
        native: None,
        resident: None,
    },
    Language {
        label: whittle_host::Language::Go,
        marker: "go.mod",
        owns: go::owns,
        build: go::build,
        native: Some(go::native),
        resident: None,
    },
    Language {
        label: whittle_host::Language::AssemblyScript,
        marker: "asconfig.json",
        owns: assemblyscript::owns,
        build: assemblyscript::build,
        native: None,
        resident: Some(assemblyscript::resident),
    },
    Language {
        label: whittle_host::Language::JavaScript,
        marker: "package.json",
        owns: javascript::owns,
        build: javascript::build,
        native: Some(javascript::native),
        resident: None,
    },
    Language {
        label: whittle_host::Language::Python,
        marker: "pyproject.toml",
        owns: python::owns,
        build: python::build,
        native: Some(python::native),
        resident: None,
    },
    Language {
        label: whittle_host::Language::C,
        marker: "*.c",
        owns: c::owns,
        build: c::build,
        native: None,
        resident: None,
    },
];

/// A component that was built and written.
pub(crate) struct Component {
    udf: Udf,
    bytes: usize,
    pub(crate) output: PathBuf,
}

impl Build {
    pub(crate) fn run(&self) -> Result<()> {
        announce(&self.dir);
        let Component { udf, bytes, output } = build(&self.dir, self.output.as_deref())?;
        let manifest = udf.manifest();
        let mut stdout = io::stdout().lock();
        let (name, version) = (&manifest.name, &manifest.version);
        writeln!(stdout, "{name} {version}: {bytes} bytes")?;
        for function in &manifest.functions {
            writeln!(stdout, "  {}", signature(function))?;
        }
        writeln!(stdout, "{}", output.display())?;
        Ok(())
    }
}

/// Builds the UDF in a directory, checks it as a host will, and writes it.
pub(crate) fn build(dir: &Path, output: Option<&Path>) -> Result<Component> {
    let language = language(dir)?;
    let built = (language.build)(dir).map_err(|error| match kit::damage(dir) {
        Some(damage) => error.context(damage),
        None => error,
    });
    let built = built.with_context(|| dir.display().to_string())?;
    let component = built.code.component();
    let component = component.and_then(|component| Ok(language.label.label(&component)?));
    let component = component.with_context(|| dir.display().to_string())?;
    let engine = setup::engine()?;
    let udf = step::shown("compiling to machine code", || {
        Udf::new(&engine, &component)
    });
    let udf = udf.with_context(|| dir.display().to_string())?;
    let output = output.map_or(built.output, Path::to_owned);
    write(&output, &component).with_context(|| output.display().to_string())?;
    Ok(Component {
        udf,
        bytes: component.len(),
        output,
    })
}

/// The component at a path: the file, or that of the project in a directory, which is built first.
pub(crate) fn component(path: &Path) -> Result<PathBuf> {
    let found = fs::metadata(path).with_context(|| path.display().to_string())?;
    match found.is_dir() {
        true => {
            announce(path);
            Ok(build(path, None)?.output)
        }
        false => Ok(path.to_owned()),
    }
}

/// Says what is built, where no line shows the steps. Builds take up to half a minute.
fn announce(dir: &Path) {
    let mut stderr = io::stderr();
    let (Ok(path), Ok(language)) = (fs::canonicalize(dir), language(dir)) else {
        return;
    };
    if !stderr.is_terminal() {
        let name = path.file_name().unwrap_or(path.as_os_str()).display();
        // If standard error is closed, nobody reads it.
        let _ = writeln!(stderr, "building {name} ({})", language.label.name());
    }
}

/// Checks that a directory has a project.
pub(crate) fn check(dir: &Path) -> Result<()> {
    language(dir).map(drop)
}

/// How vectors run without a component, if the project's language and kit can do so.
pub(crate) fn native(dir: &Path) -> Result<Option<NativeRun>> {
    match language(dir)?.native {
        Some(native) => native(dir),
        None => Ok(None),
    }
}

/// A command that keeps the compiler of a project running, if its language gains by that: builds use
/// it that find its socket in the environment variable [`RESIDENT`].
pub(crate) fn resident(dir: &Path, socket: &Path) -> Result<Option<Command>> {
    match language(dir)?.resident {
        Some(resident) => resident(dir, socket),
        None => Ok(None),
    }
}

fn language(dir: &Path) -> Result<&'static Language> {
    let found = fs::metadata(dir).with_context(|| dir.display().to_string())?;
    if !found.is_dir() {
        bail!("{} is not a directory", dir.display());
    }
    let language = LANGUAGES.iter().find(|language| (language.owns)(dir));
    language.with_context(|| {
        let markers = LANGUAGES.iter().map(|language| language.marker);
        let markers = markers.collect::<Vec<_>>().join(", ");
        format!(
            "no UDF found in {}: expected one of the files {markers}",
            dir.display()
        )
    })
}

/// Writes a file atomically.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    readable_by_all(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are readable by their owner only, but a component is for everyone.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_file: &fs::File) -> io::Result<()> {
    Ok(())
}
